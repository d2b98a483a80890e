"""A price file is read to the cell, and what would make a false fall is named and refused."""

from __future__ import annotations

import re
from datetime import date

import pytest

from counterpoise.errors import BadInput, UnknownName
from counterpoise.market.prices import check, read_prices
from market import price_tables
from market.price_tables import read, series

GOOD = "2025-01-02,A,10,11,9,USD\n2025-01-03,A,10.5,11,9,USD\n2025-01-06,A,10.4,11,9,USD\n"


def refusal(text: str, *tickers: str) -> str:
    with pytest.raises(BadInput) as refused:
        for one in read(text, *tickers):
            check(one)
    return str(refused.value)


def test_the_excerpt_holds_eighty_days_of_one_ticker_in_dollars_and_passes_every_check():
    prices = price_tables.excerpt()
    check(prices)
    assert (len(prices), prices.currency) == (80, "USD")
    assert (prices.days[0], prices.days[-1]) == (date(2024, 11, 1), date(2025, 2, 28))


def test_of_several_tickers_each_asked_for_is_read_in_the_order_asked():
    other = GOOD.replace(",A,", ",B,").replace("10.4", "10.9")
    found = read(GOOD + other, "B", "A")
    assert [one.ticker for one in found] == ["B", "A"]
    assert [one.by_column["close"][-1] for one in found] == [10.9, 10.4]


def test_a_fault_of_a_ticker_that_nobody_asked_for_is_left_alone():
    assert len(read(GOOD + "2025-01-02,B,0,0,0,USD\n", "A")[0]) == 3


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (("2025-01-03", "2025-01-02"), r"mine.csv, line 3, date: A has 2025-01-02 twice, first on line 2"),
        (("2025-01-06", "2025-01-01"), r"line 4, date: 2025-01-01 of A stands after 2025-01-03. Sort"),
        (("10.5,11,9", "10.5,8,9"), r"line 3, high: the high 8 is below the low 9. Are the columns swapped"),
        (("10.5,11,9", "12.5,11,9"), r"line 3, close: the close 12.5 lies outside the day's low 9"),
        (("10.5,11,9", "8.5,11,9"), r"line 3, close: the close 8.5 lies outside"),
        (("10.5,11,9", "-10.5,11,9"), r'line 3, close: "-10.5" is no amount'),
        (("10.5,11,9", "10.5,11,0"), r"line 3, low: a price of 0"),
        (("10.5,11,9", ",11,9"), r"line 3, close: the column close is empty"),
        (("10.5,11,9", "ten,11,9"), r'line 3, close: "ten" is not a number'),
        (("2025-01-03", "03/01/2025"), r'line 3, date: "03/01/2025" is not a date. Write it as'),
        (("2025-01-03,A,10.5,11,9,USD", "2025-01-03,A,10.5,11,9,"), r"line 3, currency: .* empty"),
        (("2025-01-03,A,10.5,11,9,USD", "2025-01-03,A,10.5,11,9,USB"), r'unknown currency "USB"'),
        (("2025-01-03,A,10.5,11,9,USD", "2025-01-03,A,10.5,11,9,CNY"), r"line 3, .* priced in CNY here"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_named_by_file_line_and_column(changed, said):
    assert re.search(said, refusal(GOOD.replace(*changed)))


def test_a_ticker_that_is_not_there_is_answered_with_the_nearest():
    with pytest.raises(UnknownName, match="Did you mean NVDA"):
        read(GOOD.replace(",A,", ",NVDA,"), "NVD")


def test_a_ticker_unlike_any_is_answered_with_what_the_file_has_and_an_empty_file_has_none():
    assert 'no price of "TSMC". The file has A.' in refusal(GOOD, "TSMC")
    assert "mine.csv: the file has no price." in refusal("", "A")


def test_without_a_currency_the_exchange_tells_it_and_where_none_is_known_the_file_is_refused():
    data = b"date,ticker,close,high,low\n2025-01-02,A,10,11,9\n2025-01-03,A,10,11,9\n"
    (listed,) = read_prices(data, "mine.csv", ["A"], {"A": "USD"})
    assert (listed.currency, "listed" in listed.currency_source) == ("USD", True)
    with pytest.raises(BadInput, match=r"mine.csv, line 2, currency: nothing says in which currency A"):
        read_prices(data, "mine.csv", ["A"])


def test_a_gap_of_more_than_five_trading_days_is_refused_and_one_of_five_is_not():
    # From Friday 3 January: the next Monday but one is 5 working days missing, its Tuesday is 6.
    five = GOOD.replace("2025-01-06", "2025-01-13")
    check(read(five)[0])
    said = refusal(GOOD.replace("2025-01-06", "2025-01-14"))
    assert "line 4, date: 6 trading days of A are missing between 2025-01-03 and 2025-01-14" in said
    assert "--to 2025-01-03 or --from 2025-01-14" in said


def test_a_gap_outside_the_days_asked_for_is_no_fault():
    (prices,) = read(GOOD + "2025-02-03,A,10,11,9,USD\n")
    check(prices.window(None, date(2025, 1, 6)))


@pytest.mark.parametrize(
    ("before", "after", "name", "hint"),
    [
        (100.0, 50.5, "2-for-1", "divide the prices before it by 2"),
        (100.0, 33.0, "3-for-1", "divide the prices before it by 3"),
        (100.0, 25.0, "4-for-1", "divide the prices before it by 4"),
        (1208.88, 121.79, "10-for-1", "divide the prices before it by 10"),
        (100.0, 66.0, "3-for-2", "divide the prices before it by 1.5"),
        (645.57, 93.7, "7-for-1", "divide the prices before it by 7"),
        (3283.0, 65.7, "50-for-1", "divide the prices before it by 50"),
        (1.0, 10.1, "1-for-10", "multiply the prices before it by 10"),
    ],
)
def test_a_split_that_nobody_adjusted_for_is_named_with_what_to_do(before, after, name, hint):
    prices = series([before, before * 1.01, after * 1.01, after])
    with pytest.raises(BadInput) as refused:
        check(prices)
    assert f"looks like a {name}" in str(refused.value)
    assert hint in str(refused.value)
    check(prices, moved_on=[prices.days[2]])


@pytest.mark.parametrize("move", [0.76, 0.83, 0.6, 1.24, 1.4])
def test_a_large_move_that_is_no_split_is_a_price_like_any_other(move):
    check(series([100.0, 100 * move]))


def test_a_window_of_fewer_than_two_days_says_what_the_file_has():
    (prices,) = read(GOOD)
    with pytest.raises(
        BadInput, match=r"1 price of A from 2025-01-06 .* The file has 2025-01-02 to 2025-01-06"
    ):
        prices.window(date(2025, 1, 6))
