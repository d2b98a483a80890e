"""Verdicts by the data known on a day: holds, fails, undecided, open, or not scorable, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from counterpoise.errors import Refused
from counterpoise.market import observed_prices, observed_racks, observed_spending
from counterpoise.market.calendar import Period
from counterpoise.market.facts import MarketFacts
from counterpoise.market.ledger import Claim, Test
from counterpoise.market.observed import Book, Missing, Observe, Outcome, stated

State = Literal["holds", "fails", "undecided", "open", "not scorable"]
"""undecided: the outcome is known only as a range, and the condition holds on a part of it; open: a fact is
not there yet; not scorable: no series that is held here can ever say."""
NOT_COMPARED = Outcome()
_MISSPELT = 0.75
"""Likeness of two topics, 0 to 1, from which one may be the other misspelt."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A test, what was seen of it (and of the period a direction is measured from), and what follows."""

    test: Test
    seen: Outcome
    reference: Outcome
    state: State
    why: str


def verdict(claim: Claim, book: Book) -> tuple[State, tuple[Judged, ...]]:
    """Return the verdict on a claim and on each of its tests.

    All tests must hold.  One that fails settles the claim; else what is least known decides.
    """
    judged = tuple(judge_test(test, claim, book) for test in claim.tests)
    states = {one.state for one in judged}
    order: tuple[State, ...] = ("fails", "not scorable", "open", "undecided")
    return next((state for state in order if state in states), "holds"), judged


def judge_test(test: Test, claim: Claim, book: Book, period: Period | None = None) -> Judged:
    """Judge one test, for its own period or for another one."""
    seen = outcome(test, claim, book, period)
    reference = NOT_COMPARED if test.against is None else outcome(test, claim, book, test.against)
    refused = seen.refused or reference.refused
    if refused:
        return Judged(test, seen, reference, "not scorable", refused)
    missing = seen.missing + reference.missing
    if missing:
        return Judged(test, seen, reference, "open", f"not yet scorable: {in_words(missing)}")
    decided = test.condition.over_range(seen.low, seen.high, (reference.low, reference.high))
    if decided is None:
        return Judged(test, seen, reference, "undecided", "it holds on a part of the range that is known")
    return Judged(test, seen, reference, "holds" if decided else "fails", "")


def outcome(test: Test, claim: Claim, book: Book, period: Period | None = None) -> Outcome:
    """Return what the book says of a test, for its own period or another one."""
    try:
        return OBSERVED[test.series](test, claim, book, test.period if period is None else period)
    except Refused as reason:
        return Outcome(refused=str(reason))


def in_words(missing: tuple[Missing, ...]) -> str:
    """Name what is missing and when it is due."""
    return "; ".join(one.what + (f", due {one.due}" if one.due else "") for one in missing)


def _never_seen(_test: Test, _claim: Claim, _book: Book, _period: Period | None) -> Outcome:
    return Outcome(refused="no series: nobody measures hardware demand at a stated gain")


def _said(test: Test, claim: Claim, book: Book, period: Period | None) -> Outcome:
    """The latest figure on a topic published after the claim and by its deadline."""
    said = [s for s in book.facts.said(test.topic) if s.low is not None]
    later = [
        s
        for s in said
        if claim.said_on < s.known_on <= claim.deadline
        and (period is None or observed_racks.same_period(s.period, period))
        and (not test.unit or s.unit == test.unit)
    ]
    if later:
        return stated(later[-1])
    if not _spoken_of(book.facts, test.topic):
        near = get_close_matches(test.topic, {s.topic for s in book.facts.statements}, 1, _MISSPELT)
        meant = f" (there is {near[0]})" if near else ""
        return Outcome(refused=f'no series: no statement on "{test.topic}" is among the facts{meant}')
    if book.day < claim.deadline:
        return Outcome(missing=(Missing(f'a figure on "{test.topic}"', claim.deadline),))
    return Outcome(
        refused=f'no figure on "{test.topic}" was published from {claim.said_on} to {claim.deadline}'
    )


def _spoken_of(facts: MarketFacts, topic: str) -> bool:
    return any(s.topic == topic for s in facts.statements)


OBSERVED: dict[str, Observe] = {
    "racks_year": observed_racks.racks,
    "racks_half": observed_racks.racks,
    "rack_cut_value": observed_racks.cut_value,
    "capex_total": observed_spending.total,
    "capex_yoy": observed_spending.growth,
    "growth_rise_quarters": observed_spending.phase_length,
    "growth_fall_quarters": observed_spending.phase_length,
    "datacenter_revenue": observed_spending.total,
    "hardware_demand": _never_seen,
    "price_fall": observed_prices.fall_pct,
    "value_lost": observed_prices.lost,
    "value_lost_cny": observed_prices.lost_cny,
    "price_change": observed_prices.change,
    "stated": _said,
}
