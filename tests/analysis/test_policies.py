"""Buy now, wait, rent: what must hold of them, whatever they cost."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest

from analysis.cases import small_case
from counterpoise.analysis.conditions import Conditions, under
from counterpoise.analysis.policies import (
    BUY_NOW,
    FREE,
    RENT,
    Followed,
    Solving,
    cost_again,
    first_plans,
    follow,
    orders_of,
    restricted,
    waiting,
    within,
)
from counterpoise.errors import NoPlan
from counterpoise.planning.problem import Problem
from counterpoise.planning.solve import solve

SOLVING = Solving(gap=1e-3, again_gap=1e-3)
CHANCES = (0.5, 0.5)
POLICIES = (RENT, waiting(1), waiting(2), BUY_NOW, FREE)


def future(problem: Problem, *, price: float, rent: float, lead: int = 1) -> Problem:
    """Prices and rents that change by a factor a quarter."""
    n = len(problem.periods)
    return under(
        problem,
        Conditions(
            price=dict.fromkeys(problem.buys, tuple(price**t for t in range(n))),
            rent=dict.fromkeys([*problem.rents, *problem.reserves], tuple(rent**t for t in range(n))),
            lead_periods=dict.fromkeys(problem.buys, (lead,) * n),
        ),
    )


@pytest.fixture(scope="module")
def case() -> Problem:
    return small_case(periods=3)


@pytest.fixture(scope="module")
def futures(case: Problem) -> list[Problem]:
    return [future(case, price=0.8, rent=0.7), future(case, price=1.1, rent=1.5)]


@pytest.fixture(scope="module")
def followed(case: Problem, futures: list[Problem]) -> dict[str, Followed]:
    plans = first_plans(case, future(case, price=0.95, rent=1.1), SOLVING)
    return {f.policy.name: f for f in follow(plans, futures, CHANCES, POLICIES, SOLVING)}


def test_what_is_ordered_in_the_first_quarter_is_the_same_in_all_futures(followed) -> None:
    for found in followed.values():
        assert {orders_of(plan) for plan in found.plans} == {found.orders}


def test_a_policy_buys_in_its_quarters_only(followed) -> None:
    for found in followed.values():
        assert all(within(plan, found.policy) for plan in found.plans)
    assert all(not any(map(any, plan.buy.values())) for plan in followed["rent"].plans)
    assert any(kind == "buy" for kind, _, _ in followed["buy now"].orders)


def test_the_planners_own_choice_costs_least_in_expectation(followed) -> None:
    free = followed["free"].expected_usd(CHANCES)
    assert all(free <= f.expected_usd(CHANCES) * (1 + 1e-9) for f in followed.values())


def test_who_may_buy_later_never_pays_more_than_who_may_not(followed) -> None:
    """Renting keeps to the waiting of two quarters, and that to the waiting of one."""
    costs = [followed[name].expected_usd(CHANCES) for name in ("wait 1 quarter", "wait 2 quarters", "rent")]
    assert all(a <= b * (1 + 2 * SOLVING.again_gap) for a, b in pairwise(costs))


def test_no_policy_costs_less_than_the_best_plan_of_the_future_it_meets(followed, futures) -> None:
    for s, problem in enumerate(futures):
        best = solve(problem, gap=1e-6).bound_usd
        assert all(f.costs_usd[s] >= best * (1 - 1e-6) for f in followed.values())


def test_foresight_never_costs_more(followed) -> None:
    free = followed["free"]
    assert all(a <= b * (1 + 1e-9) for a, b in zip(free.foreseen_usd, free.costs_usd, strict=True))


def test_a_plan_can_be_followed_again_at_its_cost(followed, futures) -> None:
    for found in followed.values():
        again = cost_again(futures[1], found, SOLVING)
        assert again == pytest.approx(found.costs_usd[1], rel=3 * SOLVING.again_gap)


def test_two_at_a_time_find_what_one_at_a_time_finds(case, futures, followed) -> None:
    solving = replace(SOLVING, workers=2)
    plans = first_plans(case, future(case, price=0.95, rent=1.1), solving)
    twice = follow(plans, futures, CHANCES, (RENT,), solving)
    for found in twice:
        alone = followed[found.policy.name].costs_usd
        assert found.costs_usd == pytest.approx(alone, rel=2 * SOLVING.again_gap)


def test_where_nothing_can_be_bought_buying_now_says_so(case, futures) -> None:
    dear = [restricted(f, RENT) for f in futures]
    plans = first_plans(dear[0], dear[1], SOLVING)
    (found,) = follow(plans, dear, CHANCES, (BUY_NOW,), SOLVING)
    assert found.expected_usd(CHANCES) == math.inf
    assert "no purchase in the first quarter" in found.why


def test_where_nothing_can_be_rented_renting_has_no_plan(case) -> None:
    owned = replace(case, rents={}, reserves={}, substitutes={}, training={}, training_demand={})
    owned = replace(
        owned,
        serving_demand={
            k: replace(
                d,
                peak_requests_per_s=((0.0, 0.0), *d.peak_requests_per_s[1:]),
            )
            for k, d in owned.serving_demand.items()
        },
    )
    plans = first_plans(owned, owned, SOLVING)
    rent, free = follow(plans, [owned, owned], CHANCES, (RENT, FREE), SOLVING)
    assert rent.plans == (None, None)
    assert "no plan" in rent.why
    assert math.isfinite(free.expected_usd(CHANCES))


def test_a_case_without_a_plan_says_why(case) -> None:
    impossible = replace(case, serving={}, substitutes={})
    with pytest.raises(NoPlan, match="app"):
        first_plans(impossible, impossible, SOLVING)
