"""What a measured row ran, in the words by which errors are told apart: source, engine, version, load.

The same labels for every kind of table, whatever its columns are called.  Prediction never reads them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from counterpoise.performance.measured_runs import engine_of
from counterpoise.performance.training_rows import framework_group

LABELS = (
    "source",
    "chip",
    "engine",
    "version",
    "model",
    "precision",
    "mode",
    "concurrency_band",
    "quality",
)
"""Labels of a row; one that the table has nothing for is "not given"."""
NOT_GIVEN = "not given"
BANDS = ((1, "1"), (8, "2-8"), (32, "9-32"), (128, "33-128"), (512, "129-512"), (math.inf, "over 512"))
"""Upper bound of users at a time (or sequences in a batch) -> name of the band."""
_FILE = re.compile(r"source_file=([^;]+?)(?:\.csv)?(?:;|$)|(db-dump/[\d-]+)")
_PRECISIONS = {
    "f16": "fp16",
    "fp16/bf16 (default, unverified)": "16 bits, which unsaid",
    "fp8? unverified": "fp8, unverified",
    "fp8/bf16 mixed? unverified": "fp8, unverified",
    "int8/bf16 mixed? unverified": "int8, unverified",
    "current scaling; parentheses mxfp8/subchannel": "fp8-cs",
    "mxfp8": "fp8-mx",
}
"""Spellings of one precision, and those too long to head a row."""
_SCENARIOS = {"mlperf-singlestream": "mlperf, one stream"}


def row_id(row: Mapping[str, str], place: int) -> str:
    """Id of a row: its own, or (memory.csv has none) its `place` in the table, 0-based."""
    return (row.get("id") or row.get("row_id") or str(place)).strip()


def labels(row: Mapping[str, str], kind: str) -> dict[str, str]:
    """Labels of a row of a table of `kind`, by `LABELS`; "not given" where the row is silent."""

    def cell(*columns: str) -> str:
        return next((text for c in columns if (text := (row.get(c) or "").strip())), "")

    framework = cell("framework")
    precision = cell("precision").casefold()
    found = {
        "source": _source(row),
        "chip": cell("chip"),
        "engine": framework_group(framework) if kind == "training" else engine_of(framework),
        "version": cell("framework_version") or (framework if kind in ("inference", "training") else ""),
        "model": cell("model"),
        "precision": _PRECISIONS.get(precision, precision),
        "mode": _SCENARIOS.get(cell("scenario"), cell("mode", "scenario", "task")),
        "concurrency_band": band(cell("concurrency", "batch")),
        "quality": cell("quality").upper(),
    }
    if kind == "serving" and found["version"]:
        found["version"] = f"{found['engine']} {found['version']}"
    return {name: value or NOT_GIVEN for name, value in found.items()}


def band(users: str) -> str:
    """Band of concurrency that `users`, as written in the row, falls into; "" where it says no number."""
    try:
        number = float(users)
    except ValueError:
        return ""
    return next((name for most, name in BANDS if number <= most), "")


def _source(row: Mapping[str, str]) -> str:
    """Group of the source where the table names it, else the file that the source column names."""
    group = (row.get("source_group") or "").strip()
    found = _FILE.search(row.get("source") or "")
    if group or found is None:
        return group
    return found[1] or found[2]
