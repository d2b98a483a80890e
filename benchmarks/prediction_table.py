"""A table of serving points in one call, against one call a point (the way of GenZ and llm-analysis)."""

from __future__ import annotations

import numpy as np

from benchmarks.timing import best_s
from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.performance.serving import estimate_serving

POINTS = 2000
SCALAR_POINTS = 20


def main() -> None:
    """Print points per second both ways, and the ratio."""
    catalogue = load()
    model, chip = find_model(catalogue, "deepseek-r1"), find_chip(catalogue, "H20")
    users = np.geomspace(1.0, 512.0, POINTS)

    def predict(concurrency: np.ndarray) -> None:
        estimate_serving(
            model, chip, weight_precision="fp8", kv_precision="bf16", tp=8, pp=1, dp=1, ep=1,
            concurrency=concurrency, input_tokens=4000.0, output_tokens=1000.0, scale_up_chips=8,
        )  # fmt: skip

    table = POINTS / best_s(lambda: predict(users))
    scalar = SCALAR_POINTS / best_s(lambda: [predict(users[i : i + 1]) for i in range(SCALAR_POINTS)])
    ratio = table / scalar
    print(f"a table {table:,.0f} points/s, one call a point {scalar:,.0f} points/s; ratio {ratio:,.0f}")
