import pytest

from analysis.cases import small_case
from counterpoise.analysis.changes import with_free_technique, without_technique
from counterpoise.analysis.levers import levers, own_cost_usd, promising
from counterpoise.analysis.replan import around
from counterpoise.planning.solve import solve


def test_an_adopted_technique_saves_what_forbidding_it_costs() -> None:
    case = small_case()
    plan = solve(case)
    found = {x.technique: x for x in levers(case, plan, solve)}
    without = solve(without_technique(case, "fp8")).objective_usd
    assert found["fp8"].adopted
    assert found["fp8"].saving.usd == pytest.approx(without - plan.objective_usd)
    assert found["fp8"].own_cost_usd == 5_000.0 + 2.0 * 2_000.0


def test_a_technique_not_adopted_is_worth_at_most_what_it_saves_for_free() -> None:
    case = small_case()
    plan = solve(case)
    port = next(x for x in levers(case, plan, solve) if x.technique == "port")
    assert not port.adopted
    free = solve(with_free_technique(case, "port")).objective_usd
    assert port.saving.usd == pytest.approx(plan.objective_usd - free, abs=plan.objective_usd * 1e-4)
    assert 0 <= port.saving.usd <= port.own_cost_usd


def test_what_the_case_cannot_do_without_comes_first() -> None:
    case = small_case()
    serving = {k: d for k, d in case.serving.items() if d.requires and "@ site" in k}
    case = small_case(peak=1.0)
    case = type(case)(
        **{
            **{name: getattr(case, name) for name in case.__dataclass_fields__},
            "serving": serving | {k: d for k, d in case.serving.items() if k == "app fp8 @ cloud"},
            "substitutes": {},
        }
    )
    plan = solve(case)
    first = levers(case, plan, around(plan)[1])[0]
    assert first.technique == "fp8"
    assert first.saving.usd is None
    assert "no plan" in first.words


def test_the_best_saving_comes_first_and_only_the_promising_rest_is_priced() -> None:
    case = small_case()
    plan = solve(case)
    again, solver = around(plan)
    found = levers(case, again, solver)
    assert [x.technique for x in found] == ["fp8", "port"]
    assert [x.technique for x in levers(case, again, solver, not_adopted=0)] == ["fp8"]


def test_promising_is_what_opens_the_cheapest_request() -> None:
    case = small_case()
    assert promising(case, set()) == ["fp8", "port"]
    assert promising(case, {"fp8"}) == ["port"]


def test_adopting_later_costs_less_today() -> None:
    case = small_case()
    assert own_cost_usd(case, "fp8", 2) < own_cost_usd(case, "fp8", None) == own_cost_usd(case, "fp8", 0)
