"""`calibrate`: measures the user's accelerator, learns from the user's runs, and writes both as a profile."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from counterpoise.catalogue import find_chip, find_model, load, with_own_rows
from counterpoise.catalogue.hf import model_from_config
from counterpoise.catalogue.records import Catalogue
from counterpoise.errors import BadInput, UnknownName, Where
from counterpoise.performance.accelerator import Device, measure
from counterpoise.performance.accelerator_shares import rates, shares
from counterpoise.performance.estimate import Array
from counterpoise.performance.measured_runs import ENGINES, engine_of
from counterpoise.performance.own_calibration import OWN
from counterpoise.performance.torch_device import torch_device
from counterpoise.service.own_measurements import OwnMeasurements, measurements
from counterpoise.service.own_rows import OwnFile, Said, read_own, read_own_file
from counterpoise.service.profile_file import AcceleratorRecord, Profile, profile_document, read_profile

Document = dict[str, Any]
LARGEST_CONFIG_BYTES = 5_000_000
MOST_RUNS = 1000
"""Runs that a profile learns from: a few hundred say as much, and every answer learns from them anew."""
SHORT = {"ttft_mean_ms": "ttft", "tpot_mean_ms": "tpot", "output_tok_s_total": "rate"}


def calibrate(
    *,
    runs: Sequence[Path],
    out: Path,
    start: Path | None = None,
    said: Said | None = None,
    lengths: str = "drawn",
    case: Path | None = None,
    device: str | None = None,
    overwrite: bool = False,
    say: Callable[[str], None] = lambda _: None,
    open_device: Callable[[str | None], Device] = torch_device,
) -> Document:
    """Answer `counterpoise calibrate` and write the profile to `out`.

    With `runs`, learns from them; without, or where `device` is named, measures the accelerator.  `start` is
    a profile to add to; `case` a folder whose own chips and models count.  `said` fills what files leave out;
    its model may be the path of a config.json.  Raises `BadInput` before anything is written.
    """
    told = said or Said()
    if out.exists() and not overwrite:
        raise BadInput(
            "the file exists.",
            where=Where(str(out)),
            hint="Choose another with --out, or write over it with --replace.",
        )
    if not out.absolute().parent.is_dir():
        raise BadInput("there is no such folder.", where=Where(str(out)), hint="Choose another with --out.")
    facts = load() if case is None else with_own_rows(load(), case.parent if case.is_file() else case)
    profile = read_profile(start) if start else Profile("")
    profile = replace(profile, made=datetime.now(UTC).date().isoformat())
    profile, told = _with_config(profile, told)
    _check_names(facts, profile, told)
    files = [read_own_file(path, told, lengths) for path in runs]
    profile = replace(profile, files=_joined(profile.files, files))
    total = sum(len(f.rows) for f in profile.files)
    if total > MOST_RUNS:
        raise BadInput(
            f"{total} runs are too many to learn from.",
            where=Where(field="--runs"),
            hint=f"Give a sample of at most {MOST_RUNS}, spread over lengths and concurrency.",
        )
    if not runs or device is not None:
        profile = replace(
            profile, accelerator=_measured(open_device(device), told.chip, facts, profile.made, say)
        )
    learnt = measurements(profile, facts, name=out.name)
    answer = _answer(profile, learnt, facts)
    _write(out, profile_document(profile, answer))
    return {"profile": str(out), **answer}


def _with_config(profile: Profile, said: Said) -> tuple[Profile, Said]:
    """Take in a model given as the path of a config.json: the profile holds it, and rows name it."""
    path = Path(said.model)
    if path.suffix != ".json":
        return profile, said
    where = Where(str(path))
    try:
        config = json.loads(
            read_own(path, LARGEST_CONFIG_BYTES, "Give the path of a config.json.").decode("utf-8-sig")
        )
    except (UnicodeDecodeError, RecursionError, json.JSONDecodeError):
        raise BadInput("not a config.json.", where=where) from None
    if not isinstance(config, dict):
        raise BadInput("not a config.json: the file holds no object.", where=where)
    name = path.parent.name if path.stem == "config" and path.parent.name else path.stem
    model_from_config(config, name, where=where)
    return replace(profile, models={**profile.models, name: config}), replace(said, model=name)


def _check_names(facts: Catalogue, profile: Profile, said: Said) -> None:
    if said.chip:
        find_chip(facts, said.chip, where=Where(field="--chip"))
    if said.framework and said.framework != "generic" and engine_of(said.framework) == "generic":
        raise UnknownName("engine", said.framework, [e for _, e in ENGINES], where=Where(field="--engine"))
    if said.model and said.model not in profile.models:
        find_model(facts, said.model, where=Where(field="--model"))


def _joined(before: Sequence[OwnFile], new: Sequence[OwnFile]) -> tuple[OwnFile, ...]:
    """Files of a profile with new ones; the same file given again takes its old place, not a second one."""
    digests = {f.sha256 for f in new}
    unique = {f.sha256: f for f in new}
    return (*(f for f in before if f.sha256 not in digests), *unique.values())


def _measured(
    device: Device, chip: str, facts: Catalogue, made: str, say: Callable[[str], None]
) -> AcceleratorRecord:
    found = find_chip(facts, chip).name if chip else _chip_named(device.name, facts)
    say(f"{device.name}: {found or 'no chip of the catalogue by that name'}")
    return AcceleratorRecord(
        found, device.name, device.driver, device.library, device.count, made, measure(device, say=say)
    )


def _chip_named(device: str, facts: Catalogue) -> str:
    """Chip of the catalogue that a driver's name means, where it is sure to mean one; else ""."""
    words = device.upper().replace("-", " ").split()
    for chip in facts.chips:
        parts = chip.upper().replace("-", " ").split()
        memory = [p for p in parts if p.endswith("GB")]
        if parts[0] in words and all(m in words for m in memory) and ("PCIE" in parts) == ("PCIE" in words):
            return chip
    return ""


def _answer(profile: Profile, learnt: OwnMeasurements, facts: Catalogue) -> Document:
    """What was learnt, as a plain document."""
    answer: Document = {"made": profile.made, "refused": dict(learnt.refused), "notes": list(learnt.notes)}
    if learnt.serving_learnt:
        one = learnt.serving_learnt
        answer["serving"] = {
            "runs": one.runs,
            "metrics": {
                name: _errors(one.before[name], error, one.calibration.spread[OWN].get(SHORT.get(name, "")))
                for name, error in one.left_out.items()
            },
        }
    if learnt.training_learnt:
        trained = learnt.training_learnt
        spread = trained.calibration.spread[OWN]
        answer["training"] = {
            "runs": trained.runs,
            "metrics": {"tokens_per_s_per_chip": _errors(trained.before, trained.left_out, spread)},
        }
    record = profile.accelerator
    if record is not None:
        chip = find_chip(facts, record.chip) if record.chip else None
        answer["accelerator"] = {
            "device": record.device,
            "chip": record.chip or None,
            "driver": record.driver,
            "library": record.library,
            "devices": record.devices,
            "points": len(record.measured.points),
            "rates": rates(record.measured.points),
            "shares": shares(record.measured.points, chip) if chip else {},
            "over_expected": dict(learnt.step.ratio) if learnt.step else {},
            "not_measured": dict(record.measured.not_measured),
        }
    return answer


def _errors(before: Array, left_out: Array, interval: tuple[float, float] | None) -> Mapping[str, Any]:
    """Median errors as fractions: by what is shipped, and by the update without the run itself."""
    found: Document = {
        "n": len(left_out),
        "before_median_ape": float(np.median(np.abs(np.expm1(before)))),
        "left_out_median_ape": float(np.median(np.abs(np.expm1(left_out)))),
    }
    return found | ({"interval80": list(interval)} if interval else {})


def _write(out: Path, document: Document) -> None:
    partial = out.with_name(out.name + ".part")
    try:
        partial.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        partial.replace(out)
    except OSError as error:
        raise BadInput(
            f"cannot be written ({error.strerror}).", where=Where(str(out)), hint="Choose another with --out."
        ) from None
