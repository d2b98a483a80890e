"""The profile as a file: a user's own runs and the measured points of an accelerator, in readable JSON.

It keeps what was measured, not what was learnt: the update takes a moment, and so a profile stays right when
the shipped parameters are refitted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from counterpoise.errors import BadInput, Where
from counterpoise.performance.accelerator import Measured, Point
from counterpoise.service.own_rows import LENGTHS, TABLES, OwnFile, read_own

KIND = "counterpoise profile"
DEFAULT_NAME = "counterpoise-profile.json"
LARGEST_PROFILE_BYTES = 50_000_000
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AcceleratorRecord:
    """A measured device: which chip of the catalogue it is ("" if nobody said), its software, its points."""

    chip: str
    device: str
    driver: str
    library: str
    devices: int
    made: str
    measured: Measured


@dataclass(frozen=True, slots=True)
class Profile:
    """Own measurements: files of runs, config.json of models by name, the accelerator."""

    made: str
    files: tuple[OwnFile, ...] = ()
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    accelerator: AcceleratorRecord | None = None


def read_profile(path: Path) -> Profile:
    """Read a profile; `BadInput` says what is wrong with the file."""
    raw = read_own(path, LARGEST_PROFILE_BYTES, "Write one: counterpoise calibrate --runs FILE.csv")
    where = Where(str(path))
    try:
        data = json.loads(raw.decode("utf-8-sig"))
    except (UnicodeDecodeError, RecursionError):
        raise BadInput("the file is not UTF-8 JSON.", where=where) from None
    except json.JSONDecodeError as error:
        raise BadInput(f"not JSON ({error.msg}).", where=Where(str(path), error.lineno)) from None
    if not isinstance(data, dict) or data.get("kind") != KIND:
        raise BadInput(
            "this is no profile.",
            where=where,
            hint="Give what `counterpoise calibrate` wrote; tables and benchmarks go to its --runs.",
        )
    try:
        return _profile(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(
            f"the profile is damaged ({type(error).__name__}: {error}).",
            where=where,
            hint="Write it again with counterpoise calibrate.",
        ) from None


def _profile(data: Mapping[str, Any]) -> Profile:
    files = tuple(
        OwnFile(
            file=str(f["file"]),
            sha256=str(f["sha256"]),
            table=_one_of(f["table"], TABLES),
            lengths=_one_of(f["lengths"], LENGTHS),
            rows=tuple({str(k): str(v) for k, v in row.items()} for row in f["rows"]),
            refused={str(k): int(v) for k, v in f["refused"].items()},
        )
        for f in data["runs"]
    )
    found = data.get("accelerator")
    record = None
    if found is not None:
        points = tuple(
            Point(
                str(p["operator"]),
                str(p["precision"]),
                {str(k): int(v) for k, v in p["shape"].items()},
                float(p["seconds"]),
                float(p["flops"]),
                float(p["bytes"]),
                float(p["unsteadiness"]),
            )
            for p in found["points"]
        )
        if any(not 0 < p.seconds < 1e6 or not 1 <= p.unsteadiness < 1e6 for p in points):
            raise ValueError("a time that is not positive")
        record = AcceleratorRecord(
            str(found["chip"]),
            str(found["device"]),
            str(found["driver"]),
            str(found["library"]),
            int(found["devices"]),
            str(found["made"]),
            Measured(points, {str(k): str(v) for k, v in found["not_measured"].items()}),
        )
    return Profile(str(data["made"]), files, dict(data.get("models", {})), record)


def _one_of(value: object, known: Sequence[str]) -> str:
    if value not in known:
        raise ValueError(f"{value!r} is none of {', '.join(known)}")
    return str(value)


def profile_document(profile: Profile, learnt: Mapping[str, Any]) -> Document:
    """Return a profile as JSON values; `learnt` is what it taught when it was written, for people to read."""
    record = profile.accelerator
    return {
        "kind": KIND,
        "made": profile.made,
        "learnt": dict(learnt),
        "runs": [
            {
                "file": f.file,
                "sha256": f.sha256,
                "table": f.table,
                "lengths": f.lengths,
                "refused": dict(f.refused),
                "rows": [{k: v for k, v in row.items() if v} for row in f.rows],
            }
            for f in profile.files
        ],
        "models": {name: dict(config) for name, config in profile.models.items()},
        "accelerator": None
        if record is None
        else {
            "chip": record.chip,
            "device": record.device,
            "driver": record.driver,
            "library": record.library,
            "devices": record.devices,
            "made": record.made,
            "not_measured": dict(record.measured.not_measured),
            "points": [asdict(p) for p in record.measured.points],
        },
    }
