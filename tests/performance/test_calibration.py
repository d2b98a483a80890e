"""Calibration: what an unmeasured condition falls back to, and how wide its interval is."""

from dataclasses import replace

import numpy as np
import pytest

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.performance.calibration import (
    Condition,
    ParameterSet,
    TwoFits,
    chip_key,
    model_key,
    read_calibration,
    shipped_calibration,
    write_calibration,
)
from counterpoise.performance.fit import fit_rows, left_out, load_table, wanted
from counterpoise.performance.measured_runs import FOLDS, fold_of
from counterpoise.performance.parameters import PARAMETERS
from counterpoise.performance.run_table import logs_for, predict

CATALOGUE = load()
CALIBRATION = shipped_calibration()


def condition(chip="H100-SXM5-80GB", model="llama3.1-70b", engine="vllm", version="", precision="fp8"):
    chip = find_chip(CATALOGUE, chip) if isinstance(chip, str) else chip
    return Condition(chip, find_model(CATALOGUE, model), engine, version, precision)


def test_a_chip_renamed_with_the_same_facts_takes_its_familys_value_and_a_wider_interval():
    known = condition()
    renamed = condition(replace(known.chip, name="my chip"))
    everything = CALIBRATION.sets["all"]
    assert everything.logs(renamed) != everything.logs(known)
    other = condition(replace(known.chip, name="another name"))
    assert everything.logs(renamed) == everything.logs(other)
    for metric in ("tpot", "ttft", "rate"):
        low, high = CALIBRATION.interval(known, metric)
        wide_low, wide_high = CALIBRATION.interval(renamed, metric)
        assert wide_high / wide_low > high / low
    assert CALIBRATION.basis(renamed).startswith("chip never measured: Hopper family")


def test_a_chip_of_a_family_never_measured_says_so():
    strange = replace(find_chip(CATALOGUE, "H20"), name="strange", family="Strange")
    assert "family never measured" in CALIBRATION.basis(condition(strange))
    assert "family never measured" in CALIBRATION.basis(condition("TPU-v6e"))


def test_a_chip_whose_facts_changed_is_not_the_one_that_was_measured():
    chip = find_chip(CATALOGUE, "H100-SXM5-80GB")
    old = chip.figures["memory_bandwidth_bytes_per_s"]
    changed = replace(
        chip, figures={**chip.figures, "memory_bandwidth_bytes_per_s": replace(old, mid=2 * old.mid)}
    )
    assert chip_key(changed) != chip_key(chip)
    assert "never measured" in CALIBRATION.basis(condition(changed))


def test_two_releases_of_one_architecture_are_one_model():
    assert model_key(find_model(CATALOGUE, "deepseek-r1")) == model_key(find_model(CATALOGUE, "deepseek-v3"))


def test_a_measured_condition_says_on_how_many_runs_it_rests():
    assert "runs of this model, chip and engine (vllm)" in CALIBRATION.basis(condition())


def test_the_generic_engine_is_the_mean_of_the_mainstream_ones():
    everything = CALIBRATION.sets["all"]
    logs = [everything.logs(condition(engine=e)) for e in ("vllm", "sglang", "trtllm")]
    generic = everything.logs(condition(engine="generic"))
    assert generic["gemm_memory"] == pytest.approx(np.mean([x["gemm_memory"] for x in logs]))


def test_the_parameter_file_holds_the_whole_and_every_fold_and_reads_back():
    assert set(CALIBRATION.sets) == {"all", *map(str, range(FOLDS))}
    again = read_calibration(write_calibration(CALIBRATION))
    assert again.sets["all"].base == CALIBRATION.sets["all"].base
    assert again.curves == CALIBRATION.curves


def test_every_parameter_has_a_base_in_every_set():
    for parameters in CALIBRATION.sets.values():
        assert set(parameters.base) == set(PARAMETERS)


def test_shares_of_a_peak_stay_below_it_for_the_chips_that_serve_most():
    for chip in ("H100-SXM5-80GB", "H200-SXM-141GB", "B200-SXM-180GB"):
        e = CALIBRATION.sets["all"].efficiencies(condition(chip, engine="generic"), 1)
        for name in ("gemm_compute", "gemm_memory", "attention_compute", "link"):
            assert 0.02 < e[name][0] < 1.3, (chip, name)


def test_a_fold_is_the_same_on_every_machine():
    assert [fold_of(k) for k in ("0000000000000000", "0000000700000000")] == [0, 2]


@pytest.fixture(scope="module")
def small_table():
    table = load_table()
    rows = [i for i, r in enumerate(table.runs) if r.source == "serving" and r.model == "qwen3-32b"]
    return table.take(np.array(rows, np.intp))


def test_the_fit_recovers_parameters_that_made_the_data(small_table):
    """Predictions of known parameters, taken as measurements, are met again by a fit from the start."""
    true = ParameterSet({**CALIBRATION.sets["all"].base, "step_s": np.log(2e-3)}, {})
    made = predict(small_table, logs_for(small_table, true))
    table = replace(small_table, measured=np.where(np.isnan(small_table.measured), np.nan, made))
    found = fit_rows(table, np.ones(len(table.runs), bool))
    again = predict(table, logs_for(table, found))
    use = wanted(table)
    assert np.median(abs(again[use] / made[use] - 1)) < 0.02


def test_a_fit_is_nearer_the_measurements_than_its_start(small_table):
    everyone = np.ones(len(small_table.runs), bool)
    fitted = predict(small_table, logs_for(small_table, fit_rows(small_table, everyone)))
    start = predict(
        small_table,
        logs_for(small_table, ParameterSet({n: np.log(p.start) for n, p in PARAMETERS.items()}, {})),
    )
    use = wanted(small_table)

    def error(predicted):
        return np.median(abs(np.log(predicted[use] / small_table.measured[use])))

    assert error(fitted) < 0.5 * error(start)


def test_a_runs_own_measurement_never_reaches_its_cross_validated_prediction(small_table):
    table = small_table.take(np.arange(0, len(small_table.runs), 4))
    folds = [str(fold_of(key)) for key in table.keys]
    before, _ = left_out(table, folds, lambda _: None)
    changed = table.measured.copy()
    changed[0] *= 3
    after, _ = left_out(replace(table, measured=changed), folds, lambda _: None)
    same = np.array(folds) == folds[0]
    assert np.array_equal(after[same], before[same], equal_nan=True)
    assert not np.array_equal(after[~same], before[~same], equal_nan=True)


def test_a_model_never_measured_is_predicted_by_the_fit_that_stays_near_its_priors():
    whole = CALIBRATION.sets["all"]
    assert isinstance(whole, TwoFits)
    assert whole.of(condition()) != whole.far
    assert whole.of(condition(model="falcon-180b")) == whole.far
    strange = replace(find_chip(CATALOGUE, "H20"), name="strange")
    assert whole.of(condition(strange)) == whole.far
