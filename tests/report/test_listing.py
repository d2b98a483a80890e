"""Facts are listed by what a buyer compares, and shown one by one with range, source and date."""

from __future__ import annotations

import pytest

from counterpoise.report.listing import assumption_lines, catalogue_lines, fact_lines


def figure(mid, unit, low=None, high=None):
    return {
        "mid": mid,
        "low": mid if low is None else low,
        "high": mid if high is None else high,
        "unit": unit,
        "kind": "assumed",
        "as_of": "2025-01-01",
        "source": "a page",
        "note": "",
    }


CHIP = {
    "name": "H20",
    "family": "Hopper",
    "figures": {"memory_bytes": figure(96 * 2**30, "bytes")},
    "memory_bytes": figure(96 * 2**30, "bytes"),
    "tdp_w": figure(400.0, "W", 380.0, 420.0),
    "source": "a data sheet",
    "note": "a long note",
}


def test_a_list_has_the_figures_that_are_compared_and_not_the_sources():
    text = "\n".join(catalogue_lines({"kind": "chips", "rows": [CHIP]}, 100))
    assert "96 GiB" in text
    assert "400 W" in text
    assert "data sheet" not in text
    assert "1 chips. With every figure and its source: counterpoise catalogue show NAME" in text


def test_a_heading_leaves_the_unit_to_the_cells():
    first = catalogue_lines({"kind": "chips", "rows": [CHIP]}, 100)[0]
    assert first.split() == ["name", "family", "memory", "tdp"]


def test_a_kind_of_fact_without_a_preset_shows_all_but_sources_and_notes():
    lines = catalogue_lines({"kind": "rules", "rows": [{"name": "a", "allowed": False, "note": "x"}]}, 80)
    assert lines[0].split() == ["name", "allowed"]
    assert lines[2].split() == ["a", "no"]


def test_many_regions_are_counted_rather_than_listed():
    row = {"name": "an api", "regions": ["US", "EU", "UK", "JP", "KR", "SG"]}
    assert "US, EU, UK, JP and 2 more" in "\n".join(catalogue_lines({"kind": "api", "rows": [row]}, 80))


def test_nothing_found_is_said():
    assert catalogue_lines({"kind": "chips", "rows": []}, 80) == ["No chips match."]


def test_one_fact_is_shown_with_range_kind_date_and_source():
    lines = fact_lines({"name": "H20", "tdp_w": figure(400.0, "W", 380.0, 420.0), "empty": []}, 120)
    assert lines == ["name: H20", "tdp: 400 W (380 W to 420 W); a page, 2025-01-01, assumed"]


def test_facts_within_a_fact_are_indented():
    document = {"offers": [{"name": "buy H20", "regions": ["CN"]}], "figures": {"tdp_w": figure(400.0, "W")}}
    assert fact_lines(document, 120) == [
        "offers",
        "  - name: buy H20",
        "    regions: CN",
        "figures",
        "  tdp: 400 W; a page, 2025-01-01, assumed",
    ]


def test_no_assumption_is_said():
    assert assumption_lines({"assumptions": []}, 80) == ["The case leaves nothing to assume."]


@pytest.mark.parametrize("width", [40, 80])
def test_lists_fit_the_terminal(width):
    lines = catalogue_lines({"kind": "chips", "rows": [CHIP] * 3}, width) + fact_lines(CHIP, width)
    assert max(map(len, lines)) <= width
