"""Engine steps: more hardware is never slower, more work never faster."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.errors import Refused
from counterpoise.performance.calibration import START, Condition
from counterpoise.performance.roofline import joined
from counterpoise.performance.steps import step_seconds, step_work

CATALOGUE = load()
MODELS = ["llama3.1-8b", "llama3.1-70b", "deepseek-r1", "gpt-oss-120b", "qwen3.5-397b-a17b", "glm-5"]
CHIPS = ["H100-SXM5-80GB", "H20", "MI300X", "B200-SXM-180GB", "Ascend-910B"]
LAYOUTS = [(1, 1, 1, 1), (8, 1, 1, 1), (8, 1, 1, 8), (1, 1, 8, 8), (4, 2, 1, 1), (8, 1, 4, 32)]

cases = {
    "name": st.sampled_from(MODELS),
    "chip": st.sampled_from(CHIPS),
    "layout": st.sampled_from(LAYOUTS),
    "batch": st.floats(0.0, 512.0),
    "context": st.floats(1.0, 100_000.0),
    "prefill": st.floats(0.0, 16_384.0),
}


def seconds(name, chip, layout, batch, context, prefill, **options):
    model = find_model(CATALOGUE, name)
    chip = find_chip(CATALOGUE, chip) if isinstance(chip, str) else chip
    tp, pp, dp, ep = (np.full(1, float(x)) for x in layout)
    work = step_work(
        model, chip, weight_precision="fp8", kv_precision="bf16", tp=tp, pp=pp, dp=dp, ep=ep, scale_up_chips=8
    )
    e = START.efficiencies(Condition(chip, model, "vllm", "", "fp8"), 1)
    return float(
        step_seconds(
            work,
            e,
            decode=np.full(1, batch),
            context=np.full(1, context),
            prefill=np.full(1, prefill),
            prefill_context=np.full(1, prefill / 2),
            **options,
        )[0]
    )


def faster(chip, figure, factor=2.0):
    old = chip.figures[figure]
    new = replace(old, mid=old.mid * factor, low=old.low * factor, high=old.high * factor)
    return replace(chip, figures={**chip.figures, figure: new})


@settings(max_examples=60, deadline=None)
@given(**cases)
def test_a_step_takes_a_finite_time(name, chip, layout, batch, context, prefill):
    assert 0 < seconds(name, chip, layout, batch, context, prefill) < 1e4


@settings(max_examples=60, deadline=None)
@given(
    **cases,
    figure=st.sampled_from(
        [
            "memory_bandwidth_bytes_per_s",
            "peak_bf16_flops_per_s",
            "scale_up_bandwidth_bytes_per_s",
            "scale_out_bandwidth_bytes_per_s",
        ]
    ),
)
def test_a_better_chip_is_never_slower(name, chip, layout, batch, context, prefill, figure):
    plain = find_chip(CATALOGUE, chip)
    better = faster(plain, figure)
    args = (layout, batch, context, prefill)
    assert seconds(name, better, *args) <= seconds(name, plain, *args) * (1 + 1e-9)


@settings(max_examples=60, deadline=None)
@given(**cases, grown=st.sampled_from(["batch", "context", "prefill"]))
def test_more_work_is_never_faster(name, chip, layout, batch, context, prefill, grown):
    work = {"batch": batch, "context": context, "prefill": prefill}
    more = {**work, grown: work[grown] * 2 + 1}
    assert seconds(name, chip, layout, **more) >= seconds(name, chip, layout, **work) * (1 - 1e-9)


@settings(max_examples=40, deadline=None)
@given(**cases)
def test_splitting_a_batch_never_takes_less_time(name, chip, layout, batch, context, prefill):
    whole = seconds(name, chip, layout, batch, context, 0.0)
    halves = 2 * seconds(name, chip, layout, batch / 2, context, 0.0)
    assert halves >= whole * (1 - 1e-9)


@settings(max_examples=40, deadline=None)
@given(**cases)
def test_hiding_the_exchange_behind_compute_never_costs(name, chip, layout, batch, context, prefill):
    args = (name, chip, layout, batch, context, prefill)
    assert seconds(*args, overlap=True) <= seconds(*args) * (1 + 1e-9)


@given(c=st.floats(0, 1e3), m=st.floats(0, 1e3))
def test_joined_time_lies_between_full_overlap_and_none(c, m):
    t = float(joined(np.array(c), np.array(m)))
    assert max(c, m) * (1 - 1e-12) - 1e-100 <= t <= (c + m) * (1 + 1e-12)


def test_a_chip_without_bandwidth_is_refused_with_the_fact_that_lacks():
    chip = find_chip(CATALOGUE, "H20")
    blind = replace(
        chip, figures={k: v for k, v in chip.figures.items() if k != "memory_bandwidth_bytes_per_s"}
    )
    with pytest.raises(Refused, match="no published memory bandwidth"):
        seconds("llama3.1-8b", blind, (1, 1, 1, 1), 1.0, 100.0, 0.0)


def test_a_closed_model_is_refused():
    closed = next(m for m in CATALOGUE.models.values() if not m.layers)
    with pytest.raises(Refused, match="closed"):
        seconds(closed.name, "H20", (1, 1, 1, 1), 1.0, 100.0, 0.0)


def test_a_sliding_window_makes_long_contexts_cheap():
    short = seconds("gpt-oss-120b", "H20", (1, 1, 1, 1), 64.0, 10_000.0, 0.0)
    windowed = seconds("gpt-oss-120b", "H20", (1, 1, 1, 1), 64.0, 20_000.0, 0.0)
    full = seconds("llama3.1-70b", "H20", (4, 1, 1, 1), 64.0, 10_000.0, 0.0)
    longer = seconds("llama3.1-70b", "H20", (4, 1, 1, 1), 64.0, 20_000.0, 0.0)
    assert (windowed - short) / short < (longer - full) / full
