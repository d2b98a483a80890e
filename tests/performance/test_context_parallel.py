"""Context parallelism: chips that share the tokens of a prompt, and the cache of a decoding request."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.performance.calibration import START, Condition
from counterpoise.performance.steps import step_seconds, step_work

CATALOGUE = load()
MODELS = ["llama3.1-8b", "llama3.1-70b", "deepseek-r1", "gpt-oss-120b", "qwen3.5-397b-a17b", "glm-5"]


def work_of(name, chip, tp, cp, ep=1, domain=8):
    model, chip = find_model(CATALOGUE, name), find_chip(CATALOGUE, chip)
    one = np.ones(1)
    work = step_work(
        model, chip, weight_precision="fp8", kv_precision="bf16",
        tp=tp * one, pp=one, dp=one, ep=ep * one, cp=cp * one, scale_up_chips=domain,
    )  # fmt: skip
    return work, START.efficiencies(Condition(chip, model, "vllm", "", "fp8"), 1)


def seconds(name="llama3.1-70b", *, tp=1, cp=1, decode=0.0, context=1.0, prefill=0.0, **more):
    work, e = work_of(name, "H100-SXM5-80GB", tp, cp, **more)
    one = np.ones(1)
    return float(
        step_seconds(
            work, e, decode=decode * one, context=context * one, prefill=prefill, prefill_context=prefill / 2
        )[0]
    )


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(MODELS),
    decode=st.floats(0, 256),
    context=st.floats(1, 1e5),
    prefill=st.floats(0, 1e5),
)
def test_one_context_parallel_chip_is_none(name, decode, context, prefill):
    model, chip = find_model(CATALOGUE, name), find_chip(CATALOGUE, "H100-SXM5-80GB")
    one = np.ones(1)
    layout = {"tp": 8 * one, "pp": one, "dp": one, "ep": one}
    asked = {"weight_precision": "fp8", "kv_precision": "bf16", "scale_up_chips": 8}
    e = START.efficiencies(Condition(chip, model, "vllm", "", "fp8"), 1)
    plain, with_cp = (
        step_seconds(
            step_work(model, chip, **layout, **asked, **cp), e,
            decode=decode * one, context=context * one, prefill=prefill, prefill_context=prefill / 2,
        )[0]
        for cp in ({}, {"cp": one})
    )  # fmt: skip
    assert plain == with_cp


@pytest.mark.parametrize("name", ["llama3.1-8b", "llama3.1-70b"])
def test_a_long_prompt_is_prefilled_nearly_as_many_times_faster_as_chips_share_it(name):
    one, four = (seconds(name, cp=cp, prefill=128_000.0) for cp in (1, 4))
    assert 3.0 < one / four < 4.0


def test_a_short_prompt_gains_little():
    """Weights are read and operators launched on every chip, whatever its share of the tokens."""
    assert seconds(prefill=64.0) / seconds(cp=4, prefill=64.0) < 1.5


def test_decode_over_a_long_cache_gains_and_over_a_short_one_loses():
    long = {"decode": 8.0, "context": 500_000.0}
    assert seconds(cp=4, **long) < seconds(**long)
    short = {"decode": 8.0, "context": 100.0}
    assert seconds(cp=4, **short) > seconds(**short)


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(MODELS), prefill=st.floats(1, 1e5), cp=st.sampled_from([2, 4, 8]))
def test_chips_that_share_a_prompt_never_do_better_than_divide_it(name, prefill, cp):
    alone, shared = seconds(name, tp=1, prefill=prefill), seconds(name, tp=1, cp=cp, prefill=prefill)
    if name.startswith("llama"):  # experts are sharded over the cp chips too, and read less each
        assert shared >= alone / cp * (1 - 1e-9)
    assert 0 < shared < 1e5


def test_each_chip_caches_its_share_of_the_tokens():
    one, four = (work_of("llama3.1-70b", "H100-SXM5-80GB", 1, cp)[0].kv_bytes_per_token[0] for cp in (1, 4))
    assert one == pytest.approx(4 * four)


def test_a_ring_over_the_network_is_slower_than_inside_a_domain():
    assert seconds(cp=16, prefill=50_000.0, domain=8) > seconds(cp=16, prefill=50_000.0, domain=16)


def test_the_ring_carries_what_the_keys_and_values_weigh():
    """70B: 80 layers of 2 x 8 heads x 128 in 16 bits are 320 KiB a token; 3 of 4 quarters cross each link."""
    work, _ = work_of("llama3.1-70b", "H100-SXM5-80GB", 1, 4)
    assert work.ring_s_per_token[0] * 450e9 == pytest.approx(0.75 * 80 * 2 * 8 * 128 * 2)
