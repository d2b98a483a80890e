"""May a chip be newly had in a region, as one knew it then."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.catalogue import as_of, load, may_buy

CASE_DAY = date(2025, 2, 3)
DAYS = st.dates(date(2022, 11, 1), date(2026, 11, 1))
CHIPS = st.sampled_from(sorted(load().chips))


def allowed(chip: str, known: date, bought: date, region: str = "CN") -> bool:
    return may_buy(load(), chip, region, known, bought)[0]


@pytest.mark.parametrize(
    ("known", "bought", "may"),
    [
        (date(2024, 6, 1), date(2024, 6, 1), True),
        (CASE_DAY, CASE_DAY, True),
        (CASE_DAY, date(2026, 6, 1), True),  # nobody knew of the licence yet
        (date(2025, 4, 13), date(2025, 6, 1), True),
        (date(2025, 4, 14), date(2025, 6, 1), False),
        (date(2025, 7, 20), date(2025, 9, 1), False),  # licences promised, none granted
        (date(2025, 8, 10), date(2025, 8, 20), True),
        (date(2025, 10, 1), date(2025, 11, 1), False),  # buyers told to stop
    ],
)
def test_the_h20_in_china(known, bought, may):
    assert allowed("H20", known, bought) is may


@pytest.mark.parametrize(
    "chip", ["H100-SXM5-80GB", "H200-SXM-141GB", "GB200", "B200-SXM-180GB", "MI300X", "H800-SXM"]
)
def test_flagships_are_not_to_be_had_in_china_in_2025(chip):
    may, why = may_buy(load(), chip, "CN", CASE_DAY, CASE_DAY)
    assert not may
    assert "2023-10-17" in why


def test_the_h800_was_to_be_had_for_half_a_year():
    assert allowed("H800-SXM", date(2023, 6, 1), date(2023, 6, 1))
    assert allowed("H800-SXM", date(2023, 6, 1), date(2024, 6, 1))  # as one thought then
    assert not allowed("H800-SXM", date(2023, 11, 1), date(2023, 11, 1))


@pytest.mark.parametrize("region", ["US", "EU", "UK", "JP"])
@given(chip=CHIPS, day=DAYS)
def test_no_american_chip_is_kept_from_allies(region, chip, day):
    if not chip.startswith("Ascend"):
        assert allowed(chip, day, day, region)


def test_ascend_is_to_be_had_in_china_and_not_abroad_since_the_guidance():
    day = date(2025, 6, 1)
    assert allowed("Ascend-910B", day, day)
    assert not allowed("Ascend-910B", day, day, "US")


def test_a_rule_reaches_the_parts_of_a_region():
    assert not allowed("H100-SXM5-80GB", CASE_DAY, CASE_DAY, "CN west")


@given(CHIPS, DAYS, DAYS)
def test_a_plan_knows_no_rule_that_its_day_did_not_know(chip, known, bought):
    """Asking the facts of the day gives the same answer as asking all facts about that day."""
    for region in ("CN", "US", "AE"):
        assert may_buy(as_of(load(), known), chip, region, known, bought) == may_buy(
            load(), chip, region, known, bought
        )


def test_every_answer_names_its_rule_and_since_when_it_was_known():
    assert may_buy(load(), "H20", "CN", date(2025, 5, 1), date(2025, 6, 1)) == (
        False,
        "H20 licence requirement (known since 2025-04-14)",
    )
