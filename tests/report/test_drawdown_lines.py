"""A fall in a terminal and as a picture: the answer first, then what it rests on."""

from __future__ import annotations

import copy
from pathlib import Path
from xml.etree import ElementTree

import pytest

from counterpoise import service
from counterpoise.report.drawdown import billions, drawdown_lines
from counterpoise.report.drawdown_chart import drawdown_svg
from counterpoise.report.headline import headline_lines

EXCERPT = Path(__file__).parents[2] / "examples" / "deepseek-shock-2025" / "prices.csv"


@pytest.fixture(scope="module")
def fall():
    return service.drawdown_of(["NVDA"], EXCERPT, headline=None, headline_date=None, series=True)


def explained(headline):
    return service.drawdown_of(["NVDA"], EXCERPT, headline=headline, headline_date=None)


def without_count(document):
    told = copy.deepcopy(document)
    for one in told["tickers"]:
        one["shares"], one["other_counts"] = None, []
        for each in one["falls"]:
            each["value_lost"] = []
    return told


def test_the_first_line_is_the_fall_the_loss_and_both_ends(fall):
    first = drawdown_lines(fall, 200)[0]
    assert first == (
        "NVDA: -23.8 %, -893.1 bn USD, -6.5 tn CNY, from the high of 153.13 USD on 2025-01-07 "
        "to the close of 116.66 USD on 2025-02-03."
    )


def test_close_to_close_the_count_and_the_rate_with_its_day_are_told(fall):
    said = "\n".join(drawdown_lines(fall, 200))
    for expected in (
        "Close to close: -21.9 %, -802.5 bn USD", "24.490 bn, market value of 2024-12-31",
        "7.2513 CNY for 1 USD on 2025-02-03", "At 7.1705 CNY for 1 USD on 2025-01-24 it would be 6.40 tn CNY",
        "904.6 bn USD", "not adjusted for dividends",
    ):  # fmt: skip
        assert expected in said


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_every_line_fits_the_terminal(fall, width):
    for lines in (
        drawdown_lines(fall, width),
        drawdown_lines(without_count(fall), width),
        headline_lines(explained("-23.8% 893.1bn 6.5tn CNY"), width),
        headline_lines(explained("-23.8% 950bn"), width),
        headline_lines(explained("-5%"), width),
    ):
        assert max(len(line) for line in lines) <= width


def test_without_a_share_count_the_value_is_said_to_be_unknown_and_what_to_give(fall):
    said = " ".join(drawdown_lines(without_count(fall), 200))
    assert "Value lost: not known, for want of a share count of NVDA. Give --shares NVDA=" in said


def test_a_ticker_that_only_rose_is_said_to_have_had_no_fall(fall):
    risen = copy.deepcopy(fall)
    risen["tickers"][0]["falls"] = []
    assert drawdown_lines(risen, 200)[0].startswith("NVDA: no fall on any basis between 2024-11-01")
    assert "no fall" in words(drawdown_svg(risen))


def test_a_sum_shows_its_margin_where_the_rounding_of_the_count_moves_the_last_digit():
    sure = {"value_bn": 893.15, "low_bn": 893.11, "high_bn": 893.18, "currency": "USD"}
    unsure = {"value_bn": 893.15, "low_bn": 892.97, "high_bn": 893.33, "currency": "USD"}
    vague = {"value_bn": 875.3, "low_bn": 857.0, "high_bn": 893.5, "currency": "USD"}
    assert billions(unsure) == "893.15 +- 0.18 bn USD"
    assert billions(vague) == "875 +- 18 bn USD"
    assert billions(sure).startswith("893.1")
    assert billions({"value_bn": 6476.5, "currency": "CNY"}) == "6.5 tn CNY"


def test_an_explained_headline_names_the_one_way_and_counts_the_others():
    lines = headline_lines(explained("-23.8% 893.1bn"), 300)
    assert lines[0] == (
        '"-23.8% 893.1bn": from the high of 153.13 USD on 2025-01-07 to the close of 116.66 USD on '
        "2025-02-03, at 24.490 bn shares (market value, 2024-12-31). No other two days fit with an "
        "independent share count."
    )
    assert "4 pairs of days and columns give 23.75 to 23.85 %" in lines[1]


def test_a_long_list_of_ways_is_cut_and_says_how_to_see_the_rest():
    document = explained("-5%")
    lines = headline_lines(document, 200, limit=3)
    assert f"... and {len(document['matches']) - 3} more" in "\n".join(lines)


def test_a_headline_that_nothing_gives_is_said_to_have_no_pair_of_days():
    assert (
        "no two days of NVDA between 2024-11-01 and 2025-02-28 give it"
        in headline_lines(explained("-70%"), 300)[0]
    )


def words(svg):
    return " ".join(
        "".join(e.itertext()) for e in ElementTree.fromstring(svg).iter() if e.tag.endswith("text")
    )


def test_the_picture_names_each_basis_with_its_change_and_loss_both_peaks_and_the_count(fall):
    said = words(drawdown_svg(fall))
    for expected in (
        "NVDA: -23.8 %, -893.1 bn USD (-6.5 tn CNY), high to close", "high 153.13, 2025-01-07",
        "close 149.43, 2025-01-06", "close 116.66, 2025-02-03", "low 113.01, 2025-02-03",
        "close to close", "-802.5 bn USD", "24.490 bn shares", "USD a share",
    ):  # fmt: skip
        assert expected in said


def test_the_picture_of_two_tickers_has_a_row_for_each(fall):
    twice = copy.deepcopy(fall)
    twice["tickers"].append(copy.deepcopy(without_count(fall)["tickers"][0]) | {"ticker": "MSFT"})
    said = words(drawdown_svg(twice))
    assert "NVDA: -23.8 %" in said
    assert "MSFT: -23.8 %, high to close" in said
    assert "no share count" in said
