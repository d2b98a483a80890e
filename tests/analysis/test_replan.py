from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.cases import small_case
from counterpoise.analysis.changes import without_technique
from counterpoise.analysis.replan import Around, around, differences, held
from counterpoise.analysis.resolve import Outcome, difference, resolve
from counterpoise.errors import NoPlan
from counterpoise.planning.problem import Problem
from counterpoise.planning.solve import solve

GAP = 1e-4


@settings(max_examples=3, deadline=None)
@given(st.floats(1.0, 8.0), st.sampled_from([30_000.0, 60_000.0]))
def test_a_plan_found_again_costs_what_it_cost(peak: float, power_w: float) -> None:
    plan = solve(small_case(peak=peak, power_w=power_w), gap=GAP)
    again, _ = around(plan, gap=GAP, time_limit_s=20.0)
    assert again.objective_usd == pytest.approx(plan.objective_usd, rel=2 * GAP)
    assert again.objective_usd <= plan.objective_usd * (1 + 1e-9)
    assert plan.bound_usd <= again.bound_usd <= again.objective_usd
    if again.objective_usd == plan.objective_usd:
        assert (again.buy, again.run, again.costs) == (plan.buy, plan.run, plan.costs)


@settings(max_examples=3, deadline=None)
@given(st.floats(0.6, 1.5))
def test_around_a_plan_a_changed_problem_costs_no_less_than_the_best(factor: float) -> None:
    plan = solve(small_case(), gap=GAP)
    changed = small_case(peak=4.0 * factor)
    _, solver = around(plan, gap=GAP, time_limit_s=20.0)
    best = solve(changed, gap=GAP)
    assert solver(changed).objective_usd >= best.bound_usd * (1 - 1e-9)
    assert solver.relaxed()(changed).objective_usd <= solver(changed).objective_usd * (1 + 1e-9)


def test_techniques_that_the_plan_does_not_adopt_stay_out_unless_opened() -> None:
    plan = solve(small_case(), gap=GAP)
    solver = Around(plan)
    cheap_ascend = small_case()
    ascend = replace(cheap_ascend.buys["buy Ascend"], price_usd=(1_000.0,) * 4, opex_usd_per_period=0.0)
    cheap_ascend = replace(cheap_ascend, buys={**cheap_ascend.buys, "buy Ascend": ascend})
    assert sum(solver(cheap_ascend).adopt["port"]) == 0.0
    assert sum(solver.opening({"port"})(cheap_ascend).adopt["port"]) == 1.0
    assert set(held(cheap_ascend, {"port"}).techniques) == {"port"}


def test_what_has_no_plan_is_an_answer_with_its_reason() -> None:
    impossible = replace(small_case(), serving={}, substitutes={})
    plan = solve(small_case(), gap=GAP)
    (outcome,) = resolve([impossible], Around(plan))
    assert outcome.plan is None
    assert "no plan" in outcome.why
    change = difference(plan, outcome)
    assert change.usd is None
    assert not change.is_sure


def test_a_solver_that_raises_anything_else_is_not_silenced() -> None:
    def broken(_: Problem) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        resolve([small_case()], broken)

    def none(_: Problem) -> None:
        raise NoPlan("power")

    assert resolve([small_case()] * 3, none, workers=2) == [Outcome(None, "no plan: power")] * 3


def test_the_order_of_answers_is_that_of_the_questions() -> None:
    problems = [small_case(peak=p) for p in (1.0, 3.0, 2.0)]
    costs = [o.plan.objective_usd for o in resolve(problems, solve, workers=2)]
    assert costs == [solve(p).objective_usd for p in problems]
    assert costs[0] < costs[2] < costs[1]


def test_a_difference_within_the_gap_says_so() -> None:
    case = small_case()
    plan = solve(case, gap=GAP)
    open_plan = replace(plan, bound_usd=plan.objective_usd - 1_000.0)
    nearly = replace(plan, objective_usd=plan.objective_usd - 900.0)
    change = difference(open_plan, Outcome(nearly), sign=-1)
    assert change.usd == pytest.approx(-900.0)
    assert not change.is_sure
    assert change.note == "below the solver's gap"
    assert difference(open_plan, Outcome(nearly), sign=1).usd == 0.0
    better = difference(plan, Outcome(nearly), sign=1)
    assert better.usd == pytest.approx(-900.0)
    assert "not proved the best" in better.note


def test_a_small_difference_is_taken_again_in_fractions_of_systems() -> None:
    case = small_case()
    plan = solve(case, gap=GAP)
    again, solver = around(plan, gap=GAP, time_limit_s=20.0)
    open_again = replace(again, bound_usd=again.objective_usd * 0.5)
    worse = small_case(peak=4.4)
    ((_, change),) = differences(open_again, [worse], solver, sign=1)
    assert change.is_sure
    assert "in fractions of a system" in change.note
    ((_, same),) = differences(open_again, [case], solver, sign=1)
    assert same.usd == pytest.approx(0.0, abs=same.uncertain_usd)


def test_forbidding_an_adopted_technique_is_solved_around_the_plan() -> None:
    case = small_case()
    plan = solve(case, gap=GAP)
    _, solver = around(plan, gap=GAP, time_limit_s=20.0)
    assert solver(without_technique(case, "fp8")).objective_usd > plan.objective_usd
