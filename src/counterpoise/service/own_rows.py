"""A user's files of runs as rows of the measured tables: CSV as it is, JSON of benchmark tools as rows.

What a file does not say (chip, precision, parallelism, ...) the command line says; what nobody says is asked.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from counterpoise.errors import BadInput, Where, nearest
from counterpoise.performance.measured_file import read_rows
from counterpoise.performance.measured_runs import PRECISIONS
from counterpoise.service.benchmark_files import Row, looks_like_json, read_benchmarks
from counterpoise.service.cases import read_small

LARGEST_FILE_BYTES = 100_000_000
"""Benchmark JSON with every request in it is large."""
ASKED = {
    "chip": "--chip",
    "model": "--model",
    "framework": "--engine",
    "precision": "--precision",
    "tp": "--tp",
    "input_len": "the mean length of a prompt in tokens",
    "output_len": "the mean length of an answer in tokens",
    "concurrency": "the number of users",
}
"""Column that a serving run needs -> who says it."""
LENGTHS = ("drawn", "exact")
TABLES = ("serving", "inference", "training")


@dataclass(frozen=True, slots=True)
class Said:
    """What the command line says of runs whose file does not; "" says nothing."""

    chip: str = ""
    model: str = ""
    framework: str = ""
    framework_version: str = ""
    precision: str = ""
    kv_precision: str = ""
    tp: str = ""
    pp: str = ""
    dp: str = ""
    ep: str = ""

    def columns(self) -> dict[str, str]:
        """What is said, by column."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name)}


@dataclass(frozen=True, slots=True)
class OwnFile:
    """Rows of one file, of a `table` "serving" | "inference" | "training"; `refused`: reason -> rows.

    `lengths`: "drawn" where lengths vary in 80 to 100 % of `input_len` and `output_len`, as in the shipped
    table; "exact" where these are means.
    """

    file: str
    sha256: str
    table: str
    lengths: str
    rows: tuple[Row, ...]
    refused: Mapping[str, int]


def read_own(path: Path, largest_bytes: int, hint: str) -> bytes:
    """Return the bytes of a file that the command line names; `hint` says what it should be."""
    if not path.is_file():
        raise BadInput("there is no such file.", where=Where(str(path)), hint=hint)
    return read_small(path, largest_bytes)


def read_own_file(path: Path, said: Said, lengths: str = "drawn") -> OwnFile:
    """Read a CSV of the measured tables' columns, or a result of vLLM, SGLang or GuideLLM.

    Raises `BadInput` with file, line and column, and the option that says what is lacking.
    """
    if lengths not in LENGTHS:
        raise BadInput(
            f'"{lengths}" says nothing of lengths.',
            where=Where(field="--lengths"),
            hint=f"Write {' or '.join(LENGTHS)}.",
        )
    raw = read_own(path, LARGEST_FILE_BYTES, "Give the path of a CSV table or of a benchmark's JSON.")
    digest = hashlib.sha256(raw).hexdigest()
    if looks_like_json(raw[:1000].decode("utf-8-sig", errors="replace")):
        return _from_json(path, raw, digest, said)
    rows = read_rows(path)
    table = "training" if "seq_len" in rows[0] else "inference" if "scenario" in rows[0] else "serving"
    if table == "serving":
        rows = [
            _checked(_filled(row, said), Where(str(path), line)) for line, row in enumerate(rows, start=2)
        ]
    return OwnFile(path.name, digest, table, lengths, tuple(rows), {})


def _from_json(path: Path, raw: bytes, digest: str, said: Said) -> OwnFile:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput("the file is not UTF-8.", where=Where(str(path))) from None
    refused: Counter[str] = Counter()
    kept = []
    for number, found in enumerate(read_benchmarks(text, str(path)), start=1):
        if found.refusal:
            refused[found.refusal] += 1
            continue
        row = {"id": f"{path.stem} {number}", **found.row, "source": path.name}
        kept.append(_checked(_filled(row, said), Where(str(path), found.line)))
    return OwnFile(path.name, digest, "serving", "exact", tuple(kept), dict(refused))


def _filled(row: Row, said: Said) -> Row:
    """The row, with what the command line says where it is blank."""
    blank = {c: v for c, v in said.columns().items() if not (row.get(c) or "").strip()}
    return {**row, **blank}


def _checked(row: Row, where: Where) -> Row:
    """A serving row that says all that a prediction needs."""
    split = (row.get("mode") or "").strip() == "disagg"
    for column, who in ASKED.items():
        if (row.get(column) or "").strip() or (split and column == "tp"):
            continue
        raise BadInput(
            f"the run does not say its {column}.",
            where=Where(where.file, where.line, column),
            hint=f"Say it with {who}." if who.startswith("--") else f"It is {who}.",
        )
    for column in ("precision", "kv_precision"):
        given = (row.get(column) or "").strip().casefold()
        if given and given not in PRECISIONS:
            close = nearest(given, PRECISIONS)
            raise BadInput(
                f'unknown precision "{row[column]}".',
                where=Where(where.file, where.line, column),
                hint=f"Did you mean {' or '.join(close)}?"
                if close
                else "Write bf16, fp8, int8, int4 or fp4.",
            )
        if given:
            row = {**row, column: PRECISIONS[given]}
    return row
