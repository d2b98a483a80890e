"""Gross is not net, and a figure with leases is not one without: bases are told apart and never mixed."""

from __future__ import annotations

from datetime import date

import pytest

from counterpoise.market.annual import shipped_years
from counterpoise.market.bases import breaks, kind
from counterpoise.market.calendar import Quarter
from counterpoise.market.load import shipped
from counterpoise.market.quarters import observations_from
from market.companyfacts import CAPEX, PROCEEDS, capex, fact, filed


@pytest.mark.parametrize(
    ("words", "basis"),
    [
        ("cash purchases of property & equipment", "gross"),
        ("gross cash purchases of P&E", "gross"),
        ("NET cash purchases (as reported before the 2017 gross/net split)", "net of proceeds"),
        ("cash purchases of property & equipment, net of proceeds", "net of proceeds"),
        ("cash P&E purchases INCLUDING principal payments on finance leases", "with lease principal"),
        ("capital expenditures INCLUDING assets acquired under finance leases", "with leased assets"),
        ("total revenue", "other"),
    ],
)
def test_a_basis_in_words_is_one_of_five(words: str, basis: str) -> None:
    assert kind(words) == basis


def test_meta_s_restatement_of_2023_is_a_change_from_gross_to_net() -> None:
    observations, _ = observations_from(filed("META"), "META", ["capex_cash"])
    of_2023 = [o for o in observations if o.quarter.year == 2023]
    assert [(o.value, kind(o.basis)) for o in of_2023] == [
        (6.842, "gross"), (6.823, "net of proceeds"),
        (6.216, "gross"), (6.134, "net of proceeds"),
        (6.543, "gross"), (6.496, "net of proceeds"),
        (7.665, "gross"), (7.592, "net of proceeds"),
    ]  # fmt: skip
    assert all(kind(o.basis) == "net of proceeds" for o in observations if o.quarter.year > 2023)


def test_a_comparative_less_just_what_was_sold_is_a_change_from_gross_to_net() -> None:
    first = fact("2024-01-01", "2024-03-31", 100)
    again = fact("2024-01-01", "2024-03-31", 80, filed="2025-04-30")
    this_year = fact("2025-01-01", "2025-03-31", 90, filed="2025-04-30")
    proceeds = fact("2024-01-01", "2024-03-31", 20)
    observations, _ = capex({CAPEX: [first, again, this_year], PROCEEDS: [proceeds]})
    assert [(str(o.quarter), o.value, kind(o.basis)) for o in observations] == [
        ("2024Q1", 0.1, "gross"), ("2024Q1", 0.08, "net of proceeds"), ("2025Q1", 0.09, "net of proceeds"),
    ]  # fmt: skip


def test_a_restatement_by_another_amount_than_the_proceeds_changes_no_basis() -> None:
    first = fact("2024-01-01", "2024-03-31", 100)
    again = fact("2024-01-01", "2024-03-31", 93, filed="2025-04-30")
    proceeds = fact("2024-01-01", "2024-03-31", 20)
    observations, _ = capex({CAPEX: [first, again], PROCEEDS: [proceeds]})
    assert {o.basis for o in observations} == {"cash purchases of property & equipment"}


def test_from_net_to_gross_is_found_as_well() -> None:
    first = fact("2024-01-01", "2024-03-31", 80)
    again = fact("2024-01-01", "2024-03-31", 100, filed="2025-04-30")
    proceeds = fact("2024-01-01", "2024-03-31", 20)
    observations, _ = capex({CAPEX: [first, again], PROCEEDS: [proceeds]})
    assert [kind(o.basis) for o in observations] == ["net of proceeds", "gross"]


def test_the_shipped_capex_changes_basis_twice_and_says_where() -> None:
    found = {(b.entity, b.series): (b.last_before, b.before, b.after) for b in breaks(shipped().observations)}
    assert found == {
        ("AMZN", "capex_cash"): (Quarter(2017, 4), "net of proceeds", "gross"),
        ("META", "capex_cash"): (Quarter(2022, 4), "gross", "net of proceeds"),
    }


def test_figures_with_leases_stand_in_a_series_of_their_own() -> None:
    facts = shipped()
    meta = facts.series("capex_with_leases", "META")
    assert meta[Quarter(2026, 2)].value == 31.08
    assert Quarter(2026, 2) not in facts.series("capex_cash", "META")
    assert len(facts.series("capex_with_leases", "MSFT")) == 5
    with_leases = [o for o in facts.observations if o.series == "capex_with_leases"]
    assert {kind(o.basis) for o in with_leases} == {"with lease principal", "with leased assets"}
    assert all(
        kind(o.basis) in {"gross", "net of proceeds"} for o in facts.observations if o.series == "capex_cash"
    )


def test_other_currencies_stand_in_a_series_of_their_own() -> None:
    assert {o.series for o in shipped().observations if o.unit != "USD bn"} == {"capex_headline"}


def test_a_year_says_its_basis_as_its_quarters_do() -> None:
    assert {kind(y.basis) for y in shipped_years() if y.series == "capex_cash"} == {
        "gross",
        "net of proceeds",
    }
    assert date(2025, 1, 30) in {
        y.known_on for y in shipped_years() if (y.entity, y.fiscal_year) == ("META", 2023)
    }
