"""Priors of the chain: what was known or believed of each parameter, when, and by whom.

`data/priors.csv` is read by people too.  A prior is three quantiles (10, 50 and 90 %); a parameter may have
several vintages, and a run as of a day takes the latest that was known by then.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from importlib import resources
from typing import Literal, get_args

from counterpoise.catalogue.table import Row, rows
from counterpoise.errors import BadInput, Refused, UnknownName, Where
from counterpoise.market.calendar import Quarter
from counterpoise.market.load import signed

Distribution = Literal["normal", "lognormal", "logitnormal", "uniform", "point"]
"""normal, lognormal (amounts above 0) and logitnormal (shares between 0 and 1) have a spread of their own on
each side of the middle, so that all three quantiles hold; uniform; point: one value."""

Kind = Literal["sourced", "derived", "assumed", "set"]
"""sourced: published; derived: by arithmetic on what was published; assumed: a judgement, wide; set: by the
user."""

COLUMNS = (
    "name", "distribution", "low", "mid", "high", "unit", "kind", "known_on", "source", "note",
)  # fmt: skip

_SET_WITH: Mapping[str, tuple[str, ...]] = {
    "elasticity": ("elasticity_training_offset", "elasticity_serving_offset"),
}
"""Who says that the elasticity is 0.8 means both kinds of work: the differences between them become 0."""

_VALUE = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(bn|k|M|%|x)?\s*(.*)")
_MAGNITUDES = {"k": 1e3, "M": 1e6, "bn": 1e9}


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed of one parameter: `low`, `mid`, `high` are its 10, 50 and 90 % quantiles in `unit`."""

    name: str
    distribution: Distribution
    low: float
    mid: float
    high: float
    unit: str
    source: str
    known_on: date
    kind: Kind
    note: str = ""

    @property
    def is_point(self) -> bool:
        """Whether it is one value."""
        return self.distribution == "point"


Priors = Mapping[str, Prior]
"""One vintage of each parameter, by name."""


@dataclass(frozen=True, slots=True)
class Vintages:
    """Every prior of a file, each parameter in as many vintages as it has."""

    priors: tuple[Prior, ...]

    def as_of(self, day: date) -> dict[str, Prior]:
        """Return, of each parameter, the latest vintage known on `day`.

        Raises Refused where a parameter had none yet: a run then would need a fact from later.
        """
        known: dict[str, Prior] = {}
        for prior in self.priors:
            if prior.known_on <= day and (
                prior.name not in known or prior.known_on >= known[prior.name].known_on
            ):
                known[prior.name] = prior
        unknown = sorted({p.name for p in self.priors if p.name not in known})
        if unknown:
            first = max(min(p.known_on for p in self.priors if p.name == name) for name in unknown)
            raise Refused(
                f"as of {day} nothing is known of {', '.join(unknown[:3])}"
                f"{f' and {len(unknown) - 3} more' if len(unknown) > 3 else ''}; "
                f"the shipped priors begin on {first}. Take that day or a later one."
            )
        return {prior.name: known[prior.name] for prior in self.priors}


@functools.cache
def shipped() -> Vintages:
    """Return the priors that ship with the product."""
    file = resources.files("counterpoise.market") / "data" / "priors.csv"
    return read(file.read_bytes(), "priors.csv")


def as_of(day: date) -> dict[str, Prior]:
    """Return the shipped priors as known on `day`; raises Refused where one is missing."""
    return shipped().as_of(day)


def read(data: bytes, file: str) -> Vintages:
    """Read a table of priors; a mistake names its file, line and column."""
    found = tuple(_prior(row) for row in rows(data, file, COLUMNS, [c for c in COLUMNS if c != "note"]))
    seen: dict[tuple[str, date], Prior] = {}
    for prior in found:
        if (prior.name, prior.known_on) in seen:
            raise BadInput(
                f"{file}: {prior.name}, known on {prior.known_on}, is there twice.", hint="Keep one."
            )
        seen[prior.name, prior.known_on] = prior
    return Vintages(found)


def set(priors: Priors, assignment: str) -> dict[str, Prior]:  # noqa: A001 - as the command's --set
    """Return the priors with one changed by words such as "elasticity=0.8" or "efficiency_shock=10x".

    Units: "10x", "30 %", "75k", "2025Q3" for a year; three values with strokes ("0.6/0.8/1.1") are the 10, 50
    and 90 % quantiles.  Raises UnknownName with the nearest names, BadInput for a value that cannot be.
    """
    name, sign, text = (part.strip() for part in assignment.partition("="))
    if not sign or not text:
        raise BadInput(f'"{assignment}" sets nothing.', hint="Write NAME=VALUE, such as elasticity=0.8.")
    if name not in priors:
        raise UnknownName("prior", name, priors)
    old = priors[name]
    where = Where(field=name)
    # The unit goes first: "75k wafers/month" is one value.
    values = [_value(part, old, where) for part in text.removesuffix(old.unit).split("/")]
    if len(values) == 1:
        low = mid = high = values[0]
        distribution: Distribution = "point"
    elif len(values) == 3:
        low, mid, high = values
        distribution = "normal" if old.is_point else old.distribution
    else:
        raise BadInput(f'"{text}" has {len(values)} values.', where=where, hint="Write one, or low/mid/high.")
    new = replace(
        old,
        distribution=distribution,
        low=low,
        mid=mid,
        high=high,
        kind="set",
        source="set by the user",
        note="",
    )
    _check(new, where, like=old.distribution)
    changed = {**priors, name: new}
    for other in _SET_WITH.get(name, ()):
        if changed[other].kind != "set":
            changed[other] = replace(
                changed[other],
                distribution="point",
                low=0.0,
                mid=0.0,
                high=0.0,
                kind="set",
                source=f"set by the user with {name}",
            )
    return changed


def _value(text: str, prior: Prior, where: Where) -> float:
    text = text.strip()
    if prior.unit == "year" and re.fullmatch(r"\d{4}\s*-?\s*[Qq][1-4]|[1-4][Qq]\d{2}", text):
        quarter = Quarter.read(text, where)
        return quarter.year + (quarter.number - 1) / 4
    match = _VALUE.fullmatch(text)
    example = f"Write it in {prior.unit}, such as {prior.name}={prior.mid:g}."
    if match is None:
        raise BadInput(f'"{text}" is not a number.', where=where, hint=example)
    number, suffix, rest = float(match[1]), match[2] or "", match[3].strip()
    share, factor = prior.unit.startswith("fraction"), prior.unit.startswith("x")
    wrong = (suffix == "%" and not share) or (suffix == "x" and not factor) or rest not in ("", prior.unit)
    if wrong or not math.isfinite(number):
        raise BadInput(f'"{text}" is not in {prior.unit}.', where=where, hint=example)
    return number / 100 if suffix == "%" else number * _MAGNITUDES.get(suffix, 1.0)


def _prior(row: Row) -> Prior:
    low, mid, high = (_quantile(row, column) for column in ("low", "mid", "high"))
    prior = Prior(
        name=row.name("name"),
        distribution=row.one_of("distribution", get_args(Distribution)),  # type: ignore[arg-type]
        low=low,
        mid=mid,
        high=high,
        unit=row.name("unit"),
        source=row.name("source"),
        known_on=row.day("known_on"),
        kind=row.one_of("kind", [k for k in get_args(Kind) if k != "set"]),  # type: ignore[arg-type]
        note=row.text("note"),
    )
    _check(prior, row.where("mid"), like=prior.distribution)
    return prior


def _quantile(row: Row, column: str) -> float:
    row.name(column)  # refuses an empty cell
    return signed(row, column) or 0.0


def _check(prior: Prior, where: Where, *, like: Distribution) -> None:
    """Refuse quantiles out of order, or outside what the distribution (or the one it replaces) allows."""
    quantiles = (prior.low, prior.mid, prior.high)
    shown = f"{prior.low:g}, {prior.mid:g}, {prior.high:g}"
    if prior.is_point and not prior.low == prior.mid == prior.high:
        raise BadInput(f"a point has one value, not {shown}.", where=where, hint="Repeat it three times.")
    if not prior.is_point and not prior.low < prior.mid < prior.high:
        raise BadInput(f"{shown} are out of order.", where=where, hint="Write low < mid < high.")
    if like == "lognormal" and min(quantiles) <= 0:
        raise BadInput(f"{shown}: {prior.name} must be above 0.", where=where)
    inside = 0 <= prior.mid <= 1 if prior.is_point else prior.low > 0 and prior.high < 1
    if like == "logitnormal" and not inside:
        raise BadInput(f"{shown}: {prior.name} is a share.", where=where, hint="Write 0.3 or 30 %.")
    if prior.distribution == "uniform" and not math.isclose(
        prior.mid - prior.low, prior.high - prior.mid, rel_tol=1e-6
    ):
        raise BadInput(f"{shown}: the middle of a uniform prior is not in the middle.", where=where)
