"""What `calibrate` answers, in a terminal: what was learnt or measured, and how to use it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterpoise.performance.accelerator_shares import MOVES
from counterpoise.report.layout import Column, table, wrap
from counterpoise.report.numbers import percent

Document = Mapping[str, Any]
TITLES = {
    "tpot_mean_ms": "TPOT",
    "ttft_mean_ms": "TTFT",
    "output_tok_s_total": "output tokens/s",
    "total_tok_s": "tokens/s",
    "tokens_per_s_per_chip": "training tokens/s",
}
SCALES = (("P", 1e15), ("T", 1e12), ("G", 1e9), ("M", 1e6))


def calibrate_lines(document: Document, width: int) -> list[str]:
    """Return the lines of an answer of `service.calibrate`."""
    lines: list[str] = []
    rows = []
    for kind in ("serving", "training"):
        learnt = document.get(kind)
        if learnt:
            lines += wrap(f"Learnt from {learnt['runs']} {kind} runs.", width)
            rows += [_row(name, figures) for name, figures in learnt["metrics"].items()]
    columns = [
        Column("figure", text=True),
        Column("n", right=True),
        Column("median error before", right=True),
        Column("now, each run left out", right=True),
        Column("80 % of runs", right=True),
    ]
    lines += ["", *table(columns, rows, width)] if rows else []
    if document.get("accelerator"):
        lines += ([""] if lines else []) + _accelerator(document["accelerator"], width)
    refused = document.get("refused", {})
    if refused:
        lines += ["", "Not learnt from"]
        for reason, count in sorted(refused.items(), key=lambda item: -item[1]):
            lines += wrap(f"{count}: {reason}", width, "- ", "  ")
    for note in document.get("notes", ()):
        lines += wrap(str(note), width, "- ", "  ") if lines else []
    name = document["profile"]
    use = f"Wrote {name}. Nothing uses it unasked: counterpoise size MODEL --profile {name}"
    return [*lines, "", *wrap(use, width)]


def _row(name: str, figures: Document) -> list[str]:
    low, high = figures.get("interval80", (None, None))
    return [
        TITLES.get(name, name),
        str(figures["n"]),
        percent(figures["before_median_ape"]),
        percent(figures["left_out_median_ape"]),
        "-" if low is None else f"{low:.2f} to {high:.2f}",
    ]


def _accelerator(found: Document, width: int) -> list[str]:
    said = ", ".join(str(x) for x in (found["driver"], found["library"]) if x)
    chip = found["chip"] or "no chip of the catalogue (say which with --chip), so predictions do not change"
    lines = wrap(f"Measured {found['device']} ({said}) at {found['points']} points: {chip}.", width)
    rows = [[name, _rate(name, value)] for name, value in found["rates"].items()]
    lines += ["", *table([Column("operator", text=True), Column("rate", right=True)], rows, width)]
    shares = [
        [name, f"{value:.0f} rows" if name == "gemm_half" else percent(value)]
        for name, value in found["shares"].items()
    ]
    if shares:
        head = [Column("parameter", text=True), Column("of the data sheet", right=True)]
        lines += ["", *table(head, shares, width)]
    for operator, why in found["not_measured"].items():
        lines += wrap(f"not measured: {operator}: {why}", width, "- ", "  ")
    return lines


def _rate(name: str, value: float) -> str:
    unit = "B/s" if name in MOVES else "FLOP/s"
    sign, scale = next(((s, x) for s, x in SCALES if value >= x), ("", 1.0))
    return f"{value / scale:.3g} {sign}{unit}"
