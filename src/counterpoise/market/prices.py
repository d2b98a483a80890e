"""Daily prices of shares as a person has them, and what must hold before a fall is read off them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from counterpoise.catalogue.table import Row, rows
from counterpoise.errors import BadInput, UnknownName, Where
from counterpoise.units import CURRENCIES

Array = NDArray[np.float64]

COLUMNS = (
    "date", "ticker", "close", "high", "low", "adj_close", "currency", "open", "volume", "source", "note",
)  # fmt: skip
REQUIRED = ("date", "ticker", "close", "high", "low")
ADJUSTED = "adj_close"
"""Less the dividends paid since: nobody ever saw such a price, so no fall is read off it."""

LONGEST_GAP_DAYS = 5
"""Working days that may be missing in a row (holidays count as working days, since no calendar is kept)."""
_WHOLE = (2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 50, 100)
SPLITS: Mapping[float, str] = {
    2 / 3: "3-for-2",
    1.5: "2-for-3 (reverse)",
    **{1 / n: f"{n}-for-1" for n in _WHOLE},
    **{float(n): f"1-for-{n} (reverse)" for n in _WHOLE},
}
"""Close over the close before, at the usual splits.  Smaller ones (5-for-4) look like moves that happen."""
_FEW = 12
"""Tickers that a message names at most."""
SPLIT_TOLERANCE = 0.03
"""A split shares its day with that day's move; assumed at most 3 %."""


@dataclass(frozen=True, slots=True, eq=False)
class PriceSeries:
    """Prices of one ticker by trading day, oldest first, in `currency` a share.

    `by_column` holds an array for close, high and low, and for adj_close where the file has it; `lines` says
    where in `file` each day stands.
    """

    ticker: str
    currency: str
    days: tuple[date, ...]
    by_column: Mapping[str, Array]
    file: str = "prices"
    lines: tuple[int, ...] = ()
    currency_source: str = "the price file"

    def __len__(self) -> int:
        return len(self.days)

    def where(self, at: int, column: str = "date") -> Where:
        """Place of a day's cell."""
        return Where(self.file, self.lines[at] if self.lines else None, column)

    def window(self, start: date | None = None, end: date | None = None) -> PriceSeries:
        """Return the days from `start` to `end`, both included; BadInput where fewer than two are left."""
        kept = [
            i
            for i, day in enumerate(self.days)
            if (start is None or day >= start) and (end is None or day <= end)
        ]
        if len(kept) < 2:
            asked = f"from {start or self.days[0]} to {end or self.days[-1]}"
            raise BadInput(
                f"{len(kept)} price{'s' * (len(kept) != 1)} of {self.ticker} {asked}; a fall needs two.",
                where=Where(self.file),
                hint=f"The file has {self.days[0]} to {self.days[-1]}.",
            )
        first, last = kept[0], kept[-1] + 1
        return PriceSeries(
            self.ticker,
            self.currency,
            self.days[first:last],
            {column: values[first:last] for column, values in self.by_column.items()},
            self.file,
            self.lines[first:last],
            self.currency_source,
        )

    def at(self, day: date, option: str = "") -> int:
        """Return the index of a trading day; BadInput names the nearest one."""
        if day in self.days:
            return self.days.index(day)
        near = min(self.days, key=lambda d: abs((d - day).days))
        raise BadInput(
            f"{self.file} has no price of {self.ticker} on {day}.",
            where=Where(field=option or None),
            hint=f"The nearest trading day is {near}.",
        )


def read_prices(
    data: bytes, file: str, tickers: Sequence[str], listed_in: Mapping[str, str] | None = None
) -> tuple[PriceSeries, ...]:
    """Read the prices of `tickers` from a table with the columns date, ticker, close, high and low.

    The currency is the file's own (a column `currency`), else that of `listed_in` (currency by ticker, of the
    exchange it is listed on); where neither knows, the file is refused.  A mistake is told with its line.
    """
    by_ticker: dict[str, list[Row]] = {}
    for row in rows(data, file, COLUMNS, REQUIRED):
        by_ticker.setdefault(row.name("ticker"), []).append(row)
    if not by_ticker:
        raise BadInput("the file has no price.", where=Where(file), hint="One row a day and ticker.")
    found = []
    for ticker in dict.fromkeys(tickers):
        if ticker not in by_ticker:
            raise _unknown(ticker, by_ticker, file)
        found.append(_series(ticker, by_ticker[ticker], file, listed_in or {}))
    return tuple(found)


def _unknown(ticker: str, known: Collection[str], file: str) -> BadInput:
    error = UnknownName("ticker", ticker, known, where=Where(file))
    if error.nearest:
        return error
    some = ", ".join(sorted(known)[:_FEW]) + (", ..." if len(known) > _FEW else "")
    return BadInput(f'no price of "{ticker}".', where=Where(file), hint=f"The file has {some}.")


def _series(ticker: str, table: Sequence[Row], file: str, listed_in: Mapping[str, str]) -> PriceSeries:
    days = _days(ticker, table)
    columns = ["close", "high", "low"]
    if any(row.text(ADJUSTED) for row in table):
        columns.append(ADJUSTED)
    by_column = {column: np.array([_price(row, column) for row in table]) for column in columns}
    for row, close, high, low in zip(
        table, by_column["close"], by_column["high"], by_column["low"], strict=True
    ):
        _check_bar(row, close, high, low)
    currency, source = _currency(ticker, table, listed_in)
    lines = tuple(row.line for row in table)
    return PriceSeries(ticker, currency, days, by_column, file, lines, source)


def _days(ticker: str, table: Sequence[Row]) -> tuple[date, ...]:
    days: list[date] = []
    lines: dict[date, int] = {}
    for row in table:
        day = row.day("date")
        if day in lines:
            raise row.bad(
                "date", f"{ticker} has {day} twice, first on line {lines[day]}.", "Keep the right one."
            )
        if days and day < days[-1]:
            raise row.bad("date", f"{day} of {ticker} stands after {days[-1]}.", "Sort the file by date.")
        lines[day] = row.line
        days.append(day)
    return tuple(days)


def _price(row: Row, column: str) -> float:
    price = row.number(column)
    if price == 0:
        raise row.bad(column, "a price of 0.", "Write what was paid, or leave the day out.")
    return price


def _check_bar(row: Row, close: float, high: float, low: float) -> None:
    if high < low:
        raise row.bad("high", f"the high {high:g} is below the low {low:g}.", "Are the columns swapped?")
    if not low <= close <= high:
        raise row.bad(
            "close",
            f"the close {close:g} lies outside the day's low {low:g} and high {high:g}.",
            "Use close, high and low of one source, all adjusted for the same splits and for no dividends.",
        )


def _currency(ticker: str, table: Sequence[Row], listed_in: Mapping[str, str]) -> tuple[str, str]:
    if "currency" not in table[0].cells:
        if ticker in listed_in:
            return listed_in[ticker], f"that of the exchange on which {ticker} is listed; the file says none"
        raise table[0].bad(
            "currency",
            f"nothing says in which currency {ticker} is priced.",
            "Add a column currency, such as USD.",
        )
    written: dict[str, Row] = {}
    for row in table:
        code = row.name("currency")
        if code not in CURRENCIES:
            raise UnknownName("currency", code, CURRENCIES, where=row.where("currency"))
        written.setdefault(code, row)
    if len(written) > 1:
        first, other = list(written)[:2]
        raise written[other].bad(
            "currency",
            f"{ticker} is priced in {other} here and in {first} before.",
            "Bring all prices to one currency.",
        )
    return next(iter(written)), "the price file"


def check(prices: PriceSeries, moved_on: Collection[date] = ()) -> None:
    """Raise `BadInput` where a gap or a split that nobody adjusted for stands in `prices`.

    `moved_on`: days on which a move that looks like a split was a real one.
    """
    _check_gaps(prices)
    _check_splits(prices, moved_on)


def _check_gaps(prices: PriceSeries) -> None:
    days = np.array(prices.days, dtype="datetime64[D]")
    missing = np.busday_count(days[:-1], days[1:]) - 1
    if missing.max(initial=0) > LONGEST_GAP_DAYS:
        at = int(missing.argmax())
        before, after = prices.days[at], prices.days[at + 1]
        raise BadInput(
            f"{missing[at]} trading days of {prices.ticker} are missing between {before} and {after}.",
            where=prices.where(at + 1),
            hint=f"Add them, or ask for one side of the gap: --to {before} or --from {after}.",
        )


def _check_splits(prices: PriceSeries, moved_on: Collection[date]) -> None:
    close = prices.by_column["close"]
    moves = close[1:] / close[:-1]
    for ratio, name in SPLITS.items():
        for at in np.flatnonzero(np.abs(moves / ratio - 1) <= SPLIT_TOLERANCE) + 1:
            if prices.days[at] in moved_on:
                continue
            factor = f"divide the prices before it by {1 / ratio:.3g}"
            if ratio > 1:
                factor = f"multiply the prices before it by {ratio:.3g}"
            day = prices.days[at]
            raise BadInput(
                f"{prices.ticker} goes from {close[at - 1]:g} to {close[at]:g} overnight on {day}: "
                f"it looks like a {name} split that the prices are not adjusted for.",
                where=prices.where(int(at), "close"),
                hint=f"Adjust: {factor}. If the move was real, say so: --real-move {day}.",
            )
