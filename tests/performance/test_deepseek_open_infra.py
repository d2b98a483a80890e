"""DeepSeek's open-infra day (2025-02-27 to 28): H800 nodes, prefill and decode apart.

Published: 608 G input tokens of which 342 G (56.3 %) hit the cache, 168 G output tokens, 4,989 tokens of
cache for each output token on average, users served at 20 to 22 tokens/s; each node of 8 computes 73.7k input
tokens/s in prefill, cache hits included, or 14.8k output tokens/s in decode.  Prefill ran EP32 on 4 nodes,
decode EP144 on 18.  Neither that day nor DeepSeek's own profile is in the fit; H800 was never measured.
"""

import pytest

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.performance.fit import load_table, wanted
from counterpoise.performance.measured_runs import HELD_OUT
from counterpoise.performance.serving_split import Pool, estimate_decode_pool, estimate_prefill_pool

CATALOGUE = load()
CACHED_SHARE = 342 / 608
# Mean input I and output O follow from I / O = 608 / 168 and I + O / 2 = 4,989.
OUTPUT_TOKENS = 4989 / (608 / 168 + 0.5)
INPUT_TOKENS = OUTPUT_TOKENS * 608 / 168
ASKED = {"weight_precision": "fp8", "kv_precision": "bf16", "scale_up_chips": 8}


def prefill(cached_share=CACHED_SHARE):
    return estimate_prefill_pool(
        find_model(CATALOGUE, "deepseek-v3"),
        find_chip(CATALOGUE, "H800"),
        Pool(tp=1, dp=32, ep=32),
        input_tokens=INPUT_TOKENS,
        cached_share=cached_share,
        **ASKED,
    )


def decode(tpot_s=1 / 21):
    return estimate_decode_pool(
        find_model(CATALOGUE, "deepseek-v3"),
        find_chip(CATALOGUE, "H800"),
        Pool(tp=1, dp=144, ep=144),
        context_tokens=4989,
        tpot_s=tpot_s,
        **ASKED,
    )


def test_a_prefill_node_takes_73_7k_input_tokens_a_second_cache_hits_included():
    assert float(prefill().input_tokens_per_s) / 4 == pytest.approx(73_700, rel=0.35)


def test_a_prefill_node_computes_32_2k_new_tokens_a_second():
    assert float(prefill().new_tokens_per_s) / 4 == pytest.approx(32_200, rel=0.35)


def test_a_decode_node_writes_14_8k_tokens_a_second():
    assert float(decode().output_tokens_per_s) / 18 == pytest.approx(14_800, rel=0.35)


def test_the_batch_of_a_decode_chip_fits_its_memory():
    assert 0 < float(decode().batch) <= float(decode().slots)


def test_the_cached_share_is_an_input_and_moves_the_prediction():
    none = prefill(cached_share=0.0)
    assert float(none.input_tokens_per_s) == pytest.approx(float(none.new_tokens_per_s))
    assert float(prefill(0.8).input_tokens_per_s) > float(prefill(0.5).input_tokens_per_s)


def test_slower_users_let_a_decode_pool_write_more():
    assert float(decode(0.08).output_tokens_per_s) > float(decode(0.03).output_tokens_per_s)


def test_that_day_is_not_among_what_was_fitted():
    table = load_table()
    use = wanted(table).any(axis=1)
    assert not any(run.source in HELD_OUT for run, fitted in zip(table.runs, use, strict=True) if fitted)


def test_the_basis_says_that_the_chip_was_never_measured():
    assert "chip never measured: Hopper family" in prefill().basis
