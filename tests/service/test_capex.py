"""`capex` answers with what was public on a day."""

import json
from datetime import date

import pytest

from counterpoise.errors import BadInput, Refused, UnknownName
from counterpoise.market.baskets import members
from counterpoise.market.load import shipped
from counterpoise.report.capex import capex_lines
from counterpoise.report.capex_chart import capex_svg
from counterpoise.runs.plain import plain
from counterpoise.service.capex import capex_of
from market.companyfacts import fact, text

ARTICLE = date(2025, 2, 3)


@pytest.fixture(scope="module")
def document():
    return capex_of("top4", as_of=ARTICLE, horizons=5, draws=2000)


def test_on_the_day_of_the_article_only_two_had_reported_the_fourth_quarter(document):
    assert document["quarter"] == "2024Q3"
    assert {c["company"]: c["quarter"] for c in document["companies"]} == {
        "MSFT": "2024Q4",
        "GOOGL": "2024Q3",
        "AMZN": "2024Q3",
        "META": "2024Q4",
    }
    assert document["forecast"][0]["reported"] == ["MSFT", "META"]
    assert document["forecast"][-1]["quarter"] == "2025Q4"


def test_nothing_in_the_answer_is_dated_later(document):
    days = [c["known_on"] for c in document["companies"]]
    days += [one["known_on"] for one in (*document["guidance"], *document["said_of_the_cycle"])]
    assert max(days) <= ARTICLE.isoformat()
    assert all(one["surprise_fraction"] is None for one in document["guidance"] if one["period"] == "CY2025")


def test_companies_add_up_to_the_basket(document):
    for row in document["history"]:
        assert sum(row["companies_usd_bn"].values()) == pytest.approx(row["capex_usd_bn"])


def test_growth_is_over_the_quarter_a_year_before(document):
    by_quarter = {row["quarter"]: row["capex_usd_bn"] for row in document["history"]}
    first = document["forecast"][0]
    assert first["yoy_median_fraction"] == pytest.approx(first["median_usd_bn"] / by_quarter["2023Q4"] - 1)


def test_a_year_adds_known_quarters_and_draws(document):
    year = next(row for row in document["years"] if row["year"] == 2024)
    known = sum(r["capex_usd_bn"] for r in document["history"] if r["quarter"].startswith("2024"))
    assert year["median_usd_bn"] == pytest.approx(known + document["forecast"][0]["median_usd_bn"], rel=0.01)


def test_the_document_is_plain_json(document):
    assert json.loads(json.dumps(plain(document), allow_nan=False))["basket"] == document["basket"]


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_first_line_is_the_answer_and_every_line_fits(document, width):
    lines = capex_lines(document, width)
    assert lines[0].startswith("MSFT, GOOGL, AMZN and META spent")
    assert max(len(line) for line in lines) <= width


def test_the_answer_says_what_was_spent_and_what_is_expected(document):
    text = " ".join(capex_lines(document, 120))
    assert "58.9 bn USD in 2024Q3 (+59 % on a year before)" in text
    assert "of which MSFT and META reported" in text
    assert "AMZN counts net of proceeds to 2017Q4 and gross from 2018Q1" in text


def test_the_picture_has_every_company_and_its_dates(document):
    svg = capex_svg(document)
    assert svg.startswith("<svg")
    for word in ("MSFT", "GOOGL", "AMZN", "META", "2024Q3", "peak 2020Q4", "As of 2025-02-03"):
        assert word in svg


def test_a_basket_may_mix_names_and_tickers_in_any_case():
    assert members("Top4, orcl", shipped()) == ("MSFT", "GOOGL", "AMZN", "META", "ORCL")


def test_one_company_can_be_asked_for():
    document = capex_of("ORCL", as_of=date(2026, 1, 1), horizons=6, draws=500)
    assert capex_lines(document, 80)[0].startswith("ORCL spent")
    assert len(document["surprise"]) == 1
    assert document["forecast"][-1]["yoy_median_fraction"] is not None


def test_a_users_own_figure_comes_in(tmp_path):
    own = tmp_path / "own.csv"
    own.write_text(
        "series,entity,quarter,value,unit,basis,status,known_on,dated,source\n"
        "capex_cash,META,2026Q2,30.2,USD bn,cash purchases of property & equipment,unverified,2026-08-01,"
        "assumed,my estimate\n"
    )
    document = capex_of("top4", as_of=date(2026, 9, 1), horizons=1, facts=own, draws=100)
    assert document["quarter"] == "2026Q2"
    assert document["capex_usd_bn"] == pytest.approx(165.1, abs=0.1)


def test_filed_facts_of_ones_own_come_in_and_what_they_do_not_give_is_said(tmp_path):
    path = tmp_path / "msft.json"
    year = [
        fact("2024-07-01", "2024-12-31", 30_700, "2025-01-29"),
        fact("2024-10-01", "2024-12-31", 15_700, "2025-01-29"),
    ]
    path.write_bytes(text([*year, fact("2024-01-01", "2024-05-31", 9_000)], name="MICROSOFT", cik=789019))
    answer = capex_of("MSFT", as_of=ARTICLE, horizons=1, draws=200, facts=path)
    assert (answer["quarter"], answer["capex_usd_bn"]) == ("2024Q4", 15.7)
    assert any("no quarter is taken from 1 of its periods" in note for note in answer["notes"])


def test_the_record_can_be_asked_for_and_says_what_was_not_scored(monkeypatch):
    from counterpoise.market import simple_rules
    from counterpoise.service import capex_record

    few = {"naive": simple_rules.naive}
    monkeypatch.setattr(capex_record, "RULES", few)

    def refused(history, horizons):
        raise Refused("no library")

    monkeypatch.setattr(capex_record, "LIBRARY", {"library theta": refused})
    document = capex_of("top4", as_of=date(2026, 9, 1), horizons=1, scored=True, draws=100)
    assert document["scored"]["not_scored"] == ["library theta"]
    assert document["scored"]["last_target"] == "2026Q1"
    assert document["scores"][0]["forecaster"] == "recipe 3"
    text = " ".join(capex_lines(document, 100))
    assert "Not scored (no statsmodels, or too little is known): library theta." in text


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"basket": "top4", "horizons": 0}, BadInput, "--horizons"),
        ({"basket": "top4", "horizons": 99}, BadInput, "1 to 20"),
        ({"basket": "MSTF"}, UnknownName, "--basket: .*Did you mean MSFT"),
        ({"basket": "NVDA"}, BadInput, "--basket: .*There is some of .*MSFT"),
        ({"basket": "top4,msft"}, BadInput, "MSFT is in the basket twice"),
        ({"basket": "CRWV"}, Refused, "needs 16"),
        ({"basket": "top4", "as_of": date(2009, 1, 1)}, Refused, "nothing is known"),
    ],
)
def test_what_cannot_be_answered_is_refused(asked, error, words):
    with pytest.raises(error, match=words):
        capex_of(**asked)
