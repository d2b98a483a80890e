"""What was public on a day, and what was not."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.errors import BadInput
from counterpoise.market import load
from counterpoise.market.calendar import Quarter, quarters_between
from counterpoise.market.facts import MarketFacts, Observation

AS_OF = date(2025, 2, 3)
days = st.dates(date(2001, 1, 1), date(2030, 12, 31))


def capex(value: float, known_on: date) -> Observation:
    third = Quarter(2024, 3)
    return Observation(
        "capex_cash", "META", third, value, "USD bn", "cash", "filed", known_on, "sourced", "10-Q"
    )


@given(days, st.integers(-60, 60))
def test_a_quarter_later_and_back_is_the_same_quarter(day: date, n: int) -> None:
    quarter = Quarter.of(day)
    assert quarter.start <= day <= quarter.end
    assert (quarter + n) - quarter == n
    assert (quarter + n) + -n == quarter
    assert (quarter + 1).start == quarter.end + timedelta(days=1)


def test_both_spellings_of_a_quarter_are_read() -> None:
    assert Quarter.read("4Q24") == Quarter.read("2024-Q4") == Quarter(2024, 4)
    assert [str(q) for q in quarters_between(Quarter(2024, 4), Quarter(2025, 2))] == [
        "2024Q4",
        "2025Q1",
        "2025Q2",
    ]


def test_what_is_no_quarter_says_how_to_write_one() -> None:
    with pytest.raises(BadInput, match="2024Q4"):
        Quarter.read("Q5 2024")


def test_only_microsoft_and_meta_had_reported_the_last_quarter_of_2024_by_3_february() -> None:
    public = load.shipped().as_of(AS_OF)
    reported = {
        e for e in ("MSFT", "GOOGL", "AMZN", "META") if Quarter(2024, 4) in public.series("capex_cash", e)
    }
    assert reported == {"MSFT", "META"}


def test_a_restatement_stands_from_the_day_it_was_filed() -> None:
    facts = MarketFacts((capex(8.0, date(2024, 10, 31)), capex(8.3, date(2025, 2, 1))), ())
    assert [o.value for o in facts.as_of(date(2025, 1, 31)).observations] == [8.0]
    assert [o.value for o in facts.as_of(AS_OF).observations] == [8.3]


@given(days)
def test_nothing_is_known_before_it_was_public(day: date) -> None:
    public = load.shipped().as_of(day)
    assert all(o.known_on <= day for o in public.observations)
    assert all(s.known_on <= day for s in public.statements)


def test_every_shipped_figure_has_a_source() -> None:
    facts = load.shipped()
    assert all(o.source and o.basis for o in facts.observations)
    assert all(s.source for s in facts.statements)


def test_a_figure_given_twice_is_refused() -> None:
    header = ",".join(load.OBSERVATION_COLUMNS)
    line = "capex_cash,META,2024Q3,8.3,USD bn,cash,filed,2024-10-31,sourced,10-Q,,"
    with pytest.raises(BadInput, match="there twice"):
        load.facts(f"{header}\n{line}\n{line}\n".encode(), "own.csv", _statements(""), "s.csv")


def test_a_range_upside_down_is_refused_with_its_place() -> None:
    bad = "racks,me,racks,2025,30000,20000,racks,2025-01-01,sourced,page,,"
    with pytest.raises(BadInput, match=r"s\.csv, line 2, low"):
        load.facts(f"{','.join(load.OBSERVATION_COLUMNS)}\n".encode(), "o.csv", _statements(bad), "s.csv")


def _statements(line: str) -> bytes:
    return f"{','.join(load.STATEMENT_COLUMNS)}\n{line}\n".encode()
