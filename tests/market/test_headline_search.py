"""Every way to come to a headline is found, and the likeliest comes first."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.errors import BadInput
from counterpoise.market.headline import read_headline
from counterpoise.market.headline_search import distinct_falls, explain
from counterpoise.market.shares import ShareCount, stated_counts
from market.price_tables import excerpt, facts, series

ARTICLE = "-23.8% 893.1bn"


def counted(shares_bn, kind="cover page", half_bn=0.0, day=date(2024, 1, 10)):
    return ShareCount(shares_bn, half_bn, day, kind, "s")


def by_double_loop(prices, headline, counts):
    """Every pair of days and columns, one at a time; on the inside of the edges and on their outside."""
    inside, outside = set(), set()
    tried = counts if counts and headline.value_bn is not None else [None]
    for slack, found in ((-1e-7, inside), (1e-7, outside)):
        for i in range(len(prices)):
            for j in range(i + 1, len(prices)):
                for p, peaks in prices.by_column.items():
                    for t, troughs in prices.by_column.items():
                        for n, count in enumerate(tried):
                            if fits(peaks[i], troughs[j], headline, count, slack):
                                found.add((prices.days[i], p, prices.days[j], t, n))
    return inside, outside


def fits(peak, trough, headline, count, slack):
    change, lost = 1 - trough / peak, peak - trough
    good = headline.fall is None or headline.fall.low - slack <= change <= headline.fall.high + slack
    if headline.value_bn is not None and count is not None:
        most, least = lost * count.high_bn, lost * count.low_bn
        good = good and lost >= 0
        good = good and most >= headline.value_bn.low * (1 - slack)
        good = good and least <= headline.value_bn.high * (1 + slack)
    return good


@given(
    st.lists(st.integers(50, 150), min_size=2, max_size=12),
    st.sampled_from(["-20%", "-23.8%", "-5.0%", "-20% 30bn", "25bn", "-33% 40.0bn"]),
    st.sampled_from([[], [counted(1.0, half_bn=0.05)], [counted(1.0), counted(1.3, half_bn=0.005)]]),
)
def test_the_search_finds_what_a_double_loop_finds(closes, text, counts):
    prices = series(closes, [c * 1.02 for c in closes], [c * 0.97 for c in closes])
    headline = read_headline(text, "USD")
    if headline.fall is None and not counts:
        with pytest.raises(BadInput, match="a sum alone needs a share count"):
            explain(prices, headline, counts)
        return
    found = {
        (m.fall.peak_on, m.fall.peak_column, m.fall.trough_on, m.fall.trough_column,
         counts.index(m.count) if m.count else 0)
        for m in explain(prices, headline, counts)
    }  # fmt: skip
    inside, outside = by_double_loop(prices, headline, counts)
    assert inside <= found <= outside


def test_the_articles_headline_has_one_explanation_with_an_independent_share_count():
    prices = excerpt()
    matches = explain(prices, read_headline(ARTICLE, "USD"), stated_counts(facts(), prices))
    (fall,) = distinct_falls(matches, independent=True)
    assert matches[0].fall == fall
    assert (fall.peak_on, fall.peak_price, fall.peak_column) == (date(2025, 1, 7), 153.13, "high")
    assert (fall.trough_on, fall.trough_price, fall.trough_column) == (date(2025, 2, 3), 116.66, "close")
    assert round(matches[0].value_bn, 1) == 893.1
    assert matches[0].count.kind == "market value"


def test_the_count_that_the_headline_implies_lies_by_the_independent_one():
    prices = excerpt()
    best = explain(prices, read_headline(ARTICLE, "USD"), stated_counts(facts(), prices))[0]
    low, high = best.implied_shares_bn
    assert low <= best.count.high_bn
    assert high >= best.count.low_bn
    assert high / low - 1 < 2e-4


def test_nothing_later_than_the_headline_can_have_made_it():
    prices = excerpt()
    headline = read_headline("-23.8%", "USD")
    every = explain(prices, headline)
    early = explain(prices, headline, said_on=date(2025, 2, 1))
    assert {m.fall for m in early} == {m.fall for m in every if m.fall.trough_on <= date(2025, 2, 1)}
    assert 0 < len(early) < len(every)


def test_the_day_of_the_headline_brings_the_fall_that_ended_just_before_it_to_the_top():
    # Two falls of a fifth, alike in all but their days.
    prices = series([100, 80, 100, 100, 100, 100, 100, 100, 80, 80])
    headline = read_headline("-20%", "USD")
    assert explain(prices, headline, said_on=prices.days[8])[0].fall.trough_on == prices.days[8]
    assert explain(prices, headline, said_on=prices.days[1])[0].fall.trough_on == prices.days[1]


def test_the_usual_basis_comes_before_an_unusual_one_and_an_adjusted_close_comes_last():
    closes = [100.0, 80.0]
    prices = series(closes, [100.0, 80.0], [100.0, 80.0], adj_close=np.array(closes))
    matches = explain(prices, read_headline("-20%", "USD"))
    assert len(matches) == 16
    assert matches[0].fall.basis in {"high to close", "close to close"}
    assert "adj" in matches[-1].fall.basis
    assert sum(m.usual for m in matches) == 4


def test_a_peak_that_was_the_highest_between_both_days_comes_before_one_that_was_not():
    prices = series([100, 104, 80, 83.2])
    headline = read_headline("-20%", "USD")
    highest = [m.extremes for m in explain(prices, headline) if m.fall.basis == "close to close"]
    assert highest == sorted(highest, reverse=True)


def test_a_count_made_from_the_headline_ranks_behind_one_that_was_not():
    prices = series([100, 80])
    counts = [counted(1.0, "circular"), counted(1.0, "diluted average"), counted(1.0, "cover page")]
    matches = explain(prices, read_headline("-20% 20bn", "USD"), counts)
    kinds = [m.count.kind for m in matches if m.fall.basis == "close to close"]
    assert kinds == ["cover page", "diluted average", "circular"]
    assert len(distinct_falls(matches, independent=True)) == 9


def test_a_percentage_alone_names_no_share_count():
    matches = explain(series([100, 80]), read_headline("-20%", "USD"), [counted(1.0)])
    assert {m.count for m in matches} == {None}
    assert {m.value_bn for m in matches} == {None}
