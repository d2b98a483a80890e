"""What `accuracy` answers, in a terminal: how far predictions are from a measured table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterpoise.report.accuracy_tables import METRIC_WORDS, NONE, signed
from counterpoise.report.layout import Column, table, wrap
from counterpoise.report.noise import shipped_noise
from counterpoise.report.numbers import percent
from counterpoise.report.scored import FEWEST

Document = Mapping[str, Any]
_MEASURES = (
    ("median", "median_ape"),
    ("mean", "mean_ape"),
    ("p90", "p90_ape"),
    ("bias", "bias"),
    ("< 20 %", "within_20pct"),
    ("in 80 %", "interval80_coverage"),
)
WORST = 8
"""Groups that are shown; `--json` has all."""
LONGEST = 30
"""Letters of a group's name that are shown."""
EXPLAINED = (
    "Errors are |predicted / measured - 1|, bias is their median with its sign. In 80 %: measurements inside "
    "the 80 % interval. Floor: what the noise of runs of one condition, measured twice in the shipped "
    "tables, leaves to a perfect predictor at the median."
)


def accuracy_lines(document: Document, width: int) -> list[str]:
    """Return the answer in a sentence, errors by measured column, the worst groups, refusals by reason.

    Beside each error stands the floor that repeats of one condition in the shipped tables set under it.
    """
    refused = document.get("refused", {})
    total = sum(refused.values())
    answer = _answer(document.get("metrics", {}))
    notes = "".join(f" {note}" for note in document.get("notes") or ())
    lines = wrap(
        f"{answer}{document['rows']} rows: {document['predicted']} predicted, {total} refused.{notes}", width
    )
    metrics = document.get("metrics", {})
    lines += ["", *_metrics(metrics, width)]
    lines += ["", *wrap(EXPLAINED, width)] if metrics else []
    worst = _worst(document)
    if worst:
        columns = [
            Column("worst by", text=True),
            Column("group", text=True),
            Column("column", text=True),
            Column("n", right=True),
            Column("median", right=True),
            Column("in 80 %", right=True),
        ]
        lines += ["", *table(columns, worst, width)]
    if refused:
        lines += ["", "Refused"]
        for reason, n in sorted(refused.items(), key=lambda item: -item[1]):
            lines += wrap(f"{n}: {reason}", width, "- ", "  ")
    return lines


def _answer(metrics: Mapping[str, Document]) -> str:
    """Return the median error of each measure, as a sentence."""
    told = [
        f"{METRIC_WORDS.get(name, name)} {percent(f['median_ape'])}"
        for name, f in metrics.items()
        if f.get("median_ape") is not None
    ]
    return f"Median error: {', '.join(told)}. " if told else ""


def _metrics(metrics: Mapping[str, Document], width: int) -> list[str]:
    columns = [Column("column", text=True), Column("n", right=True)]
    columns += [Column(title, right=True) for title, _ in _MEASURES]
    columns.append(Column("floor", right=True))
    rows = []
    for name, figures in metrics.items():
        repeats = shipped_noise(name)
        floor = NONE if repeats is None else percent(repeats.floor)
        shown = [(signed if key == "bias" else percent)(figures.get(key)) for _, key in _MEASURES]
        rows.append([name, str(figures["n"]), *shown, floor])
    return table(columns, rows, width) or ["Nothing was predicted."]


def _worst(document: Document) -> list[list[str]]:
    """Rows of the groups of at least `FEWEST` rows with the largest median errors, worst first.

    A kind of group with one member says nothing new; nor does one whose figures a group shown already has.
    """
    found = [
        (str(kind), str(value) or "not given", str(name), f)
        for kind, groups in document.get("by", {}).items()
        if len(groups) > 1
        for value, metrics in groups.items()
        for name, f in metrics.items()
        if isinstance(f, Mapping) and f.get("n", 0) >= FEWEST and f.get("median_ape") is not None
    ]
    found.sort(key=lambda each: (-float(each[3]["median_ape"]), *each[:3]))
    rows, shown = [], set()
    for kind, value, name, f in found:
        same = (name, f["n"], f["median_ape"])
        if same in shown:
            continue
        shown.add(same)
        short = value if len(value) <= LONGEST else f"{value[: LONGEST - 3]}..."
        share = percent(f.get("interval80_coverage"))
        rows.append([kind.replace("_", " "), short, name, str(f["n"]), percent(f["median_ape"]), share])
        if len(rows) == WORST:
            break
    return rows
