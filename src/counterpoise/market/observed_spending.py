"""What was seen of spending and revenue: sums over companies, growth over a year, phases of growth."""

from __future__ import annotations

import math
from datetime import date, timedelta

from counterpoise.errors import nearest
from counterpoise.market.baskets import CAPEX, summed, unbroken
from counterpoise.market.calendar import Period, Quarter
from counterpoise.market.claim_series import SERIES
from counterpoise.market.growth_phases import median_length, phases
from counterpoise.market.ledger import Claim, Test
from counterpoise.market.observed import Book, Figure, Missing, Outcome, needed

REPORTED_WITHIN_DAYS = 45
"""A quarter is due this many days after it ends (the rule of the shipped facts where no day is sourced)."""
UNIT = "USD bn"
DATED = "turning points of the capex facts held (Bry-Boschan, quarterly, ten points deep)"


def total(test: Test, _claim: Claim, book: Book, period: Period | None) -> Outcome:
    """Sum over the companies and quarters; every one must be there."""
    name, period = SERIES[test.series].adds_up, needed(period)
    figures, missing, sum_usd_bn = [], [], 0.0
    for entity in test.of:
        found = book.facts.series(name, entity)
        if not found:
            return Outcome(refused=_nobody(name, entity, book))
        for quarter in period.quarters:
            if quarter not in found:
                missing.append(_due(name, entity, quarter, book.day))
                continue
            one = found[quarter]
            if one.unit != UNIT:
                return Outcome(refused=f"{name} of {entity} for {quarter} is in {one.unit}, not in {UNIT}")
            figures.append(Figure(f"{name} {entity} {quarter}", one.value, UNIT, one.source, one.known_on))
            sum_usd_bn += one.value
    if missing:
        return Outcome(figures=tuple(figures), missing=tuple(missing))
    return Outcome(sum_usd_bn, sum_usd_bn, tuple(figures))


def growth(test: Test, claim: Claim, book: Book, period: Period | None) -> Outcome:
    """Percent over the same period a year before."""
    period = needed(period)
    now, before = total(test, claim, book, period), total(test, claim, book, period + -4)
    figures = now.figures + before.figures
    if not (now.seen and before.seen):
        return Outcome(
            figures=figures, missing=now.missing + before.missing, refused=now.refused or before.refused
        )
    if not before.low > 0:
        return Outcome(refused=f"nothing is known to have been spent in {period + -4}, so it has no growth")
    percent = 100 * (now.low / before.low - 1)
    return Outcome(percent, percent, figures)


def phase_length(test: Test, claim: Claim, book: Book, period: Period | None) -> Outcome:
    """Median quarters of the rises, or falls, of growth that are complete by the period."""
    last = needed(period).last
    recent = total(test, claim, book, Period(last + -3, last))
    if not recent.seen:
        return recent
    companies = {
        entity: {q: o.value for q, o in book.facts.series(CAPEX, entity).items() if q <= last}
        for entity in test.of
    }
    sums = unbroken(summed(companies), f"{CAPEX} of {', '.join(test.of)}")
    rise = test.series == "growth_rise_quarters"
    word, found = "rise" if rise else "fall", phases(sums)
    length = median_length(found, rise=rise)
    if math.isnan(length):
        return Outcome(refused=f"no {word} of growth is complete by {last}")
    figures = tuple(
        Figure(
            f"{word} of growth, {one.start} to {one.end}", float(one.quarters), "quarters", DATED, book.day
        )
        for one in found
        if one.rise == rise
    )
    return Outcome(length, length, figures)


def _due(name: str, entity: str, quarter: Quarter, day: date) -> Missing:
    due = quarter.end + timedelta(days=REPORTED_WITHIN_DAYS)
    late = " (overdue, or published on another basis only)" if due < day else ""
    return Missing(f"{name} of {entity} for {quarter}{late}", due)


def _nobody(name: str, entity: str, book: Book) -> str:
    near = nearest(entity, {o.entity for o in book.facts.observations if o.series == name}, 1)
    return f"no {name} of {entity} in the facts{f' (there is {near[0]})' if near else ''}"
