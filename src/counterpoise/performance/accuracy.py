"""Predicted against measured: the `accuracy` report of a table of runs.

A row's own measurement, and its neighbours on the same curve, never reach its prediction: a condition that
the shipped tables hold is predicted by the parameters fitted without its fold.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from counterpoise.catalogue import load
from counterpoise.catalogue.records import Catalogue
from counterpoise.errors import BadInput, UnknownName, Where
from counterpoise.performance.calibration import (
    Calibration,
    shipped_calibration,
)

KINDS = ("serving", "inference", "training", "memory")
LARGEST_BYTES = 20_000_000
BY = ("chip", "model", "framework", "mode", "source_group", "precision")


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
Predictor = Callable[[Rows], Sequence[RowResult]]


def accuracy(
    file: str | Path,
    kind: str,
    *,
    all_rows: bool = False,
    predictions: str | Path | None = None,
    catalogue: Catalogue | None = None,
    calibration: Calibration | None = None,
) -> dict[str, object]:
    """Compare predictions with the measurements of CSV `file`, a table of `kind`; see DESIGN "Contracts".

    Rows of quality C are left out unless `all_rows`.  `predictions` names a CSV to write the rows to, with
    predicted_*, low80_*, high80_* and basis.  Raises `BadInput` for a file that cannot be read or lacks a
    column.
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
) -> dict[str, object]:
    """Compare predictions with measurements of `rows`, as read from a table of `kind`."""
    used = [r for r in rows if all_rows or (r.get("quality") or "").strip().upper() != "C"]
    results = _predictor(kind, file, catalogue, calibration)(used)
    if predictions is not None:
        _write(Path(predictions), used, results)
    refused = Counter(r.refusal for r in results if r.refusal)
    report: dict[str, object] = {
        "rows": len(used),
        "predicted": sum(not r.refusal for r in results),
        "refused": dict(refused.most_common()),
        "metrics": metrics(results),
        "by": {column: _by(column, used, results) for column in BY if used and column in used[0]},
    }
    return report


def _predictor(
    kind: str, file: str | None, catalogue: Catalogue | None, calibration: Calibration | None
) -> Predictor:
    if kind == "training":
        from counterpoise.performance.training_accuracy import training_predictions

        return lambda rows: training_predictions(rows, file=file, catalogue=catalogue)
    if kind == "memory":
        from counterpoise.performance.memory_accuracy import memory_predictions

        return lambda rows: memory_predictions(rows, file=file, catalogue=catalogue)
    from counterpoise.performance.serving_accuracy import serving_predictions

    return lambda rows: serving_predictions(
        rows, kind, file=file, catalogue=catalogue or load(), calibration=calibration or shipped_calibration()
    )


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV in UTF-8 (with or without BOM) or, failing that, GB 18030; any line ends."""
    if not path.is_file():
        raise BadInput("there is no such file.", where=Where(str(path)), hint="Give the path of a CSV table.")
    if path.stat().st_size > LARGEST_BYTES:
        raise BadInput(
            f"the file has {path.stat().st_size / 1e6:.0f} MB.",
            where=Where(str(path)),
            hint=f"Split it: at most {LARGEST_BYTES / 1e6:.0f} MB are read.",
        )
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError:
            raise BadInput("the text is neither UTF-8 nor GB 18030.", where=Where(str(path))) from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if not reader.fieldnames:
        raise BadInput(
            "the file has no header.", where=Where(str(path), 1), hint="The first line names the columns."
        )
    try:
        return [
            {k: v or "" for k, v in row.items() if isinstance(k, str) and not isinstance(v, list)}
            for row in reader
        ]
    except csv.Error as error:
        raise BadInput(
            f"the file is not a CSV table ({error}).", where=Where(str(path), reader.line_num)
        ) from None


def metrics(results: Sequence[RowResult]) -> dict[str, dict[str, float]]:
    """Error figures by column, as fractions; bias is the median signed error."""
    names = sorted({name for r in results for name in r.predictions})
    out = {}
    for name in names:
        found = [r.predictions[name] for r in results if name in r.predictions]
        measured = np.array([p.measured for p in found])
        predicted = np.array([p.predicted for p in found])
        inside = [(p.low80 <= p.measured <= p.high80) for p in found]
        error = predicted / measured - 1
        out[name] = {
            "n": len(found),
            "median_ape": float(np.median(abs(error))),
            "mean_ape": float(abs(error).mean()),
            "p90_ape": float(np.quantile(abs(error), 0.9)),
            "bias": float(np.median(error)),
            "within_20pct": float((abs(error) <= 0.2).mean()),
            "interval80_coverage": float(np.mean(inside)),
        }
    return out


def _by(column: str, rows: Rows, results: Sequence[RowResult]) -> dict[str, dict[str, dict[str, float]]]:
    groups: dict[str, list[RowResult]] = {}
    for row, result in zip(rows, results, strict=True):
        groups.setdefault((row.get(column) or "").strip(), []).append(result)
    return {name: found for name in sorted(groups) if (found := metrics(groups[name]))}


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
