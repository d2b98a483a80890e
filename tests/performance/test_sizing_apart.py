"""Prefill and decode apart: every offered choice of workers meets its targets and fits."""

from dataclasses import replace

import pytest

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.performance.serving_workers import split_closed_loop
from counterpoise.performance.sizing_apart import apart_options, pool
from counterpoise.performance.sizing_records import Target

CATALOGUE = load()
R1, H200 = find_model(CATALOGUE, "deepseek-r1"), find_chip(CATALOGUE, "H200")


def options(model=R1, chip=H200, ttft_s=4.0, tpot_s=0.05, **changes):
    asked = {
        "scale_up_chips": 8, "chips_per_system": 8, "input_tokens": 4000.0, "output_tokens": 1000.0,
        "precisions": ["fp8"], **changes,
    }  # fmt: skip
    return apart_options(model, chip, Target(ttft_s, tpot_s, 90.0), **asked)


@pytest.fixture(scope="module")
def found():
    return options()


def test_every_offered_choice_meets_both_targets_on_no_more_chips_than_allowed(found):
    points, _, _ = found
    assert points
    for p in points:
        assert p.ttft_s <= 4.0
        assert p.tpot_s <= 0.05
        workers = p.apart.prefill.chips * p.apart.prefill_workers + p.tp * p.dp * p.apart.decode_workers
        assert p.n_chips == workers <= 32


def test_the_times_are_those_of_the_function_whose_error_is_known(found):
    p = found[0][0]
    decode = replace(p.apart.prefill, tp=p.tp, pp=p.pp, dp=p.dp, ep=p.ep)
    state = split_closed_loop(
        R1, H200, pool(p.apart.prefill), pool(decode), prefill_workers=p.apart.prefill_workers,
        decode_workers=p.apart.decode_workers, users=p.concurrency, weight_precision="fp8",
        kv_precision="bf16", input_tokens=4000.0, output_tokens=1000.0, scale_up_chips=8,
    )  # fmt: skip
    assert p.requests_per_s == pytest.approx(p.concurrency / (state.ttft_s + 1000.0 * state.tpot_s))
    assert p.batch == pytest.approx(state.batch)


def test_every_evaluated_point_of_the_edge_meets_ttft_and_says_that_nothing_like_it_was_fitted(found):
    _, edge, _ = found
    assert all(p.ttft_s <= 4.0 for p in edge)
    assert all("never fitted" in p.basis and p.high80 > 1.2 for p in edge)


def test_chips_draw_between_idle_and_their_rating(found):
    for p in found[0]:
        assert 0.1 * 700 * p.n_chips < p.power_w <= 700 * p.n_chips


def test_the_users_asked_for_are_the_users_evaluated():
    points, edge, _ = options(concurrency=48.0, ttft_s=10.0)
    assert {p.concurrency for p in [*points, *edge]} == {48.0}


def test_what_cannot_be_is_refused_with_what_is_nearest():
    assert "ms asked" in options(tpot_s=0.002)[2][0].why
    assert "nearest are" in options(ttft_s=0.3)[2][0].why or "keep up" in options(ttft_s=0.3)[2][0].why
    assert "no worker" in options(max_chips=4)[2][0].why
    alone = replace(H200, figures={k: v for k, v in H200.figures.items() if "scale" not in k})
    assert "interconnect" in options(chip=alone)[2][0].why
