"""Training speed against what was measured, each condition predicted by parameters fitted without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.errors import BadInput
from counterpoise.performance import training_fit
from counterpoise.performance.measured_runs import shipped
from counterpoise.performance.training_accuracy import training_predictions
from counterpoise.performance.training_calibration import shipped_training_calibration
from counterpoise.performance.training_fit import fit, fitted_table, left_out, predict
from counterpoise.performance.training_rows import framework_group, training_runs
from counterpoise.performance.training_table import condition_of

METRIC = "tokens_per_s_per_chip"


@pytest.fixture(scope="module")
def rows():
    return [r for r in shipped("training") if r["quality"] == "A"]


@pytest.fixture(scope="module")
def results(rows):
    return training_predictions(rows)


@pytest.fixture(scope="module")
def table():
    return fitted_table()


def test_the_error_out_of_fold_is_at_most_5_percent_at_the_median_and_10_in_the_mean(results):
    error = np.array(
        [abs(p.predicted / p.measured - 1) for r in results for p in [r.predictions.get(METRIC)] if p]
    )
    assert np.median(error) <= 0.05
    assert error.mean() <= 0.10


@pytest.mark.parametrize(
    ("case", "median", "mean"),
    [("model never measured", 0.13, 0.21), ("chip never measured", 0.11, 0.18)],
)
def test_models_and_chips_left_out_one_at_a_time_are_predicted_within_the_bar(case, median, mean):
    found = shipped_training_calibration().report[case]
    assert found["median_ape"] <= median
    assert found["mean_ape"] <= mean


def test_the_report_is_of_the_rows_that_the_shipped_table_holds(table):
    report = shipped_training_calibration().report
    assert report["rows"] == len(table.runs)
    assert report["measured"]["rows"] == len(table.runs)


def test_intervals_cover_about_80_percent_of_groups_that_did_not_make_them():
    report = shipped_training_calibration().report
    for case in ("measured", "chip never measured", "model never measured", "framework not given"):
        assert 0.75 <= report[case]["coverage80"] <= 0.85


def test_98_rows_of_100_are_predicted_and_the_rest_give_a_reason(results):
    predicted = [r for r in results if r.predictions]
    assert len(predicted) >= 0.98 * len(results)
    assert all(r.refusal for r in results if not r.predictions)
    assert all(r.basis for r in predicted)


def test_the_80_percent_interval_holds_about_80_percent_of_measurements(results):
    found = [r.predictions[METRIC] for r in results if METRIC in r.predictions]
    inside = np.mean([p.low80 <= p.measured <= p.high80 for p in found])
    assert 0.75 <= inside <= 0.85


def test_a_measurement_does_not_reach_its_own_prediction(rows, results):
    doubled = [{**r, METRIC: str(2 * float(r[METRIC])) if r[METRIC] else ""} for r in rows]
    after = training_predictions(doubled)
    assert [r.predictions[METRIC].predicted for r in results if METRIC in r.predictions] == [
        r.predictions[METRIC].predicted for r in after if METRIC in r.predictions
    ]


def test_no_condition_is_in_the_fold_that_predicts_it(table):
    calibration = shipped_training_calibration()
    run = table.runs[0]
    assert run.condition in calibration.conditions
    assert calibration.parameters(run.condition) is calibration.sets[str(run.fold)]
    assert calibration.parameters("never seen") is calibration.sets["all"]


def test_the_shipped_parameters_are_what_the_fit_gives(table):
    fresh, stored = fit(table), shipped_training_calibration().sets["all"]
    assert np.abs(predict(table, fresh) - predict(table, stored)).max() < 0.02


def test_a_row_of_an_unknown_model_is_built_from_its_columns():
    row = shipped("training")[20] | {
        "model": "my-own-7b",
        "layers": "32",
        "hidden": "4608",
        "heads": "36",
        "kv_heads": "4",
        "ffn_hidden": "14336",
        "vocab": "128256",
        "chip": "H100-SXM5-80GB",
    }
    facts = load()
    run = training_runs([row], lambda n: find_model(facts, n), lambda n: find_chip(facts, n))[0]
    assert not run.refusal
    assert run.model.layers[0].feed_forward.matrices == 3
    assert shipped_training_calibration().closeness(condition_of(run)) == "model never measured"


def test_unknown_chips_and_odd_precisions_are_refused(rows):
    odd = training_predictions([{**rows[0], "chip": "X1000"}, {**rows[0], "precision": "fp6"}])
    assert "X1000" in odd[0].refusal
    assert "fp6" in odd[1].refusal


def test_a_row_that_prints_flops_only_is_scored_by_the_convention_it_states(rows):
    row = next(r for r in rows if r["row_id"] == "T0010")
    (found,) = training_predictions([row])
    # 163 TFLOP/s at 1,008 billion weights, recomputed: about 8 FLOPs a weight and token.
    assert found.predictions[METRIC].measured == pytest.approx(163e12 / 8 / 1008e9, rel=0.03)
    (untold,) = training_predictions([row | {"flops_convention": ""}])
    assert untold.refusal == "the row has no measured tokens per second or step time"


def test_a_measurement_never_moves_its_own_cross_validated_prediction(table, monkeypatch):
    monkeypatch.setattr(training_fit, "ROUNDS", 3)
    some = table.take(np.arange(0, len(table.runs), 20))
    fold = np.array([r.fold for r in some.runs])
    own = int(np.flatnonzero(fold == fold[0])[0])
    moved = some.target.copy()
    moved[own] += 1.0
    (before, _), (after, _) = (left_out(t, fold) for t in (some, replace(some, target=moved)))
    assert (after + moved)[own] == (before + some.target)[own]
    assert ((after + moved) != (before + some.target))[fold != fold[0]].any()


def test_a_missing_column_and_a_word_for_a_number_are_bad_input(rows):
    with pytest.raises(BadInput, match="no column chip"):
        training_predictions([{k: v for k, v in rows[0].items() if k != "chip"}])
    with pytest.raises(BadInput, match=r"t.csv, line 2, n_chips.*not a number"):
        training_predictions([{**rows[0], "n_chips": "eight"}], file="t.csv")


def test_frameworks_fall_in_groups():
    assert framework_group("NeMo/Megatron-Core 25.09 NeMo Container") == "nemo"
    assert framework_group("Composer/FSDP FULL_SHARD") == "composer"
    assert framework_group("Megatron-DeepSpeed ZeRO-1") == "megatron-deepspeed"
    assert framework_group("something else") == "generic"
