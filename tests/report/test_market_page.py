"""The page of a market run stands alone, draws what its document has, and says every input in words."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from counterpoise import service
from counterpoise.market import priors
from counterpoise.report import market, market_charts, market_page, market_tables, replay_tables
from counterpoise.report.charts import Figure
from counterpoise.report.market_figures import key_figures
from counterpoise.report.market_words import prior_in_words
from counterpoise.runs.plain import plain

EXAMPLE = Path(__file__).parents[2] / "examples" / "deepseek-shock-2025"
DAY = date(2025, 2, 3)
DRAWS = 1_000
ALWAYS = {
    "elasticity-fan", "published-racks", "racks-by-quarter", "limits-racks", "limits-orders", "spending",
    "growth", "chips-by-kind", "vendor-revenue", "money-by-tier", "cut-by-tier",
    "drivers-0", "drivers-1", "drivers-2",
}  # fmt: skip


@pytest.fixture(scope="module")
def replayed() -> service.Document:
    document: service.Document = plain(service.replay(EXAMPLE, draws=DRAWS, runs_dir=None))
    return document


@pytest.fixture(scope="module")
def believed() -> service.Document:
    assignments = ("elasticity=0.8", "efficiency_shock=10x")
    document: service.Document = plain(service.outlook(as_of=DAY, assignments=assignments, draws=DRAWS))
    return document


@pytest.fixture(scope="module")
def replay_pictures(replayed: service.Document) -> dict[str, Figure]:
    return {figure.name: figure for figure in market_page.figures(replayed)}


@pytest.fixture(scope="module")
def market_pictures(believed: service.Document) -> dict[str, Figure]:
    return {figure.name: figure for figure in market_page.figures(believed)}


@pytest.fixture(scope="module", params=["replay", "market"])
def document(
    request: pytest.FixtureRequest, replayed: service.Document, believed: service.Document
) -> service.Document:
    return replayed if request.param == "replay" else believed


@pytest.fixture(scope="module")
def text(
    document: service.Document, replay_pictures: dict[str, Figure], market_pictures: dict[str, Figure]
) -> str:
    """The page, with pictures that were drawn once for all tests."""
    pictures = replay_pictures if document["kind"] == "replay" else market_pictures
    return page_with(document, pictures)


def page_with(document: service.Document, pictures: dict[str, Figure]) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(market_page, "figures", lambda _: list(pictures.values()))
        return market_page.page({**document, "run": "a-run"})


def words(figure: Figure) -> str:
    return " ".join(re.findall(r"<t(?:ext|span)\b[^>]*>([^<]+)", figure.svg)).replace("&#39;", "'")


def test_the_page_has_no_script_and_loads_nothing(text: str) -> None:
    assert "<script" not in text
    assert "default-src 'none'" in text
    assert not re.search(r"\b(?:src|href)=\"(?!#)", text)
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)


def test_no_two_parts_of_the_page_share_an_id(text: str) -> None:
    ids = re.findall(r"\bid=\"([^\"]+)\"", text)
    assert ids
    assert len(ids) == len(set(ids))


def test_every_picture_is_said_in_words_for_those_who_cannot_see_it(text: str) -> None:
    labels = re.findall(r'<div role="img" aria-label="([^"]*)"', text)
    assert len(labels) == len(re.findall("<figure>", text))
    assert all(len(label) > len("Racks in 2025") for label in labels)


def test_the_answer_stands_first(document: service.Document, text: str) -> None:
    lead = re.search(r'<p class="lead">([^<]+)', text)
    assert lead is not None
    assert lead[1].replace("\u00a0", " ") == document["answer"]


def test_a_replay_draws_all_that_it_has(replay_pictures: dict[str, Figure]) -> None:
    assert set(replay_pictures) == {*ALWAYS, "price-fall", "claims", "scored-racks", "value"}


def test_an_outlook_draws_no_judgement(market_pictures: dict[str, Figure]) -> None:
    assert set(market_pictures) == ALWAYS


def test_what_nobody_could_know_is_neither_drawn_nor_told(replayed: service.Document) -> None:
    """A replay without prices, judged on the day after: no fall, no value, no outcome, no score."""
    early = unjudged(replayed)
    pictures = {figure.name: figure for figure in market_page.figures(early)}
    assert set(pictures) == {*ALWAYS, "scored-racks"}
    assert "CRPS" not in pictures["scored-racks"].caption
    assert "what came" not in pictures["growth"].caption
    page = page_with(early, pictures)
    assert "no price of a rack was public by then" in page
    assert "not yet reported" in page
    for later in ("free-cash-flow", "Brier", "-23.8 %", "28,000 to 30,000"):
        assert later not in page


def unjudged(replayed: service.Document) -> service.Document:
    """The replay as it would be told before anything came."""
    racks, growth, judged = replayed["racks"], replayed["growth"], replayed["claims"]
    open_claims = [
        {
            **claim,
            "verdict": "open",
            "brier": None,
            "tests": [{**t, "observed": None} for t in claim["tests"]],
        }
        for claim in judged["claims"]
        if not claim["probability"]["known_already"]
    ]
    counts = dict.fromkeys(judged["summary"]["verdicts"], 0) | {"open": len(open_claims)}
    return {
        **replayed,
        "vendor_revenue_came": [],
        "answer": "Of 11 claims 11 open.",
        "article": {"cut_refused": "no price of a rack was public by then."},
        "racks": {
            **racks,
            "outcome": None,
            "published": {**racks["published"], "outcome": None, "scores": None},
            "forecasts": [{**row, "crps_racks": None} for row in racks["forecasts"]],
        },
        "growth": {
            **growth,
            "came_percent": None,
            "came_by_quarter": [],
            "forecasts": [{**row, "crps_points": None} for row in growth["forecasts"]],
        },
        "claims": {
            **judged,
            "claims": open_claims,
            "summary": {**judged["summary"], "claims": 11, "verdicts": counts, "brier": None},
        },
    }


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("spending", "USD bn a quarter"),
        ("growth", "%"),
        ("vendor-revenue", "USD bn a quarter"),
        ("racks-by-quarter", "racks a quarter"),
        ("scored-racks", "racks in 2025"),
        ("published-racks", "racks in 2025"),
        ("chips-by-kind", "thousand chips a quarter"),
        ("money-by-tier", "USD bn a year"),
        ("cut-by-tier", "USD bn"),
        ("price-fall", "USD a share"),
        ("price-fall", "-893.1 bn USD"),
        ("value", "USD a share"),
        ("claims", "probability"),
        ("elasticity-fan", "efficiency gain (times)"),
        ("drivers-0", "share of the variance"),
    ],
)
def test_every_picture_names_its_unit(replay_pictures: dict[str, Figure], name: str, unit: str) -> None:
    assert unit in words(replay_pictures[name])


def test_the_article_s_figures_are_on_the_page_to_the_digit(
    replayed: service.Document, replay_pictures: dict[str, Figure]
) -> None:
    page = page_with(replayed, replay_pictures)
    for figure in ("-23.8 %", "893.1 bn USD", "6.48 tn CNY", "-21.9 %", "802.5 bn USD", "30-35 bn USD"):
        assert figure in page


def test_the_fall_has_a_bar_of_each_basis(replay_pictures: dict[str, Figure]) -> None:
    said = words(replay_pictures["price-fall"])
    for mark in ("-23.8 %", "-21.9 %", "high to close", "close to close"):
        assert mark in said


def test_each_scored_claim_has_its_row(
    replayed: service.Document, replay_pictures: dict[str, Figure]
) -> None:
    rows = re.findall(r"(\d+)\. [A-Z]", words(replay_pictures["claims"]))
    scored = [claim["id"] for claim in replayed["claims"]["claims"] if claim["brier"] is not None]
    assert 0 < len(scored) < len(replayed["claims"]["claims"])
    assert rows == scored


def test_a_set_belief_is_drawn_as_one_line_and_not_as_a_fan(
    believed: service.Document, market_pictures: dict[str, Figure]
) -> None:
    fan = market_pictures["elasticity-fan"]
    assert "gain set to 10x" in words(fan)
    assert "0.631x" in fan.caption
    assert ("Demand after the shock", "0.631x", "with the elasticity and the gain set") in key_figures(
        believed
    )


def test_every_shipped_prior_is_said_in_words_of_its_own() -> None:
    names = sorted({prior.name for prior in priors.shipped().priors})
    said = [prior_in_words(name) for name in names]
    assert len(set(said)) == len(said)
    assert not [
        one for name, one in zip(names, said, strict=True) if "_" in one or one == name != "elasticity"
    ]


def test_a_prior_without_words_is_itself() -> None:
    assert prior_in_words("my_own_prior") == "my own prior"


def test_drivers_are_told_in_words(document: service.Document, market_pictures: dict[str, Figure]) -> None:
    told = " ".join(market.spreads(document.get("outlook", document)))
    for said in (told, words(market_pictures["drivers-0"])):
        assert "buyers' taste for racks over HGX" in said
        assert not re.search(r"\w[_.][a-z]", said)


def test_the_priors_keep_the_name_that_set_takes(believed: service.Document) -> None:
    rows = market_tables.priors(believed).rows
    assert rows[0][0].endswith("(efficiency_shock)")
    assert [row[3] for row in rows[:4]] == ["set"] * 4
    assert rows[4][3] == "assumed"


def test_what_is_set_is_said_at_the_head(
    believed: service.Document, market_pictures: dict[str, Figure]
) -> None:
    page = page_with(believed, market_pictures)
    assert "Set by the user: elasticity=0.8, efficiency_shock=10x" in page


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_text_fits_its_width_and_begins_with_the_answer(document: service.Document, width: int) -> None:
    lines = (market.replay_lines if document["kind"] == "replay" else market.market_lines)(document, width)
    assert max(map(len, lines)) <= width
    assert document["answer"].startswith(lines[0])
    assert all(line.isascii() for line in lines)


def test_the_money_of_the_tiers_is_that_of_all_systems(document: service.Document) -> None:
    shown = market_tables.tiers(document.get("outlook", document))
    for place in (1, 2, 3):
        assert sum(float(row[place]) for row in shown.rows) == pytest.approx(
            float(shown.total[place]), abs=0.05 * len(shown.rows) + 0.05
        )


def test_amounts_lost_are_told_once_a_currency(replayed: service.Document) -> None:
    (ticker,) = replayed["article"]["falls"]["tickers"]
    lost = ticker["falls"][0]["value_lost"]
    assert len(lost) == 3
    assert [replay_tables.amount_bn(one) for one in replay_tables.first_of_each_currency(lost)] == [
        "893.1 bn USD",
        "6.48 tn CNY",
    ]


def test_no_cut_is_drawn_where_no_house_has_cut(believed: service.Document) -> None:
    assert market_charts.cut_by_tier({**believed["money"], "cut": None}) is None


def test_a_year_that_nobody_forecast_is_told_and_not_drawn(
    believed: service.Document, market_pictures: dict[str, Figure]
) -> None:
    refused = "no forecast of racks in 2026 was public on 2026-10-05."
    alone = {**believed, "racks": {**believed["racks"], "published": None, "published_refused": refused}}
    assert "Racks in 2025, published" not in [title for title, _, _ in key_figures(alone)]
    others = {name: one for name, one in market_pictures.items() if name != "published-racks"}
    assert f"The first is missing: {refused}" in page_with(alone, others)


def test_priors_that_are_mostly_old_are_said_to_be(believed: service.Document) -> None:
    assert market.warnings(believed) == []
    (said,) = market.warnings({**believed, "as_of": "2026-10-05"})
    assert "were known more than a year before 2026-10-05" in said


def test_a_chain_that_misses_what_was_reported_says_so(believed: service.Document) -> None:
    first = believed["by_quarter"][0]
    met = first["vendor_revenue_usd_bn"]["median"]
    for reported, missed in ((met, False), (2 * first["vendor_revenue_usd_bn"]["p90"], True)):
        rows = [{"quarter": first["quarter"], "usd_bn": reported}]
        said = market.warnings({**believed, "vendor_revenue_reported": rows})
        assert any("misses what was reported" in one for one in said) == missed
