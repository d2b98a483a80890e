"""The terminal shows the plan in the order in which a buyer reads, at any width, without a sign it cannot."""

from __future__ import annotations

import pytest

from counterpoise.report.layout import cells
from counterpoise.report.terminal import analysis_lines, plan_lines
from report import golden_text, sample


@pytest.mark.parametrize("width", golden_text.WIDTHS)
def test_the_answer_reads_as_it_was_last_read_and_approved(width):
    assert golden_text.rendered(width) == golden_text.path(width).read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120])
def test_no_line_is_wider_than_the_terminal(width):
    assert max(cells(line) for line in golden_text.rendered(width).splitlines()) <= width


def test_the_text_of_the_program_itself_is_ascii():
    assert golden_text.rendered(80).isascii()


def test_what_decides_comes_before_what_details():
    text = "\n".join(analysis_lines(sample.document(), 80))
    order = [
        "Weakest fact",
        "What binds",
        "Not chosen",
        "Purchases",
        "What runs where",
        "Cost by item",
        "Assumptions",
    ]
    assert [text.index(f"\n{title}") for title in order] == sorted(
        text.index(f"\n{title}") for title in order
    )


def test_before_the_analyses_their_sections_are_absent_rather_than_empty():
    text = "\n".join(analysis_lines(sample.at_the_plan_stage(), 80))
    assert "Weakest fact" not in text
    assert "What binds" not in text
    assert "Purchases" in text


def test_a_plan_that_nothing_limits_says_so():
    plan = sample.document()
    for limit in plan["limits"]:
        limit["binds"] = False
    assert "No limit binds." in analysis_lines(plan, 80)


@pytest.mark.parametrize(
    ("saving", "said"),
    [
        (112_000.0, "one system more saves 112k CNY"),
        (0.0, "one system more saves nothing"),
        (None, "one system more saves less than the solver's gap can tell"),
        ("is below the solver's gap", "one system more is below the solver's gap"),
    ],
)
def test_what_a_limit_is_worth_is_said_as_far_as_it_is_known(saving, said):
    plan = sample.document()
    plan["limits"][1]["saving"] = saving
    assert said in " ".join(" ".join(analysis_lines(plan, 200)).split())


def test_assumptions_come_worst_kind_first_and_point_to_the_rest():
    lines = analysis_lines(sample.document(), 120, case="mycase")
    shown = lines[lines.index("Assumptions, worst kinds first") :]
    kinds = [
        kind for line in shown for kind in ("assumed", "derived", "quoted", "list") if f" {kind} " in line
    ]
    assert kinds == ["assumed", "assumed", "derived", "quoted", "list"]
    assert shown[-1].endswith("counterpoise assumptions mycase")


def test_many_reasons_are_cut_with_their_number():
    plan = sample.document()
    plan["why_not"] = [{"what": f"system {i}", "why": "costs more"} for i in range(30)]
    assert "- and 22 more (in the report)" in analysis_lines(plan, 80)


def test_colour_marks_headings_only():
    plain, coloured = plan_lines(sample.document(), 80), plan_lines(sample.document(), 80, colour=True)
    assert coloured[0] == f"\x1b[1m{plain[0]}\x1b[0m"
    assert coloured[1:] == plain[1:]
