"""Robust least squares on log error with shrunken effects: Gauss-Newton on a table of runs.

Every parameter is a sum of a base and effects of factors, so the sensitivity of a run to any effect is its
sensitivity to the parameter: one finite difference a parameter gives all of them.  Errors are Student-t
(iteratively re-weighted); the spreads of `calibration.PARAMETERS` are the prior.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve

from counterpoise.performance.calibration import START, Condition, ParameterSet
from counterpoise.performance.estimate import Array
from counterpoise.performance.parameters import FACTORS, PARAMETERS

FREEDOM = 4.0
"""Degrees of freedom of the Student-t error: outliers lose weight beyond about two spreads."""

NUDGE = 1e-3
DAMPING, TRIES, TOLERANCE = 0.01, 5, 5e-4
"""First damping, tries with more of it a round, and the relative gain below which the search ends."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Level of each run under each factor, as codes into `names`; -1 where the run has none."""

    names: dict[str, list[str]]
    codes: dict[str, NDArray[np.intp]]


def levels_of(conditions: tuple[Condition, ...]) -> Levels:
    """Code the levels of `conditions`."""
    seen: dict[int, dict[str, str]] = {}
    texts = []
    for c in conditions:
        if id(c) not in seen:
            seen[id(c)] = c.levels()
        texts.append(seen[id(c)])
    names: dict[str, list[str]] = {}
    codes: dict[str, NDArray[np.intp]] = {}
    for factor in FACTORS:
        column = [t[factor] for t in texts]
        names[factor] = sorted({v for v in column if v})
        index = {v: i for i, v in enumerate(names[factor])}
        codes[factor] = np.array([index.get(v, -1) for v in column], np.intp)
    return Levels(names, codes)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Layout of the unknowns: bases first, then each parameter's effects; `prior`: 1 / spread^2."""

    blocks: list[tuple[int, str, int]]
    prior: Array

    @property
    def count(self) -> int:
        return len(self.prior)


def _columns(levels: Levels, looseness: float = 1.0) -> _Columns:
    prior = [1 / p.spread**2 if p.spread else 1e12 for p in PARAMETERS.values()]
    blocks = []
    for k, p in enumerate(PARAMETERS.values()):
        for factor, spread in p.effects.items():
            blocks.append((k, factor, len(prior)))
            prior += [1 / (looseness * spread) ** 2] * len(levels.names[factor])
    return _Columns(blocks, np.array(prior))


def spread_logs(x: Array, columns: _Columns, levels: Levels) -> Array:
    """Log parameters (parameters, runs) of the unknowns `x`."""
    start = np.array([START.base[name] for name in PARAMETERS])
    runs = len(next(iter(levels.codes.values())))
    logs = np.repeat((start + x[: len(start)])[:, None], runs, axis=1)
    for k, factor, first in columns.blocks:
        code = levels.codes[factor]
        logs[k] += np.where(code >= 0, x[first + np.maximum(code, 0)], 0.0)
    return logs


class Observed(Protocol):
    """What is fitted: log values (observations,) at log parameters (parameters, runs)."""

    def at(self, logs: Array) -> Array:
        """Log values at `logs`."""

    def near(self, logs: Array) -> Array:
        """The same where `logs` are almost those of the last call of `at`."""


def fit(
    observed: Observed,
    target: Array,
    noise: Array,
    run_of: NDArray[np.intp],
    levels: Levels,
    *,
    rounds: int = 12,
    looseness: float = 1.0,
    say: Callable[[str], None] | None = None,
) -> ParameterSet:
    """Fit parameters so that `observed` meets `target`, both log values (observations,).

    Observation i is of run `run_of[i]` and errs by `noise[i]` (log).  `looseness` multiplies the spreads of
    effects.  Levenberg-Marquardt on the re-weighted squares, from `START`.
    """
    columns = _columns(levels, looseness)
    x = np.zeros(columns.count)
    predicted = observed.at(spread_logs(x, columns, levels))
    best = _objective(predicted - target, noise, x, columns.prior)
    damping = DAMPING
    for round_ in range(rounds):
        logs = spread_logs(x, columns, levels)
        slopes = np.empty((len(PARAMETERS), len(target)))
        for k in range(len(PARAMETERS)):
            moved = logs.copy()
            moved[k] += NUDGE
            slopes[k] = (observed.near(moved) - predicted) / NUDGE
        error = predicted - target
        weight = (FREEDOM + 1) / (FREEDOM + (error / noise) ** 2) / noise**2
        normal, right = _normal_equations(slopes, weight, error, x, run_of, columns, levels)
        value = np.inf
        for _ in range(TRIES):
            trial = x + _damped(normal, right, damping)
            tried = observed.at(spread_logs(trial, columns, levels))
            value = _objective(tried - target, noise, trial, columns.prior)
            if value < best:
                break
            damping *= 8
        if not value < best:
            break
        damping /= 8
        gain, best, x, predicted = best - value, value, trial, tried
        if say:
            say(
                f"round {round_ + 1}: objective {best:.1f}, "
                f"median |log error| {np.median(abs(predicted - target)):.4f}"
            )
        if gain < TOLERANCE * best:
            break
    return _as_set(x, columns, levels)


def _objective(error: Array, noise: Array, x: Array, prior: Array) -> float:
    student = (FREEDOM + 1) / 2 * np.log1p((error / noise) ** 2 / FREEDOM)
    return float(student.sum() + 0.5 * (prior * x * x).sum())


def _damped(normal: Array, right: Array, damping: float) -> Array:
    """Levenberg-Marquardt step: the normal equations with their diagonal raised by `damping`."""
    matrix = normal.copy()
    matrix[np.diag_indices_from(matrix)] *= 1 + damping
    return np.asarray(cho_solve(cho_factor(matrix, overwrite_a=True, check_finite=False), right))


def _normal_equations(
    slopes: Array,
    weight: Array,
    error: Array,
    x: Array,
    run_of: NDArray[np.intp],
    columns: _Columns,
    levels: Levels,
) -> tuple[Array, Array]:
    count = len(weight)
    rows, cols, values = [], [], []
    everything = np.arange(count)
    for k in range(len(PARAMETERS)):
        rows.append(everything)
        cols.append(np.full(count, k))
        values.append(slopes[k])
    for k, factor, first in columns.blocks:
        code = levels.codes[factor][run_of]
        has = np.flatnonzero((code >= 0) & (np.abs(slopes[k]) > 1e-7))
        rows.append(has)
        cols.append(first + code[has])
        values.append(slopes[k][has])
    matrix = sparse.csr_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(cols))), shape=(count, columns.count)
    )
    weighted = sparse.diags(weight) @ matrix
    normal = np.asarray((matrix.T @ weighted).todense())
    normal[np.diag_indices_from(normal)] += columns.prior
    return normal, np.asarray(-(weighted.T @ error) - columns.prior * x)


def _as_set(x: Array, columns: _Columns, levels: Levels) -> ParameterSet:
    base = {name: START.base[name] + float(x[k]) for k, name in enumerate(PARAMETERS)}
    names = list(PARAMETERS)
    effects: dict[str, dict[str, dict[str, float]]] = {}
    for k, factor, first in columns.blocks:
        by_level = {
            level: float(x[first + i])
            for i, level in enumerate(levels.names[factor])
            if abs(x[first + i]) >= 5e-4
        }
        if by_level:
            effects.setdefault(names[k], {})[factor] = by_level
    return ParameterSet(base, effects)
