"""Regret by hand, and where advice flips."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from counterpoise.analysis.flips import flip
from counterpoise.analysis.regret import least_expected, least_worst, ranked, regrets

COSTS = np.array([[10.0, 30.0], [14.0, 20.0], [12.0, 40.0]])


def test_regret_is_the_cost_beyond_the_cheapest_once_the_future_is_known() -> None:
    assert regrets(COSTS).tolist() == [[0.0, 10.0], [4.0, 0.0], [2.0, 20.0]]


def test_expectation_and_the_worst_may_advise_differently() -> None:
    found = ranked(("rent", "buy", "wait"), COSTS, (0.8, 0.2))
    assert [f.expected_cost for f in found] == pytest.approx([14.0, 15.2, 17.6])
    assert [f.largest_regret for f in found] == [10.0, 4.0, 20.0]
    assert least_expected(found).name == "rent"
    assert least_worst(found).name == "buy"


def test_of_policies_that_cost_the_same_the_first_named_is_advised() -> None:
    found = ranked(("rent", "wait"), np.array([[1.0, 2.0], [1.0, 2.0 - 1e-12]]), (0.5, 0.5))
    assert least_expected(found, 1e-9).name == "rent"


def test_a_policy_without_a_plan_is_never_advised() -> None:
    found = ranked(("rent", "buy"), np.array([[math.inf, 1.0], [5.0, 6.0]]), (0.5, 0.5))
    assert found[0].expected_cost == math.inf
    assert least_expected(found).name == least_worst(found).name == "buy"


@given(arrays(float, (3, 4), elements=st.floats(0, 1e6)))
def test_in_every_future_some_policy_is_not_regretted_and_none_negatively(costs: np.ndarray) -> None:
    regret = regrets(costs)
    assert np.all(regret >= 0)
    assert np.all(regret.min(axis=0) == 0)


@given(arrays(float, (3, 4), elements=st.floats(0, 1e6)))
def test_least_expected_regret_and_least_expected_cost_are_the_same_advice(costs: np.ndarray) -> None:
    found = ranked("abc", costs, (0.1, 0.2, 0.3, 0.4))
    best = min(found, key=lambda f: f.expected_cost)
    assert best.expected_regret == pytest.approx(min(f.expected_regret for f in found), abs=1e-6)


@given(st.floats(0.3, 3.0), st.floats(0.5, 3.0))
def test_a_flip_is_found_where_the_difference_is_nothing(root: float, power: float) -> None:
    found = flip(lambda x: x**power - root**power, 0.25, 3.5, tolerance=1e-4)
    assert found.factor == pytest.approx(root, rel=1e-3)
    assert found.below < 0 < found.above


def test_few_values_are_asked_for() -> None:
    asked = []

    def difference(x: float) -> float:
        asked.append(x)
        return x - 1.7

    assert flip(difference, 0.25, 3.5, tolerance=0.01).factor == pytest.approx(1.7, rel=0.01)
    assert len(asked) <= 8


def test_where_one_way_is_always_cheaper_there_is_no_flip() -> None:
    assert flip(lambda x: x + 1.0, 0.5, 2.0).factor is None
    assert flip(lambda x: x - 9.0, 0.5, 2.0).factor is None
    assert flip(lambda _: math.inf, 0.5, 2.0).factor is None
