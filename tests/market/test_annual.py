"""Four quarters are the year within 2 M USD, or the data say why; and every trap of the shipped quarters."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.errors import BadInput
from counterpoise.market.annual import COLUMNS, AnnualTotal, shipped_years, year_checks, years_from
from counterpoise.market.bases import kind
from counterpoise.market.calendar import Quarter, quarters_between
from counterpoise.market.facts import Observation
from counterpoise.market.load import shipped
from counterpoise.market.quarters import observations_from
from market.companyfacts import filed

YEAR = AnnualTotal(
    "capex_cash", "ACME", 2024, Quarter(2024, 4), 10.0, "USD bn", "gross cash purchases", "filed",
    date(2025, 2, 1), "sourced", "10-K",
)  # fmt: skip


def quarters(*values: float) -> list[Observation]:
    return [
        Observation(
            "capex_cash", "ACME", quarter, value, "USD bn", "gross cash purchases", "filed", quarter.end,
            "sourced", "10-Q",
        )
        for quarter, value in zip(quarters_between(Quarter(2024, 1), Quarter(2024, 4)), values, strict=False)
    ]  # fmt: skip


def test_every_shipped_firm_year_equals_its_four_quarters_or_says_why() -> None:
    checks = year_checks(shipped().observations, shipped_years())
    assert len(checks) >= 67
    assert [c for c in checks if not c.holds] == []
    apart = {(c.year.entity, c.year.fiscal_year) for c in checks if abs(c.difference) > 0.002}
    assert apart == {("GOOGL", 2015), ("AMZN", 2017), ("NVDA", 2019), ("NVDA", 2021), ("NVDA", 2022)}


def test_every_year_of_the_four_large_clouds_from_2020_on_is_held_against_its_report() -> None:
    known = {(y.entity, y.fiscal_year) for y in shipped_years() if y.series == "capex_cash"}
    for entity in ("MSFT", "GOOGL", "AMZN", "META", "ORCL"):
        assert {(entity, year) for year in range(2020, 2026)} <= known


@given(st.dates(date(2015, 1, 1), date(2026, 11, 1)))
def test_on_any_day_quarters_and_year_agree_unless_they_are_on_two_bases(day: date) -> None:
    for check in year_checks(shipped().observations, shipped_years(), day):
        assert check.holds or not check.one_basis


def test_amazon_s_net_quarters_are_not_its_gross_year() -> None:
    (check,) = (
        c
        for c in year_checks(shipped().observations, shipped_years())
        if (c.year.entity, c.year.fiscal_year) == ("AMZN", 2017)
    )
    assert not check.one_basis
    assert check.difference == pytest.approx(-1.897)
    assert "another basis" in check.year.note


def test_amazon_s_trailing_years_agree_with_its_quarters_within_two_million() -> None:
    """Each trailing year less the one a quarter before is the quarter less the same quarter of last year."""
    amazon = {q: o.value for q, o in shipped().series("capex_cash", "AMZN").items()}
    # USD bn in the twelve months to each quarter, from Amazon's reports of 2015Q4 to 2017Q1.
    trailing = [4.589, 4.897, 5.395, 6.040, 6.737, 7.417]
    ends = quarters_between(Quarter(2015, 4), Quarter(2017, 1))
    assert sum(amazon[ends[0] + n] for n in (-3, -2, -1, 0)) == pytest.approx(trailing[0], abs=0.0021)
    for end, (before, after) in zip(ends[1:], pairwise(trailing), strict=True):
        assert after - before == pytest.approx(amazon[end] - amazon[end + -4], abs=0.0021)


def test_alphabet_s_quarters_of_2016_sum_to_the_reported_year() -> None:
    """A repost takes unrestated quarters off the year, and comes to 10.241 against 10.212."""
    alphabet = shipped().series("capex_cash", "GOOGL")
    of_2016 = [alphabet[Quarter(2016, n)].value for n in (1, 2, 3, 4)]
    assert sum(of_2016) == pytest.approx(10.212)
    assert "10.241" in alphabet[Quarter(2016, 4)].note
    assert sum(of_2016[:3]) + 3.107 == pytest.approx(10.241)


def test_meta_s_2023_is_the_original_until_it_was_restated_and_2022_stays_the_original() -> None:
    def total(year: int, day: date) -> float:
        meta = shipped().as_of(day).series("capex_cash", "META")
        return sum(meta[Quarter(year, n)].value for n in (1, 2, 3, 4))

    assert total(2023, date(2024, 3, 1)) == pytest.approx(27.266)
    assert total(2023, date(2025, 2, 3)) == pytest.approx(27.045)
    assert total(2022, date(2023, 3, 1)) == total(2022, date(2026, 8, 1)) == pytest.approx(31.431)


def test_microsoft_s_headline_with_leases_is_not_its_cash_capex() -> None:
    facts = shipped()
    cash, headline = facts.series("capex_cash", "MSFT"), facts.series("capex_with_leases", "MSFT")
    assert len(headline) == 5
    assert all(o.value > cash[q].value for q, o in headline.items())


def test_oracle_and_nvidia_stand_in_the_calendar_quarter_that_holds_most_of_theirs() -> None:
    on_the_day = shipped().as_of(date(2025, 2, 3))
    assert max(on_the_day.series("capex_cash", "ORCL")) == Quarter(2024, 4)
    assert max(on_the_day.series("revenue", "NVDA")) == Quarter(2024, 3)
    assert shipped().series("revenue", "NVDA")[Quarter(2024, 4)].known_on == date(2025, 2, 26)


def test_coreweave_s_quarters_before_it_was_listed_were_not_public_then() -> None:
    assert shipped().as_of(date(2025, 2, 3)).series("capex_cash", "CRWV") == {}


@pytest.mark.parametrize(
    ("entity", "capex", "leases"),
    # Microsoft's leases of fiscal 2023 are left out: the table lacks its first two quarters.
    [("MSFT", 16, 12), ("META", 17, 13), ("GOOGL", 14, 10)],
)
def test_the_engine_takes_the_filings_built_of_the_shipped_quarters_apart_again(
    entity: str, capex: int, leases: int
) -> None:
    """Three, six, nine months and years, and their comparatives, give the table: no figure more or less."""
    worked_out, refusals = observations_from(filed(entity), entity, ["capex_cash", "finance_lease_principal"])
    assert refusals == ()
    assert [o.series for o in worked_out] == ["capex_cash"] * capex + ["finance_lease_principal"] * leases
    ours = {
        (o.series, o.quarter, o.value, o.filed_in): o for o in shipped().observations if o.entity == entity
    }
    for one in worked_out:
        held = ours[one.series, one.quarter, one.value, one.filed_in]
        assert one.status == held.status or held.status == "reposted"
        assert kind(one.basis) == kind(held.basis)
        # A release may have told the figure some days before the filing.
        assert 0 <= (one.known_on - held.known_on).days <= 1


def test_no_shipped_figure_is_known_before_its_quarter_was_nearly_over() -> None:
    """A fiscal quarter may end up to a month before the calendar quarter that holds its midpoint."""
    assert all((o.known_on - o.quarter.end).days > -30 for o in shipped().observations)


def test_a_difference_above_two_million_does_not_hold_unless_it_is_explained() -> None:
    found = quarters(2.0, 2.5, 2.5, 3.003)
    assert not year_checks(found, [YEAR])[0].holds
    assert year_checks(found, [replace(YEAR, explained=0.003, note="restated since")])[0].holds
    assert year_checks(quarters(2.0, 2.5, 2.5, 3.002), [YEAR])[0].holds


def test_a_year_of_which_a_quarter_is_missing_is_not_checked() -> None:
    assert year_checks(quarters(2.0, 2.5, 2.5), [YEAR]) == ()
    assert year_checks(quarters(2.0, 2.5, 2.5, 3.0), [YEAR], date(2024, 12, 30)) == ()


def row(**changed: str) -> bytes:
    cells = dict.fromkeys(COLUMNS, "x") | {
        "fiscal_year": "2024", "last_quarter": "2024Q4", "value": "10", "status": "filed",
        "known_on": "2025-02-01", "dated": "sourced", "explained": "", "note": "",
    }  # fmt: skip
    cells |= changed
    return f"{','.join(COLUMNS)}\n{','.join(cells[c] for c in COLUMNS)}\n".encode()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"explained": "-0.01"}, "annual.csv, line 2, explained: a difference is stated without a reason"),
        ({"explained": "some", "note": "n"}, '"some" is not a number'),
        ({"fiscal_year": "2024.5"}, "is not a whole number"),
        ({"last_quarter": "2024"}, "line 2, last_quarter"),
        ({"status": "guessed"}, "unknown status"),
        ({"value": "-1"}, "is no amount"),
    ],
)
def test_a_bad_row_of_yearly_totals_names_its_place(changed: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        years_from(row(**changed), "annual.csv")


def test_an_explained_difference_is_read_with_its_sign() -> None:
    assert years_from(row(explained="-0.01", note="rounded"), "annual.csv")[0].explained == -0.01
