"""Learning from a user's own serving runs, in a world whose truth is known.

Runs of the shipped table are given to a chip that nobody measured, and their figures are what the shipped
parameters predict, times what that chip does differently.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.performance.calibration import chip_key, model_key, shipped_calibration
from counterpoise.performance.measured_runs import runs, shipped
from counterpoise.performance.own_calibration import OWN, own_interval
from counterpoise.performance.own_runs import learn
from counterpoise.performance.run_table import METRICS, logs_for, predict, run_table

CATALOGUE = load()
SHIPPED = shipped_calibration()
TPOT, TTFT = METRICS.index("tpot_mean_ms"), METRICS.index("ttft_mean_ms")
MADE = "2026-11-24"


def table_of(model="qwen3-32b", chip="H100-SXM5-80GB", engine="vllm", rename=""):
    rows = [
        r
        for r in shipped("serving")
        if (r["model"], r["chip"], r["framework"]) == (model, chip, engine) and r["quality"] != "C"
    ]
    known = find_chip(CATALOGUE, chip)
    mine = replace(known, name=rename) if rename else known
    table, _ = run_table(runs(rows, "serving"), lambda n: find_model(CATALOGUE, n), lambda _: mine)
    assert table is not None
    return table


def measured_as(table, factor_tpot=1.0, factor_ttft=1.0, noise=0.0):
    """The table as measured where the shipped parameters are right but for two factors."""
    truth = predict(table, logs_for(table, SHIPPED.sets["all"]))
    rng = np.random.default_rng(0)
    measured = np.full(table.measured.shape, np.nan)
    measured[:, TPOT] = truth[:, TPOT] * factor_tpot * np.exp(rng.normal(0, noise, len(truth)))
    measured[:, TTFT] = truth[:, TTFT] * factor_ttft * np.exp(rng.normal(0, noise, len(truth)))
    return replace(table, measured=measured)


NEW = table_of(rename="my chip")
SLOW = measured_as(NEW, 1.5, 1.5, 0.02)


def tpot_error(table, parameters):
    predicted = predict(table, logs_for(table, parameters))[:, TPOT]
    return float(np.median(np.abs(predicted / table.measured[:, TPOT] - 1)))


def test_twenty_runs_of_a_chip_nobody_measured_teach_the_rest():
    rows = np.random.default_rng(1).permutation(len(SLOW.runs))
    own, rest = SLOW.take(rows[:20]), SLOW.take(rows[20:])
    learnt = learn(own, SHIPPED, made=MADE)
    assert tpot_error(rest, SHIPPED.sets["all"]) > 0.3
    assert tpot_error(rest, learnt.calibration.sets["all"]) < 0.06
    assert np.median(np.abs(learnt.left_out["tpot_mean_ms"])) < np.median(
        np.abs(learnt.before["tpot_mean_ms"])
    )


def test_runs_as_predicted_change_no_prediction():
    exact = measured_as(NEW)
    learnt = learn(exact.take(np.arange(20)), SHIPPED, made=MADE)
    before = predict(NEW, logs_for(NEW, SHIPPED.sets["all"]))
    after = predict(NEW, logs_for(NEW, learnt.calibration.sets["all"]))
    assert after == pytest.approx(before, rel=1e-6)


def test_what_was_not_run_is_predicted_as_before_and_says_nothing_of_own_runs():
    learnt = learn(SLOW.take(np.arange(20)), SHIPPED, made=MADE).calibration
    elsewhere = table_of("minimax-m2.5", "B200-SXM-180GB")
    before = predict(elsewhere, logs_for(elsewhere, SHIPPED.sets["all"]))
    after = predict(elsewhere, logs_for(elsewhere, learnt.sets["all"]))
    assert after == pytest.approx(before, rel=1e-12)
    for condition in elsewhere.conditions[:5]:
        assert learnt.basis(condition) == SHIPPED.basis(condition)
        assert learnt.interval(condition) == SHIPPED.interval(condition)


def test_the_basis_names_the_own_runs_and_their_date():
    learnt = learn(SLOW.take(np.arange(20)), SHIPPED, made=MADE).calibration
    said = learnt.basis(SLOW.conditions[0])
    assert said == f"fitted on 20 of your own runs of this model, chip and engine (vllm), {MADE}"
    assert learnt.closeness(SLOW.conditions[0]) == OWN
    other_model = replace(SLOW.conditions[0], model=find_model(CATALOGUE, "llama3.1-8b"))
    assert "20 of your own runs of my chip" in learnt.basis(other_model)


def test_an_engine_that_is_not_named_is_the_one_that_was_run():
    learnt = learn(SLOW.take(np.arange(20)), SHIPPED, made=MADE).calibration
    ran = SLOW.conditions[0]
    unnamed = replace(ran, engine="generic", version="")
    assert learnt.sets["all"].logs(unnamed) == learnt.sets["all"].logs(ran)
    assert learnt.basis(unnamed) == learnt.basis(ran)
    assert SHIPPED.sets["all"].logs(unnamed) != SHIPPED.sets["all"].logs(ran)


def test_own_runs_narrow_the_interval_of_a_chip_never_measured():
    learnt = learn(SLOW.take(np.arange(20)), SHIPPED, made=MADE).calibration
    low, high = learnt.interval(SLOW.conditions[0])
    wide_low, wide_high = SHIPPED.interval(SLOW.conditions[0])
    assert high / low < wide_high / wide_low


def test_the_interval_holds_about_four_fifths_of_the_other_runs():
    noisy = measured_as(NEW, 1.4, 1.0, 0.1)
    rows = np.random.default_rng(2).permutation(len(noisy.runs))
    learnt = learn(noisy.take(rows[:20]), SHIPPED, made=MADE).calibration
    rest = noisy.take(rows[20:])
    ratio = rest.measured[:, TPOT] / predict(rest, logs_for(rest, learnt.sets["all"]))[:, TPOT]
    low, high = learnt.interval(rest.conditions[0])
    assert 0.6 <= float(((ratio >= low) & (ratio <= high)).mean()) <= 1.0


def test_no_run_predicts_itself_where_accuracy_asks():
    own = SLOW.take(np.arange(25))
    moved = own.measured.copy()
    moved[0, TPOT] *= 3.0
    key = own.keys[0]
    first = [
        learn(replace(own, measured=m), SHIPPED, made=MADE, by_fold=True).calibration
        for m in (own.measured, moved)
    ]
    name = first[0].set_for(key)
    assert name != "all"
    row = own.take(np.array([0]))
    one, other = (predict(row, logs_for(row, c.sets[c.set_for(key)])) for c in first)
    assert one == pytest.approx(other, rel=1e-12)
    whole = [predict(row, logs_for(row, c.sets["all"])) for c in first]
    assert whole[0][0, TPOT] != pytest.approx(whole[1][0, TPOT], rel=1e-6)


def test_the_counts_hold_shipped_and_own_runs():
    learnt = learn(SLOW.take(np.arange(20)), SHIPPED, made=MADE).calibration
    ran = SLOW.conditions[0]
    model = model_key(ran.model)
    assert learnt.counts["model"][model] == SHIPPED.counts["model"][model] + 20
    assert learnt.counts["chip"][chip_key(ran.chip)] == 20
    assert SHIPPED.counts["chip"].get(chip_key(ran.chip)) is None


def test_a_few_odd_runs_do_not_carry_the_rest():
    odd = SLOW.measured.copy()
    odd[:3, TPOT] *= 4.0
    own = replace(SLOW, measured=odd).take(np.arange(25))
    rest = SLOW.take(np.arange(25, len(SLOW.runs)))
    assert tpot_error(rest, learn(own, SHIPPED, made=MADE).calibration.sets["all"]) < 0.1


@given(st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=60), st.floats(1.0, 3.0))
def test_larger_errors_of_runs_left_out_never_narrow_the_interval(errors, times):
    shipped_interval = (0.9, 1.15)
    centred = np.array(errors) - np.median(errors)
    low, high = own_interval(centred, shipped_interval)
    wider_low, wider_high = own_interval(times * centred, shipped_interval)
    assert wider_high / wider_low >= high / low - 1e-12


def test_without_own_runs_of_a_figure_its_interval_is_the_shipped_one():
    assert own_interval(np.empty(0), (0.9, 1.15)) == (0.9, 1.15)


def test_many_own_runs_set_the_interval_themselves():
    errors = np.random.default_rng(0).normal(0, 0.05, 5000)
    low, high = own_interval(errors, (0.5, 2.0))
    assert low == pytest.approx(np.exp(-1.2816 * 0.05), rel=0.01)
    assert high == pytest.approx(np.exp(1.2816 * 0.05), rel=0.01)
