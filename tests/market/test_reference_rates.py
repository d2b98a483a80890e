"""What a dollar is in another money, on a day: the market's rate, the official one, one's own."""

from __future__ import annotations

from datetime import date, timedelta
from importlib import resources

import pytest

from counterpoise.catalogue.load import load
from counterpoise.errors import BadInput
from counterpoise.market.rates import listed_rate, read_reference_rates, written_rate

DAY = date(2025, 2, 3)


@pytest.fixture(scope="module")
def shipped():
    data = resources.files("counterpoise.market").joinpath("data", "reference_rates.csv").read_bytes()
    return read_reference_rates(data, "reference_rates.csv")


def test_two_euro_rates_of_one_day_make_a_cross_rate_and_its_inverse(shipped):
    yuan, dollar = shipped.rate("CNY", "USD", DAY), shipped.rate("USD", "CNY", DAY)
    assert (yuan.as_of, yuan.rate) == (DAY, 7.4500 / 1.0274)
    assert yuan.rate * dollar.rate == pytest.approx(1)
    assert shipped.rate("EUR", "USD", DAY).rate == 1 / 1.0274


def test_on_a_day_without_a_rate_the_last_one_before_stands_and_says_its_date(shipped):
    assert shipped.rate("CNY", "USD", date(2025, 2, 2)).as_of == date(2025, 1, 31)


def test_a_rate_that_is_weeks_old_or_of_another_currency_is_not_known(shipped):
    last = max(shipped.per_euro)
    assert shipped.rate("CNY", "USD", last + timedelta(days=30)) is None
    assert shipped.rate("TWD", "USD", DAY) is None
    assert shipped.rate("CNY", "USD", date(2019, 1, 2)) is None


def test_the_catalogues_parity_is_the_latest_by_the_day_and_never_a_later_one():
    rates = load().exchange_rates
    parity = listed_rate(rates, "CNY", "USD", DAY)
    assert (parity.rate, parity.as_of) == (7.1705, date(2025, 1, 24))
    assert listed_rate(rates, "CNY", "USD", date(2025, 2, 25)).as_of == date(2025, 2, 25)
    assert listed_rate(rates, "CNY", "USD", date(2000, 1, 1)) is None
    assert listed_rate(rates, "QQQ", "USD", DAY) is None


def test_a_cross_of_the_catalogue_is_as_old_as_the_older_of_its_two():
    rates = load().exchange_rates
    cross = listed_rate(rates, "CNY", "TWD", DAY)
    taiwan = listed_rate(rates, "TWD", "USD", DAY)
    assert cross.rate == pytest.approx(listed_rate(rates, "CNY", "USD", DAY).rate / taiwan.rate)
    assert cross.as_of == taiwan.as_of


def test_the_market_and_the_parity_stay_within_the_band_in_which_the_yuan_may_trade(shipped):
    listed = load().exchange_rates
    for day in shipped.per_euro:
        parity = listed_rate(listed, "CNY", "USD", day)
        if (day - parity.as_of).days <= 3:
            assert abs(shipped.rate("CNY", "USD", day).rate / parity.rate - 1) < 0.02


def test_ones_own_rate_may_say_its_day():
    assert written_rate("7.25@2025-02-03", "CNY", "USD").as_of == DAY
    assert (written_rate("7.25", "CNY", "USD").rate, written_rate("7.25", "CNY", "USD").as_of) == (7.25, None)


@pytest.mark.parametrize("text", ["abc", "0", "-7", "7.25@then", "", "inf"])
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(BadInput, match="--rate: "):
        written_rate(text, "CNY", "USD")
