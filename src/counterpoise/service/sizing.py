"""`size`: the best deployments of a model under latency targets, with what a million output tokens costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from counterpoise.catalogue import as_of as known_on
from counterpoise.catalogue import find_chip, load
from counterpoise.catalogue.records import Catalogue, Chip, Model, System
from counterpoise.errors import BadInput, Refused, Where
from counterpoise.performance.calibration import Calibration, shipped_calibration
from counterpoise.performance.frontier import frontier_points
from counterpoise.performance.sizing import (
    EngineFeatures,
    OperatingPoint,
    Refusal,
    Target,
    best_points,
    sizing_tables,
)
from counterpoise.service.asked_model import HUB, model_of
from counterpoise.service.chip_prices import ChipHour, chip_hour, given_hour
from counterpoise.service.sizing_question import PRECISIONS, Question
from counterpoise.service.sizing_rows import Hardware, Offered, frontier_row, offered

Document = dict[str, Any]
_CUDA_ONLY = ("trtllm",)


@dataclass(frozen=True, slots=True)
class Extras:
    """What else is wanted of deployment number `choose`: where its time goes, how to launch it.

    `choose` None: the best in the precision of the release, or else the best.

    `export`: "vllm" | "sglang" | "trtllm" | "kubernetes" | "" for none.  `image`: container to run.
    """

    choose: int | None = None
    why: bool = False
    export: str = ""
    image: str = ""


def size_model(
    model_name: str,
    chip_names: tuple[str, ...],
    asked: Question,
    limit: int,
    day: date | None,
    *,
    extras: Extras | None = None,
    calibration: Calibration | None = None,
    profile: Path | None = None,
) -> Document:
    """Answer `counterpoise size`; the shape is that of the contract for machines.

    `calibration` None: the one that ships, or what it learns from `profile`, a file of own measurements that
    `counterpoise calibrate` wrote.  Chips without a name given are all that the day knows.
    """
    today = day or date.today()
    catalogue = known_on(load(), today)
    notes: tuple[str, ...] = ()
    if profile is not None:
        from counterpoise.service.own_measurements import load_profile

        own = load_profile(profile, catalogue)
        calibration, notes = own.serving, own.notes
    model = model_of(catalogue, model_name)
    if not model.layers:
        raise Refused(
            f"{model.name} is closed: its architecture is not public, so it cannot be deployed. What its API "
            f"costs: counterpoise catalogue api --model {model.name}"
        )
    names = [find_chip(catalogue, name).name for name in chip_names] or sorted(catalogue.chips)
    found: list[Offered] = []
    frontier: list[Document] = []
    refused: list[Refusal] = []
    for name in dict.fromkeys(names):
        hardware = _hardware(catalogue, catalogue.chips[name], today, asked)
        points, edge, out = _of_chip(model, hardware, asked, calibration)
        found += points
        frontier += edge
        refused += out
    found.sort(key=lambda o: (o.rank, o.point.n_chips, o.hardware.chip.name))
    listed = _listed(found, limit)
    document: Document = {
        "model": model.name,
        "hf_id": model.hf_id or (model_name.removeprefix(HUB) if model_name.startswith(HUB) else None),
        "native_precision": model.native_precision,
        "own_drafts": bool(model.mtp_layers),
        "asked": _asked(asked, today, calibration),
        "deployments": [o.row for o in listed],
        "refused": [{"what": r.what, "why": r.why} for r in refused],
        "found": len(found),
        "notes": list(notes),
    }
    if asked.frontier:
        document["frontier"] = frontier
    extras = extras or Extras()
    document["chosen"] = _chosen(listed, extras.choose)
    if listed:
        _add_extras(document, model, listed[document["chosen"] - 1], asked, extras, calibration)
    return document


def _of_chip(
    model: Model, hardware: Hardware, asked: Question, calibration: Calibration | None
) -> tuple[list[Offered], list[Document], list[Refusal]]:
    """Deployments, frontier and refusals of one kind of chip."""
    chip = hardware.chip
    if asked.engine in _CUDA_ONLY and chip.software != "cuda":
        why = f"{asked.engine} runs on NVIDIA chips only, and {chip.name} runs {chip.software}"
        return [], [], [Refusal(f"{model.name} on {chip.name}", why)]
    target = Target(asked.ttft_s, asked.tpot_s, asked.percentile)
    found: list[OperatingPoint] = []
    edge: list[OperatingPoint] = []
    refused: list[Refusal] = []
    common: dict[str, Any] = {
        "scale_up_chips": hardware.scale_up_chips,
        "chips_per_system": hardware.chips_per_system,
        "input_tokens": asked.input_tokens,
        "output_tokens": asked.output_tokens,
        "precisions": asked.precisions or None,
        "kv_precisions": asked.kv_precisions or None,
        "max_chips": asked.max_chips,
        "engine": asked.engine,
        "version": asked.release,
        "calibration": calibration,
    }
    if asked.aggregated:
        features = [EngineFeatures(asked.cached_share, asked.speculative)]
        tables, refused = sizing_tables(
            model, chip, features=features, percentile=asked.percentile, load=asked.load, **common
        )
        for table in tables:
            points, out = best_points(table, target)
            found += points
            refused += [r for r in out if r not in refused]
            edge += frontier_points(table, target) if asked.frontier else []
    if asked.disaggregated:
        from counterpoise.performance.sizing_apart import apart_options

        points, others, out = apart_options(model, chip, target, concurrency=asked.concurrency, **common)
        found, edge, refused = found + points, edge + (others if asked.frontier else []), refused + out
    rows = [offered(model, hardware, point, asked) for point in found]
    return rows, [frontier_row(hardware, point) for point in edge], refused


def _listed(found: list[Offered], limit: int) -> list[Offered]:
    """The best as released, the best of each chip, of each chip and precision, the rest; then by rank.

    So that a chip asked for is never crowded out by ten layouts of another, nor the answer by conversions.
    """
    seen: set[tuple[str, ...]] = set()
    turns: list[tuple[int, int]] = []
    for i, o in enumerate(found):
        chip = (o.hardware.chip.name,)
        variant = (*chip, o.point.precision, str(o.row["mode"]))
        released = o.row["as_released"] and ("released",) not in seen
        turns.append((-1 if released else 0 if chip not in seen else 1 if variant not in seen else 2, i))
        seen |= {chip, variant, ("released",)} if o.row["as_released"] else {chip, variant}
    return [found[i] for i in sorted(i for _, i in sorted(turns)[:limit])]


def _chosen(listed: list[Offered], choose: int | None) -> int | None:
    """Number of the deployment that the answer is about.

    A conversion to another precision may lose quality that nobody measured, so it is not the answer unasked.
    """
    if choose is None:
        released = [i for i, o in enumerate(listed, 1) if o.row["as_released"]]
        return next(iter(released), 1) if listed else None
    if not listed or 1 <= choose <= len(listed):
        return choose if listed else None
    raise BadInput(
        f"there is no deployment number {choose}.",
        where=Where(field="--choose"),
        hint=f"Choose from 1 to {len(listed)}, or list more with --limit.",
    )


def _add_extras(
    document: Document,
    model: Model,
    chosen: Offered,
    asked: Question,
    extras: Extras,
    calibration: Calibration | None,
) -> None:
    if extras.why:
        from counterpoise.service.sizing_why import why

        document["why"] = why(model, chosen, asked, calibration)
    if extras.export:
        from counterpoise.report.launch import launch

        document["export"] = {
            "kind": extras.export,
            "text": launch(extras.export, document, chosen.row, image=extras.image),
        }


def _measured_versions(asked: Question, calibration: Calibration | None) -> list[str] | None:
    """Versions of the engine asked for that were measured; None where no version was asked for."""
    if not asked.version:
        return None
    effects = (calibration or shipped_calibration()).sets["all"].effects
    named = {v for by_factor in effects.values() for v in by_factor.get("version", {})}
    return sorted(v.removeprefix(f"{asked.engine} ") for v in named if v.startswith(f"{asked.engine} "))


def _asked(asked: Question, day: date, calibration: Calibration | None) -> Document:
    speculative = asked.speculative
    return {
        "input_tokens": asked.input_tokens,
        "output_tokens": asked.output_tokens,
        "ttft_ms": asked.ttft_s * 1e3,
        "tpot_ms": asked.tpot_s * 1e3,
        "percentile": asked.percentile,
        "cached_share": asked.cached_share,
        "concurrency": asked.concurrency,
        "rate_per_s": asked.rate_per_s,
        "engine": asked.engine,
        "engine_version": asked.version or None,
        "engine_versions_measured": _measured_versions(asked, calibration),
        "acceptance_rate": speculative[0] if speculative else None,
        "draft_tokens": speculative[1] if speculative else None,
        "as_of": day.isoformat(),
    }


def _hardware(catalogue: Catalogue, chip: Chip, day: date, asked: Question) -> Hardware:
    box = _box(catalogue, chip)
    alone = max(1, min(8, int(chip.value("scale_up_chips") or 1)))
    price = asked.usd_per_chip_hour
    hour = chip_hour(catalogue, chip, day) if price is None else given_hour(price)
    return Hardware(
        chip, box, box.scale_up_chips if box else alone, box.chips if box else alone, hour
    )  # fmt: skip


def _box(catalogue: Catalogue, chip: Chip) -> System | None:
    have = sorted(
        (s for s in catalogue.systems.values() if s.chip == chip.name), key=lambda s: (s.chips, s.name)
    )
    return next((s for s in have if s.chips >= 8), have[-1] if have else None)


__all__ = [
    "PRECISIONS",
    "ChipHour",
    "Extras",
    "OperatingPoint",
    "Question",
    "chip_hour",
    "model_of",
    "size_model",
]
