"""`drawdown`: falls from a peak on every basis, what they cost the holders, and in which money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from counterpoise.errors import BadInput, Where
from counterpoise.market.drawdown import Fall, falls, falls_between, value_lost
from counterpoise.market.prices import PriceSeries
from counterpoise.market.rates import Rate
from counterpoise.market.shares import ShareCount, count_for
from counterpoise.service.price_file import Money, counts, given_counts, rates, read_series

Document = dict[str, Any]
USD = "USD"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a price file.

    `peak` and `trough`: days of the user's own choice, else the largest fall between `start` and `end`.
    `shares` as written; `moved_on`: days on which a move that looks like a split was real.
    """

    tickers: tuple[str, ...]
    start: date | None = None
    end: date | None = None
    peak: date | None = None
    trough: date | None = None
    shares: tuple[str, ...] = ()
    currency: str = "CNY"
    rate: str | None = None
    moved_on: tuple[date, ...] = ()
    series: bool = False


def tell_falls(path: Path, asked: Question) -> Document:
    """Return the falls of each ticker with the value lost, and of all of them together.

    With `asked.series` the daily prices come along, for a chart.
    """
    if (asked.peak is None) != (asked.trough is None):
        missing = "--peak" if asked.peak is None else "--trough"
        raise BadInput(
            "one day of two is given.", where=Where(field=missing), hint="Give both --peak and --trough."
        )
    money = Money(asked.currency, asked.rate)
    given = given_counts(asked.shares, asked.tickers)
    series = read_series(path, asked.tickers, asked.start, asked.end, asked.moved_on)
    if asked.rate is not None and all(one.currency == asked.currency for one in series):
        raise BadInput(
            f"the prices are in {asked.currency} already.",
            where=Where(field="--rate"),
            hint="Leave it out, or give another --currency.",
        )
    told = [_ticker(one, asked, money, counts(one, given)) for one in series]
    return {
        "question": "falls",
        "prices": str(path),
        "currency": asked.currency,
        "tickers": told,
        "basket": _basket(told) if len(told) > 1 else None,
    }


def money_lost(fall: Fall, count: ShareCount | None, fall_rates: Sequence[Rate]) -> list[Document]:
    """Return the value lost in the fall's own currency, then at each rate; empty without a share count.

    `low_bn` and `high_bn` are what the rounding of the count leaves open; the first sum of a currency is the
    one to use, the others say what another rate would have made of it.
    """
    if count is None:
        return []
    sums = [(fall.currency, 1.0, None), *((rate.currency, rate.rate, rate) for rate in fall_rates)]
    return [
        {
            "value_bn": value_lost(fall, count.shares_bn) * per,
            "low_bn": value_lost(fall, count.low_bn) * per,
            "high_bn": value_lost(fall, count.high_bn) * per,
            "currency": currency,
            "rate": rate and rate_document(rate),
        }
        for currency, per, rate in sums
    ]


def fall_document(fall: Fall) -> Document:
    """Return a fall as plain values."""
    return {
        "basis": fall.basis,
        "peak_on": fall.peak_on.isoformat(),
        "peak_column": fall.peak_column,
        "peak_price": {"value": fall.peak_price, "currency": fall.currency},
        "trough_on": fall.trough_on.isoformat(),
        "trough_column": fall.trough_column,
        "trough_price": {"value": fall.trough_price, "currency": fall.currency},
        "change_percent": 100 * fall.change,
    }


def count_document(count: ShareCount) -> Document:
    """Return a share count as plain values."""
    return {
        "shares_bn": count.shares_bn,
        "half_bn": count.half_bn,
        "as_of": count.as_of and count.as_of.isoformat(),
        "kind": count.kind,
        "independent": count.independent,
        "source": count.source,
        "note": count.note,
    }


def rate_document(rate: Rate) -> Document:
    """Return an exchange rate as plain values."""
    return {
        "currency": rate.currency,
        "base": rate.base,
        "units_per_base": rate.rate,
        "as_of": rate.as_of and rate.as_of.isoformat(),
        "source": rate.source,
    }


def _ticker(prices: PriceSeries, asked: Question, money: Money, known: tuple[ShareCount, ...]) -> Document:
    if asked.peak is not None and asked.trough is not None:
        found = falls_between(prices, asked.peak, asked.trough)
    else:
        found = falls(prices)
    last = max((fall.trough_on for fall in found), default=prices.days[-1])
    used = count_for(known, last)
    others = [c for c in known if c is not used and (c.as_of is None or c.as_of <= last)]
    told = [
        fall_document(fall) | {"value_lost": money_lost(fall, used, _rates(money, fall))} for fall in found
    ]
    document: Document = {
        "ticker": prices.ticker,
        "price_currency": prices.currency,
        "price_currency_source": prices.currency_source,
        "from": prices.days[0].isoformat(),
        "to": prices.days[-1].isoformat(),
        "trading_days": len(prices),
        "largest": asked.peak is None,
        "falls": told,
        "shares": used and count_document(used),
        "other_counts": [
            count_document(c) | {"value_lost": money_lost(found[0], c, ())} for c in others if found
        ],
    }
    return document | ({"series": _series(prices)} if asked.series else {})


def _rates(money: Money, fall: Fall) -> list[Rate]:
    """Rates of the day of the trough: into US dollars where prices are in another currency, then as asked."""
    into_usd = (
        [] if USD in {fall.currency, money.currency} else rates(Money(USD), fall.currency, fall.trough_on)[:1]
    )
    return [*into_usd, *rates(money, fall.currency, fall.trough_on)]


def _basket(told: Sequence[Document]) -> Document:
    """Sums over the tickers, each from its own peak to its own trough, by basis and currency."""
    uncounted = [one["ticker"] for one in told if one["falls"] and one["shares"] is None]
    currencies = {one["price_currency"] for one in told}
    if uncounted or len(currencies) > 1:
        why = f"no share count of {', '.join(uncounted)}" if uncounted else "prices in several currencies"
        return {"not_known": why, "falls": []}
    sums = []
    for basis in dict.fromkeys(fall["basis"] for one in told for fall in one["falls"]):
        parts = [(one, fall) for one in told for fall in one["falls"] if fall["basis"] == basis]
        first: dict[str, float] = {}
        for _, fall in parts:
            by_currency: dict[str, float] = {}
            for lost in fall["value_lost"]:
                by_currency.setdefault(lost["currency"], lost["value_bn"])
            for currency, value in by_currency.items():
                first[currency] = first.get(currency, 0.0) + value
        at_peak = sum(one["shares"]["shares_bn"] * fall["peak_price"]["value"] for one, fall in parts)
        lost_bn = first[parts[0][0]["price_currency"]]
        sums.append(
            {
                "basis": basis,
                "tickers": [one["ticker"] for one, _ in parts],
                "change_percent": -100 * lost_bn / at_peak,
                "value_lost": [{"value_bn": value, "currency": code} for code, value in first.items()],
            }
        )
    return {"not_known": "", "falls": sums}


def _series(prices: PriceSeries) -> Document:
    return {
        "day": [day.isoformat() for day in prices.days],
        **{column: prices.by_column[column].tolist() for column in ("close", "high", "low")},
    }
