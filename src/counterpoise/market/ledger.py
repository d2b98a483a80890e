"""A ledger of claims: who said what of which series, until when, and what must be seen for it to hold.

A claim is one or more tests that must all hold.  Nothing here knows an outcome: verdicts and probabilities
are computed from facts each time they are asked for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from counterpoise.market.calendar import Period

Array = npt.NDArray[np.float64]
Kind = Literal["within", "below", "above", "rises", "falls"]
DIRECTIONS = ("rises", "falls", "slows")


@dataclass(frozen=True, slots=True)
class Condition:
    """What a value must be: within low..high (both included), below, above, or beyond a reference."""

    kind: Kind
    low: float = -math.inf
    high: float = math.inf

    def holds(self, values: Array, reference: Array | float = math.nan) -> npt.NDArray[np.bool_]:
        """Return where the condition holds; shapes broadcast, and not-a-number meets no condition."""
        if self.kind == "rises":
            return np.asarray(values > reference)
        if self.kind == "falls":
            return np.asarray(values < reference)
        if self.kind == "below":
            return np.asarray(values < self.high)
        if self.kind == "above":
            return np.asarray(values > self.low)
        return np.asarray((values >= self.low) & (values <= self.high))

    def over_range(self, low: float, high: float, reference: tuple[float, float]) -> bool | None:
        """Return whether it holds for a value known only to lie in low..high; None where that depends.

        `reference` is a range too.  A condition is decided only if every pair of value and reference agrees.
        """
        if self.kind in ("rises", "falls"):
            ends = np.array([[low], [high]])
            answers = self.holds(ends, np.array([reference]))
            return bool(answers.all()) if answers.all() == answers.any() else None
        if self.kind == "within":
            if self.low <= low and high <= self.high:
                return True
            return False if high < self.low or low > self.high else None
        answers = self.holds(np.array([low, high]))
        return bool(answers.all()) if answers.all() == answers.any() else None

    @property
    def numeric(self) -> bool:
        """Whether it states a range of values, and so can be scored as a forecast of one."""
        return self.kind == "within"


@dataclass(frozen=True, slots=True)
class Test:
    """One thing that must be seen: a series, of whom, for which period, under which condition.

    `of` holds tickers, a basket's members or a house; `against` is the period that a direction is measured
    from; `first_day` and `last_day` bound a series of prices; `price_basis` says which prices are compared.
    """

    series: str
    unit: str
    condition: Condition
    of: tuple[str, ...] = ()
    of_name: str = ""
    period: Period | None = None
    against: Period | None = None
    first_day: date | None = None
    last_day: date | None = None
    price_basis: str = ""
    topic: str = ""
    written: str = ""

    __test__ = False  # a class of claims, not of pytest

    @property
    def ends(self) -> date | None:
        """Last day that it speaks of; None where it names no time."""
        if self.last_day is not None:
            return self.last_day
        return None if self.period is None else self.period.end

    @property
    def when(self) -> str:
        """Its time as a reader would write it."""
        if self.first_day is not None or self.last_day is not None:
            return f"{self.first_day or ''} to {self.last_day or ''}".strip()
        return "" if self.period is None else str(self.period)


@dataclass(frozen=True, slots=True)
class Claim:
    """A dated claim.  `basis`: what its figures count; `reading`: how words became a test, if they had to."""

    name: str
    who: str
    said_on: date
    text: str
    basis: str
    deadline: date
    source: str
    tests: tuple[Test, ...]
    url: str = ""
    reading: str = ""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Claims in the order written."""

    name: str
    claims: tuple[Claim, ...]

    @property
    def last_said(self) -> date:
        """Day of the latest claim."""
        return max(claim.said_on for claim in self.claims)

    def only(self, names: tuple[str, ...]) -> Ledger:
        """Return the ledger with the named claims alone."""
        return Ledger(self.name, tuple(c for c in self.claims if c.name in names))


def as_written(test: Test) -> dict[str, Any]:
    """Return a test as plain values for a document."""
    return {
        "series": test.series,
        "topic": test.topic,
        "of": test.of_name or ", ".join(test.of),
        "when": test.when,
        "against": "" if test.against is None else str(test.against),
        "asks": test.written,
        "unit": test.unit,
        "price_basis": test.price_basis,
    }
