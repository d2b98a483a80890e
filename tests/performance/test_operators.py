"""Operators: the work of a model is what its architecture says."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.catalogue import find_model, load, parameters
from counterpoise.performance.operators import active_experts, operator_table

CATALOGUE = load()
ONE = np.ones(1)


def table(name: str, *, precision: str = "bf16", tp: float = 1.0, ep: float = 1.0, expert_tp: float = 1.0):
    return operator_table(
        find_model(CATALOGUE, name),
        weight_precision=precision,
        kv_precision="bf16",
        tp=tp * ONE,
        ep=ep * ONE,
        expert_tp=expert_tp * ONE,
    )


@pytest.mark.parametrize(
    "name", ["llama3.1-8b", "qwen3-32b", "deepseek-r1", "gpt-oss-120b", "glm-5", "mixtral-8x7b"]
)
def test_a_token_costs_two_flops_for_each_active_weight(name):
    model = find_model(CATALOGUE, name)
    ops = table(name)
    flops = float((ops.flops_per_token * ops.count).sum())
    embedding = (
        model.vocab * model.hidden
    )  # looked up, not multiplied; a tied head is multiplied all the same
    active = parameters(model)[1] - (0 if model.tie_embeddings else embedding)
    # Norms and routers are weights that no matrix product of the table covers.
    assert flops == pytest.approx(2 * active, rel=0.01)


def test_mla_caches_576_numbers_a_token_and_layer():
    assert table("deepseek-r1").kv_bytes_per_token[0] == 61 * 576 * 2


def test_gqa_cache_is_divided_by_tensor_parallelism_until_each_chip_has_one_head():
    whole = table("llama3.1-70b").kv_bytes_per_token[0]
    assert table("llama3.1-70b", tp=8).kv_bytes_per_token[0] == whole / 8
    assert table("llama3.1-70b", tp=16).kv_bytes_per_token[0] == whole / 8


def test_mla_cache_is_not_divided_by_tensor_parallelism():
    assert table("deepseek-r1", tp=8).kv_bytes_per_token[0] == table("deepseek-r1").kv_bytes_per_token[0]


def test_a_sliding_window_bounds_what_a_query_sees():
    assert 128.0 in table("gpt-oss-120b").window


def test_fp4_mixtures_keep_their_attention_in_16_bits():
    assert table("gpt-oss-120b", precision="fp4").precision[0] == "bf16"
    assert table("llama3.1-70b", precision="fp4").precision[0] == "fp4"


def test_expert_parallelism_divides_the_experts_and_not_one_expert():
    whole, spread = table("deepseek-r1"), table("deepseek-r1", ep=8)
    grouped = whole.experts[0] > 0
    assert (spread.experts_here[0][grouped] == whole.experts_here[0][grouped] / 8).all()
    assert (spread.weight_bytes[0][grouped] == whole.weight_bytes[0][grouped]).all()


@given(
    experts=st.integers(2, 512),
    share=st.floats(0.01, 1.0),
    tokens=st.floats(0.0, 1e6),
    more=st.floats(0.0, 1e6),
)
def test_more_tokens_never_reach_fewer_experts_nor_more_than_there_are(experts, share, tokens, more):
    top_k = max(1.0, share * experts)
    few = active_experts(ONE * experts, ONE * experts, ONE * top_k, ONE * tokens)
    many = active_experts(ONE * experts, ONE * experts, ONE * top_k, ONE * (tokens + more))
    assert 0 <= few[0] <= many[0] * (1 + 1e-9) <= experts * (1 + 2e-9)


def test_one_token_reaches_its_top_k():
    assert active_experts(256 * ONE, 256 * ONE, 8 * ONE, ONE)[0] == pytest.approx(8)


@given(factor=st.sampled_from([2, 4, 8]))
def test_a_wider_vocabulary_is_only_head_work(factor):
    model = find_model(CATALOGUE, "llama3.1-8b")
    wide = replace(model, vocab=model.vocab * factor)
    a = table("llama3.1-8b").flops_per_token[0]
    b = operator_table(
        wide, weight_precision="bf16", kv_precision="bf16", tp=ONE, ep=ONE, expert_tp=ONE
    ).flops_per_token[0]
    assert (a[:-1] == b[:-1]).all()
    assert b[-1] == factor * a[-1]
