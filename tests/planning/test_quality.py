"""A variant meets a floor by its score, less what quantisation costs, and says how sure that is."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.catalogue import find_model, load
from counterpoise.catalogue.records import Figure, Provenance
from counterpoise.planning.quality import Grade, grades, scores_of

SOURCE = Provenance("a test", date(2025, 1, 1), "measured")
FLOORS = {"GPQA Diamond": 60.0}


@pytest.fixture(scope="module")
def distilled():
    catalogue = load()
    return find_model(catalogue, "deepseek-r1-distill-qwen-32b"), scores_of(
        catalogue, "deepseek-r1-distill-qwen-32b"
    )


def test_the_native_variant_has_the_published_score(distilled):
    model, scores = distilled
    (grade,) = grades(scores, model, "bf16", FLOORS, None)
    assert grade.score_pct == pytest.approx(62.1)
    assert grade.met and 0.5 < grade.probability < 0.9


@given(share=st.floats(0.5, 1.0))
def test_a_quantised_variant_never_scores_more_than_its_recovery_allows(share, distilled):
    model, scores = distilled
    recovery = Figure(share, share, share, "fraction", SOURCE)
    (grade,) = grades(scores, model, "int4", FLOORS, recovery)
    assert grade.score_pct == pytest.approx(62.1 * share)
    assert grade.met == (62.1 * share >= 60.0)


def test_a_wider_recovery_makes_the_grade_less_sure(distilled):
    model, scores = distilled
    sure = Figure(0.98, 0.98, 0.98, "fraction", SOURCE)
    unsure = Figure(0.98, 0.85, 1.0, "fraction", SOURCE)
    (a,), (b,) = (grades(scores, model, "int8", FLOORS, r) for r in (sure, unsure))
    assert b.standard_error_pct > a.standard_error_pct


def test_a_benchmark_nobody_published_refuses_by_name(distilled):
    model, scores = distilled
    assert "SWE-bench Verified" in grades(scores, model, "bf16", {"SWE-bench Verified": 40.0}, None)


@given(score=st.floats(0, 100), error=st.floats(0.1, 20))
def test_the_probability_is_one_half_at_the_floor_and_grows_with_the_score(score, error):
    at = Grade("x", score, score, error, True, "")
    above = Grade("x", score, score + error, error, True, "")
    assert at.probability == pytest.approx(0.5)
    assert above.probability == pytest.approx(0.8413, abs=1e-3)
