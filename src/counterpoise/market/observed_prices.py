"""What was seen of prices: the largest fall in some days, the value lost in it, the change between two."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from counterpoise.errors import Refused
from counterpoise.market.calendar import Period
from counterpoise.market.drawdown import Fall, falls, value_lost
from counterpoise.market.ledger import Claim, Test
from counterpoise.market.observed import Book, Figure, Missing, Outcome
from counterpoise.market.prices import PriceSeries
from counterpoise.market.shares import count_for, stated_counts

_TN_PER_BN = 1e-3
_CLOSED_DAYS = 5
"""Markets close for at most this many days in a row (a weekend and holidays)."""
SOURCE = "the price file given"


def fall_pct(test: Test, _claim: Claim, book: Book, _period: Period | None) -> Outcome:
    """Largest fall in percent of its peak, on the test's basis of prices."""
    found = _fall(test, book)
    if isinstance(found, Outcome):
        return found
    percent = -100 * found.change
    return Outcome(percent, percent, _figures(found))


def lost(test: Test, _claim: Claim, book: Book, _period: Period | None) -> Outcome:
    """Value lost in the largest fall, billions of the prices' currency (US dollars asked)."""
    found = _fall(test, book)
    if isinstance(found, Outcome):
        return found
    if found.currency != "USD":
        return Outcome(refused=f"the prices of {found.ticker} are in {found.currency}, not in USD")
    counts = stated_counts(book.facts, book.prices[found.ticker])
    count = count_for(counts, _day(test.last_day))
    if count is None:
        return Outcome(
            refused=f"no independent count of {found.ticker}'s shares was public by {test.last_day}"
        )
    lost_usd_bn = value_lost(found, count.shares_bn)
    shares = Figure(
        f"shares of {found.ticker} ({count.kind})", count.shares_bn, "bn shares", count.source,
        count.as_of or _day(test.last_day),
    )  # fmt: skip
    return Outcome(lost_usd_bn, lost_usd_bn, (*_figures(found), shares))


def lost_cny(test: Test, claim: Claim, book: Book, period: Period | None) -> Outcome:
    """Value lost in trillions of yuan, at the last rate known by the fall's last day."""
    usd = lost(test, claim, book, period)
    if not usd.seen:
        return usd
    rate = book.rates.rate("CNY", "USD", _day(test.last_day))
    if rate is None:
        return Outcome(refused=f"no exchange rate of CNY is known near {test.last_day}")
    lost_cny_tn = usd.low * rate.rate * _TN_PER_BN
    figure = Figure("CNY per USD", rate.rate, "CNY/USD", rate.source, rate.as_of or _day(test.last_day))
    return Outcome(lost_cny_tn, lost_cny_tn, (*usd.figures, figure))


def change(test: Test, _claim: Claim, book: Book, _period: Period | None) -> Outcome:
    """Mean change in percent of closing prices between two days, the named companies weighted equally."""
    found = seen(test, book)
    if isinstance(found, Outcome):
        return found
    first, last = _day(test.first_day), _day(test.last_day)
    changes = {one.ticker: 100 * (close_on(one, last) / close_on(one, first) - 1) for one in found}
    mean = float(np.mean(list(changes.values())))
    figures = tuple(
        Figure(f"{ticker}, close to close", percent, "%", SOURCE, last) for ticker, percent in changes.items()
    )
    return Outcome(mean, mean, figures)


def close_on(prices: PriceSeries, day: date) -> float:
    """Return the close of the last trading day on or before `day`."""
    before = [i for i, one in enumerate(prices.days) if one <= day]
    if not before:
        raise Refused(f"no price of {prices.ticker} on or before {day}.")
    return float(prices.by_column["close"][before[-1]])


def seen(test: Test, book: Book) -> Outcome | tuple[PriceSeries, ...]:
    """Return the price series of a test where they cover its days by the book's day; else what is missing."""
    absent = [ticker for ticker in test.of if ticker not in book.prices]
    if absent:
        return Outcome(refused=f"no series: no prices of {', '.join(absent)} (give a file with --prices)")
    first, last = _day(test.first_day), _day(test.last_day)
    for ticker in test.of:
        days = book.prices[ticker].days
        if days[0] > first + timedelta(days=_CLOSED_DAYS):
            return Outcome(refused=f"the prices of {ticker} begin on {days[0]}, after {first}")
        if book.day < last:
            return Outcome(missing=(Missing(f"the price of {ticker} on {last}", last),))
        # A file that ends before a last day with no trading in between has all that there is.
        if days[-1] < last and np.busday_count(days[-1], last) > 1 - np.is_busday(last):
            return Outcome(refused=f"the prices of {ticker} end on {days[-1]}, before {last}")
    return tuple(book.prices[ticker] for ticker in test.of)


def _fall(test: Test, book: Book) -> Fall | Outcome:
    found = seen(test, book)
    if isinstance(found, Outcome):
        return found
    wanted = [f for f in falls(found[0], test.first_day, test.last_day) if f.basis == test.price_basis]
    return wanted[0] if wanted else Outcome(refused=f"{found[0].ticker} never fell, {test.price_basis}")


def _figures(fall: Fall) -> tuple[Figure, ...]:
    sides = (
        (fall.peak_column, fall.peak_on, fall.peak_price),
        (fall.trough_column, fall.trough_on, fall.trough_price),
    )
    return tuple(
        Figure(f"{fall.ticker} {column} of {day}", price, fall.currency, SOURCE, day)
        for column, day, price in sides
    )


def _day(day: date | None) -> date:
    if day is None:
        raise Refused("this series needs its first and its last day.")
    return day
