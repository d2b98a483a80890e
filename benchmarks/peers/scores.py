"""Errors of two predictors on the same rows; pure functions on plain rows."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEAST_ROWS = 10
"""Fewest rows of a group that is compared."""

METRICS = ("tpot", "ttft")
DETAIL = re.compile(r"\. | \{| = |\(")
"""Where a refusal begins to speak of one row only."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A row that both predict: measured, the peer's and ours, milliseconds by metric."""

    id: str
    group: tuple[str, ...]
    measured: Mapping[str, float]
    peer: Mapping[str, float]
    ours: Mapping[str, float]
    how: str = ""


def pairs(
    points: Sequence[Mapping[str, Any]],
    told: Sequence[Mapping[str, Any]],
    ours: Mapping[str, Mapping[str, float]],
    measured: Mapping[str, Mapping[str, float]],
) -> list[Pair]:
    """Rows predicted by both, by id.  `told`: a peer's answers to `points`, refusals among them."""
    by_id = {answer["id"]: answer for answer in told if "refused" not in answer}
    out = []
    for point in points:
        key = point["id"]
        if key in by_id and key in ours and key in measured:
            answer = by_id[key]
            group = (point["model"], point["weight_precision"], point["chip"], point["engine"])
            found = {m: float(answer[f"{m}_ms"]) for m in METRICS}
            out.append(Pair(key, group, measured[key], found, ours[key], answer.get("how", "")))
    return out


def errors(rows: Iterable[Pair], whose: str) -> dict[str, dict[str, float]]:
    """Median, mean and bias (median signed error) of `whose` "peer" | "ours" by metric, as fractions."""
    out = {}
    kept = list(rows)
    for metric in METRICS:
        signed = [getattr(p, whose)[metric] / p.measured[metric] - 1 for p in kept if p.measured.get(metric)]
        if signed:
            size = [abs(x) for x in signed]
            out[metric] = {
                "n": len(signed),
                "median": statistics.median(size),
                "mean": statistics.fmean(size),
                "bias": statistics.median(signed),
            }
    return out


def refusals(
    told: Iterable[Mapping[str, Any]], model_of: Callable[[str], str], most: int = 8
) -> list[tuple[int, str]]:
    """Most frequent refusals of a peer as (rows, "model: why"), the many first."""
    counted = Counter(
        f"{model_of(a['id'])}: {DETAIL.split(a['refused'])[0].strip()}" for a in told if "refused" in a
    )
    return [(n, why) for why, n in counted.most_common(most)]


def closer(rows: Iterable[Pair], metric: str) -> list[dict[str, Any]]:
    """Groups where the peer's median error is the smaller, the largest difference first."""
    groups: dict[tuple[str, ...], list[Pair]] = {}
    for pair in rows:
        groups.setdefault(pair.group, []).append(pair)
    out = []
    for group, members in groups.items():
        if len(members) < LEAST_ROWS:
            continue
        theirs, mine = errors(members, "peer"), errors(members, "ours")
        if metric in theirs and theirs[metric]["median"] < mine[metric]["median"]:
            out.append(
                {
                    "group": list(group),
                    "n": theirs[metric]["n"],
                    "peer": theirs[metric]["median"],
                    "ours": mine[metric]["median"],
                    "ours_bias": mine[metric]["bias"],
                }
            )
    return sorted(out, key=lambda g: g["peer"] - g["ours"])
