"""Values as JSON can carry them, for run.json and for --json alike."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from pathlib import PurePath
from typing import Any


def plain(value: Any) -> Any:  # noqa: ANN401 - any document comes in, JSON values go out
    """Return `value` as JSON values: no limit and not-a-number become null, dates ISO text, tuples lists.

    Numpy scalars become numbers.  Raises TypeError for what JSON has no form for.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        ordered = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [plain(part) for part in ordered]
    if isinstance(value, date | PurePath):
        return str(value)
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return plain(value.item())
    raise TypeError(f"a {type(value).__name__} in a document")
