"""The frontier: no point of it is beaten, and no point off it is missing."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.performance.frontier import frontier_points, unbeaten
from counterpoise.performance.sizing import EngineFeatures, Target, sizing_tables

MEASURES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=30)


def beats(a, b):
    return a[0] >= b[0] and a[1] >= b[1] and a != b


@settings(deadline=None)
@given(MEASURES)
def test_exactly_the_unbeaten_are_kept_once(points):
    kept = [points[k] for k in unbeaten(*np.array(points, float).T)]
    assert sorted(kept) == sorted({p for p in points if not any(beats(q, p) for q in points)})


@settings(deadline=None)
@given(MEASURES)
def test_they_come_by_rising_first_and_so_by_falling_second_measure(points):
    kept = [points[k] for k in unbeaten(*np.array(points, float).T)]
    assert [p[0] for p in kept] == sorted({p[0] for p in kept})
    assert [p[1] for p in kept] == sorted({p[1] for p in kept}, reverse=True)


def test_along_a_chip_s_frontier_speed_is_paid_for_with_throughput_and_the_ttft_target_holds():
    catalogue = load()
    model, chip = find_model(catalogue, "qwen3-32b"), find_chip(catalogue, "H100")
    tables, _ = sizing_tables(
        model, chip, features=[EngineFeatures()], scale_up_chips=8, chips_per_system=8, input_tokens=2000,
        output_tokens=500, percentile=90, precisions=["fp8"], max_chips=8,
    )  # fmt: skip
    points = frontier_points(tables[0], Target(1.0, 0.05, 90))
    assert len(points) > 3
    assert all(p.ttft_s <= 1.0 for p in points)
    assert max(p.tpot_s for p in points) > min(p.tpot_s for p in points)
    rates = [p.output_tokens_per_s / p.n_chips for p in points]
    assert rates == sorted(rates, reverse=True)
    assert [p.tpot_s for p in points] == sorted((p.tpot_s for p in points), reverse=True)
