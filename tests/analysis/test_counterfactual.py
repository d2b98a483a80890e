from dataclasses import replace

import pytest

from analysis.cases import NONE, small_case
from counterpoise.analysis.counterfactual import flagship
from counterpoise.planning.problem import Problem
from counterpoise.planning.solve import solve


def on_flagship(price_usd: float) -> Problem:
    """The small case on boxes ten times as fast, delivered at once, without limits or techniques."""
    case = small_case(power_w=NONE)
    pool = replace(case.pools["H20 @ site"], flagship=True)
    buy = replace(case.buys["buy H20"], price_usd=(price_usd,) * 4, lead_periods=0)
    run = case.serving["app bf16 @ site"]
    tune = case.training["tune @ site"]
    return replace(
        case,
        pools={pool.id: pool},
        buys={buy.id: buy},
        reserves={},
        rents={},
        techniques={},
        substitutes={},
        serving={run.id: replace(run, requests_per_s=8.0)},
        training={tune.id: replace(tune, tokens_per_s=90_000.0)},
    )


def test_the_counterfactual_is_hypothetical_and_set_against_the_plan() -> None:
    plan = solve(small_case())
    found = flagship(plan, on_flagship(3e6), solve)
    assert found.hypothetical
    assert found.what.startswith("hypothetical")
    assert found.saving_usd == pytest.approx(found.cost_usd - plan.objective_usd)
    assert found.saving_usd > 0
    assert found.systems["H20 @ site"] >= 1


def test_flagship_systems_that_were_cheaper_show_as_a_loss() -> None:
    plan = solve(small_case())
    assert flagship(plan, on_flagship(1e5), solve).saving_usd < 0


def test_demand_that_no_flagship_serves_has_no_counterfactual_cost() -> None:
    plan = solve(small_case())
    nothing = replace(on_flagship(1e5), serving={})
    from counterpoise.analysis.replan import Around

    found = flagship(plan, nothing, Around(plan))
    assert found.cost_usd is None
    assert found.saving_usd is None
    assert "no plan" in found.why
