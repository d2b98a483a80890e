"""The replay of the article: its figures to the digit, every verdict computed, one run folder."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from counterpoise import service
from counterpoise.errors import BadInput, Refused, UnknownName
from counterpoise.market import load
from counterpoise.market.replay import cut_effect
from counterpoise.service.replay_folder import read_replay

EXAMPLE = Path(__file__).parents[2] / "examples" / "deepseek-shock-2025"
DRAWS = 2_000


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> tuple[service.Document, Path]:
    runs = tmp_path_factory.mktemp("runs")
    return service.replay(EXAMPLE, draws=DRAWS, runs_dir=runs), runs


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "shock"))


def fall(document: service.Document, basis: str) -> service.Document:
    (ticker,) = document["article"]["falls"]["tickers"]
    found: service.Document = next(f for f in ticker["falls"] if f["basis"] == basis)
    return found


def lost(one: service.Document, currency: str) -> float:
    found: float = next(v["value_bn"] for v in one["value_lost"] if v["currency"] == currency)
    return found


def test_the_article_s_fall_is_computed_to_the_digit(
    replayed: tuple[service.Document, Path],
) -> None:
    mixed, closes = fall(replayed[0], "high to close"), fall(replayed[0], "close to close")
    assert f"{mixed['change_percent']:.1f}" == "-23.8"
    assert f"{lost(mixed, 'USD'):.1f}" == "893.1"
    assert f"{lost(mixed, 'CNY') / 1e3:.1f}" == "6.5"
    assert f"{closes['change_percent']:.1f}" == "-21.9"
    assert f"{lost(closes, 'USD'):.1f}" == "802.5"


def test_the_headline_has_one_pair_of_days_that_gives_both_its_figures(
    replayed: tuple[service.Document, Path],
) -> None:
    explained = replayed[0]["article"]["headline"]
    assert explained["pairs"]["value_too"] == 1
    best = explained["matches"][0]
    assert (best["peak_on"], best["trough_on"]) == ("2025-01-07", "2025-02-03")
    assert (best["peak_price"]["value"], best["trough_price"]["value"]) == (153.13, 116.66)


def test_the_effect_of_the_cut_is_racks_times_the_price_of_a_rack(
    replayed: tuple[service.Document, Path],
) -> None:
    cut = replayed[0]["article"]["cut"]
    assert (cut["racks"], cut["low_usd_bn"], cut["high_usd_bn"]) == (10_000, 30.0, 35.0)


def test_every_claim_of_the_article_is_judged_and_none_twice(
    replayed: tuple[service.Document, Path],
) -> None:
    claims = replayed[0]["claims"]["claims"]
    assert [c["id"] for c in claims] == [str(n) for n in range(1, 13)]


def test_every_forecast_of_racks_and_of_growth_is_scored(
    replayed: tuple[service.Document, Path],
) -> None:
    racks, growth = replayed[0]["racks"], replayed[0]["growth"]
    assert all(row["crps_racks"] > 0 for row in racks["forecasts"])
    assert {"bottom-up chain", "pool of published forecasts", "consensus of the day", "Morgan Stanley"} <= {
        row["name"] for row in racks["forecasts"]
    }
    assert {"capex recipe", "naive", "seasonal naive", "growth rule", "drift", "ETS"} <= {
        row["name"] for row in growth["forecasts"]
    }
    assert all(row["crps_points"] >= 0 for row in growth["forecasts"])


def test_nothing_is_scored_before_it_came() -> None:
    document = service.replay(EXAMPLE, draws=DRAWS, judged_on=date(2025, 2, 10), runs_dir=None)
    assert document["racks"]["outcome"] is None
    assert document["growth"]["came_percent"] is None
    assert {row["crps_racks"] for row in document["racks"]["forecasts"]} == {None}
    assert document["claims"]["summary"]["verdicts"]["open"] >= 5


def test_a_replay_writes_one_run_whose_page_needs_nothing_else(
    replayed: tuple[service.Document, Path],
) -> None:
    document, runs = replayed
    (run,) = runs.iterdir()
    assert run.name == document["run"]
    page = (run / "report.html").read_text("utf-8")
    assert "<script" not in page
    assert "http" not in page.split("</style>")[1].split("<main>")[0]
    assert {"claims.parquet", "rack_forecasts.parquet", "capex.parquet"} <= {f.name for f in run.iterdir()}


def test_the_same_folder_and_seed_give_the_same_bytes(
    replayed: tuple[service.Document, Path], tmp_path: Path
) -> None:
    service.replay(EXAMPLE, draws=DRAWS, runs_dir=tmp_path)
    document, runs = replayed
    one, other = ((folder / document["run"] / "run.json").read_bytes() for folder in (runs, tmp_path))
    assert json.loads(one) == json.loads(other)
    assert one == other


def test_a_misspelt_field_names_the_nearest(copied: Path) -> None:
    file = copied / "replay.yaml"
    file.write_text(file.read_text("utf-8").replace("judged_on:", "juged_on:"), "utf-8")
    with pytest.raises(
        UnknownName, match=r"replay\.yaml, line \d+, juged_on: unknown field \"juged_on\".*judged_on"
    ):
        read_replay(copied)


def test_a_file_that_is_not_there_is_named_with_its_field(copied: Path) -> None:
    (copied / "claims.yaml").unlink()
    with pytest.raises(BadInput, match=r"replay\.yaml, line \d+, claims: there is no file"):
        read_replay(copied)


def test_a_judgement_before_the_as_of_day_is_refused() -> None:
    with pytest.raises(BadInput, match="before 2025-02-03"):
        service.replay(EXAMPLE, draws=DRAWS, judged_on=date(2025, 1, 1), runs_dir=None)


def test_the_racks_cut_are_those_of_the_forecast_that_its_own_house_lowered_last() -> None:
    facts = load.shipped().as_of(date(2025, 2, 3))
    lowered = replace(
        facts,
        statements=tuple(
            replace(s, low=10_000.0, high=15_000.0)
            if (s.topic, s.known_on) == ("racks", date(2025, 2, 3))
            else s
            for s in facts.statements
        ),
    )
    assert cut_effect(lowered, 2025)["racks"] == 20_000
    with pytest.raises(Refused, match="no house had cut"):
        cut_effect(facts.as_of(date(2024, 6, 1)), 2025)
