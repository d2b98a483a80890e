"""Where the time goes: the parts of a prediction add up to it, and each is bound by what it says."""

from dataclasses import replace

import numpy as np
import pytest

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.performance.breakdown import Operation, explain, prepared, split_step
from counterpoise.performance.breakdown_apart import explain_apart
from counterpoise.performance.calibration import shipped_calibration
from counterpoise.performance.layouts import Layout
from counterpoise.performance.serving import estimate_serving
from counterpoise.performance.sizing_records import Apart
from counterpoise.performance.steps import step_seconds

CATALOGUE = load()
ONE = np.ones(1)
CASES = [
    ("deepseek-r1", "H200", Layout(1, 1, 8, 8)),
    ("llama3.1-70b", "H100", Layout(4, 1, 1, 1)),
    ("qwen3-next-80b-a3b", "H200", Layout(4, 1, 1, 4)),
    ("llama3.1-70b", "A100", Layout(8, 2, 1, 1)),
]


def case(name, chip, layout, **changes):
    asked = {"concurrency": 64.0, "input_tokens": 2000.0, "output_tokens": 500.0, "scale_up_chips": 8}
    operation = Operation(layout, "bf16" if "llama" in name else "fp8", "bf16", **{**asked, **changes})
    return find_model(CATALOGUE, name), find_chip(CATALOGUE, chip), operation


def total(split):
    return sum(part.seconds for part in split.parts)


@pytest.mark.parametrize(("name", "chip", "layout"), CASES)
@pytest.mark.parametrize("load_", [{"concurrency": 64.0}, {"concurrency": None, "rate_per_s": 0.5}])
def test_the_parts_of_every_time_add_up_to_it(name, chip, layout, load_):
    found = explain(*case(name, chip, layout, **load_))
    for split in (found.decode_step, found.prefill, found.tpot, found.ttft):
        assert total(split) == pytest.approx(split.seconds, rel=1e-6)
        assert sum(part.share for part in split.parts) == pytest.approx(1.0)


@pytest.mark.parametrize(("name", "chip", "layout"), CASES)
def test_what_is_taken_apart_is_what_was_predicted(name, chip, layout):
    model, chip, o = case(name, chip, layout)
    found = explain(model, chip, o)
    e = estimate_serving(
        model, chip, weight_precision=o.weight_precision, kv_precision="bf16", tp=layout.tp, pp=layout.pp,
        dp=layout.dp, ep=layout.ep, concurrency=o.concurrency, input_tokens=o.input_tokens,
        output_tokens=o.output_tokens, scale_up_chips=8,
    )  # fmt: skip
    assert found.ttft.seconds == pytest.approx(float(e.ttft_s))
    assert found.tpot.seconds == pytest.approx(float(e.tpot_s))


@pytest.mark.parametrize(("name", "chip", "layout"), CASES)
def test_no_part_of_a_step_takes_negative_time(name, chip, layout):
    found = explain(*case(name, chip, layout))
    for split in (found.decode_step, found.prefill):
        assert all(part.seconds >= -1e-12 for part in split.parts)


def test_the_step_that_is_split_is_the_step_of_the_model_of_steps():
    model, chip, o = case(*CASES[0])
    work, kinds, e = prepared(model, chip, o, shipped_calibration().sets["all"])
    step = {"decode": 16 * ONE, "context": 3000 * ONE, "prefill": 500.0, "prefill_context": 250.0}
    split = split_step(work, kinds, e, **step)
    assert split.seconds == pytest.approx(float((e["level"] * step_seconds(work, e, **step))[0]))
    assert {"experts", "attention (MLA)", "output head", "transfers between chips"} <= {
        part.name for part in split.parts
    }


def bound(split, name):
    return next(part.bound_by for part in split.parts if part.name == name)


def test_a_small_decode_step_reads_weights_and_a_long_prefill_computes():
    found = explain(*case("llama3.1-70b", "H100", Layout(4, 1, 1, 1), concurrency=4.0, input_tokens=8000.0))
    assert bound(found.decode_step, "dense and shared feed-forward") == "memory"
    assert bound(found.prefill, "dense and shared feed-forward") == "compute"


def test_one_chip_has_no_transfers_and_one_user_waits_for_nobody():
    model, chip, o = case("llama3.1-8b", "H100", Layout(1, 1, 1, 1), concurrency=1.0)
    found = explain(model, chip, replace(o, weight_precision="bf16"))
    assert "transfers between chips" not in {part.name for part in found.decode_step.parts}
    waits = {"burst of a full start", "queue for prefills under way", "wait for room in the cache"}
    assert not waits & {part.name for part in found.ttft.parts}


def test_users_beyond_the_cache_wait_for_room_in_it():
    few = explain(*case("llama3.1-70b", "H100", Layout(4, 1, 1, 1), concurrency=16.0))
    many = explain(*case("llama3.1-70b", "H100", Layout(4, 1, 1, 1), concurrency=4000.0))
    name = "wait for room in the cache"
    assert name not in {part.name for part in few.ttft.parts}
    assert next(part.share for part in many.ttft.parts if part.name == name) > 0.2


def test_workers_apart_are_taken_apart_by_role():
    model, chip, o = case("deepseek-r1", "H200", Layout(1, 1, 16, 16), concurrency=128.0)
    found = explain_apart(model, chip, o, Apart(Layout(8, 1, 1, 8), 2, 1))
    for split in (found.decode_step, found.prefill, found.tpot, found.ttft):
        assert total(split) == pytest.approx(split.seconds, rel=1e-6)
    assert [part.name for part in found.tpot.parts] == ["decode step"]
