import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.cases import small_case
from counterpoise.analysis.unit_costs import attributed, unit_costs
from counterpoise.planning.solve import solve


@settings(max_examples=4, deadline=None)
@given(
    st.floats(0.5, 8.0),
    st.sampled_from([0.0, 20_000.0, 60_000.0]),
    st.sampled_from([0.002, 0.02]),
    st.sampled_from([0.001, math.inf]),
)
def test_the_parts_sum_to_the_cost_of_the_plan(
    peak: float, power_w: float, api_usd: float, unserved_usd: float
) -> None:
    case = small_case(peak=peak, power_w=power_w, api_usd=api_usd, unserved_usd=unserved_usd)
    plan = solve(case)
    found = unit_costs(case, plan)
    assert {x.workload for x in found} == {"app", "tuning"}
    total = math.fsum(x.usd for x in found)
    assert total == pytest.approx(plan.objective_usd, rel=1e-9)
    for x in found:
        assert math.fsum(x.items.values()) == pytest.approx(x.usd, rel=1e-9)


def test_an_api_is_paid_by_the_workload_that_calls_it() -> None:
    case = small_case(api_usd=1e-6)
    plan = solve(case)
    app = next(x for x in unit_costs(case, plan) if x.workload == "app")
    assert app.items["substitute"] == pytest.approx(plan.cost_usd("substitute"))
    assert app.usd_per_unit == pytest.approx(1e-6 / 1_000.0 * 1e6, rel=1e-6)
    assert app.per == "million output tokens"


def test_a_rented_system_is_shared_by_the_hours_it_is_held() -> None:
    case = replace(small_case(), buys={}, reserves={}, techniques={}, substitutes={})
    serving = {k: d for k, d in case.serving.items() if k == "app bf16 @ cloud"}
    case = replace(case, serving=serving)
    plan = solve(case)
    hours = {"app": 0.0, "tuning": 0.0}
    for t in range(4):
        for b, block in enumerate(case.blocks):
            hours["app"] += plan.run["app bf16 @ cloud"][t][b] * block.hours * 91.0
            share = plan.training_days_share["tuning"][t]
            hours["tuning"] += plan.run["tune @ cloud"][t][b] * block.hours * 91.0 * share
    by_owner = attributed(case, plan)
    ratio = by_owner["rent", "tuning"] / by_owner["rent", "app"]
    assert ratio == pytest.approx(hours["tuning"] / hours["app"])


def test_a_training_run_is_counted_as_often_as_it_is_asked() -> None:
    case = small_case()
    plan = solve(case)
    tuning = next(x for x in unit_costs(case, plan) if x.workload == "tuning")
    assert tuning.per == "training run"
    assert tuning.volume == pytest.approx(3.0 * sum(p.discount for p in case.periods))
    assert tuning.usd_per_unit == pytest.approx(tuning.usd / tuning.volume)


def test_what_is_not_served_is_no_volume_and_its_price_no_cost_of_a_token() -> None:
    case = small_case(power_w=0.0, unserved_usd=1e-6)
    plan = solve(case)
    app = next(x for x in unit_costs(case, plan) if x.workload == "app")
    assert plan.cost_usd("unserved") > 0
    assert app.items["unserved"] == pytest.approx(plan.cost_usd("unserved"))
    assert app.volume == pytest.approx(0.0, abs=1e-6)
    assert app.usd_per_unit is None


def test_a_workload_split_in_two_halves_shares_the_cost_evenly() -> None:
    case = small_case(peak=8.0)
    demand = case.serving_demand["app"]
    half = tuple(tuple(x / 2 for x in row) for row in demand.peak_requests_per_s)
    halves = {k: replace(demand, id=k, peak_requests_per_s=half) for k in ("app", "twin")}
    serving = {
        f"{d.id} {k}": replace(d, id=f"{d.id} {k}", workload=k) for d in case.serving.values() for k in halves
    }
    case = replace(
        case,
        serving_demand=halves,
        serving={k: d for k, d in serving.items() if "fp8 @ cloud" in k or "bf16 @ cloud" in k},
        buys={},
        reserves={},
        substitutes={},
    )
    plan = solve(case)
    usd = {x.workload: x.usd for x in unit_costs(case, plan)}
    assert usd["app"] == pytest.approx(usd["twin"], rel=1e-6)
