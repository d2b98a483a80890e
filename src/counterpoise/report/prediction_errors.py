"""What `accuracy` answers, in a terminal: how far predictions are from a measured table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterpoise.report.layout import Column, table, wrap
from counterpoise.report.numbers import percent

Document = Mapping[str, Any]
_MEASURES = (
    ("median error", "median_ape"),
    ("mean", "mean_ape"),
    ("p90", "p90_ape"),
    ("bias", "bias"),
    ("within 20 %", "within_20pct"),
    ("80 % interval holds", "interval80_coverage"),
)


def accuracy_lines(document: Document, width: int) -> list[str]:
    """Return the errors by measured column, then the worst groups' medians, then refusals by reason."""
    refused = document.get("refused", {})
    total = sum(refused.values())
    lines = wrap(f"{document['rows']} rows: {document['predicted']} predicted, {total} refused.", width)
    lines += ["", *_metrics(document.get("metrics", {}), width)]
    for group, by_value in document.get("by", {}).items():
        rows = [
            [str(value), str(name), str(figures["n"]), percent(figures.get("median_ape"))]
            for value, metrics in by_value.items()
            for name, figures in metrics.items()
            if isinstance(figures, Mapping)
        ]
        columns = [
            Column(str(group), text=True),
            Column("column", text=True),
            Column("n", right=True),
            Column("median error", right=True),
        ]
        if rows:
            lines += ["", *table(columns, rows, width)]
    if refused:
        lines += ["", "Refused"]
        for reason, n in sorted(refused.items(), key=lambda item: -item[1]):
            lines += wrap(f"{n}: {reason}", width, "- ", "  ")
    return lines


def _metrics(metrics: Mapping[str, Document], width: int) -> list[str]:
    columns = [Column("column", text=True), Column("n", right=True)]
    columns += [Column(title, right=True) for title, _ in _MEASURES]
    rows = [
        [str(name), str(figures["n"]), *[percent(figures.get(key)) for _, key in _MEASURES]]
        for name, figures in metrics.items()
    ]
    return table(columns, rows, width) or ["Nothing was predicted."]
