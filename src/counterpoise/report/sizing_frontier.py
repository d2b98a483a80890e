"""The frontier of `size` in a terminal: what each chip gives at each of a few speeds for a user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from counterpoise.report.layout import Column, table, wrap
from counterpoise.report.numbers import count, duration, significant

Document = Mapping[str, Any]
_COST = "usd_per_million_output_tokens"
_COLUMNS = (
    Column("chip", text=True),
    Column("tok/s user", right=True),
    Column("tok/s chip", right=True),
    Column("80 %", right=True),
    Column("$/M", right=True),
    Column("n", right=True),
    Column("prec"),
    Column("T/P/D/E"),
    Column("conc", right=True),
    Column("TTFT", right=True),
)
_SPEEDS = (10.0, 15.0, 20.0, 30.0, 50.0, 75.0, 100.0, 150.0, 200.0, 300.0, 500.0)
"""Tokens per second and user at which the frontier is printed; all of it is in --json, --csv and --chart."""


def frontier_lines(points: Sequence[Document], width: int) -> list[str]:
    """The best point of each chip at each of a few speeds for a user."""
    rows: list[list[str]] = []
    for chip in dict.fromkeys(str(p["chip"]) for p in points):
        taken: set[int] = set()
        for speed in _SPEEDS:
            fast = [p for p in points if p["chip"] == chip and p["output_tokens_per_s_per_user"] >= speed]
            if fast:
                best = max(fast, key=lambda p: float(p["output_tokens_per_s_per_chip"]))
                if id(best) not in taken:
                    taken.add(id(best))
                    rows.append(_row(best))
    words = "Frontier: most tokens per second and chip for at least a speed per user; the TTFT target holds."
    return [*wrap(words, width), *table(_COLUMNS, rows, width)]


def _row(p: Document) -> list[str]:
    name = "output_tokens_per_s_per_chip"
    return [
        str(p["chip"]),
        significant(p["output_tokens_per_s_per_user"]),
        significant(p[name]),
        f"{significant(p[f'low80_{name}'], 2)}-{significant(p[f'high80_{name}'], 2)}",
        "no price" if p.get(_COST) is None else significant(p[_COST]),
        count(p["n_chips"]),
        str(p["precision"]),
        "/".join(str(p[key]) for key in ("tp", "pp", "dp", "ep")),
        count(p["concurrency"]),
        duration(p["ttft_ms"] / 1e3),
    ]
