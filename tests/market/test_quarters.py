"""Filed facts become single calendar quarters, or are refused with the reason."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.market.calendar import Quarter
from counterpoise.market.facts import MarketFacts
from counterpoise.market.periods import length_of, quarter_of
from counterpoise.market.quarters import observations_from, with_own
from market.companyfacts import CAPEX, amounts, capex, fact, filed, read, reasons

YEAR = [
    fact("2024-01-01", "2024-03-31", 100),
    fact("2024-01-01", "2024-06-30", 210),
    fact("2024-01-01", "2024-09-30", 330),
    fact("2024-01-01", "2024-12-31", 460, form="10-K"),
]
PRODUCTIVE = "PaymentsToAcquireProductiveAssets"


def test_quarters_are_the_differences_of_the_year_to_date_and_the_fourth_is_the_year_less_nine_months() -> (
    None
):
    observations, refused = capex(YEAR)
    assert amounts(observations) == {"2024Q1": 0.1, "2024Q2": 0.11, "2024Q3": 0.12, "2024Q4": 0.13}
    assert [o.status for o in observations] == ["filed", "derived", "derived", "derived"]
    assert observations[-1].note == "year less nine months"
    assert refused == {}


def test_a_difference_is_known_once_both_periods_are_filed() -> None:
    late = [{**YEAR[0], "filed": "2024-09-02"}, *YEAR[1:2]]
    assert capex(late)[0][1].known_on == date(2024, 9, 2)
    assert capex(YEAR)[0][3].known_on == date(2025, 1, 30)


@pytest.mark.parametrize(
    ("days", "length"),
    [(91, "quarter"), (98, "quarter"), (182, "half year"), (273, "nine months"), (366, "year"), (371, "year"),
     (60, None), (120, None), (200, None), (300, None), (730, None)],
)  # fmt: skip
def test_only_quarters_halves_nine_months_and_years_have_a_length(days: int, length: str | None) -> None:
    assert length_of(days) == length


def test_a_period_of_another_length_is_refused() -> None:
    observations, refused = capex([fact("2024-01-01", "2024-04-30", 130), *YEAR[:2]])
    assert set(amounts(observations)) == {"2024Q1", "2024Q2"}
    assert "121 days are no quarter" in refused["2024-01-01 to 2024-04-30"]


def test_a_half_year_without_its_first_quarter_gives_no_quarter_and_says_so() -> None:
    observations, refused = capex(YEAR[1:])
    assert set(amounts(observations)) == {"2024Q3", "2024Q4"}
    assert "not the quarter that would give" in refused["2024-01-01 to 2024-06-30"]


def test_a_trailing_year_is_no_fiscal_year() -> None:
    trailing = fact("2023-07-01", "2024-06-30", 400)
    observations, refused = capex([*YEAR, trailing])
    assert amounts(observations) == amounts(capex(YEAR)[0])
    assert "trailing twelve months" in refused["2023-07-01 to 2024-06-30"]


TRAILING = [
    fact("2014-04-01", "2015-03-31", 470),
    fact("2014-07-01", "2015-06-30", 480),
    fact("2014-10-01", "2015-09-30", 495),
    fact("2015-01-01", "2015-12-31", 515, form="10-K"),
    fact("2015-04-01", "2016-03-31", 540),
    fact("2015-07-01", "2016-06-30", 570),
]
"""The twelve months to each quarter, as Amazon tagged them from 2015 to 2017 in its quarterly reports."""


def test_no_quarter_comes_of_trailing_years_in_quarterly_reports_nor_of_a_year_alone() -> None:
    observations, refused = capex(TRAILING)
    assert observations == ()
    assert len(refused) == 6
    trailing = {period for period, why in refused.items() if "trailing twelve months" in why}
    assert refused.keys() - trailing == {"2015-01-01 to 2015-12-31"}
    assert "not the nine months" in refused["2015-01-01 to 2015-12-31"]


def test_trailing_years_beside_single_quarters_neither_add_nor_move_one() -> None:
    """The trailing year to March 2016 begins with the second quarter of 2015, but is no fiscal year of it."""
    single = [
        fact("2015-01-01", "2015-03-31", 110),
        fact("2015-04-01", "2015-06-30", 120),
        fact("2015-07-01", "2015-09-30", 135),
    ]
    observations, refused = capex([*TRAILING, *single])
    assert amounts(observations) == {"2015Q1": 0.11, "2015Q2": 0.12, "2015Q3": 0.135}
    assert sum("trailing twelve months" in why for why in refused.values()) == 5


def test_twelve_months_under_a_quarter_s_tag_are_found_out_by_the_year_to_date() -> None:
    earlier = [
        fact("2023-01-01", "2023-03-31", 80),
        fact("2023-01-01", "2023-06-30", 165),
        fact("2023-01-01", "2023-09-30", 255),
        fact("2023-01-01", "2023-12-31", 350, form="10-K"),
    ]
    tagged = fact("2024-04-01", "2024-06-30", 90 + 95 + 100 + 110)
    observations, refused = capex([*earlier, *YEAR[:2], tagged])
    assert amounts(observations)["2024Q2"] == 0.11
    assert "395 M are twelve months; half year less quarter stands" in refused["2024-04-01 to 2024-06-30"]


def test_twelve_months_under_a_quarter_s_tag_are_suspected_where_nothing_confirms_them() -> None:
    ends = ["2023-03-31", "2023-06-30", "2023-09-30", "2023-12-31", "2024-03-31"]
    starts = ["2023-01-01", "2023-04-01", "2023-07-01", "2023-10-01", "2024-01-01"]
    quarters = [fact(s, e, m) for s, e, m in zip(starts, ends, [90, 95, 100, 105, 410], strict=True)]
    observations, refused = capex(quarters)
    assert set(amounts(observations)) == {"2023Q1", "2023Q2", "2023Q3", "2023Q4"}
    assert "may be twelve months" in refused["2024-01-01 to 2024-03-31"]


def test_a_figure_and_a_difference_that_disagree_give_no_quarter() -> None:
    observations, refused = capex([*YEAR[:2], fact("2024-04-01", "2024-06-30", 118)])
    assert set(amounts(observations)) == {"2024Q1"}
    assert refused["2024-04-01 to 2024-06-30"] == "filed as 118 M, but half year less quarter is 110 M."


def test_rounding_of_two_million_is_no_disagreement() -> None:
    observations, refused = capex([*YEAR[:2], fact("2024-04-01", "2024-06-30", 112)])
    assert amounts(observations)["2024Q2"] == 0.112
    assert refused == {}


def test_a_restatement_is_a_vintage_from_the_day_it_was_filed() -> None:
    again = {**fact("2024-01-01", "2024-03-31", 97, filed="2025-04-30")}
    observations, _ = capex([*YEAR, again])
    assert [(o.value, o.known_on) for o in observations[:2]] == [
        (0.1, date(2024, 4, 30)), (0.097, date(2025, 4, 30)),
    ]  # fmt: skip
    assert observations[1].note == "restated: 0.1 before"


def test_a_restated_figure_less_an_unrestated_one_is_no_quarter() -> None:
    """The first quarter comes restated in April; the half year only in July: nothing changes between them."""
    first = fact("2024-01-01", "2024-03-31", 90, filed="2025-04-30")
    half = fact("2024-01-01", "2024-06-30", 190, filed="2025-07-30")
    by_may, _ = capex([*YEAR[:2], first])
    by_july, _ = capex([*YEAR[:2], first, half])
    assert [o.value for o in by_may if o.quarter == Quarter(2024, 2)] == [0.11]
    assert [o.value for o in by_july if o.quarter == Quarter(2024, 2)] == [0.11, 0.1]


def test_periods_of_different_rounds_alone_are_refused() -> None:
    comparative = {**YEAR[1], "filed": "2025-07-30", "accn": "0000000000-25-073000"}
    observations, refused = capex([YEAR[0], comparative])
    assert set(amounts(observations)) == {"2024Q1"}
    assert "different rounds of filings" in refused["2024-04-01 to 2024-06-30"]


def test_nine_months_above_the_year_give_no_quarter() -> None:
    _, refused = capex([*YEAR[:3], fact("2024-01-01", "2024-12-31", 320, form="10-K")])
    assert "-10 M: one of them is restated" in refused["2024-10-01 to 2024-12-31"]


def test_overlapping_quarters_are_both_refused() -> None:
    observations, refused = capex([YEAR[0], fact("2024-02-01", "2024-04-30", 105)])
    assert observations == ()
    assert set(refused) == {"2024-01-01 to 2024-03-31", "2024-02-01 to 2024-04-30"}
    assert all("overlaps" in why for why in refused.values())


def test_two_quarters_from_one_day_are_both_refused() -> None:
    observations, refused = capex([YEAR[0], fact("2024-01-01", "2024-03-30", 99)])
    assert observations == ()
    assert len(refused) == 2


def test_two_fiscal_quarters_with_their_midpoints_in_one_calendar_quarter_are_not_added_up() -> None:
    observations, refused = capex(
        [fact("2024-02-16", "2024-05-16", 100), fact("2024-05-17", "2024-08-14", 110)]
    )
    assert amounts(observations) == {"2024Q2": 0.1}
    assert "lies in 2024Q2" in refused["2024-05-17 to 2024-08-14"]


def test_two_concepts_that_agree_are_one_series_and_two_that_differ_in_a_filing_are_refused() -> None:
    same = {CAPEX: YEAR[:2], PRODUCTIVE: YEAR}
    assert amounts(capex(same)[0]) == amounts(capex(YEAR)[0])
    observations, refused = capex({CAPEX: YEAR[:1], PRODUCTIVE: [{**YEAR[0], "val": 130e6}]})
    assert observations == ()
    assert "two bases" in refused["2024-01-01 to 2024-03-31"]


def test_two_currencies_are_not_one_series() -> None:
    facts = read({CAPEX: YEAR[:1]}).facts + read({PRODUCTIVE: YEAR[1:2]}, "CNY").facts
    observations, refusals = observations_from(
        type(read(YEAR))("ACME", 1, "acme.json", facts), "ACME", ["capex_cash"]
    )
    assert observations == ()
    assert "CNY and USD" in reasons(refusals)["all"]


def test_the_unit_follows_the_currency() -> None:
    observations, _ = observations_from(read(YEAR[:1], "CNY"), "ACME", ["capex_cash"])
    assert observations[0].unit == "CNY bn"


def test_company_facts_hold_no_data_centre_revenue() -> None:
    _, refusals = observations_from(filed("MSFT"), "MSFT", ["datacenter_revenue"])
    assert "no segment figures" in reasons(refusals)["all"]


@pytest.mark.parametrize(
    ("start", "end", "quarter"),
    [
        ("2024-09-01", "2024-11-30", "2024Q4"),  # Oracle's second quarter
        ("2024-12-01", "2025-02-28", "2025Q1"),
        ("2024-10-28", "2025-01-26", "2024Q4"),  # NVIDIA's fourth
        ("2025-01-27", "2025-04-27", "2025Q1"),
        ("2024-07-01", "2024-09-30", "2024Q3"),  # Microsoft's first
    ],
)
def test_a_fiscal_quarter_belongs_to_the_calendar_quarter_of_its_midpoint(
    start: str, end: str, quarter: str
) -> None:
    assert str(quarter_of(date.fromisoformat(start), date.fromisoformat(end))) == quarter


def test_microsoft_s_june_quarter_exists_only_as_the_year_less_nine_months() -> None:
    observations, refusals = observations_from(filed("MSFT"), "MSFT", ["capex_cash"])
    derived = {str(o.quarter) for o in observations if o.status == "derived"}
    assert derived == {"2023Q2", "2024Q2", "2025Q2", "2026Q2"}
    assert refusals == ()
    # 115,948 in the year to June 2026, less 19,394 + 29,876 + 30,876 = 80,146 in nine months
    assert amounts(observations)["2026Q2"] == 35.802


def test_comparatives_that_repeat_a_figure_add_no_vintage() -> None:
    observations, _ = observations_from(filed("MSFT"), "MSFT", ["capex_cash"])
    assert len(observations) == len({o.quarter for o in observations}) == 16


def test_revenue_is_one_series_though_its_tag_changed() -> None:
    """As Alphabet's in 2025: from the half year on under another tag, comparatives too."""
    before = [*YEAR, fact("2025-01-01", "2025-03-31", 120)]
    after = [
        fact("2024-01-01", "2024-06-30", 210, filed="2025-07-30"),
        fact("2024-04-01", "2024-06-30", 110, filed="2025-07-30"),
        fact("2025-01-01", "2025-06-30", 250),
        fact("2025-04-01", "2025-06-30", 130),
        fact("2025-01-01", "2025-09-30", 390),
        fact("2025-07-01", "2025-09-30", 140),
        fact("2025-01-01", "2025-12-31", 540, form="10-K"),
    ]
    facts = read({"RevenueFromContractWithCustomerExcludingAssessedTax": before, "Revenues": after})
    observations, refusals = observations_from(facts, "ACME", ["revenue"])
    assert [o.quarter for o in observations] == [Quarter(2024, 1) + n for n in range(8)]
    assert [o.value for o in observations] == [0.1, 0.11, 0.12, 0.13, 0.12, 0.13, 0.14, 0.15]
    assert refusals == ()


def test_alphabet_s_lease_principal_of_2024_was_first_public_as_a_comparative() -> None:
    observations, _ = observations_from(filed("GOOGL"), "GOOGL", ["finance_lease_principal"])
    known = {str(o.quarter): o.known_on for o in observations}
    assert known["2024Q1"] == date(2025, 4, 25)
    assert known["2024Q4"] == date(2026, 2, 5)


def test_by_3_february_2025_microsoft_and_meta_had_filed_the_last_quarter_of_2024_and_alphabet_had_not() -> (
    None
):
    day, last = date(2025, 2, 3), Quarter(2024, 4)
    filed_by_then = {
        name: last in {o.quarter for o in observations_from(filed(name).as_of(day), name, ["capex_cash"])[0]}
        for name in ("MSFT", "META", "GOOGL")
    }
    assert filed_by_then == {"MSFT": True, "META": True, "GOOGL": False}


@pytest.mark.parametrize("name", ["MSFT", "META", "GOOGL"])
def test_cutting_the_filings_and_cutting_the_quarters_give_the_same_figures_on_every_day(name: str) -> None:
    facts = filed(name)
    everything = MarketFacts(observations_from(facts, name)[0], ())
    for day in sorted({f.filed for f in facts.facts}):
        cut_first = MarketFacts(observations_from(facts.as_of(day), name)[0], ()).as_of(day)
        cut_last = everything.as_of(day)
        assert {(o.series, o.quarter, o.value, o.known_on) for o in cut_first.observations} == {
            (o.series, o.quarter, o.value, o.known_on) for o in cut_last.observations
        }


def test_own_observations_stand_before_the_shipped_ones_of_the_same_day() -> None:
    shipped, _ = capex(YEAR)
    own, _ = capex([{**YEAR[0], "val": 101e6}])
    joined = with_own(MarketFacts(shipped, ()), own).as_of(date(2024, 6, 1))
    assert joined.series("capex_cash", "ACME")[Quarter(2024, 1)].value == 0.101


millions = st.integers(1, 50_000)
first_days = st.builds(
    lambda year, month, days: date(year, month, 1) + timedelta(days=days),
    st.integers(2012, 2024),
    st.integers(1, 12),
    st.integers(-6, 6),
)
"""First days of fiscal years: the turn of a month, as 52-week calendars have it too."""


def year_of(first: date, quarters: list[int]) -> list[dict[str, object]]:
    """The year to date, filed four times, of a fiscal year of 13-week quarters that begins on `first`."""
    made = []
    for n in range(1, 5):
        end = first + timedelta(days=91 * n - 1)
        form = "10-K" if n == 4 else "10-Q"
        made.append(fact(str(first), str(end), sum(quarters[:n]), form=form))
    return made


@given(first_days, st.lists(millions, min_size=4, max_size=4))
def test_four_quarters_are_the_year_whenever_it_begins(first: date, quarters: list[int]) -> None:
    observations, refused = capex(year_of(first, quarters))
    assert [o.value for o in observations] == [pytest.approx(q / 1e3, abs=1e-9) for q in quarters]
    assert [b.quarter - a.quarter for a, b in pairwise(observations)] == [1, 1, 1]
    assert refused == {}


@settings(max_examples=50)
@given(
    st.lists(millions, min_size=4, max_size=4),
    st.lists(millions, min_size=4, max_size=4),
    st.integers(0, 700),
)
def test_nothing_filed_after_a_day_moves_what_was_known_on_it(
    quarters: list[int], restated: list[int], days: int
) -> None:
    original = year_of(date(2023, 1, 1), quarters)
    day = date(2023, 4, 1) + timedelta(days=days)

    def known(later: list[int]) -> object:
        again = [
            {**f, "val": v * 1e6, "filed": str(date.fromisoformat(str(f["filed"])) + timedelta(days=364)),
             "accn": f"again-{n}"}
            for n, (f, v) in enumerate(zip(original, [sum(later[:k]) for k in range(1, 5)], strict=True))
        ]  # fmt: skip
        return capex(read([*original, *again]).as_of(day))

    unchanged = [
        f["val"] for f in original if date.fromisoformat(str(f["filed"])) + timedelta(days=364) <= day
    ]
    kept = len(unchanged)
    assert known(restated) == known([*restated[:kept], *[v + 7 for v in restated[kept:]]])
