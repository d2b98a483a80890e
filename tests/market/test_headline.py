"""A headline is read as what it may have been before it was rounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.errors import BadInput
from counterpoise.market.headline import read_headline


@pytest.mark.parametrize(
    "text",
    [
        "-23.8% 893.1bn", "23.8 % and $893.1 bn", "down 23.8%, US$893.1 billion lost",
        "\u221223.8% 893.1B USD", "-23.8 percent; USD 893.1bn", "跌23.8% 8931亿美元", "-23.8% -$893.1bn",
        "0.8931tn, 23.8%",
    ],
)  # fmt: skip
def test_the_ways_to_write_one_headline_mean_the_same(text):
    headline = read_headline(text, "USD")
    assert headline.fall.value == pytest.approx(0.238)
    assert headline.value_bn.value == pytest.approx(893.1)
    assert headline.currency == "USD"


@given(st.integers(1, 999), st.integers(0, 2), st.integers(1, 10**6), st.integers(0, 3))
def test_each_figure_stands_for_half_its_last_digit_either_way(share, share_digits, value, digits):
    fall = share / 10 ** (share_digits + 1)
    text = f"-{fall:.{share_digits + 1}f}% {value / 10**digits:.{digits}f}bn"
    headline = read_headline(text, "USD")
    assert headline.fall.high - headline.fall.low == pytest.approx(10.0 ** -(share_digits + 1) / 100)
    assert headline.value_bn.high - headline.value_bn.low == pytest.approx(10.0**-digits)
    assert headline.value_bn.low < value / 10**digits < headline.value_bn.high


def test_either_figure_alone_is_a_headline():
    assert read_headline("-17%", "USD").value_bn is None
    assert read_headline("589bn", "USD").fall is None


def test_the_same_loss_in_two_currencies_tells_the_rate_within_its_rounding():
    low, high = read_headline("-23.8% 893.1bn 6.5tn CNY", "USD").implied_rate()
    assert low == pytest.approx(6450 / 893.15)
    assert high == pytest.approx(6550 / 893.05)
    assert read_headline("-23.8% 893.1bn", "USD").implied_rate() is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("it fell a lot", "no percentage and no sum"),
        ("", "no percentage and no sum"),
        ("23.8", '"23.8" has no unit. Write "23.8bn" or "23.8%"'),
        ("-23.8% on 27 January", '"27" has no unit'),
        ("+23.8%", "is a rise"),
        ("-0%", "no fall of a price"),
        ("-120%", "no fall of a price"),
        ("-23.8% -21.9%", "two percentages"),
        ("893.1bn 802.5bn", "two sums of USD"),
        ("0bn", "a loss of 0"),
        ("6.5tn CNY", "the sum is in CNY, the prices are in USD"),
        ("-23.8% 6.5tn CNY 900bn EUR", "three currencies"),
        ("9" * 400 + "bn", "letters"),
        ("1e400bn", "no percentage and no sum"),
    ],
)
def test_what_is_no_headline_of_a_fall_is_refused_with_what_to_write(text, said):
    with pytest.raises(BadInput, match=r"--explain: ") as refused:
        read_headline(text, "USD")
    assert said in str(refused.value)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_words(text):
    try:
        headline = read_headline(text, "USD")
    except BadInput:
        return
    assert headline.fall is not None or headline.value_bn is not None
