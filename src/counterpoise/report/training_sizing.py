"""What `size --train` answers, in a terminal: the cheapest run, the table, refusals, what they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterpoise.report.layout import Column, table, wrap
from counterpoise.report.numbers import count, duration, money, percent, quantity, scaled, significant

Document = Mapping[str, Any]
_COLUMNS = (
    Column("chip", text=True),
    Column("n", right=True),
    Column("prec"),
    Column("T/P/D/E/C"),
    Column("Z", right=True),
    Column("recomp"),
    Column("mb", right=True),
    Column("MFU", right=True),
    Column("tok/s", right=True),
    Column("80 %", right=True),
    Column("GiB", right=True),
    Column("time", right=True),
    Column("USD", right=True),
    Column("power", right=True),
)
_KEY = (
    "n: chips. T/P/D/E/C: tensor, pipeline (x interleaved chunks), data, expert and context parallel. Z: "
    "ZeRO stage. recomp: recomputation. mb: sequences of a micro-batch. MFU: share of the published matrix "
    "peak, recomputation not counted. tok/s: tokens per second and chip, with its 80 % interval. GiB: memory "
    "of a chip. time: of the run, failures and checkpoints included. power: of all chips with their hosts."
)
_SHOWN_REFUSALS = 8
_GIB = 2.0**30


def training_size_lines(document: Document, width: int) -> list[str]:
    """Return the answer in a sentence, what was learnt of own runs, the table, refusals, each basis once."""
    rows = document.get("runs", ())
    lines = wrap(" ".join((_answer(document), *(document.get("notes") or ()))), width)
    if rows:
        lines += ["", *table(_COLUMNS, [_row(row) for row in rows], width), "", *wrap(_KEY, width)]
    refused = document.get("refused", ())
    if refused:
        lines += ["", "Refused"]
        for row in refused[:_SHOWN_REFUSALS]:
            lines += wrap(f"{row['what']}: {row['why']}", width, "- ", "  ")
        if len(refused) > _SHOWN_REFUSALS:
            lines.append(f"- and {len(refused) - _SHOWN_REFUSALS} more (--json lists them)")
    bases = dict.fromkeys(str(row["basis"]) for row in rows)
    if bases:
        lines += ["", "Basis"]
        for basis in bases:
            lines += wrap(basis, width, "- ", "  ")
    return lines


def _answer(document: Document) -> str:
    rows = document.get("runs", ())
    asked = document["asked"]
    run = f"{scaled(asked['tokens'])} tokens of {document['model']}"
    if not rows:
        return f"No layout trains {run} within what was asked."
    best = rows[0]
    low, high = duration(best["low80_days"] * 86400.0), duration(best["high80_days"] * 86400.0)
    where = f"{count(best['n_chips'])} x {best['chip']} in {best['precision']}"
    time = f"{duration(best['days'] * 86400.0)} (80 %: {low} to {high})"
    if best["usd"] is None:
        return f"Fewest chip-hours for {run}: {where}, {time}, at no known price."
    cost = f"{money(best['usd'], 'USD')} (80 %: {money(best['low80_usd'], 'USD')} to "
    return f"Cheapest for {run}: {where}, {time}, {cost}{money(best['high80_usd'], 'USD')})."


def _row(row: Document) -> list[str]:
    pipeline = f"{row['pp']}x{row['interleave']}" if row["interleave"] > 1 else str(row["pp"])
    low, high = row["low80_tokens_per_s_per_chip"], row["high80_tokens_per_s_per_chip"]
    return [
        str(row["chip"]),
        count(row["n_chips"]),
        str(row["precision"]),
        "/".join((str(row["tp"]), pipeline, *(str(row[key]) for key in ("dp", "ep", "cp")))),
        str(row["zero"]),
        str(row["recompute"]),
        str(row["micro_batch"]),
        percent(row["mfu"]),
        significant(row["tokens_per_s_per_chip"]),
        f"{significant(low, 2)}-{significant(high, 2)}",
        significant(row["memory_bytes"] / _GIB),
        duration(row["days"] * 86400.0),
        "no price" if row["usd"] is None else scaled(row["usd"]),
        "-" if row["power_w"] is None else quantity(row["power_w"], "W"),
    ]
