"""Claims in a terminal: the answer first, every line within the width, nothing said twice."""

import pytest

from counterpoise.report.claims import answer, claim_lines
from counterpoise.report.layout import cells

TEST = {
    "series": "capex_yoy",
    "title": "capex growth",
    "topic": "",
    "of": "top4",
    "when": "2025Q4",
    "against": "2024Q4",
    "asks": "falls",
    "unit": "%",
    "verdict": "fails",
    "why": "",
    "observed": {"low": 64.0, "high": 64.0, "unit": "%"},
    "reference": {"period": "2024Q4", "low": 60.0, "high": 60.0, "unit": "%"},
    "figures": [
        {"what": "capex", "value": 1.0, "unit": "USD bn", "source": "10-K", "known_on": "2026-02-14"}
    ],
    "missing": [],
    "expected": {"p10": -6.7, "median": 25.4, "p90": 69.6, "unit": "%"},
    "scores": [
        {
            "name": "naive",
            "kind": "rule",
            "forecast": 0.0,
            "error": -64.0,
            "crps": 64.0,
            "says_claim_holds": 1.0,
            "note": "",
        }
    ],
    "path": [{"period": "2025Q1", "value": 62.3, "unit": "%", "verdict": "fails"}],
}
PROBABILITY = {
    "value": 0.273,
    "standard_error": 0.003,
    "known_already": False,
    "basis": [],
    "why_none": "",
    "by": {"capex recipe": {"value": 0.273, "standard_error": 0.003}},
}
CLAIM = {
    "id": "5",
    "who": "Morgan Stanley",
    "said_on": "2025-02-03",
    "text": "Growth slows.",
    "basis": "cash capex",
    "reading": "",
    "deadline": "2026-02-28",
    "source": "a page",
    "url": "",
    "verdict": "fails",
    "why": "",
    "probability": PROBABILITY,
    "brier": 0.07,
    "claimant_brier": 1.0,
    "tests": [TEST],
}
OPEN = CLAIM | {
    "id": "8",
    "verdict": "open",
    "why": "not yet scorable: racks in 1H2025",
    "brier": None,
    "probability": PROBABILITY | {"value": None, "why_none": "nobody forecasts it.", "by": {}},
    "tests": [
        TEST
        | {
            "observed": None,
            "reference": None,
            "scores": [],
            "path": [],
            "expected": None,
            "figures": [],
            "missing": [{"what": "racks in 1H2025", "due": "2025-08-14"}],
        }
    ],
}
DOCUMENT = {
    "ledger": "x",
    "as_of": "2025-02-03",
    "judged_on": "2026-06-30",
    "since": "2025-01-15",
    "claims": [CLAIM, OPEN],
    "summary": {
        "claims": 2,
        "verdicts": {"holds": 0, "fails": 1, "undecided": 0, "open": 1, "not scorable": 0},
        "scored_probabilities": 1,
        "brier": 0.07,
        "brier_with": {"bottom-up chain": 0.2},
        "brier_always_50_percent": 0.25,
        "brier_claims_taken_as_certain": 1.0,
    },
    "moves": [
        {
            "id": "5",
            "then": 0.28,
            "now": 0.27,
            "change": -0.01,
            "remainder": 0.002,
            "moves": [{"fact": "META capex cash 2024Q4", "known_on": "2025-01-29", "change": -0.012}],
        },
        {"id": "8", "then": None, "now": None, "change": None, "remainder": None, "moves": []},
    ],
    "notes": ["No count of racks is audited."],
}


def test_the_first_line_is_the_answer():
    assert (
        answer(DOCUMENT)
        == "0 of 2 hold, 1 fail, 1 open; our Brier 0.07 against 0.25 for always 50 % (n = 1)."
    )
    assert claim_lines(DOCUMENT, 120)[0] == answer(DOCUMENT)
    nothing = DOCUMENT | {"summary": DOCUMENT["summary"] | {"brier": None}}
    assert answer(nothing).endswith("no probability can be scored yet.")


@pytest.mark.parametrize("width", [40, 80, 120])
def test_every_line_fits(width):
    assert max(map(cells, claim_lines(DOCUMENT, width))) <= width


def test_what_is_missing_and_when_it_is_due_is_told():
    text = " ".join(" ".join(claim_lines(DOCUMENT, 80)).split())
    assert "Missing: racks in 1H2025, due 2025-08-14." in text
    assert "No probability: nobody forecasts it." in text


def test_a_move_names_its_fact_and_what_is_left_over():
    text = " ".join(" ".join(claim_lines(DOCUMENT, 80)).split())
    assert "5: 28 % -> 27 % (-1.0 points) - -1.2 points: META capex cash 2024Q4 (public 2025-01-29)" in text
    assert "+0.2 points: facts acting together" in text


def test_a_direction_shows_what_it_was_measured_from_and_came_to_on_the_way():
    text = " ".join(" ".join(claim_lines(DOCUMENT, 80)).split())
    assert "64 % against 60 % in 2024Q4, fails" in text
    assert "On the way: 2025Q1 62.3 % (fails)." in text
