"""The points that all predictors get: rows of the measured serving table, and a table to time them on."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from counterpoise.catalogue import find_chip, find_model
from counterpoise.catalogue.records import Catalogue
from counterpoise.performance.measured_runs import Run, runs, shipped

SEED = 20260101
TIMED_MODEL, TIMED_CHIP = "llama3.1-70b", "H100-SXM5-80GB"
"""Known to every peer, in FP8 on two to eight chips."""

TIMED_LAYOUTS = (2, 4, 8)
LONGEST_INPUT, LONGEST_OUTPUT, MOST_USERS = 4096, 2048, 32
"""Small enough to fit two chips."""


def measured() -> list[Run]:
    """Shipped serving runs that are aggregated and not of quality C."""
    rows = [r for r in shipped("serving") if r["mode"] != "disagg" and r["quality"].strip() != "C"]
    return runs(rows, "serving")


def sample(found: Sequence[Run], count: int | None) -> list[Run]:
    """`count` runs drawn with a fixed seed, in the order of the table; all where `count` is None."""
    if count is None or count >= len(found):
        return list(found)
    chosen = sorted(random.Random(SEED).sample(range(len(found)), count))
    return [found[i] for i in chosen]


def as_points(found: Sequence[Run]) -> list[dict[str, Any]]:
    """Plain values of runs, as an adapter reads them: what was run, never what was measured."""
    return [
        {
            "id": run.id,
            "model": run.model,
            "chip": run.chip,
            "engine": run.engine,
            "weight_precision": run.weight_precision,
            "kv_precision": run.kv_precision,
            "gemm_precision": run.row.get("gemm_precision", ""),
            "moe_precision": run.row.get("moe_precision", ""),
            "tp": run.tp,
            "pp": run.pp,
            "dp": run.dp,
            "ep": run.ep,
            "moe_tp": int(run.row.get("moe_tp") or 1),
            "concurrency": int(run.users),
            "input_tokens": int(run.input_tokens),
            "output_tokens": int(run.output_tokens),
        }
        for run in found
    ]


def timed_table(count: int) -> dict[str, np.ndarray]:
    """`count` different points of one model on one chip, float arrays (points,), with a fixed seed."""
    draw = np.random.default_rng(SEED)
    return {
        "tp": draw.choice(TIMED_LAYOUTS, count).astype(float),
        "concurrency": draw.integers(1, MOST_USERS, count, endpoint=True).astype(float),
        "input_tokens": draw.integers(128, LONGEST_INPUT, count, endpoint=True).astype(float),
        "output_tokens": draw.integers(64, LONGEST_OUTPUT, count, endpoint=True).astype(float),
    }


def timed_points(count: int) -> list[dict[str, Any]]:
    """Return the first `count` points of that table as an adapter reads them."""
    table = timed_table(count)
    fixed = {
        "model": TIMED_MODEL,
        "chip": TIMED_CHIP,
        "engine": "trtllm",
        "weight_precision": "fp8",
        "kv_precision": "fp8",
        "gemm_precision": "fp8",
        "moe_precision": "fp8",
        "pp": 1,
        "dp": 1,
        "ep": 1,
        "moe_tp": 1,
    }
    return [
        {"id": str(i), **fixed, **{name: int(values[i]) for name, values in table.items()}}
        for i in range(count)
    ]


def facts(points: Sequence[Mapping[str, Any]], catalogue: Catalogue) -> dict[str, dict[str, Any]]:
    """Architecture and data sheet of every model and chip of `points`, for peers that take them as input."""
    models = {}
    for name in sorted({p["model"] for p in points}):
        model = find_model(catalogue, name)
        models[name] = {
            "hidden": model.hidden,
            "vocab": model.vocab,
            "max_position": model.max_position,
            "layers": [asdict(group) for group in model.layers],
        }
    chips = {
        name: {figure: f.mid for figure, f in find_chip(catalogue, name).figures.items()}
        for name in sorted({p["chip"] for p in points})
    }
    return {"models": models, "chips": chips}
