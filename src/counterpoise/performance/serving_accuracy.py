"""Serving and inference runs predicted row by row, each without its own curve."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from counterpoise.catalogue import find_chip, find_model
from counterpoise.catalogue.records import Catalogue, Chip, Model
from counterpoise.errors import CounterpoiseError
from counterpoise.performance.accuracy import Prediction, RowResult, Rows
from counterpoise.performance.calibration import Calibration, Condition, chip_key, model_key
from counterpoise.performance.estimate import Array
from counterpoise.performance.measured_runs import (
    PREFILL,
    SATURATED,
    SPLIT,
    Run,
    curve_key,
    runs,
    shipped,
)
from counterpoise.performance.run_table import (
    METRICS,
    ResolvedRun,
    RunTable,
    logs_for,
    predict,
    resolve,
    run_table,
)
from counterpoise.performance.serving_split import Pool
from counterpoise.performance.serving_workers import split_closed_loop

WORKERS_APART = "workers apart"
"""Key of the interval of prefill and decode on separate workers."""
BATCH_TTFT, PREFILL_RATE = "batch ttft", "prefill rate"
"""Intervals of a first token where one batch runs from start to end, and of tokens/s in prefill: other work
than a server under load, and other errors."""
SHORT = {"ttft_mean_ms": "ttft", "tpot_mean_ms": "tpot", "output_tok_s_total": "rate", "total_tok_s": "rate"}


def serving_predictions(
    rows: Rows, kind: str, *, file: str | None = None, catalogue: Catalogue, calibration: Calibration
) -> list[RowResult]:
    """Predict rows of a serving or inference table."""
    found = runs(rows, kind, file)

    def model_of(name: str) -> Model:
        return find_model(catalogue, name)

    def chip_of(name: str) -> Chip:
        return find_chip(catalogue, name)

    table, refused = run_table(found, model_of, chip_of)
    out = [RowResult({}, refusal=refused.get(i, "")) for i in range(len(found))]
    for i, run in enumerate(found):
        if run.load == SPLIT:
            out[i] = _split_result(run, resolve(run, model_of, chip_of), calibration)
    if table is None:
        return out
    values = cross_predictions(table, calibration)
    place = {id(run.row): i for i, run in enumerate(found)}
    for j, run in enumerate(table.runs):
        predicted = {m: float(values[j, METRICS.index(m)]) for m in scored(run, kind)}
        out[place[id(run.row)]] = _result(run, table.conditions[j], predicted, calibration)
    return out


def interval_name(run: Run, metric: str) -> str:
    """Which interval a figure of a run has: a key of `Calibration.spread`."""
    if metric == "ttft_mean_ms" and run.source != "serving":
        return BATCH_TTFT
    return PREFILL_RATE if metric == "total_tok_s" else SHORT[metric]


def _result(
    run: Run, condition: Condition, predicted: Mapping[str, float], calibration: Calibration
) -> RowResult:
    by_metric = {}
    for metric, value in predicted.items():
        measured = run.measured.get(metric)
        if measured is not None and np.isfinite(value):
            low, high = calibration.interval(condition, interval_name(run, metric))
            by_metric[metric] = Prediction(measured, value, low * value, high * value)
    refusal = "" if by_metric else "the row has no measured figure that is scored"
    return RowResult(by_metric, calibration.basis(condition), refusal)


def _split_result(run: Run, resolved: ResolvedRun | str, calibration: Calibration) -> RowResult:
    """Predict a run with prefill and decode on separate workers, which no fit has seen.

    Its condition may have been fitted where both shared workers; the fold without that is used then.
    """
    if isinstance(resolved, str):
        return RowResult({}, refusal=resolved)
    if run.prefill is None or run.decode is None:
        return RowResult({}, refusal="the workers of each role are not in the row")
    model, chip = resolved.model, resolved.chip
    condition = Condition(chip, model, run.engine, run.version, run.weight_precision, run.campaign)
    key = curve_key(
        model_key(model),
        chip_key(chip),
        run.engine,
        run.weight_precision,
        run.input_tokens,
        run.output_tokens,
    )
    (prefill_workers, *first), (decode_workers, *later) = run.prefill, run.decode
    try:
        state = split_closed_loop(
            model,
            chip,
            Pool(*first),
            Pool(*later),
            prefill_workers=prefill_workers,
            decode_workers=decode_workers,
            users=run.users,
            weight_precision=run.weight_precision,
            kv_precision=run.kv_precision,
            input_tokens=run.input_tokens,
            output_tokens=run.output_tokens,
            scale_up_chips=int(chip.value("scale_up_chips") or 8),
            engine=run.engine,
            version=run.version,
            campaign=run.campaign,
            parameters=calibration.sets[calibration.set_for(key)],
            calibration=calibration,
        )
    except CounterpoiseError as error:
        return RowResult({}, refusal=str(error))
    predicted = {"ttft_mean_ms": 1e3 * state.ttft_s, "tpot_mean_ms": 1e3 * state.tpot_s}
    plain = _result(run, condition, predicted, calibration)
    basis = f"prefill and decode apart, never fitted; {plain.basis}"
    return RowResult(
        {m: _apart(p, calibration, SHORT[m]) for m, p in plain.predictions.items()}, basis, plain.refusal
    )


def _apart(p: Prediction, calibration: Calibration, metric: str) -> Prediction:
    """The same prediction with the interval of separate workers, or the widest that any split gave."""
    bounds = [by[metric] for by in calibration.spread.values()]
    low, high = calibration.spread.get(WORKERS_APART, {}).get(
        metric, (min(b[0] for b in bounds), max(b[1] for b in bounds))
    )
    return Prediction(p.measured, p.predicted, low * p.predicted, high * p.predicted)


def workers_apart(calibration: Calibration, catalogue: Catalogue) -> dict[str, tuple[float, float]]:
    """Factors between which 80 % of the shipped runs on separate workers fall, by short metric name.

    Their times are never fitted; only how far off they were becomes the interval.
    """
    apart = [row for row in shipped("serving") if row["mode"] == "disagg" and row["quality"] != "C"]
    found = serving_predictions(apart, "serving", catalogue=catalogue, calibration=calibration)
    out = {}
    for metric, short in (("ttft_mean_ms", "ttft"), ("tpot_mean_ms", "tpot")):
        told = [r.predictions[metric] for r in found if metric in r.predictions]
        ratio = np.array([p.measured / p.predicted for p in told])
        low, high = np.quantile(ratio, [0.1 - 0.9 / len(ratio), 0.9 + 0.9 / len(ratio)])
        out[short] = (round(float(low), 4), round(float(high), 4))
    return out


def scored(run: Run, kind: str) -> tuple[str, ...]:
    """Columns of a row that are compared.

    MLPerf's latencies are not: its request rate was tuned to a latency limit that the row does not print.
    """
    if kind == "serving":
        return METRICS[:2]
    if run.load == PREFILL:
        return ("total_tok_s",)
    return ("output_tok_s_total",) if run.load == SATURATED else ("output_tok_s_total", "ttft_mean_ms")


def cross_predictions(table: RunTable, calibration: Calibration) -> Array:
    """Predict each run without its own curve: by its fold's parameters where it was fitted, else by all."""
    chosen = np.array([calibration.set_for(k) for k in table.keys])
    out = np.full((len(table.runs), len(METRICS)), np.nan)
    for name in sorted(set(chosen)):
        rows = np.flatnonzero(chosen == name)
        part = table.take(rows)
        out[rows] = predict(part, logs_for(part, calibration.sets[name]))
    return out
