"""Which count of shares a value lost rests on: dated, independent of the headline, with its rounding."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.errors import BadInput
from counterpoise.market.shares import ShareCount, count_for, rounding, stated_counts, written_count
from market.price_tables import excerpt, facts

TROUGH = date(2025, 2, 3)


def count(kind, day, shares_bn=1.0):
    return ShareCount(shares_bn, 0.0, day, kind, "s")


def test_the_count_of_the_article_itself_is_circular_and_never_used_unasked():
    found = stated_counts(facts(), excerpt())
    circular = [c for c in found if c.kind == "circular"]
    assert [c.as_of for c in circular] == [TROUGH]
    assert not any(c.independent for c in circular)
    assert count_for(circular, TROUGH) is None


def test_a_published_market_value_over_that_days_close_is_a_count_to_more_digits_than_were_derived_from_it():
    used = count_for(stated_counts(facts(), excerpt()), TROUGH)
    assert (used.kind, used.as_of) == ("market value", date(2024, 12, 31))
    assert used.shares_bn == 3288.76 / 134.29
    assert round(used.shares_bn, 2) == 24.49
    assert used.low_bn < 24.490 < used.high_bn


def test_the_closes_that_a_user_brings_make_the_count():
    prices = excerpt().window(date(2025, 1, 2))
    used = count_for(stated_counts(facts(), prices), TROUGH)
    assert used.shares_bn == 24.49, "the count as others derived and rounded it"


def test_averages_and_counts_from_other_headlines_are_told_apart():
    kinds = {c.as_of: c.kind for c in stated_counts(facts(), excerpt())}
    assert kinds[date(2025, 1, 31)] == "diluted average"
    assert kinds[date(2025, 1, 27)] == "another headline"


def test_the_latest_independent_count_by_the_day_is_used_then_the_first_within_a_year_after_it():
    early, late = count("cover page", date(2024, 11, 15)), count("market value", date(2024, 12, 31))
    average = count("diluted average", date(2025, 1, 31))
    assert count_for([early, late, average], TROUGH) is late
    assert count_for([early, late, average], date(2024, 12, 1)) is early
    assert count_for([early, late], date(2024, 1, 1)) is early
    assert count_for([early, late], date(2022, 1, 1)) is None
    assert count_for([average], TROUGH) is None


def test_the_users_count_comes_before_all_others_whatever_its_date():
    own = count("given", date(2030, 1, 1))
    assert count_for([count("cover page", date(2024, 11, 15)), own], TROUGH) is own


@given(st.integers(1, 10**6), st.integers(0, 4))
def test_a_count_as_written_may_be_off_by_half_its_last_digit(digits, decimals):
    written = f"{digits / 10**decimals:.{decimals}f}"
    read = written_count(f"{written}bn@2025-01-22")
    assert read.shares_bn == pytest.approx(float(written))
    assert read.half_bn == rounding(written) == 0.5 * 10.0**-decimals
    assert (read.as_of, read.kind) == (date(2025, 1, 22), "given")


def test_counts_are_written_in_billions_millions_or_the_chinese_hundred_million():
    for text in ("24.49bn", "24,490 million", "24490M", "244.9亿", "24.49 B"):
        assert written_count(text).shares_bn == pytest.approx(24.49)


@pytest.mark.parametrize("text", ["24.49", "bn", "-3bn", "24.49bnn", "0bn", "24.49bn@tomorrow", "", "nanbn"])
def test_a_count_without_a_unit_or_of_nothing_is_refused(text):
    with pytest.raises(BadInput, match="--shares: "):
        written_count(text)
