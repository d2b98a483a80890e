"""A verdict follows from the data known on a day, and from nothing else."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.market.calendar import Quarter
from counterpoise.market.claim_draws import DRAWN
from counterpoise.market.claim_series import SERIES
from counterpoise.market.ledger import Condition
from counterpoise.market.observed import Book
from counterpoise.market.verdicts import OBSERVED, verdict
from market.ledgers import facts, growing, ledger, observation, statement

LATE = date(2026, 6, 30)
BELOW_TEN = "series: capex_yoy\nof: MSFT\nperiod: 2025Q4\nbelow: 10 %"
CUT = "series: racks_year\nperiod: 2025\nrange: {low: 20000, high: 25000, unit: racks}"


def judged(claim, known, day=LATE):
    return verdict(ledger(claim).claims[0], Book(known.as_of(day), day))


def outcome_of(low, high, known_on=date(2025, 12, 31)):
    return statement("racks_outcome", "somebody", low, high, known_on)


def test_the_verdict_follows_the_data():
    assert judged(BELOW_TEN, facts(growing("MSFT", 20)))[0] == "fails"
    assert judged(BELOW_TEN, facts(growing("MSFT", 5)))[0] == "holds"


def test_without_its_quarter_a_claim_is_not_yet_scorable_and_says_which_is_missing_and_when_it_is_due():
    state, (test,) = judged(BELOW_TEN, facts(growing("MSFT", 20, last=Quarter(2025, 3))))
    assert state == "open"
    assert "not yet scorable: capex_cash of MSFT for 2025Q4" in test.why
    assert test.seen.missing[0].due == date(2026, 2, 14)


def test_a_figure_published_after_the_day_of_judging_does_not_exist():
    assert judged(BELOW_TEN, facts(growing("MSFT", 20)), date(2026, 2, 13))[0] == "open"
    assert judged(BELOW_TEN, facts(growing("MSFT", 20)), date(2026, 2, 14))[0] == "fails"


def test_a_restatement_may_turn_a_verdict():
    restated = observation("MSFT", Quarter(2025, 4), 10.0 * 1.2**5 * 1.05, known_on=date(2026, 4, 1))
    known = facts(growing("MSFT", 20), restated)
    assert judged(BELOW_TEN, known, date(2026, 3, 31))[0] == "fails"
    assert judged(BELOW_TEN, known, date(2026, 4, 1))[0] == "holds"


@pytest.mark.parametrize(
    ("low", "high", "state"),
    [
        (28_000, 30_000, "fails"),
        (21_000, 24_000, "holds"),
        (24_000, 27_000, "undecided"),
        (15_000, 30_000, "undecided"),
    ],
)
def test_a_range_decides_only_where_all_of_it_agrees(low, high, state):
    assert judged(CUT, facts(outcome_of(low, high)))[0] == state


def test_a_forecast_made_before_the_year_ended_is_no_outcome():
    state, (test,) = judged(CUT, facts(statement("racks", "a bank", 22_000, 22_000, date(2025, 12, 30))))
    assert state == "open"
    assert "published after it ended" in test.why


def test_one_part_that_fails_settles_a_claim_and_one_that_is_missing_leaves_it_open():
    part = "  - {series: capex_yoy, of: %s, period: 2025Q4, above: %d %%}"
    known = facts(growing("MSFT", 20), growing("META", 20, last=Quarter(2025, 3)))
    assert judged("parts:\n" + part % ("MSFT", 30) + "\n" + part % ("META", 0), known)[0] == "fails"
    assert judged("parts:\n" + part % ("MSFT", 10) + "\n" + part % ("META", 0), known)[0] == "open"


def test_the_first_half_is_the_year_less_the_quarters_that_the_same_house_gave_that_day():
    day = date(2025, 10, 10)
    known = facts(
        statement("racks", "a bank", 28_000, 28_000, day),
        statement("racks", "a bank", 8_500, 8_500, day, period="2025Q3"),
        statement("racks", "a bank", 13_500, 14_300, day, period="2025Q4"),
        statement("racks", "another", 1_000, 1_000, day, period="2025Q4"),
    )
    state, (test,) = judged("series: racks_half\nperiod: 1H2025\nbelow: 10000 racks", known)
    assert (test.seen.low, test.seen.high, state) == (5_200, 6_000, "holds")


def test_what_a_cut_cost_is_the_old_forecast_less_what_was_built_times_the_price():
    known = facts(
        statement("racks", "a bank", 30_000, 35_000, date(2025, 1, 31)),
        outcome_of(25_000, 28_000),
        statement("rack_price", "a bank", 3.0, 3.5, date(2025, 5, 6), unit="M USD", period="-"),
    )
    claim = "series: rack_cut_value\nof: A bank\nperiod: 2025\nrange: {low: 30, high: 35, unit: USD bn}"
    state, (test,) = judged(claim, known)
    assert (test.seen.low, test.seen.high) == pytest.approx((2_000 * 3.0e-3, 10_000 * 3.5e-3))
    assert state == "undecided"
    assert judged(claim, facts(*known.statements[:2]))[0] == "not scorable"


def test_a_statement_that_nobody_made_cannot_be_scored_until_somebody_makes_it():
    claim = "series: stated\ntopic: meta_training\nabove: 50 %"
    assert judged(claim, facts(outcome_of(1, 1)))[1][0].why.startswith("no series")
    said = statement("meta_training", "Meta", 60, 60, date(2025, 9, 1), unit="%")
    assert judged(claim, facts(said))[0] == "holds"
    assert judged(claim, facts(said), date(2025, 8, 31))[0] == "not scorable"


def test_a_direction_is_measured_from_its_own_reference():
    slowed = facts(
        growing("MSFT", 20, last=Quarter(2024, 4)),
        [observation("MSFT", Quarter(2025, n), 10 * 1.2**5 * 1.1) for n in (1, 2, 3, 4)],
    )
    claim = "series: capex_yoy\nof: MSFT\nperiod: 2025Q4\nagainst: 2024Q4\ndirection: %s"
    assert judged(claim % "falls", slowed)[0] == "holds"
    assert judged(claim % "rises", slowed)[0] == "fails"


def test_every_series_can_be_observed_and_forecast_or_says_why_not():
    assert set(OBSERVED) == set(SERIES) == set(DRAWN)


@given(
    low=st.floats(-50, 50), width=st.floats(0, 20), at=st.floats(-60, 60), spread=st.floats(0, 30),
    kind=st.sampled_from(["within", "below", "above"]), inside=st.floats(0, 1),
)  # fmt: skip
def test_a_decided_range_agrees_with_every_value_in_it(low, width, at, spread, kind, inside):
    condition = Condition(kind, low, low + width)
    decided = condition.over_range(at, at + spread, (0.0, 0.0))
    value = min(at + inside * spread, at + spread)
    if decided is not None:
        assert bool(condition.holds(value)) == decided


@given(a=st.floats(-9, 9), b=st.floats(0, 9), c=st.floats(-9, 9), d=st.floats(0, 9))
def test_a_direction_over_ranges_is_decided_by_their_ends(a, b, c, d):
    decided = Condition("rises").over_range(a, a + b, (c, c + d))
    assert decided == (True if a > c + d else False if a + b <= c else None)
