"""What must hold of any plan: more never costs more, and what does not bind changes nothing."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import strategies
from counterpoise.planning.plan import Plan
from counterpoise.planning.problem import Buy, Problem
from counterpoise.planning.solve import solve

SAME = 1e-6
checked = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def exact(problem: Problem) -> Plan:
    return solve(problem, gap=0.0)


def not_dearer(a: Plan, b: Plan) -> bool:
    """Whether plan a costs no more than plan b, up to what a solver's tolerance leaves."""
    return a.objective_usd <= b.objective_usd + SAME * abs(b.objective_usd) + 1e-3


def same_cost(a: Plan, b: Plan) -> bool:
    return not_dearer(a, b) and not_dearer(b, a)


@checked
@given(strategies.problems())
def test_more_budget_never_costs_more(problem: Problem) -> None:
    limits = problem.limits
    more = replace(limits, capex_usd=1.5 * limits.capex_usd, opex_usd=1.5 * limits.opex_usd)
    assert not_dearer(exact(replace(problem, limits=more)), exact(problem))


@checked
@given(strategies.problems())
def test_more_power_never_costs_more(problem: Problem) -> None:
    more = replace(problem.limits, power_w=tuple(1.5 * w for w in problem.limits.power_w))
    assert not_dearer(exact(replace(problem, limits=more)), exact(problem))


@checked
@given(strategies.problems())
def test_more_supply_never_costs_more(problem: Problem) -> None:
    more = {k: replace(b, supply=tuple(s + 1 for s in b.supply)) for k, b in problem.buys.items()}
    rents = {k: replace(r, supply=tuple(s + 1 for s in r.supply)) for k, r in problem.rents.items()}
    assert not_dearer(exact(replace(problem, buys=more, rents=rents)), exact(problem))


@checked
@given(strategies.problems())
def test_a_limit_that_does_not_bind_changes_nothing(problem: Problem) -> None:
    free = replace(problem, limits=strategies.no_limits(len(problem.periods)))
    plan = exact(free)
    capex = sum(c.usd for c in plan.costs if c.item == "purchase")
    power = max(max(row) for row in plan.power_w)
    loose = strategies.no_limits(
        len(problem.periods),
        capex_usd=2 * capex + 1.0,
        power_w=tuple(2 * power + 1.0 for _ in problem.periods),
    )
    limited = exact(replace(problem, limits=loose))
    assert same_cost(limited, plan)
    assert not any(use.binds for use in limited.limits if use.name in ("capex", "power"))


@checked
@given(strategies.problems())
def test_twice_the_demand_costs_no_less(problem: Problem) -> None:
    twice = {
        k: replace(d, peak_requests_per_s=tuple(tuple(2 * x for x in row) for row in d.peak_requests_per_s))
        for k, d in problem.serving_demand.items()
    }
    work = {k: replace(d, tokens=2 * d.tokens) for k, d in problem.training_demand.items()}
    assert not_dearer(exact(problem), exact(replace(problem, serving_demand=twice, training_demand=work)))


@checked
@given(strategies.problems(training=False))
def test_a_workload_split_in_two_divisible_halves_costs_the_same(problem: Problem) -> None:
    # Divisible: replicas so small that half a workload needs no more of them than its half.
    divisible = {k: replace(d, replica_systems=1e-3) for k, d in problem.serving.items()}
    problem = replace(problem, serving=divisible)
    app = problem.serving_demand["app"]
    half = replace(
        app, peak_requests_per_s=tuple(tuple(0.5 * x for x in row) for row in app.peak_requests_per_s)
    )
    demand = {k: d for k, d in problem.serving_demand.items() if k != "app"}
    demand |= {name: replace(half, id=name) for name in ("left", "right")}
    serving = {k: d for k, d in problem.serving.items() if d.workload != "app"}
    substitutes = {k: o for k, o in problem.substitutes.items() if o.workload != "app"}
    for name in ("left", "right"):
        serving |= {
            f"{name} {k}": replace(d, id=f"{name} {k}", workload=name)
            for k, d in problem.serving.items()
            if d.workload == "app"
        }
        substitutes |= {
            f"{name} {k}": replace(o, id=f"{name} {k}", workload=name)
            for k, o in problem.substitutes.items()
            if o.workload == "app"
        }
    split = replace(problem, serving_demand=demand, serving=serving, substitutes=substitutes)
    assert same_cost(exact(split), exact(problem))


@checked
@given(strategies.problems(), st.sampled_from(("dearer", "later", "shorter")))
def test_a_dominated_offer_added_changes_nothing(problem: Problem, how: str) -> None:
    offer = problem.buys["buy a"]
    worse: dict[str, Buy] = {
        "dearer": replace(offer, price_usd=tuple(1.2 * p for p in offer.price_usd)),
        "later": replace(
            offer, price_usd=tuple(1.01 * p for p in offer.price_usd), lead_periods=offer.lead_periods + 1
        ),
        "shorter": replace(
            offer,
            price_usd=tuple(1.01 * p for p in offer.price_usd),
            life_periods=max(1, offer.life_periods - 1),
        ),
    }
    free = replace(offer, supply=tuple(math.inf for _ in offer.supply))
    base = replace(problem, buys={**problem.buys, "buy a": free})
    added = replace(worse[how], id="another", supply=free.supply, salvage_share=0.0)
    plan = exact(replace(base, buys={**base.buys, "another": added}))
    assert same_cost(plan, exact(base))


@checked
@given(strategies.problems(), st.randoms(use_true_random=False))
def test_the_order_in_which_a_problem_is_written_changes_no_digit(problem: Problem, random: object) -> None:
    shuffled = {}
    for name in (
        "pools",
        "buys",
        "reserves",
        "rents",
        "serving",
        "training",
        "substitutes",
        "techniques",
        "serving_demand",
    ):
        items = list(getattr(problem, name).items())
        random.shuffle(items)  # type: ignore[attr-defined]
        shuffled[name] = dict(items)
    plan, again = solve(problem), solve(replace(problem, **shuffled))
    assert replace(plan, problem=problem) == replace(again, problem=problem)


@checked
@given(strategies.problems(), st.sampled_from((7.2, 0.137)))
def test_all_money_times_an_exchange_rate_gives_the_same_plan(problem: Problem, rate: float) -> None:
    plan, other = exact(problem), exact(strategies.money_times(problem, rate))
    assert other.objective_usd == pytest.approx(rate * plan.objective_usd, rel=SAME, abs=1e-3)
    assert other.buy == plan.buy
    assert other.adopt == plan.adopt


@checked
@given(strategies.problems())
def test_the_items_of_cost_sum_to_the_objective(problem: Problem) -> None:
    plan = solve(problem)
    assert sum(c.present_usd for c in plan.costs) == pytest.approx(plan.objective_usd, rel=1e-9, abs=1e-6)
    assert plan.bound_usd <= plan.objective_usd
    assert plan.status == "optimal"


@checked
@given(strategies.problems())
def test_no_pool_runs_more_than_it_holds(problem: Problem) -> None:
    plan = exact(problem)
    for id_, use in plan.pools.items():
        usable = problem.pools[id_].availability
        for t in range(len(problem.periods)):
            for b in range(len(problem.blocks)):
                held = usable * (use.owned[t] + use.reserved[t]) + use.rented[t][b]
                assert use.serving[t][b] + use.training[t][b] <= held * (1 + SAME) + SAME


@checked
@given(strategies.problems())
def test_planning_in_fractions_never_costs_more(problem: Problem) -> None:
    assert not_dearer(solve(problem, integers=False), exact(problem))


@checked
@given(strategies.problems())
def test_systems_bought_and_reserved_are_whole(problem: Problem) -> None:
    plan = exact(problem)
    orders = [n for row in (*plan.buy.values(), *plan.reserve.values(), *plan.adopt.values()) for n in row]
    assert orders == [round(n) for n in orders]
