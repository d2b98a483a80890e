"""What `size` answers, in a terminal: deployments best first, refusals, what the numbers rest on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterpoise.report.layout import Column, table, wrap
from counterpoise.report.numbers import count, duration, quantity, significant

Document = Mapping[str, Any]
_COST = "usd_per_million_output_tokens"
_COLUMNS = (
    Column("chip", text=True),
    Column("n", right=True),
    Column("prec"),
    Column("T/P/D/E"),
    Column("conc", right=True),
    Column("TTFT", right=True),
    Column("TPOT", right=True),
    Column("tok/s", right=True),
    Column("$/M", right=True),
    Column("80 %", right=True),
    Column("power", right=True),
)
_KEY = (
    "n: chips. T/P/D/E: tensor, pipeline, data and expert parallel. conc: requests at once. "
    "tok/s: output tokens per second and chip. $/M: US dollars per million output tokens, "
    "with its 80 % interval. power: of all n chips."
)
_SHOWN_REFUSALS = 8


def size_lines(document: Document, width: int) -> list[str]:
    """Return the table of deployments, then what was refused and why, then each basis once."""
    lines = table(_COLUMNS, [_row(row) for row in document.get("deployments", ())], width)
    if not lines:
        lines = ["No deployment meets these targets."]
    if document.get("deployments"):
        lines += ["", *wrap(_KEY, width)]
    refused = document.get("refused", ())
    if refused:
        lines += ["", "Refused"]
        for row in refused[:_SHOWN_REFUSALS]:
            lines += wrap(f"{row['what']}: {row['why']}", width, "- ", "  ")
        if len(refused) > _SHOWN_REFUSALS:
            lines.append(f"- and {len(refused) - _SHOWN_REFUSALS} more (--json lists them)")
    bases = dict.fromkeys(str(row["basis"]) for row in document.get("deployments", ()) if row.get("basis"))
    if bases:
        lines += ["", "Basis"]
        for basis in bases:
            lines += wrap(basis, width, "- ", "  ")
    return lines


def _row(row: Document) -> list[str]:
    layout = "/".join(str(row.get(key) or 1) for key in ("tp", "pp", "dp", "ep"))
    low, high = row.get(f"low80_{_COST}"), row.get(f"high80_{_COST}")
    return [
        str(row["chip"]),
        count(row["n_chips"]),
        str(row["precision"]),
        layout,
        count(row["concurrency"]),
        duration(row["ttft_ms"] / 1000),
        duration(row["tpot_ms"] / 1000),
        significant(row["output_tokens_per_s_per_chip"]),
        "no price" if row.get(_COST) is None else significant(row[_COST]),
        "-" if low is None or high is None else f"{significant(low, 2)}-{significant(high, 2)}",
        quantity(row.get("power_w"), "W"),
    ]
