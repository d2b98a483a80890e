"""Yearly totals as reported, against which quarters are held: four are the year, or the data say why.

A fiscal year is named as the company names it; `last_quarter` is the calendar quarter of its last fiscal one.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import get_args

from counterpoise.catalogue.table import Row, rows
from counterpoise.market.bases import kind
from counterpoise.market.calendar import Quarter
from counterpoise.market.facts import Dated, Observation, Status, latest_vintages
from counterpoise.market.load import signed

TOLERANCE_BN = 0.002
"""Filings print millions: four rounded quarters and a rounded year differ by at most two."""
COLUMNS = (
    "series", "entity", "fiscal_year", "last_quarter", "value", "unit", "basis", "status", "known_on",
    "dated", "source", "explained", "note", "filed_in",
)  # fmt: skip
_MAY_BE_EMPTY = ("explained", "note", "filed_in")


@dataclass(frozen=True, slots=True)
class AnnualTotal:
    """One year's total as reported.

    `explained`: by how much the quarters exceed it, for the reason in `note`.
    """

    series: str
    entity: str
    fiscal_year: int
    last_quarter: Quarter
    value: float
    unit: str
    basis: str
    status: Status
    known_on: date
    dated: Dated
    source: str
    explained: float = 0.0
    note: str = ""
    filed_in: str = ""

    @property
    def quarters(self) -> tuple[Quarter, ...]:
        """The four calendar quarters of the year."""
        return tuple(self.last_quarter + n for n in (-3, -2, -1, 0))


@dataclass(frozen=True, slots=True)
class YearCheck:
    """Four quarters beside their year: both in the year's unit, and what remains after the stated reason."""

    year: AnnualTotal
    quarters_sum: float
    one_basis: bool

    @property
    def difference(self) -> float:
        """Quarters less year."""
        return self.quarters_sum - self.year.value

    @property
    def holds(self) -> bool:
        """Whether quarters and year agree within 2 M, or differ by what the note explains."""
        # A billionth above the tolerance: sums of decimals are not exact.
        return any(abs(self.difference - e) <= TOLERANCE_BN + 1e-9 for e in (0.0, self.year.explained))


@functools.cache
def shipped_years() -> tuple[AnnualTotal, ...]:
    """Return the yearly totals that ship with the product."""
    data = (resources.files("counterpoise.market") / "data" / "annual.csv").read_bytes()
    return years_from(data, "annual.csv")


def years_from(data: bytes, file: str) -> tuple[AnnualTotal, ...]:
    """Read a table of yearly totals from its bytes; a mistake names its file, line and column."""
    required = [column for column in COLUMNS if column not in _MAY_BE_EMPTY]
    return tuple(_year(row) for row in rows(data, file, COLUMNS, required))


def year_checks(
    observations: Iterable[Observation], years: Sequence[AnnualTotal], day: date = date.max
) -> tuple[YearCheck, ...]:
    """Hold four quarters against each year of which all were public on `day`, as last stated by then."""
    public = latest_vintages(o for o in observations if o.known_on <= day)
    known = {(o.series, o.entity, o.quarter): o for o in public}
    made = []
    for year in _latest(years, day):
        quarters = [known.get((year.series, year.entity, quarter)) for quarter in year.quarters]
        found = [o for o in quarters if o is not None]
        if len(found) < len(quarters):
            continue
        total = sum(o.value for o in found)
        made.append(YearCheck(year, total, {kind(o.basis) for o in found} == {kind(year.basis)}))
    return tuple(made)


def _latest(years: Sequence[AnnualTotal], day: date) -> list[AnnualTotal]:
    kept: dict[tuple[str, str, int], AnnualTotal] = {}
    for year in sorted((y for y in years if y.known_on <= day), key=lambda y: y.known_on):
        kept[year.series, year.entity, year.fiscal_year] = year
    return list(kept.values())


def _year(row: Row) -> AnnualTotal:
    return AnnualTotal(
        series=row.name("series"),
        entity=row.name("entity"),
        fiscal_year=row.count("fiscal_year"),
        last_quarter=Quarter.read(row.name("last_quarter"), row.where("last_quarter")),
        value=row.number("value"),
        unit=row.name("unit"),
        basis=row.name("basis"),
        status=row.one_of("status", get_args(Status)),  # type: ignore[arg-type]
        known_on=row.day("known_on"),
        dated=row.one_of("dated", get_args(Dated)),  # type: ignore[arg-type]
        source=row.name("source"),
        explained=_explained(row),
        note=row.text("note"),
        filed_in=row.text("filed_in"),
    )


def _explained(row: Row) -> float:
    """What the quarters exceed the year by: signed, and never without a reason."""
    value = signed(row, "explained")
    if value is not None and not row.text("note"):
        raise row.bad("explained", "a difference is stated without a reason.", "Say why in the note.")
    return value or 0.0
