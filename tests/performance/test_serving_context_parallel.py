"""Context parallelism in serving: chips that share prompts and caches, counted, fed and paid for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.performance.serving import estimate_serving

CATALOGUE = load()
H100 = find_chip(CATALOGUE, "H100-SXM5-80GB")
MODELS = ["llama3.1-8b", "llama3.1-70b", "deepseek-v2-lite", "gpt-oss-120b"]


def serve(name="llama3.1-8b", *, precision="fp8", **asked):
    given_ = {"tp": 1, "input_tokens": 60_000.0, "output_tokens": 200.0, **asked}
    if "rate_per_s" not in given_:
        given_ = {"concurrency": 4.0, **given_}
    return estimate_serving(
        find_model(CATALOGUE, name), H100, weight_precision=precision, kv_precision="bf16", scale_up_chips=8,
        **given_,
    )  # fmt: skip


def figures(estimate):
    names = "ttft_s tpot_s requests_per_s batch memory_bytes kv_tokens power_w concurrency"
    return {name: getattr(estimate, name).tolist() for name in names.split()}


@pytest.mark.parametrize("load", [{"concurrency": 6.0}, {"rate_per_s": 0.01}], ids=["users", "rate"])
def test_one_chip_is_none(load):
    assert figures(serve(**load, cp=1)) == figures(serve(**load))


def test_a_long_prompt_is_answered_sooner_by_chips_that_share_it():
    one, four = (float(serve(cp=cp, concurrency=1.0).ttft_s) for cp in (1, 4))
    assert 2.0 < one / four < 4.0


def test_each_chip_caches_its_share_so_that_a_replica_holds_as_many_times_more():
    one, four = (serve(cp=cp) for cp in (1, 4))
    assert float(four.kv_tokens) == pytest.approx(4 * float(one.kv_tokens))


def test_a_request_whose_cache_is_too_long_for_a_chip_fits_on_several():
    long = {"name": "llama3.1-70b", "precision": "int4", "input_tokens": 120_000.0}
    assert "does not fit" in serve(**long, cp=1).reason[0]
    assert serve(**long, cp=4).feasible


def test_a_short_prompt_is_served_better_by_replicas_of_their_own():
    """Weights are read on every chip, so that four chips of one replica waste most of the bandwidth."""
    short = {"input_tokens": 500.0, "output_tokens": 500.0, "concurrency": 128.0}
    assert serve(**short, cp=4).requests_per_s < serve(**short, dp=4).requests_per_s


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(MODELS),
    cp=st.sampled_from([2, 4, 8]),
    users=st.floats(1.0, 512.0),
    lengths=st.tuples(st.floats(1.0, 1e5), st.floats(2.0, 5e3)),
)
def test_no_figure_is_missing_and_all_chips_draw_power(name, cp, users, lengths):
    asked = {"concurrency": users, "input_tokens": lengths[0], "output_tokens": lengths[1]}
    e = serve(name, cp=cp, **asked)
    for figure in (e.ttft_s, e.tpot_s, e.requests_per_s, e.batch, e.memory_bytes, e.power_w):
        assert np.isfinite(figure)
        assert figure > 0
    assert 50.0 < float(e.power_w) / cp <= H100.value("tdp_w")


def test_one_table_takes_several_widths():
    table = serve(cp=np.array([1.0, 2.0, 4.0]), concurrency=2.0)
    each = [serve(cp=cp, concurrency=2.0) for cp in (1, 2, 4)]
    assert table.ttft_s.tolist() == [float(e.ttft_s) for e in each]
