"""`size --train`: the best layouts of a run, its time and its cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from counterpoise.errors import BadInput, Refused, UnknownName
from counterpoise.report.training_sizing import training_size_lines
from counterpoise.service.training_sizing import TrainingQuestion, size_training

DAY = date(2026, 6, 1)
ASKED = TrainingQuestion(tokens=1e12, chips=(64,))


@pytest.fixture(scope="module")
def answer():
    return size_training("llama3.1-70b", ("H100", "B200"), ASKED, 10, DAY)


def test_a_70b_model_on_64_chips_of_two_kinds_gets_one_run_each(answer):
    runs = answer["runs"]
    assert {r["chip"] for r in runs} == {"H100-SXM5-80GB", "B200-SXM-180GB"}
    assert all(r["n_chips"] == 64 for r in runs)
    assert all(r["tp"] * r["pp"] * r["dp"] * r["cp"] == 64 for r in runs)
    assert all(0 < r["mfu"] < 1 and 0 < r["goodput"] < 1 for r in runs)


def test_time_is_tokens_over_speed_and_goodput_and_cost_is_time_and_price(answer):
    for r in answer["runs"]:
        seconds = 1e12 / (r["tokens_per_s_per_chip"] * 64 * r["goodput"])
        assert r["days"] == pytest.approx(seconds / 86400)
        assert r["usd"] == pytest.approx(r["chip_hours"] * r["usd_per_chip_hour"])
        assert r["low80_days"] < r["days"] < r["high80_days"]
        assert r["low80_usd"] < r["usd"] < r["high80_usd"]


def test_runs_come_cheapest_first(answer):
    costs = [r["usd"] for r in answer["runs"]]
    assert costs == sorted(costs)


def test_what_does_not_fit_is_refused_with_the_memory_it_takes():
    found = size_training("llama3.1-405b", ("H100",), replace(ASKED, chips=(8,)), 10, DAY)
    assert not found["runs"]
    assert "GiB a chip, 79 GiB are there" in found["refused"][0]["why"]


def test_a_run_that_ends_too_late_is_refused_with_its_days():
    found = size_training("llama3.1-70b", ("H100",), replace(ASKED, days=7.0), 10, DAY)
    assert not found["runs"]
    assert "days, 7 are allowed" in found["refused"][0]["why"]


def test_counts_nobody_asked_for_are_refused_in_one_line():
    found = size_training("llama3.1-405b", ("H100",), TrainingQuestion(tokens=1e12), 20, DAY)
    assert len(found["refused"]) == 1
    assert " x 1 to " in found["refused"][0]["what"]
    assert min(r["n_chips"] for r in found["runs"]) > 8


def test_more_chips_end_sooner_and_longer_time_allowed_never_costs_more():
    chips = replace(ASKED, chips=(64, 128, 256))
    found = size_training("llama3.1-70b", ("H100",), chips, 10, DAY)["runs"]
    by_chips = sorted(found, key=lambda r: r["n_chips"])
    assert [r["days"] for r in by_chips] == sorted((r["days"] for r in found), reverse=True)
    hurried = size_training("llama3.1-70b", ("H100",), replace(chips, days=60.0), 10, DAY)["runs"]
    assert found[0]["usd"] <= hurried[0]["usd"]


def test_lora_is_cheaper_than_training_all_weights():
    question = TrainingQuestion(tokens=1e9, chips=(16,))
    full, lora = (
        size_training("llama3.1-8b", ("H100",), replace(question, lora=x), 1, DAY) for x in (False, True)
    )
    assert lora["runs"][0]["usd"] < full["runs"][0]["usd"]
    assert lora["asked"]["method"] == "lora"


def test_only_the_recomputation_asked_for_is_tried_and_own_prices_are_used():
    asked = replace(ASKED, recompute=("full",), usd_per_chip_hour=2.0)
    (run,) = size_training("llama3.1-70b", ("H100",), asked, 10, DAY)["runs"]
    assert run["recompute"] == "full"
    assert run["usd"] == pytest.approx(2 * run["chip_hours"])


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("tokens", 0.0, "--tokens"),
        ("sequence_length", float("nan"), "--sequence"),
        ("chips", (0,), "--chips"),
        ("days", -1.0, "--days"),
        ("precisions", ("fp9",), "--precision"),
        ("recompute", ("ful",), "--recompute"),
        ("global_batch_tokens", 100.0, "--batch"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_its_option(field, value, said):
    with pytest.raises(BadInput, match=said):
        replace(ASKED, **{field: value})


def test_closed_models_and_wrong_names_are_refused():
    with pytest.raises(UnknownName, match="H1OO"):
        size_training("llama3.1-8b", ("H1OO",), ASKED, 1, DAY)
    with pytest.raises(Refused, match="closed"):
        size_training("gpt-4o", ("H100",), ASKED, 1, DAY)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_terminal_answer_fits_its_width_and_says_what_it_rests_on(answer, width):
    lines = training_size_lines(answer, width)
    assert max(map(len, lines)) <= width
    text = " ".join(" ".join(lines).split())
    assert text.startswith("Cheapest for 1T tokens of llama3.1-70b")
    assert "fitted on" in text
    nothing = size_training("llama3.1-405b", ("H100",), replace(ASKED, chips=(8,)), 10, DAY)
    refused = " ".join(training_size_lines(nothing, width))
    assert refused.startswith("No layout trains")
    assert "Refused" in refused
