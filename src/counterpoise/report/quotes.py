"""What `quote` answers, in a terminal: accept, haggle (to which price) or refuse, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterpoise.report.layout import Column, table
from counterpoise.report.numbers import money, money_exact

Document = Mapping[str, Any]
_COLUMNS = (
    Column("quote", text=True),
    Column("decision"),
    Column("the plan saves", right=True),
    Column("haggle to", text=True),
    Column("why", text=True),
)


def quote_lines(document: Document, width: int) -> list[str]:
    """Return a row per quote."""
    return table(_COLUMNS, [_row(row) for row in document["quotes"]], width) or ["The file has no quote."]


def _row(row: Document) -> list[str]:
    saving = row.get("saving") or {}
    haggle = row.get("haggle_to")
    if isinstance(haggle, Mapping):
        price = money_exact(haggle.get("value"), str(haggle.get("currency") or ""))
        price += f" per {haggle['per']}" if haggle.get("per") else ""
    else:
        price = "-" if haggle is None else money_exact(haggle, str(saving.get("currency") or ""))
    value = saving.get("value")
    saved = "-" if value is None else money(value, str(saving.get("currency") or ""))
    return [str(row["quote"]), str(row["decision"]), saved, price, str(row["why"])]
