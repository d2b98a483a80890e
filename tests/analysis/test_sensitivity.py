from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.cases import small_case
from counterpoise.analysis.facts import Fact
from counterpoise.analysis.replan import around
from counterpoise.analysis.sensitivity import (
    cost_interval,
    exposures_usd,
    first_order_usd,
    most_exposed,
    weakest,
    what_changes,
)
from counterpoise.planning.solve import solve

H20 = frozenset({"app bf16 @ site", "app fp8 @ site", "app bf16 @ cloud", "app fp8 @ cloud"})
SPEED = Fact("speed", "speed of the app on H20", "derived", "Hopper family", "speed", H20)
PRICE = Fact("price", "price of H20", "quoted", "", "price", frozenset({"buy H20"}))
DEMAND = Fact("demand", "demand for the app", "assumed", "", "demand", frozenset({"app"}))
GROWTH = Fact("growth", "growth", "assumed", "", "growth", frozenset({"app"}), growth_per_period=0.2)
POWER = Fact("kWh", "electricity", "list", "", "electricity", low=0.9, high=1.2)
UNUSED = Fact("API", "price of the API", "list", "", "price", frozenset({"app API"}), low=0.5, high=2.0)
FACTS = (SPEED, PRICE, DEMAND, GROWTH, POWER, UNUSED)


def test_a_slower_chip_costs_more_and_more_systems() -> None:
    case = small_case()
    plan = solve(case)
    (found,) = weakest(case, plan, [SPEED], solve)
    slower = solve(SPEED.changed(case, 0.8))
    assert found.change.usd == pytest.approx(slower.objective_usd - plan.objective_usd)
    assert found.change.usd > 0
    assert "more" in found.effect
    assert found.weakness_usd == pytest.approx(found.change.usd * 0.2 / 0.2)


def test_the_weakest_fact_weighs_its_effect_by_how_unsure_it_is() -> None:
    case = small_case()
    plan = solve(case)
    measured = replace(SPEED, kind="measured", low=0.95, high=1.05)
    sure, unsure = (weakest(case, plan, [f, DEMAND], solve) for f in (measured, SPEED))
    by_id = {s.fact.id: s for s in sure}
    assert by_id["speed"].change.usd > by_id["demand"].change.usd
    assert [s.fact.id for s in sure] == ["demand", "speed"]
    assert unsure[0].weakness_usd >= unsure[1].weakness_usd


def test_a_fact_without_which_there_is_no_plan_comes_first() -> None:
    case = replace(
        small_case(power_w=12_000.0), rents={}, reserves={}, substitutes={}, training_demand={}, training={}
    )
    buys = {k: replace(b, lead_periods=0) for k, b in case.buys.items()}
    case = replace(case, buys=buys)
    case = replace(
        case, serving_demand={"app": replace(small_case(peak=2.0, growth=0.0).serving_demand["app"])}
    )
    plan = solve(case)
    first = weakest(case, plan, [PRICE, replace(SPEED, kind="measured")], around(plan)[1])[0]
    assert first.fact.id == "speed"
    assert first.change.usd is None
    assert "no plan" in first.effect


def test_money_that_rides_on_facts_is_what_the_plan_pays() -> None:
    case = small_case()
    plan = solve(case)
    money = exposures_usd(case, plan, FACTS)
    paid = sum(c.present_usd for c in plan.costs if c.id == "buy H20")
    assert money["price"] == pytest.approx(paid)
    assert money["kWh"] == pytest.approx(plan.cost_usd("energy"))
    assert money["API"] == 0.0
    assert 0 < money["demand"] < plan.objective_usd
    assert "API" not in [f.id for f in most_exposed(case, plan, FACTS, 9)]


@settings(max_examples=4, deadline=None)
@given(st.sampled_from([0.9, 0.95, 1.05, 1.1]))
def test_a_dearer_offer_changes_the_cost_by_no_more_than_is_paid_for_it(factor: float) -> None:
    case = small_case()
    plan = solve(case)
    money = exposures_usd(case, plan, [PRICE])["price"]
    change = solve(PRICE.changed(case, factor)).objective_usd - plan.objective_usd
    assert change <= first_order_usd(PRICE, money, factor) + plan.objective_usd * 2e-4


def test_the_cost_interval_holds_the_cost_and_widens_with_the_facts() -> None:
    case = small_case()
    plan = solve(case)
    again, solver = around(plan)
    narrow, wide = (
        cost_interval(case, again, [replace(DEMAND, kind="list", low=1 - x, high=1 + x)], solver.relaxed())
        for x in (0.05, 0.3)
    )
    assert wide.low80_usd < narrow.low80_usd < again.objective_usd < narrow.high80_usd < wide.high80_usd
    at_high = solve(DEMAND.changed(case, 1.3)).objective_usd
    assert wide.high80_usd == pytest.approx(at_high, rel=0.03)


def test_the_cost_interval_is_seeded() -> None:
    case = small_case()
    again, solver = around(solve(case))
    one, two = (cost_interval(case, again, FACTS, solver.relaxed(), seed=7) for _ in range(2))
    assert one == two
    assert set(one.solved).isdisjoint(one.linear)
    assert "API" not in one.solved + one.linear


def test_a_plan_that_rests_on_nothing_unsure_has_no_interval() -> None:
    case = small_case()
    plan = solve(case)
    listed = Fact("price", "price of H20", "list", "", "price", frozenset({"buy H20"}))
    found = cost_interval(case, plan, [listed], solve)
    assert found.low80_usd == found.high80_usd == plan.objective_usd
    assert found.solved == found.linear == ()


def test_systems_rented_for_training_days_only_count_as_a_change() -> None:
    case = replace(small_case(), serving={}, serving_demand={}, substitutes={}, buys={}, reserves={})
    demand = case.training_demand["tuning"]
    plan = solve(case)
    larger = solve(replace(case, training_demand={"tuning": replace(demand, tokens=2 * demand.tokens)}))
    assert "more H20 @ cloud" in what_changes(case, plan, larger)


def test_what_changes_is_said_in_systems_and_techniques() -> None:
    case = small_case()
    plan = solve(case)
    assert what_changes(case, plan, plan) == "the same systems and techniques"
    larger = solve(small_case(peak=8.0))
    assert "more H20" in what_changes(case, plan, larger)
    tiny = solve(small_case(peak=0.02))
    assert "fp8 not adopted" in what_changes(case, plan, tiny, shown=9)
