from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.cases import small_case
from counterpoise.analysis.limits import worth
from counterpoise.analysis.replan import around
from counterpoise.planning.solve import solve


def test_more_power_saves_money_where_power_binds() -> None:
    case = small_case(power_w=9_000.0)
    plan = solve(case)
    first = worth(case, plan, solve)[0]
    assert (first.limit, first.binds, first.more) == ("power", True, "10 kW more")
    more = solve(small_case(power_w=19_000.0))
    assert first.saving.usd == pytest.approx(plan.objective_usd - more.objective_usd, abs=50.0)
    assert first.saving.usd > 0


def test_a_limit_that_does_not_bind_is_not_solved_again() -> None:
    case = small_case(power_w=1e6, capex_usd=1e8)
    asked = []
    plan = solve(case)
    found = worth(case, plan, lambda p: asked.append(p) or solve(p))
    assert asked == []
    assert {x.limit for x in found} == {"power", "capex", "engineers"}
    assert all(not x.binds and x.saving is None and x.used < x.value for x in found)


@settings(max_examples=4, deadline=None)
@given(
    st.sampled_from([9_000.0, 20_000.0, 40_000.0]),
    st.sampled_from([0.0, 160_000.0, 320_000.0]),
    st.sampled_from([0.0, 1.0, 2.0]),
)
def test_more_of_a_limit_never_costs_more(power_w: float, capex_usd: float, supply: float) -> None:
    case = small_case(power_w=power_w, capex_usd=capex_usd, supply=supply)
    plan = solve(case)
    again, solver = around(plan, gap=1e-4, time_limit_s=20.0)
    for limit in worth(case, again, solver):
        assert limit.saving is None or limit.saving.usd >= 0
        assert (limit.saving is not None) == limit.binds


def test_a_cap_on_systems_is_loosened_by_one_system_and_supply_too() -> None:
    case = small_case(supply=1.0)
    case = replace(case, limits=replace(case.limits, systems={"H20": 1.0}))
    plan = solve(case)
    found = {x.limit: x for x in worth(case, plan, solve)}
    assert found["systems of H20"].more == "one system more"
    one_more = replace(case, limits=replace(case.limits, systems={"H20": 2.0}))
    saved = plan.objective_usd - solve(one_more).objective_usd
    assert found["systems of H20"].saving.usd == pytest.approx(saved, abs=50.0)
    assert "supply of buy Ascend" not in found or sum(plan.buy["buy Ascend"]) > 0


def test_engineers_are_loosened_by_what_the_next_technique_needs() -> None:
    case = small_case(engineer_weeks=1.0)
    plan = solve(case)
    assert not any(map(any, plan.adopt.values()))
    again, solver = around(plan, gap=1e-4, time_limit_s=20.0)
    engineers = next(x for x in worth(case, again, solver) if x.limit == "engineers")
    assert engineers.binds
    assert engineers.step == 1.0
    assert engineers.saving.usd > 0


def test_money_is_loosened_by_the_price_of_one_system() -> None:
    case = small_case(capex_usd=200_000.0)
    plan = solve(case)
    capex = next(x for x in worth(case, plan, solve) if x.limit == "capex")
    assert capex.binds
    assert capex.step == 150_000.0
    assert capex.more == "one system more, 150,000 USD"
    assert capex.saving.usd > 0
