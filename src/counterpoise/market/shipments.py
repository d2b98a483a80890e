"""From orders to shipments: who gets what when limits bind, what waits, and which limit stopped it.

The rule, and why it never ships less when a limit is loosened:

- Each kind is entitled to a share of each limit in proportion to its **claims**: new orders, and what was on
  order at the start, spread over the first year.  Entitlement = claims x min over its limits of capacity /
  what all claims would use.  Nobody's entitlement depends on what is left waiting later, or on what another
  limit does to others; it only grows when a limit is loosened.
- A kind ships the lesser of what is ordered (new and waiting) and its entitlement; racks also no more than
  can be assembled.  What is not shipped waits, a share of it is withdrawn, and some rack orders turn to
  HGX.
- Packages that racks were entitled to and could not use ship in HGX boxes, up to HGX orders.  They are
  charged what a rack's chip uses of every limit, and never need more.

No limit is exceeded: entitlements use a share min(...) of each at most, and freed packages only what racks
left. Each kind but those two is a queue of its own, for which more service never means less shipped in
total.  Flagship and HGX together ship min(orders, HGX orders + racks' own service, both entitlements): a
queue again, whose service grows with every limit, under one rate of withdrawal.  So chips shipped up to any
quarter never fall when a limit is loosened, in any draw.  `docs/market/chain.md` has the proof; the tests
try it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from counterpoise.market.kinds import CHIPS_PER_RACK, KINDS, LIMITS, POOLS, Array
from counterpoise.market.supply import Capacity, Usage

_FLAGSHIP, _HGX = KINDS.index("flagship"), KINDS.index("hgx")
_FIRST_YEAR = 4
_LEAST_LOAD = 1e-9
"""Where nothing is claimed of a limit, its ratio is large instead of undefined."""


@dataclass(frozen=True, slots=True)
class Rationing:
    """Entitlements in chips (kinds, quarters, draws) and ratios of capacity to claims.

    `ratios` holds, per limit, the ratio of each kind (None: does not use it), `lowest` the least of a
    kind's; `racks` is the number of chips that can be assembled into racks, `flagship` what racks may have
    of all other limits.  `load` and `capacity` are, per limit and in its unit, what claims would use
    and what there is (packaging: TSMC's).
    """

    entitled: Array
    flagship: Array
    racks: Array
    ratios: Sequence[Sequence[Array | None]]
    lowest: Sequence[Array]
    load: Mapping[str, Array]
    capacity: Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Shipments:
    """Chips (kinds, quarters, draws): shipped, waiting at the end of the quarter.

    `freed` (quarters, draws) are chips shipped in HGX boxes that racks were entitled to.
    """

    shipped: Array
    backlog: Array
    freed: Array


def claims(orders: Array, waiting: Array) -> Array:
    """Return what entitlements go by: new orders, and for a year a quarter of `waiting` each quarter.

    `orders` (kinds, quarters, draws) and `waiting` (kinds, draws) do not depend on any limit.
    """
    found = orders.copy()
    found[:, :_FIRST_YEAR] += waiting[:, None] / _FIRST_YEAR
    return found


def ration(claimed: Array, supply: Capacity, use: Usage) -> Rationing:
    """Return what each kind is entitled to, given its claims (kinds, quarters, draws) in chips."""
    per_limit: list[list[Array | None]] = [[None] * len(KINDS) for _ in LIMITS]
    loads = {"rack assembly": claimed[_FLAGSHIP] / CHIPS_PER_RACK}
    amounts = {"rack assembly": supply.racks}
    for pool, members in POOLS.items():
        load = sum(
            (claimed[KINDS.index(kind)] * use.wafers[kind] for kind in members), np.zeros(claimed.shape[1:])
        )
        if pool != "huawei":
            loads["packaging"] = loads.get("packaging", 0.0) + load
            amounts["packaging"] = amounts.get("packaging", 0.0) + supply.packaging[pool]
        ratio = supply.packaging[pool] / np.maximum(load, _LEAST_LOAD)
        for kind in members:
            per_limit[LIMITS.index("packaging")][KINDS.index(kind)] = ratio
    shared = (
        ("hbm", use.hbm_gb, supply.hbm_gb),
        ("power", use.power_mw, supply.power_mw),
        ("network", use.modules, supply.modules),
    )
    for limit, part, amount in shared:
        load = np.zeros(claimed.shape[1:])
        for kind, per_chip in part.items():
            load += claimed[KINDS.index(kind)] * per_chip
        loads[limit], amounts[limit] = load, amount
        ratio = amount / np.maximum(load, _LEAST_LOAD)
        for kind in part:
            per_limit[LIMITS.index(limit)][KINDS.index(kind)] = ratio
    entitled = np.empty_like(claimed)
    lowest: list[Array] = []
    for k in range(len(KINDS)):
        used = [row[k] for row in per_limit]
        lowest.append(functools.reduce(np.minimum, [ratio for ratio in used if ratio is not None]))
        np.multiply(claimed[k], lowest[k], out=entitled[k])
    racks = supply.racks * CHIPS_PER_RACK
    flagship = entitled[_FLAGSHIP].copy()
    np.minimum(entitled[_FLAGSHIP], racks, out=entitled[_FLAGSHIP])
    return Rationing(
        entitled, flagship, np.broadcast_to(racks, flagship.shape), per_limit, lowest, loads, amounts
    )


def ship(orders: Array, waiting: Array, cancelled: Array, switched: Array, rationing: Rationing) -> Shipments:
    """Ship quarter by quarter.

    `orders` (kinds, quarters, draws) are new orders in chips, `waiting` (kinds, draws) those at the start.
    Each quarter the share `cancelled` of all that waits is withdrawn, and of racks' remaining orders the
    share `switched` becomes orders of HGX (both (draws,) or (1,)).
    """
    shipped, backlog = np.empty_like(orders), np.empty_like(orders)
    freed = np.empty_like(orders[0])
    kept = 1.0 - cancelled
    before = waiting
    for t in range(orders.shape[1]):
        due = before * kept
        switching = due[_FLAGSHIP] * switched
        due[_FLAGSHIP] -= switching
        due[_HGX] += switching
        due += orders[:, t]
        now = shipped[:, t]
        np.minimum(due, rationing.entitled[:, t], out=now)
        before = np.subtract(due, now, out=backlog[:, t])
        # Taken from what waits, not from what is due, so that rounding leaves nothing waiting below 0.
        np.minimum(before[_HGX], rationing.flagship[t] - now[_FLAGSHIP], out=freed[t])
        before[_HGX] -= freed[t]
        now[_HGX] += freed[t]
    return Shipments(shipped, backlog, freed)


def stopped_by(rationing: Rationing, backlog: Array, kinds: Sequence[str] = KINDS) -> NDArray[np.bool_]:
    """Return (limits, quarters, draws): which limits keep orders of any of `kinds` waiting.

    The lowest entitlement is the one that stops a kind; for racks, assembly where fewer can be built than any
    other limit allows.
    """
    stopped = np.zeros((len(LIMITS), *backlog.shape[1:]), dtype=bool)
    for k in (KINDS.index(kind) for kind in kinds):
        waits = backlog[k] > 0.0
        if k == _FLAGSHIP:
            assembled = rationing.racks <= rationing.flagship
            stopped[LIMITS.index("rack assembly")] |= waits & assembled
            waits &= ~assembled
        for r, row in enumerate(rationing.ratios):
            ratio = row[k]
            if ratio is not None:
                stopped[r] |= waits & (ratio == rationing.lowest[k])
    return stopped
