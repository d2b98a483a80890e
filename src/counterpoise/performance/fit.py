"""Fit the serving parameters: `python -m counterpoise.performance.fit [--quick] [OUT.json]`.

Reads the measured tables that come with the product, fits the whole and each fold, leaves out chips, families
and models in turn for the intervals, and writes a dated parameter file with its own report.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.performance.calibration import (
    Calibration,
    ParameterSet,
    chip_key,
    model_key,
    write_calibration,
)
from counterpoise.performance.estimate import Array
from counterpoise.performance.hierarchy import fit, levels_of
from counterpoise.performance.measured_runs import FOLDS, HELD_OUT, PREFILL, SATURATED, fold_of, runs, shipped
from counterpoise.performance.run_table import METRICS, RunTable, logs_for, predict, run_table

NOISE = {"ttft_mean_ms": 0.2, "tpot_mean_ms": 0.06, "output_tok_s_total": 0.1, "total_tok_s": 0.1}
"""Log spread of a good prediction's error, by metric: the weight of an observation in the fit."""

SHORT = {"ttft_mean_ms": "ttft", "tpot_mean_ms": "tpot", "output_tok_s_total": "rate"}
GROUPS = 5
Mask = NDArray[np.bool_]
Say = Callable[[str], None]


def load_table() -> RunTable:
    """Return all shipped runs of quality A and B that can be predicted."""
    found = [r for kind in ("serving", "inference") for r in runs(shipped(kind), kind) if r.quality != "C"]
    catalogue = load()
    table, _ = run_table(found, lambda n: find_model(catalogue, n), lambda n: find_chip(catalogue, n))
    if table is None:
        raise RuntimeError("no shipped run can be predicted")
    return table


def wanted(table: RunTable) -> Mask:
    """Which measurements are fitted, bool (runs, metrics): each independent figure once.

    MLPerf's server latencies are left out (its request rate is tuned to a latency limit), and DeepSeek's own.
    """
    source = np.array([r.source for r in table.runs])
    use = ~np.isnan(table.measured)
    serving = source == "serving"
    use[source == "mlperf-inference-v4.1", :2] = False
    use[~serving, 1] = False
    use[serving, 2] = False
    use[:, 3] &= table.load == PREFILL
    use[np.isin(source, sorted(HELD_OUT))] = False
    return use


def fit_rows(
    table: RunTable,
    keep: Mask,
    say: Say | None = None,
    rounds: int = 14,
    guess: ParameterSet | None = None,
) -> ParameterSet:
    """Fit the runs of `keep` (runs,); `guess` is where the search begins."""
    part = table.take(np.flatnonzero(keep & wanted(table).any(axis=1)))
    run, metric = np.nonzero(wanted(part))
    target = np.log(part.measured[run, metric])
    noise = np.array([NOISE[m] for m in METRICS])[metric]

    def observe(logs: Array) -> Array:
        return np.log(np.maximum(predict(part, logs)[run, metric], 1e-12))

    return fit(observe, target, noise, run, levels_of(part.conditions), rounds=rounds, guess=guess, say=say)


def left_out(
    table: RunTable, group: NDArray[np.intp], say: Say, guess: ParameterSet | None = None
) -> tuple[Array, list[ParameterSet]]:
    """Predict every run by a fit without its group; (runs, metrics), and the fits.

    The folds that predict measured conditions begin from nothing; splits that only give intervals may begin
    from the whole fit (`guess`), which saves most of their time.
    """
    out = np.full(table.measured.shape, np.nan)
    sets = []
    for g in range(int(group.max()) + 1):
        started = time.monotonic()
        found = fit_rows(table, group != g, rounds=14 if guess is None else 5, guess=guess)
        rows = np.flatnonzero(group == g)
        part = table.take(rows)
        out[rows] = predict(part, logs_for(part, found))
        sets.append(found)
        say(f"  left out group {g} ({len(rows)} runs): {time.monotonic() - started:.0f} s")
    return out, sets


def groups_of(names: list[str]) -> NDArray[np.intp]:
    """Deal the distinct `names` into groups, the most frequent first, each to the smallest group."""
    counts = {n: names.count(n) for n in set(names)}
    size = [0] * GROUPS
    where: dict[str, int] = {}
    for name in sorted(counts, key=lambda n: (-counts[n], n)):
        smallest = size.index(min(size))
        where[name] = smallest
        size[smallest] += counts[name]
    return np.array([where[n] for n in names], np.intp)


def errors(table: RunTable, predicted: Array, rows: Mask) -> dict[str, dict[str, float]]:
    """Error figures of `rows` by metric, as fractions."""
    out = {}
    for j, metric in enumerate(METRICS[:3]):
        use = rows & wanted(table)[:, j] & ~np.isnan(predicted[:, j])
        if use.sum() >= 5:
            e = predicted[use, j] / table.measured[use, j] - 1
            out[metric] = {
                "n": int(use.sum()),
                "median_ape": round(float(np.median(abs(e))), 4),
                "mean_ape": round(float(abs(e).mean()), 4),
                "bias": round(float(np.median(e)), 4),
            }
    return out


def spread(table: RunTable, predicted: Array) -> dict[str, tuple[float, float]]:
    """Factors on a prediction between which 80 % of the measurements fall, by short metric name.

    Split conformal: the 10 % and 90 % quantiles of measured / predicted, out of fold, with the finite-sample
    correction (Lei et al. 2018); rates are turned into the factor on time.
    """
    out = {}
    for metric, short in SHORT.items():
        j = METRICS.index(metric)
        use = wanted(table)[:, j] & ~np.isnan(predicted[:, j])
        ratio = table.measured[use, j] / predicted[use, j]
        n = len(ratio)
        low, high = max(0.1 - 0.9 / n, 0.0), min(0.9 + 0.9 / n, 1.0)
        out[short] = (round(float(np.quantile(ratio, low)), 4), round(float(np.quantile(ratio, high)), 4))
    return out


def tails(table: RunTable) -> dict[str, float]:
    """Spread (log) of the time to first token and per output token over requests, from printed p50 and p99.

    A log-normal has ln(p99 / p50) = 2.326 σ; the median over the runs under a stream of requests (MLPerf
    server) that print both.
    """
    out = {}
    for metric in ("ttft", "tpot"):
        found = []
        for r in (r for r in table.runs if r.load == SATURATED):
            p50, p99 = r.row.get(f"{metric}_p50_ms"), r.row.get(f"{metric}_p99_ms")
            if p50 and p99 and float(p99) > float(p50) > 0:
                found.append(np.log(float(p99) / float(p50)) / 2.326)
        out[metric] = round(float(np.median(found)), 4)
    return out


def counts(table: RunTable) -> dict[str, dict[str, int]]:
    """Fitted runs by factor and level."""
    used = table.take(np.flatnonzero(wanted(table).any(axis=1)))
    out: dict[str, dict[str, int]] = {}
    for condition in used.conditions:
        for factor, level in condition.levels().items():
            if level and factor in ("family", "chip", "model", "engine", "engine chip", "engine model chip"):
                by = out.setdefault(factor, {})
                by[level] = by.get(level, 0) + 1
    return out


def main(arguments: list[str]) -> None:
    """Fit and write; `--quick` leaves whole chips and models in (intervals are then those of the folds)."""
    quick = "--quick" in arguments
    paths = [a for a in arguments if not a.startswith("--")]
    target = Path(paths[0]) if paths else Path(__file__).parent / "parameters.json"

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    table = load_table()
    say(f"{len(table.runs)} runs")
    everything = np.ones(len(table.runs), bool)
    whole = fit_rows(table, everything, say)
    say("folds by condition")
    by_fold, fold_sets = left_out(table, np.array([fold_of(k) for k in table.keys]), say)
    splits = {"measured": by_fold}
    if not quick:
        plans = {
            "model never measured": [model_key(c.model) for c in table.conditions],
            "chip never measured": [chip_key(c.chip) for c in table.conditions],
            "family never measured": [c.chip.family for c in table.conditions],
        }
        for name, names in plans.items():
            say(name)
            splits[name], _ = left_out(table, groups_of(names), say, whole)
    serving = np.array([r.source == "serving" for r in table.runs])
    report = {
        "runs": len(table.runs),
        "error": {
            name: {"serving": errors(table, p, serving), "inference": errors(table, p, ~serving)}
            for name, p in splits.items()
        },
        "fit": {"serving": errors(table, predict(table, logs_for(table, whole)), serving)},
        "tails": tails(table),
        "held_out": sorted(HELD_OUT),
    }
    widths = {name: spread(table, p) for name, p in splits.items()}
    widths.setdefault("measured apart", widths.get("model never measured", widths["measured"]))
    for name in ("model never measured", "chip never measured", "family never measured"):
        widths.setdefault(name, widths["measured"])
    calibration = Calibration(
        made=datetime.now(UTC).date().isoformat(),
        sets={"all": whole, **{str(i): s for i, s in enumerate(fold_sets)}},
        curves=frozenset(table.keys),
        counts=counts(table),
        spread=widths,
        report=report,
    )
    target.write_text(json.dumps(write_calibration(calibration), indent=1) + "\n", encoding="utf-8")
    say(json.dumps(report, indent=1))
    say(f"written: {target}, {FOLDS} folds")


if __name__ == "__main__":
    main(sys.argv[1:])
