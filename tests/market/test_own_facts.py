"""A user's tables of facts are held against the shipped ones, so that no odd figure is used unseen."""

from __future__ import annotations

import pytest

from counterpoise.errors import BadInput
from counterpoise.market.load import OBSERVATION_COLUMNS, STATEMENT_COLUMNS, shipped
from counterpoise.market.own_facts import MAY_BE_NEGATIVE, own_observations, own_statements

OBSERVED = "capex_cash,META,2026Q2,30.2,USD bn,cash,unverified,2026-07-30,sourced,mine,,"
SAID = "racks,me,my count,2025,30000,35000,racks,2025-01-20,sourced,mine,,"


def observations(*lines):
    return own_observations("\n".join([",".join(OBSERVATION_COLUMNS), *lines]).encode(), "own.csv")


def statements(*lines):
    return own_statements("\n".join([",".join(STATEMENT_COLUMNS), *lines]).encode(), "own.csv")


def test_a_good_row_is_read():
    assert observations(OBSERVED)[0].value == 30.2
    assert (statements(SAID)[0].low, statements(SAID)[0].high) == (30_000, 35_000)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("capex_cash", "capex_csh", r"line 2, series: unknown series .*capex_cash"),
        ("30.2", "-30.2", r"line 2, value: .*no amount"),
        ("USD bn", "", r"line 2, unit: "),
        ("2026Q2", "2026Q5", r"line 2, quarter: "),
        ("2026Q2", "9999Q2", r"line 2, quarter: "),
        ("2026-07-30", "2025-07-30", r"line 2, known_on: 2025-07-30 is too early for 2026Q2"),
        ("unverified", "guess", r"line 2, status: "),
    ],
)
def test_a_bad_figure_is_named_by_file_line_and_column(before, after, said):
    with pytest.raises(BadInput, match=rf"own\.csv, {said}"):
        observations(OBSERVED.replace(before, after))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            ",racks,2025-01",
            ",thousand racks,2025-01",
            r'unit: "thousand racks" is no unit of racks. Write racks',
        ),
        (",racks,2025-01", ",,2025-01", "unit: racks needs a unit"),
        ("30000", "-5", "low: racks of -5 racks: it must be above 0"),
        ("30000", "0", "low: racks of 0 racks"),
        ("30000", "36000", "low: low 36000 is above high 35000"),
    ],
)
def test_a_bad_statement_is_named_by_file_line_and_column(before, after, said):
    with pytest.raises(BadInput, match=rf"own\.csv, line 2, {said}"):
        statements(SAID.replace(before, after))


def test_a_row_that_is_there_twice_is_refused():
    with pytest.raises(BadInput, match="there twice"):
        observations(OBSERVED, OBSERVED)
    with pytest.raises(BadInput, match="line 3, topic: the row says what line 2 says"):
        statements(SAID, SAID)


def test_a_table_without_rows_is_refused():
    for read in (observations, statements):
        with pytest.raises(BadInput, match=r"own\.csv: the table has no row"):
            read()


def test_topics_may_be_new_and_some_figures_below_nothing():
    assert statements(SAID.replace("racks,me", "my_topic,me").replace(",racks,", ",thousand racks,"))
    assert statements("token_elasticity,me,it,-,-1.1,-1.1,elasticity,2025-01-20,sourced,mine,,")
    assert statements("rival_forecast,me,it,2025,-5,-5,%,2025-01-20,sourced,mine,,")


def test_what_ships_would_pass_as_ones_own():
    for one in shipped().statements:
        if one.low is not None and one.low <= 0:
            assert one.topic in MAY_BE_NEGATIVE
    assert all(o.value > 0 for o in shipped().observations)
