"""What `size` answers, in a terminal: the answer, deployments best first, refusals, what they rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from counterpoise.report.layout import Column, table, wrap
from counterpoise.report.numbers import count, duration, percent, quantity, significant
from counterpoise.report.sizing_frontier import frontier_lines
from counterpoise.report.sizing_why import why_lines

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
_NUMBERED = 90
"""Columns of a terminal from which rows carry the number that --choose takes."""


def size_lines(document: Document, width: int) -> list[str]:
    """Return the answer in a sentence, the table, then what was refused and why, then each basis once."""
    rows = document.get("deployments", ())
    lines = [*wrap(answer(document), width), *_asked_lines(document, width)]
    if document.get("why"):
        return [*lines, "", *why_lines(document["why"], width), *_basis_lines([_chosen(document)], width)]
    if rows:
        rated = any(row.get("replicas") for row in rows)
        columns = (*_COLUMNS[:2], Column("x", right=True), *_COLUMNS[2:]) if rated else _COLUMNS
        cells = [_row(row, rated) for row in rows]
        if width >= _NUMBERED:
            columns = (Column("#", right=True), *columns)
            cells = [[str(i), *row] for i, row in enumerate(cells, 1)]
        lines += ["", *table(columns, cells, width)]
        lines += ["", *wrap(_key(document, rows, rated), width)]
    if document.get("frontier"):
        lines += ["", *frontier_lines(document["frontier"], width)]
    lines += _refused_lines(document.get("refused", ()), width)
    return [*lines, *_basis_lines(rows, width)] if rows else lines


def answer(document: Document) -> str:
    """Return the answer in a sentence, and a second one where a converted checkpoint would be cheaper."""
    rows = document.get("deployments", ())
    if not rows:
        return "No deployment meets these targets."
    row = _chosen(document)
    what = f"{count(row['n_chips'])} x {row['chip']} in {row['precision']}, {_layout_words(row)}"
    times = f"TTFT {duration(row['ttft_ms'] / 1e3)}, TPOT {duration(row['tpot_ms'] / 1e3)}"
    if row.get("replicas"):
        said = _rate_words(document, row, what, times)
    else:
        said = f"{what}, {count(round(row['concurrency']))} requests at once: {_cost_words(row)}; {times}"
    return f"{_rank_words(document, row)}{said}.{_cheaper_words(rows, row)}"


def _rank_words(document: Document, row: Document) -> str:
    rows, number = document["deployments"], document.get("chosen") or 1
    priced = row.get(_COST) is not None
    if number == 1:
        return "Cheapest: " if priced else "Most tokens per chip: "
    if row.get("as_released") and not any(r.get("as_released") for r in rows[: number - 1]):
        return (
            f"Cheapest as released ({row['precision']}): " if priced else "Most tokens per chip as released: "
        )
    return f"Number {number}: "


def _rate_words(document: Document, row: Document, what: str, times: str) -> str:
    hour = row.get("usd_per_hour")
    money = "at no known price" if hour is None else f"at {significant(hour)} USD/h"
    asked = significant(document["asked"]["rate_per_s"])
    power, slow = quantity(row["total_power_w"], "W"), count(row["high80_replicas"])
    return (
        f"{count(row['replicas'])} x ({what}) bear {asked} requests/s: {count(row['total_chips'])} chips "
        f"{money}, {power} of chips; {times}; {slow} such deployments at the slow end of the 80 % interval"
    )


def _cost_words(row: Document) -> str:
    speed = f"{significant(row['output_tokens_per_s_per_chip'])} output tokens/s per chip"
    cost, low, high = (row.get(name) for name in (_COST, f"low80_{_COST}", f"high80_{_COST}"))
    if cost is None:
        return f"{speed}, no known price"
    interval = "" if low is None else f" (80 %: {significant(low, 2)} to {significant(high, 2)})"
    return f"{significant(cost)} USD per million output tokens{interval}, {speed}"


def _cheaper_words(rows: Sequence[Document], row: Document) -> str:
    """What the cheapest row would save if its precision, which is not the release's, keeps the quality."""
    best = rows[0]
    old, new = row.get("usd_per_hour") or row.get(_COST), best.get("usd_per_hour") or best.get(_COST)
    if (
        best is row
        or not row.get("as_released")
        or best.get("as_released") is not False
        or not old
        or not new
    ):
        return ""
    if new > 0.98 * old:
        return ""
    saving = percent(1 - new / old)
    return (
        f" {count(best['n_chips'])} x {best['chip']} in {best['precision']} would cost {saving} less, if a "
        "converted checkpoint keeps the quality."
    )


def _chosen(document: Document) -> Document:
    row: Document = document["deployments"][(document.get("chosen") or 1) - 1]
    return row


def _layout_words(row: Document) -> str:
    """The layout in words; of workers apart, how many of each and theirs."""
    if row.get("mode") != "disaggregated":
        return _parallel(row)
    first, then = row["prefill"], row["decode"]
    prefill = f"{count(first['workers'])} for prefill of {_parallel(first)}"
    return f"{prefill} and {count(then['workers'])} for decode of {_parallel(then)}"


def _parallel(layout: Document) -> str:
    names = (("tp", "TP"), ("pp", "PP"), ("dp", "DP"), ("ep", "EP"))
    return " ".join(f"{name}{layout[key]}" for key, name in names if (layout.get(key) or 1) > 1) or "TP1"


def _slashed(row: Document) -> str:
    def one(layout: Document) -> str:
        return "/".join(str(layout.get(key) or 1) for key in ("tp", "pp", "dp", "ep"))

    if row.get("mode") != "disaggregated":
        return one(row)
    return " + ".join(f"{row[role]['workers']} x {one(row[role])}" for role in ("prefill", "decode"))


def _asked_lines(document: Document, width: int) -> list[str]:
    asked = document.get("asked")
    if not asked:
        return []
    words = f"Asked: {document['model']}, {significant(asked['input_tokens'], 6)} tokens in, "
    words += f"{significant(asked['output_tokens'], 6)} out"
    if asked["cached_share"]:
        words += f", {percent(asked['cached_share'])} of the input cached"
    if asked["draft_tokens"]:
        words += (
            f", {count(asked['draft_tokens'])} drafted of which {percent(asked['acceptance_rate'])} accepted"
        )
    words += f"; TTFT <= {duration(asked['ttft_ms'] / 1e3)}, TPOT <= {duration(asked['tpot_ms'] / 1e3)} "
    words += f"at p{asked['percentile']:g}"
    if asked["engine"] != "generic":
        words += f"; {asked['engine']}{_version_words(asked)}"
    notes = "".join(f" {note}" for note in document.get("notes") or ())
    return wrap(f"{words}; facts of {asked['as_of']}.{notes}", width)


def _version_words(asked: Document) -> str:
    """The version asked for, and where it was never measured that its effect is left out."""
    version, measured = asked.get("engine_version"), asked.get("engine_versions_measured") or ()
    if not version:
        return ""
    if version in measured:
        return f" {version}"
    said = f"measured are {', '.join(measured)}" if measured else "no version was measured"
    return f" {version} (never measured, so taken as the mean of its versions: {said})"


def _key(document: Document, rows: Sequence[Document], rated: bool) -> str:
    words = _KEY
    if rated:
        words += " x: deployments that share the rate; conc, power and n are of one of them."
    if any(row.get("mode") == "disaggregated" for row in rows):
        words += " a + b: workers for prefill, and workers for decode."
    if any(row.get("as_released") is False for row in rows):
        native = document.get("native_precision")
        words += (
            f" *: not the precision of the release ({native}); needs a converted checkpoint of known quality."
        )
    return words


def _row(row: Document, rated: bool) -> list[str]:
    low, high = row.get(f"low80_{_COST}"), row.get(f"high80_{_COST}")
    replicas = [count(row.get("replicas"))] if rated else []
    return [
        str(row["chip"]),
        count(row["n_chips"]),
        *replicas,
        f"{row['precision']}{'*' if row.get('as_released') is False else ''}",
        _slashed(row),
        count(round(row["concurrency"])),
        duration(row["ttft_ms"] / 1000),
        duration(row["tpot_ms"] / 1000),
        significant(row["output_tokens_per_s_per_chip"]),
        "no price" if row.get(_COST) is None else significant(row[_COST]),
        "-" if low is None or high is None else f"{significant(low, 2)}-{significant(high, 2)}",
        quantity(row.get("power_w"), "W"),
    ]


def _refused_lines(refused: Sequence[Document], width: int) -> list[str]:
    if not refused:
        return []
    lines = ["", "Refused"]
    for row in refused[:_SHOWN_REFUSALS]:
        lines += wrap(f"{row['what']}: {row['why']}", width, "- ", "  ")
    if len(refused) > _SHOWN_REFUSALS:
        lines.append(f"- and {len(refused) - _SHOWN_REFUSALS} more (--json lists them)")
    return lines


def _basis_lines(rows: Sequence[Document], width: int) -> list[str]:
    """Each basis once, with the chips that rest on it."""
    by_basis: dict[str, list[str]] = {}
    for row in rows:
        if row.get("basis"):
            by_basis.setdefault(str(row["basis"]), []).append(str(row["chip"]))
    if not by_basis:
        return []
    lines = ["", "Basis"]
    for basis, chips in by_basis.items():
        named = ", ".join(dict.fromkeys(chips))
        lines += wrap(f"{named}: {basis}" if len(by_basis) > 1 else basis, width, "- ", "  ")
    return lines
