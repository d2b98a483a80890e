"""Drafts in a fitted run, kernels that quantise, narrow weights, and copies of a row."""

from dataclasses import replace

import numpy as np
import pytest

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.performance.capacity import capacity
from counterpoise.performance.fit import copies, load_table
from counterpoise.performance.measured_runs import PREFILL, shipped
from counterpoise.performance.operators import NARROW, operator_table
from counterpoise.performance.precision import MXFP4, compute_precision
from counterpoise.performance.run_table import drafting
from counterpoise.performance.serving_accuracy import interval_name

CATALOGUE = load()
ONE = np.ones(1)
TABLE = load_table()


def kernels(name, precision, narrow=NARROW):
    model = find_model(CATALOGUE, name)
    made = operator_table(
        model, weight_precision=precision, kv_precision="bf16", tp=ONE, ep=ONE, expert_tp=ONE, narrow=narrow
    )
    return made.kernels.sum()


def test_block_scales_cost_kernels_that_one_scale_for_all_does_not():
    assert kernels("minimax-m2.5", "fp8") > kernels("minimax-m2.5", "bf16")
    assert kernels("llama3.1-70b", "fp8") == kernels("llama3.1-70b", "bf16")
    assert kernels("llama3.1-70b", "fp4") > kernels("llama3.1-70b", "bf16")


def test_an_fp4_mixture_of_experts_quantises_for_its_experts_and_not_for_attention_in_16_bits():
    assert kernels("minimax-m2.5", "bf16") < kernels("minimax-m2.5", "fp4") < kernels("minimax-m2.5", "fp8")


def test_weights_that_a_chip_widens_need_nothing_quantised():
    assert kernels("gpt-oss-120b", "fp4", frozenset()) == kernels("gpt-oss-120b", "bf16")


def test_mxfp4_multiplies_as_fp8_on_blackwell_and_in_16_bits_on_hopper():
    assert compute_precision(find_chip(CATALOGUE, "B200-SXM-180GB"), MXFP4) == "fp8"
    assert compute_precision(find_chip(CATALOGUE, "H200-SXM-141GB"), MXFP4) == "bf16"
    made = operator_table(
        find_model(CATALOGUE, "gpt-oss-120b"), weight_precision="fp4", kv_precision="bf16", tp=ONE, ep=ONE,
        expert_tp=ONE,
    )  # fmt: skip
    assert MXFP4 in made.precision


def test_an_engine_that_never_evicts_holds_what_waits_of_measured_runs_say():
    """Llama 3.1 70B in FP8 on one H200: 64 and 128 users waited as if 47 to 48 ran at once."""
    room = capacity(
        find_model(CATALOGUE, "llama3.1-70b"), find_chip(CATALOGUE, "H200-SXM-141GB"), weight_precision="fp8",
        kv_precision="fp8", tp=ONE, pp=ONE, dp=ONE, ep=ONE, input_tokens=0.9 * 1024 * ONE,
        output_tokens=0.9 * 8192 * ONE, engine="trtllm",
    )  # fmt: skip
    assert room.slots[0] == pytest.approx(47.5, abs=5)


def test_a_draft_gains_what_its_acceptance_says_and_a_run_without_drafts_nothing():
    q = replace(TABLE.take(np.arange(3)).question, draft_tokens=np.array([0.0, 1.0, 3.0]))
    gained = drafting(q, {"acceptance": np.full(3, 0.8)}).accepted_tokens
    assert gained == pytest.approx([1.0, 1.8, 1 + 0.8 + 0.64 + 0.512])


def test_a_row_written_down_twice_is_fitted_once():
    twice = copies(TABLE)
    again = {row["id"] for row in shipped("serving") if "gap-analysis" in row["source"]}
    assert sum(r.id in again for r in TABLE.runs) == 31
    # The original may come after its copy: one of each pair is left.
    assert twice.sum() >= 31
    assert twice.sum() < 40


def test_one_batch_and_prefill_have_intervals_of_their_own():
    serving = next(r for r in TABLE.runs if r.source == "serving")
    other = next(r for r in TABLE.runs if r.source != "serving")
    prefill = next(r for r in TABLE.runs if r.load == PREFILL)
    assert interval_name(serving, "ttft_mean_ms") == "ttft"
    assert interval_name(other, "ttft_mean_ms") == "batch ttft"
    assert interval_name(prefill, "total_tok_s") == "prefill rate"
    assert interval_name(other, "output_tok_s_total") == "rate"
