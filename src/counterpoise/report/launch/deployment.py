"""What every engine needs to know of a deployment, read from a row of `size`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from counterpoise.performance.capacity import UTILISATION
from counterpoise.performance.serving_split import CHUNK_TOKENS
from counterpoise.report.numbers import duration, significant

_LENGTH_STEP = 1024
_HOST_CHIPS, _TRAY_CHIPS = 8, 4
"""Chips of one host: at most eight, and four in a rack-scale domain (DGX GB200 User Guide: 18 trays of 4)."""


@dataclass(frozen=True, slots=True)
class Workers:
    """Workers of one role ("serve", "prefill", "decode"); `sequences`: requests at once on one worker."""

    role: str
    count: int
    tp: int
    pp: int
    dp: int
    ep: int
    sequences: int

    @property
    def chips(self) -> int:
        """Chips of one worker."""
        return self.tp * self.pp * self.dp

    @property
    def sequences_per_replica(self) -> int:
        """Requests at once on one attention replica."""
        return math.ceil(self.sequences / self.dp)


@dataclass(frozen=True, slots=True)
class Deployment:
    """A sized deployment as an engine sees it.

    `model` is the checkpoint to load, or "" where a person must name one (`model_wanted` says which).
    `quantise`: the engine converts the released weights to `precision` when it loads them.
    """

    model: str
    model_wanted: str
    name: str
    precision: str
    quantise: bool
    kv_precision: str
    engine: str
    version: str
    chip: str
    software: str
    chips_per_host: int
    workers: tuple[Workers, ...]
    longest_tokens: int
    draft_tokens: int
    own_drafts: bool
    cached: bool
    replicas: int
    about: tuple[str, ...]

    @property
    def split(self) -> bool:
        """Whether prefill and decode run apart."""
        return len(self.workers) > 1

    @property
    def chunk_tokens(self) -> int:
        """Tokens that a step computes at most."""
        return int(CHUNK_TOKENS)

    @property
    def memory_share(self) -> float:
        """Share of the chip's memory that the sizing let the engine take."""
        return UTILISATION

    def hosts(self, worker: Workers) -> int:
        """Hosts that one worker spans."""
        return max(1, math.ceil(worker.chips / self.chips_per_host))


def deployment_of(document: Mapping[str, Any], row: Mapping[str, Any]) -> Deployment:
    """Return the deployment of `row` of a document of `size`."""
    asked, native = document["asked"], str(document.get("native_precision") or "")
    precision, released = str(row["precision"]), str(document.get("hf_id") or "")
    # Engines quantise to FP8 on loading; every other conversion is a checkpoint that somebody must have made.
    quantise = precision == "fp8" and native == "bf16"
    as_is = precision == native or quantise
    model = released if released and as_is else ""
    wanted = (
        ""
        if model
        else f"a checkpoint of {released or document['model']}"
        + ("" if as_is else f" converted to {precision}")
    )
    longest = asked["input_tokens"] + asked["output_tokens"]
    return Deployment(
        model=model,
        model_wanted=wanted,
        name=str(document["model"]),
        precision=precision,
        quantise=quantise,
        kv_precision=str(row["kv_precision"]),
        engine=str(asked["engine"]),
        version=str(asked.get("engine_version") or ""),
        chip=str(row["chip"]),
        software=str(row["software"]),
        chips_per_host=_host_chips(int(row["chips_per_system"])),
        workers=_workers(row, asked.get("rate_per_s")),
        longest_tokens=math.ceil(longest / _LENGTH_STEP) * _LENGTH_STEP,
        draft_tokens=round(asked["draft_tokens"] or 0),
        own_drafts=bool(document.get("own_drafts")),
        cached=bool(asked["cached_share"]),
        replicas=int(row.get("replicas") or 1),
        about=_about(document, row),
    )


def _host_chips(chips_per_system: int) -> int:
    return chips_per_system if chips_per_system <= _HOST_CHIPS else _TRAY_CHIPS


def _workers(row: Mapping[str, Any], rate_per_s: float | None) -> tuple[Workers, ...]:
    mean = float(row["concurrency"])
    # Arrivals at random: the mean number in flight is exceeded half the time, four deviations hardly ever.
    sequences = math.ceil(mean if rate_per_s is None else mean + 4 * math.sqrt(mean))
    if row.get("mode") != "disaggregated":
        return (_worker("serve", 1, row, sequences),)
    found = []
    for role in ("prefill", "decode"):
        part = row[role]
        count = int(part["workers"])
        found.append(_worker(role, count, part, math.ceil(sequences / count)))
    return tuple(found)


def _worker(role: str, count: int, layout: Mapping[str, Any], sequences: int) -> Workers:
    tp, pp, dp, ep = (int(layout[k]) for k in ("tp", "pp", "dp", "ep"))
    return Workers(role, count, tp, pp, dp, ep, sequences)


def _about(document: Mapping[str, Any], row: Mapping[str, Any]) -> tuple[str, ...]:
    """What a reader of the file should know, a line each."""
    asked = document["asked"]
    return (
        f"{document['model']} in {row['precision']} on {row['n_chips']} x {row['chip']}, "
        f"{significant(row['concurrency'])} requests at once",
        f"Predicted by Counterpoise: TTFT {duration(row['ttft_ms'] / 1e3)}, "
        f"TPOT {duration(row['tpot_ms'] / 1e3)} at p{asked['percentile']:g}, "
        f"{significant(row['output_tokens_per_s'])} output tokens/s "
        f"(80 %: times x {row['low80']:.2f} to {row['high80']:.2f})",
        f"Sized for {significant(asked['input_tokens'], 6)} tokens in and "
        f"{significant(asked['output_tokens'], 6)} out on average: raise the longest length to your longest "
        "request",
    )


def model_lines(d: Deployment) -> list[str]:
    """Shell lines that set MODEL; they fail with the reason where nobody published such a checkpoint here."""
    if d.model:
        return [f"MODEL={d.model}"]
    return [f': "${{MODEL:?set MODEL to {d.model_wanted}}}"']


def header(d: Deployment, more: Sequence[str] = ()) -> list[str]:
    """First lines of a shell script."""
    lines = ["#!/usr/bin/env bash", *(f"# {line}" for line in (*d.about, *more)), "set -euo pipefail"]
    if d.replicas > 1:
        lines.insert(
            -1, f"# {d.replicas} deployments like this one share the rate; balance requests among them"
        )
    return [*lines, *model_lines(d)]


def command(words: Sequence[str]) -> str:
    """A shell command, one option a line; an option and its value are one entry of `words`."""
    return " \\\n  ".join(words)
