"""Learning from a user's own training runs, in a world whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest

from counterpoise.performance.own_calibration import OWN
from counterpoise.performance.own_training import learn_training, measured_table
from counterpoise.performance.training_calibration import shipped_training_calibration
from counterpoise.performance.training_fit import fitted_table, predict
from counterpoise.performance.training_table import condition_of

SHIPPED = shipped_training_calibration()
TABLE = fitted_table()
MADE = "2026-11-24"


def my_runs(factor, chip="my chip", by_step=False):
    """Runs of Llama on an H100 of another name, as fast as the shipped parameters say times `factor`."""
    named = [
        replace(r, chip=replace(r.chip, name=chip))
        for r in TABLE.runs
        if r.chip.name == "H100-SXM5-80GB" and r.model.family == "llama"
    ]
    table, _ = measured_table(named)
    speed = np.exp(predict(table, SHIPPED.sets["all"])) * factor
    steps = table.work.tokens / table.chips / speed
    return [
        replace(
            run,
            measured_tokens_per_s_per_chip=None if by_step else float(speed[i]),
            measured_step_s=float(steps[i]) if by_step else None,
        )
        for i, run in enumerate(table.runs)
    ]


def error(runs, parameters):
    table, _ = measured_table(runs)
    return float(np.median(np.abs(np.expm1(predict(table, parameters) - table.target))))


def test_twenty_runs_of_a_chip_nobody_trained_on_teach_the_rest():
    runs = my_runs(0.6)
    order = np.random.default_rng(0).permutation(len(runs))
    own, rest = [runs[i] for i in order[:20]], [runs[i] for i in order[20:]]
    learnt = learn_training(own, SHIPPED, made=MADE)
    assert learnt is not None
    assert error(rest, SHIPPED.sets["all"]) > 0.4
    assert error(rest, learnt.calibration.sets["all"]) < 0.08


def test_a_step_time_teaches_what_its_tokens_per_second_would():
    fast, slow = (learn_training(my_runs(0.7, by_step=b)[:10], SHIPPED, made=MADE) for b in (False, True))
    condition = condition_of(my_runs(0.7)[0])
    one, other = (x.calibration.sets["all"].efficiencies(condition) for x in (fast, slow))
    assert float(one["level"]) == pytest.approx(float(other["level"]), rel=1e-6)


def test_the_basis_and_interval_are_those_of_the_own_runs_where_they_were_made():
    learnt = learn_training(my_runs(0.7)[:12], SHIPPED, made=MADE).calibration
    mine, known = condition_of(my_runs(0.7)[0]), condition_of(TABLE.runs[0])
    assert "of your own training runs" in learnt.basis(mine)
    assert MADE in learnt.basis(mine)
    assert learnt.interval(mine) == learnt.spread[OWN]
    assert learnt.basis(known) == SHIPPED.basis(known)
    assert learnt.interval(known) == SHIPPED.interval(known)


def test_a_framework_that_is_not_named_is_the_one_that_was_run():
    learnt = learn_training(my_runs(0.7)[:12], SHIPPED, made=MADE).calibration
    mine = condition_of(my_runs(0.7)[0])
    unnamed = replace(mine, framework="generic", version="")
    usual = learnt.own.resolve(unnamed)
    assert usual.framework != "generic"
    one, other = (learnt.sets["all"].efficiencies(c) for c in (unnamed, usual))
    assert {k: float(v) for k, v in one.items()} == {k: float(v) for k, v in other.items()}


def test_a_run_without_a_measurement_is_refused_and_alone_teaches_nothing():
    run = replace(my_runs(1.0)[0], measured_tokens_per_s_per_chip=None, measured_step_s=None)
    _, told = measured_table([run])
    assert told == {run.id: "no tokens per second or step time"}
    assert learn_training([run], SHIPPED, made=MADE) is None


def test_no_run_predicts_itself_where_accuracy_asks():
    runs = my_runs(0.7)[:12]
    odd = replace(runs[0], measured_tokens_per_s_per_chip=3 * runs[0].measured_tokens_per_s_per_chip)
    sets = [
        learn_training([first, *runs[1:]], SHIPPED, made=MADE, by_fold=True).calibration.parameters(
            odd.condition
        )
        for first in (runs[0], odd)
    ]
    assert sets[0] == sets[1]
    whole = [learn_training([first, *runs[1:]], SHIPPED, made=MADE).calibration for first in (runs[0], odd)]
    assert whole[0].sets["all"] != whole[1].sets["all"]
