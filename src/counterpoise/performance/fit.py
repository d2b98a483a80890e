"""Fit the serving parameters: `python -m counterpoise.performance.fit [--quick] [OUT.json]`.

Reads the measured tables that come with the product, fits the whole and each fold, leaves out chips, families
and models in turn for the intervals, and writes a dated parameter file with its own report.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.performance.calibration import (
    Calibration,
    Condition,
    ParameterSet,
    TwoFits,
    chip_key,
    model_key,
    write_calibration,
)
from counterpoise.performance.estimate import Array
from counterpoise.performance.hierarchy import fit, levels_of
from counterpoise.performance.left_out_file import write_left_out
from counterpoise.performance.measured_runs import FOLDS, HELD_OUT, PREFILL, SATURATED, fold_of, runs, shipped
from counterpoise.performance.parameters import FAR, NEAR, Weighing
from counterpoise.performance.run_table import (
    METRICS,
    Piece,
    RunTable,
    logs_for,
    pieces_of,
    predict,
    predict_near,
    run_table,
)
from counterpoise.performance.serving_accuracy import (
    WORKERS_APART,
    interval_name,
    scored,
    workers_apart,
)

SHORT = {"ttft_mean_ms": "ttft", "tpot_mean_ms": "tpot", "output_tok_s_total": "rate"}
ROUNDED_MS = 0.0051
"""Milliseconds by which a figure rounded to two decimals differs from itself, at most."""
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


def copies(table: RunTable) -> Mask:
    """Serving runs that stand in the table twice, with more and fewer decimals: all but the first."""
    seen: dict[tuple[object, ...], list[Array]] = {}
    out = np.zeros(len(table.runs), bool)
    for i, r in enumerate(table.runs):
        if r.source == "serving":
            others = seen.setdefault((table.keys[i], r.users, r.tp, r.dp, r.ep), [])
            out[i] = any(np.allclose(table.measured[i, :2], o, rtol=0, atol=ROUNDED_MS) for o in others)
            others.append(table.measured[i, :2])
    return out


def fit_rows(
    table: RunTable,
    keep: Mask,
    say: Say | None = None,
    rounds: int = 25,
    weighing: Weighing = NEAR,
) -> ParameterSet:
    """Fit the runs of `keep` (runs,), weighed as `weighing` says."""
    part = table.take(np.flatnonzero(keep & wanted(table).any(axis=1) & ~copies(table)))
    run, metric = np.nonzero(wanted(part))
    target = np.log(part.measured[run, metric])
    noise = np.array([weighing.noise[m] for m in METRICS])[metric]
    serving = np.array([r.source == "serving" for r in part.runs])
    noise = noise * np.where(serving[run], 1.0, weighing.other_tables)

    observed = _Observed(pieces_of(part), run, metric)
    return fit(
        observed, target, noise, run, levels_of(part.conditions), rounds=rounds, looseness=weighing.looseness,
        say=say,
    )  # fmt: skip


class _Observed:
    """Predicted measurements of a table, as the fit sees them."""

    def __init__(self, pieces: tuple[Piece, ...], run: NDArray[np.intp], metric: NDArray[np.intp]) -> None:
        self._pieces, self._run, self._metric = pieces, run, metric
        self._batch: Array | None = None

    def at(self, logs: Array) -> Array:
        predicted, self._batch = predict_near(self._pieces, logs)
        return self._logs(predicted)

    def near(self, logs: Array) -> Array:
        return self._logs(predict_near(self._pieces, logs, self._batch)[0])

    def _logs(self, predicted: Array) -> Array:
        return np.log(np.maximum(predicted[self._run, self._metric], 1e-12))


def left_out(
    table: RunTable, names: Sequence[str], say: Say, weighing: Weighing = NEAR
) -> tuple[Array, dict[str, ParameterSet]]:
    """Predict every run by a fit that never saw its group; (runs, metrics), and the fits by group.

    Every fit begins from nothing: one that began from the whole fit would remember what was left out.
    Groups are shared out to the processor's cores.
    """
    out = np.full(table.measured.shape, np.nan)
    column = np.array(names)
    sets = {}
    jobs = {str(name): np.flatnonzero(column == name) for name in sorted(set(names))}
    with ProcessPoolExecutor(initializer=_share, initargs=(table, weighing)) as pool:
        for name, (predicted, found) in zip(jobs, pool.map(_without, jobs.values()), strict=True):
            out[jobs[name]] = predicted
            sets[name] = found
            say(f"  without {name} ({len(jobs[name])} runs)")
    return out, sets


_SHARED: list[tuple[RunTable, Weighing]] = []
"""The table of a worker process: handed over once, not with every group."""


def _share(table: RunTable, weighing: Weighing) -> None:
    _SHARED[:] = [(table, weighing)]


def _without(rows: NDArray[np.intp]) -> tuple[Array, ParameterSet]:
    table, weighing = _SHARED[0]
    keep = np.ones(len(table.runs), bool)
    keep[rows] = False
    found = fit_rows(table, keep, weighing=weighing)
    part = table.take(rows)
    return predict(part, logs_for(part, found)), found


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
    correction (Lei et al. 2018), each kind of figure by itself (`serving_accuracy.interval_name`).
    """
    out = {}
    names = np.array([[interval_name(r, m) for m in METRICS] for r in table.runs])
    for short in sorted(set(names.flat)):
        run, metric = np.nonzero((names == short) & wanted(table) & ~np.isnan(predicted))
        ratio = table.measured[run, metric] / predicted[run, metric]
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
    used = table.take(np.flatnonzero(wanted(table).any(axis=1) & ~copies(table)))
    out: dict[str, dict[str, int]] = {}
    for condition in used.conditions:
        for factor, level in condition.levels().items():
            if level and factor in ("family", "chip", "model", "engine", "engine chip", "engine model chip"):
                by = out.setdefault(factor, {})
                by[level] = by.get(level, 0) + 1
    return out


def _left_out_rows(
    table: RunTable, splits: Mapping[str, tuple[Array, Mapping[str, tuple[float, float]]]]
) -> Iterator[tuple[str, str, str, str, float, float, float, float]]:
    """Rows of the file of predictions by fits that never saw the row."""
    for split, (predicted, widths) in splits.items():
        for i, run in enumerate(table.runs):
            kind = "serving" if run.source == "serving" else "inference"
            for metric in scored(run, kind):
                measured, value = run.measured.get(metric), float(predicted[i, METRICS.index(metric)])
                if measured is not None and np.isfinite(value):
                    low, high = widths[interval_name(run, metric)]
                    yield kind, run.id, split, metric, measured, value, low * value, high * value


SPLITS: dict[str, tuple[str, Callable[[Condition], str]]] = {
    "model never measured": ("model", lambda c: model_key(c.model)),
    "chip never measured": ("chip", lambda c: chip_key(c.chip)),
    "family never measured": ("family", lambda c: c.chip.family),
}
"""What is left out for the intervals, one at a time -> its name in the file of predictions, and its key."""


def main(arguments: list[str]) -> None:
    """Fit and write; `--quick` leaves no chip or model out (intervals are then those of the folds)."""
    quick = "--quick" in arguments
    paths = [a for a in arguments if not a.startswith("--")]
    target = Path(paths[0]) if paths else Path(__file__).parent / "parameters.json"

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    table = load_table()
    say(f"{len(table.runs)} runs")
    everything = np.ones(len(table.runs), bool)
    near, far = fit_rows(table, everything, say), fit_rows(table, everything, say, weighing=FAR)
    counted = counts(table)
    whole = TwoFits(near.base, near.effects, far, frozenset([*counted["model"], *counted["chip"]]))
    say("folds by condition")
    by_fold, folds = left_out(table, [str(fold_of(k)) for k in table.keys], say)
    splits = {"measured": by_fold}
    for name, (_, key) in SPLITS.items():
        if not quick:
            say(name)
            splits[name], _ = left_out(table, [key(c) for c in table.conditions], say, FAR)
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
    for name in SPLITS:
        widths.setdefault(name, widths["measured"])
    calibration = Calibration(
        made=datetime.now(UTC).date().isoformat(),
        sets={"all": whole, **folds},
        curves=frozenset(table.keys),
        counts=counted,
        spread=widths,
        report=report,
    )
    calibration = replace(calibration, spread={**widths, WORKERS_APART: workers_apart(calibration, load())})
    target.write_text(json.dumps(write_calibration(calibration), indent=1) + "\n", encoding="utf-8")
    say(json.dumps(report, indent=1))
    say(f"written: {target}, {FOLDS} folds")
    if not paths and not quick:
        names = {"measured": "fold", **{name: short for name, (short, _) in SPLITS.items()}}
        write_left_out("serving", _left_out_rows(table, {names[n]: (splits[n], widths[n]) for n in names}))


if __name__ == "__main__":
    main(sys.argv[1:])
