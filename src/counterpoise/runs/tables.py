"""Tables of a run as Parquet bytes."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]


def parquet(rows: Rows) -> bytes:
    """Return `rows` as a Parquet file; columns in the order in which they first appear.

    A column of numbers is 64-bit float unless all are whole; lists and mappings become JSON text.  The
    same rows give the same bytes under the same version of polars.
    """
    import polars

    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = [polars.Series(name, _plain([row.get(name) for row in rows])) for name in names]
    buffer = io.BytesIO()
    polars.DataFrame(columns).write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def _plain(values: list[Any]) -> list[Any]:
    """One type a column: text where texts and numbers meet, float where whole and broken numbers meet."""
    flat = [
        json.dumps(v, ensure_ascii=False, sort_keys=True) if isinstance(v, list | tuple | dict) else v
        for v in values
    ]
    kinds = {type(v) for v in flat if v is not None}
    if len(kinds) <= 1:
        return flat
    if kinds <= {int, float}:
        return [None if v is None else float(v) for v in flat]
    return [None if v is None else str(v) for v in flat]
