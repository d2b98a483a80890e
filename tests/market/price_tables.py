"""Price files as text, and the excerpt that ships with the example."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np

from counterpoise.market.load import shipped
from counterpoise.market.prices import PriceSeries, read_prices

EXCERPT = Path(__file__).parents[2] / "examples" / "deepseek-shock-2025" / "prices.csv"
HEADER = "date,ticker,close,high,low,currency\n"


def excerpt() -> PriceSeries:
    """NVDA from November 2024 to February 2025."""
    return read_prices(EXCERPT.read_bytes(), "prices.csv", ["NVDA"])[0]


def facts():
    """What ships of share counts and the rest."""
    return shipped()


def read(text: str, *tickers: str, **more) -> tuple[PriceSeries, ...]:
    """Prices of a table given as text under the usual header."""
    return read_prices((HEADER + text).encode(), "mine.csv", tickers or ("A",), **more)


def weekdays(count: int, start: date = date(2024, 1, 1)) -> list[date]:
    """So many days from Monday to Friday."""
    days, day = [], start
    while len(days) < count:
        if day.weekday() < 5:
            days.append(day)
        day += timedelta(days=1)
    return days


def series(closes, highs=None, lows=None, *, ticker: str = "A", **columns) -> PriceSeries:
    """Prices of so many weekdays; highs and lows are the close where not given."""
    by_column = {
        "close": np.array(closes, float),
        "high": np.array(closes if highs is None else highs, float),
        "low": np.array(closes if lows is None else lows, float),
    }
    by_column |= {name: np.array(values, float) for name, values in columns.items()}
    return PriceSeries(ticker, "USD", tuple(weekdays(len(closes))), by_column)
