"""Why a group of runs is predicted badly, as far as its own rows say; nothing is guessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from counterpoise.report.numbers import percent
from counterpoise.report.weakest import Group

Row = Mapping[str, str]
NOT_KNOWN = "not known"
APART = 0.1
"""Median difference of repeats from which they explain an error."""
MOST = 0.5
"""Share of a group's rows from which what they say is said of the group."""
LONGEST_NOTE = 100
"""Letters of a source's note that are quoted."""
NEEDED = {
    "serving": {"framework_version": "engine version"},
    "inference": {"precision": "precision", "input_len": "input length"},
    "training": {"tp": "parallelism", "recompute": "recomputation", "microbatch": "micro-batch"},
}
"""Table -> column that a prediction needs -> its name; where it is blank, a rule fills it in."""
STATED = {
    (
        "deepseek-r1",
        "trtllm",
    ): "deepseek-r1 with trtllm ran with and without multi-token prediction; which is partly inferred",
}
"""(model, engine) -> what the README of the measured tables says of such rows."""


def reasons(group: Group, rows: Mapping[str, Row], elsewhere: Sequence[Mapping[str, str]]) -> str:
    """Return why `group` is predicted badly, in words, or "not known".

    `rows`: id -> row of the table.  `elsewhere`: labels of every scored row of the table.
    """
    own = [rows[s.id] for s in group.found]
    said = [
        STATED[key] for key in {(s.labels["model"], s.labels["engine"]) for s in group.found} & set(STATED)
    ]
    covered = sum((s.labels["model"], s.labels["engine"]) in STATED for s in group.found)
    found = said if covered >= MOST * len(own) else []
    if group.repeats is not None and group.repeats.median >= APART:
        found.append(
            f"{group.repeats.pairs} pairs of its runs in which nothing printed differs are "
            f"{percent(group.repeats.median)} apart"
        )
    if sum(r.get("mode") == "disagg" for r in own) >= MOST * len(own):
        found.append("prefill and decode on separate workers, which was never fitted")
    found += _doubts(own)
    blank = [
        name
        for column, name in NEEDED.get(group.table, {}).items()
        if sum(not (r.get(column) or "").strip() for r in own) >= MOST * len(own)
    ]
    if blank:
        found.append(f"not printed: {', '.join(blank)}")
    alone = _alone(group, elsewhere)
    if alone:
        found.append(alone)
    return "; ".join(found) or NOT_KNOWN


def _doubts(own: Sequence[Row]) -> list[str]:
    """Return what the rows' notes doubt: notes of quality B that at least half of them share."""
    notes = Counter((r.get("note") or "").strip() for r in own if (r.get("quality") or "").upper() == "B")
    return [
        f'its source notes: "{_beginning(note)}"'
        for note, n in notes.most_common(1)
        if note and n >= MOST * len(own)
    ]


def _beginning(note: str) -> str:
    """Return a note's first clauses, as many as `LONGEST_NOTE` letters hold, at least one."""
    clauses = note.split("; ")
    kept = clauses[:1]
    for clause in clauses[1:]:
        if len("; ".join([*kept, clause])) > LONGEST_NOTE:
            return "; ".join(kept) + " ..."
        kept.append(clause)
    return "; ".join(kept)


def _alone(group: Group, elsewhere: Sequence[Mapping[str, str]]) -> str:
    """Return whether its engine was measured on its chip only, so that no other run tells of it."""
    engines = {s.labels["engine"] for s in group.found}
    chips = {s.labels["chip"] for s in group.found}
    if len(engines) != 1 or len(chips) != 1:
        return ""
    others = {told["chip"] for told in elsewhere if told["engine"] in engines} - chips
    return "" if others else f"{next(iter(engines))} was measured on no other chip"
