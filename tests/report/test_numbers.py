"""Numbers read the same everywhere, with their unit, and never pretend to more than they know."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.report import numbers


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (15_240_000, "15.2M CNY"),
        (999_600, "1M CNY"),
        (112_000, "112k CNY"),
        (9_120, "9,120 CNY"),
        (-1_234_567, "-1.23M CNY"),
        (2.19, "2.19 CNY"),
        (0, "0 CNY"),
        (893.1e9, "893B CNY"),
        (None, "not known"),
    ],
)
def test_money_has_three_digits_and_its_currency(value, said):
    assert numbers.money(value, "CNY") == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(2_160_000.4, "2,160,000 CNY"), (11.4, "11.40 CNY"), (0, "0 CNY"), (-1500.0, "-1,500 CNY")],
)
def test_money_on_an_order_is_exact_to_the_unit(value, said):
    assert numbers.money_exact(value, "CNY") == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0412, "41.2 ms"),
        (1.21, "1.21 s"),
        (90, "90 s"),
        (600, "10 min"),
        (3 * 86400, "3 days"),
        (36_000, "10 h"),
        (2e-6, "2 us"),
        (2e-9, "0.002 us"),
        (0, "0 s"),
    ],
)
def test_a_duration_is_in_the_unit_a_person_would_choose(seconds, said):
    assert numbers.duration(seconds) == said


@pytest.mark.parametrize(
    ("fraction", "said"), [(0.375, "38 %"), (0.0042, "0.42 %"), (0.071, "7.1 %"), (1, "100 %"), (0, "0 %")]
)
def test_a_share_is_a_percentage(fraction, said):
    assert numbers.percent(fraction) == said


def test_what_has_no_limit_says_so():
    assert numbers.quantity(math.inf, "kW") == "no limit"
    assert numbers.money(math.inf, "CNY") == "no limit"


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (150_000, "W", "150 kW"),
        (2_500_000, "W", "2.5 MW"),
        (1000, "W", "1 kW"),
        (0.08, "fraction/year", "8 %/year"),
        (0.998, "fraction", "99.8 %"),
        (96 * 2**30, "bytes", "96 GiB"),
        (4e12, "bytes/s", "4 TB/s"),
        (148e12, "FLOP/s", "148 TFLOP/s"),
        (0.06, "s", "60 ms"),
        (15_000_000, "CNY", "15M CNY"),
        (2, "systems", "2 systems"),
        (None, "kW", "not known"),
        (70, "%", "70 %"),
    ],
)
def test_a_quantity_carries_its_unit(value, unit, said):
    assert numbers.quantity(value, unit, "CNY") == said


@pytest.mark.parametrize(("value", "said"), [(2.0, "2"), (1.36, "1.4"), (0.5, "0.5"), (0.0413, "0.041")])
def test_things_are_counted_whole_where_they_are_whole(value, said):
    assert numbers.count(value) == said


@given(st.floats(min_value=1e-3, max_value=1e14))
def test_a_shown_number_is_within_half_a_percent_of_the_number(value):
    shown = float(numbers.significant(value).replace(",", ""))
    assert shown == pytest.approx(value, rel=5.1e-3)


@given(st.floats(allow_nan=True, allow_infinity=True), st.sampled_from(["", "s", "W", "%", "CNY", "kW"]))
def test_any_number_can_be_shown_and_in_ascii(value, unit):
    assert numbers.quantity(value, unit, "CNY").isascii()
    assert numbers.money_exact(value, "CNY").isascii()
    assert numbers.count(value).isascii()
