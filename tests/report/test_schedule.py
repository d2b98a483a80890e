"""What is held in a quarter: what has arrived, what is reserved until its end, the most rented at a time."""

from __future__ import annotations

import pytest

from counterpoise.report import schedule
from report import sample


def held(plan):
    return {(r["period"], r["how"]): r["chips"] for r in schedule.held(plan)}


def test_a_system_counts_from_the_quarter_in_which_it_arrives():
    chips = held(sample.document())
    assert chips["2025Q2", "bought"] == 16
    assert chips["2025Q3", "bought"] == 24
    assert chips["2026Q4", "bought"] == 24


def test_rent_counts_the_most_at_a_time_not_the_sum_of_the_day():
    chips = held(sample.document())
    assert chips["2026Q4", "rented"] == 8
    assert ("2026Q2", "rented") not in chips


def test_a_reservation_is_held_to_the_end_of_its_term_and_no_longer():
    plan = sample.document()
    plan["rentals"] = [
        {"kind": "reserve", "offer": "r", "system": "HGX-H20-8", "chip": "H20", "period": "2025Q2",
         "until": "2025Q4", "systems": 1, "chips": 8, "cost": 5.0}
    ]  # fmt: skip
    chips = held(plan)
    assert [period for period, how in chips if how == "reserved"] == ["2025Q2", "2025Q3", "2025Q4"]


def test_the_busiest_quarter_is_the_one_in_which_most_chips_run():
    assert schedule.busiest_period(sample.document()) == "2026Q4"
    assert schedule.busiest_period({"deployments": []}) == ""


def test_what_runs_is_one_row_a_variant_and_place_with_every_block_in_it():
    rows = schedule.running(sample.document(), "2025Q1")
    assert [row["workload"] for row in rows] == ["app", "app", "confidential", "tuning"]
    assert rows[0]["in_block"]["18-24"] == pytest.approx(0.85)
    assert rows[1]["in_block"]["18-24"] == pytest.approx(0.2)
    assert list(rows[3]["in_block"]) == ["00-08"]


def test_rent_by_the_hour_is_one_row_an_offer_with_its_span_and_cost():
    (group,) = schedule.rentals_in_all(sample.document())
    assert (group["period"], group["until"], group["chips"]) == ("2026Q3", "2026Q4", 8)
    assert group["cost"] == pytest.approx(1_310_000)


def test_reservations_stay_apart_by_the_quarter_of_their_signing():
    plan = sample.document()
    term = {
        "kind": "reserve",
        "offer": "r",
        "system": "HGX-H20-8",
        "chip": "H20",
        "systems": 1,
        "chips": 8,
        "cost": 5.0,
    }
    plan["rentals"] = [
        term | {"period": p, "until": u} for p, u in (("2025Q1", "2025Q4"), ("2025Q2", "2026Q1"))
    ]
    assert [(g["period"], g["until"]) for g in schedule.rentals_in_all(plan)] == [
        ("2025Q1", "2025Q4"),
        ("2025Q2", "2026Q1"),
    ]


def test_an_unknown_kind_of_fact_comes_first_of_all():
    rows = [{"kind": "list"}, {"kind": "guess"}, {"kind": "assumed"}]
    assert [row["kind"] for row in schedule.by_kind(rows)] == ["guess", "assumed", "list"]
