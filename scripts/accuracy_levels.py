"""Levels of the cells of a model or chip never seen: `python scripts/accuracy_levels.py [SPLIT [METRIC]]`.

SPLIT: fold, model (as if nothing is given), chip or family; METRIC: tpot_mean_ms or ttft_mean_ms.  Reads the
predictions that the fit left in docs/accuracy.
"""

from __future__ import annotations

import sys

from accuracy_page import STORED, read_stored

from counterpoise.performance.measured_runs import shipped
from counterpoise.report.accuracy_levels import alike, cells_table, levels, summary_table
from counterpoise.report.accuracy_tables import METRIC_WORDS, PARTS
from counterpoise.report.noise import shipped_pairs
from counterpoise.report.scored import SPLITS


def main(split: str = "model", metric: str = "tpot_mean_ms") -> None:
    """Print the summary, then every cell."""
    tables = {kind: shipped(kind) for kind in ("serving", "inference", "training")}
    found = read_stored(STORED, tables)
    members = [s for s in PARTS[0].of(found) if s.split == split and s.metric == metric]
    if not members:
        raise SystemExit(f"no predictions of {metric} with {split} left out; splits: {', '.join(SPLITS)}")
    taken = levels(members, alike(shipped_pairs("serving"), tables["serving"]))
    lines = [
        *summary_table([(f"{SPLITS[split]}, {METRIC_WORDS[metric]}", taken)]),
        "",
        *cells_table(taken, 99),
    ]
    print("\n".join(lines))


if __name__ == "__main__":
    main(*sys.argv[1:3])
