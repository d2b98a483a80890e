"""What a run of the chain says, and how blocks of draws add up to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from counterpoise.errors import Refused
from counterpoise.market import demand, money
from counterpoise.market.calendar import Quarter
from counterpoise.market.kinds import CHIPS_PER_RACK, GROUPS, KINDS, LIMITS, TIERS, Array
from counterpoise.market.shipments import Rationing, Shipments, stopped_by

KEEPABLE = ("shipments", "orders", "backlog")
"""What `run` can return for every draw, kind and quarter (86 MB each at 100,000 draws and 12 quarters)."""

_FLAGSHIP, _HGX = KINDS.index("flagship"), KINDS.index("hgx")
_BY_QUARTER = (
    "racks", "revenue_usd_bn", "systems_usd_bn", "capex_usd_bn", "demand_factor", "freed_usd_bn",
    "lost_usd_bn",
)  # fmt: skip
_MEANS: Mapping[str, int] = {
    "mean_shipments": len(KINDS),
    "mean_orders": len(KINDS),
    "mean_backlog": len(KINDS),
    "mean_tiers_usd_bn": len(TIERS),
    "mean_orders_usd_bn": len(GROUPS),
    "binds": len(LIMITS),
    "binds_racks": len(LIMITS),
    "mean_load": len(LIMITS),
    "mean_capacity": len(LIMITS),
}


@dataclass(frozen=True, slots=True)
class ChainResult:
    """What a run of the chain says.

    Per draw, (draws, quarters): `racks` (flagship, shipped); `revenue_usd_bn` (NVIDIA's data centre);
    `systems_usd_bn` (all AI systems shipped); `capex_usd_bn` (the top four, as wanted); `demand_factor`
    (top four, demand over plan); `freed_usd_bn` and `lost_usd_bn`: rack parts that shipped in HGX boxes at
    the price of a rack, and what is lost in doing so (gross and net).  Per draw, (draws, tiers):
    `tiers_usd_bn`, over the horizon.  `inputs`: the draws of each prior that is not a point.

    Means over draws, (quarters, ...): `mean_shipments`, `mean_orders`, `mean_backlog` by kind, in chips;
    `mean_tiers_usd_bn` by tier; `mean_orders_usd_bn` by group; `mean_load` and `mean_capacity` by limit, in
    `kinds.LIMIT_UNITS` (packaging: TSMC's for the kinds here).  `binds`: share of draws in which
    a limit keeps orders of any kind waiting; `binds_racks`: those of racks.

    On request, (draws, quarters, kinds): `shipments`, `orders`, `backlog` in chips; None otherwise.
    """

    first: Quarter
    seed: int
    racks: Array
    revenue_usd_bn: Array
    systems_usd_bn: Array
    capex_usd_bn: Array
    demand_factor: Array
    freed_usd_bn: Array
    lost_usd_bn: Array
    tiers_usd_bn: Array
    mean_shipments: Array
    mean_orders: Array
    mean_backlog: Array
    mean_tiers_usd_bn: Array
    mean_orders_usd_bn: Array
    mean_load: Array
    mean_capacity: Array
    binds: Array
    binds_racks: Array
    inputs: Mapping[str, Array] = field(repr=False)
    shipments: Array | None = field(default=None, repr=False)
    orders: Array | None = field(default=None, repr=False)
    backlog: Array | None = field(default=None, repr=False)

    @property
    def quarters(self) -> list[Quarter]:
        """The quarters of the horizon."""
        return [self.first + n for n in range(self.racks.shape[1])]

    @property
    def growth_needed(self) -> Array:
        """Factor (quarters, limits) by which a limit must grow to meet all claims; 1 where it does."""
        return np.asarray(np.maximum(self.mean_load / self.mean_capacity, 1.0))

    def in_year(self, values: Array, year: int) -> Array:
        """Sum (draws, quarters) over a calendar year; raises Refused where a quarter of it is not there."""
        places = [i for i, quarter in enumerate(self.quarters) if quarter.year == year]
        if len(places) != 4:
            raise Refused(
                f"{year} is not wholly within {self.quarters[0]} to {self.quarters[-1]}; "
                "start the run in its first quarter or take more quarters."
            )
        return np.asarray(values[:, places].sum(axis=1))

    def racks_in(self, year: int) -> Array:
        """Return flagship racks shipped in a calendar year, (draws,)."""
        return self.in_year(self.racks, year)


@dataclass(frozen=True, slots=True)
class Tally:
    """Where blocks of draws put what they found; means are sums until the end."""

    per_draw: dict[str, Array]
    sums: dict[str, Array]
    kept: dict[str, Array]

    @classmethod
    def empty(cls, draws: int, quarters: int, keep: Collection[str]) -> Tally:
        """Return a tally with room for so many draws; `keep` names what is kept of `KEEPABLE`."""
        per_draw = {name: np.empty((draws, quarters)) for name in _BY_QUARTER}
        per_draw["tiers_usd_bn"] = np.empty((draws, len(TIERS)))
        sums = {name: np.zeros((quarters, width)) for name, width in _MEANS.items()}
        return cls(per_draw, sums, {name: np.empty((draws, quarters, len(KINDS))) for name in keep})

    def add(
        self,
        p: Mapping[str, Array],
        wanted: demand.Wanted,
        orders: Array,
        prices: list[Array],
        rationing: Rationing,
        sent: Shipments,
        block: slice,
    ) -> None:
        """Add a block of draws."""
        spending = money.spending_by_class(sent.shipped, prices)
        shares = money.tier_shares(p)
        found = {
            "racks": sent.shipped[_FLAGSHIP] / CHIPS_PER_RACK,
            "revenue_usd_bn": money.vendor_revenue(p, sent.shipped, prices),
            "systems_usd_bn": sum(spending.values(), np.zeros(1)),
            "capex_usd_bn": wanted.top4_capex,
            "demand_factor": wanted.factor[GROUPS.index("top4")],
            "freed_usd_bn": sent.freed * prices[_FLAGSHIP],
            "lost_usd_bn": sent.freed * (prices[_FLAGSHIP] - prices[_HGX]),
        }
        for name, values in found.items():
            self.per_draw[name][block] = values.T
        over_horizon = {name: amount.sum(axis=0) for name, amount in spending.items()}
        self.per_draw["tiers_usd_bn"][block] = money.by_tier(over_horizon, shares).T
        draws = orders.shape[2]
        for name, amount in spending.items():
            self.sums["mean_tiers_usd_bn"] += amount @ np.broadcast_to(shares[name], (len(TIERS), draws)).T
        for name, chips in (("shipments", sent.shipped), ("orders", orders), ("backlog", sent.backlog)):
            self.sums[f"mean_{name}"] += chips.sum(axis=2).T
            if name in self.kept:
                self.kept[name][block] = np.moveaxis(chips, (0, 1, 2), (2, 1, 0))
        self.sums["mean_orders_usd_bn"] += demand.by_group(wanted.by_buyer.sum(axis=2)).T
        self.sums["binds"] += stopped_by(rationing, sent.backlog).sum(axis=2).T
        self.sums["binds_racks"] += stopped_by(rationing, sent.backlog, ("flagship",)).sum(axis=2).T
        for r, limit in enumerate(LIMITS):
            for total, amount in (("load", rationing.load[limit]), ("capacity", rationing.capacity[limit])):
                self.sums[f"mean_{total}"][:, r] += np.broadcast_to(amount, orders.shape[1:]).sum(axis=1)

    def result(self, first: Quarter, seed: int, inputs: Mapping[str, Array]) -> ChainResult:
        """Return what was added, sums turned into means."""
        draws = len(self.per_draw["racks"])
        means = {name: total / draws for name, total in self.sums.items()}
        return ChainResult(first=first, seed=seed, inputs=inputs, **self.per_draw, **means, **self.kept)
