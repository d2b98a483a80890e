"""Which chips the money buys: a logit on cost per effective unit, with inertia and closed doors.

Odds of a kind are odds[k] (c[k] / c0[k])^-s, c0 being the published cost at which the odds were observed; a
buyer splits his money over the kinds that are open to him in proportion to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from counterpoise.errors import BadInput, UnknownName
from counterpoise.market.kinds import BUYERS, KINDS, MAY_BUY, Array

REFERENCE = "hgx"
"""Costs per unit are over that of this kind."""


def odds(
    p: Mapping[str, Array],
    middle_cost: Mapping[str, float],
    quarter_starts: Array,
    unit_cost: Mapping[str, Array] | None = None,
) -> list[Array]:
    """Return the odds by which money is split: for each kind (quarters or 1, draws or 1).

    `middle_cost` are the medians of the priors `cost_per_unit.*`: the odds were stated at them.  `unit_cost`,
    in any money per unit of work and with the reference among them, takes the place of the priors for its
    kinds.  Inertia closes a share of the gap to the long-run odds, in logs, each quarter: a mix does not jump
    when costs do.
    """
    relative = relative_costs(unit_cost)
    quarters = quarter_starts.shape[0]
    left = p["inertia"] ** np.arange(1.0, quarters + 1.0)[:, None]
    found: list[Array] = []
    for kind in KINDS:
        observed = np.log(p[f"odds.{kind}"])
        deviation = np.log(p[f"cost_per_unit.{kind}"] / middle_cost[kind])
        long_run = observed - p["price_sensitivity"] * deviation
        start = long_run
        if f"start_ratio.{kind}" in p:
            start = start + np.log(p[f"start_ratio.{kind}"])
        if kind in relative:
            change = np.log(relative[kind] / middle_cost[kind])
            long_run = observed - p["price_sensitivity"] * change
        if start is long_run:
            found.append(np.exp(long_run)[None, :])
        else:
            found.append(np.exp(long_run + left * (start - long_run)))
    decided = quarter_starts >= p["cut_down_decision_year"]
    place = KINDS.index("cut-down")
    found[place] = found[place] * np.where(decided, p["cut_down_allowed"], 1.0)
    return found


def relative_costs(unit_cost: Mapping[str, Array] | None) -> dict[str, Array]:
    """Return costs per unit over the reference kind's; raises BadInput where it is missing or not > 0."""
    if not unit_cost:
        return {}
    for kind, cost in unit_cost.items():
        if kind not in KINDS:
            raise UnknownName("kind of chip", kind, KINDS)
        if not np.all(np.isfinite(cost)) or np.any(np.asarray(cost) <= 0):
            raise BadInput(f"the cost per unit of {kind} is not above 0.", hint="Leave the kind out.")
    if REFERENCE not in unit_cost:
        raise BadInput(
            f"costs per unit of {', '.join(unit_cost)} without that of {REFERENCE}.",
            hint=f"Costs are compared with {REFERENCE}: give its cost in the same unit.",
        )
    reference = np.asarray(unit_cost[REFERENCE], dtype=float)
    return {kind: np.asarray(cost, dtype=float) / reference for kind, cost in unit_cost.items()}


def split(by_buyer: Array, kind_odds: Sequence[Array]) -> Array:
    """Split money by buyer (buyers, quarters, draws) over kinds; returns (kinds, quarters, draws).

    The odds of a kind are common to all buyers, so that each buyer needs one division:
    orders[k] = odds[k] sum_b open[b, k] money[b] / sum_j open[b, j] odds[j].  Money is conserved.
    """
    orders = np.zeros((len(KINDS), *by_buyer.shape[1:]))
    for buyer, money in zip(BUYERS, by_buyer, strict=True):
        open_kinds = [KINDS.index(kind) for kind in MAY_BUY[buyer]]
        per_odds = money / sum((kind_odds[k] for k in open_kinds), np.zeros(1))
        for k in open_kinds:
            orders[k] += per_odds
    for k, its_odds in enumerate(kind_odds):
        orders[k] *= its_odds
    return orders
