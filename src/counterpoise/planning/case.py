"""A buyer's case: `case.yaml` in, frozen values in canonical units and US dollars out.

Every mistake is a BadInput with file, line and field; every default is in `Case.assumptions`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath, PureWindowsPath
from typing import cast

from counterpoise.catalogue import as_of as known_on
from counterpoise.catalogue import find_chip, find_system
from counterpoise.catalogue.records import Catalogue
from counterpoise.catalogue.tree import read_tree
from counterpoise.errors import UnknownName
from counterpoise.planning.case_blocks import read_blocks
from counterpoise.planning.case_defaults import Assumed, known_regions
from counterpoise.planning.case_section import Section, or_no_limit
from counterpoise.planning.case_workloads import Facts, read_workloads
from counterpoise.units import CURRENCIES
from counterpoise.workload.assumption import Assumption
from counterpoise.workload.calendar import DayBlock, Quarter, quarters
from counterpoise.workload.records import Workload

MOST_QUARTERS = 40
FURTHEST_START_DAYS = 3 * 366


@dataclass(frozen=True, slots=True)
class CaseSite:
    """Where bought systems stand; `power_w` at the meter by period, infinite where there is no limit."""

    region: str
    power_w: tuple[float, ...]
    pue: float
    electricity_usd_per_kwh: float


@dataclass(frozen=True, slots=True)
class CaseLimits:
    """What may be spent and had; infinite where there is no limit.

    `systems`: most of a kind at a time.  `chips`: the only ones that may be had; empty: any.
    """

    capex_usd: float
    capex_usd_per_period: tuple[float, ...]
    opex_usd: float
    opex_usd_per_period: tuple[float, ...]
    systems: Mapping[str, float]
    vendors_excluded: tuple[str, ...]
    chips: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Engineers:
    """Who can adopt techniques: how many, their cost, and the weeks they have in each period."""

    available: float
    usd_per_week: float
    weeks_per_period: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """All that a plan needs to know about its buyer.

    Money is US dollars; `units_per_usd` turns it into `currency`.  Workloads are sorted by id.
    `techniques_excluded` are names.  `gap` is the share of the cost that the solver may leave open, in
    `time_limit_s` of one solve.  `measurements`: path in the case's folder of a profile that `calibrate`
    wrote, "" for none.
    """

    name: str
    as_of: date
    currency: str
    units_per_usd: float
    periods: tuple[Quarter, ...]
    blocks: tuple[DayBlock, ...]
    site: CaseSite
    limits: CaseLimits
    workloads: tuple[Workload, ...]
    engineers: Engineers
    discount_rate_per_year: float
    techniques_excluded: tuple[str, ...]
    gap: float
    time_limit_s: float
    assumptions: tuple[Assumption, ...]
    measurements: str = ""


def parse_case(text: bytes | str, file_name: str, catalogue: Catalogue) -> Case:
    """Return the case that a `case.yaml` says.

    `text` is the file's content and `file_name` what messages call it.  `catalogue` holds every fact, the
    case's own rows first: what is dated after the case's as-of date names mistakes and fills nothing.
    Raises BadInput (UnknownName for a field or name that is not known) with file, line and field.
    """
    plain = Section(read_tree(text, file_name), "case", "", file_name).check()
    as_of = cast(date, plain.day("as_of"))
    if not 2000 <= as_of.year <= 2100:
        raise plain.bad("as_of", f"{as_of} cannot be meant.", 'Write "2025-02-03".')
    known = known_on(catalogue, as_of)
    assumed = Assumed(known)
    currency = _currency(plain)
    case = Section(plain.node, "case", "", file_name, currency, assumed.units_per_usd)
    currency_place = case.where("currency")
    rate = _own_or_stated(case, "finance", "discount_rate", assumed)
    periods = _periods(case, as_of, rate)
    workloads = read_workloads(case, Facts(catalogue, known, as_of, assumed), periods)
    site = _site(case, periods, catalogue, assumed)
    return Case(
        name=cast(str, case.text("name")),
        as_of=as_of,
        currency=currency,
        units_per_usd=assumed.units_per_usd(currency, currency_place),
        periods=periods,
        blocks=read_blocks(case, workloads, assumed),
        site=site,
        limits=_limits(case, periods, catalogue, assumed),
        workloads=workloads,
        engineers=_engineers(case, periods, site.region, assumed),
        discount_rate_per_year=rate,
        techniques_excluded=_techniques_excluded(case, catalogue),
        gap=_own_or_stated(case, "solver", "gap", assumed),
        time_limit_s=_own_or_stated(case, "solver", "time", assumed),
        assumptions=assumed.list(),
        measurements=_measurements(case),
    )


def _measurements(case: Section) -> str:
    """Path of the buyer's own measurements, inside the case's folder so that the folder is the whole case."""
    text = case.text("measurements")
    if text is None:
        return ""
    path = PurePosixPath(text)
    if path.is_absolute() or PureWindowsPath(text).drive or ".." in path.parts:
        raise case.bad(
            "measurements",
            f'"{text}" lies outside the case\'s folder.',
            f'Copy it there and write "measurements: {PureWindowsPath(text).name}".',
        )
    return str(path)


def _currency(case: Section) -> str:
    code = case.text("currency")
    if code is None:
        return "USD"
    if code not in CURRENCIES:
        raise case.unknown("currency", "currency", code, CURRENCIES)
    return code


def _own_or_stated(case: Section, section: str, name: str, assumed: Assumed) -> float:
    """A quantity of an optional section, the program's own where it is absent."""
    inside = case.section(section)
    own = inside.quantity(name) if inside else None
    return assumed.stated(f"{section}.{name}") if own is None else own


def _periods(case: Section, as_of: date, rate: float) -> tuple[Quarter, ...]:
    horizon = cast(Section, case.section("horizon"))
    start = cast(date, horizon.quarter("start"))
    count = cast(int, horizon.whole("quarters", 1, MOST_QUARTERS))
    periods = quarters(start, count, rate)
    if (as_of - start).days >= periods[0].days:
        raise horizon.bad(
            "start",
            f"{periods[0].label} is over on the as-of date {as_of}.",
            "Start later, or date the case earlier.",
        )
    if (start - as_of).days > FURTHEST_START_DAYS:
        raise horizon.bad(
            "start",
            f"{periods[0].label} is more than three years after the as-of date {as_of}.",
            "Start earlier.",
        )
    return periods


def _site(case: Section, periods: tuple[Quarter, ...], catalogue: Catalogue, assumed: Assumed) -> CaseSite:
    site = cast(Section, case.section("site"))
    region = cast(str, site.text("region"))
    regions = known_regions(catalogue)
    if region not in regions:
        if len(region) > 2 or region.upper() in regions:
            raise site.unknown("region", "region", region, regions)
        # Two letters look like any other two: name them all.
        raise site.bad("region", f'unknown region "{region}".', f"Known are {', '.join(sorted(regions))}.")
    power = or_no_limit(site.quantity_by_quarter("power", periods), len(periods))
    limits = case.section("limits")
    capped = or_no_limit(limits.quantity_by_quarter("power", periods) if limits else None, len(periods))
    power_w = tuple(min(pair) for pair in zip(power, capped, strict=True))
    if all(math.isinf(w) for w in power_w):
        assumed.absent("site.power", "no limit", "bought systems may draw any power")
    pue = site.number("pue", 1.0, 3.0)
    electricity = site.money_usd("electricity")
    return CaseSite(
        region=region,
        power_w=power_w,
        pue=assumed.of_region("site.pue", region, "pue") if pue is None else pue,
        electricity_usd_per_kwh=assumed.of_region("site.electricity", region, "electricity")
        if electricity is None
        else electricity,
    )


def _limits(
    case: Section, periods: tuple[Quarter, ...], catalogue: Catalogue, assumed: Assumed
) -> CaseLimits:
    limits = case.section("limits")
    capex = limits.money_usd("capex") if limits else None
    opex = limits.money_usd("opex") if limits else None
    capex_by_quarter = limits.money_usd_by_quarter("capex_per_quarter", periods) if limits else None
    opex_by_quarter = limits.money_usd_by_quarter("opex_per_quarter", periods) if limits else None
    if capex is None and capex_by_quarter is None:
        assumed.absent("limits.capex", "no limit", "purchases may cost any amount")
    if opex is None and opex_by_quarter is None:
        assumed.absent("limits.opex", "no limit", "running may cost any amount")
    return CaseLimits(
        capex_usd=math.inf if capex is None else capex,
        capex_usd_per_period=or_no_limit(capex_by_quarter, len(periods)),
        opex_usd=math.inf if opex is None else opex,
        opex_usd_per_period=or_no_limit(opex_by_quarter, len(periods)),
        systems=limits.counts("systems", lambda name, at: find_system(catalogue, name, where=at).name)
        if limits
        else {},
        vendors_excluded=_vendors(limits, catalogue) if limits else (),
        chips=_chips(limits, catalogue) if limits else (),
    )


def _chips(limits: Section, catalogue: Catalogue) -> tuple[str, ...]:
    found = {find_chip(catalogue, name, where=where).name for name, where in limits.names("chips")}
    return tuple(sorted(found))


def _vendors(limits: Section, catalogue: Catalogue) -> tuple[str, ...]:
    known = {chip.vendor for chip in catalogue.chips.values()}
    known |= {system.vendor for system in catalogue.systems.values()}
    known |= {offer.provider for offer in catalogue.offers} | {p.provider for p in catalogue.api_prices}
    return _resolved(limits, "vendors_excluded", "vendor", known)


def _techniques_excluded(case: Section, catalogue: Catalogue) -> tuple[str, ...]:
    """Names of the techniques that the case does not let the plan adopt."""
    section = case.section("techniques")
    if section is None:
        return ()
    kinds = {name: technique.kind for name, technique in catalogue.techniques.items()}
    known = {*kinds, *kinds.values()}
    excluded = set(_resolved(section, "excluded", "technique", known))
    out = {name for name, kind in kinds.items() if name in excluded or kind in excluded}
    if section.has("allowed"):
        allowed = set(_resolved(section, "allowed", "technique", known))
        out |= {name for name, kind in kinds.items() if name not in allowed and kind not in allowed}
    return tuple(sorted(out))


def _resolved(section: Section, field: str, what: str, known: set[str]) -> tuple[str, ...]:
    """Names of a list in the spelling of `known`, case ignored, sorted."""
    by_folded = {name.casefold(): name for name in sorted(known)}
    found = set()
    for name, where in section.names(field):
        if name.casefold() not in by_folded:
            raise UnknownName(what, name, known, where=where)
        found.add(by_folded[name.casefold()])
    return tuple(sorted(found))


def _engineers(case: Section, periods: tuple[Quarter, ...], region: str, assumed: Assumed) -> Engineers:
    section = case.section("engineers")
    available = section.number("available", 0, 100_000) if section else None
    cost = section.money_usd("cost") if section else None
    if available is None:
        available = assumed.stated("engineers.available")
    return Engineers(
        available=available,
        usd_per_week=assumed.engineer_usd_per_week(region) if cost is None else cost,
        weeks_per_period=tuple(available * period.days / 7 for period in periods),
    )
