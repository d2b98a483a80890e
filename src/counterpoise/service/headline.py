"""`drawdown --explain`: which days, columns and share counts give a headline, and what that count implies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from counterpoise.errors import BadInput, Where
from counterpoise.market.headline import Headline, Printed, read_headline
from counterpoise.market.headline_search import Match, distinct_falls, explain
from counterpoise.market.prices import PriceSeries
from counterpoise.market.shares import ShareCount, count_for
from counterpoise.service.drawdown import Question, count_document, fall_document, rate_document
from counterpoise.service.price_file import Money, counts, given_counts, rates, read_series

Document = dict[str, Any]
NEAREST = 5
"""Falls shown with the count that each implies, where no known count gives the sum."""


def explain_headline(path: Path, asked: Question, text: str, said_on: date | None) -> Document:
    """Return every way to come to the headline `text` that the prices of one ticker hold."""
    if len(set(asked.tickers)) > 1:
        raise BadInput(
            "a headline is explained by one ticker at a time.",
            where=Where(field="TICKER"),
            hint=f"Ask for {asked.tickers[0]} alone.",
        )
    given = given_counts(asked.shares, asked.tickers)
    (prices,) = read_series(path, asked.tickers, asked.start, asked.end, asked.moved_on)
    headline = read_headline(text, prices.currency)
    _check_heeded(prices, headline, asked, said_on)
    known = [c for c in counts(prices, given) if said_on is None or c.as_of is None or c.as_of <= said_on]
    matches = explain(prices, headline, known, said_on)
    by_fall = _by_fall(prices, headline, said_on)
    document = {
        "question": "headline",
        "prices": str(path),
        "ticker": prices.ticker,
        "price_currency": prices.currency,
        "from": prices.days[0].isoformat(),
        "to": prices.days[-1].isoformat(),
        "headline": _headline(text, headline),
        "headline_date": said_on and said_on.isoformat(),
        "pairs": _pairs(headline, matches, by_fall, known),
        "matches": [_match(m, known) for m in matches],
        "nearest": [],
        "counts_searched": [count_document(c) for c in known],
        "rates": _rates(headline, matches, asked),
    }
    if headline.value_bn is not None and headline.fall is not None and known and not matches:
        document["nearest"] = [_match(m, known) for m in _nearest(by_fall, known)]
    return document


def _check_heeded(prices: PriceSeries, headline: Headline, asked: Question, said_on: date | None) -> None:
    """Refuse a day before the prices begin, and a rate that there is no second sum to hold against."""
    if said_on is not None and said_on < prices.days[1]:
        raise BadInput(
            f"no two days of {prices.ticker} are on or before {said_on}.",
            where=Where(field="--headline-date"),
            hint=f"The prices are of {prices.days[0]} to {prices.days[-1]}.",
        )
    if asked.rate is not None and headline.implied_rate() is None:
        raise BadInput(
            "the headline has no loss in a second money to hold the rate against.",
            where=Where(field="--rate"),
            hint='Write both, as "893.1bn 6.5tn CNY", or leave it out.',
        )


def _by_fall(prices: PriceSeries, headline: Headline, said_on: date | None) -> tuple[Match, ...]:
    """Matches of the percentage alone, with the count that each implies where there is a sum."""
    return () if headline.fall is None else explain(prices, headline, (), said_on)


def _nearest(by_fall: Sequence[Match], known: Sequence[ShareCount]) -> list[Match]:
    """The falls whose implied count is nearest an independent one; in the order of the search without any."""

    def off(match: Match) -> float:
        count = count_for(known, match.fall.trough_on)
        if count is None or match.implied_shares_bn is None:
            return 0.0
        return abs(sum(match.implied_shares_bn) / 2 / count.shares_bn - 1)

    return sorted(by_fall, key=off)[:NEAREST]


def _pairs(
    headline: Headline, matches: Sequence[Match], by_fall: Sequence[Match], known: Sequence[ShareCount]
) -> Document:
    """How many pairs of day and column are left by each part of the headline."""
    found: Document = {}
    if headline.fall is not None:
        found["fall"] = len(distinct_falls(by_fall))
        found["fall_on_usual_bases"] = len(distinct_falls([m for m in by_fall if m.usual]))
    if headline.value_bn is not None and known:
        found["value_too" if headline.fall is not None else "value"] = len(distinct_falls(matches))
        found["independent_count"] = len(distinct_falls(matches, independent=True))
    return found


def _match(match: Match, known: Sequence[ShareCount]) -> Document:
    document = fall_document(match.fall) | {
        "usual_basis": match.usual,
        "highest_and_lowest_between": match.extremes,
        "penalty": match.penalty,
        "shares": match.count and count_document(match.count),
        "value_bn": match.value_bn,
        "currency": match.fall.currency,
    }
    if match.implied_shares_bn is not None:
        low, high = match.implied_shares_bn
        document |= {"implied_shares_low_bn": low, "implied_shares_high_bn": high}
        independent = count_for(known, match.fall.trough_on)
        if independent is not None:
            document["implied_off_percent"] = 100 * ((low + high) / 2 / independent.shares_bn - 1)
            document["independent_count"] = count_document(independent)
    return document


def _headline(text: str, headline: Headline) -> Document:
    rate = headline.implied_rate()
    return {
        "said": text,
        "fall_percent": _span(headline.fall, 100.0),
        "value_bn": _span(headline.value_bn),
        "currency": headline.currency,
        "elsewhere_bn": _span(headline.elsewhere_bn),
        "elsewhere_currency": headline.elsewhere_currency or None,
        "implied_rate": rate
        and {
            "low_units_per_base": rate[0],
            "high_units_per_base": rate[1],
            "currency": headline.elsewhere_currency,
            "base": headline.currency,
        },
    }


def _span(printed: Printed | None, scale: float = 1.0) -> Document | None:
    if printed is None:
        return None
    return {"value": printed.value * scale, "low": printed.low * scale, "high": printed.high * scale}


def _rates(headline: Headline, matches: Sequence[Match], asked: Question) -> list[Document]:
    """Known rates of the likeliest trough, and whether each makes both sums one loss."""
    implied = headline.implied_rate()
    if implied is None or not matches:
        return []
    known = rates(
        Money(headline.elsewhere_currency, asked.rate), headline.currency, matches[0].fall.trough_on
    )
    return [rate_document(rate) | {"fits": implied[0] <= rate.rate <= implied[1]} for rate in known]
