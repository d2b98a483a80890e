"""Brute force: of all ways to order up to four systems, none costs less than the plan.

Nothing of either model is used: orders are counted out one by one, and what each lot of systems then
serves at least cost is a small linear programme of its own, solved by `scipy.optimize.linprog`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import strategies
from counterpoise.planning.problem import Buy, Problem, Reserve
from counterpoise.planning.solve import solve
from oracle.agreement import EXACT
from oracle.second_formulation import oracle_objective

SITE, CLOUD = "box @ site", "box @ cloud"
QUARTERS = 2
MOST = 4
Orders = tuple[tuple[int, ...], ...]
"""Systems ordered, [offer][quarter]."""


def tiny(price_a: float, price_b: float, quarter: float, peak: float, power_w: float = math.inf) -> Problem:
    """Three offers, one delivered a quarter late, with salvage; at most four systems at a time."""
    base = strategies.problem(QUARTERS)
    rows = ((0.3 * peak, peak), (0.4 * peak, 1.3 * peak))
    app = replace(base.serving_demand["app"], peak_requests_per_s=rows, unserved_usd_per_request=0.02)
    most = (float(MOST),) * QUARTERS
    return replace(
        base,
        buys={
            "a": Buy("a", SITE, (price_a, 0.9 * price_a), 0, 8, 0.1, 900.0, most),
            "b": Buy("b", SITE, (price_b, price_b), 1, 4, 0.2, 700.0, most),
        },
        reserves={"c": Reserve("c", CLOUD, (quarter, 1.1 * quarter), 1, most)},
        rents={},
        serving_demand={"app": app},
        limits=strategies.no_limits(QUARTERS, systems={"box": float(MOST)}, power_w=(power_w,) * QUARTERS),
    )


def offers(problem: Problem) -> list[Buy | Reserve]:
    """Purchases, then reservations."""
    return [*problem.buys.values(), *problem.reserves.values()]


def held(problem: Problem, orders: Orders) -> dict[str, list[int]]:
    """Systems in use by pool and quarter: from arrival for the life, from signing for the term."""
    systems = {SITE: [0] * QUARTERS, CLOUD: [0] * QUARTERS}
    for offer, by_quarter in zip(offers(problem), orders, strict=True):
        for t, count in enumerate(by_quarter):
            start = t + offer.lead_periods if isinstance(offer, Buy) else t
            length = offer.life_periods if isinstance(offer, Buy) else offer.term_periods
            for u in range(start, min(start + length, QUARTERS)):
                systems[offer.pool][u] += count
    return systems


def cost_of_orders(problem: Problem, orders: Orders) -> float:
    """Present value of prices, upkeep, idle power and reservations, less salvage."""
    usd = 0.0
    discount = [p.discount for p in problem.periods]
    hour_usd = problem.pue * problem.electricity_usd_per_kwh / 1000.0
    for offer, by_quarter in zip(offers(problem), orders, strict=True):
        for t, count in enumerate(by_quarter):
            if isinstance(offer, Buy):
                arrival = t + offer.lead_periods
                left = min(offer.life_periods, max(0, arrival + offer.life_periods - QUARTERS))
                usd += count * offer.price_usd[t] * discount[t]
                usd -= count * offer.price_usd[t] * min(1.0, offer.salvage_share * left) * discount[-1]
                for u in range(arrival, min(arrival + offer.life_periods, QUARTERS)):
                    idle = problem.pools[SITE].idle_w * hour_usd * 24.0 * problem.periods[u].days
                    usd += count * (offer.opex_usd_per_period + idle) * discount[u]
            else:
                usd += sum(
                    count * offer.price_usd[t] * discount[u]
                    for u in range(t, min(t + offer.term_periods, QUARTERS))
                )
    return usd


def cost_of_serving(problem: Problem, t: int, on_site: int, in_cloud: int) -> float:
    """Least present value of a quarter's power and unserved requests; inf where power does not suffice."""
    app, days = problem.serving_demand["app"], problem.periods[t].days
    site, hour_usd = problem.pools[SITE], problem.pue * problem.electricity_usd_per_kwh / 1000.0
    per_site, per_cloud = problem.serving["app on site"], problem.serving["app in cloud"]
    spare_w = problem.limits.power_w[t] / problem.pue - on_site * site.idle_w
    if spare_w < 0.0:
        return math.inf
    usd = 0.0
    for b, block in enumerate(problem.blocks):
        hours, mean = block.hours * days, app.mean_to_peak[b]
        added_w = per_site.power_w - site.idle_w
        most_on_site = min(on_site * site.availability, spare_w / added_w)
        # Columns: systems in use on site and in the cloud, requests/s unserved.
        found = linprog(
            [added_w * hour_usd * hours * mean, 0.0, app.unserved_usd_per_request * 3600.0 * hours * mean],
            A_eq=[[per_site.requests_per_s, per_cloud.requests_per_s, 1.0]],
            b_eq=[app.peak_requests_per_s[t][b]],
            bounds=[(0.0, most_on_site), (0.0, in_cloud * problem.pools[CLOUD].availability), (0.0, None)],
        )
        assert found.status == 0
        usd += float(found.fun or 0.0)
    return usd * problem.periods[t].discount


def all_orders(problem: Problem) -> Iterator[Orders]:
    """Every order of each offer and quarter, so long as no more than four systems are held at a time."""
    count = len(offers(problem))
    for counts in itertools.product(range(MOST + 1), repeat=count * QUARTERS):
        orders = tuple(counts[i * QUARTERS : (i + 1) * QUARTERS] for i in range(count))
        systems = held(problem, orders)
        if all(systems[SITE][t] + systems[CLOUD][t] <= MOST for t in range(QUARTERS)):
            yield orders


def cheapest_of_all_orders(problem: Problem) -> tuple[float, Orders]:
    """Return the least cost over all orders within the money for purchases, and one that has it."""

    @cache
    def serving(t: int, on_site: int, in_cloud: int) -> float:
        return cost_of_serving(problem, t, on_site, in_cloud)

    best = math.inf
    which: Orders = ()
    prices = np.array([b.price_usd for b in problem.buys.values()])
    for orders in all_orders(problem):
        if (prices * orders[: len(prices)]).sum() > problem.limits.capex_usd:
            continue
        systems = held(problem, orders)
        usd = cost_of_orders(problem, orders)
        usd += sum(serving(t, systems[SITE][t], systems[CLOUD][t]) for t in range(QUARTERS))
        if usd < best:
            best, which = usd, orders
    return best, which


def orders_of(problem: Problem) -> Orders:
    """Orders of the plan at gap 0, as brute force counts them."""
    plan = solve(problem, gap=0.0)
    by_offer = [*(plan.buy[b] for b in problem.buys), *(plan.reserve[r] for r in problem.reserves)]
    return tuple(tuple(round(x) for x in row) for row in by_offer)


TINY = {
    "cheap": tiny(90e3, 60e3, 30e3, 4.0),
    "dear": tiny(150e3, 120e3, 60e3, 3.0),
    "late and cheap": tiny(170e3, 50e3, 70e3, 5.0),
    "little power": tiny(60e3, 50e3, 20e3, 6.0, 12e3),
    "little money": replace(
        tiny(60e3, 50e3, 45e3, 5.0), limits=replace(tiny(1.0, 1.0, 1.0, 5.0).limits, capex_usd=115e3)
    ),
}


@pytest.mark.parametrize("problem", TINY.values(), ids=TINY)
def test_no_way_to_order_up_to_four_systems_costs_less(problem: Problem) -> None:
    least, orders = cheapest_of_all_orders(problem)
    assert solve(problem, gap=0.0).objective_usd == pytest.approx(least, rel=EXACT)
    assert oracle_objective(problem) == pytest.approx(least, rel=EXACT)
    assert orders_of(problem) == orders


def test_the_tiny_problems_order_late_and_early_offers_and_reservations() -> None:
    ordered = np.array([cheapest_of_all_orders(p)[1] for p in TINY.values()]).sum(axis=(0, 2))
    assert np.all(ordered > 0)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(30, 200), st.integers(30, 200), st.integers(5, 80), st.integers(1, 9), st.integers(3, 25))
def test_no_orders_of_a_random_tiny_problem_cost_less(a: int, b: int, c: int, peak: int, kw: int) -> None:
    problem = tiny(1e3 * a, 1e3 * b, 1e3 * c, float(peak), 1e3 * kw)
    least, _ = cheapest_of_all_orders(problem)
    assert solve(problem, gap=0.0).objective_usd == pytest.approx(least, rel=EXACT)
