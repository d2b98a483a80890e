"""Fit of the constants of serving memory: ``python -m counterpoise.performance.memory_fit``.

Reads measurements/memory.csv and writes parameters_memory.json: the constants of all rows and those without
each fold of models, the report, and the spread of errors for intervals.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.catalogue.records import Catalogue
from counterpoise.errors import Where
from counterpoise.performance.estimate import Array
from counterpoise.performance.measured_runs import shipped
from counterpoise.performance.memory import GIB, MemoryConstants
from counterpoise.performance.memory_accuracy import (
    FOLDS,
    SCORED,
    MemoryFit,
    Rows,
    estimate_row,
    fold_of_model,
    memory_predictions,
)


def fit_constants(rows: Rows, catalogue: Catalogue) -> MemoryConstants:
    """Fit the constants on `rows`.

    The activation peak by robust least squares on log error; the rest by medians and a straight line.
    """
    from scipy.optimize import least_squares

    where = Where("memory.csv")
    cases = [(r, find_model(catalogue, r["model"]), find_chip(catalogue, r["chip"])) for r in rows]
    target = np.log([float(r["activation_peak_gib"]) for r, _, _ in cases])
    start = MemoryConstants()

    def error(
        x: Array,
    ) -> Array:
        tried = MemoryConstants(
            logit_bytes=x[0], fixed_bytes=x[1] * GIB, sampled_copies=x[2], forward_copies=x[3]
        )
        peaks = [estimate_row(r, m, c, tried, where).activation_bytes[()] / GIB for r, m, c in cases]
        return np.asarray(np.log(peaks) - target)

    x0 = [start.logit_bytes, start.fixed_bytes / GIB, start.sampled_copies, start.forward_copies]
    found = least_squares(error, x0, bounds=([8, 0, 0, 1], [24, 0.5, 4, 10]), loss="soft_l1", f_scale=0.02)
    one = [float(r["non_torch_gib"]) for r in rows if int(r["tp"]) == 1]
    several = [float(r["non_torch_gib"]) for r in rows if int(r["tp"]) > 1]
    depth = np.array([sum(g.count for g in m.layers) for _, m, _ in cases], float)
    graphs = np.array([float(r["cuda_graph_gib"]) for r in rows])
    slope = float(np.polyfit(depth, graphs, 1)[0])
    other = float(np.median(one)) if one else start.other_bytes / GIB
    return MemoryConstants(
        logit_bytes=round(float(found.x[0]), 3),
        fixed_bytes=round(float(found.x[1]), 4) * GIB,
        sampled_copies=round(float(found.x[2]), 3),
        forward_copies=round(float(found.x[3]), 3),
        other_bytes=other * GIB,
        communicator_bytes=(float(np.median(several)) - other) * GIB if several else start.communicator_bytes,
        graph_bytes=float(np.median(graphs - slope * depth)) * GIB,
        graph_layer_bytes=slope * GIB,
    )


def main(out: str | None = None) -> None:
    """Refit and write the parameter file."""
    catalogue, rows = load(), shipped("memory")
    names = [find_model(catalogue, r["model"]).name for r in rows]
    sets = {"all": fit_constants(rows, catalogue)}
    for k in range(FOLDS):
        sets[str(k)] = fit_constants(
            [r for r, n in zip(rows, names, strict=True) if fold_of_model(n) != k], catalogue
        )
    models, chips = frozenset(names), frozenset(find_chip(catalogue, r["chip"]).name for r in rows)
    flat = MemoryFit("", sets, models, chips, dict.fromkeys(SCORED, (1.0, 1.0)), {})
    results = memory_predictions(rows, catalogue=catalogue, fitted=flat)
    spread, report = {}, {}
    for column in SCORED:
        ratio = np.array(
            [
                r.predictions[column].measured / r.predictions[column].predicted
                for r in results
                if column in r.predictions
            ]
        )
        tail = 0.1 * (len(ratio) + 1) / len(ratio) - 1 / len(ratio)
        low, high = np.quantile(ratio, [tail, 1 - tail])
        # Rounded outwards: equal rows sit on the quantile, and must stay inside.
        spread[column] = (
            float(np.floor(min(low, 1.0) * 1e4) / 1e4),
            float(np.ceil(max(high, 1.0) * 1e4) / 1e4),
        )
        error = abs(1 / ratio - 1)
        report[column] = {
            "rows": len(ratio),
            "median_ape": round(float(np.median(error)), 4),
            "mean_ape": round(float(error.mean()), 4),
        }
        print(f"{column}: {report[column]}", file=sys.stderr)
    stored = {
        "made": datetime.now(UTC).date().isoformat(),
        "report": report,
        "spread": spread,
        "models": sorted(models),
        "chips": sorted(chips),
        "sets": {name: asdict(c) for name, c in sets.items()},
    }
    path = Path(out) if out else Path(__file__).with_name("parameters_memory.json")
    path.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
