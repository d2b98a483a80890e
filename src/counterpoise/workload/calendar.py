"""The time a case is planned over: quarters, and blocks of the hours of a representative day."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from datetime import date

HOURS = 24
_QUARTER = re.compile(r"(\d{4})\s*-?\s*[Qq]([1-4])")


@dataclass(frozen=True, slots=True)
class Quarter:
    """A period of the case: "2025Q1", its first day, its days, and the factor on money spent in it."""

    label: str
    start: date
    days: float
    discount: float


@dataclass(frozen=True, slots=True)
class DayBlock:
    """Contiguous hours of the day, planned as one; `hours_of_day` in their order, midnight may lie inside."""

    label: str
    hours_of_day: tuple[int, ...]

    @property
    def hours(self) -> float:
        """Length of the block in hours."""
        return float(len(self.hours_of_day))


def quarter_start(label: str) -> date | None:
    """First day of "2025Q1"; None where `label` is not a quarter."""
    match = _QUARTER.fullmatch(label.strip())
    if match is None or int(match[1]) < 1:
        return None
    return date(int(match[1]), 3 * int(match[2]) - 2, 1)


def quarters(start: date, count: int, discount_rate_per_year: float) -> tuple[Quarter, ...]:
    """Return `count` quarters from `start`, money discounted to the first: (1 + rate)^(-t/4)."""
    firsts = [_months_later(start, 3 * t) for t in range(count + 1)]
    return tuple(
        Quarter(
            label=f"{first.year}Q{(first.month + 2) // 3}",
            start=first,
            days=float((after - first).days),
            discount=(1.0 + discount_rate_per_year) ** (-t / 4),
        )
        for t, (first, after) in enumerate(itertools.pairwise(firsts))
    )


def _months_later(day: date, months: int) -> date:
    month = day.month - 1 + months
    return date(day.year + month // 12, month % 12 + 1, 1)


def block_of(hours_of_day: tuple[int, ...]) -> DayBlock:
    """Name a block by its first and its last minute: "00-06" ends as the clock strikes six."""
    return DayBlock(f"{hours_of_day[0]:02d}-{(hours_of_day[-1] + 1) % HOURS:02d}", hours_of_day)
