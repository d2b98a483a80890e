"""Fit of the training efficiencies: ``python -m counterpoise.performance.training_fit``.

Robust least squares on log error of tokens per second per chip, through the step's formula, on the rows of
quality A of measurements/training.csv.  Writes parameters_training.json: the parameters fitted on all rows,
those fitted without each fold, the report, and the spread of errors for intervals.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.performance.calibration import chip_key, model_key
from counterpoise.performance.estimate import Array
from counterpoise.performance.left_out_file import write_left_out
from counterpoise.performance.measured_runs import shipped
from counterpoise.performance.training_calibration import (
    TrainingCalibration,
    TrainingParameters,
    kind_of,
    write_training_calibration,
)
from counterpoise.performance.training_intervals import WIDENINGS, coverage, groups, spreads, summary
from counterpoise.performance.training_parameters import FACTORS, PARAMETERS, START
from counterpoise.performance.training_rows import FOLDS, training_runs
from counterpoise.performance.training_software import Software, family_years
from counterpoise.performance.training_step import step_times
from counterpoise.performance.training_table import TrainingTable, condition_of, training_table
from counterpoise.performance.training_work import TrainingWork

FREEDOM = 2.0
"""Degrees of freedom of the Student-t error: a row beyond two spreads loses weight.  Chosen among 2, 3, 4 and
8 by the errors out of fold, as were the spreads of `training_parameters` (factors of 0.5, 1 and 2)."""
NOISE = 0.06
"""Spread of log error taken for a good row; it weighs data against the priors of `PARAMETERS`."""
ROUNDS = 25
Levels = tuple[dict[str, str], ...]
SPLIT_NAMES = {
    "measured": "fold",
    "model never measured": "model",
    "chip never measured": "chip",
    "family never measured": "family",
}
"""What was left out -> its name in the file of predictions."""


def fitted_table() -> TrainingTable:
    """Rows of the shipped table that are fitted: quality A, tokens per second printed, not refused."""
    catalogue = load()
    found = training_runs(
        shipped("training"), lambda name: find_model(catalogue, name), lambda name: find_chip(catalogue, name)
    )
    newest = max((r.software_year for r in found if r.software_year), default=0.0)
    software = Software(family_years(catalogue), round(newest, 2))
    table, _ = training_table(
        [r for r in found if r.quality == "A" and r.measured_tokens_per_s_per_chip], software
    )
    if table is None:
        raise RuntimeError("no shipped training run can be predicted")
    return table


def predicted_log(work: TrainingWork, chips: Array, logs: Mapping[str, Array]) -> Array:
    """Log of tokens per second per chip under log parameters, scalars or one a row."""
    times = step_times(work, {name: np.exp(value) for name, value in logs.items()})
    return np.asarray(np.log(work.tokens / times.step_s / chips))


@dataclass(frozen=True, slots=True)
class _Unknowns:
    """Bases first, then effects: (parameter, factor, level); `prior` is 1 / spread^2 of each."""

    effects: list[tuple[str, str, str]]
    prior: Array


def _unknowns(levels: Levels) -> _Unknowns:
    seen = {factor: sorted({row[factor] for row in levels} - {""}) for factor in FACTORS}
    effects = [
        (name, factor, level)
        for name, p in PARAMETERS.items()
        for factor in p.effects
        for level in seen[factor]
    ]
    spreads = [p.spread or 1e-6 for p in PARAMETERS.values()]
    spreads += [PARAMETERS[name].effects[factor] for name, factor, _ in effects]
    return _Unknowns(effects, 1 / np.square(spreads))


def fit(rows: TrainingTable) -> TrainingParameters:
    """Fit parameters to `rows` by Gauss-Newton.

    One finite difference a parameter gives the slope that all its effects share.
    """
    unknowns = _unknowns(rows.levels)
    names = list(PARAMETERS)
    member = np.array(
        [[row[factor] == level for _, factor, level in unknowns.effects] for row in rows.levels], float
    )
    owner = np.array([names.index(name) for name, _, _ in unknowns.effects])
    x = np.zeros(len(unknowns.prior))

    def logs(values: Array) -> dict[str, Array]:
        by_parameter = np.zeros((len(owner), len(names)))
        by_parameter[np.arange(len(owner)), owner] = values[len(names) :]
        effect = member @ by_parameter
        return {name: START[name] + values[k] + effect[:, k] for k, name in enumerate(names)}

    def objective(error: Array, values: Array) -> float:
        student = (FREEDOM + 1) / 2 * np.log1p((error / NOISE) ** 2 / FREEDOM)
        return float(student.sum() + 0.5 * (unknowns.prior * values * values).sum())

    error = predicted_log(rows.work, rows.chips, logs(x)) - rows.target
    best = objective(error, x)
    for _ in range(ROUNDS):
        at = logs(x)
        slopes = np.empty((len(rows.target), len(names)))
        for k, name in enumerate(names):
            moved = {**at, name: at[name] + 1e-4}
            slopes[:, k] = (predicted_log(rows.work, rows.chips, moved) - rows.target - error) / 1e-4
        jacobian = np.hstack([slopes, member * slopes[:, owner]])
        weight = (FREEDOM + 1) / (FREEDOM + (error / NOISE) ** 2) / NOISE**2
        # Rows are fewer than unknowns, so the normal equations are solved in the space of rows.
        shrunk = jacobian / unknowns.prior
        inner = cho_factor(shrunk @ jacobian.T + np.diag(1 / weight))
        step = shrunk.T @ cho_solve(inner, jacobian @ x - error) - x
        found = _shorter(
            x, step, best, lambda v: predicted_log(rows.work, rows.chips, logs(v)) - rows.target, objective
        )
        if found is None:
            break
        gain, (best, x, error) = best - found[0], found
        if gain < 1e-4 * abs(best):
            break
    base = {name: START[name] + float(x[k]) for k, name in enumerate(names)}
    effects: dict[str, dict[str, dict[str, float]]] = {}
    for (name, factor, level), value in zip(unknowns.effects, x[len(names) :], strict=True):
        if abs(value) >= 5e-4:
            effects.setdefault(name, {}).setdefault(factor, {})[level] = float(value)
    return TrainingParameters(base, effects)


def _shorter(
    x: Array,
    step: Array,
    best: float,
    errors: Callable[[Array], Array],
    objective: Callable[[Array, Array], float],
) -> tuple[float, Array, Array] | None:
    """First of the step, half of it, a quarter, ... that improves on `best`; None where none does."""
    for halvings in range(6):
        tried = x + step / 2**halvings
        error = errors(tried)
        value = objective(error, tried)
        if value < best:
            return value, tried, error
    return None


def predict(rows: TrainingTable, parameters: TrainingParameters) -> Array:
    """Log of predicted tokens per second per chip, one a row."""
    logs = {}
    for name in PARAMETERS:
        effects = parameters.effects.get(name, {})
        logs[name] = np.array(
            [
                parameters.base[name] + sum(by.get(lv[f], 0.0) for f, by in effects.items())
                for lv in rows.levels
            ]
        )
    return predicted_log(rows.work, rows.chips, logs)


def left_out(rows: TrainingTable, group: NDArray[np.intp]) -> tuple[Array, dict[int, TrainingParameters]]:
    """Log errors (predicted over measured) of each row by parameters fitted without its group; and those.

    Each fit starts afresh: one that began where a fit of all rows ended would have seen the group.
    """
    error = np.empty(len(rows.target))
    sets = {}
    for g in np.unique(group):
        sets[int(g)] = fit(rows.take(np.flatnonzero(group != g)))
        inside = np.flatnonzero(group == g)
        part = rows.take(inside)
        error[inside] = predict(part, sets[int(g)]) - part.target
    return error, sets


def calibrate(
    rows: TrainingTable, say: Callable[[str], None]
) -> tuple[TrainingCalibration, dict[str, Array]]:
    """Fit all, each fold, and without each chip, chip family and model family; make the intervals.

    Returns the log errors of each row too, by what was left out of the fit that predicts it.
    """
    sets = {"all": fit(rows)}
    report: dict[str, object] = {
        "rows": len(rows.target),
        "conditions": len({r.condition for r in rows.runs}),
        "fit": summary(predict(rows, sets["all"]) - rows.target),
    }
    fold_error, folds = left_out(rows, np.array([r.fold for r in rows.runs], np.intp))
    sets |= {str(k): p for k, p in folds.items()}
    kinds = [kind_of(r.model) for r in rows.runs if r.model]
    finest = [f"{r.framework} {k}" for r, k in zip(rows.runs, kinds, strict=True)]
    splits = {
        "chip never measured": [chip_key(r.chip) for r in rows.runs if r.chip],
        "family never measured": [r.chip.family for r in rows.runs if r.chip],
        "model never measured": [r.model.family or r.model.name for r in rows.runs if r.model],
    }
    held = {"measured": [r.condition for r in rows.runs]}
    errors = {"measured": fold_error}
    for case, names in splits.items():
        held[case], (errors[case], _) = names, left_out(rows, groups(names))
    errors["framework not given"] = _without_framework(rows, folds)
    held["framework not given"] = held["measured"]
    intervals: dict[str, tuple[float, float]] = {}
    for case, error in errors.items():
        classes = [finest, kinds] if case == "measured" else [kinds]
        group = groups(held[case])
        covered = [coverage(case, error, classes, group, widen) for widen in WIDENINGS]
        enough = next((i for i, share in enumerate(covered) if share >= 0.8), len(covered) - 1)
        intervals |= spreads(case, error, classes, WIDENINGS[enough])
        report[case] = summary(error) | {"coverage80": covered[enough]}
        say(f"{case}: {report[case]}")
    counts: dict[str, dict[str, int]] = {}
    for row in rows.levels:
        for factor, level in row.items():
            if level:
                by_level = counts.setdefault(factor, {})
                by_level[level] = by_level.get(level, 0) + 1
    found = TrainingCalibration(
        made=datetime.now(UTC).date().isoformat(),
        sets=sets,
        conditions=frozenset(r.condition for r in rows.runs),
        counts=counts,
        spread=intervals,
        report=report,
        software=rows.software,
    )
    return found, {case: errors[case] for case in SPLIT_NAMES}


def _without_framework(rows: TrainingTable, folds: Mapping[int, TrainingParameters]) -> Array:
    """Log error of each row, out of fold, by parameters that are not told its framework."""
    blank = tuple(
        {f: "" if "framework" in f or f == "version" else lv for f, lv in row.items()} for row in rows.levels
    )
    untold = replace(rows, levels=blank)
    error = np.empty(len(rows.target))
    fold = np.array([r.fold for r in rows.runs])
    for k, parameters in folds.items():
        inside = np.flatnonzero(fold == k)
        error[inside] = predict(untold.take(inside), parameters) - rows.target[inside]
    return error


def _left_out_rows(
    rows: TrainingTable, errors: Mapping[str, Array], calibration: TrainingCalibration
) -> Iterator[tuple[str, str, str, str, float, float, float, float]]:
    """Rows of the file of predictions by fits that never saw the row."""
    for case, error in errors.items():
        for i, run in enumerate(rows.runs):
            measured = run.measured_tokens_per_s_per_chip
            if measured:
                value = measured * math.exp(error[i])
                low, high = calibration.interval_as(case, condition_of(run))
                yield (
                    "training", run.id, SPLIT_NAMES[case], "tokens_per_s_per_chip", measured, value,
                    low * value, high * value,
                )  # fmt: skip


def main(out: str | None = None) -> None:
    """Fit and write the parameter file."""
    path = Path(out) if out else Path(__file__).with_name("parameters_training.json")
    rows = fitted_table()
    if {r.fold for r in rows.runs} != set(range(FOLDS)):
        raise RuntimeError("a fold has no rows")
    if len({model_key(r.model) for r in rows.runs if r.model}) < FOLDS:
        raise RuntimeError("too few models to fit")
    calibration, errors = calibrate(rows, lambda text: print(text, file=sys.stderr))
    path.write_text(json.dumps(write_training_calibration(calibration), indent=1) + "\n", encoding="utf-8")
    print(f"wrote {path}", file=sys.stderr)
    if not out:
        write_left_out("training", _left_out_rows(rows, errors, calibration))


if __name__ == "__main__":
    main(*sys.argv[1:])
