"""Memory of a serving engine: what the architecture implies on any chip."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.errors import Refused
from counterpoise.performance.memory import (
    GIB,
    estimate_memory,
    layer_cache_bytes,
    reported_bytes_per_token,
    sequence_bytes,
    visible_memory_bytes,
    weight_bytes,
)

FACTS = load()
H100 = find_chip(FACTS, "H100-SXM5-80GB")
MODELS = ["llama3.1-8b", "qwen3-235b-a22b", "deepseek-v3", "gemma3-27b", "gpt-oss-120b", "qwen3-next-80b-a3b"]
ONE = np.ones(1)


def memory(name, **given_):
    options = {"weight_precision": "bf16", "kv_precision": "bf16", "tp": 1} | given_
    return estimate_memory(find_model(FACTS, name), H100, **options)


def test_an_h100_shows_79_gib():
    assert visible_memory_bytes(H100) / GIB == pytest.approx(79.19, abs=0.05)


def test_llama_3_1_8b_leaves_the_cache_that_128_kib_a_token_implies():
    found = memory("llama3.1-8b", utilisation=0.95)
    assert found.weights_bytes / GIB == pytest.approx(14.96, abs=0.05)
    assert found.kv_bytes_per_token == 2 * 2 * 32 * 8 * 128
    assert found.kv_tokens == pytest.approx(found.kv_cache_bytes / found.kv_bytes_per_token, abs=16)


def test_an_mla_cache_is_576_numbers_a_layer_and_tensor_parallelism_does_not_divide_it():
    v3 = find_model(FACTS, "deepseek-v3")
    for tp in (1.0, 8.0):
        assert reported_bytes_per_token(v3, "bf16", tp * ONE, ONE) == 61 * 576 * 2


def test_key_value_heads_are_repeated_beyond_their_number():
    attention = find_model(FACTS, "llama3.1-8b").layers[0].attention
    sizes = [float(layer_cache_bytes(attention, "bf16", tp * ONE)[0]) for tp in (1.0, 4.0, 8.0, 16.0)]
    assert sizes == [4096.0, 1024.0, 512.0, 512.0]


def test_a_window_layer_holds_only_its_window():
    gemma = find_model(FACTS, "gemma3-27b")
    short, long = (float(sequence_bytes(gemma, "bf16", ONE, ONE, n * ONE)[0]) for n in (1024.0, 131072.0))
    full = float(reported_bytes_per_token(gemma, "bf16", ONE, ONE)[0])
    assert long < 131072 * full / 4
    assert long > short


def test_linear_attention_needs_a_state_and_little_cache():
    hybrid = find_model(FACTS, "qwen3-next-80b-a3b")
    grown = [float(sequence_bytes(hybrid, "bf16", ONE, ONE, n * ONE)[0]) for n in (1.0, 100_000.0)]
    full_layers = sum(g.count for g in hybrid.layers if g.attention and g.attention.kind == "full")
    per_token = (grown[1] - grown[0]) / 99_999
    assert per_token == pytest.approx(full_layers * 2 * 2 * 2 * 256, rel=1e-6)


def test_671b_weights_in_fp8_do_not_fit_eight_h100_with_a_cache():
    found = memory("deepseek-v3", weight_precision="fp8", tp=8)
    assert found.kv_tokens == 0
    assert found.weights_bytes > 0.9 * visible_memory_bytes(H100)


def test_expert_parallelism_shares_the_experts_of_data_parallel_attention():
    apart = memory("deepseek-v3", weight_precision="fp8", tp=1, dp=32, ep=32)
    alone = memory("deepseek-v3", weight_precision="fp8", tp=1, dp=1, ep=1)
    assert apart.weights_bytes < alone.weights_bytes / 15


@settings(deadline=None, max_examples=40)
@given(
    name=st.sampled_from(MODELS),
    precision=st.sampled_from(["bf16", "fp8", "int8", "int4", "fp4"]),
    tp=st.sampled_from([1, 2, 4, 8]),
    length=st.sampled_from([2048, 8192, 32768]),
)
def test_memory_is_finite_and_more_chips_never_leave_less_cache(name, precision, tp, length):
    few, many = (
        memory(name, weight_precision=precision, tp=n, max_model_len=length) for n in (2 * tp, 4 * tp)
    )
    for field in ("weights_bytes", "activation_bytes", "graph_bytes", "other_bytes", "kv_cache_bytes"):
        assert np.isfinite(getattr(few, field)).all()
        assert (getattr(few, field) >= 0).all()
    assert many.weights_bytes <= few.weights_bytes
    assert many.kv_tokens >= few.kv_tokens


@settings(deadline=None, max_examples=20)
@given(name=st.sampled_from(MODELS), tp=st.sampled_from([1, 2, 4, 8]))
def test_fewer_bits_never_weigh_more(name, tp):
    model = find_model(FACTS, name)
    sizes = [float(weight_bytes(model, p, tp * ONE, ONE, ONE, ONE)[0]) for p in ("int4", "fp8", "bf16")]
    assert sizes == sorted(sizes)


def test_an_eight_bit_cache_holds_twice_the_tokens():
    wide, narrow = (memory("qwen2.5-7b", kv_precision=p).kv_tokens for p in ("bf16", "fp8"))
    assert narrow == pytest.approx(2 * wide, rel=1e-4)


def test_points_broadcast_to_one_table():
    found = memory("llama3.1-70b", tp=np.array([[2], [4], [8]]), max_model_len=np.array([4096, 8192]))
    assert found.kv_tokens.shape == (3, 2)


def test_a_closed_model_and_a_chip_of_unknown_memory_are_refused():
    closed = replace(find_model(FACTS, "llama3.1-8b"), name="closed", layers=())
    options = {"weight_precision": "bf16", "kv_precision": "bf16", "tp": 1}
    with pytest.raises(Refused, match="closed"):
        estimate_memory(closed, H100, **options)
    bare = replace(H100, name="X1", figures={})
    with pytest.raises(Refused, match="X1 has no published memory"):
        estimate_memory(find_model(FACTS, "llama3.1-8b"), bare, **options)
