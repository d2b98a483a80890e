"""The file of predictions by fits that never saw the row: what the accuracy page is drawn from.

One compressed CSV for each fit, kept with the documentation; predictions of the product never read it.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable
from pathlib import Path

COLUMNS = ("table", "id", "split", "metric", "measured", "predicted", "low80", "high80")
FOLDER = Path(__file__).parents[3] / "docs" / "accuracy"
"""Where the documentation keeps them, in a checkout."""


def write_left_out(
    name: str, rows: Iterable[tuple[str, str, str, str, float, float, float, float]]
) -> Path | None:
    """Write `rows` (`COLUMNS`) as out_of_fold_NAME.csv.gz; None where this is no checkout.

    The same rows give the same bytes.
    """
    if not FOLDER.is_dir():
        return None
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((*row[:4], *(f"{value:.6g}" for value in row[4:])) for row in rows)
    path = FOLDER / f"out_of_fold_{name}.csv.gz"
    path.write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))
    return path
