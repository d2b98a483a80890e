"""Other conditions of supply as changes of a problem."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.cases import small_case
from counterpoise.analysis.conditions import Conditions, later, offer_of, order_id, under
from counterpoise.planning.objective import charges
from counterpoise.planning.problem import Problem
from counterpoise.planning.solve import solve
from counterpoise.planning.tables import tables
from counterpoise.planning.variables import declare


def flat(problem: Problem, **changed: tuple[float, ...]) -> Conditions:
    n = len(problem.periods)
    price = changed.get("price", (1.0,) * n)
    rent = changed.get("rent", (1.0,) * n)
    lead = changed.get("lead", (1,) * n)
    return Conditions(
        price=dict.fromkeys(problem.buys, price),
        rent=dict.fromkeys([*problem.rents, *problem.reserves], rent),
        lead_periods=dict.fromkeys(problem.buys, tuple(int(x) for x in lead)),
    )


def test_the_same_conditions_leave_the_same_problem() -> None:
    problem = small_case()
    assert under(problem, flat(problem)) == problem
    assert under(problem, Conditions({}, {}, {})) == problem


def test_an_order_pays_the_price_of_its_quarter_and_sells_at_that_of_the_last() -> None:
    problem = small_case()
    changed = under(problem, flat(problem, price=(1.0, 0.8, 0.5, 0.4)))
    first = changed.buys["buy H20"]
    second = changed.buys[order_id("buy H20", "2025Q2")]
    assert first.price_usd == (150_000.0, math.inf, math.inf, math.inf)
    assert second.price_usd == (math.inf, 120_000.0, math.inf, math.inf)
    # Sold for its share of the last quarter's price, whatever was paid.
    paid = problem.buys["buy H20"]
    assert 150_000.0 * first.salvage_share == pytest.approx(150_000.0 * 0.4 * paid.salvage_share)
    assert 120_000.0 * second.salvage_share == pytest.approx(150_000.0 * 0.4 * paid.salvage_share)
    assert second.opex_usd_per_period == pytest.approx(0.8 * paid.opex_usd_per_period)


def test_resale_in_the_objective_is_that_share_of_the_last_price() -> None:
    """By the charges themselves: one bought in the first quarter, used from the second, of a life of 20."""
    problem = small_case()
    v = declare(tables(under(problem, flat(problem, price=(1.0, 1.0, 1.0, 0.5)))))
    c = charges(v).of(("salvage",))
    at = v.tables.buys.index("buy H20")
    label = v.of("buy", (len(v.tables.buys), 4))[at, 0]
    assert c.usd[c.label == label].sum() == pytest.approx(-150_000.0 * 0.5 * 17 / 20)


def test_later_delivery_makes_offers_of_their_own_that_are_known_by_name() -> None:
    problem = small_case()
    changed = under(problem, flat(problem, lead=(1, 2, 2, 1)))
    assert set(changed.buys) == {
        "buy H20", "buy Ascend", "buy H20, ordered 2025Q2", "buy Ascend, ordered 2025Q2",
    }  # fmt: skip
    assert changed.buys["buy H20, ordered 2025Q2"].lead_periods == 2
    assert {offer_of(id_) for id_ in changed.buys} == set(problem.buys)


def test_rents_and_reservations_follow_the_same_factor() -> None:
    problem = small_case()
    changed = under(problem, flat(problem, rent=(1.0, 2.0, 3.0, 4.0)))
    assert changed.rents["rent H20"].price_usd_per_h == (9.0, 18.0, 27.0, 36.0)
    assert changed.reserves["reserve H20"].price_usd == (16_000.0, 32_000.0, 48_000.0, 64_000.0)


def test_what_is_scaled_later_leaves_the_first_quarter_alone() -> None:
    problem = small_case()
    scaled = later(flat(problem, rent=(1.0, 0.5, 0.5, 0.5)), rent=2.0, price=3.0)
    assert scaled.rent["rent H20"] == (1.0, 1.0, 1.0, 1.0)
    assert scaled.price["buy H20"] == (1.0, 3.0, 3.0, 3.0)


@settings(max_examples=4, deadline=None)
@given(st.floats(1.0, 2.0))
def test_dearer_rents_never_make_the_best_plan_cheaper(factor: float) -> None:
    problem = small_case()
    base = solve(problem, gap=1e-6)
    dearer = solve(under(problem, flat(problem, rent=(1.0, *(factor,) * 3))), gap=1e-6)
    assert dearer.objective_usd >= base.bound_usd * (1 - 1e-6)
