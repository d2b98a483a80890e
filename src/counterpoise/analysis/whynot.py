"""Why not: many refusals told as a few, the ones nearest to being chosen first, with nothing lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

STAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("not chosen", ("feasible",)),
    (
        "not to be had",
        (
            "not sold",
            "export",
            "licence",
            "excludes",
            "forbids",
            "offer ends",
            "withdrawn",
            "rule of",
            "not among",
        ),
    ),
    ("does not fit", ("fit", "memory", "too large", "gib a chip")),
    ("too slow", ("ttft", "tpot", "slo", "latency", "too slow", "slower than")),
    ("not published", ("nobody published", "not published", "not public", "not in the catalogue")),
    ("below the floor", ("floor",)),
    ("no software", ("no port", "does not support", "lacks", "no kernel", "unsupported")),
    ("beaten", ("dearer", "x as many requests", "smaller in every respect")),
)
"""Stages at which something is refused, the nearest to being chosen first, by words of the reason."""
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Reason:
    """One refusal: what was not chosen, and why.  `nearness` orders those that were feasible (0: a tie)."""

    what: str
    why: str
    nearness: float = 0.0


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Refusals of one reason: `what` names the first and counts the rest, `all_what` names every one."""

    what: str
    why: str
    stage: str
    all_what: tuple[str, ...]


def stage_of(why: str) -> str:
    """Return the stage at which a reason refuses."""
    folded = why.casefold()
    by_word = (STAGES[0], STAGES[-1], *STAGES[1:-1])
    return next((stage for stage, words in by_word if any(w in folded for w in words)), OTHER)


def grouped(reasons: Iterable[Reason]) -> tuple[WhyNot, ...]:
    """Group refusals of the same reason; the order is of `most_interesting`, and no refusal is lost.

    Within a stage the feasible ones go nearest first, the others largest group first.  The stages then take
    turns, nearest to being chosen first, so that a short list shows each kind of reason once before it
    shows a second of any.
    """
    groups: dict[str, dict[str, float]] = {}
    for reason in reasons:
        members = groups.setdefault(reason.why, {})
        members[reason.what] = min(reason.nearness, members.get(reason.what, reason.nearness))
    order = [stage for stage, _ in STAGES] + [OTHER]
    by_stage: dict[str, list[tuple[tuple[float, int, str], WhyNot]]] = {stage: [] for stage in order}
    for why, members in groups.items():
        stage = stage_of(why)
        names = tuple(sorted(members, key=lambda m: (members[m], m)))
        entry = WhyNot(_listed(names), why, stage, names)
        by_stage[stage].append(((min(members.values()), -len(names), why), entry))
    queues = [[entry for _, entry in sorted(by_stage[stage], key=lambda e: e[0])] for stage in order]
    result: list[WhyNot] = []
    for turn in range(max(map(len, queues), default=0)):
        result += [queue[turn] for queue in queues if turn < len(queue)]
    return tuple(result)


def most_interesting(groups: Sequence[WhyNot], count: int = 8) -> tuple[WhyNot, ...]:
    """Return the first `count` groups, what was merely beaten by a sibling only where room is left."""
    beaten = STAGES[-1][0]
    first = [g for g in groups if g.stage != beaten]
    last = [g for g in groups if g.stage == beaten]
    return tuple((first + last)[:count])


def _listed(names: Sequence[str], shown: int = 2) -> str:
    more = len(names) - shown
    listed = ", ".join(names[:shown])
    return f"{listed} and {more} more" if more > 0 else listed
