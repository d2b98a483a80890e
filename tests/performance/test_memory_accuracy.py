"""Memory against what vLLM logged, each model predicted by constants fitted without it."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from counterpoise.catalogue import load
from counterpoise.errors import BadInput
from counterpoise.performance.measured_runs import shipped
from counterpoise.performance.memory import CONSTANTS
from counterpoise.performance.memory_accuracy import memory_predictions, shipped_memory_fit
from counterpoise.performance.memory_fit import fit_constants


@pytest.fixture(scope="module")
def rows():
    return shipped("memory")


def errors(results, column):
    found = [r.predictions[column] for r in results if column in r.predictions]
    return np.array([p.predicted / p.measured - 1 for p in found])


def test_cache_tokens_are_within_two_percent_at_the_median_and_every_row_is_predicted(rows):
    results = memory_predictions(rows)
    assert not [r.refusal for r in results if r.refusal]
    error = np.abs(errors(results, "kv_cache_tokens"))
    assert np.median(error) <= 0.02
    assert error.mean() <= 0.05


def test_a_measurement_does_not_reach_its_own_prediction(rows):
    changed = [{**row, "kv_cache_tokens": "12345"} for row in rows]
    before, after = (memory_predictions(r) for r in (rows, changed))
    column = "kv_cache_tokens"
    assert [r.predictions[column].predicted for r in before] == [
        r.predictions[column].predicted for r in after
    ]


def test_the_constants_in_the_module_are_those_of_the_fit(rows):
    stored = asdict(shipped_memory_fit().sets["all"])
    assert asdict(CONSTANTS) == pytest.approx(stored, rel=2e-3)
    assert asdict(fit_constants(rows, load())) == pytest.approx(stored, rel=1e-2)


def test_a_chip_and_an_engine_that_were_not_measured_have_wider_intervals_and_say_so(rows):
    usual = memory_predictions(rows[:1])[0]
    other_chip = memory_predictions([{**rows[0], "chip": "A100-SXM4-80GB"}])[0]
    other_engine = memory_predictions([{**rows[0], "framework": "sglang"}])[0]
    for other in (other_chip, other_engine):
        p, q = usual.predictions["kv_cache_tokens"], other.predictions["kv_cache_tokens"]
        assert q.low80 / q.predicted < p.low80 / p.predicted
        assert "never measured" in other.basis


def test_an_unknown_model_or_precision_is_refused_with_the_reason(rows):
    unknown = memory_predictions([{**rows[0], "model": "no-such-model"}])[0]
    odd = memory_predictions([{**rows[0], "precision": "fp6"}])[0]
    assert "no-such-model" in unknown.refusal
    assert "fp6" in odd.refusal


def test_a_missing_column_and_a_word_for_a_number_are_bad_input(rows):
    short = [{k: v for k, v in rows[0].items() if k != "tp"}]
    with pytest.raises(BadInput, match="no column tp"):
        memory_predictions(short, file="mine.csv")
    with pytest.raises(BadInput, match=r"mine.csv, line 2, tp.*not a number"):
        memory_predictions([{**rows[0], "tp": "two"}], file="mine.csv")
