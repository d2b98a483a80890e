"""A period is a quarter, a half or a year of the calendar, however its source wrote it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.errors import BadInput
from counterpoise.market.calendar import Period, Quarter, quarters_between
from counterpoise.market.observed_racks import same_period
from counterpoise.market.surprise import quarters_of

starts = st.builds(Quarter, st.integers(2001, 2098), st.integers(1, 4))


def periods():
    quarter = starts.map(lambda q: Period(q, q))
    half = st.builds(
        lambda y, n: Period(Quarter(y, n), Quarter(y, n + 1)),
        st.integers(2001, 2098),
        st.sampled_from([1, 3]),
    )
    year = st.integers(2001, 2098).map(lambda y: Period(Quarter(y, 1), Quarter(y, 4)))
    return st.one_of(quarter, half, year)


@given(periods())
def test_a_period_is_read_back_from_how_it_is_written(period):
    assert Period.read(str(period)) == period
    assert same_period(str(period), period)
    assert period.quarters == quarters_between(period.first, period.last)
    assert period.end == period.last.end


@given(periods(), st.integers(-8, 8))
def test_a_period_moved_there_and_back_is_itself(period, quarters):
    assert period + quarters + -quarters == period


@pytest.mark.parametrize(
    ("written", "period", "span"),
    [
        ("2025", "2025", "year"), ("CY2025", "2025", "year"), ("1H2025", "1H2025", "half"),
        ("2H 25", "2H2025", "half"), ("4Q25", "2025Q4", "quarter"), ("2025-Q4", "2025Q4", "quarter"),
    ],
)  # fmt: skip
def test_sources_write_a_period_in_several_ways(written, period, span):
    assert (str(Period.read(written)), Period.read(written).span) == (period, span)


@pytest.mark.parametrize("written", ["", "FY2026", "end-2025", "2025Q5", "3H2025", "4Q24/1Q25"])
def test_what_is_no_calendar_period_is_none_and_says_how_to_write_one(written):
    with pytest.raises(BadInput, match="Write a quarter"):
        Period.read(written)
    assert not same_period(written, Period.read("2025"))


def test_a_fiscal_year_is_read_by_its_months():
    assert quarters_of("FY2025 (Jul24-Jun25)") == quarters_between(Quarter(2024, 3), Quarter(2025, 2))
    assert quarters_of("FY2026") is None
