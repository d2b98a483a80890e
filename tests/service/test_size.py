"""`size`: the best deployments under latency targets, with a price or the word that there is none."""

from __future__ import annotations

import sys
import types
from datetime import date
from pathlib import Path

import pytest

from counterpoise import service
from counterpoise.errors import BadInput, UnknownName

ASKED = {
    "input_tokens": 4000.0,
    "output_tokens": 1000.0,
    "ttft_s": 2.0,
    "tpot_s": 0.05,
    "percentile": 90.0,
    "cached_share": 0.0,
    "precisions": [],
    "limit": 10,
    "as_of": date(2025, 2, 3),
}


@pytest.fixture(scope="module")
def answer():
    return service.size("deepseek-r1", chips=["H20"], **ASKED)


def test_deployments_meet_the_targets_and_come_cheapest_first(answer):
    rows = answer["deployments"]
    assert 0 < len(rows) <= 10
    assert all(r["ttft_ms"] <= 2000 and r["tpot_ms"] <= 50 for r in rows)
    costs = [r["usd_per_million_output_tokens"] for r in rows]
    assert costs == sorted(costs)
    assert all(r["low80_usd_per_million_output_tokens"] < c for r, c in zip(rows, costs, strict=True))


def test_what_does_not_fit_is_refused_with_the_figure(answer):
    assert any("bf16" in r["what"] and "GB" in r["why"] for r in answer["refused"])


def test_a_chip_is_found_by_its_short_name_and_a_wrong_one_gets_the_nearest():
    with pytest.raises(UnknownName, match="H20"):
        service.size("deepseek-r1", chips=["H2O"], **ASKED)


@pytest.mark.parametrize(
    ("field", "value"),
    [("input_tokens", 0.0), ("ttft_s", float("inf")), ("percentile", 100.0), ("precisions", ["fp9"])],
)
def test_a_question_that_makes_no_sense_is_refused(field, value):
    with pytest.raises(BadInput):
        service.size("deepseek-r1", chips=["H20"], **{**ASKED, field: value})


def test_a_looser_target_never_costs_more(answer):
    looser = service.size("deepseek-r1", chips=["H20"], **{**ASKED, "ttft_s": 4.0, "tpot_s": 0.1})
    best = "usd_per_million_output_tokens"
    assert looser["deployments"][0][best] <= answer["deployments"][0][best]


def test_a_config_json_is_a_model_by_its_path():
    config = Path(__file__).parents[1] / "catalogue" / "configs" / "Qwen--Qwen3-8B.json"
    answer = service.size(str(config), chips=["H20"], **ASKED)
    assert answer["model"] == "Qwen--Qwen3-8B" and answer["deployments"]


def test_a_model_of_the_hub_is_fetched_by_name_only_when_asked_and_missing_help_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(BadInput, match="extra `hub`"):
        service.size("hub:Qwen/Qwen3-8B", chips=["H20"], **ASKED)


def test_a_model_of_the_hub_is_read_from_what_the_hub_gives(monkeypatch):
    config = Path(__file__).parents[1] / "catalogue" / "configs" / "Qwen--Qwen3-8B.json"
    hub = types.ModuleType("huggingface_hub")
    hub.hf_hub_download = lambda repository, name: str(config)
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    assert service.size("hub:Qwen/Qwen3-8B", chips=["H20"], **ASKED)["model"] == "Qwen/Qwen3-8B"
