"""Our own side: the rows by cross-validation, points a second in one table call, and a cold search."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers.points import TIMED_CHIP, TIMED_MODEL, timed_table
from benchmarks.timing import best_s
from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.performance.accuracy import accuracy_of_rows
from counterpoise.performance.measured_runs import Run
from counterpoise.performance.serving import estimate_serving

COLUMNS = {"ttft": "ttft_mean_ms", "tpot": "tpot_mean_ms"}
TABLE = 200_000


def measured_ms(found: Sequence[Run]) -> dict[str, dict[str, float]]:
    """What was measured, milliseconds by id and metric."""
    return {
        run.id: {m: run.measured[column] for m, column in COLUMNS.items() if column in run.measured}
        for run in found
    }


def predicted_ms(found: Sequence[Run], scratch: Path) -> dict[str, dict[str, float]]:
    """Our predictions by id and metric, each by a fit that saw nothing of the row's own condition."""
    scratch.parent.mkdir(parents=True, exist_ok=True)
    accuracy_of_rows([dict(run.row) for run in found], "serving", predictions=scratch)
    with scratch.open(encoding="utf-8", newline="") as rows:
        return {
            row["id"]: {m: float(row[f"predicted_{column}"]) for m, column in COLUMNS.items()}
            for row in csv.DictReader(rows)
            if not row["refused"] and all(row[f"predicted_{column}"] for column in COLUMNS.values())
        }


def points_per_s(count: int = TABLE) -> float:
    """Operating points (TTFT, TPOT, memory, power) a second, all in one call, best of three."""
    catalogue = load()
    model, chip = find_model(catalogue, TIMED_MODEL), find_chip(catalogue, TIMED_CHIP)
    table = timed_table(count)

    def predict() -> None:
        estimate_serving(
            model,
            chip,
            weight_precision="fp8",
            kv_precision="fp8",
            tp=table["tp"],
            concurrency=table["concurrency"],
            input_tokens=table["input_tokens"],
            output_tokens=table["output_tokens"],
            scale_up_chips=8,
            engine="trtllm",
        )

    return count / best_s(predict)
