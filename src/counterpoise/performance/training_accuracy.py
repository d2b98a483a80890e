"""Training rows predicted for the `accuracy` report, each without its own condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.catalogue.records import Catalogue
from counterpoise.performance.accuracy import Prediction, RowResult
from counterpoise.performance.training_calibration import (
    TrainingCalibration,
    shipped_training_calibration,
)
from counterpoise.performance.training_rows import training_runs
from counterpoise.performance.training_step import step_times
from counterpoise.performance.training_table import condition_of, training_table

NOT_MEASURED = "the row has no measured tokens per second or step time"
Rows = Sequence[Mapping[str, str]]


def training_predictions(
    rows: Rows,
    *,
    file: str | None = None,
    catalogue: Catalogue | None = None,
    calibration: TrainingCalibration | None = None,
) -> list[RowResult]:
    """Predict `tokens_per_s_per_chip` and, where the row prints its batch, `step_time_s`.

    A condition of the shipped table is predicted by the parameters fitted without its fold.  Raises
    `BadInput` for a missing column or a figure that is not a number.
    """
    facts = catalogue or load()
    fitted = calibration or shipped_training_calibration()
    runs = training_runs(
        rows, lambda name: find_model(facts, name), lambda name: find_chip(facts, name), file=file
    )
    out = [RowResult({}, refusal=run.refusal) for run in runs]
    for i, run in enumerate(runs):
        if run.refusal:
            continue
        if not run.measured_tokens_per_s_per_chip and not run.measured_step_s:
            out[i] = RowResult({}, refusal=NOT_MEASURED)
            continue
        table, refused = training_table([run], fitted.software)
        if table is None:
            out[i] = RowResult({}, refusal=refused[0][1])
            continue
        condition = condition_of(run)
        times = step_times(table.work, fitted.parameters(run.condition).efficiencies(condition))
        speed = float((table.work.tokens / times.step_s / table.chips)[0])
        low, high = fitted.interval(condition)
        found: dict[str, Prediction] = {}
        if run.measured_tokens_per_s_per_chip:
            measured = run.measured_tokens_per_s_per_chip
            found["tokens_per_s_per_chip"] = Prediction(measured, speed, low * speed, high * speed)
        if run.measured_step_s and (rows[i].get("global_batch_seqs") or "").strip():
            step = float(times.step_s[0])
            found["step_time_s"] = Prediction(run.measured_step_s, step, step / high, step / low)
        if not found or not np.isfinite(speed):
            out[i] = RowResult({}, refusal=NOT_MEASURED)
            continue
        out[i] = RowResult(found, fitted.basis(condition))
    return out
