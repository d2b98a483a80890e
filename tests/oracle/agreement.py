"""The product's least cost of a problem, beside that of the second formulation."""

from __future__ import annotations

import math

import pytest

from counterpoise.errors import NoPlan
from counterpoise.planning.problem import Problem
from counterpoise.planning.solve import solve
from oracle.second_formulation import oracle_objective

EXACT = 1e-6
"""Relative difference at which two costs are the same: HiGHS takes whole numbers for whole at 1e-6."""


def least_cost(problem: Problem) -> tuple[float, tuple[str, ...]]:
    """Return the product's least cost at gap 0, inf without a plan, and the pools it planned in fractions."""
    try:
        plan = solve(problem, gap=0.0, time_limit_s=300.0)
    except NoPlan:
        return math.inf, ()
    assert plan.gap <= EXACT
    return plan.objective_usd, plan.relaxed_integers


def assert_same_least_cost(problem: Problem) -> None:
    """Assert that both formulations find the same least cost, or both none."""
    cost, fractional = least_cost(problem)
    assert cost == pytest.approx(oracle_objective(problem, fractional=fractional), rel=EXACT, abs=EXACT)
