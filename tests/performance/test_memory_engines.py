"""Memory by the rules of each engine: what it takes, what it leaves to the cache, how it counts tokens."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.catalogue import find_chip, find_model, load, model_from_config
from counterpoise.performance.capacity import capacity, most_sequences
from counterpoise.performance.memory import GIB, estimate_memory, visible_memory_bytes
from counterpoise.performance.memory_cache import cache_tokens, reported_bytes_per_token
from counterpoise.performance.memory_engines import largest_step, sglang_fraction, usual_fraction

FACTS = load()
H100 = find_chip(FACTS, "H100-SXM5-80GB")
ONE = np.ones(1)
ENGINES = ["vllm", "sglang", "trtllm", "llamacpp", "generic"]
MODELS = [
    "llama3.1-8b",
    "qwen3-30b-a3b",
    "deepseek-v2-lite",
    "gemma3-12b",
    "gpt-oss-20b",
    "qwen3-next-80b-a3b",
]


def memory(name, chip=H100, **given_):
    options = {"weight_precision": "bf16", "kv_precision": "bf16", "tp": 1, "utilisation": None} | given_
    return estimate_memory(find_model(FACTS, name), chip, **options)


@pytest.mark.parametrize(
    ("chip", "tp", "fraction"), [("H100", 1, 0.836), ("RTX-4090", 1, 0.847), ("H100", 8, 0.819)]
)
def test_sglang_sets_aside_what_its_source_reserves(chip, tp, fraction):
    """Worked examples of two public descriptions of `_handle_gpu_memory_settings`."""
    found = sglang_fraction(find_chip(FACTS, chip), tp * ONE, ONE, ONE)
    assert float(found[0]) == pytest.approx(fraction, abs=0.001)


def test_data_parallel_attention_reserves_more_in_sglang():
    alone, eight = (float(sglang_fraction(H100, 8 * ONE, ONE, dp * ONE)[0]) for dp in (1.0, 8.0))
    assert eight < alone


def test_sglang_gives_the_cache_its_share_less_the_weights():
    found = memory("llama3.1-8b", engine="sglang", utilisation=0.8)
    free = visible_memory_bytes(H100) - found.other_bytes
    assert found.kv_cache_bytes == pytest.approx(0.8 * free - found.weights_bytes)


def test_tensorrt_llm_gives_the_cache_a_share_of_what_is_free():
    found = memory("llama3.1-8b", engine="trtllm")
    free = visible_memory_bytes(H100) - found.other_bytes - found.weights_bytes - found.activation_bytes
    assert found.kv_cache_bytes == pytest.approx(0.9 * free)
    assert found.kv_tokens % 32 == 0


def test_vllm_counts_activations_against_its_share():
    found = memory("llama3.1-8b", engine="vllm")
    taken = found.weights_bytes + found.activation_bytes + found.other_bytes + found.kv_cache_bytes
    assert taken == pytest.approx(0.9 * visible_memory_bytes(H100))


def test_llama_cpp_keeps_only_the_window_of_window_layers():
    gemma = {e: float(memory("gemma3-27b", engine=e, max_model_len=32768).sequences) for e in ENGINES}
    assert gemma["llamacpp"] > 3 * gemma["trtllm"]


def test_tensorrt_llm_stores_every_token_in_every_layer():
    gemma = find_model(FACTS, "gemma3-27b")
    layers = sum(g.count for g in gemma.layers)
    found = cache_tokens("trtllm", gemma, "bf16", ONE, ONE, 8192 * ONE, 1e10 * ONE, chunk=8192, block=32)
    assert found.bytes_per_token == 2 * 2 * 16 * 128 * layers
    # vLLM pads the last group of window layers: 70 in place of 62.
    assert reported_bytes_per_token(gemma, "bf16", ONE, ONE) == 2 * 2 * 16 * 128 * 70


def test_a_window_takes_one_chunk_and_one_block_more_in_vllm():
    short = find_model(FACTS, "gemma3-27b")
    found = cache_tokens("vllm", short, "bf16", ONE, ONE, 131072 * ONE, 4e10 * ONE, chunk=2048)
    page = 10 * 2 * 2 * 16 * 128 * 16
    blocks = 131072 / 16 + 6 * (np.ceil((1024 - 1 + 2048) / 16) + 1)
    assert found.sequences == pytest.approx(np.floor(4e10 / page) / blocks)


def test_a_latent_is_held_whole_by_every_chip_of_tensor_parallelism():
    one, eight = (memory("deepseek-v2-lite", tp=tp) for tp in (1, 8))
    assert one.kv_bytes_per_token == eight.kv_bytes_per_token
    dense = [float(memory("llama3.1-8b", tp=tp).kv_bytes_per_token) for tp in (1, 8)]
    assert dense[1] == dense[0] / 8


def test_an_attention_block_of_a_hybrid_is_as_long_as_its_state_is_large():
    hybrid = find_model(FACTS, "qwen3-next-80b-a3b")
    state = max(g.attention.state_bytes for g in hybrid.layers if g.attention)
    token = 2 * 2 * 2 * 256
    block = 16 * np.ceil(state / (16 * token))
    found = cache_tokens("vllm", hybrid, "bf16", ONE, ONE, 32768 * ONE, 3e10 * ONE, chunk=8192)
    assert found.tokens % block == 0
    # Twelve full layers and three groups of twelve recurrent ones share the pool.
    assert found.bytes_per_token == 48 * token


def test_states_alone_bound_the_sequences_of_a_model_without_attention():
    config = {
        **{"model_type": "mamba2", "hidden_size": 4096, "num_hidden_layers": 64, "num_heads": 128},
        **{"head_dim": 64, "n_groups": 8, "state_size": 128, "conv_kernel": 4, "expand": 2},
        **{"vocab_size": 32768, "num_attention_heads": 128},
    }
    model = model_from_config(config, "m")
    state = sum(g.count * g.attention.state_bytes for g in model.layers if g.attention)
    found = cache_tokens("vllm", model, "bf16", ONE, ONE, 8192 * ONE, 1e10 * ONE, chunk=8192)
    assert found.sequences == pytest.approx(1e10 / state)


@pytest.mark.parametrize(
    ("engine", "chip", "step"),
    [
        ("vllm", "H100", (8192, 1024)),
        ("vllm", "L4", (2048, 256)),
        ("vllm", "A100", (2048, 256)),
        ("sglang", "MI300X", (16384, 2048)),
        ("trtllm", "H200", (8192, 2048)),
        ("llamacpp", "RTX-3090", (512, 4)),
    ],
)
def test_the_largest_step_is_the_engines_own(engine, chip, step):
    assert largest_step(engine, find_chip(FACTS, chip)) == step


def test_more_sequences_and_larger_steps_leave_less_to_the_cache():
    base = memory("qwen2.5-7b", max_batch_tokens=2048, max_sequences=64)
    steps = memory("qwen2.5-7b", max_batch_tokens=32768, max_sequences=64)
    many = memory("qwen2.5-7b", max_batch_tokens=2048, max_sequences=1024)
    assert steps.kv_tokens < base.kv_tokens
    assert many.kv_tokens < base.kv_tokens


def test_the_most_sequences_of_an_engine_without_a_limit_are_infinite():
    assert most_sequences("generic") == float("inf")
    assert most_sequences("vllm", "0.8.5", find_chip(FACTS, "L40S")) == 256
    assert most_sequences("TensorRT-LLM", "1.0.0rc3") == 2048


@settings(deadline=None, max_examples=60)
@given(
    name=st.sampled_from(MODELS),
    engine=st.sampled_from(ENGINES),
    chip=st.sampled_from(["H100", "H200", "B200", "L40S", "MI300X", "RTX-4090"]),
    tp=st.sampled_from([1, 2, 4, 8]),
    length=st.sampled_from([2048, 8192, 32768]),
)
def test_every_engine_leaves_a_finite_cache_that_more_memory_never_shrinks(name, engine, chip, tp, length):
    usual = float(usual_fraction(engine, find_chip(FACTS, chip), tp * ONE, ONE, ONE)[0])
    assert 0 < usual <= 1
    less, more = (
        memory(name, find_chip(FACTS, chip), engine=engine, tp=tp, max_model_len=length, utilisation=share)
        for share in (usual * 0.9, usual)
    )
    for field in ("kv_cache_bytes", "kv_tokens", "sequences", "kv_bytes_per_token"):
        assert np.isfinite(getattr(more, field)).all()
    assert 0 <= less.kv_tokens <= more.kv_tokens
    assert 0 <= less.sequences <= more.sequences
    assert more.kv_cache_bytes <= visible_memory_bytes(find_chip(FACTS, chip))


@pytest.mark.parametrize("engine", ENGINES)
def test_what_a_chip_lacks_is_the_figure_that_does_not_fit(engine):
    model = find_model(FACTS, "llama3.1-70b")
    room = capacity(
        model, H100, weight_precision="bf16", kv_precision="bf16", tp=np.array([1.0, 8.0]), pp=np.ones(2),
        dp=np.ones(2), ep=np.ones(2), input_tokens=np.full(2, 1024.0), output_tokens=np.full(2, 1024.0),
        engine=engine,
    )  # fmt: skip
    assert room.missing_bytes[0] / GIB > 50
    assert room.missing_bytes[1] == 0
    assert room.slots[0] == 0 < room.slots[1]


@pytest.mark.parametrize(
    ("name", "precision", "tp", "weights", "cache"),
    [
        ("gpt-oss-20b", "fp4", 1, 13.47, 50.28),
        ("gpt-oss-120b", "fp4", 1, 64.38, 3.33),
        ("llama3.3-70b", "fp8", 2, 33.88, 32.0),
        ("llama3.1-8b", "bf16", 1, 14.99, 51.38),
        ("qwen3-0.6b", "bf16", 1, 1.12, 64.45),
    ],
)
def test_weights_are_those_an_earlier_vllm_loaded_and_the_cache_is_near(name, precision, tp, weights, cache):
    """GiB on an H100 at 0.9: llm-d-benchmark, config_explorer/empirical-vllm-memory-results.md (Apache-2.0).

    Not fitted on.  That version's activation peak was 3 to 4 GiB larger, so its cache was smaller.
    """
    found = memory(name, weight_precision=precision, tp=tp, max_model_len=16000, engine="vllm")
    assert float(found.weights_bytes) / GIB == pytest.approx(weights, rel=0.01)
    assert float(found.kv_cache_bytes) / GIB == pytest.approx(cache, rel=0.1)
