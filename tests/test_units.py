"""Quantities as people write them."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from counterpoise.errors import BadInput, Where
from counterpoise.units import CURRENCIES, DIMENSIONS, TIME_S, Money, money, quantity

GIB = 2**30


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("80 GiB", "bytes", 80 * GIB),
        ("80 GB", "bytes", 80e9),
        ("3.35 TB/s", "bandwidth", 3.35e12),
        ("989 TFLOPS", "compute", 989e12),
        ("200 kW", "power", 200_000.0),
        ("0.2MW", "power", 200_000.0),
        ("60 ms", "time", 0.06),
        ("5 µs", "time", 5e-6),
        ("3 days", "time", 259_200.0),
        ("12 months", "time", 365.25 * 86_400),
        ("2 requests/s", "request rate", 2.0),
        ("120 requests per minute", "request rate", 2.0),
        ("10M requests/day", "request rate", 1e7 / 86_400),
        ("300M", "tokens", 3e8),
        ("300M tokens", "tokens", 3e8),
        ("14.8 T tokens", "tokens", 14.8e12),
        ("1,200", "tokens", 1200.0),
        ("1e3", "tokens", 1000.0),
        ("40 %", "share", 0.4),
        ("40%", "share", 0.4),
        ("15 %/quarter", "growth", 0.15),
        ("-5 %/quarter", "growth", -0.05),
        ("8 %/year", "annual rate", 0.08),
        ("1500万", "tokens", 1.5e7),
        ("２０ ｋＷ", "power", 20_000.0),
    ],
)
def test_a_quantity_is_read_in_its_canonical_unit(text, dimension, value):
    assert quantity(text, dimension) == value


def test_growth_compounds_from_one_length_of_time_to_another():
    assert quantity("60 %/year", "growth") == pytest.approx(1.6**0.25 - 1)
    assert quantity("2 %/quarter", "annual rate") == pytest.approx(1.02**4 - 1)


@pytest.mark.parametrize(
    ("text", "per", "amount", "currency"),
    [
        ("1.2M CNY", "", 1.2e6, "CNY"),
        ("1.5 M USD", "", 1.5e6, "USD"),
        ("USD 2.5M", "", 2.5e6, "USD"),
        ("$900M", "", 9e8, "USD"),
        ("1,200,000 CNY", "", 1.2e6, "CNY"),
        ("¥1200", "", 1200.0, "CNY"),
        ("￥1200", "", 1200.0, "CNY"),
        ("1500万元", "", 1.5e7, "CNY"),
        ("2 million EUR", "", 2e6, "EUR"),
        ("$2.10/h", "h", 2.1, "USD"),
        ("0.65 CNY/kWh", "kWh", 0.65, "CNY"),
        ("650 CNY/MWh", "kWh", 0.65, "CNY"),
        ("0.5 CNY/request", "request", 0.5, "CNY"),
        ("100k CNY/run", "run", 1e5, "CNY"),
        ("365.25 USD/year", "week", 7.0, "USD"),
        ("7000 CNY per week", "week", 7000.0, "CNY"),
        ("20 BRL", "", 20.0, "BRL"),
    ],
)
def test_money_keeps_its_currency(text, per, amount, currency):
    assert money(text, per) == Money(pytest.approx(amount, rel=1e-15), currency)


def test_the_yuan_sign_is_the_yen_in_a_case_of_japan():
    assert money("¥1200", currency="JPY").currency == "JPY"


@pytest.mark.parametrize(
    ("text", "dimension", "write", "words"),
    [
        ("60", "time", "ms", '"60" has no unit. Write "60 ms".'),
        ("150k", "power", "", '"150k" has no unit.'),
        ("0.4", "share", "", 'Write "40 %".'),
        ("40", "share", "", 'Write "40 %".'),
        ("60 kW", "time", "ms", "is not a time"),
        ("80 Gb", "bytes", "", "Did you mean GB?"),
        ("150 kw", "power", "", "Did you mean kW?"),
        ("5 m", "time", "s", "is not a time"),
        ("2 requests", "request rate", "", "does not say per what time"),
        ("15 %", "growth", "", 'Write "15 %/quarter".'),
        ("-3 s", "time", "", "is negative"),
        ("1e999 s", "time", "", "not a finite number"),
        (".inf", "time", "", "not a finite number"),
        ("NaN", "tokens", "", "not a finite number"),
        ("140 %", "share", "", "At most 100 %"),
        ("-100 %/quarter", "growth", "", "leaves nothing"),
        ("1e300 %/s", "growth", "", "more than can be meant"),
        ("1e20 W", "power", "", "more than can be meant"),
        ("1,5 s", "time", "", "with a point for decimals"),
        ("3 s/s", "time", "", "is not a time"),
        ("3 s/", "time", "", "is not a time"),
        ("three", "count", "", "is not a number"),
        ("3 kg", "count", "", "plain number"),
        ("", "time", "", "not a number"),
        ("9" * 200, "tokens", "", "too long"),
    ],
)
def test_a_wrong_quantity_says_what_to_write(text, dimension, write, words):
    with pytest.raises(BadInput) as caught:
        quantity(text, dimension, write=write, where=Where("case.yaml", 3, "slo.tpot"))
    assert str(caught.value).startswith("case.yaml, line 3, slo.tpot: ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "per", "words"),
    [
        ("15M", "", 'Write "15M CNY".'),
        ("0.65/kWh", "kWh", 'Write "0.65 CNY/kWh".'),
        ("15M CNV", "", "Did you mean CNY"),
        ("15 m CNY", "", "no currency that is known"),
        ("$5 CNY", "", "two currencies"),
        ("15M CNY/month", "", 'Write "15M CNY".'),
        ("15 CNY", "kWh", 'Write "15 CNY/kWh".'),
        ("15 CNY/h", "kWh", "money per kWh is meant"),
        ("-5 CNY", "", "negative"),
        ("1e999 CNY", "", "finite"),
        ("1e18 CNY", "", "more than can be meant"),
    ],
)
def test_wrong_money_says_what_to_write(text, per, words):
    with pytest.raises(BadInput) as caught:
        money(text, per)
    assert words in str(caught.value)


@given(
    st.decimals(min_value=0, max_value=1000, places=3),
    st.sampled_from([("kW", "MW"), ("W", "kW"), ("W", "MW")]),
)
@example(number=2300, units=("kW", "MW"))
def test_other_units_of_one_quantity_are_the_same_number(number, units):
    small, large = units
    ratio = int(DIMENSIONS["power"].units[large] / DIMENSIONS["power"].units[small])
    assert quantity(f"{number} {large}", "power") == quantity(f"{number * ratio} {small}", "power")


@given(st.integers(1, 10**9), st.sampled_from(sorted(TIME_S)))
def test_a_time_is_its_number_of_seconds(count, unit):
    if count * TIME_S[unit] <= DIMENSIONS["time"].most:
        assert quantity(f"{count} {unit}", "time") == pytest.approx(count * TIME_S[unit], rel=1e-15)


@given(st.integers(0, 10**9), st.sampled_from(sorted(CURRENCIES)))
def test_currency_may_stand_before_or_after(amount, currency):
    assert money(f"{amount} {currency}") == money(f"{currency} {amount}") == Money(amount, currency)


@given(st.text(max_size=90), st.sampled_from(sorted(DIMENSIONS)))
@example(text="1e-999999999 s", dimension="time")
@example(text="1e999999999", dimension="tokens")
def test_any_text_is_a_finite_number_or_bad_input(text, dimension):
    try:
        value = quantity(text, dimension)
    except BadInput as error:
        assert str(error)
    else:
        assert math.isfinite(value)
        assert value >= 0 or DIMENSIONS[dimension].compound


@given(st.text(max_size=90), st.sampled_from(["", "h", "week", "kWh", "request", "run", "M tokens"]))
def test_any_text_is_finite_money_or_bad_input(text, per):
    try:
        found = money(text, per)
    except BadInput as error:
        assert str(error)
    else:
        assert found.currency in CURRENCIES
        assert math.isfinite(found.amount)
        assert found.amount >= 0
