from dataclasses import replace

import pytest

from analysis.cases import small_case
from counterpoise.analysis.levelised import (
    cheapest_system_hour,
    energy_usd_per_h,
    offer_usd_per_h,
    usd_per_unit,
)


def test_a_purchase_costs_what_is_lost_of_it_over_the_hours_it_can_work() -> None:
    case = small_case()
    periods_in_use, life_left = 3, 17
    lost = 150_000.0 * (1 - 0.05 * life_left) + 1_800.0 * periods_in_use
    hours = periods_in_use * 91.0 * 24.0 * 0.97
    assert offer_usd_per_h(case, case.buys["buy H20"]) == pytest.approx(lost / hours)


def test_a_reservation_is_paid_for_its_term() -> None:
    case = small_case()
    hours = 91.0 * 24.0 * 0.97
    assert offer_usd_per_h(case, case.reserves["reserve H20"]) == pytest.approx(16_000.0 / hours)
    assert offer_usd_per_h(case, case.rents["rent H20"]) == 9.0


def test_the_cheapest_way_to_a_system_hour_is_named() -> None:
    case = small_case()
    assert cheapest_system_hour(case, "H20 @ cloud").offer == "reserve H20"
    assert cheapest_system_hour(replace(case, reserves={}), "H20 @ cloud").offer == "rent H20"
    assert cheapest_system_hour(replace(case, reserves={}, rents={}), "H20 @ cloud") is None


def test_the_provider_pays_for_electricity_elsewhere() -> None:
    case = small_case()
    assert energy_usd_per_h(case, "H20 @ site", 5_000.0) == pytest.approx(5.0 * 1.35 * 0.09)
    assert energy_usd_per_h(case, "H20 @ cloud", 5_000.0) == 0.0


def test_twice_the_speed_halves_the_cost_of_a_request() -> None:
    case = small_case()
    deployment = case.serving["app fp8 @ site"]
    faster = replace(deployment, requests_per_s=2 * deployment.requests_per_s)
    assert usd_per_unit(case, faster) == pytest.approx(usd_per_unit(case, deployment) / 2)
    nowhere = replace(case, buys={})
    assert usd_per_unit(nowhere, deployment) == float("inf")
