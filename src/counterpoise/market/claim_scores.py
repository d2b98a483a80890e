"""Scores of a claim's figures: ours, the simple rules and named rivals, all against the same outcome."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from counterpoise.errors import Refused
from counterpoise.market.baskets import TOP4, total
from counterpoise.market.calendar import Period, Quarter
from counterpoise.market.claim_draws import draws_of
from counterpoise.market.claim_forecasts import Desk
from counterpoise.market.claim_series import FALLS, SERIES
from counterpoise.market.facts import Statement
from counterpoise.market.ledger import Claim, Test
from counterpoise.market.observed import Outcome
from counterpoise.market.observed_racks import same_period
from counterpoise.market.published import NAME as POOL
from counterpoise.market.rival_racks import crps_over_range, rivals

CONSENSUS_TOPICS = ("rival_forecast", "capex_consensus")


@dataclass(frozen=True, slots=True)
class Score:
    """One forecast of a test's value: `forecast` (its median), `error` = forecast less the outcome's middle.

    `crps` is in the test's unit, averaged over the outcome's range; of a point it is the absolute error.
    `says` is what the forecast makes of the claim: its probability, or yes and no as 1 and 0.
    """

    name: str
    forecast: float
    error: float
    crps: float
    says: float
    kind: str
    note: str = ""


def scores(test: Test, claim: Claim, seen: Outcome, reference: Outcome, desk: Desk) -> tuple[Score, ...]:
    """Return the scores of everybody who forecast a test's value, best CRPS first; () where nobody did.

    `desk` is that of the as-of day: a rival that published later is not among them.
    """
    if not seen.seen:
        return ()
    score = _Scorer(test, seen, reference)
    found = [*_ours(test, claim, desk, score), *_claimed(test, claim, score)]
    if test.series in ("capex_total", "capex_yoy", "datacenter_revenue"):
        found += [*_rules(test, desk, score), *_houses(test, desk, score)]
    if test.series == "racks_year":
        found += _rack_rivals(test, desk, score)
    return tuple(sorted(found, key=lambda s: s.crps)) if len(found) > 1 else tuple(found)


@dataclass(frozen=True, slots=True)
class _Scorer:
    test: Test
    seen: Outcome
    reference: Outcome

    def __call__(self, name: str, samples: npt.ArrayLike, kind: str, note: str = "") -> Score:
        drawn = np.atleast_1d(np.asarray(samples, np.float64))
        middle = float(np.median(drawn))
        against = (self.reference.low + self.reference.high) / 2
        return Score(
            name,
            middle,
            middle - (self.seen.low + self.seen.high) / 2,
            crps_over_range(drawn, self.seen.low, self.seen.high),
            float(self.test.condition.holds(drawn, against).mean()),
            kind,
            note,
        )


def _ours(test: Test, claim: Claim, desk: Desk, score: _Scorer) -> Iterable[Score]:
    try:
        drawn = draws_of(test, claim, desk)
    except Refused:
        return
    for name, one in drawn.items():
        if len(one.values) > 1:  # what was public already is no forecast
            yield score(name, one.values, "ours")


def _claimed(test: Test, claim: Claim, score: _Scorer) -> Iterable[Score]:
    """The claim itself: a range is uniform; a bound or a direction says yes and gives no value to score."""
    if test.condition.numeric and test.series not in FALLS:
        low, high = test.condition.low, test.condition.high
        levels = (np.arange(1_000) + 0.5) / 1_000
        yield score(f"the claim ({claim.who})", low + (high - low) * levels, "claim", "its range, uniform")


def _rules(test: Test, desk: Desk, score: _Scorer) -> Iterable[Score]:
    """Each simple rule from the same totals; a quarter that only some companies had reported is not used."""
    period = test.period
    try:
        known = total(desk.book.facts, test.of, SERIES[test.series].adds_up)
    except Refused:
        return
    if period is None or period.last <= max(known):
        return
    for name, path in desk.rule_paths(test, period.last).items():
        if test.series == "capex_yoy" and any(q + -4 not in path for q in period.quarters):
            continue
        now = sum(path[q] for q in period.quarters)
        if test.series == "capex_yoy":
            now = 100 * (now / sum(path[q + -4] for q in period.quarters) - 1)
        yield score(name, now, "rule")


def _houses(test: Test, desk: Desk, score: _Scorer) -> Iterable[Score]:
    """Published forecasts of the four large clouds' capex for the period, or for the year that holds it.

    A year's figure becomes a quarter's growth by taking the year's growth for it, over the year before as it
    was published or, where a part of that was not public yet, as our forecast of the day had it.
    """
    if set(test.of) != set(TOP4) or test.period is None:
        return
    year = Period(Quarter(test.period.first.year, 1), Quarter(test.period.first.year, 4))
    latest: dict[tuple[str, str], Statement] = {}
    for topic in CONSENSUS_TOPICS:
        for one in desk.book.facts.said(topic):
            if "bn" in one.unit and one.low is not None and "top-4" in f"{one.by} {one.about}":
                latest[one.by + one.about, one.period] = one
    for one in latest.values():
        value = _in_unit(one, test, test.period, year, desk)
        if value is not None:
            note = f"{one.mid:g} {one.unit} for {one.period}, public {one.known_on}"
            yield score(_name(one), value, "rival", note)


def _name(one: Statement) -> str:
    house = one.by if one.by != "top-4" else one.about
    return f"{house} ({one.period}, {one.known_on})"


def _in_unit(one: Statement, test: Test, period: Period, year: Period, desk: Desk) -> float | None:
    exact, whole = same_period(one.period, period), same_period(one.period, year)
    if test.series == "capex_total":
        return one.mid if exact else None
    if not (exact or whole):
        return None
    try:
        base = float(np.median(desk.sum_of(test, (period if exact else year) + -4)))
    except Refused:
        return None
    return 100 * (one.mid / base - 1)


def _rack_rivals(test: Test, desk: Desk, score: _Scorer) -> Iterable[Score]:
    """Every published rack forecast by the pool's own rule of spread; the pool itself stands among ours."""
    period = test.period
    if period is None:
        return
    try:
        found = rivals(
            desk.book.facts.statements,
            period.first.year,
            desk.book.day,
            desk.forecasts.draws,
            desk.forecasts.seed,
        )
    except Refused:
        return
    for one in found:
        if one.name != POOL:
            yield score(
                one.name,
                one.samples,
                "rival",
                f"{one.low_racks:,.0f} to {one.high_racks:,.0f} racks, spread by past errors",
            )
