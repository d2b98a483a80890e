"""What every adapter shares: read points, predict each or keep the peer's refusal, write answers and times.

Runs inside the peer's own environment, with nothing but the standard library:
`python drive_PEER.py QUESTION.json ANSWER.json`.  QUESTION: {"task": "rows" | "rate", "points": [...],
"models": {...}, "chips": {...}, "seconds": budget}.  "rows" predicts every point; "rate" counts how many
it predicts until the budget is spent, after one point of each layout has warmed its tables.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

PLACE = re.compile(r"\S*site-packages/")
LONGEST = 200

Point = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """A peer's answer to one point, milliseconds; `how` says which of its ways gave it."""

    ttft_ms: float
    tpot_ms: float
    how: str = ""


class CannotSayError(Exception):
    """The peer has no words for this point: a model, a chip or a layout that its inputs cannot state."""


Predict = Callable[[Point], Told]
Prepare = Callable[[dict[str, Any]], Predict]


def answer(distribution: str, prepare: Prepare) -> None:
    """Answer the question of the command line; `prepare` gets the question and returns the predictor."""
    question = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    started = time.perf_counter()
    predict = prepare(question)
    told: dict[str, Any] = {"peer": distribution, "version": version(distribution)}
    told["import_s"] = time.perf_counter() - started
    told |= _rows(question, predict) if question["task"] == "rows" else _rate(question, predict)
    Path(sys.argv[2]).write_text(json.dumps(told), encoding="utf-8")


def _rows(question: dict[str, Any], predict: Predict) -> dict[str, Any]:
    started = time.perf_counter()
    rows = [_one(point, predict) for point in question["points"]]
    return {"rows": rows, "seconds": time.perf_counter() - started}


def _one(point: Point, predict: Predict) -> dict[str, Any]:
    try:
        told = predict(point)
    except Exception as error:  # noqa: BLE001 - whatever a peer raises for a point is its refusal
        words = PLACE.sub("", " ".join(str(error).split()))[:LONGEST]
        return {"id": point["id"], "refused": words or type(error).__name__}
    return {"id": point["id"], "ttft_ms": told.ttft_ms, "tpot_ms": told.tpot_ms, "how": told.how}


def _rate(question: dict[str, Any], predict: Predict) -> dict[str, Any]:
    points = question["points"]
    for first in {point["tp"]: point for point in points}.values():
        predict(first)
    started = time.perf_counter()
    done = 0
    # The points are few enough to be all different: no answer is one that was kept from before.
    for point in points:
        predict(point)
        done += 1
        if time.perf_counter() - started > question["seconds"]:
            break
    return {"points": done, "seconds": time.perf_counter() - started}
