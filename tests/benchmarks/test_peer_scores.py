"""Peers are compared on the same rows, and a row that one of the two refuses counts for neither."""

import pytest
from benchmarks.peers import scores
from hypothesis import given
from hypothesis import strategies as st

POINT = {"model": "m", "weight_precision": "fp8", "chip": "c", "engine": "vllm"}


def points(*ids):
    return [{"id": i, **POINT} for i in ids]


def both(ttft, tpot):
    return {"ttft": ttft, "tpot": tpot}


def pair(i, measured, peer, ours, group=("m",)):
    return scores.Pair(str(i), group, both(measured, measured), both(peer, peer), both(ours, ours))


def test_only_rows_that_both_predict_are_compared():
    told = [
        {"id": "a", "ttft_ms": 10, "tpot_ms": 1},
        {"id": "b", "refused": "no data"},
        {"id": "c", "ttft_ms": 30, "tpot_ms": 3},
    ]
    measured = {i: both(20.0, 2.0) for i in "abc"}
    found = scores.pairs(points("a", "b", "c"), told, {"a": both(20.0, 2.0), "b": both(1.0, 1.0)}, measured)
    assert [p.id for p in found] == ["a"]
    assert found[0].peer == both(10.0, 1.0)


def test_errors_are_the_median_and_mean_of_the_size_and_the_median_of_the_sign():
    found = scores.errors([pair(0, 10, 5, 10), pair(1, 10, 9, 10), pair(2, 10, 11, 10)], "peer")["tpot"]
    assert found["median"] == pytest.approx(0.1)
    assert found["mean"] == pytest.approx(0.7 / 3)
    assert found["bias"] == pytest.approx(-0.1)
    assert found["n"] == 3


def test_a_metric_nobody_measured_has_no_error():
    row = scores.Pair("a", ("m",), {"tpot": 10.0}, both(1, 9), both(1, 10))
    assert set(scores.errors([row], "ours")) == {"tpot"}


@given(st.lists(st.floats(0.1, 1e4), min_size=1, max_size=30), st.floats(0.01, 100))
def test_errors_do_not_depend_on_the_unit(measured, unit):
    rows = [pair(i, m, m * 1.3, m) for i, m in enumerate(measured)]
    scaled = [pair(i, m * unit, m * 1.3 * unit, m * unit) for i, m in enumerate(measured)]
    one, other = (scores.errors(r, "peer")["tpot"]["median"] for r in (rows, scaled))
    assert one == pytest.approx(other, rel=1e-6)


def test_refusals_of_one_kind_are_counted_together():
    told = [
        {"id": "a", "refused": "it does not fit. Memory: 80.1 GB"},
        {"id": "b", "refused": "it does not fit. Memory: 12.9 GB"},
        {"id": "c", "refused": "no data for key { quant: fp8 }"},
        {"id": "d", "ttft_ms": 1, "tpot_ms": 1},
    ]
    assert scores.refusals(told, lambda _: "m") == [(2, "m: it does not fit"), (1, "m: no data for key")]


def test_a_peer_is_closer_only_where_its_median_is_smaller_on_rows_enough():
    near = [pair(i, 10, 11, 15, ("near",)) for i in range(scores.LEAST_ROWS)]
    far = [pair(i, 10, 15, 11, ("far",)) for i in range(scores.LEAST_ROWS)]
    few = [pair(i, 10, 10, 15, ("few",)) for i in range(scores.LEAST_ROWS - 1)]
    found = scores.closer([*near, *far, *few], "ttft")
    assert [g["group"] for g in found] == [["near"]]
    assert found[0]["ours_bias"] == pytest.approx(0.5)
