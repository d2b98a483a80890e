"""Which days, columns and share counts give a headline: the tracker run backwards.

Every column of the peak is tried with every column of the trough on a later day.  For one peak price the
troughs that fit are an interval, so each pair of columns takes one sort and two binary searches a day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from counterpoise.errors import BadInput, Where
from counterpoise.market.drawdown import BASES, Fall, value_lost
from counterpoise.market.headline import Headline, Printed
from counterpoise.market.prices import ADJUSTED, Array, PriceSeries
from counterpoise.market.shares import ShareCount, ShareKind

Indices = NDArray[np.intp]

COUNT_PENALTY: dict[ShareKind, float] = {
    "given": 0.0, "cover page": 0.0, "market value": 0.0, "another headline": 1.0, "diluted average": 2.0,
    "circular": 4.0,
}  # fmt: skip
UNUSUAL, ON_ADJUSTED = 2.0, 3.0
BASIS_PENALTY = {("high", "close"): 0.0, ("close", "close"): 0.0, ("high", "low"): 1.0, ("close", "low"): 1.0}
NOT_EXTREME = 1.0
"""For a peak that was not the highest between both days, and for a trough that was not the lowest."""
DAYS_PER_WEEK_TRADED, LATEST_PENALTY = 5, 4.0
DAYS_PER_YEAR = 365.0
_SLACK = 1e-9
"""Relative; so that a price on the very edge of the rounding counts."""


@dataclass(frozen=True, slots=True)
class Match:
    """One way to come to a headline; `penalty` ranks it (0 is the most usual, fitting to the digit).

    `count` is None where the headline names no sum, or no count is known.  `implied_shares_bn`: the least and
    the largest count with which this fall gives the headline's sum; None where it has none.
    """

    fall: Fall
    count: ShareCount | None
    implied_shares_bn: tuple[float, float] | None
    extremes: bool
    penalty: float

    @property
    def value_bn(self) -> float | None:
        """Value lost with `count`, in billions."""
        return None if self.count is None else value_lost(self.fall, self.count.shares_bn)

    @property
    def usual(self) -> bool:
        """Whether the basis is one of the four of the tracker."""
        return (self.fall.peak_column, self.fall.trough_column) in BASES


def explain(
    prices: PriceSeries, headline: Headline, counts: Sequence[ShareCount] = (), said_on: date | None = None
) -> tuple[Match, ...]:
    """Return every pair of days, columns and share counts that gives `headline`, the likeliest first.

    A sum is held against each of `counts`, as far as the count itself is rounded; without any, or with a
    fall alone, the fall decides.  `said_on`: the headline's day; nothing later can have made it, and a
    trough just before it is likelier.  The weights of the ranking are judgements, listed above.
    """
    if headline.fall is None and not counts:
        raise BadInput(
            "a sum alone needs a share count.",
            where=Where(field="--explain"),
            hint="Give --shares 24.49bn, or the fall in percent too.",
        )
    tried: Sequence[ShareCount | None] = counts if headline.value_bn is not None and counts else (None,)
    last = len(prices) if said_on is None else sum(day <= said_on for day in prices.days)
    found: list[Match] = []
    for peak_column in prices.by_column:
        peaks = prices.by_column[peak_column]
        higher_from = _next_higher(peaks)
        for trough_column in prices.by_column:
            troughs = prices.by_column[trough_column]
            lower_until = _previous_lower(troughs)
            order = np.argsort(troughs, kind="stable")
            for count in tried:
                low, high = _fitting_troughs(peaks, headline, count)
                peak, trough = _later_pairs(troughs, order, low, high)
                kept = trough < last
                for i, j in zip(peak[kept].tolist(), trough[kept].tolist(), strict=True):
                    extremes = (higher_from[i] > j, lower_until[j] < i)
                    fall = Fall(
                        prices.ticker, peak_column, prices.days[i], float(peaks[i]),
                        trough_column, prices.days[j], float(troughs[j]), prices.currency,
                    )  # fmt: skip
                    penalty = _penalty(
                        fall, headline, count, extremes, 0 if said_on is None else last - 1 - j
                    )
                    implied = _implied(fall, headline)
                    found.append(Match(fall, count, implied, all(extremes), penalty))
    return tuple(sorted(found, key=_rank))


def distinct_falls(matches: Sequence[Match], *, independent: bool = False) -> list[Fall]:
    """Return the falls among `matches`, each once; `independent`: of those with an independent count."""
    kept = (m for m in matches if not independent or (m.count is not None and m.count.independent))
    return list(dict.fromkeys(m.fall for m in kept))


def _rank(match: Match) -> tuple[float, date, str]:
    return (match.penalty, match.fall.peak_on, match.fall.basis)


def _fitting_troughs(peaks: Array, headline: Headline, count: ShareCount | None) -> tuple[Array, Array]:
    """Least and largest price of a trough, by day of the peak, that gives the headline."""
    low, high = np.zeros_like(peaks), peaks.copy()
    if headline.fall is not None:
        low = peaks * (1 - headline.fall.high)
        high = peaks * (1 - headline.fall.low)
    if headline.value_bn is not None and count is not None:
        low = np.maximum(low, peaks - headline.value_bn.high / count.low_bn)
        high = np.minimum(high, peaks - headline.value_bn.low / count.high_bn)
    slack = _SLACK * peaks
    return low - slack, high + slack


def _later_pairs(troughs: Array, order: Indices, low: Array, high: Array) -> tuple[Indices, Indices]:
    """Indices of peak and trough of all pairs with `low` <= trough <= `high` and the trough later."""
    ranked = troughs[order]
    first = np.searchsorted(ranked, low, side="left")
    beyond = np.maximum(np.searchsorted(ranked, high, side="right"), first)
    fitting = beyond - first
    peak = np.repeat(np.arange(len(low)), fitting)
    within = np.arange(len(peak)) - np.repeat(np.cumsum(fitting) - fitting, fitting)
    trough = order[np.repeat(first, fitting) + within]
    later = trough > peak
    return peak[later], trough[later]


def _next_higher(prices: Array) -> list[int]:
    """Index of the first later price above each one; the length where none is."""
    found = [len(prices)] * len(prices)
    waiting: list[int] = []
    values = prices.tolist()
    for at, price in enumerate(values):
        while waiting and values[waiting[-1]] < price:
            found[waiting.pop()] = at
        waiting.append(at)
    return found


def _previous_lower(prices: Array) -> list[int]:
    """Index of the last earlier price below each one; -1 where none is."""
    last = len(prices) - 1
    return [last - at for at in reversed(_next_higher(-prices[::-1]))]


def _implied(fall: Fall, headline: Headline) -> tuple[float, float] | None:
    if headline.value_bn is None:
        return None
    return headline.value_bn.low / fall.lost_per_share, headline.value_bn.high / fall.lost_per_share


def _penalty(
    fall: Fall, headline: Headline, count: ShareCount | None, extremes: tuple[bool, bool], days_before: int
) -> float:
    columns = (fall.peak_column, fall.trough_column)
    parts = [
        ON_ADJUSTED if ADJUSTED in columns else BASIS_PENALTY.get(columns, UNUSUAL),
        NOT_EXTREME * extremes.count(False),
        min(days_before / DAYS_PER_WEEK_TRADED, LATEST_PENALTY),
        *_misfits(fall, headline, count),
    ]
    if count is not None:
        parts.append(COUNT_PENALTY[count.kind])
        if count.as_of is not None:
            parts.append(abs((count.as_of - fall.trough_on).days) / DAYS_PER_YEAR)
    return sum(parts)


def _misfits(fall: Fall, headline: Headline, count: ShareCount | None) -> Iterator[float]:
    """How far fall and sum lie from the middle of what the headline's rounding allows: 0 to 1 each."""
    if headline.fall is not None:
        yield _misfit(-fall.change, headline.fall)
    if headline.value_bn is not None and count is not None:
        yield _misfit(value_lost(fall, count.shares_bn), headline.value_bn)


def _misfit(value: float, printed: Printed) -> float:
    return min(abs(value - printed.value) / printed.half, 1.0)
