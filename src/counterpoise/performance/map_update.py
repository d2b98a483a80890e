"""Update of log parameters by a few runs: Gauss-Newton from a prior that is already good.

The unknowns are deviations from a fit, each an effect of a level on one parameter and drawn towards zero by a
spread of its own.  Errors are Student-t, as in `hierarchy.fit`.  Serving and training use the same update.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from counterpoise.performance.estimate import Array

FREEDOM = 4.0
"""Degrees of freedom of the Student-t error, those of the fits."""
NUDGE = 1e-3
ROUNDS = 12
SHORTEST = 0.05
"""Share of a Gauss-Newton step below which the search ends."""

Observe = Callable[[Array, NDArray[np.intp]], Array]
"""(log parameters (parameters, rows), run of each row) -> log predictions (rows, metrics)."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A deviation of parameter `parameter` at level `level` of `factor`; `member` (runs,) says who has it."""

    parameter: int
    factor: str
    level: str
    spread: float
    member: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Update:
    """What the runs taught.

    `values`: deviation of each effect.  `error`: log predicted / measured of each observation after the
    update; `before`: before it; `left_out`: after an update without the observation's own run.
    """

    values: Array
    error: Array
    before: Array
    left_out: Array


def update(
    observe: Observe,
    prior: Array,
    target: Array,
    noise: Array,
    run_of: NDArray[np.intp],
    metric_of: NDArray[np.intp],
    effects: Sequence[Effect],
) -> Update:
    """Find the most probable deviations.

    Parameters
    ----------
    observe : predicts, see `Observe`.
    prior : log parameters of the fit, (parameters, runs).
    target, noise : log measurement of each observation, and the log spread of a good prediction's error.
    run_of, metric_of : run and metric of each observation.
    effects : the unknowns.
    """
    x = np.zeros(len(effects))
    precision = np.array([1.0 / e.spread**2 for e in effects])
    owner = np.array([e.parameter for e in effects], np.intp)
    member = np.array([e.member for e in effects], float).reshape(len(effects), prior.shape[1])
    runs = np.arange(prior.shape[1])

    def logs(values: Array) -> Array:
        found = prior.copy()
        np.add.at(found, owner, member * values[:, None])
        return found

    def errors(values: Array) -> Array:
        return np.asarray(observe(logs(values), runs)[run_of, metric_of] - target)

    def objective(error: Array, values: Array) -> float:
        student = (FREEDOM + 1) / 2 * np.log1p((error / noise) ** 2 / FREEDOM)
        return float(student.sum() + 0.5 * (precision * values * values).sum())

    before = error = errors(x)
    best = objective(error, x)
    for _ in range(ROUNDS):
        jacobian = _slopes(observe, logs(x), run_of, metric_of)[:, owner] * member[:, run_of].T
        weight = _weight(error, noise)
        normal = (jacobian * weight[:, None]).T @ jacobian + np.diag(precision)
        step = cho_solve(cho_factor(normal), -(jacobian.T @ (weight * error)) - precision * x)
        length, found = 1.0, None
        while length > SHORTEST and found is None:
            tried = errors(x + length * step)
            value = objective(tried, x + length * step)
            if value < best:
                found = (best - value, value, x + length * step, tried)
            length /= 2
        if found is None:
            break
        gain, best, x, error = found
        if gain < 1e-3 * abs(best):
            break
    jacobian = _slopes(observe, logs(x), run_of, metric_of)[:, owner] * member[:, run_of].T
    return Update(x, error, before, _left_out(jacobian, error, _weight(error, noise), precision, x, run_of))


def _weight(error: Array, noise: Array) -> Array:
    return np.asarray((FREEDOM + 1) / (FREEDOM + (error / noise) ** 2) / noise**2)


def _slopes(observe: Observe, logs: Array, run_of: NDArray[np.intp], metric_of: NDArray[np.intp]) -> Array:
    """Slope of each observation in each parameter, (observations, parameters): all nudges in one table."""
    parameters, runs = logs.shape
    tiled = np.tile(logs, parameters + 1)
    for k in range(parameters):
        tiled[k, (k + 1) * runs : (k + 2) * runs] += NUDGE
    seen = observe(tiled, np.tile(np.arange(runs), parameters + 1)).reshape(parameters + 1, runs, -1)
    slopes = (seen[1:] - seen[0]) / NUDGE
    return np.asarray(slopes[:, run_of, metric_of].T)


def _left_out(
    jacobian: Array, error: Array, weight: Array, precision: Array, x: Array, run_of: NDArray[np.intp]
) -> Array:
    """Error of each observation had its run not been seen, to first order.

    For a linear model with hat matrix H the errors of a group left out are (1 - H_gg)^-1 times its errors
    (Cook and Weisberg 1982, 2.2); the prior only adds rows that are never left out.
    """
    if not len(x):
        return error
    lower = np.linalg.cholesky((jacobian * weight[:, None]).T @ jacobian + np.diag(precision))
    half = solve_triangular(lower, jacobian.T, lower=True)
    out = error.copy()
    for run in np.unique(run_of):
        group = np.flatnonzero(run_of == run)
        hat = half[:, group].T @ half[:, group] * weight[group][None, :]
        out[group] = np.linalg.solve(np.eye(len(group)) - hat, error[group])
    return out
