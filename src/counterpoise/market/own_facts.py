"""A user's own tables of facts: read as the shipped ones are, and held against them before they are used.

A figure in another unit, of the wrong sign or under a misspelt series would be added up, or left out, unseen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from counterpoise.catalogue.table import Row
from counterpoise.errors import BadInput, UnknownName, Where
from counterpoise.market.facts import Observation, Statement
from counterpoise.market.load import observation_rows, shipped, statement_rows

MAY_BE_NEGATIVE = ("cowos_orders", "elasticity", "token_elasticity", "valuation_net_cash")
"""Topics of which a figure of 0 or below means something: a cut, an elasticity, debts."""
_SHARE = re.compile(r"%|fraction", re.IGNORECASE)
"""Units of shares and of growth, of which it means something too."""


def own_observations(data: bytes, file: str) -> tuple[Observation, ...]:
    """Read a table of observations in the columns of the shipped one.

    Raises `UnknownName` for a series that nothing here is computed from, `BadInput` for what else is wrong
    with a row, and for a table without rows.
    """
    known = {o.series for o in shipped().observations}
    found = observation_rows(data, file)
    for row, one in found:
        if one.series not in known:
            raise UnknownName("series", one.series, known, where=row.where("series"))
    _refuse_empty(found, file)
    return tuple(one for _, one in found)


def own_statements(data: bytes, file: str) -> tuple[Statement, ...]:
    """Read a table of statements in the columns of the shipped one; topics may be new.

    Raises `BadInput` for a row that is there twice, and on a topic that ships for a unit that is not the
    topic's and for a figure that must be above 0.
    """
    units: dict[str, set[str]] = {}
    for said in shipped().statements:
        units.setdefault(said.topic, set()).add(_plain(said.unit))
    found = statement_rows(data, file)
    seen: dict[tuple[object, ...], int] = {}
    for row, one in found:
        _refuse_odd(row, one, units)
        key = (one.topic, one.by, one.about, one.period, one.low, one.high, one.known_on)
        if key in seen:
            raise row.bad("topic", f"the row says what line {seen[key]} says.", "Keep one.")
        seen[key] = row.line
    _refuse_empty(found, file)
    return tuple(one for _, one in found)


def _refuse_odd(row: Row, one: Statement, units: Mapping[str, set[str]]) -> None:
    if one.low is None or one.topic not in units:
        return
    held = sorted(units[one.topic] - {""})
    if held and _plain(one.unit) not in held:
        raise row.bad(
            "unit",
            f'"{one.unit}" is no unit of {one.topic}.' if one.unit else f"{one.topic} needs a unit.",
            f"Write {' or '.join(held)}.",
        )
    if one.low <= 0 and one.topic not in MAY_BE_NEGATIVE and not _SHARE.search(one.unit):
        raise row.bad("low", f"{one.topic} of {one.low:g} {one.unit}: it must be above 0.")


def _plain(unit: str) -> str:
    """A unit without what its source added in brackets."""
    return unit.partition("(")[0].strip()


def _refuse_empty(found: object, file: str) -> None:
    if not found:
        raise BadInput("the table has no row.", where=Where(file), hint="Leave the file out, or fill it.")
