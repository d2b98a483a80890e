"""The largest fall on each basis: against a double loop, and the figures of February 2025."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.errors import BadInput
from counterpoise.market.drawdown import BASES, falls, falls_between, value_lost
from market.price_tables import excerpt, series

PRICES = st.lists(st.floats(1, 1000), min_size=2, max_size=30)


@st.composite
def days_of_prices(draw):
    closes = draw(PRICES)
    over = draw(st.lists(st.floats(0, 0.2), min_size=len(closes), max_size=len(closes)))
    under = draw(st.lists(st.floats(0, 0.2), min_size=len(closes), max_size=len(closes)))
    highs = [c * (1 + o) for c, o in zip(closes, over, strict=True)]
    lows = [c * (1 - u) for c, u in zip(closes, under, strict=True)]
    return series(closes, highs, lows)


def by_double_loop(prices, peak_column, trough_column):
    """The least ratio of a later trough to a peak, one pair at a time."""
    peaks, troughs = prices.by_column[peak_column], prices.by_column[trough_column]
    ratios = [troughs[j] / peaks[i] for i in range(len(prices)) for j in range(i + 1, len(prices))]
    return min(ratios)


@given(days_of_prices())
def test_the_largest_fall_on_each_basis_is_that_of_a_double_loop(prices):
    found = {(f.peak_column, f.trough_column): f for f in falls(prices)}
    for basis in BASES:
        least = by_double_loop(prices, *basis)
        if least >= 1:
            assert basis not in found
        else:
            fall = found[basis]
            assert 1 + fall.change == pytest.approx(least, rel=1e-12)
            assert fall.peak_on < fall.trough_on
            assert fall.peak_price == prices.by_column[basis[0]][prices.days.index(fall.peak_on)]
            assert fall.trough_price == prices.by_column[basis[1]][prices.days.index(fall.trough_on)]


@given(days_of_prices())
def test_from_the_high_or_to_the_low_a_fall_is_never_smaller(prices):
    found = {f.basis: -f.change for f in falls(prices)}
    for narrower, wider in (
        ("close to close", "high to close"),
        ("close to close", "close to low"),
        ("high to close", "high to low"),
        ("close to low", "high to low"),
    ):
        assert found.get(wider, 0.0) >= found.get(narrower, 0.0) - 1e-12


@given(days_of_prices(), st.data())
def test_more_days_never_make_the_largest_fall_smaller(prices, data):
    first = data.draw(st.integers(0, len(prices) - 2))
    last = data.draw(st.integers(first + 1, len(prices) - 1))
    part = {f.basis: f.change for f in falls(prices, prices.days[first], prices.days[last])}
    whole = {f.basis: f.change for f in falls(prices)}
    assert all(whole[basis] <= change + 1e-12 for basis, change in part.items())


@given(days_of_prices(), st.floats(0.01, 100))
def test_the_value_lost_is_the_shares_times_the_move_and_follows_the_currency_unit(prices, shares_bn):
    for fall in falls(prices):
        lost = value_lost(fall, shares_bn)
        assert lost == pytest.approx(shares_bn * fall.peak_price * -fall.change, rel=1e-9)
        assert value_lost(fall, 2 * shares_bn) == pytest.approx(2 * lost)


def test_prices_that_only_rise_have_no_fall_on_closes():
    assert falls(series([1, 2, 3, 4])) == ()


def test_the_figures_of_february_2025_follow_from_the_prices_on_each_basis():
    told = {f.basis: f for f in falls(excerpt())}
    high, close = told["high to close"], told["close to close"]
    assert (high.peak_price, high.peak_on) == (153.13, date(2025, 1, 7))
    assert (high.trough_price, high.trough_on) == (116.66, date(2025, 2, 3))
    assert [round(100 * told[b].change, 1) for b in told] == [-23.8, -21.9, -26.2, -24.4]
    assert (close.peak_price, close.peak_on) == (149.43, date(2025, 1, 6))


def test_another_close_on_the_day_of_the_trough_is_another_fall():
    prices = excerpt()
    closes = prices.by_column["close"].copy()
    closes[prices.days.index(date(2025, 2, 3))] = 116.0
    changed = replace(prices, by_column={**prices.by_column, "close": closes})
    assert round(100 * falls(changed)[0].change, 1) == -24.2


def test_two_days_of_ones_own_choice_are_compared_on_every_basis_a_rise_included():
    fell = falls_between(excerpt(), date(2025, 1, 24), date(2025, 1, 27))
    assert [f.basis for f in fell] == ["high to close", "close to close", "high to low", "close to low"]
    assert round(100 * fell[1].change, 1) == -17.0
    rose = falls_between(excerpt(), date(2025, 2, 3), date(2025, 2, 19))
    assert rose[1].change > 0
    assert value_lost(rose[1], 1.0) < 0


def test_a_day_without_a_price_is_answered_with_the_nearest_and_a_trough_before_its_peak_refused():
    with pytest.raises(BadInput, match=r"--trough: .* on 2025-02-01. The nearest trading day is 2025-01-31"):
        falls_between(excerpt(), date(2025, 1, 7), date(2025, 2, 1))
    with pytest.raises(BadInput, match="not after the peak"):
        falls_between(excerpt(), date(2025, 2, 3), date(2025, 1, 7))
