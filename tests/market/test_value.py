"""What growth a price implies, and what a revenue path is worth."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.errors import BadInput, Refused
from counterpoise.market import implied, value
from counterpoise.market.facts import MarketFacts
from counterpoise.market.load import shipped

THEN = date(2025, 2, 3)
FACTS = shipped().as_of(THEN)
MIDDLE = value.middle(value.assumption_ranges(FACTS))

assumptions = st.builds(
    value.Assumptions,
    discount_rate=st.floats(0.07, 0.2),
    terminal_growth=st.floats(-0.02, 0.05),
    fcf_margin=st.floats(0.05, 0.6),
    net_cash_usd_bn=st.floats(0, 50),
    growth_after=st.floats(-0.1, 0.3),
)


@given(assumptions, st.floats(-0.5, 1.0), st.floats(10, 500))
def test_the_implied_growth_gives_back_the_value(under, growth, revenue):
    worth = value.value_usd_bn(revenue, growth, under)
    found = value.implied_growth(worth, revenue, under)
    assert value.value_usd_bn(revenue, found, under) == pytest.approx(float(worth), rel=1e-9)
    assert found == pytest.approx(growth, abs=1e-9)


@given(assumptions, st.floats(-0.3, 0.8), st.floats(0.001, 0.1))
def test_a_higher_rate_never_raises_the_value(under, growth, more):
    dearer = replace(under, discount_rate=under.discount_rate + more)
    assert value.value_usd_bn(100.0, growth, dearer) <= value.value_usd_bn(100.0, growth, under)
    path = np.full((1, 12), 40.0)
    assert value.value_of_path_usd_bn(path, dearer) <= value.value_of_path_usd_bn(path, under)


@given(assumptions, st.floats(-0.3, 0.8), st.floats(0.001, 0.3))
def test_more_growth_is_worth_more(under, growth, more):
    assert value.value_usd_bn(100.0, growth + more, under) > value.value_usd_bn(100.0, growth, under)


def test_growth_equal_to_growth_without_end_is_gordons_formula():
    under = value.Assumptions(0.10, 0.03, 0.4, 0.0, 0.03)
    # A flow in the middle of each year for ever: m R (1 + g) / (r - g), half a year nearer.
    closed = 0.4 * 100 * 1.03 / (0.10 - 0.03) * 1.10**0.5
    assert value.value_usd_bn(100.0, 0.03, under) == pytest.approx(closed, rel=1e-12)


def test_a_steady_path_by_quarter_is_worth_what_its_quarters_discount_to():
    under = value.Assumptions(0.10, 0.0, 0.5, 0.0, 0.0)
    quarters = np.arange(12)
    near = np.sum(0.5 * 10 * 1.1 ** -((quarters + 0.5) / 4))
    years = 3 + np.arange(7) + 0.5
    far = np.sum(0.5 * 40 * 1.1**-years) + 0.5 * 40 / 0.1 * 1.1 ** -years[-1]
    assert value.value_of_path_usd_bn(np.full((1, 12), 10.0), under)[0] == pytest.approx(near + far)


def test_a_price_fall_of_a_quarter_took_a_few_points_of_implied_growth():
    document = implied.implied_by_prices(FACTS, [153.13, 116.66], 24.49)
    before, after = document["prices"]
    assert document["last_quarter"] == "2024Q3"
    assert before["implied_growth_per_year"] > after["implied_growth_per_year"] > 0
    assert after["implied_growth_per_year_low80"] < after["implied_growth_per_year"]
    change = document["change_in_implied_growth"]
    assert change["low80"] <= change["middle"] <= change["high80"] < 0


def test_the_quarter_reported_after_the_day_is_not_in_the_last_four():
    revenue, last = value.last_four_quarters(FACTS, "revenue", "NVDA")
    assert str(last) == "2024Q3"
    assert revenue == pytest.approx(22.103 + 26.044 + 30.04 + 35.082)


def test_every_draw_of_the_assumptions_has_an_end():
    many = value.drawn(value.assumption_ranges(FACTS), 5_000)
    assert np.all(many.discount_rate > many.terminal_growth)
    low, high = np.quantile(many.fcf_margin, [0.1, 0.9])
    assert (low, high) == pytest.approx((0.30, 0.50), abs=0.01)


def test_each_assumption_has_a_stream_of_its_own():
    ranges = value.assumption_ranges(FACTS)
    wider = tuple(replace(p, high=p.high * 1.5) if p.name == "fcf_margin" else p for p in ranges)
    one, other = value.drawn(ranges, 100, 3), value.drawn(wider, 100, 3)
    assert np.array_equal(one.discount_rate, other.discount_rate)
    assert not np.array_equal(one.fcf_margin, other.fcf_margin)


def test_the_document_holds_every_assumption_with_its_source():
    document = implied.implied_by_prices(FACTS, [116.66], 24.49, draws=200)
    assert {a["name"] for a in document["assumptions"]} == {
        "discount_rate", "terminal_growth", "fcf_margin", "net_cash_usd_bn", "growth_after",
    }  # fmt: skip
    assert all(a["source"] and a["kind"] == "assumed" for a in document["assumptions"])


def test_a_path_twice_as_high_is_worth_more_in_every_draw():
    path = 35.0 * np.exp(np.random.default_rng(1).normal(0.05, 0.1, (300, 12)).cumsum(axis=1))
    worth, document = implied.value_under_paths(FACTS, path, [153.13, 116.66], 24.49)
    higher, _ = implied.value_under_paths(FACTS, 2 * path, [116.66], 24.49)
    assert np.all(higher > worth)
    dear, cheap = document["prices"]
    assert dear["probability_worth_more"] <= cheap["probability_worth_more"]
    assert sum(b["share"] for b in document["histogram"]) == pytest.approx(0.99, abs=0.01)


def test_growth_above_the_rate_is_refused():
    with pytest.raises(BadInput, match="has no end"):
        replace(MIDDLE, terminal_growth=0.2)


def test_a_margin_of_nothing_is_refused():
    with pytest.raises(BadInput, match="margin"):
        replace(MIDDLE, fcf_margin=0.0)


@pytest.mark.parametrize("price", [0.0, -5.0, np.nan])
def test_a_price_that_is_none_is_refused(price):
    with pytest.raises(BadInput, match="above 0"):
        implied.implied_by_prices(FACTS, [price], 24.49)


def test_a_value_out_of_reach_is_refused():
    with pytest.raises(Refused, match="no growth"):
        value.implied_growth(1e12, 100.0, MIDDLE)


def test_without_four_quarters_there_is_no_answer():
    kept = tuple(o for o in FACTS.observations if str(o.quarter) != "2024Q2")
    with pytest.raises(Refused, match="lacks 2024Q2"):
        value.last_four_quarters(MarketFacts(kept, ()), "revenue", "NVDA")
    with pytest.raises(Refused, match="no revenue of ACME"):
        value.last_four_quarters(FACTS, "revenue", "ACME")


def test_before_an_assumption_was_public_there_is_no_value():
    with pytest.raises(Refused, match="no discount rate"):
        value.assumption_ranges(shipped().as_of(date(2024, 12, 1)))


def test_a_path_of_three_quarters_is_refused():
    with pytest.raises(BadInput, match="four quarters"):
        value.value_of_path_usd_bn(np.ones((2, 3)), MIDDLE)
