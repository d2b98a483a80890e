"""Facts and assumptions as lists: `catalogue`, `catalogue show`, `assumptions`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from counterpoise.report.layout import Column, table, wrap
from counterpoise.report.numbers import quantity, text
from counterpoise.report.schedule import by_kind

Document = Mapping[str, Any]
_PROVENANCE = ("source", "as_of", "kind", "note")


LISTED: Mapping[str, Sequence[str]] = {
    "chips": (
        "name", "family", "memory_bytes", "memory_bandwidth_bytes_per_s", "peak_bf16_flops_per_s",
        "peak_fp8_flops_per_s", "tdp_w", "available_from",
    ),
    "systems": ("name", "chip", "chips", "power_typical_w", "available_from", "flagship"),
    "models": ("name", "parameters", "active_parameters", "native_precision", "released", "licence"),
    "offers": ("name", "price_usd", "regions", "valid_from", "kind"),
    "api": (
        "name", "input_usd_per_m", "cached_input_usd_per_m", "output_usd_per_m", "regions", "valid_from",
        "kind",
    ),
    "techniques": ("technique", "name", "to", "engineer_weeks", "cost_usd", "available_from", "kind"),
    "scores": ("model", "benchmark", "score_pct", "standard_error_pct", "precision", "kind"),
}  # fmt: skip
"""What a list shows of each kind of fact; `catalogue show` and --json have everything."""
_NOT_LISTED = {"figures", "source", "note"}
_UNIT_SUFFIX = re.compile(r"(_flops_per_s|_bytes_per_s|_bytes|_usd|_usd_per_m|_w|_weeks|_pct)$")
_LONGEST_LIST = 4


def catalogue_lines(document: Document, width: int) -> list[str]:
    """Return a table of a kind of fact, one row a fact; a list where the terminal is too narrow."""
    kind, rows = str(document["kind"]), document["rows"]
    if not rows:
        return [f"No {kind} match."]
    every = dict.fromkeys(name for row in rows for name in row)
    names = LISTED.get(kind) or [name for name in every if name not in _NOT_LISTED]
    told = [name for name in names if any(row.get(name) not in (None, "", [], ()) for row in rows)]
    columns = [Column(_heading(name, rows), text=True) for name in told]
    body = [[_short(row.get(name)) for name in told] for row in rows]
    more = f"{len(rows)} {kind}. With every figure and its source: counterpoise catalogue show NAME"
    return [*table(columns, body, width), "", *wrap(more, width)]


def _heading(name: str, rows: Sequence[Document]) -> str:
    """Name a column; without its unit where the cells carry it."""
    figures = any(isinstance(row.get(name), Mapping) for row in rows)
    return (_UNIT_SUFFIX.sub("", name) if figures else name).replace("_", " ")


def _short(part: Any) -> str:  # noqa: ANN401 - a field of any fact
    if isinstance(part, list | tuple) and len(part) > _LONGEST_LIST:
        return f"{text(part[:_LONGEST_LIST])} and {len(part) - _LONGEST_LIST} more"
    return value(part)


def fact_lines(document: Document, width: int, indent: str = "") -> list[str]:
    """Return one fact as an indented list of its fields, each figure with its range and source."""
    lines: list[str] = []
    for name, part in document.items():
        title = (_UNIT_SUFFIX.sub("", str(name)) if _is_figure(part) else str(name)).replace("_", " ")
        if isinstance(part, Mapping) and not _is_figure(part):
            lines += [f"{indent}{title}", *fact_lines(part, width, indent + "  ")]
        elif isinstance(part, list | tuple) and part and all(isinstance(p, Mapping) for p in part):
            lines.append(f"{indent}{title}")
            for item in part:
                inner = fact_lines(item, width, indent + "    ")
                lines += [indent + "  - " + inner[0].strip(), *inner[1:]] if inner else []
        elif part not in (None, "", [], ()):
            lines += wrap(f"{title}: {value(part, full=True)}", width, indent, indent + "  ")
    return lines


def value(part: Any, *, full: bool = False) -> str:  # noqa: ANN401 - a field of any fact
    """Return a field as text; a figure as its mid value, with range, kind, date and source where `full`."""
    if not _is_figure(part):
        return text(part)
    unit = str(part.get("unit") or "")
    shown = quantity(part["mid"], unit)
    if not full:
        return shown
    low, high = part.get("low"), part.get("high")
    if low is not None and high is not None and low != high:
        shown += f" ({quantity(low, unit)} to {quantity(high, unit)})"
    provenance = part.get("provenance") if isinstance(part.get("provenance"), Mapping) else part
    told = [str(provenance[key]) for key in _PROVENANCE if provenance and provenance.get(key)]
    return f"{shown}; {', '.join(told)}" if told else shown


def _is_figure(part: Any) -> bool:  # noqa: ANN401 - a field of any fact
    return isinstance(part, Mapping) and "mid" in part


ASSUMPTION_COLUMNS = (
    Column("field", text=True),
    Column("value", text=True),
    Column("kind"),
    Column("as of"),
    Column("source", text=True),
)


def assumption_lines(document: Document, width: int) -> list[str]:
    """Return every assumption of a case, the weakest kinds first."""
    rows = assumption_rows(document["assumptions"])
    if not rows:
        return ["The case leaves nothing to assume."]
    return [*table(ASSUMPTION_COLUMNS, rows, width), "", f"{len(rows)} assumptions."]


def assumption_rows(assumptions: Sequence[Document], longest: int | None = None) -> list[list[str]]:
    """Return cells field, value with unit (cut after `longest` signs), kind, date, source (with its note)."""
    return [
        [
            str(row["field"]),
            _cut(text(row["value"], str(row.get("unit") or "")), longest),
            str(row["kind"]),
            str(row.get("as_of") or "-"),
            "; ".join(str(part) for part in (row.get("source"), row.get("note")) if part),
        ]
        for row in by_kind(assumptions)
    ]


def _cut(words: str, longest: int | None) -> str:
    return words if longest is None or len(words) <= longest else f"{words[:longest].rsplit(' ', 1)[0]} ..."
