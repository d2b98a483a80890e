"""What one more unit of each limit would ship: the chain run again with that limit a little looser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from counterpoise.errors import BadInput
from counterpoise.market import chain
from counterpoise.market.calendar import Quarter
from counterpoise.market.chain_result import ChainResult
from counterpoise.market.kinds import LIMIT_UNITS, LIMITS, Array
from counterpoise.market.priors import Priors


@dataclass(frozen=True, slots=True)
class LimitWorth:
    """Expected shipments per further `unit` of a limit in every quarter, over the horizon.

    `chips` of all kinds, `racks` of flagship, `systems_usd_bn` of spending.  Chips are net of what racks take
    from HGX boxes and leave to them.
    """

    limit: str
    unit: str
    chips: float
    racks: float
    systems_usd_bn: float


def limits_worth(
    priors: Priors,
    *,
    first: Quarter,
    quarters: int = 12,
    budget_usd_bn: Array | None = None,
    unit_cost: Mapping[str, Array] | None = None,
    draws: int = 10_000,
    seed: int = 0,
    step: float = 0.01,
) -> list[LimitWorth]:
    """Return the worth of each limit, by running the chain again with `step` (1 %) more of it.

    The same draws are used, so that the difference is exact for that step, waiting orders included.  A wafer
    more goes to the vendors by their shares.
    """
    if not step > 0:
        raise BadInput(f"a step of {step:g}.", hint="Give a share above 0, such as 0.01.")

    def run(loosened: Mapping[str, float]) -> ChainResult:
        return chain.run(
            priors,
            budget_usd_bn=budget_usd_bn,
            first=first,
            quarters=quarters,
            draws=draws,
            seed=seed,
            unit_cost=unit_cost,
            loosened=loosened,
        )

    base = run({})
    found = []
    for r, limit in enumerate(LIMITS):
        looser = run({limit: 1.0 + step})
        units = step * float(base.mean_capacity[:, r].sum())
        chips = float((looser.mean_shipments - base.mean_shipments).sum())
        racks = float((looser.racks - base.racks).sum(axis=1).mean())
        money = float((looser.systems_usd_bn - base.systems_usd_bn).sum(axis=1).mean())
        found.append(LimitWorth(limit, LIMIT_UNITS[limit], chips / units, racks / units, money / units))
    return found
