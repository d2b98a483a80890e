"""`size` as a tool: rates, users, choices, the frontier, prices of one's own, and what makes no sense."""

import math
import types
from dataclasses import replace
from datetime import date

import pytest

from counterpoise import service
from counterpoise.errors import BadInput, Refused
from counterpoise.performance.calibration import shipped_calibration

ASKED = {
    "input_tokens": 2000.0, "output_tokens": 500.0, "ttft_s": 2.0, "tpot_s": 0.05, "percentile": 90.0,
    "cached_share": 0.0, "precisions": [], "limit": 10, "as_of": date(2026, 6, 1),
}  # fmt: skip


def size(model="llama3.1-70b", chips=("H100",), **changes):
    return service.size(model, chips=list(chips), **{**ASKED, **changes})


def test_every_chip_asked_for_is_in_the_list_however_many_layouts_of_another_are_cheaper():
    answer = size(chips=("H100", "H200", "B200", "MI300X"), limit=5)
    assert {row["chip"] for row in answer["deployments"]} == {
        "H100-SXM5-80GB", "H200-SXM-141GB", "B200-SXM-180GB", "MI300X",
    }  # fmt: skip
    costs = [row["usd_per_million_output_tokens"] for row in answer["deployments"]]
    assert costs == sorted(costs)


def test_the_answer_is_about_the_precision_of_the_release_unless_another_is_chosen():
    answer = size()
    assert answer["deployments"][0]["precision"] != "bf16"
    assert answer["deployments"][answer["chosen"] - 1]["precision"] == "bf16"
    assert size(choose=1)["chosen"] == 1
    assert size(precisions=["int4"])["chosen"] == 1


def test_a_rate_is_borne_by_the_fewest_replicas_and_twice_the_rate_costs_no_less():
    once, twice = (size(rate_per_s=rate, precisions=["fp8"]) for rate in (20.0, 40.0))
    for answer, rate in ((once, 20.0), (twice, 40.0)):
        for row in answer["deployments"]:
            assert row["replicas"] * row["requests_per_s"] == pytest.approx(rate)
            assert row["ttft_ms"] <= 2000 and row["tpot_ms"] <= 50
            assert row["high80_replicas"] >= row["replicas"]
            assert row["total_chips"] == row["replicas"] * row["n_chips"]
    costs = [row["usd_per_hour"] for row in once["deployments"]]
    assert costs == sorted(costs)
    assert twice["deployments"][0]["usd_per_hour"] >= costs[0]


def test_users_that_are_given_are_the_users_of_every_deployment():
    answer = size(concurrency=24.0)
    assert {row["concurrency"] for row in answer["deployments"]} == {24.0}


def test_a_price_of_one_s_own_takes_the_place_of_the_catalogue_s():
    row = size(usd_per_chip_hour=3.6, precisions=["fp8"])["deployments"][0]
    tokens_per_h = row["output_tokens_per_s_per_chip"] * 3600
    assert row["usd_per_million_output_tokens"] == pytest.approx(3.6 / tokens_per_h * 1e6)
    assert "3.60 USD/chip-h, as given" in row["basis"]


def test_the_frontier_is_there_when_asked_for_and_carries_its_interval():
    assert "frontier" not in size()
    points = size(frontier=True, precisions=["fp8"])["frontier"]
    for p in points:
        low, mid, high = (p[f"{side}output_tokens_per_s_per_chip"] for side in ("low80_", "", "high80_"))
        assert low < mid < high


def test_why_takes_the_chosen_deployment_apart():
    answer = size(why=True, choose=2)
    assert answer["chosen"] == 2
    row, why = answer["deployments"][1], answer["why"]
    assert why["ttft"]["percentile_ms"] == pytest.approx(row["ttft_ms"])
    assert why["tpot"]["percentile_ms"] == pytest.approx(row["tpot_ms"])
    assert sum(p["ms"] for p in why["decode_step"]["parts"]) == pytest.approx(why["decode_step"]["ms"])


def test_why_of_a_rate_is_about_that_rate():
    answer = size(rate_per_s=7.0, why=True)
    row = answer["deployments"][answer["chosen"] - 1]
    assert answer["why"]["ttft"]["percentile_ms"] == pytest.approx(row["ttft_ms"])


def test_workers_apart_are_listed_beside_shared_ones_and_say_their_roles():
    answer = size("deepseek-r1", ("H200",), disaggregated=True, precisions=["fp8"], ttft_s=4.0, why=True)
    apart = [row for row in answer["deployments"] if row["mode"] == "disaggregated"]
    assert apart and len(apart) < len(answer["deployments"])
    for row in apart:
        chips = sum(row[r]["workers"] * row[r]["tp"] * row[r]["dp"] for r in ("prefill", "decode"))
        assert row["n_chips"] == chips
    alone = size("deepseek-r1", ("H200",), disaggregated=True, aggregated=False, ttft_s=4.0, why=True)
    row = alone["deployments"][alone["chosen"] - 1]
    assert alone["why"]["tpot"]["percentile_ms"] == pytest.approx(row["tpot_ms"])


def test_drafts_that_are_kept_more_often_never_serve_less():
    rates = [
        size(speculative=(a, 1.0), precisions=["fp8"])["deployments"][0]["output_tokens_per_s_per_chip"]
        for a in (0.5, 0.9)
    ]
    assert rates[0] <= rates[1]


def test_a_version_counts_where_it_was_measured_and_is_said_to_count_for_nothing_where_it_was_not():
    measured = size(engine="vllm", version="0.18.0")
    versions = measured["asked"]["engine_versions_measured"]
    assert "0.18.0" in versions and "0.0.1" not in versions
    best = "output_tokens_per_s_per_chip"
    plain, unknown = (size(engine="vllm", version=v)["deployments"][0][best] for v in ("", "0.0.1"))
    assert unknown == plain != measured["deployments"][0][best]


def test_an_engine_that_does_not_run_on_a_chip_is_refused_and_the_others_answer():
    answer = size(chips=("MI300X", "H100"), engine="trtllm")
    assert {row["chip"] for row in answer["deployments"]} == {"H100-SXM5-80GB"}
    assert any("MI300X" in r["what"] and "NVIDIA" in r["why"] for r in answer["refused"])


def test_own_measurements_take_the_place_of_the_shipped_ones_and_are_said(monkeypatch, tmp_path):
    said = "Serving predictions learn from 3 of your own runs."
    shipped = shipped_calibration()
    slow = replace(shipped.sets["all"], base={**shipped.sets["all"].base, "level": math.log(2.0)})
    own = types.SimpleNamespace(serving=replace(shipped, sets={"all": slow}), notes=(said,))
    monkeypatch.setattr("counterpoise.service.own_measurements.load_profile", lambda *_: own)
    best = "output_tokens_per_s_per_chip"
    plain, mine = size(precisions=["fp8"]), size(precisions=["fp8"], profile=tmp_path / "profile.json")
    assert (plain["notes"], mine["notes"]) == ([], [said])
    assert mine["deployments"][0][best] < plain["deployments"][0][best]


def test_a_closed_model_is_refused_once_with_the_way_to_its_price():
    with pytest.raises(Refused, match="catalogue api --model"):
        size("gpt-4o")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"engine": "vlm"}, "--engine: .* Did you mean vllm"),
        ({"version": "0.18.0"}, "--engine-version"),
        ({"concurrency": 4.0, "rate_per_s": 1.0}, "--rate"),
        ({"concurrency": 0.0}, "--concurrency"),
        ({"usd_per_chip_hour": -1.0}, "--price"),
        ({"speculative": (1.0, 1.0)}, "--acceptance"),
        ({"speculative": (0.5, 40.0)}, "--draft"),
        ({"kv_precisions": ("int3",)}, "--kv-precision"),
        ({"disaggregated": True, "cached_share": 0.3}, "--disaggregated"),
        ({"choose": 99}, "--choose: .* from 1 to"),
    ],
)
def test_a_question_that_makes_no_sense_says_where_and_what_to_write(changes, said):
    with pytest.raises(BadInput, match=said):
        size(**changes)
