"""Levels of cells: what a missing fact costs, told apart from what is left when it is known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.performance.accuracy import Prediction
from counterpoise.performance.measured_runs import shipped
from counterpoise.report.accuracy_levels import alike, cells_table, level_lines, levels, summary_table
from counterpoise.report.noise import VERSION, shipped_pairs
from counterpoise.report.scored import Scored

LABELS = {"chip": "H100", "engine": "vllm", "precision": "fp8", "mode": "agg", "quality": "A"}


def row(model, log_error, split="model", metric="tpot_mean_ms"):
    prediction = Prediction(10.0, 10.0 * math.exp(log_error), 5.0, 20.0)
    return Scored("serving", f"{model}{log_error}", split, metric, prediction, {**LABELS, "model": model})


def test_a_model_that_is_off_as_a_whole_is_all_level():
    taken = levels([row("fast", 0.3)] * 6 + [row("slow", -0.3)] * 6)
    assert taken.known_median == pytest.approx(0.0, abs=1e-12)
    assert taken.level_sd == pytest.approx(0.3)
    assert taken.within_sd == pytest.approx(0.0, abs=1e-12)
    # exp(0.3) - 1 of half the rows, 1 - exp(-0.3) of the others.
    assert taken.level_median == pytest.approx(taken.median)


def test_a_row_alone_in_its_cell_gains_nothing_from_a_level_it_told_itself():
    taken = levels([row("alone", 0.5)])
    assert taken.known_median == pytest.approx(math.expm1(0.5))


@given(
    st.lists(st.floats(-1, 1), min_size=2, max_size=20),
    st.floats(-1, 1),
)
def test_a_shift_of_a_whole_cell_moves_its_level_and_nothing_inside(errors, shift):
    before = levels([row("a", e) for e in errors])
    after = levels([row("a", e + shift) for e in errors])
    assert after.cells[0].level == pytest.approx(before.cells[0].level + shift, abs=1e-9)
    assert after.within_sd == pytest.approx(before.within_sd, abs=1e-9)
    assert after.known_median == pytest.approx(before.known_median, abs=1e-9)


def test_the_cell_that_costs_most_comes_first_and_small_cells_are_not_listed():
    many, few = [row("many", 0.2)] * 20, [row("few", 0.9)] * 3
    worst = [row("worst", -0.5)] * 10
    lines = cells_table(levels(many + few + worst))
    assert [line.split(",")[0] for line in lines[2:]] == ["| worst", "| many"]
    assert "-0.50" in lines[2]


def test_the_section_is_left_out_where_nothing_was_left_out_whole():
    assert level_lines([row("a", 0.1, split="fold")] * 5, [], []) == []


def test_the_section_names_split_measure_and_cells():
    random = np.random.default_rng(3)
    found = [row(m, 0.2 + 0.05 * x) for m in ("a", "b") for x in random.normal(size=8)]
    text = "\n".join(level_lines(found, [], []))
    assert "model never seen, TPOT" in text
    assert "a, H100, vllm, fp8" in text


def test_the_summary_has_a_cell_for_each_head():
    lines = summary_table([("model never seen, TPOT", levels([row("a", 0.1)] * 4))])
    assert {line.count("|") for line in lines} == {12}


def test_a_run_with_drafts_and_one_without_are_no_pair_of_versions():
    rows = shipped("serving")
    every = [p for p in shipped_pairs("serving") if p.kind == VERSION]
    kept = alike(every, rows)
    drafted = "1.2.0rc6.post3"
    mixed = [p for p in every if drafted in {rows[i]["framework_version"] for i in p.ids}]
    assert mixed
    assert not set(map(id, mixed)) & set(map(id, kept))
    assert kept
