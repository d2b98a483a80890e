"""What `bridge` says: the answer first, in any width."""

import re

import pytest

from counterpoise.report.bridge import answer, bridge_lines, figure, flip_words
from counterpoise.report.layout import cells


def policy(name: str, expected: float | None, more: float, worst: float, **other: object) -> dict:
    return {
        "policy": name,
        "expected_cost": expected,
        "open": 1_000.0,
        "more_expected": more if expected is not None else None,
        "more_at_worst": worst if expected is not None else None,
        "expected_regret": 1.0 if expected is not None else None,
        "largest_regret": 2.0 if expected is not None else None,
        "currency": "CNY",
        "first_orders": [],
        "techniques": [],
        "why": "",
    } | other


def outcomes() -> list[dict]:
    costs = {"rent": (800e3, 1.0e6), "wait 2 quarters": (800e3, 1.0e6), "buy now": (930e3, 790e3)}
    costs["free"] = costs["rent"]
    return [
        {"policy": p, "scenario": s, "probability": c, "cost": cost, "regret": 0.0, "currency": "CNY"}
        for p, both in costs.items()
        for s, c, cost in zip(("low rents", "high rents"), (0.625, 0.375), both, strict=True)
    ]


@pytest.fixture
def document() -> dict:
    orders = [{"how": "buy", "offer": "buy HGX-H20-8 from OEM (China)", "systems": 1.0}]
    return {
        "question": "bridge",
        "case": {"name": "x", "as_of": "2025-02-03", "currency": "CNY", "periods": ["2025Q1", "2025Q2"]},
        "currency": "CNY",
        "advised": "rent",
        "least_worst_regret": "buy now",
        "policies": [
            policy("rent", 877e3, 0.0, 0.0),
            policy("wait 2 quarters", 877e3, 0.0, 0.0),
            policy("buy now", 933e3, 56e3, 258e3, first_orders=orders),
            policy("free", 877e3, 0.0, 0.0),
        ],
        "outcomes": outcomes(),
        "scenarios": [
            {
                "scenario": s, "probability": 0.5, "kind": k, "quarter": q, "price_factor": 0.9,
                "rent_factor": 1.2, "extra_weeks": -0.2,
            }
            for s in ("low rents", "high rents")
            for k in ("cut-down", "hgx")
            for q in ("2025Q1", "2025Q2")
        ],
        "told_apart_by": ["cut-down"],
        "spread_kept": {"price": 0.43, "rent": 0.42, "extra_weeks": 0.68},
        "with_foresight": {"expected_cost": 816e3, "worth": 61e3, "currency": "CNY"},
        "flips": [
            {
                "what": "rents after the first quarter, over those expected", "unit": "x", "at": 1.15,
                "between": ["rent", "buy now"], "below": "rent", "above": "buy now", "looked_from": 0.25,
                "looked_to": 3.5,
            },
        ],
        "market": {
            "as_of": "2025-02-03", "set": ["elasticity=0.8"], "draws": 20000, "seed": 0, "basis": "recipe",
            "as_known": ["L4"],
        },
        "assumptions": [],
    }  # fmt: skip


def test_the_first_line_is_the_answer(document: dict) -> None:
    assert answer(document) == (
        "Rent: expected 877k CNY; wait 2 quarters comes to the same; buy now costs 56k CNY more in "
        "expectation, 258k CNY more at worst."
    )
    assert bridge_lines(document, 200)[0] == answer(document)


def test_where_buying_in_stages_beats_every_policy_the_answer_says_so(document: dict) -> None:
    document["policies"][3] |= {"expected_cost": 700e3}
    assert answer(document).endswith("as the planner would, costs 177k CNY less than any of them.")


def test_a_difference_that_the_solver_leaves_open_is_called_so(document: dict) -> None:
    document["policies"][2] |= {"more_expected": 1_500.0}
    assert "(within the solver's gap)" in answer(document)


def test_a_policy_without_a_plan_says_why(document: dict) -> None:
    document["policies"][2] = policy("buy now", None, 0, 0, why="no purchase pays")
    assert "buy now: no purchase pays" in answer(document)
    assert any("no plan" in line for line in bridge_lines(document, 100))


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_wider_than_asked(document: dict, width: int) -> None:
    assert all(cells(line) <= width for line in bridge_lines(document, width))


def test_what_it_rests_on_and_where_it_flips_are_said(document: dict) -> None:
    text = " ".join(bridge_lines(document, 120))
    assert "Least regret at worst: buy now." in text
    assert "rent below +15 %, buy now above" in text
    assert "derived or assumed" in text
    assert "elasticity=0.8" in text
    assert "42 % of the spread of rents" in text
    assert "buy 1 x HGX-H20-8 from OEM (China)" in text


def test_only_chips_that_tell_the_scenarios_apart_are_shown(document: dict) -> None:
    text = " ".join(bridge_lines(document, 120))
    assert "cut-down" in text
    assert "hgx" not in text


def test_where_nothing_flips_the_range_is_said() -> None:
    row = {"what": "elasticity", "unit": "", "at": None, "below": "rent", "above": "rent"}
    assert flip_words(row | {"looked_from": 0.4, "looked_to": 2.26}) == (
        "Elasticity: rent costs least from 0.4 to 2.3."
    )


def test_the_chart_shows_each_policy_in_each_scenario(document: dict) -> None:
    made = figure(document)
    assert made.svg.startswith("<svg")
    for words in ("low rents (62 %)", "high rents (38 %)", "rent", "wait 2 quarters", "buy now", "CNY"):
        assert re.search(re.escape(words), made.svg)
