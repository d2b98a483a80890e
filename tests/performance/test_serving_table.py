"""A table of serving points answers as its points do: however it is cut, and whoever computes it."""

from dataclasses import fields
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.performance import table_parts
from counterpoise.performance.calibration import START, Condition
from counterpoise.performance.decode_steps import decode_step_s
from counterpoise.performance.layout_work import LayoutWork
from counterpoise.performance.power import busy_seconds
from counterpoise.performance.serving import estimate_serving, has_experts
from counterpoise.performance.steps import ideal_seconds, step_seconds, step_work

CATALOGUE = load()
H100 = find_chip(CATALOGUE, "H100-SXM5-80GB")
MODELS = ["llama3.1-70b", "deepseek-v3.2", "qwen3.5-397b-a17b", "nemotron-super-49b"]
"""Few kinds of operators and many, with experts and without."""
LAYOUTS = np.array([(8, 1, 1, 1), (8, 2, 1, 8), (2, 1, 8, 16), (1, 1, 1, 1)], float)
POINTS = 203
WHOLE = 1_000_000

orders = st.sampled_from(["one layout", "layouts in turn", "layouts in runs"])


def table(name, order, seed=0):
    """Points at random loads and lengths, many of which do not fit or are beyond the largest rate."""
    random = np.random.default_rng(seed)
    row = {
        "one layout": np.zeros(POINTS, int),
        "layouts in turn": np.arange(POINTS) % len(LAYOUTS),
        "layouts in runs": np.arange(POINTS) * len(LAYOUTS) // POINTS,
    }[order]
    tp, pp, dp, ep = LAYOUTS[row].T
    return {
        "tp": tp, "pp": pp, "dp": dp, "ep": ep if has_experts(find_model(CATALOGUE, name)) else 1.0,
        "load": 2.0 ** random.uniform(-2, 10, POINTS),
        "input_tokens": 10 ** random.uniform(0, 5.5, POINTS),
        "output_tokens": 10 ** random.uniform(0, 3.5, POINTS),
        "cached_share": random.uniform(0, 1, POINTS),
    }  # fmt: skip


def serve(name, points, load, *, most=WHOLE, threads=1):
    given_ = {k: v for k, v in points.items() if k != "load"}
    with mock.patch.object(table_parts, "PART_POINTS", most):
        return estimate_serving(
            find_model(CATALOGUE, name), H100, weight_precision="fp8", kv_precision="bf16", scale_up_chips=8,
            speculative=(0.7, 2.0), percentile=95.0, parameters=START, threads=threads,
            **given_, **{load: points["load"] / (1 if load == "concurrency" else 50)},
        )  # fmt: skip


def same(a, b):
    """Equal to the last bit, texts included."""
    for f in fields(a):
        x, y = getattr(a, f.name), getattr(b, f.name)
        if isinstance(x, np.ndarray):
            assert np.array_equal(x, y), f.name
        else:
            assert x == y, f.name


@pytest.mark.parametrize("load", ["concurrency", "rate_per_s"])
@settings(max_examples=15, deadline=None)
@given(
    name=st.sampled_from(MODELS), order=orders, most=st.integers(8, POINTS), threads=st.integers(1, 4),
    seed=st.integers(0, 100),
)  # fmt: skip
def test_cuts_and_threads_do_not_change_a_bit(load, name, order, most, threads, seed):
    points = table(name, order, seed)
    same(serve(name, points, load), serve(name, points, load, most=most, threads=threads))


@pytest.mark.parametrize("load", ["concurrency", "rate_per_s"])
@pytest.mark.parametrize("name", MODELS)
def test_a_point_is_answered_as_it_would_be_alone(name, load):
    points = table(name, "layouts in turn")
    whole = serve(name, points, load)
    for i in range(0, POINTS, 29):
        alone = serve(name, {k: np.ravel(v)[i] if np.size(v) > 1 else v for k, v in points.items()}, load)
        assert alone.reason == (whole.reason[i],)
        for figure in ("ttft_s", "tpot_s", "ttft_percentile_s", "memory_bytes", "power_w", "requests_per_s"):
            assert getattr(alone, figure) == pytest.approx(getattr(whole, figure)[i], rel=1e-9)


@pytest.mark.parametrize("name", MODELS)
def test_points_that_cannot_be_served_are_those_that_have_a_reason(name):
    e = serve(name, table(name, "layouts in turn"), "concurrency", most=50, threads=2)
    assert [not why for why in e.reason] == e.feasible.tolist()
    assert 0 < e.feasible.sum() < POINTS


def test_a_table_without_points_has_no_figures():
    e = serve("llama3.1-70b", {**table("llama3.1-70b", "one layout"), "load": np.ones((0, 1))}, "concurrency")
    assert e.tpot_s.shape == e.feasible.shape == (0, POINTS)
    assert e.reason == ()


@settings(max_examples=15, deadline=None)
@given(name=st.sampled_from(MODELS), order=orders, most=st.integers(8, POINTS), threads=st.integers(1, 3))
def test_decode_steps_of_a_table_are_those_of_the_layouts_work(name, order, most, threads):
    points = table(name, order)
    model = find_model(CATALOGUE, name)
    dp = points["dp"] if has_experts(model) else np.ones(POINTS)
    layout = {"tp": points["tp"], "pp": points["pp"], "dp": dp, "ep": points["ep"] * np.ones(POINTS)}
    common = {"weight_precision": "fp8", "kv_precision": "bf16", "scale_up_chips": 8}
    with mock.patch.object(table_parts, "PART_POINTS", most):
        found = decode_step_s(
            model, H100, **common, **layout, sequences=points["load"], context_tokens=points["input_tokens"],
            draft_tokens=1.0, parameters=START, threads=threads,
        )  # fmt: skip
    e = START.efficiencies(Condition(H100, model, "generic", "", "fp8"), POINTS)
    direct = e["level"] * step_seconds(
        step_work(model, H100, **common, **layout), e, decode=points["load"], context=points["input_tokens"],
        draft_tokens=np.ones(POINTS),
    )  # fmt: skip
    np.testing.assert_allclose(found, direct, rtol=1e-13)


def test_decode_steps_broadcast_to_a_grid():
    seconds = decode_step_s(
        find_model(CATALOGUE, "llama3.1-70b"), H100, weight_precision="fp8", kv_precision="bf16", tp=8,
        sequences=[[1.0], [8.0], [64.0]], context_tokens=[100.0, 1000.0, 10_000.0, 100_000.0],
        scale_up_chips=8, parameters=START,
    )  # fmt: skip
    assert seconds.shape == (3, 4)
    assert (np.diff(seconds, axis=0) > 0).all()
    assert (np.diff(seconds, axis=1) > 0).all()


@pytest.mark.parametrize("order", ["one layout", "layouts in turn"])
@pytest.mark.parametrize("name", MODELS)
def test_busy_time_is_that_of_the_operators_at_data_sheet_peak(name, order):
    points = table(name, order)
    model = find_model(CATALOGUE, name)
    dp = points["dp"] if has_experts(model) else np.ones(POINTS)
    layout = {"tp": points["tp"], "pp": points["pp"], "dp": dp, "ep": points["ep"] * np.ones(POINTS)}
    asked = {
        "decode": points["load"], "context": points["input_tokens"],
        "prefill_per_step": points["output_tokens"], "prefill_context": points["input_tokens"] / 2,
        "draft_tokens": 2.0,
    }  # fmt: skip
    work = step_work(
        model, H100, weight_precision="fp8", kv_precision="bf16", scale_up_chips=8, **layout
    )  # fmt: skip
    found = busy_seconds(LayoutWork(model, H100, "fp8", "bf16", 8).at(*layout.values()), **asked)
    for mine, direct in zip(found, ideal_seconds(work, **asked), strict=True):
        np.testing.assert_allclose(mine, direct, rtol=1e-12)
