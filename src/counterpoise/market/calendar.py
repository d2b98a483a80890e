"""Calendar quarters, halves and years: what every market series is counted in, whatever the fiscal year."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from counterpoise.errors import BadInput, Where

_LONG = re.compile(r"((?:19|20|21)\d\d)\s*-?\s*[Qq]([1-4])")
_SHORT = re.compile(r"([1-4])[Qq](\d{2})")
_YEAR = re.compile(r"(?:CY)?((?:19|20|21)\d\d)")
_HALF = re.compile(r"([12])H\s?(\d{4}|\d{2})")

Span = Literal["quarter", "half", "year", "days", "none"]
"""What a claim or a statement speaks of: a calendar period, days of its own choice, or no time at all."""


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A calendar quarter, ordered by time; `q + n` is n quarters later, `q - r` the quarters between."""

    year: int
    number: int

    @classmethod
    def read(cls, text: str, where: Where | None = None) -> Quarter:
        """Return the quarter written as "2024Q4", "2024-Q4" or "4Q24" (of this century)."""
        if long := _LONG.fullmatch(text.strip()):
            return cls(int(long[1]), int(long[2]))
        if short := _SHORT.fullmatch(text.strip()):
            return cls(2000 + int(short[2]), int(short[1]))
        raise BadInput(f'"{text}" is not a quarter.', where=where, hint="Write it as 2024Q4.")

    @classmethod
    def of(cls, day: date) -> Quarter:
        """Return the quarter that holds a day."""
        return cls(day.year, (day.month + 2) // 3)

    @property
    def start(self) -> date:
        """First day."""
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def end(self) -> date:
        """Last day."""
        return (self + 1).start - timedelta(days=1)

    def __add__(self, quarters: int) -> Quarter:
        index = 4 * self.year + self.number - 1 + quarters
        return Quarter(index // 4, index % 4 + 1)

    def __sub__(self, other: Quarter) -> int:
        return 4 * (self.year - other.year) + self.number - other.number

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"


def quarters_between(first: Quarter, last: Quarter) -> list[Quarter]:
    """Return every quarter from `first` to `last`, both included."""
    return [first + n for n in range(last - first + 1)]


@dataclass(frozen=True, slots=True)
class Period:
    """A quarter, a half or a year, as its first and last calendar quarter."""

    first: Quarter
    last: Quarter

    @classmethod
    def read(cls, text: str, where: Where | None = None) -> Period:
        """Return the period written as "2025", "1H2025", "2025Q4" or "4Q25"."""
        stripped = text.strip()
        if year := _YEAR.fullmatch(stripped):
            return cls(Quarter(int(year[1]), 1), Quarter(int(year[1]), 4))
        if half := _HALF.fullmatch(stripped):
            first = Quarter(int(half[2]) % 100 + 2000, 2 * int(half[1]) - 1)
            return cls(first, first + 1)
        try:
            quarter = Quarter.read(stripped)
        except BadInput:
            raise BadInput(
                f'"{text}" is no period.',
                where=where,
                hint="Write a quarter (2025Q4), 1H2025 or a year (2025).",
            ) from None
        return cls(quarter, quarter)

    @property
    def span(self) -> Span:
        """What kind of period it is."""
        spans: dict[int, Span] = {0: "quarter", 1: "half", 3: "year"}
        return spans[self.last - self.first]

    @property
    def quarters(self) -> list[Quarter]:
        """Every quarter of it."""
        return quarters_between(self.first, self.last)

    @property
    def end(self) -> date:
        """Its last day."""
        return self.last.end

    def __add__(self, quarters: int) -> Period:
        return Period(self.first + quarters, self.last + quarters)

    def __str__(self) -> str:
        if self.span == "quarter":
            return str(self.first)
        return (
            f"{(self.first.number + 1) // 2}H{self.first.year}"
            if self.span == "half"
            else str(self.first.year)
        )
