"""Calendar quarters: what every market series is counted in, whatever a company's own fiscal year."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from counterpoise.errors import BadInput, Where

_LONG = re.compile(r"(\d{4})\s*-?\s*[Qq]([1-4])")
_SHORT = re.compile(r"([1-4])[Qq](\d{2})")


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
