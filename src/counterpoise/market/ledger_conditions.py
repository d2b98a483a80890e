"""What must be seen, as a ledger writes it: a range, a bound, a figure to its digits, or a direction."""

from __future__ import annotations

import math
import re

from counterpoise.catalogue.tree import Mapping
from counterpoise.errors import UnknownName
from counterpoise.market.claim_series import Series
from counterpoise.market.ledger import DIRECTIONS, Condition
from counterpoise.market.ledger_fields import Fields

CONDITIONS = ("range", "below", "above", "equals", "direction")
_QUANTITY = re.compile(r"([-+]?\d+(?:\.\d+)?)\s*(\D.*)?")


def condition(fields: Fields, series: Series) -> tuple[Condition, str, str]:
    """Return the condition of a test, its unit and how it was written; exactly one must be there."""
    given = [name for name in CONDITIONS if fields.has(name)]
    if len(given) != 1:
        what = "nothing says what must be seen." if not given else f"{' and '.join(given)} are both there."
        raise fields.bad(given[1] if given else "series", what, f"Write one of {', '.join(CONDITIONS)}.")
    name = given[0]
    if name == "direction":
        word = fields.needed(name)
        if word not in DIRECTIONS:
            raise UnknownName("direction", word, DIRECTIONS, where=fields.where(name))
        return Condition("rises" if word == "rises" else "falls"), series.unit, word
    if name == "range":
        return _range(fields, series)
    value, unit, decimals = _quantity(fields, name, series)
    written = f"{value:,.{decimals}f}{' ' + unit if unit else ''}"
    if name == "below":
        return Condition("below", high=value), unit, f"below {written}"
    if name == "above":
        return Condition("above", low=value), unit, f"above {written}"
    half = 0.5 * 10.0**-decimals
    return Condition("within", value - half, value + half), unit, f"{written}, to the digits written"


def _range(fields: Fields, series: Series) -> tuple[Condition, str, str]:
    node = fields.node.fields["range"]
    if not isinstance(node, Mapping):
        raise fields.bad("range", "a range has two ends.", "Write {low: 20000, high: 25000, unit: racks}.")
    ends = Fields(node, fields.file, f"{fields.path}.range")
    ends.only(("low", "high", "unit"))
    low, high = (_number(ends, end) for end in ("low", "high"))
    if low > high:
        raise ends.bad("low", f"the range is empty: low {low:,g} is above high {high:,g}.", "Swap them.")
    unit = _unit(ends, "unit", ends.text("unit"), series)
    return Condition("within", low, high), unit, f"{low:,g} to {high:,g}{' ' + unit if unit else ''}"


def _number(fields: Fields, name: str) -> float:
    text = fields.needed(name, "Write a number.")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise fields.bad(name, f'"{text}" is not a number.', "Write digits, as 20000 or 9.5.")
    return value


def _quantity(fields: Fields, name: str, series: Series) -> tuple[float, str, int]:
    text = fields.needed(name)
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise fields.bad(name, f'"{text}" is not a number with a unit.', f"Write it as 10 {series.unit}.")
    decimals = len(match[1].partition(".")[2])
    return float(match[1]), _unit(fields, name, (match[2] or "").strip(), series), decimals


def _unit(fields: Fields, name: str, unit: str, series: Series) -> str:
    if series.unit and unit != series.unit:
        written = f'"{unit}" is not the unit of {series.name}' if unit else "it has no unit"
        raise fields.bad(name, f"{written}.", f"{series.name} is in {series.unit}.")
    return unit
