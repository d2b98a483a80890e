"""A case nobody can satisfy is told which limits clash, and the least that would relax each."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

import strategies
from counterpoise.errors import NoPlan
from counterpoise.planning.clash import Clash, Relaxation
from counterpoise.planning.problem import Problem, Rent, Reserve, TrainingDemand, TrainingDeployment
from counterpoise.planning.solve import solve

BASE = strategies.problem()
OWNED = replace(BASE, rents={})
"""Demand of 5 requests/s: three systems at 100,000 USD that do 1.9 each, 13.325 kW at the meter."""


def clash_of(problem: Problem) -> Clash:
    with pytest.raises(NoPlan) as refused:
        solve(problem)
    assert isinstance(refused.value, Clash)
    return refused.value


def named(clash: Clash) -> dict[str, Relaxation]:
    return {f"{r.limit} {r.key}".strip(): r for r in clash.clash}


def test_too_little_money_clashes_with_demand_and_a_whole_system_more_is_enough() -> None:
    clash = clash_of(replace(OWNED, limits=strategies.no_limits(2, capex_usd=250e3)))
    assert set(named(clash)) == {"capex", "demand app"}
    assert named(clash)["capex"].enough == pytest.approx(300e3)
    assert "capex: 300,000 USD in place of 250,000 USD" in str(clash)


def test_the_least_demand_left_is_what_the_systems_that_can_be_bought_do_not_serve() -> None:
    clash = clash_of(replace(OWNED, limits=strategies.no_limits(2, capex_usd=250e3)))
    two_systems = 2 * 2.0 * 0.95
    assert named(clash)["demand app"].enough == pytest.approx((5.0 - two_systems) / (5.0 + 2.0))


def test_too_little_power_is_named_with_the_power_that_is_enough() -> None:
    clash = clash_of(replace(OWNED, limits=strategies.no_limits(2, power_w=(9e3, 9e3), capex_usd=400e3)))
    assert set(named(clash)) == {"power", "demand app"}
    watts = 1.3 * (3 * 500.0 + 2.5 * 3500.0)
    assert named(clash)["power"].enough == pytest.approx(watts / 1e3)


def test_limits_that_do_not_clash_are_not_named() -> None:
    limits = strategies.no_limits(2, capex_usd=250e3, opex_usd=1e9, power_w=(1e6, 1e6), systems={"box": 50.0})
    assert set(named(clash_of(replace(OWNED, limits=limits)))) == {"capex", "demand app"}


def test_either_of_two_ways_out_is_named_where_both_are_shut() -> None:
    clash = clash_of(replace(BASE, limits=strategies.no_limits(2, capex_usd=0.0, opex_usd=1e4)))
    assert set(named(clash)) == {"capex", "opex", "demand app"}


def test_meeting_the_least_relaxation_makes_a_plan_and_a_little_less_does_not() -> None:
    short = replace(OWNED, limits=strategies.no_limits(2, power_w=(9e3, 9e3)))
    enough_w = 1e3 * (named(clash_of(short))["power"].enough or math.nan)
    relaxed = replace(short, limits=strategies.no_limits(2, power_w=(enough_w, enough_w)))
    assert solve(relaxed).status == "optimal"
    almost = replace(short, limits=strategies.no_limits(2, power_w=(0.999 * enough_w, 0.999 * enough_w)))
    clash_of(almost)


def test_supply_that_is_too_short_is_named_by_its_offer() -> None:
    short = replace(BASE.buys["buy"], supply=(1.0, 1.0))
    clash = clash_of(replace(OWNED, buys={"buy": short}))
    assert set(named(clash)) == {"supply buy", "demand app"}
    assert named(clash)["supply buy"].enough == pytest.approx(3.0)


def test_training_that_does_not_fit_its_window_is_named() -> None:
    run = TrainingDeployment("tuning on site", "tuning", "box @ site", 1e4, 4e3, 1.0)
    work = TrainingDemand("tuning", 1e10, 1.0, 2.0, 0, 1, math.inf)
    capped = strategies.no_limits(2, systems={"box": 4.0})
    clash = clash_of(replace(OWNED, training={run.id: run}, training_demand={"tuning": work}, limits=capped))
    assert set(named(clash)) >= {"systems box", "training tuning"}
    assert named(clash)["training tuning"].enough is not None


def test_a_workload_that_nothing_can_serve_is_said_first() -> None:
    clash = clash_of(replace(BASE, rents={}, buys={}))
    assert "nothing on offer can serve app" in str(clash)
    assert clash.clash == ()


def test_a_workload_that_must_be_served_before_anything_arrives_is_said_with_its_period() -> None:
    late = replace(BASE.buys["buy"], lead_periods=1)
    assert "nothing can serve app in 2025Q1" in str(clash_of(replace(OWNED, buys={"buy": late})))


def test_a_constraint_of_the_user_that_leaves_no_plan_is_blamed_and_no_limit() -> None:
    def buy_and_do_not_buy(model: object) -> None:
        model.add_constraints(model.variables["buy"].sum() >= 1)  # type: ignore[attr-defined]
        model.add_constraints(model.variables["buy"].sum() <= 0)  # type: ignore[attr-defined]

    with pytest.raises(NoPlan, match="constraints added to the model"):
        solve(BASE, extra_constraints=buy_and_do_not_buy)


def test_supply_of_a_reservation_is_relaxed_where_rent_has_a_supply_too() -> None:
    """Demand of 5 requests/s takes three systems; one can be reserved and half a one rented."""
    cloud = "box @ cloud"
    problem = replace(
        BASE,
        buys={},
        reserves={"reserve": Reserve("reserve", cloud, (20e3, 20e3), 1, (1.0, 1.0))},
        rents={"rent": Rent("rent", cloud, (25.0, 25.0), (0.5, 0.5))},
    )
    clash = named(clash_of(problem))
    assert clash["supply reserve"].enough == pytest.approx(2.0)
    assert clash["supply rent"].enough == pytest.approx(1.5)
