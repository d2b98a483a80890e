"""The first plan is a plan: it never changes what the search may find, only how soon it is found."""

from __future__ import annotations

import numpy as np
import pytest

from counterpoise.planning import kernel
from counterpoise.planning.solve import TOLERANCE, silent_highs


def knapsack(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cost, weight and bounds of a covering problem with 6 whole and 40 continuous columns."""
    random = np.random.default_rng(seed)
    return random.uniform(1, 9, 46), random.uniform(1, 5, 46), np.full(46, 3.0)


def loaded(cost: np.ndarray, weight: np.ndarray, upper: np.ndarray) -> object:
    highs = silent_highs(1)
    size = len(cost)
    highs.addVars(size, np.zeros(size), upper)
    highs.changeColsCost(size, np.arange(size, dtype=np.int32), cost)
    highs.addRow(60.0, np.inf, size, np.arange(size, dtype=np.int32), weight)
    return highs


@pytest.mark.parametrize("seed", range(5))
def test_the_first_plan_covers_the_demand_in_whole_numbers_and_costs_no_less_than_the_bound(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "SMALLEST", 10)
    cost, weight, upper = knapsack(seed)
    highs = loaded(cost, weight, upper)
    whole = np.arange(6, dtype=np.int32)
    plan = kernel.first_plan(highs, whole, (np.zeros(46), upper), gap=0.0)
    assert plan is not None
    value = np.array(plan.col_value)
    assert weight @ value >= 60.0 - 1e-6
    assert np.allclose(value[whole], np.round(value[whole]), atol=1e-6)
    highs.run()
    assert cost @ value >= highs.getInfo().objective_function_value - TOLERANCE
    assert len(highs.getLp().integrality_) == 0 or not any(
        int(kind) for kind in highs.getLp().integrality_
    ), "the model is left without whole numbers, as it was"


def test_a_small_model_is_searched_at_once() -> None:
    cost, weight, upper = knapsack(0)
    highs = loaded(cost, weight, upper)
    assert kernel.first_plan(highs, np.arange(6, dtype=np.int32), (np.zeros(46), upper), gap=0.0) is None
