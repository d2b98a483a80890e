"""Predicted against measured: the `accuracy` report of a table of runs.

A row's own measurement, and its neighbours on the same curve, never reach its prediction: a condition that
the shipped tables hold is predicted by the parameters fitted without its fold.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from counterpoise.catalogue import load
from counterpoise.catalogue.records import Catalogue
from counterpoise.errors import BadInput, UnknownName, Where
from counterpoise.performance.calibration import Calibration, shipped_calibration
from counterpoise.performance.measured_file import read_rows
from counterpoise.performance.run_labels import NOT_GIVEN, labels

if TYPE_CHECKING:
    from counterpoise.performance.training_calibration import TrainingCalibration

KINDS = ("serving", "inference", "training", "memory")
BY = ("chip", "model", "framework", "mode", "source_group", "precision")
"""Columns of the file by which errors are told apart, beside the labels of `run_labels`."""
BY_LABEL = ("engine", "version", "source", "quality", "concurrency_band")


@dataclass(frozen=True, slots=True)
class Prediction:
    """Prediction of one metric: `low80` and `high80` bound the 80 % interval; `measured` as in the file."""

    measured: float
    predicted: float
    low80: float
    high80: float


@dataclass(frozen=True, slots=True)
class RowResult:
    """What was predicted for a row, by column, and on what basis; or the reason why nothing was."""

    predictions: Mapping[str, Prediction]
    basis: str = ""
    refusal: str = ""


Rows = Sequence[Mapping[str, str]]
Groups = dict[str, dict[str, dict[str, float]]]
"""Value of a column -> metric -> error figures."""


def accuracy(
    file: str | Path,
    kind: str,
    *,
    all_rows: bool = False,
    predictions: str | Path | None = None,
    catalogue: Catalogue | None = None,
    calibration: Calibration | None = None,
    training_calibration: TrainingCalibration | None = None,
) -> dict[str, object]:
    """Compare predictions with the measurements of CSV `file`, a table of `kind`; see DESIGN "Contracts".

    Rows of quality C are left out unless `all_rows`.  `predictions` names a CSV to write the rows to, with
    predicted_*, low80_*, high80_* and basis.  `calibration` predicts serving and inference tables,
    `training_calibration` training tables; None: those that ship.  Raises `BadInput` for a file that cannot
    be read or lacks a column.
    """
    if kind not in KINDS:
        raise UnknownName("kind of table", kind, KINDS, where=Where(field="--kind"))
    rows = read_rows(Path(file))
    return accuracy_of_rows(
        rows,
        kind,
        all_rows=all_rows,
        predictions=predictions,
        file=str(file),
        catalogue=catalogue,
        calibration=calibration,
        training_calibration=training_calibration,
    )


def accuracy_of_rows(
    rows: Rows,
    kind: str,
    *,
    all_rows: bool = False,
    predictions: str | Path | None = None,
    file: str | None = None,
    catalogue: Catalogue | None = None,
    calibration: Calibration | None = None,
    training_calibration: TrainingCalibration | None = None,
) -> dict[str, object]:
    """Compare predictions with measurements of `rows`, as read from a table of `kind`."""
    if predictions is not None:
        _may_write(Path(predictions), file)
    # All rows are read before any is left out, so that a mistake is reported at its line of the file.
    found = predict_rows(
        rows,
        kind,
        file=file,
        catalogue=catalogue,
        calibration=calibration,
        training_calibration=training_calibration,
    )
    scored = [
        (row, result)
        for row, result in zip(rows, found, strict=True)
        if all_rows or (row.get("quality") or "").strip().upper() != "C"
    ]
    used, results = [row for row, _ in scored], [result for _, result in scored]
    if predictions is not None:
        _write(Path(predictions), used, results)
    refused = Counter(r.refusal for r in results if r.refusal)
    report: dict[str, object] = {
        "rows": len(used),
        "predicted": sum(not r.refusal for r in results),
        "refused": dict(refused.most_common()),
        "metrics": metrics(results),
        "by": _by_groups(used, results, kind),
    }
    return report


def predict_rows(
    rows: Rows,
    kind: str,
    *,
    file: str | None = None,
    catalogue: Catalogue | None = None,
    calibration: Calibration | None = None,
    training_calibration: TrainingCalibration | None = None,
) -> Sequence[RowResult]:
    """Predict each of `rows` of a table of `kind` without its own condition; one result a row, in order.

    Raises `BadInput` for a missing column or a figure that is not a number, at its line.
    """
    if kind == "training":
        from counterpoise.performance.training_accuracy import training_predictions

        return training_predictions(rows, file=file, catalogue=catalogue, calibration=training_calibration)
    if kind == "memory":
        from counterpoise.performance.memory_accuracy import memory_predictions

        return memory_predictions(rows, file=file, catalogue=catalogue)
    from counterpoise.performance.serving_accuracy import serving_predictions

    return serving_predictions(
        rows, kind, file=file, catalogue=catalogue or load(), calibration=calibration or shipped_calibration()
    )


def metrics(results: Sequence[RowResult]) -> dict[str, dict[str, float]]:
    """Error figures by column, as fractions; bias is the median signed error."""
    names = sorted({name for r in results for name in r.predictions})
    return {
        name: error_figures([r.predictions[name] for r in results if name in r.predictions]) for name in names
    }


def error_figures(found: Sequence[Prediction]) -> dict[str, float]:
    """Error figures of predictions of one metric, at least one, as fractions of what was measured.

    `bias` is the median signed error; `interval80_coverage` the share of measurements inside the interval.
    """
    error = np.array([p.predicted / p.measured - 1 for p in found])
    return {
        "n": len(found),
        "median_ape": float(np.median(abs(error))),
        "mean_ape": float(abs(error).mean()),
        "p90_ape": float(np.quantile(abs(error), 0.9)),
        "bias": float(np.median(error)),
        "within_20pct": float((abs(error) <= 0.2).mean()),
        "interval80_coverage": float(np.mean([p.low80 <= p.measured <= p.high80 for p in found])),
    }


def _by_groups(rows: Rows, results: Sequence[RowResult], kind: str) -> dict[str, Groups]:
    """Error figures by column of the file and by label, for those that tell any rows apart or name them."""
    told = [labels(row, kind) for row in rows]
    out = {
        column: _by([(r.get(column) or "").strip() for r in rows], results)
        for column in BY
        if rows and column in rows[0]
    }
    for name in BY_LABEL:
        values = [found[name] for found in told]
        if any(value != NOT_GIVEN for value in values):
            out[name] = _by(values, results)
    return out


def _by(values: Sequence[str], results: Sequence[RowResult]) -> Groups:
    groups: dict[str, list[RowResult]] = {}
    for value, result in zip(values, results, strict=True):
        groups.setdefault(value, []).append(result)
    return {name: found for name in sorted(groups) if (found := metrics(groups[name]))}


def _may_write(path: Path, file: str | None) -> None:
    """Raise `BadInput` where writing `path` would destroy a file that this command did not write."""
    where = Where(str(path), field="--predictions")
    if not path.parent.is_dir():
        raise BadInput("there is no such folder.", where=where, hint="Make it, or name another file.")
    if not path.exists():
        return
    if path.is_dir():
        raise BadInput("this is a folder.", where=where, hint="Give the path of a file to write.")
    if file is not None and path.samefile(file):
        raise BadInput("this is the measured table itself.", where=where, hint="Name another file.")
    with path.open("rb") as old:
        ours = old.readline().rstrip().endswith(b",basis,refused")
    if not ours:
        raise BadInput(
            "the file is there and holds no predictions.", where=where, hint="Name another, or remove it."
        )


def _write(path: Path, rows: Rows, results: Sequence[RowResult]) -> None:
    names = sorted({name for r in results for name in r.predictions})
    columns = list(rows[0]) if rows else []
    extra = [f"{prefix}_{name}" for name in names for prefix in ("predicted", "low80", "high80")]
    partial = path.with_name(path.name + ".part")
    with partial.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, [*columns, *extra, "basis", "refused"], extrasaction="ignore")
        writer.writeheader()
        for row, result in zip(rows, results, strict=True):
            filled: dict[str, object] = {**row, "basis": result.basis, "refused": result.refusal}
            for name, p in result.predictions.items():
                filled |= {
                    f"predicted_{name}": f"{p.predicted:.6g}",
                    f"low80_{name}": f"{p.low80:.6g}",
                    f"high80_{name}": f"{p.high80:.6g}",
                }
            writer.writerow(filled)
    partial.replace(path)
