"""Statements about plans that can be checked by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

import strategies
from counterpoise.errors import BadInput, UnknownName
from counterpoise.planning import strengthening
from counterpoise.planning.objective import ITEMS
from counterpoise.planning.problem import (
    Buy,
    Problem,
    Rent,
    Requirement,
    Reserve,
    Scenario,
    ServingDeployment,
    Substitute,
    TechniqueOption,
    TrainingDemand,
    TrainingDeployment,
)
from counterpoise.planning.solve import build, solve, solve_relaxed

SITE, CLOUD = "box @ site", "box @ cloud"
BASE = strategies.problem()
DAY_S = 86400.0


def paid(plan: object, item: str) -> float:
    return sum(c.usd for c in plan.costs if c.item == item)  # type: ignore[attr-defined]


def test_a_system_serves_no_earlier_than_its_lead_time() -> None:
    late = replace(BASE.buys["buy"], lead_periods=1)
    plan = solve(replace(BASE, buys={"buy": late}), gap=0.0)
    assert plan.pools[SITE].owned[0] == 0.0
    assert all(x == 0.0 for x in plan.run["app on site"][0])


def test_a_system_is_gone_when_its_life_is_over() -> None:
    short = replace(BASE.buys["buy"], life_periods=1, price_usd=(1e3, 1e3))
    plan = solve(replace(BASE, buys={"buy": short}), gap=0.0)
    assert plan.buy["buy"] == plan.pools[SITE].owned == (3.0, 3.0)


def test_salvage_is_paid_for_the_life_left_at_the_end_of_the_horizon() -> None:
    plan = solve(replace(BASE, rents={}), gap=0.0)
    assert plan.buy["buy"] == (3.0, 0.0)
    left = 18
    assert paid(plan, "salvage") == pytest.approx(-3 * 100e3 * 0.05 * left)
    assert paid(plan, "purchase") == pytest.approx(3 * 100e3)


def test_no_system_is_ordered_that_would_arrive_after_the_horizon() -> None:
    model = build(replace(BASE, buys={"buy": replace(BASE.buys["buy"], lead_periods=1)}))
    assert (model.variables["buy"].labels.values >= 0).tolist() == [[True, False]]


def test_a_reservation_is_paid_for_its_term_used_or_not() -> None:
    signed = Reserve("term", CLOUD, (10e3, math.inf), 2, (math.inf, math.inf))
    plan = solve(replace(BASE, buys={}, rents={}, reserves={"term": signed}), gap=0.0)
    assert plan.reserve["term"] == (3.0, 0.0)
    assert paid(plan, "reserve") == pytest.approx(3 * 10e3 * 2)


def test_energy_is_idle_power_for_all_hours_and_what_running_adds_at_the_mean_load() -> None:
    plan = solve(replace(BASE, rents={}), gap=0.0)
    hours = 24 * 180
    idle_kwh = 3 * 500.0 * hours / 1e3
    run_hours = (1.0 + 2.5) * 12 * 180
    added_kwh = run_hours * 3500.0 * 0.8 / 1e3
    assert paid(plan, "energy") == pytest.approx((idle_kwh + added_kwh) * 1.3 * 0.1)


def test_the_reserve_margin_sizes_systems_and_is_no_request_to_an_api() -> None:
    demand = replace(BASE.serving_demand["app"], reserve_margin=0.25)
    api = Substitute("API", "app", (0.001, 0.001))
    plan = solve(
        replace(
            BASE, buys={}, rents={}, serving={}, substitutes={"API": api}, serving_demand={"app": demand}
        ),
        gap=0.0,
    )
    assert plan.substitute["API"][0] == pytest.approx((2.5, 6.25))
    requests = (2.0 + 5.0) * 0.8 * 12 * 3600 * 180
    assert paid(plan, "substitute") == pytest.approx(0.001 * requests)


def test_a_share_group_serves_no_more_than_its_cap() -> None:
    small = replace(BASE.serving["app on site"], id="small", requests_per_s=20.0, share_group="routed")
    demand = replace(BASE.serving_demand["app"], share_caps={"routed": 0.4})
    plan = solve(
        replace(BASE, serving={**BASE.serving, "small": small}, serving_demand={"app": demand}), gap=0.0
    )
    for t, row in enumerate(plan.run["small"]):
        for b, systems in enumerate(row):
            assert 20.0 * systems <= 0.4 * demand.peak_requests_per_s[t][b] + 1e-9


def fast_with_technique(cost_usd: float, **given: object) -> Problem:
    fast = ServingDeployment("fast", "app", SITE, 6.0, 4000.0, 0.5, (Requirement("fp8", 1),))
    option = TechniqueOption("fp8", cost_usd, 2.0, 100.0)
    grows = replace(BASE.serving_demand["app"], peak_requests_per_s=((2.0, 5.0), (4.0, 15.0)))
    return replace(
        BASE,
        serving_demand={"app": grows},
        serving={**BASE.serving, "fast": fast},
        techniques={"fp8": replace(option, **given)},
        rents={},
    )


def test_a_technique_is_adopted_when_it_pays_and_not_when_it_does_not() -> None:
    assert sum(solve(fast_with_technique(100.0), gap=0.0).adopt["fp8"]) == 1.0
    assert sum(solve(fast_with_technique(1e6), gap=0.0).adopt["fp8"]) == 0.0


def test_a_technique_is_used_only_after_its_lag_and_its_engineers_are_paid() -> None:
    plan = solve(fast_with_technique(100.0), gap=0.0)
    assert plan.adopt["fp8"] == (1.0, 0.0)
    assert plan.run["fast"][0] == (0.0, 0.0)
    assert sum(plan.run["fast"][1]) > 0.0
    assert paid(plan, "engineers") == pytest.approx(2.0 * 2e3)
    assert paid(plan, "technique") == pytest.approx(100.0 + 2 * 100.0)


def test_a_technique_that_needs_training_waits_for_it_and_the_training_is_run() -> None:
    problem = fast_with_technique(100.0, training="distil")
    run = TrainingDeployment("distil on site", "distil", SITE, 1e4, 4000.0, 1.0)
    work = TrainingDemand("distil", 0.5e9, 0.0, None, 0, 1, math.inf, optional=True)
    problem = replace(problem, training={run.id: run}, training_demand={"distil": work})
    plan = solve(problem, gap=0.0)
    assert sum(plan.adopt["fp8"]) == 1.0
    done = sum(1e4 * x * 12 * 3600 * 90 for x in plan.run[run.id][0])
    assert done >= work.tokens * (1 - 1e-6)
    dear = replace(problem, training_demand={"distil": replace(work, tokens=1e13)})
    assert sum(solve(dear, gap=0.0).adopt["fp8"]) == 0.0


def trained(demand: TrainingDemand, **given: object) -> Problem:
    runs = {
        f"tuning on {p}": TrainingDeployment(f"tuning on {p}", "tuning", p, 1e4, 4000.0, 1.0)
        for p in (SITE, CLOUD)
    }
    return replace(BASE, training=runs, training_demand={"tuning": demand}, **given)  # type: ignore[arg-type]


def test_recurring_training_does_each_run_within_its_window() -> None:
    demand = TrainingDemand("tuning", 2.592e9, 3.0, 3.0, 0, 1, math.inf)
    plan = solve(trained(demand), gap=0.0)
    for t in (0, 1):
        tokens = sum(
            1e4 * x * 12 * 3600 * 3.0
            for d in ("tuning on box @ site", "tuning on box @ cloud")
            for x in plan.run[d][t]
        )
        assert tokens == pytest.approx(demand.tokens)
    assert plan.training_days_share["tuning"] == pytest.approx((0.1, 0.1))


def test_what_is_rented_for_training_days_is_paid_for_those_days_only() -> None:
    demand = TrainingDemand("tuning", 2.592e9, 3.0, 3.0, 0, 1, math.inf)
    nothing_to_serve = replace(BASE.serving_demand["app"], peak_requests_per_s=((0.0, 0.0),) * 2)
    plan = solve(trained(demand, buys={}, serving_demand={"app": nothing_to_serve}), gap=0.0)
    hours_a_run = demand.tokens / (1e4 * 3600)
    assert paid(plan, "rent") == pytest.approx(25.0 * hours_a_run * 3 * 2)
    assert sum(map(sum, plan.rent["rent"])) == pytest.approx(0.0)


def test_a_run_once_in_a_window_begins_in_one_period_and_does_no_work_in_others() -> None:
    demand = TrainingDemand("tuning", 20e9, 0.0, 30.0, 0, 1, math.inf)
    plan = solve(trained(demand), gap=0.0)
    begins = plan.begin["tuning"]
    assert sorted(begins) == [0.0, 1.0]
    work = [
        sum(plan.run[d][t][b] for d in plan.run if d.startswith("tuning") for b in (0, 1)) for t in (0, 1)
    ]
    assert work[begins.index(0.0)] == pytest.approx(0.0)
    assert 1e4 * work[begins.index(1.0)] * 12 * 3600 * 30.0 == pytest.approx(demand.tokens)


def test_training_fills_the_valleys_of_serving_before_a_system_is_bought_for_it() -> None:
    demand = TrainingDemand("tuning", 1.5e9, 1.0, None, 0, 1, math.inf)
    without, with_training = (
        solve(replace(BASE, rents={}), gap=0.0),
        solve(trained(demand, rents={}), gap=0.0),
    )
    assert with_training.buy == without.buy
    assert with_training.chip_hours().training > 0.0
    assert with_training.chip_hours().idle < without.chip_hours().idle


def test_a_replica_that_spans_systems_runs_only_where_so_many_are_held() -> None:
    wide = replace(BASE.serving["app on site"], replica_systems=4.0)
    plan = solve(replace(BASE, rents={}, serving={"app on site": wide}), gap=0.0)
    assert plan.buy["buy"] == (4.0, 0.0)


def test_a_workload_served_from_rented_systems_alone_has_a_whole_replica_there_in_every_block() -> None:
    little = replace(BASE.serving_demand["app"], peak_requests_per_s=((0.01, 0.1),) * 2)
    plan = solve(replace(BASE, buys={}, serving_demand={"app": little}), gap=0.0)
    assert plan.run["app in cloud"][0] == pytest.approx((0.005, 0.05))
    assert plan.rent["rent"][0] == pytest.approx((0.5, 0.5))


def test_what_is_rented_comes_in_whole_units_where_the_offer_has_one() -> None:
    boxes = replace(BASE.rents["rent"], unit_systems=1.0)
    plan = solve(replace(BASE, buys={}, rents={"rent": boxes}), gap=0.0)
    assert plan.run["app in cloud"][0] == pytest.approx((1.0, 2.5))
    assert plan.rent["rent"][0] == pytest.approx((1.0, 3.0))


def test_power_limits_what_stands_and_runs_on_the_site() -> None:
    plan = solve(replace(BASE, limits=strategies.no_limits(2, power_w=(7e3, 7e3))), gap=0.0)
    assert max(max(row) for row in plan.power_w) <= 7e3 * (1 + 1e-9)
    assert sum(map(sum, plan.rent["rent"])) > 0.0


def test_a_cap_on_systems_counts_owned_and_rented_together() -> None:
    plan = solve(replace(BASE, limits=strategies.no_limits(2, systems={"box": 3.0})), gap=0.0)
    for t in (0, 1):
        for b in (0, 1):
            assert plan.pools[SITE].owned[t] + plan.pools[CLOUD].rented[t][b] <= 3.0 + 1e-9


def test_demand_is_left_unserved_at_its_price_where_serving_costs_more() -> None:
    cheap = replace(BASE.serving_demand["app"], unserved_usd_per_request=1e-7)
    plan = solve(replace(BASE, serving_demand={"app": cheap}), gap=0.0)
    assert plan.unserved["app"] == ((2.0, 5.0), (2.0, 5.0))
    assert plan.cost_usd() == pytest.approx(plan.cost_usd("unserved"))


def test_a_purchase_is_made_before_the_scenario_is_known_and_rent_after() -> None:
    both = (Scenario("low", 0.5, 0.6), Scenario("high", 0.5, 1.6))
    plan = solve(replace(BASE, scenarios=both), gap=0.0)
    low = solve(replace(BASE, scenarios=(Scenario("low", 1.0, 0.6),)), gap=0.0)
    high = solve(replace(BASE, scenarios=(Scenario("high", 1.0, 1.6),)), gap=0.0)
    assert 0.5 * low.objective_usd + 0.5 * high.objective_usd <= plan.objective_usd + 1e-6


def test_a_large_fleet_is_planned_in_fractions_and_the_plan_says_so() -> None:
    huge = replace(BASE.serving_demand["app"], peak_requests_per_s=((300.3, 700.7),) * 2)
    plan = solve(replace(BASE, serving_demand={"app": huge}), gap=0.0)
    assert plan.relaxed_integers == (SITE,)
    assert solve(BASE).relaxed_integers == ()


def test_the_model_is_labelled_and_can_be_extended() -> None:
    def one_system_at_most(model: object) -> None:
        model.add_constraints(model.variables["buy"].sel(period="2025Q1").sum() <= 1)  # type: ignore[attr-defined]

    plan = solve(BASE, gap=0.0, extra_constraints=one_system_at_most)
    assert plan.buy["buy"][0] <= 1.0
    assert {"buy", "run", "rent"} <= set(plan.model.variables)
    assert {"capacity", "serving"} <= set(plan.model.constraints)


def test_a_plan_is_called_optimal_only_within_the_gap_asked() -> None:
    plan = solve(BASE, gap=0.0)
    assert plan.status == "optimal"
    assert plan.gap <= 1e-9
    assert plan.bound_usd == pytest.approx(plan.objective_usd)


def test_every_item_of_cost_is_one_of_the_items_known() -> None:
    assert {c.item for c in solve(BASE).costs} <= set(ITEMS)


def beside_each_other(*sizes: float) -> Problem:
    """Workloads of 0.5 to 0.9 requests/s each, with a replica of so many systems each, on site only."""
    names = [f"w{i}" for i in range(len(sizes))]
    serving = {
        name: replace(BASE.serving["app on site"], id=name, workload=name, replica_systems=size)
        for name, size in zip(names, sizes, strict=True)
    }
    asked = replace(BASE.serving_demand["app"], peak_requests_per_s=((0.2, 0.4),) * 2)
    demand = {name: replace(asked, id=name) for name in names}
    return replace(BASE, rents={}, serving=serving, serving_demand=demand)


def test_two_workloads_with_a_replica_of_a_whole_system_each_take_two_systems() -> None:
    plan = solve(beside_each_other(1.0, 1.0), gap=0.0)
    assert plan.buy["buy"] == (2.0, 0.0)
    assert not plan.unplaced


def test_small_replicas_have_what_a_large_one_leaves_of_a_system() -> None:
    assert solve(beside_each_other(0.5, 0.125), gap=0.0).buy["buy"] == (1.0, 0.0)
    assert solve(beside_each_other(1.0, 0.125), gap=0.0).buy["buy"] == (2.0, 0.0)


def test_small_replicas_that_do_not_fit_when_rounded_up_are_listed() -> None:
    plan = solve(beside_each_other(0.4, 0.4, 0.4), gap=0.0)
    assert plan.buy["buy"] == (1.0, 0.0)
    assert {(u.pool, u.systems_held) for u in plan.unplaced} == {(SITE, 1.0)}
    assert {round(u.systems_needed, 6) for u in plan.unplaced} == {1.2}


def test_an_offer_for_a_pool_that_is_not_there_is_refused_with_the_nearest_name() -> None:
    astray = Rent("rent", "box @ clod", (1.0, 1.0), (1.0, 1.0))
    with pytest.raises(UnknownName, match=r'unknown pool "box @ clod"\. Did you mean box @ cloud'):
        solve(replace(BASE, rents={"rent": astray}))


@pytest.mark.parametrize("price", [(1.0,), (-1.0, 1.0), (math.nan, 1.0)])
def test_prices_that_are_missing_or_negative_are_refused(price: tuple[float, ...]) -> None:
    wrong: Buy = replace(BASE.buys["buy"], price_usd=price)
    with pytest.raises(BadInput, match=r"buys\.buy\.price_usd"):
        solve(replace(BASE, buys={"buy": wrong}))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(strategies.problems())
def test_rows_that_shorten_the_search_rule_out_no_plan(problem: Problem) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strengthening, "strengthen", lambda formulation: None)
        plain = solve(problem, gap=0.0)
        bound = solve_relaxed(problem).objective_usd
    plan = solve(problem, gap=0.0)
    assert plan.objective_usd == pytest.approx(plain.objective_usd, rel=1e-6, abs=1e-3)
    assert solve_relaxed(problem).objective_usd >= bound - 1e-6 * abs(bound) - 1e-3
