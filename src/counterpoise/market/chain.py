"""The chain: efficiency -> demand -> orders by kind of chip -> limits -> shipments -> money, over many draws.

`run` draws every prior, then carries blocks of draws through the whole chain as arrays (kinds, quarters,
draws) small enough for a processor's cache.  Same priors, budgets and seed: same bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np

from counterpoise.errors import BadInput, UnknownName
from counterpoise.market import demand, mix, money, sampling, shipments, supply
from counterpoise.market.calendar import Quarter
from counterpoise.market.chain_result import KEEPABLE, ChainResult, Tally
from counterpoise.market.kinds import KINDS, LIMITS, Array
from counterpoise.market.priors import Priors

NAME = "bottom-up chain"
"""How documents and scores call it."""

BLOCK = 2000
"""Draws carried at once: 9 kinds x 12 quarters x 2,000 draws of 8 bytes are 1.7 MB."""


def run(
    priors: Priors,
    *,
    budget_usd_bn: Array | None = None,
    first: Quarter,
    quarters: int = 12,
    draws: int = 100_000,
    seed: int = 0,
    unit_cost: Mapping[str, Array] | None = None,
    loosened: Mapping[str, float] | None = None,
    keep: Collection[str] = (),
) -> ChainResult:
    """Run the chain from `first` on.

    Parameters
    ----------
    priors
        One vintage of each parameter, as of a day (`priors.as_of`).
    budget_usd_bn
        Capex of the four large clouds, (paths, quarters) in USD bn; paths are used in turn.  None: by priors.
    first, quarters
        First quarter, and how many.
    draws, seed
        Draws come in antithetic pairs, each prior from a stream of its own.
    unit_cost
        Cost per unit of work by kind, in any money, shape (), (draws,) or (draws, quarters); takes the
        place of the priors for its kinds.  "hgx" must be among them.
    loosened
        Factor on a limit, by its name in `kinds.LIMITS`.
    keep
        Of `KEEPABLE`: what to return for every draw.

    Raises
    ------
    BadInput, UnknownName
        For budgets of another length or not above 0, an unknown kind, limit or name in `keep`.
    """
    _check(budget_usd_bn, quarters, draws, loosened or {}, keep)
    _keep_freed_memory()
    samples = sampling.sample(priors, draws, seed)
    middle = {kind: priors[f"cost_per_unit.{kind}"].mid for kind in KINDS}
    tally = Tally.empty(draws, quarters, keep)
    for low, high in _blocks(draws):
        p = {name: values[low:high] if values.size > 1 else values for name, values in samples.items()}
        budget = (
            demand.budgets(p, _starts(first, quarters) + 0.25)
            if budget_usd_bn is None
            else budget_usd_bn[np.arange(low, high) % len(budget_usd_bn)].T
        )
        costs = None if unit_cost is None else {k: _block(c, low, high) for k, c in unit_cost.items()}
        _one_block(p, budget, first, quarters, middle, costs, loosened or {}, tally, low, high)
    return tally.result(first, seed, sampling.varied(priors, samples))


def _one_block(
    p: Mapping[str, Array],
    budget: Array,
    first: Quarter,
    quarters: int,
    middle: Mapping[str, float],
    unit_cost: Mapping[str, Array] | None,
    loosened: Mapping[str, float],
    tally: Tally,
    low: int,
    high: int,
) -> None:
    starts = _starts(first, quarters)
    middles = starts + 0.125
    full_budget = np.broadcast_to(budget, (quarters, high - low))
    wanted = demand.wanted(p, full_budget, starts + 0.25, float(starts[0, 0]))
    prices = money.prices_usd_bn(p)
    orders = mix.split(wanted.by_buyer, mix.odds(p, middle, starts, unit_cost))
    for k, price in enumerate(prices):
        orders[k] /= price
    waiting = np.zeros((len(KINDS), high - low))
    for kind in ("flagship", "hgx"):
        k = KINDS.index(kind)
        waiting[k] = p[f"backlog_quarters.{kind}"] * orders[k, 0]
    claimed = shipments.claims(orders, waiting)
    rationing = shipments.ration(claimed, supply.capacity(p, middles, loosened), supply.usage(p, middles))
    sent = shipments.ship(orders, waiting, p["cancel_share"], p["switch_share"], rationing)
    tally.add(p, wanted, orders, prices, rationing, sent, slice(low, high))


def _keep_freed_memory() -> None:
    """Let glibc keep freed blocks for the next array; else each is mapped and zeroed anew: half the time.

    malloc's threshold for mapping grows to the largest mapped block ever freed; elsewhere this does nothing.
    """
    np.empty(2_000_000)


def _starts(first: Quarter, quarters: int) -> Array:
    """Return the first days of quarters as decimal years, (quarters, 1)."""
    return first.year + (first.number - 1 + np.arange(quarters)[:, None]) / 4


def _blocks(draws: int) -> Iterator[tuple[int, int]]:
    return ((low, min(low + BLOCK, draws)) for low in range(0, draws, BLOCK))


def _block(cost: Array, low: int, high: int) -> Array:
    """Return costs of a block of draws, laid out (quarters or 1, draws or 1)."""
    cost = np.asarray(cost, dtype=float)
    return cost.reshape(1, 1) if cost.ndim == 0 else np.atleast_2d(cost[low:high].T)


def _check(
    budget: Array | None, quarters: int, draws: int, loosened: Mapping[str, float], keep: Collection[str]
) -> None:
    if quarters < 1 or draws < 1:
        raise BadInput(f"{quarters} quarters of {draws} draws.", hint="Ask for one of each at least.")
    if budget is not None:
        if budget.ndim != 2 or budget.shape[1] != quarters or not len(budget):
            raise BadInput(
                f"budgets of shape {budget.shape} for {quarters} quarters.",
                hint="Give paths as rows and quarters as columns.",
            )
        if not np.all(np.isfinite(budget)) or np.any(budget <= 0):
            raise BadInput("a budget is not above 0.", hint="Give capex of the quarter in USD bn.")
    for limit, factor in loosened.items():
        if limit not in LIMITS:
            raise UnknownName("limit", limit, LIMITS)
        if not factor > 0:
            raise BadInput(f"{limit} times {factor:g}.", hint="Give a factor above 0.")
    for name in keep:
        if name not in KEEPABLE:
            raise UnknownName("result to keep", name, KEEPABLE)
