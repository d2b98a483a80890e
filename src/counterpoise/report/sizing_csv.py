"""The deployments of `size` and its frontier, or the runs of `size --train`, as one flat table."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]


def size_csv(document: Document) -> str:
    """Return every deployment listed, then every point of the frontier, as CSV with one heading line.

    The first column says which of the two a row is; a column that a row lacks is empty.
    """
    rows = [{"row": "deployment", "model": document["model"], **r} for r in document.get("deployments", ())]
    rows += [{"row": "frontier", "model": document["model"], **r} for r in document.get("frontier", ())]
    return _csv(rows)


def training_size_csv(document: Document) -> str:
    """Return every training run listed, as CSV with one heading line."""
    return _csv([{"row": "run", "model": document["model"], **r} for r in document.get("runs", ())])


def _csv(rows: Sequence[Document]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns or ["row", "model"], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: _cell(v) for k, v in row.items()} for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}"
    return value
