"""What InferenceMAX ran with, where a row does not print it: settings read from its published launch scripts.

`measurements/recipes.csv` holds one setting a line, for the runs that its other columns describe; where
several lines match, the last holds.  Each names the script, with the commit or the pull request, of
github.com/SemiAnalysisAI/InferenceX (Apache-2.0).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from functools import cache
from importlib import resources

SETTINGS = ("kv_precision", "memory_share", "batch_wait_steps", "poll_steps", "drafts", "expert_parallel")
"""What a line may set: bits of the cache, the engine's share of the memory, the longest wait for company and
the interval between looks for requests (decode steps), tokens drafted a step, experts over all chips of a
worker."""
EQUAL = {
    "model": "model",
    "chip": "chip",
    "precision": "precision",
    "version": "framework_version",
    "ep": "ep",
}
"""Column of the recipes -> column of a row, where one must equal the other."""


@cache
def _lines() -> tuple[Mapping[str, str], ...]:
    path = resources.files("counterpoise.performance") / "measurements" / "recipes.csv"
    return tuple(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def settings(row: Mapping[str, str], engine: str) -> dict[str, str]:
    """Settings of an InferenceMAX run of the serving table, by name; only those that its script states."""
    return {line["setting"]: line["value"] for line in _lines() if _describes(line, row, engine)}


def _describes(line: Mapping[str, str], row: Mapping[str, str], engine: str) -> bool:
    """Whether a line of the recipes is of this run; an empty cell says nothing."""

    def text(column: str) -> str:
        return (row.get(column) or "").strip()

    day = text("measured")[:10]
    users, replicas = float(text("concurrency") or 0), float(text("dp") or 1)
    return (
        line["engine"] == engine
        and all(not line[c] or line[c] == text(of) for c, of in EQUAL.items())
        and (not line["first_day"] or line["first_day"] <= day)
        and (not line["last_day"] or day <= line["last_day"])
        and line["marks"] in text("source")
        and line["lengths"] in ("", f"{text('input_len')}x{text('output_len')}")
        and (not line["tp"] or text("tp") in line["tp"].split())
        and users >= float(line["users_from"] or 0)
        and replicas >= float(line["dp_from"] or 0)
    )
