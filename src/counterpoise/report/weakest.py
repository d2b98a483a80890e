"""Where predictions are worst: groups of measured runs by error, each run in one group only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from counterpoise.report.noise import Noise, Pair, own_noise
from counterpoise.report.scored import FEWEST, Scored

SHARED = 0.5
"""Share of a group's rows that worse groups may hold already: beyond, it says nothing new."""
CUTS: tuple[tuple[str, ...], ...] = (
    ("model", "chip", "engine"),
    ("model", "engine"),
    ("chip", "engine"),
    ("model", "chip"),
    ("mode",),
    ("version",),
    ("concurrency_band",),
)
"""Labels that together make a group."""


@dataclass(frozen=True, slots=True)
class Group:
    """Runs that share `labels`: their predictions of one metric, and how far repeats among them differ."""

    table: str
    metric: str
    labels: Mapping[str, str]
    found: Sequence[Scored]
    repeats: Noise | None

    @property
    def name(self) -> str:
        """The labels in words: "deepseek-r1 on B200-SXM-180GB, trtllm"."""
        told = {k: f"{v} users" if k == "concurrency_band" else v for k, v in self.labels.items()}
        rest = [v for k, v in told.items() if k not in ("model", "chip")]
        if "model" in self.labels and "chip" in self.labels:
            return ", ".join([f"{self.labels['model']} on {self.labels['chip']}", *rest])
        return ", ".join(told.values())

    @property
    def median(self) -> float:
        """Median absolute error, as a fraction."""
        return float(np.median([abs(s.error) for s in self.found]))


def weakest(found: Iterable[Scored], pairs: Sequence[Pair], count: int) -> list[Group]:
    """Return up to `count` groups of at least `FEWEST` rows with the largest median errors, worst first.

    `found` is of one table, metric and split.  A group more than half of whose rows are in worse groups is
    passed over.
    """
    taken: set[str] = set()
    chosen = []
    for group in sorted(_groups(found, pairs), key=lambda g: (-g.median, -len(g.labels), g.name)):
        ids = {s.id for s in group.found}
        if len(ids & taken) <= SHARED * len(ids):
            chosen.append(group)
            taken |= ids
        if len(chosen) == count:
            break
    return chosen


@dataclass(frozen=True, slots=True)
class Share:
    """What a group carries of the mean error: shares of rows and of summed error, and the mean without it."""

    name: str
    rows: float
    error: float
    mean_without: float


def carriers(found: Sequence[Scored], count: int) -> list[Share]:
    """Return the groups of one model and engine that carry more of the summed error than of the rows.

    At most `count` of them, the largest excess first.  `found` is of one table, metric and split.
    """
    members: dict[str, list[float]] = {}
    for s in found:
        members.setdefault(f"{s.labels['model']}, {s.labels['engine']}", []).append(abs(s.error))
    total, n = sum(map(sum, members.values())), len(found)
    shares = [
        Share(
            name,
            len(each) / n,
            sum(each) / total,
            (total - sum(each)) / (n - len(each)) if len(each) < n else 0.0,
        )
        for name, each in members.items()
    ]
    heavy = [share for share in shares if share.error > share.rows]
    return sorted(heavy, key=lambda share: (share.rows - share.error, share.name))[:count]


def _groups(found: Iterable[Scored], pairs: Sequence[Pair]) -> list[Group]:
    members: dict[tuple[tuple[str, str], ...], list[Scored]] = {}
    for s in found:
        for cut in CUTS:
            members.setdefault(tuple((name, s.labels[name]) for name in cut), []).append(s)
    found_groups = []
    for key, each in members.items():
        if len(each) >= FEWEST:
            told, metric = dict(key), each[0].metric
            repeats = own_noise(pairs, metric, told, len(each))
            found_groups.append(Group(each[0].table, metric, told, each, repeats))
    return found_groups
