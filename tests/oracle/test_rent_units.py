"""Rent comes in whole multiples of an offer's smallest part, on all days and on training days."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

import strategies
from counterpoise.planning.problem import Problem, Rent, TrainingDemand, TrainingDeployment
from counterpoise.planning.solve import solve
from oracle.agreement import EXACT, assert_same_least_cost
from oracle.rich_problems import rich_problems
from oracle.second_formulation import oracle_objective

CLOUD = "box @ cloud"


def rented(unit: float, **given: object) -> Problem:
    """Two quarters in which nothing can be bought, and rent comes in parts of `unit` systems at $25/h."""
    rent = Rent("rent", CLOUD, (25.0, 25.0), (math.inf, math.inf), unit)
    return replace(strategies.problem(2, **given), buys={}, rents={"rent": rent})


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rich_problems(rent_units=(0.0, 0.125, 0.5, 1.0)))
def test_both_formulations_rent_in_the_same_units(problem: Problem) -> None:
    assert_same_least_cost(problem)


@pytest.mark.parametrize("unit", [0.25, 0.4, 1.0, 2.0])
def test_rent_of_each_block_is_a_whole_multiple_of_the_unit(unit: float) -> None:
    """2 and 5 requests/s at 2 requests/s a system are 1 and 2.5 systems, rounded up to units."""
    problem = rented(unit)
    systems = [math.ceil(s / unit - 1e-9) * unit for s in (1.0, 2.5)]
    by_hand = sum(systems) * 12.0 * 90.0 * 25.0 * (1 + 0.98)
    assert oracle_objective(problem) == pytest.approx(by_hand, rel=EXACT)
    assert solve(problem, gap=0.0).objective_usd == pytest.approx(by_hand, rel=EXACT)


def test_rent_for_training_days_is_a_whole_multiple_of_the_unit_too() -> None:
    """1e8 tokens at 1e4 tokens/s in three days take less than a system rented for one block of them."""
    run = TrainingDeployment("tuning in cloud", "tuning", CLOUD, 1e4, 4500.0, 0.5)
    work = TrainingDemand("tuning", 1e8, 1.0, 3.0, 0, 1, math.inf)
    problem = rented(
        1.0, serving={}, serving_demand={}, training={run.id: run}, training_demand={"tuning": work}
    )
    by_hand = 1.0 * 12.0 * 3.0 * 25.0 * (1 + 0.98)
    assert oracle_objective(problem) == pytest.approx(by_hand, rel=EXACT)
    assert solve(problem, gap=0.0).objective_usd == pytest.approx(by_hand, rel=EXACT)


def test_runs_on_the_same_days_share_a_unit() -> None:
    """Two runs of a fraction of a system each, within the same three days, need no more than one system."""
    runs = {
        w: TrainingDeployment(f"{w} in cloud", w, CLOUD, 1e4, 4500.0, 0.5) for w in ("tuning", "teaching")
    }
    works = {w: TrainingDemand(w, 1e8, 1.0, 3.0, 0, 1, math.inf) for w in runs}
    problem = rented(
        1.0, serving={}, serving_demand={}, training={r.id: r for r in runs.values()}, training_demand=works
    )
    by_hand = 12.0 * 3.0 * 25.0 * (1 + 0.98)
    assert oracle_objective(problem) == pytest.approx(by_hand, rel=EXACT)
    assert_same_least_cost(problem)
