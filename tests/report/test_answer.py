"""The first paragraph says what to do, in a buyer's order, and claims nothing the plan does not hold."""

from __future__ import annotations

import pytest

from counterpoise.report import answer, decisions
from report import sample


@pytest.fixture
def plan():
    return sample.document()


def test_the_paragraph_says_what_to_buy_rent_and_adopt_and_when(plan):
    first = answer.plan_sentences(plan)[0]
    assert first == (
        "Buy 2 x HGX-H20-8 in 2025Q1 and 1 x HGX-H20-8 in 2025Q2 (usable 2025Q3); "
        "rent up to 8 x H20 from 2026Q3 to 2026Q4; "
        "adopt quantisation of deepseek-r1-distill-qwen-32b to FP8 weights and prefix cache in 2025Q1."
    )


def test_it_says_which_variant_runs_where_and_the_share_of_each(plan):
    assert "deepseek-r1-distill-qwen-32b fp8 on HGX-H20-8 (90 %)" in answer.paragraph(plan)
    assert "deepseek-r1 by DeepSeek API (10 %) for app" in answer.paragraph(plan)
    assert "deepseek-r1 fp8 on HGX-H20-8 for confidential" in answer.paragraph(plan)


def test_the_cost_has_its_interval_its_quarters_and_the_year_of_its_money(plan):
    assert (
        "Cost 5.64M CNY over 8 quarters (80 %: 5.08M CNY to 6.88M CNY; present value, money of 2025)."
        in answer.paragraph(plan)
    )


def test_the_comparison_with_flagship_systems_is_called_hypothetical(plan):
    first = answer.analysis_sentences(plan)[0]
    assert first == "On flagship systems, if they could be had: 9.85M CNY (hypothetical)."


def test_before_the_analyses_nothing_is_said_of_them(plan):
    early = answer.paragraph(sample.at_the_plan_stage())
    assert "80 %" not in early
    assert "hypothetical" not in early
    assert "Buy 2 x HGX-H20-8" in early


def test_an_open_gap_is_never_called_optimal(plan):
    assert answer.gap_in_words(plan) == "No plan is more than 0.42 % cheaper (the solver's gap)."
    plan["gap"] = 1e-12
    assert answer.gap_in_words(plan) == "No plan is more than 0.0001 % cheaper (the solver's gap)."
    plan["gap"] = 0.0
    assert answer.gap_in_words(plan) == "No cheaper plan exists (gap 0)."
    plan["gap"] = None
    assert answer.gap_in_words(plan) == "The solver proved no gap."


def test_a_plan_that_buys_nothing_says_so(plan):
    plan["purchases"], plan["rentals"], plan["techniques"] = [], [], []
    assert answer.plan_sentences(plan)[0] == "Buy, reserve and rent nothing."


def test_demand_left_unserved_is_said_with_its_share(plan):
    for row in plan["deployments"]:
        if row["kind"] == "api":
            row["kind"] = "unserved"
    assert "Leave unserved 10 % of app." in answer.plan_sentences(plan)


def test_a_reservation_has_its_term(plan):
    plan["rentals"] = [
        {
            "kind": "reserve",
            "offer": "r",
            "provider": "p",
            "system": "HGX-H20-8",
            "chip": "H20",
            "period": "2025Q2",
            "until": "2026Q1",
            "block": "",
            "systems": 3,
            "chips": 24,
            "cost": 1.0,
        }
    ]
    assert decisions.reserved(plan) == ["3 x HGX-H20-8 from 2025Q2 to 2026Q1"]
    assert decisions.rented(plan) == []


def test_an_answer_cache_is_named_for_what_it_is(plan):
    for row in plan["deployments"]:
        if row["kind"] == "api":
            row |= {"kind": "answer-cache", "variant": "answer cache", "system": "answer cache"}
    assert "the answer cache (10 %) for app" in answer.paragraph(plan)


def test_flagship_chips_are_counted(plan):
    plan["balance"]["flagship_chips"] = 16
    assert "16 flagship chips" in answer.paragraph(plan)
    plan["balance"]["flagship_chips"] = 0
    assert "no flagship chips" in answer.paragraph(plan)


def test_chip_hours_are_given_as_shares_of_a_hundred(plan):
    said = answer.paragraph(plan).split("idle = ")[1].split(";")[0]
    assert sum(int(part) for part in said.split(" : ")) in {99, 100, 101}


def test_many_orders_are_told_by_system_the_most_chips_first(plan):
    order = plan["purchases"][0]
    plan["purchases"] = [
        order | {"period": period, "arrives": period, "system": system, "systems": n, "chips": n * chips}
        for period, system, n, chips in [
            ("2025Q1", "HGX-H20-8", 3, 8),
            ("2025Q2", "HGX-H20-8", 2, 8),
            ("2025Q2", "GB200-NVL72", 1, 72),
            ("2025Q3", "HGX-H20-8", 1, 8),
            ("2025Q4", "GB200-NVL72", 4, 72),
        ]
    ]
    assert decisions.bought(plan) == [
        "5 x GB200-NVL72 from 2025Q2 to 2025Q4",
        "6 x HGX-H20-8 from 2025Q1 to 2025Q3",
    ]


def test_many_reservations_are_told_by_the_most_at_a_time(plan):
    term = {"kind": "reserve", "offer": "r", "system": "HGX-H20-8", "chip": "H20", "chips": 8, "systems": 1}
    terms = [
        ("2025Q1", "2025Q4"),
        ("2025Q2", "2026Q1"),
        ("2025Q3", "2026Q2"),
        ("2026Q3", "2026Q4"),
        ("2026Q4", "2026Q4"),
    ]
    plan["rentals"] = [term | {"period": first, "until": last} for first, last in terms]
    assert decisions.reserved(plan) == ["up to 3 x HGX-H20-8 from 2025Q1 to 2026Q4"]


def test_a_workload_on_many_systems_names_the_largest(plan):
    row = next(r for r in plan["deployments"] if r["workload"] == "confidential")
    plan["deployments"] = [
        row | {"system": name, "requests_per_s": rate}
        for name, rate in {"A": 50, "B": 20, "C": 10, "D": 15, "E": 5}.items()
    ]
    assert decisions.served(plan) == ["deepseek-r1 fp8 on A (50 %), B (20 %) and 3 others for confidential"]


def test_an_order_that_arrives_after_the_horizon_says_so(plan):
    plan["purchases"] = [plan["purchases"][0] | {"period": "2026Q4", "arrives": "after 2026Q4"}]
    assert decisions.bought(plan) == ["2 x HGX-H20-8 in 2026Q4 (usable only after 2026Q4)"]


def test_a_system_named_as_a_number_of_chips_is_counted_in_brackets():
    assert decisions.times(2, "8 x RTX-4090") == "2 x (8 x RTX-4090)"
    assert decisions.times(2.0, "HGX-H20-8") == "2 x HGX-H20-8"
