"""Falls from a peak, on every basis that a headline may use, and the value lost in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from counterpoise.errors import BadInput, Where
from counterpoise.market.prices import Array, PriceSeries

BASES = (("high", "close"), ("close", "close"), ("high", "low"), ("close", "low"))
"""Column of the peak, column of the trough.  Close to close is the usual basis of an index or a fund;
newspapers measure from the high of a day to the last close."""


@dataclass(frozen=True, slots=True)
class Fall:
    """A fall of one share from a peak to a later trough; prices in `currency` a share."""

    ticker: str
    peak_column: str
    peak_on: date
    peak_price: float
    trough_column: str
    trough_on: date
    trough_price: float
    currency: str

    @property
    def basis(self) -> str:
        """What is compared with what: "high to close"."""
        return f"{self.peak_column} to {self.trough_column}".replace("_", " ")

    @property
    def change(self) -> float:
        """Change of the price as a fraction of the peak: -0.238 for a fall of 23.8 %."""
        return self.trough_price / self.peak_price - 1

    @property
    def lost_per_share(self) -> float:
        """Peak less trough, in `currency`."""
        return self.peak_price - self.trough_price


def falls(prices: PriceSeries, start: date | None = None, end: date | None = None) -> tuple[Fall, ...]:
    """Return the largest fall between `start` and `end` on each of `BASES`, in their order.

    The trough is on a later day than the peak: of one day nobody knows whether its high or its low came
    first.  A basis on which the price never fell is left out.
    """
    seen = prices.window(start, end)
    found = []
    for peak_column, trough_column in BASES:
        pair = _largest(seen.by_column[peak_column], seen.by_column[trough_column])
        if pair is not None:
            found.append(_fall(seen, peak_column, pair[0], trough_column, pair[1]))
    return tuple(found)


def falls_between(prices: PriceSeries, peak_on: date, trough_on: date) -> tuple[Fall, ...]:
    """Return the move between two days on each of `BASES`, a rise included (its change is above 0)."""
    if trough_on <= peak_on:
        raise BadInput(
            f"the trough {trough_on} is not after the peak {peak_on}.",
            where=Where(field="--trough"),
            hint="Give the day of the peak first.",
        )
    peak, trough = prices.at(peak_on, "--peak"), prices.at(trough_on, "--trough")
    return tuple(_fall(prices, p, peak, t, trough) for p, t in BASES)


def value_lost(fall: Fall, shares_bn: float) -> float:
    """Return what the holders of `shares_bn` billion shares lost, in billions of the fall's currency."""
    return fall.lost_per_share * shares_bn


def _largest(peaks: Array, troughs: Array) -> tuple[int, int] | None:
    """Indices of the largest fall from `peaks[i]` to `troughs[j]`, i < j; None where no price falls."""
    highest_before = np.maximum.accumulate(peaks)[:-1]
    change = troughs[1:] / highest_before
    trough = int(change.argmin())
    if change[trough] >= 1:
        return None
    return int(peaks[: trough + 1].argmax()), trough + 1


def _fall(prices: PriceSeries, peak_column: str, peak: int, trough_column: str, trough: int) -> Fall:
    return Fall(
        prices.ticker,
        peak_column,
        prices.days[peak],
        float(prices.by_column[peak_column][peak]),
        trough_column,
        prices.days[trough],
        float(prices.by_column[trough_column][trough]),
        prices.currency,
    )
