"""What was seen of racks.  Nobody audits a count, so an outcome is what was published after the period."""

from __future__ import annotations

from datetime import date

from counterpoise.errors import BadInput, Refused
from counterpoise.market.calendar import Period, Quarter
from counterpoise.market.claim_series import RACK_TOPICS
from counterpoise.market.facts import MarketFacts, Statement
from counterpoise.market.ledger import Claim, Test
from counterpoise.market.observed import Book, Missing, Outcome, ends, figures_of, needed, stated
from counterpoise.market.published import outcome

_BN_PER_M = 1e-3


def racks(_test: Test, _claim: Claim, book: Book, period: Period | None) -> Outcome:
    """Figures dated after the period ended; of a half also the year less its other quarters."""
    period = needed(period)
    found = _after(book.facts, period)
    if found is not None:
        return stated(found)
    if period.span == "half":
        return _rest_of_year(book, period)
    return Outcome(missing=(Missing(f"racks in {period}, published after it ended"),))


def cut_value(test: Test, claim: Claim, book: Book, period: Period | None) -> Outcome:
    """(A house's forecast before the claim less the racks of the year) x the price of a rack, USD bn.

    A range: every pair of the forecast's and the outcome's ends, and every published price.
    """
    built = racks(test, claim, book, period)
    if not built.seen:
        return built
    house = test.of[0]
    before = forecast_before(book.facts, house, needed(period), claim.said_on)
    if before is None:
        return Outcome(refused=f"no rack forecast of {house} for {period} dated before {claim.said_on}")
    prices = rack_prices(book.facts)
    low_price, high_price, _ = rack_price_range(book, claim, test, before)
    low, high = ends(before)
    return Outcome(
        max(low - built.high, 0.0) * low_price * _BN_PER_M,
        max(high - built.low, 0.0) * high_price * _BN_PER_M,
        built.figures + tuple(f for s in (before, *prices) for f in figures_of(s)),
    )


def rack_price_range(book: Book, claim: Claim, test: Test, before: Statement) -> tuple[float, float, str]:
    """Return least and greatest price of a rack in M USD, and whose it is.

    Published prices where there are any; else the one that a claim of a value implies with its own house's
    cut (middle of the forecast before less that of the claim's day).  Raises `Refused` without either.
    """
    prices = rack_prices(book.facts)
    if prices:
        return min(ends(s)[0] for s in prices), max(ends(s)[1] for s in prices), "published prices"
    cut = [
        s
        for s in published_for(book.facts, needed(test.period))
        if s.by == before.by and s.known_on == claim.said_on
    ]
    if not cut or test.condition.kind != "within" or cut[-1].mid >= before.mid:
        raise Refused(f"no price of a rack in USD was public by {book.day}, and the claim implies none.")
    racks_cut = before.mid - cut[-1].mid
    low, high = (value / racks_cut / _BN_PER_M for value in (test.condition.low, test.condition.high))
    return low, high, "the price that the claim implies"


def published_for(facts: MarketFacts, period: Period) -> list[Statement]:
    """Return every figure in racks published for a period, outcomes included, oldest first."""
    found = [
        s
        for topic in RACK_TOPICS
        for s in facts.said(topic)
        if s.low is not None and s.unit == "racks" and same_period(s.period, period)
    ]
    return sorted(found, key=lambda s: s.known_on)


def forecast_before(facts: MarketFacts, house: str, period: Period, day: date) -> Statement | None:
    """Return the latest rack forecast for a period that a house published before a day."""
    earlier = [
        s for s in published_for(facts, period) if s.by.casefold() == house.casefold() and s.known_on < day
    ]
    return earlier[-1] if earlier else None


def rack_prices(facts: MarketFacts) -> tuple[Statement, ...]:
    """Return the published prices of a rack in millions of US dollars."""
    return tuple(s for s in facts.said("rack_price") if s.low is not None and s.unit == "M USD")


def same_period(written: str, period: Period) -> bool:
    """Whether a statement's period as written ("2025", "CY2025", "1H 2025", "4Q25") is `period`."""
    try:
        return Period.read(written) == period
    except BadInput:
        return False


def _after(facts: MarketFacts, period: Period) -> Statement | None:
    """The outcome where somebody calls it one, else the latest figure dated after the period."""
    if period.span == "year":
        called = outcome(facts.statements, period.first.year, date.max)
        if called is not None and called.low is not None:
            return called
    later = [s for s in published_for(facts, period) if s.known_on >= period.end]
    return later[-1] if later else None


def _rest_of_year(book: Book, half: Period) -> Outcome:
    """The year less its other quarters, as one house had both on one day after the half ended."""
    year = Period(Quarter(half.first.year, 1), Quarter(half.first.year, 4))
    others = [Period(q, q) for q in year.quarters if q not in half.quarters]
    by_house: dict[tuple[str, date], dict[Period, Statement]] = {}
    for period in (year, *others):
        for said in published_for(book.facts, period):
            if said.known_on >= half.end:
                by_house.setdefault((said.by, said.known_on), {})[period] = said
    whole = [parts for _, parts in sorted(by_house.items(), key=lambda one: one[0][1]) if len(parts) == 3]
    if not whole:
        both = f"{year} and {' and '.join(map(str, others))} of one house and day"
        return Outcome(missing=(Missing(f"racks in {half} published after it ended, or in {both}"),))
    latest = whole[-1]
    low, high = ends(latest[year])
    for period in others:
        low, high = low - ends(latest[period])[1], high - ends(latest[period])[0]
    figures = tuple(f for said in latest.values() for f in figures_of(said))
    return Outcome(max(low, 0.0), max(high, 0.0), figures)
