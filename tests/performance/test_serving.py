"""Serving: the steady state of a deployment under constant users."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.errors import Refused
from counterpoise.performance.percentiles import at_percentile
from counterpoise.performance.serving import accepted_tokens, estimate_serving

CATALOGUE = load()
MODELS = ["llama3.1-8b", "deepseek-r1", "gpt-oss-120b", "qwen3.5-397b-a17b", "glm-5", "mixtral-8x7b"]
USERS = 2.0 ** np.arange(0, 11)


def serve(name="llama3.1-70b", chip="H100-SXM5-80GB", **changes):
    asked = {
        "weight_precision": "fp8", "kv_precision": "bf16", "tp": 8, "pp": 1, "dp": 1, "ep": 1,
        "concurrency": 16, "input_tokens": 1000, "output_tokens": 500, "scale_up_chips": 8, "engine": "vllm",
        **changes,
    }  # fmt: skip
    chip = find_chip(CATALOGUE, chip) if isinstance(chip, str) else chip
    return estimate_serving(find_model(CATALOGUE, name), chip, **asked)


points = {
    "name": st.sampled_from(MODELS),
    "chip": st.sampled_from(["H100-SXM5-80GB", "H20", "MI300X", "B200-SXM-180GB", "Ascend-910B", "TPU-v6e"]),
    "precision": st.sampled_from(["bf16", "fp8", "int8", "int4", "fp4"]),
    "layout": st.sampled_from([(1, 1, 1, 1), (8, 1, 1, 1), (8, 1, 1, 8), (1, 1, 8, 8), (4, 2, 1, 1)]),
    "users": st.floats(1.0, 4096.0),
    "lengths": st.tuples(st.floats(1.0, 30_000.0), st.floats(1.0, 8_000.0)),
    "cached": st.floats(0.0, 1.0),
    "engine": st.sampled_from(["generic", "vllm", "sglang", "trtllm", "llamacpp"]),
}


@settings(max_examples=80, deadline=None)
@given(**points)
def test_every_point_has_finite_positive_figures(
    name, chip, precision, layout, users, lengths, cached, engine
):
    tp, pp, dp, ep = layout
    e = serve(
        name, chip, weight_precision=precision, tp=tp, pp=pp, dp=dp, ep=ep, concurrency=users,
        input_tokens=lengths[0], output_tokens=lengths[1], cached_share=cached, engine=engine,
    )  # fmt: skip
    for figure in (e.ttft_s, e.tpot_s, e.requests_per_s, e.batch, e.memory_bytes, e.power_w):
        assert np.isfinite(figure) and figure > 0
    assert e.low80 < 1 < e.high80
    assert bool(e.feasible) == (e.reason == ("",))
    # Little's law: the users are those that wait for a first token and those that decode.
    assert e.requests_per_s * (e.ttft_s + lengths[1] * e.tpot_s) == pytest.approx(users)


@settings(max_examples=40, deadline=None)
@given(**points, figure=st.sampled_from(["memory_bandwidth_bytes_per_s", "peak_bf16_flops_per_s"]))
def test_a_better_chip_never_serves_less(
    name, chip, precision, layout, users, lengths, cached, engine, figure
):
    plain = find_chip(CATALOGUE, chip)
    # The same chip in all but one fact; both are chips nobody measured, so that effects are equal.
    nameless = replace(plain, name="an unmeasured chip")
    old = plain.figures[figure]
    better = replace(
        nameless, figures={**plain.figures, figure: replace(old, mid=old.mid * 1.5, high=old.high * 1.5)}
    )
    tp, pp, dp, ep = layout
    asked = {
        "weight_precision": precision, "tp": tp, "pp": pp, "dp": dp, "ep": ep, "concurrency": users,
        "input_tokens": lengths[0], "output_tokens": lengths[1], "cached_share": cached, "engine": engine,
    }  # fmt: skip
    before, after = serve(name, nameless, **asked), serve(name, better, **asked)
    assert after.requests_per_s >= before.requests_per_s * (1 - 1e-3)


@settings(max_examples=40, deadline=None)
@given(name=points["name"], lengths=points["lengths"], users=points["users"], grown=st.sampled_from([0, 1]))
def test_longer_requests_are_never_served_faster(name, lengths, users, grown):
    longer = [lengths[0], lengths[1]]
    longer[grown] *= 1.5
    a = serve(name, "H20", concurrency=users, input_tokens=lengths[0], output_tokens=lengths[1])
    b = serve(name, "H20", concurrency=users, input_tokens=longer[0], output_tokens=longer[1])
    assert b.requests_per_s <= a.requests_per_s * (1 + 1e-3)


def test_more_users_raise_throughput_and_latency_until_memory_ends():
    e = serve(concurrency=USERS)
    fits = e.batch < 0.95 * e.kv_tokens / 1250
    assert (np.diff(e.output_tokens_per_s[fits]) > 0).all()
    assert (np.diff(e.tpot_s[fits]) > 0).all()
    assert (np.diff(e.ttft_s) > 0).all()


def test_beyond_the_cache_users_wait_and_throughput_stays():
    e = serve(tp=2, concurrency=np.array([512.0, 1024.0, 2048.0]), input_tokens=8000)
    assert e.requests_per_s[2] == pytest.approx(e.requests_per_s[0], rel=0.1)
    assert e.ttft_s[2] > 1.8 * e.ttft_s[1]


def test_shapes_broadcast():
    e = serve(tp=np.array([[4], [8]]), concurrency=np.array([1, 8, 64]))
    assert e.tpot_s.shape == e.feasible.shape == (2, 3)
    assert len(e.reason) == 6
    alone = serve(tp=4, concurrency=8)
    assert e.tpot_s[0, 1] == pytest.approx(float(alone.tpot_s), rel=1e-12)


def test_a_prefix_hit_shortens_the_first_token():
    assert serve(input_tokens=8000, cached_share=0.8).ttft_s < serve(input_tokens=8000).ttft_s


def test_an_accepted_draft_lowers_tpot_at_a_small_batch():
    assert serve(concurrency=1, speculative=(0.8, 1.0)).tpot_s < serve(concurrency=1).tpot_s


@given(rate=st.floats(0, 1), drafted=st.integers(0, 8))
def test_a_step_gains_between_one_token_and_all_drafted(rate, drafted):
    assert 1 - 1e-12 <= accepted_tokens((rate, float(drafted)))[1] <= drafted + 1 + 1e-9


def test_an_impossible_acceptance_rate_is_refused():
    with pytest.raises(Refused, match="acceptance"):
        accepted_tokens((1.5, 2.0))


def test_weights_that_do_not_fit_say_by_how_much():
    e = serve("deepseek-r1", "H20", weight_precision="bf16")
    assert not e.feasible
    assert "GB" in e.reason[0]


def test_a_context_longer_than_the_models_is_not_feasible():
    assert "context" in serve("llama3.1-8b", tp=1, input_tokens=200_000).reason[0]


def test_eight_bit_cache_holds_about_twice_the_tokens():
    assert serve(kv_precision="fp8").kv_tokens == pytest.approx(2 * serve().kv_tokens, rel=0.05)


def test_independent_replicas_of_a_dense_model_each_take_their_share_of_the_users():
    four = serve(tp=2, dp=4, concurrency=64)
    one = serve(tp=2, dp=1, concurrency=16)
    assert four.tpot_s == pytest.approx(float(one.tpot_s), rel=1e-9)
    assert four.requests_per_s == pytest.approx(4 * float(one.requests_per_s), rel=1e-9)


@given(mean=st.floats(1e-3, 1e2), low=st.floats(1, 98), spread=st.floats(0, 1))
def test_a_higher_percentile_is_never_lower(mean, low, spread):
    one = np.array(mean)
    assert at_percentile(one, low, spread) <= at_percentile(one, low + 1, spread)


def test_a_percentile_beyond_a_hundred_is_refused():
    with pytest.raises(Refused, match="percentile"):
        serve(percentile=100.0)
