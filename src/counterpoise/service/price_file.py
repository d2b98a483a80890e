"""What a question about prices is answered from: the user's file, and shipped rates and counts."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path

from counterpoise.catalogue.prices import exchange_rates
from counterpoise.catalogue.records import ExchangeRate
from counterpoise.catalogue.table import read_bytes, rows
from counterpoise.errors import BadInput, UnknownName, Where
from counterpoise.market.load import shipped as shipped_facts
from counterpoise.market.prices import PriceSeries, check, read_prices
from counterpoise.market.rates import Rate, ReferenceRates, listed_rate, read_reference_rates, written_rate
from counterpoise.market.shares import ShareCount, stated_counts, written_count
from counterpoise.units import CURRENCIES


@dataclass(frozen=True, slots=True)
class Money:
    """Into which money a loss is turned, and at which rate, where the user says one."""

    currency: str
    rate: str | None = None

    def __post_init__(self) -> None:
        if self.currency not in CURRENCIES:
            raise UnknownName("currency", self.currency, CURRENCIES, where=Where(field="--currency"))


def read_series(
    path: Path,
    tickers: Sequence[str],
    start: date | None,
    end: date | None,
    moved_on: Collection[date] = (),
) -> tuple[PriceSeries, ...]:
    """Return the checked prices of `tickers` from `start` to `end`."""
    if start is not None and end is not None and end < start:
        raise BadInput(
            f"it ends on {end}, before it begins on {start}.",
            where=Where(field="--to"),
            hint="Swap --from and --to.",
        )
    series = read_prices(read_bytes(path), str(path), tickers, listed_in())
    seen = tuple(one.window(start, end) for one in series)
    for one in seen:
        check(one, moved_on)
    return seen


def counts(prices: PriceSeries, given: Mapping[str, ShareCount]) -> tuple[ShareCount, ...]:
    """Return the user's count of a ticker, if any, and every shipped one."""
    own = (given[prices.ticker],) if prices.ticker in given else ()
    return (*own, *stated_counts(shipped_facts(), prices))


def given_counts(texts: Sequence[str], tickers: Sequence[str]) -> dict[str, ShareCount]:
    """Read "24.49bn@2024-11-15" (of one ticker) or "NVDA=24.49bn" as counts by ticker."""
    found: dict[str, ShareCount] = {}
    where = Where(field="--shares")
    for text in texts:
        name, equals, count = text.partition("=")
        ticker = name.strip() if equals else tickers[0]
        if not equals and len(set(tickers)) > 1:
            raise BadInput(
                f'"{text}" does not say of which ticker.', where=where, hint=f"Write {tickers[0]}={text}."
            )
        if ticker not in tickers:
            raise BadInput(
                f"{ticker} is not asked for.", where=where, hint=f"Counts are wanted of {', '.join(tickers)}."
            )
        if ticker in found:
            raise BadInput(f"two counts of {ticker}.", where=where, hint="Give one.")
        found[ticker] = written_count(count if equals else name)
    return found


def rates(money: Money, base: str, day: date) -> tuple[Rate, ...]:
    """Return the rates for a day, the one to use first: as given, else the market's, else the catalogue's."""
    if money.currency == base:
        return ()
    if money.rate is not None:
        return (written_rate(money.rate, money.currency, base),)
    market = reference_rates().rate(money.currency, base, day)
    listed = listed_rate(_catalogue_rates(), money.currency, base, day)
    return tuple(rate for rate in (market, listed) if rate is not None)


@functools.cache
def listed_in() -> Mapping[str, str]:
    """Return the currency in which the exchange of a ticker quotes it."""
    columns = ("ticker", "exchange", "currency", "source")
    return {
        row.name("ticker"): row.name("currency")
        for row in rows(_shipped("listings.csv"), "listings.csv", columns, columns)
    }


@functools.cache
def reference_rates() -> ReferenceRates:
    """Return the shipped reference rates."""
    return read_reference_rates(_shipped("reference_rates.csv"), "reference_rates.csv")


@functools.cache
def _catalogue_rates() -> tuple[ExchangeRate, ...]:
    from counterpoise.catalogue.load import shipped

    return exchange_rates(shipped("exchange_rates"))


def _shipped(name: str) -> bytes:
    return (resources.files("counterpoise.market") / "data" / name).read_bytes()
