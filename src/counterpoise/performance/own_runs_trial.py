"""How much a few own runs are worth: ``python -m counterpoise.performance.own_runs_trial [RUNS [OUT.json]]``.

A model or a chip is left out of the fit with all its rows; then some of its rows of serving.csv, drawn at
random, are learnt as if they were a user's, and the rest is predicted.  Prints a line for each.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from counterpoise.performance.calibration import Calibration, ParameterSet, model_key, shipped_calibration
from counterpoise.performance.estimate import Array
from counterpoise.performance.fit import counts, fit_rows, load_table
from counterpoise.performance.own_calibration import OwnCalibration
from counterpoise.performance.own_runs import learn
from counterpoise.performance.parameters import FAR
from counterpoise.performance.run_table import METRICS, RunTable, logs_for, predict

DRAWS = 6
TUNED = ("llama3.1-8b", "minimax-m2.5", "qwen3-32b", "H200-SXM-141GB")
"""Left out to choose the spreads of `own_runs`; the others verify them."""
VERIFIED = (
    "deepseek-r1",
    "gpt-oss-120b",
    "llama3.1-70b",
    "qwen3-235b-a22b",
    "qwen3.5-397b-a17b",
    "B200-SXM-180GB",
    "H100-SXM5-80GB",
)
SHOWN = (("tpot_mean_ms", "tpot"), ("ttft_mean_ms", "ttft"))
Rows = NDArray[np.intp]


def without(table: RunTable, out: NDArray[np.bool_], fitted: ParameterSet) -> Calibration:
    """Return the shipped calibration as if it had never seen the rows `out`, without which `fitted` is."""
    seen = counts(table.take(np.flatnonzero(~out)))
    return replace(shipped_calibration(), sets={"all": fitted}, counts=seen)


def rows_of(table: RunTable, name: str) -> tuple[Rows, NDArray[np.bool_]]:
    """Rows of serving.csv of a model or chip called `name`, and all rows of any table to leave out."""
    models = {c.model.name: model_key(c.model) for c in table.conditions}
    keys = [model_key(c.model) if name in models else c.chip.name for c in table.conditions]
    out = np.array(keys) == models.get(name, name)
    serving = np.array([r.source == "serving" for r in table.runs])
    return np.flatnonzero(out & serving), out


def log_errors(table: RunTable, rows: Rows, parameters: ParameterSet, metric: str) -> Array:
    """Log predicted / measured."""
    part, j = table.take(rows), METRICS.index(metric)
    return np.asarray(np.log(predict(part, logs_for(part, parameters))[:, j] / part.measured[:, j]))


def trial(table: RunTable, name: str, runs: int) -> dict[str, object]:
    """Errors of a model or chip never seen, and of its other rows after learning from `runs` of them."""
    rows, out = rows_of(table, name)
    fitted = fit_rows(table, ~out, weighing=FAR)
    blank = without(table, out, fitted)
    report: dict[str, object] = {"name": name, "rows": len(rows), "tuned": name in TUNED}
    medians: dict[str, list[float]] = {}
    means: dict[str, list[float]] = {}
    held: dict[str, list[float]] = {}
    for draw in range(DRAWS):
        own = np.random.default_rng(draw).choice(rows, runs, replace=False)
        rest = np.setdiff1d(rows, own)
        learnt = learn(table.take(own), blank, made="").calibration
        for metric, short in SHOWN:
            error = log_errors(table, rest, learnt.sets["all"], metric)
            absolute = np.abs(np.expm1(error))
            medians.setdefault(short, []).append(float(np.median(absolute)))
            means.setdefault(short, []).append(float(absolute.mean()))
            held.setdefault(short, []).append(_held(table, rest, learnt, error, short))
    for metric, short in SHOWN:
        never = np.abs(np.expm1(log_errors(table, rows, fitted, metric)))
        report[short] = {
            "never_seen_median": round(float(np.median(never)), 4),
            "median": round(float(np.mean(medians[short])), 4),
            "worst_draw_median": round(max(medians[short]), 4),
            "mean": round(float(np.mean(means[short])), 4),
            "interval80_coverage": round(float(np.nanmean(held[short])), 4),
        }
    return report


def _held(table: RunTable, rest: Rows, learnt: OwnCalibration, error: Array, metric: str) -> float:
    """Share of rows whose measurement the interval holds, of conditions run and not run alike."""
    near = [learnt.interval(table.conditions[i], metric) for i in rest]
    inside = [low <= ratio <= high for (low, high), ratio in zip(near, np.exp(-error), strict=True)]
    return float(np.mean(inside))


def main(runs: str = "20", out: str | None = None) -> None:
    """Run every trial and print, or write, the report."""
    table = load_table()
    found = []
    for name in (*TUNED, *VERIFIED):
        found.append(trial(table, name, int(runs)))
        print(json.dumps(found[-1]), file=sys.stderr, flush=True)
    if out:
        Path(out).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
