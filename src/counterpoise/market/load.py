"""Reading of market facts: the tables that ship with the product, and a user's own of the same form."""

from __future__ import annotations

import functools
import math
from datetime import timedelta
from importlib import resources
from typing import get_args

from counterpoise.catalogue.table import Row, rows
from counterpoise.errors import BadInput
from counterpoise.market.calendar import Quarter
from counterpoise.market.facts import Dated, MarketFacts, Observation, Statement, Status

OBSERVATION_COLUMNS = (
    "series", "entity", "quarter", "value", "unit", "basis", "status", "known_on", "dated", "source", "note",
    "filed_in",
)  # fmt: skip
STATEMENT_COLUMNS = (
    "topic", "by", "about", "period", "low", "high", "unit", "known_on", "dated", "source", "note", "origin",
)  # fmt: skip


EARLIEST_END = timedelta(days=45)
"""A fiscal quarter belongs to the calendar quarter of its midpoint, so it may end half a quarter early."""


@functools.cache
def shipped() -> MarketFacts:
    """Return every market fact that ships with the product."""
    folder = resources.files("counterpoise.market") / "data"
    tables = {name: (folder / name).read_bytes() for name in ("observations.csv", "statements.csv")}
    return facts(tables["observations.csv"], "observations.csv", tables["statements.csv"], "statements.csv")


def facts(observations: bytes, observed_in: str, statements: bytes, stated_in: str) -> MarketFacts:
    """Read both tables from their bytes; a mistake names its file, line and column."""
    return MarketFacts(
        tuple(one for _, one in observation_rows(observations, observed_in)),
        tuple(one for _, one in statement_rows(statements, stated_in)),
    )


def observation_rows(data: bytes, file: str) -> list[tuple[Row, Observation]]:
    """Read a table of observations, each with its row; a figure given twice for one day is refused."""
    required = [c for c in OBSERVATION_COLUMNS if c not in ("note", "filed_in")]
    found = [(row, _observation(row)) for row in rows(data, file, OBSERVATION_COLUMNS, required)]
    _refuse_twice(tuple(one for _, one in found), file)
    return found


def _observation(row: Row) -> Observation:
    quarter, known_on = Quarter.read(row.name("quarter"), row.where("quarter")), row.day("known_on")
    if known_on < quarter.start + EARLIEST_END:
        raise row.bad(
            "known_on",
            f"{known_on} is too early for {quarter}: its figure was not made yet.",
            "A figure is public after its quarter; guidance and forecasts are statements.",
        )
    return Observation(
        series=row.name("series"),
        entity=row.name("entity"),
        quarter=quarter,
        value=row.number("value"),
        unit=row.name("unit"),
        basis=row.name("basis"),
        status=row.one_of("status", get_args(Status)),  # type: ignore[arg-type]
        known_on=known_on,
        dated=row.one_of("dated", get_args(Dated)),  # type: ignore[arg-type]
        source=row.name("source"),
        note=row.text("note"),
        filed_in=row.text("filed_in"),
    )


def _refuse_twice(observations: tuple[Observation, ...], file: str) -> None:
    seen: set[tuple[object, ...]] = set()
    for one in observations:
        vintage = (one.series, one.entity, one.quarter, one.known_on)
        if vintage in seen:
            raise BadInput(
                f"{file}: {one.series} of {one.entity} for {one.quarter}, public on {one.known_on}, "
                "is there twice.",
                hint="Keep one, or date the restatement.",
            )
        seen.add(vintage)


def statement_rows(data: bytes, file: str) -> list[tuple[Row, Statement]]:
    """Read a table of statements, each with its row."""
    required = [c for c in STATEMENT_COLUMNS if c not in ("note", "origin", "low", "high", "unit")]
    return [(row, _statement(row)) for row in rows(data, file, STATEMENT_COLUMNS, required)]


def _statement(row: Row) -> Statement:
    low, high = signed(row, "low"), signed(row, "high")
    if low is not None and high is not None and low > high:
        raise row.bad("low", f"low {low:g} is above high {high:g}.", "Write low <= high.")
    return Statement(
        topic=row.name("topic"),
        by=row.name("by"),
        about=row.name("about"),
        period=row.name("period"),
        low=low,
        high=high if high is not None else low,
        unit=row.text("unit"),
        known_on=row.day("known_on"),
        dated=row.one_of("dated", get_args(Dated)),  # type: ignore[arg-type]
        source=row.name("source"),
        note=row.text("note"),
        origin=row.text("origin"),
    )


def signed(row: Row, column: str) -> float | None:
    """Return a finite number that may be negative (an elasticity, a cut); None where the cell is empty."""
    text = row.text(column)
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise row.bad(column, f'"{text}" is not a number.', "Write digits, such as 1.5 or -0.2.")
    return number
