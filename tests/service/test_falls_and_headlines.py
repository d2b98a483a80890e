"""`drawdown` from a price file: the article's figures, what they rest on, and how a headline came about."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from counterpoise import service
from counterpoise.errors import BadInput, UnknownName
from counterpoise.report.headline import headline_lines

EXCERPT = Path(__file__).parents[2] / "examples" / "deepseek-shock-2025" / "prices.csv"


def ask(*tickers, path=EXCERPT, headline=None, headline_date=None, **more):
    return service.drawdown_of(
        tickers or ("NVDA",), path, headline=headline, headline_date=headline_date, **more
    )


def by_basis(ticker):
    return {fall["basis"]: fall for fall in ticker["falls"]}


def lost_bn(fall, currency):
    return next(one["value_bn"] for one in fall["value_lost"] if one["currency"] == currency)


@pytest.fixture
def two_tickers(tmp_path):
    """NVDA, and another at half its price that fell as much; MSFT without a known share count."""
    lines = EXCERPT.read_text().splitlines()
    path = tmp_path / "prices.csv"
    other = [halved(line) for line in lines[2:]]
    path.write_text("\n".join([*lines, *other]) + "\n")
    return path


def halved(line):
    day, _, *prices, currency = line.split(",")
    return ",".join([day, "MSFT", *(str(float(p) / 2) for p in prices), currency])


def test_the_articles_three_figures_and_the_fall_close_to_close_follow_from_the_excerpt():
    (nvidia,) = ask()["tickers"]
    high, close = by_basis(nvidia)["high to close"], by_basis(nvidia)["close to close"]
    assert round(high["change_percent"], 1) == -23.8
    assert round(lost_bn(high, "USD"), 1) == 893.1
    assert round(lost_bn(high, "CNY") / 1000, 1) == 6.5
    assert (round(close["change_percent"], 1), round(lost_bn(close, "USD"), 1)) == (-21.9, 802.5)


def test_the_yuan_are_at_the_markets_rate_of_the_day_of_the_trough_and_beside_it_at_the_parity():
    (nvidia,) = ask()["tickers"]
    market, parity = [one for one in nvidia["falls"][0]["value_lost"] if one["currency"] == "CNY"]
    assert market["rate"]["as_of"] == "2025-02-03"
    assert "European Central Bank" in market["rate"]["source"]
    assert (parity["rate"]["as_of"], parity["rate"]["units_per_base"]) == ("2025-01-24", 7.1705)
    assert round(parity["value_bn"] / 1000, 1) == 6.4, "at the official rate the article's sum is not met"


def test_the_count_used_is_dated_and_sourced_and_the_wrong_ones_stand_beside_it_with_what_they_would_give():
    (nvidia,) = ask()["tickers"]
    assert (nvidia["shares"]["kind"], nvidia["shares"]["as_of"]) == ("market value", "2024-12-31")
    others = {c["kind"]: c["value_lost"][0]["value_bn"] for c in nvidia["other_counts"]}
    assert round(others["diluted average"], 1) == 904.6
    assert set(others) == {"diluted average", "another headline", "circular"}
    assert all(c["as_of"] <= "2025-02-03" for c in nvidia["other_counts"])


def test_ones_own_count_is_used_with_what_its_rounding_leaves_open():
    (nvidia,) = ask(shares=("24.49bn@2024-11-15",))["tickers"]
    lost = nvidia["falls"][0]["value_lost"][0]
    assert lost["low_bn"] < 893.1 < lost["value_bn"] < lost["high_bn"]
    assert nvidia["shares"]["as_of"] == "2024-11-15"


def test_ones_own_rate_and_currency_are_used():
    (nvidia,) = ask(currency="EUR", rate="0.5@2025-02-03")["tickers"]
    euros = nvidia["falls"][0]["value_lost"][1:]
    assert [one["currency"] for one in euros] == ["EUR"]
    assert euros[0]["value_bn"] == pytest.approx(lost_bn(nvidia["falls"][0], "USD") / 2)
    with pytest.raises(UnknownName, match="--currency"):
        ask(currency="EUX")


def test_prices_in_another_currency_are_told_in_dollars_too(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text(EXCERPT.read_text().replace(",USD", ",CNY"))
    (nvidia,) = ask(path=path, shares=("1bn",))["tickers"]
    fall = nvidia["falls"][0]
    assert lost_bn(fall, "CNY") == pytest.approx(153.13 - 116.66)
    assert lost_bn(fall, "USD") == pytest.approx((153.13 - 116.66) * 1.0274 / 7.45)


def test_of_a_ticker_without_a_share_count_the_fall_is_told_and_the_value_is_not_known(two_tickers):
    answer = ask("MSFT", path=two_tickers)
    (other,) = answer["tickers"]
    assert round(other["falls"][0]["change_percent"], 1) == -23.8
    assert (other["shares"], other["falls"][0]["value_lost"]) == (None, [])


def test_a_basket_adds_up_its_tickers_or_says_whose_count_is_not_known(two_tickers):
    unknown = ask("NVDA", "MSFT", path=two_tickers)["basket"]
    assert unknown == {"not_known": "no share count of MSFT", "falls": []}
    answer = ask("NVDA", "MSFT", path=two_tickers, shares=("MSFT=2bn", "NVDA=1bn"))
    total = by_basis(answer["basket"])["high to close"]
    parts = [lost_bn(by_basis(one)["high to close"], "USD") for one in answer["tickers"]]
    assert lost_bn(total, "USD") == pytest.approx(sum(parts))
    assert total["change_percent"] == pytest.approx(answer["tickers"][0]["falls"][0]["change_percent"])
    assert lost_bn(total, "CNY") == pytest.approx(sum(parts) * 7.45 / 1.0274)


def test_a_count_without_a_ticker_among_several_or_of_another_is_refused(two_tickers):
    for shares, said in (
        (("2bn",), "of which ticker"),
        (("AMD=2bn",), "AMD is not asked for. Counts are wanted of NVDA"),
    ):
        with pytest.raises(BadInput, match=said):
            ask("NVDA", "MSFT", path=two_tickers, shares=shares)


def test_one_of_two_days_is_asked_for_the_other():
    with pytest.raises(BadInput, match=r"--trough: .* Give both"):
        ask(peak=date(2025, 1, 7))


def test_the_headline_has_one_pair_of_days_and_the_rate_that_makes_its_yuan():
    answer = ask(headline="-23.8% 893.1bn 6.5tn CNY", headline_date=date(2025, 2, 3))
    assert answer["pairs"]["independent_count"] == 1
    best = answer["matches"][0]
    assert (best["peak_on"], best["trough_on"], best["basis"]) == (
        "2025-01-07",
        "2025-02-03",
        "high to close",
    )
    assert abs(best["implied_off_percent"]) < 0.01
    assert [rate["fits"] for rate in answer["rates"]] == [True, False]


def test_a_headline_is_explained_with_no_count_and_no_price_later_than_its_day():
    answer = ask(headline="-23.8%", headline_date=date(2025, 1, 30))
    assert all(one["as_of"] <= "2025-01-30" for one in answer["counts_searched"])
    assert all(match["trough_on"] <= "2025-01-30" for match in answer["matches"])
    assert answer["matches"]


def test_a_sum_that_no_known_count_gives_is_answered_with_the_count_that_it_would_need():
    answer = ask(headline="-23.8% 950bn")
    assert answer["matches"] == []
    nearest = answer["nearest"][0]
    assert nearest["implied_shares_low_bn"] > nearest["independent_count"]["shares_bn"]
    assert nearest["implied_off_percent"] == pytest.approx(6.4, abs=0.1)


def test_a_rate_that_changes_nothing_and_a_day_before_the_prices_are_refused():
    with pytest.raises(BadInput, match="--rate: the prices are in USD already"):
        ask(currency="USD", rate="7.25")
    with pytest.raises(BadInput, match="--rate: the headline has no loss in a second money"):
        ask(headline="-23.8% 893.1bn", rate="7.25")
    with pytest.raises(BadInput, match=r"--headline-date: no two days of NVDA .* 2024-11-01 to 2025-02-28"):
        ask(headline="-23.8%", headline_date=date(2024, 11, 1))


def test_a_loss_in_another_money_alone_is_said_not_to_have_been_used():
    text = " ".join(headline_lines(ask(headline="-23.8% 6.5tn CNY"), 400))
    assert "The 6,500 bn CNY were not used, since the prices are in USD" in text


def test_a_headline_is_of_one_ticker():
    with pytest.raises(BadInput, match="one ticker at a time"):
        ask("NVDA", "MSFT", headline="-23.8%")


def test_a_split_in_the_file_is_refused_and_a_real_move_may_be_vouched_for(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text(
        "date,ticker,close,high,low,currency\n2025-01-02,A,10,10,10,USD\n2025-01-03,A,5,5,5,USD\n"
    )
    with pytest.raises(BadInput, match=r"line 3, close: .* 2-for-1 split .* --real-move 2025-01-03"):
        ask("A", path=path)
    (told,) = ask("A", path=path, moved_on=(date(2025, 1, 3),))["tickers"]
    assert told["falls"][0]["change_percent"] == -50
