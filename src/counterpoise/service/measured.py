"""`accuracy`: predictions held against a measured table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from counterpoise.performance.accuracy import accuracy


def accuracy_of(file: Path, *, kind: str, all_rows: bool, predictions: Path | None) -> dict[str, Any]:
    """Answer `counterpoise accuracy`; see `performance.accuracy`."""
    return dict(accuracy(file, kind, all_rows=all_rows, predictions=predictions))
