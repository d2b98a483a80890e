"""Where the time of a deployment goes, in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterpoise.report.layout import Column, table, wrap
from counterpoise.report.numbers import count, duration, percent

Document = Mapping[str, Any]
_COLUMNS = (
    Column("where", text=True),
    Column("time", right=True),
    Column("share", right=True),
    Column("bound by"),
)


def why_lines(why: Document, width: int) -> list[str]:
    """A decode step, a prefill, TPOT and TTFT by their parts, each with its share and what bounds it."""
    lines: list[str] = []
    titles = (
        ("tpot", "TPOT, mean"),
        ("decode_step", f"Decode step of {count(why['batch'])} requests on each attention replica"),
        ("ttft", "TTFT, mean"),
        ("prefill", "Prefill of one request"),
    )
    for key, title in titles:
        split = why[key]
        heading = f"{title}: {duration(split['ms'] / 1e3)}"
        if split.get("percentile_ms") is not None:
            heading += f" ({duration(split['percentile_ms'] / 1e3)} at the percentile asked)"
        rows = [
            [p["what"], duration(p["ms"] / 1e3), percent(p["share"]), p["bound_by"] or ""]
            for p in split["parts"]
        ]
        bounded = any(p["bound_by"] for p in split["parts"])
        columns = _COLUMNS if bounded else _COLUMNS[:3]
        lines += [*wrap(heading, width), *table(columns, [r[: len(columns)] for r in rows], width), ""]
    return lines[:-1]
