"""A second formulation, written by another hand, finds the same least cost, or none where there is none."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

import strategies
from counterpoise.planning.problem import (
    Buy,
    Problem,
    Requirement,
    Scenario,
    ServingDeployment,
    TechniqueOption,
    TrainingDemand,
    TrainingDeployment,
)
from counterpoise.planning.solve import solve
from oracle.agreement import EXACT, assert_same_least_cost
from oracle.rich_problems import rich_problems
from oracle.second_formulation import oracle_objective, solve_bare

SITE, CLOUD = "box @ site", "box @ cloud"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(strategies.problems())
def test_both_find_the_same_least_cost_of_problems_with_a_plan(problem: Problem) -> None:
    assert_same_least_cost(problem)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rich_problems())
def test_both_find_the_same_least_cost_of_problems_of_every_kind(problem: Problem) -> None:
    assert_same_least_cost(problem)


def train(workload: str, **given: object) -> TrainingDeployment:
    """A small training run in the cloud."""
    run = TrainingDeployment(f"{workload} in cloud", workload, CLOUD, 1e4, 4500.0, 0.5)
    return replace(run, **given)  # type: ignore[arg-type]


def test_systems_rented_for_the_days_of_one_run_do_not_train_another_that_runs_longer() -> None:
    works = {
        "short": TrainingDemand("short", 1e9, 1.0, 3.0, 0, 1, math.inf),
        "long": TrainingDemand("long", 1e9, 1.0, 30.0, 0, 1, math.inf),
    }
    problem = strategies.problem(
        2, serving={}, serving_demand={}, training_demand=works, training={w: train(w) for w in works}
    )
    # Whatever its window, a run of 1e9 tokens takes 1e5 s of a system at 1e4 tokens/s, rented at $25/h.
    quarter = 2 * 1e5 / 3600 * 25.0
    assert oracle_objective(problem) == pytest.approx(quarter * (1 + 0.98), rel=EXACT)
    assert_same_least_cost(problem)


def small_model(trained_by: TrainingDemand) -> Problem:
    """A small model, forty times as fast, that must be trained before it serves."""
    base = strategies.problem(3)
    large = ServingDeployment("large", "app", CLOUD, 0.5, 4000.0, 0.5)
    small = ServingDeployment("small", "app", CLOUD, 20.0, 4000.0, 0.5, (Requirement("distil", 0),))
    return replace(
        base,
        serving={d.id: d for d in (large, small)},
        training={"teach": train("teaching", id="teach", pool=SITE, tokens_per_s=1e5)},
        training_demand={"teaching": trained_by},
        techniques={"distil": TechniqueOption("distil", 10.0, 0.0, 0.0, "teaching")},
    )


def test_a_run_left_undone_at_its_price_completes_no_technique() -> None:
    """More work than a window could hold, and next to no price on leaving it: the small model stays away."""
    problem = small_model(TrainingDemand("teaching", 1e15, 0.0, 30.0, 0, 2, 1e-12))
    _, decisions = solve_bare(problem)
    assert not any(name[:2] == ("share", "small") for name in decisions)
    assert_same_least_cost(problem)


@pytest.mark.parametrize("window", [None, 30.0, 100.0])
@pytest.mark.parametrize("runs", [0.0, 1.0])
def test_a_run_that_is_done_completes_a_technique_after_its_period(window: float | None, runs: float) -> None:
    problem = small_model(TrainingDemand("teaching", 1e10, runs, window, 0, 2, math.inf, optional=True))
    _, decisions = solve_bare(problem)
    periods = {name[2] for name in decisions if name[:2] == ("share", "small")}
    assert periods == {1, 2}
    assert_same_least_cost(problem)


def test_an_order_is_paid_at_once_arrives_after_its_lead_time_and_is_worth_its_salvage_at_the_end() -> None:
    base = strategies.problem(2, rents={}, electricity_usd_per_kwh=0.0)
    price, upkeep = 100e3, 1e3
    buy = Buy("buy", SITE, (price, math.inf), 1, 3, 0.1, upkeep, (math.inf,) * 2)
    app = replace(base.serving_demand["app"], peak_requests_per_s=((0.0, 0.0), (1.0, 1.0)))
    problem = replace(base, buys={"buy": buy}, serving_demand={"app": app})
    by_hand = price + 0.98 * (upkeep - 2 * 0.1 * price)
    assert oracle_objective(problem) == pytest.approx(by_hand, rel=EXACT)
    assert solve(problem, gap=0.0).objective_usd == pytest.approx(by_hand, rel=EXACT)


def test_what_is_decided_here_and_now_serves_every_scenario() -> None:
    base = strategies.problem(1, rents={}, electricity_usd_per_kwh=0.0)
    problem = replace(base, scenarios=(Scenario("low", 0.9, 0.1), Scenario("high", 0.1, 1.0)))
    assert oracle_objective(problem) == pytest.approx(oracle_objective(base), rel=EXACT)
    assert_same_least_cost(problem)


def test_neither_finds_a_plan_where_nothing_can_be_had() -> None:
    problem = strategies.problem(1, rents={}, buys={})
    assert oracle_objective(problem) == math.inf
    assert_same_least_cost(problem)


def test_a_large_fleet_that_trains_is_planned_in_fractions_by_both() -> None:
    """Hundreds of systems would serve, a part of one trains: no whole system is asked for."""
    base = strategies.problem(1)
    pool = "box @ site"
    app = replace(
        base.serving_demand["app"], peak_requests_per_s=((600.0, 900.0),), unserved_usd_per_request=1e-6
    )
    run = TrainingDeployment("tuning on site", "tuning", pool, 1e4, 4500.0, 0.5)
    assert_same_least_cost(
        replace(
            base,
            rents={},
            serving={"app on site": base.serving["app on site"]},
            serving_demand={"app": app},
            training_demand={"tuning": TrainingDemand("tuning", 1e9, 1.0, None, 0, 0, math.inf)},
            training={run.id: run},
        )
    )
