import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.cases import small_case
from counterpoise.analysis.changes import (
    known_offer,
    scale_demand,
    scale_electricity,
    scale_prices,
    scale_speed,
    with_free_technique,
    with_offer,
    without_offers,
    without_technique,
)
from counterpoise.analysis.facts import SPREAD, Fact
from counterpoise.errors import UnknownName

FACTORS = st.sampled_from([0.25, 0.5, 2.0, 4.0])


@given(FACTORS)
def test_a_change_undone_leaves_the_problem_as_it_was(factor: float) -> None:
    case = small_case()
    everything = [*case.serving, *case.training]
    offers = [*case.buys, *case.reserves, *case.rents, *case.substitutes]
    workloads = [*case.serving_demand, *case.training_demand]
    there, back = (factor,) * 4, (1.0 / factor,) * 4
    assert scale_speed(scale_speed(case, everything, factor), everything, 1.0 / factor) == case
    assert scale_prices(scale_prices(case, offers, factor), offers, 1.0 / factor) == case
    assert scale_demand(scale_demand(case, workloads, there), workloads, back) == case
    assert scale_electricity(scale_electricity(case, factor), 1.0 / factor) == case


def test_a_change_touches_only_what_it_names() -> None:
    case = small_case()
    slower = scale_speed(case, ["app fp8 @ site"], 0.8)
    assert slower.serving["app fp8 @ site"].requests_per_s == pytest.approx(0.8 * 1.4)
    assert slower.serving["app bf16 @ site"] == case.serving["app bf16 @ site"]
    assert slower.training == case.training
    dearer = scale_prices(case, ["buy H20"], 1.2)
    assert dearer.buys["buy H20"].opex_usd_per_period == pytest.approx(1.2 * 1_800.0)
    assert dearer.buys["buy Ascend"] == case.buys["buy Ascend"]


def test_without_a_technique_nothing_that_needs_it_is_left() -> None:
    case = without_technique(small_case(), "fp8")
    assert "fp8" not in case.techniques
    assert set(case.serving) == {"app bf16 @ site", "app bf16 @ cloud", "app bf16 @ ascend"}


def test_a_free_technique_keeps_its_lead_time() -> None:
    case = with_free_technique(small_case(), "port")
    deployment = case.serving["app bf16 @ ascend"]
    assert deployment.requires == ()
    assert deployment.first_period == 1
    assert small_case().serving["app bf16 @ ascend"].first_period == 0


def test_an_offer_taken_off_the_table_can_be_put_back() -> None:
    case = small_case()
    for id_ in ("buy H20", "reserve H20", "rent H20"):
        without = without_offers(case, [id_])
        assert without != case
        assert with_offer(without, known_offer(case, id_)) == case


def test_a_name_that_is_not_known_comes_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="buy H20"):
        known_offer(small_case(), "buy H2O")
    with pytest.raises(UnknownName, match="fp8"):
        without_technique(small_case(), "fp")


def test_growth_compounds_from_the_second_period() -> None:
    case = small_case(growth=0.2)
    fact = Fact("g", "growth", "assumed", "", "growth", frozenset({"app"}), growth_per_period=0.2)
    before = [row[0] for row in case.serving_demand["app"].peak_requests_per_s]
    after = [row[0] for row in fact.changed(case, 2.0).serving_demand["app"].peak_requests_per_s]
    assert after == pytest.approx([4.0 * 1.4**t for t in range(4)])
    assert after[0] == before[0]


@given(st.sampled_from(sorted(SPREAD)), st.floats(0.3, 1.0), st.floats(1.0, 3.0))
def test_the_range_of_a_fact_holds_80_percent(kind: str, low: float, high: float) -> None:
    fact = Fact("f", "f", kind, "", "price", low=low, high=high)
    assert fact.quantile(0.0) == 1.0
    assert fact.quantile(-1.2815515655446004) == pytest.approx(fact.low)
    assert fact.quantile(1.2815515655446004) == pytest.approx(fact.high)
    assert fact.low <= min(low, 1.0 - SPREAD[kind])
    assert fact.high >= max(high, 1.0 + SPREAD[kind])


def test_a_fact_with_an_impossible_range_is_refused() -> None:
    for low, high in ((0.0, 1.0), (1.1, 1.2), (0.9, 0.95), (1.0, math.inf)):
        with pytest.raises(ValueError, match="factors must be"):
            Fact("f", "f", "list", "", "price", low=low, high=high)
