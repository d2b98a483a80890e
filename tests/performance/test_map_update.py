"""The update by a few runs: the most probable deviations, and the errors of runs left out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from counterpoise.performance.map_update import FREEDOM, Effect, update

NOISE = 0.05


def world(seed, runs=8):
    """Two parameters, one metric: log prediction is linear in both, with slopes that differ by run."""
    rng = np.random.default_rng(seed)
    slopes = rng.uniform(0.2, 1.0, (2, runs))

    def observe(logs, index):
        return (slopes[:, index] * logs).sum(axis=0)[:, None]

    everyone, some = np.ones(runs, bool), np.arange(runs) % 2 == 0
    effects = [
        Effect(0, "model", "mine", 0.3, everyone),
        Effect(1, "chip", "here", 0.2, some),
        Effect(1, "model", "mine", 0.1, everyone),
    ]
    prior = rng.normal(0, 0.5, (2, runs))
    truth = slopes[0] * (prior[0] + 0.25) + slopes[1] * (prior[1] - 0.15)
    return observe, prior, truth + rng.normal(0, NOISE / 4, runs), effects


def updated(observe, prior, target, effects, keep=None):
    runs = np.arange(len(target)) if keep is None else keep
    noise = np.full(len(runs), NOISE)
    return update(observe, prior, target[runs], noise, runs, np.zeros(len(runs), int), effects)


@pytest.mark.parametrize("seed", range(3))
def test_the_update_is_where_an_independent_minimiser_finds_the_least(seed):
    observe, prior, target, effects = world(seed)

    def objective(x):
        logs = prior.copy()
        for effect, value in zip(effects, x, strict=True):
            logs[effect.parameter] += np.where(effect.member, value, 0.0)
        error = observe(logs, np.arange(len(target)))[:, 0] - target
        student = (FREEDOM + 1) / 2 * np.log1p((error / NOISE) ** 2 / FREEDOM)
        return student.sum() + sum(0.5 * (v / e.spread) ** 2 for v, e in zip(x, effects, strict=True))

    found = updated(observe, prior, target, effects)
    best = minimize(objective, np.zeros(3), method="BFGS")
    assert objective(found.values) <= best.fun * (1 + 5e-3) + 1e-3


@pytest.mark.parametrize("seed", range(3))
def test_the_error_of_a_run_left_out_is_that_of_an_update_without_it(seed):
    observe, prior, target, effects = world(seed)
    found = updated(observe, prior, target, effects)
    for run in range(len(target)):
        rest = np.delete(np.arange(len(target)), run)
        without = updated(observe, prior, target, effects, rest)
        logs = prior.copy()
        for effect, value in zip(effects, without.values, strict=True):
            logs[effect.parameter] += np.where(effect.member, value, 0.0)
        brute = observe(logs, np.arange(len(target)))[run, 0] - target[run]
        assert found.left_out[run] == pytest.approx(brute, abs=0.01)


def test_runs_that_were_predicted_exactly_change_nothing():
    observe, prior, _, effects = world(0)
    target = observe(prior, np.arange(prior.shape[1]))[:, 0]
    found = updated(observe, prior, target, effects)
    assert np.abs(found.values).max() < 1e-9
    assert np.abs(found.left_out).max() < 1e-9


@given(spread=st.floats(0.001, 2.0), shift=st.floats(-1.0, 1.0))
@settings(max_examples=25, deadline=None)
def test_a_deviation_is_never_larger_than_what_was_seen(spread, shift):
    prior = np.zeros((1, 5))
    one = [Effect(0, "model", "mine", spread, np.ones(5, bool))]
    found = update(
        lambda logs, index: logs.T.copy(),
        prior,
        np.full(5, shift),
        np.full(5, NOISE),
        np.arange(5),
        np.zeros(5, int),
        one,
    )
    assert abs(found.values[0]) <= abs(shift) + 1e-9
    assert found.values[0] * shift >= 0


def test_without_anything_to_move_the_errors_stay():
    observe, prior, target, _ = world(1)
    found = updated(observe, prior, target, [])
    assert found.error == pytest.approx(found.before)
    assert found.left_out == pytest.approx(found.before)
