"""Predictions held against measurements, with the labels by which the accuracy page tells them apart."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from counterpoise.errors import BadInput, Where
from counterpoise.performance.accuracy import Prediction, RowResult, error_figures
from counterpoise.performance.run_labels import labels, row_id

Row = Mapping[str, str]
FOLD = "fold"
SPLITS = {
    FOLD: "condition held out",
    "model": "model never seen",
    "chip": "chip never seen",
    "family": "family of chips never seen",
}
"""What was left out of the fit that predicts a row, as files name it -> in words."""
COLUMNS = ("table", "id", "split", "metric", "measured", "predicted", "low80", "high80")
"""Columns of a file of out-of-fold predictions."""
FEWEST = 5
"""Rows from which a group is shown: a median of fewer says nothing."""
STALE = 1e-3
"""Relative difference above which a stored prediction is not the shipped parameters' own."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One metric of one measured run, predicted by a fit that left out its `split`."""

    table: str
    id: str
    split: str
    metric: str
    prediction: Prediction
    labels: Mapping[str, str]

    @property
    def error(self) -> float:
        """Signed error as a fraction of what was measured."""
        return self.prediction.predicted / self.prediction.measured - 1

    @property
    def inside(self) -> bool:
        """Whether the measurement lies in the 80 % interval."""
        return self.prediction.low80 <= self.prediction.measured <= self.prediction.high80

    @property
    def width(self) -> float:
        """Upper over lower bound of the 80 % interval."""
        return self.prediction.high80 / self.prediction.low80


def of_results(rows: Sequence[Row], results: Sequence[RowResult], table: str) -> list[Scored]:
    """Join results of `performance.accuracy` to their rows; rows of quality C are left out."""
    found = []
    for place, (row, result) in enumerate(zip(rows, results, strict=True)):
        told = labels(row, table)
        if told["quality"] == "C":
            continue
        name = row_id(row, place)
        found += [Scored(table, name, FOLD, metric, p, told) for metric, p in result.predictions.items()]
    return found


def of_file(
    stored: Iterable[Row], tables: Mapping[str, Sequence[Row]], file: str | None = None
) -> list[Scored]:
    """Join stored predictions (`COLUMNS`) to the rows of their tables; rows of quality C are left out.

    Raises `BadInput` for a missing column, an unknown table, row or split, or a figure that is no positive
    number.
    """
    known = {
        table: {row_id(row, i): labels(row, table) for i, row in enumerate(rows)}
        for table, rows in tables.items()
    }
    found = []
    for line, row in enumerate(stored, start=2):
        missing = [c for c in COLUMNS if row.get(c) is None]
        if missing:
            raise BadInput(
                f"no column {missing[0]}.",
                where=Where(file, line, missing[0]),
                hint=f"Needed: {', '.join(COLUMNS)}.",
            )
        for column, values in (("table", known), ("split", SPLITS)):
            if row[column] not in values:
                raise BadInput(
                    f'unknown {column} "{row[column]}".',
                    where=Where(file, line, column),
                    hint=f"Known: {', '.join(values)}.",
                )
        told = known[row["table"]].get(row["id"])
        if told is None:
            raise BadInput(
                f'{row["table"]}.csv has no row "{row["id"]}".',
                where=Where(file, line, "id"),
                hint="Fit again on the table as it is.",
            )
        if told["quality"] != "C":
            measured, predicted, low, high = (_positive(row, c, Where(file, line, c)) for c in COLUMNS[4:])
            prediction = Prediction(measured, predicted, low, high)
            found.append(Scored(row["table"], row["id"], row["split"], row["metric"], prediction, told))
    return found


def _positive(row: Row, column: str, where: Where) -> float:
    try:
        value = float(row[column])
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise BadInput(
            f'"{row[column]}" is no positive number.', where=where, hint="Fit again; the file is damaged."
        )
    return value


def same_fit(stored: Iterable[Scored], now: Iterable[Scored]) -> bool:
    """Whether stored predictions of held-out conditions are those of the shipped parameters.

    True where there is nothing to compare.
    """
    current = {(s.table, s.id, s.metric): s.prediction.predicted for s in now}
    pairs = [
        (s.prediction.predicted, current[key])
        for s in stored
        if s.split == FOLD and (key := (s.table, s.id, s.metric)) in current
    ]
    return all(abs(a / b - 1) <= STALE for a, b in pairs)


def figures(found: Sequence[Scored]) -> dict[str, float]:
    """Error figures of at least one prediction; see `performance.accuracy.error_figures`."""
    return error_figures([s.prediction for s in found])


def of_metric(found: Iterable[Scored], table: str, metric: str) -> list[Scored]:
    """Predictions of one column of one table, any split."""
    return [s for s in found if s.table == table and s.metric == metric]


def by_split(found: Iterable[Scored]) -> dict[str, list[Scored]]:
    """Predictions by split, in the order of `SPLITS`."""
    return _grouped(found, lambda s: s.split, list(SPLITS))


def by_label(found: Iterable[Scored], label: str) -> dict[str, list[Scored]]:
    """Predictions by the value of one label, in the order of their names."""
    return _grouped(found, lambda s: s.labels[label])


def _grouped(
    found: Iterable[Scored], key: Callable[[Scored], str], order: Sequence[str] = ()
) -> dict[str, list[Scored]]:
    groups: dict[str, list[Scored]] = {name: [] for name in order}
    for s in found:
        groups.setdefault(key(s), []).append(s)
    names = order or sorted(groups, key=str.casefold)
    return {name: groups[name] for name in names if groups[name]}


def by_width(found: Iterable[Scored], parts: int = 5) -> list[tuple[float, float, int]]:
    """Part predictions by the width of their intervals into at most `parts` parts, narrowest first.

    Each as (median of upper over lower bound, share inside, rows): where intervals are honest, wide and
    narrow ones hold alike.  Intervals of one width (to 1 %) stay together, so parts may differ in size.
    """
    order = sorted(found, key=lambda s: s.width)
    cut: list[list[Scored]] = []
    for place, s in enumerate(order):
        full = not cut or place >= len(order) * len(cut) / parts
        if full and not (cut and s.width <= 1.01 * cut[-1][-1].width):
            cut.append([])
        cut[-1].append(s)
    return [
        (statistics.median(s.width for s in part), sum(s.inside for s in part) / len(part), len(part))
        for part in cut
    ]
