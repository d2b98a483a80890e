"""What can be had: pools of systems, and the offers that fill them, for one case.

A system bought stands on the case's site; a system reserved or rented stands with its provider.  Prices
known on the as-of date are held over the horizon: nobody knows later ones, and the answer says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from counterpoise.catalogue import may_buy
from counterpoise.catalogue.records import Catalogue, Chip, Offer, System
from counterpoise.planning.case import Case
from counterpoise.planning.problem import Buy, Pool, Rent, Reserve
from counterpoise.workload.assumption import Assumption

HOURS_PER_DAY = 24.0
WEEKS_PER_QUARTER = 13.0
MONTHS_PER_QUARTER = 3.0

LIFE_QUARTERS = 20
"""Five years: the depreciation life that Meta and Amazon state for servers from 2025 on (10-K of 2024)."""
MAINTENANCE_SHARE_PER_QUARTER = 0.0125
"""5 % of the price a year for support, spares and space: assumed; vendors quote 3 to 8 %."""
MOST_RENTED_SYSTEMS = 128
"""Systems of one offer that can be rented or reserved at once where nobody states a number: a thousand
chips, assumed; larger deals are quotes, with a number of their own."""
LEAST_UNIT = 0.5
"""Parts of a system below this are planned as any amount."""
AVAILABILITY = 0.97
"""Usable share of a system's time after failures, upgrades and drains: assumed; Llama 3 reports over 90 %
effective training time on 16,384 chips, single boxes do better."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was not offered to the optimiser, and why; `offer` names the offer, where it is one."""

    what: str
    why: str
    offer: str = ""


@dataclass(frozen=True, slots=True)
class Supply:
    """Pools and offers by id; `systems` and `offers` keep the records behind them, by pool and by id."""

    pools: Mapping[str, Pool]
    buys: Mapping[str, Buy]
    reserves: Mapping[str, Reserve]
    rents: Mapping[str, Rent]
    systems: Mapping[str, System]
    offers: Mapping[str, Offer]
    refusals: tuple[Refusal, ...]
    assumptions: tuple[Assumption, ...]


def quarters(weeks: float) -> int:
    """Whole quarters that `weeks` take, at least 0."""
    return max(0, math.ceil(weeks / WEEKS_PER_QUARTER - 1e-9))


def unit_systems(offer: Offer, system: System) -> float:
    """Smallest part of a system that an offer rents, 0 where it is so small that any amount will do.

    A box of eight is rented whole; single chips of a box are planned as any amount and rounded up.
    """
    unit = min(1.0, max(offer.minimum_chips, 1) / system.chips)
    return unit if unit >= LEAST_UNIT else 0.0


def cloud_system(catalogue: Catalogue, chip: Chip) -> System | None:
    """The box a rented chip stands in, called by its chips: "8 x H20".

    The smallest catalogue system of at least 8 such chips, else the largest; None where no system has it.
    """
    have = sorted(
        (s for s in catalogue.systems.values() if s.chip == chip.name), key=lambda s: (s.chips, s.name)
    )
    if not have:
        return None
    box = next((s for s in have if s.chips >= 8), have[-1])
    return replace(box, name=f"{box.chips} x {chip.name}")


def system_of(catalogue: Catalogue, offer: Offer) -> System | None:
    """The system that an offer gives; for an offer by the chip, the box it stands in."""
    if offer.system:
        return catalogue.systems.get(offer.system)
    chip = catalogue.chips.get(offer.chip)
    return None if chip is None else cloud_system(catalogue, chip)


def _in_region(offer: Offer, region: str) -> bool:
    return not offer.regions or any(region == r or region.startswith(r + " ") for r in offer.regions)


def _open_periods(case: Case, offer: Offer, catalogue: Catalogue, chip: str) -> tuple[list[bool], str]:
    """For each period, whether the offer can be taken then, and why not in the first it cannot."""
    open_, why = [], ""
    for period in case.periods:
        starts: date = period.start
        ok = offer.valid_to is None or starts < offer.valid_to
        reason = "" if ok else f"the offer ends on {offer.valid_to}"
        must_enter = offer.kind == "buy" or not offer.regions
        if ok and must_enter:
            day_bought = max(starts, case.as_of)
            ok, reason = may_buy(catalogue, chip, case.site.region, case.as_of, day_bought)
        open_.append(ok)
        why = why or ("" if ok else reason)
    return open_, why


def supply(
    case: Case, catalogue: Catalogue, *, flagship_only: bool = False, keep: frozenset[str] = frozenset()
) -> Supply:
    """Turn the offers known to the case into pools, purchases, reservations and rents.

    Parameters
    ----------
    case : what the buyer says.
    catalogue : the facts known on the case's as-of date (`counterpoise.catalogue.as_of`).
    flagship_only : for the counterfactual: only flagship systems, bought anywhere at list price, no rules,
        delivered at once.
    keep : names of offers that are kept though another beats them: quotes that are asked about.

    Every offer that does not become a purchase, a reservation or a rent is in `refusals` with its reason.
    """
    builder = _Builder(case, catalogue, flagship_only, keep)
    for offer in sorted(catalogue.offers, key=lambda o: o.name):
        builder.add(offer)
    return builder.done()


class _Builder:
    """Collects pools and offers; `add` decides on one offer at a time."""

    def __init__(self, case: Case, catalogue: Catalogue, flagship_only: bool, keep: frozenset[str]) -> None:
        self.case, self.catalogue, self.flagship_only, self.keep = case, catalogue, flagship_only, keep
        self.pools: dict[str, Pool] = {}
        self.systems: dict[str, System] = {}
        self.buys: dict[str, Buy] = {}
        self.reserves: dict[str, Reserve] = {}
        self.rents: dict[str, Rent] = {}
        self.offers: dict[str, Offer] = {}
        self.refusals: list[Refusal] = []

    def add(self, offer: Offer) -> None:
        """Take one offer, or keep the reason why not."""
        system = system_of(self.catalogue, offer)
        if self.flagship_only:
            if system is not None and system.flagship and offer.kind == "buy":
                self._take(offer, system, [True] * len(self.case.periods))
            return
        why = self._refuse(offer, system)
        if not why and system is not None:
            open_, closed = _open_periods(self.case, offer, self.catalogue, system.chip)
            if any(open_):
                self._take(offer, system, open_)
                return
            why = closed
        self.refusals.append(Refusal(_label(offer), why, offer.name))

    def _refuse(self, offer: Offer, system: System | None) -> str:
        if not _in_region(offer, self.case.site.region):
            return f"not sold in {self.case.site.region}"
        if system is None:
            return f"no system of the catalogue has the chip {offer.chip or offer.system}"
        vendor = self.catalogue.chips[system.chip].vendor
        excluded = {v.casefold() for v in self.case.limits.vendors_excluded}
        if vendor.casefold() in excluded or offer.provider.casefold() in excluded:
            return (
                f"the case excludes the vendor {vendor if vendor.casefold() in excluded else offer.provider}"
            )
        if self.case.limits.chips and system.chip not in self.case.limits.chips:
            return "not among the chips that the case allows"
        if offer.kind == "spot":
            return "a spot system can be withdrawn at any time; it is no basis for a plan"
        return ""

    def _pool(self, system: System, *, on_site: bool) -> Pool:
        id_ = f"{system.name} @ {'site' if on_site else 'cloud'}"
        if id_ not in self.pools:
            idle = system.figures.get("power_idle_w")
            self.pools[id_] = Pool(
                id=id_,
                system=system.name,
                chip=system.chip,
                chips_per_system=system.chips,
                on_site=on_site,
                idle_w=idle.mid if idle and on_site else 0.0,
                availability=AVAILABILITY,
                flagship=system.flagship,
            )
            self.systems[id_] = system
        return self.pools[id_]

    def _take(self, offer: Offer, system: System, open_: list[bool]) -> None:
        pool = self._pool(system, on_site=offer.kind == "buy")
        periods = self.case.periods
        unstated = math.inf if offer.kind == "buy" else float(MOST_RENTED_SYSTEMS)
        stated = offer.available_per_quarter
        limit = unstated if stated is None else float(stated)
        supply_ = tuple(limit if o else 0.0 for o in open_)
        price = offer.price_usd.mid
        per_system = price if offer.kind == "buy" else price * system.chips
        if offer.kind == "buy":
            lead = offer.lead_time_weeks or system.figures.get("lead_time_weeks")
            lead_quarters = 0 if self.flagship_only else quarters(lead.mid) if lead else 1
            self.buys[offer.name] = Buy(
                id=offer.name,
                pool=pool.id,
                price_usd=tuple(per_system if o else math.inf for o in open_),
                lead_periods=lead_quarters,
                life_periods=LIFE_QUARTERS,
                salvage_share=1.0 / LIFE_QUARTERS,
                opex_usd_per_period=per_system * MAINTENANCE_SHARE_PER_QUARTER,
                supply=supply_,
            )
        elif offer.kind == "reserve":
            self.reserves[offer.name] = Reserve(
                id=offer.name,
                pool=pool.id,
                price_usd=tuple(
                    per_system * HOURS_PER_DAY * p.days if o else math.inf
                    for o, p in zip(open_, periods, strict=True)
                ),
                term_periods=max(1, math.ceil(offer.term_months / MONTHS_PER_QUARTER)),
                supply=supply_,
            )
        else:
            self.rents[offer.name] = Rent(
                id=offer.name,
                pool=pool.id,
                price_usd_per_h=tuple(per_system if o else math.inf for o in open_),
                supply=supply_,
                unit_systems=unit_systems(offer, system),
            )
        self.offers[offer.name] = offer

    def done(self) -> Supply:
        """Drop offers that another of the same pool beats in every period, and return the rest."""
        self._drop(self.buys, lambda b: (*b.price_usd, b.lead_periods))
        self._drop(self.reserves, lambda r: (*r.price_usd, r.term_periods))
        self._drop(self.rents, lambda r: r.price_usd_per_h)
        used = {x.pool for group in (self.buys, self.reserves, self.rents) for x in group.values()}
        return Supply(
            pools={k: v for k, v in sorted(self.pools.items()) if k in used},
            buys=dict(sorted(self.buys.items())),
            reserves=dict(sorted(self.reserves.items())),
            rents=dict(sorted(self.rents.items())),
            systems={k: v for k, v in sorted(self.systems.items()) if k in used},
            offers=dict(sorted(self.offers.items())),
            refusals=tuple(self.refusals),
            assumptions=_assumptions({o.name: o for o in self.offers.values()}),
        )

    def _drop(self, group: dict[str, _Offered], cost: Callable[[_Offered], tuple[float, ...]]) -> None:
        rivals = {k: v for k, v in group.items() if k not in self.keep}
        for loser, winner in beaten(rivals, cost).items():
            self.refusals.append(Refusal(_label(self.offers.pop(loser)), f"dearer than {winner}"))
            del group[loser]


def _assumptions(offers: Mapping[str, Offer]) -> tuple[Assumption, ...]:
    """What the program fills in about supply, and each price that is no list price or quote."""
    rules = (
        ("supply.prices", "as known", "", "held over the horizon: nobody knows later ones"),
        ("supply.life", LIFE_QUARTERS, "quarters", "a system's use; its price falls evenly over it"),
        (
            "supply.maintenance",
            MAINTENANCE_SHARE_PER_QUARTER,
            "of the price/quarter",
            "support, spares, space",
        ),
        ("supply.availability", AVAILABILITY, "of the time", "after failures and upgrades"),
        ("supply.rented_at_a_time", MOST_RENTED_SYSTEMS, "systems/offer", "where no offer states a number"),
    )
    found = [Assumption(f, v, u, "assumed", "Counterpoise", None, note) for f, v, u, note in rules]
    for name, offer in sorted(offers.items()):
        price = offer.price_usd
        known = price.provenance
        if known.kind in ("assumed", "derived"):
            unit = "USD/system" if offer.kind == "buy" else "USD/chip-hour"
            note = f"{price.low:g} to {price.high:g}; {known.note}".rstrip("; ")
            found.append(
                Assumption(f"price: {name}", price.mid, unit, known.kind, known.source, known.as_of, note)
            )
    return tuple(found)


def _label(offer: Offer) -> str:
    return f"{offer.kind.replace('_', ' ')} {offer.system or offer.chip} from {offer.provider}"


_Offered = TypeVar("_Offered", Buy, Reserve, Rent)


def beaten(group: Mapping[str, _Offered], cost: Callable[[_Offered], tuple[float, ...]]) -> dict[str, str]:
    """Offers that another of the same pool beats, with that other: no dearer in any entry of `cost`,
    and without a limit on its supply wherever the beaten one can be had.  Ties go to the first id.
    """
    losers: dict[str, str] = {}
    for id_, offer in sorted(group.items()):
        for other_id, other in sorted(group.items()):
            if other_id == id_ or other.pool != offer.pool or other_id in losers:
                continue
            unlimited = all(o == math.inf or s == 0 for o, s in zip(other.supply, offer.supply, strict=True))
            mine, theirs = cost(offer), cost(other)
            no_dearer = all(b <= a for a, b in zip(mine, theirs, strict=True))
            if unlimited and no_dearer and (mine != theirs or other_id < id_):
                losers[id_] = other_id
                break
    return losers
