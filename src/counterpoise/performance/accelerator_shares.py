"""What micro-benchmarks say of a chip: shares of its peaks, and a step for an engine's parameters.

An engine's kernels are not torch's, so a measured share never replaces a fitted one.  What carries over is
the ratio of the device to what a chip of that name should reach in the same micro-benchmark: a device at
half the expected matrix rate (power cap, heat, partition, virtual machine) is predicted half as fast where
matrix products bound it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from counterpoise.catalogue.records import Chip
from counterpoise.performance.accelerator import Measured, Point

MATRIX_SHARE, MATRIX_SPREAD = 0.73, 0.13
"""Of the data-sheet matrix peak that the largest product reaches, and its log spread, where nobody measured
the chip: geometric mean and spread of the 17 `measured_*_flops_per_s` of the catalogue."""
KNOWN_SPREAD = 0.03
"""Log spread between two measurements of the matrix peak of one kind of chip.  Assumed."""
COPY_SHARE, COPY_SPREAD = 0.90, 0.05
"""Of the data-sheet bandwidth that a copy reaches, and its log spread.  Assumed."""
LINK_SHARE, LINK_SPREAD = 0.85, 0.20
"""Of the chip-to-chip bandwidth that a large all-reduce reaches (bus bandwidth).  Assumed."""
DEVICES = 0.3
"""Log spread between devices of one name, capped, throttled and partitioned ones included.  Assumed."""

SERVING = {
    "compute": ("gemm_compute", "grouped_compute", "attention_compute"),
    "memory": ("gemm_memory", "grouped_memory", "attention_memory"),
    "link": ("link",),
}
TRAINING = {
    "compute": ("gemm", "gemm16", "grouped", "attention"),
    "memory": ("-touch", "-permute"),
    "link": ("-tensor", "-context", "-expert", "-shard", "-gradient"),
}
"""Parameters by what bounds them; a minus marks those that are times, not shares."""
Effects = Mapping[str, Mapping[str, Mapping[str, float]]]


@dataclass(frozen=True, slots=True)
class Step:
    """What a device does to the parameters of its chip.

    `ratio`: measured over expected by what bounds an operator ("compute" | "memory" | "link"); `log`: the
    shrunken logarithm of it, which is added to the parameters.
    """

    ratio: Mapping[str, float]
    log: Mapping[str, float]

    def words(self, made: str) -> str:
        """What was measured of the device, for the basis of a prediction."""
        names = {"compute": "matrix rate", "memory": "bandwidth", "link": "links"}
        said = [f"{names[k]} {r:.2f} of what its data sheet lets expect" for k, r in self.ratio.items()]
        return f"your own device, measured {made}: {', '.join(said)}" if said else ""


MOVES = ("copy", "attention decode", "all-reduce")


def rates(points: Iterable[Point]) -> dict[str, float]:
    """Rate of each operator: the best in FLOP/s where it computes (`gemm` by precision); in bytes/s where it
    moves, that of the largest, because small operands stay in a cache.
    """
    found: dict[str, float] = {}
    largest: dict[str, float] = {}
    for p in points:
        if p.operator in MOVES:
            if p.bytes >= largest.get(p.operator, 0.0):
                found[p.operator], largest[p.operator] = p.bytes / p.seconds, p.bytes
            continue
        name = f"{p.operator} {p.precision}" if p.operator == "gemm" else p.operator
        found[name] = max(found.get(name, 0.0), p.flops / p.seconds)
    return found


def shares(points: Sequence[Point], chip: Chip) -> dict[str, float]:
    """Measured shares of the data-sheet peaks of `chip`, by the names of the fitted parameters, and `copy`.

    `gemm_half` is in rows: where a product reaches half of its best rate.
    """
    bandwidth = chip.value("memory_bandwidth_bytes_per_s")
    peak = chip.peak_flops_per_s("bf16")
    links = chip.value("scale_up_bandwidth_bytes_per_s")
    found: dict[str, float] = {}
    best = rates(points)
    for name, rate, base in (
        ("gemm_compute", best.get("gemm bf16"), peak),
        ("gemm_compute_fp8", best.get("gemm fp8"), chip.peak_flops_per_s("fp8")),
        ("grouped_compute", best.get("grouped"), peak),
        ("attention_compute", best.get("attention prefill"), peak),
        ("attention_memory", best.get("attention decode"), bandwidth),
        ("copy", best.get("copy"), bandwidth),
        ("link", best.get("all-reduce"), links),
    ):
        if rate and base:
            found[name] = rate / base
    for operator in ("gemm", "grouped"):
        one = [p for p in points if p.operator == operator and p.shape["m"] == 1 and p.precision == "bf16"]
        if one and bandwidth:
            found[f"{operator}_memory"] = max(p.bytes / p.seconds for p in one) / bandwidth
    half = _half(points, best.get("gemm bf16"))
    if half is not None:
        found["gemm_half"] = half
    return found


def _half(points: Iterable[Point], best: float | None) -> float | None:
    """Rows at which a 16-bit product reaches half its best rate: m (best / rate - 1), median over m."""
    if not best:
        return None
    inside = [p for p in points if p.operator == "gemm" and p.precision == "bf16" and p.shape["m"] >= 64]
    halves = [p.shape["m"] * (best * p.seconds / p.flops - 1.0) for p in inside]
    return float(np.median(halves)) if halves else None


def step(measured: Measured, chip: Chip) -> Step:
    """Return what `measured` does to the parameters of `chip`.

    The logarithm of measured over expected, times τ² / (τ² + σ²): τ is `DEVICES`, σ what the expectation and
    the timing leave open.
    """
    best = rates(measured.points)
    ratio: dict[str, float] = {}
    log: dict[str, float] = {}

    def add(name: str, rate: float | None, expected: float | None, spread: float, operator: str) -> None:
        if not rate or not expected:
            return
        timing = [math.log(p.unsteadiness) for p in measured.points if p.operator == operator]
        noise = spread**2 + float(np.median(timing)) ** 2
        ratio[name] = rate / expected
        log[name] = math.log(ratio[name]) * DEVICES**2 / (DEVICES**2 + noise)

    known, published = chip.value("measured_bf16_flops_per_s"), chip.peak_flops_per_s("bf16")
    expected = known or (MATRIX_SHARE * published if published else None)
    add("compute", best.get("gemm bf16"), expected, KNOWN_SPREAD if known else MATRIX_SPREAD, "gemm")
    bandwidth = chip.value("memory_bandwidth_bytes_per_s")
    add("memory", best.get("copy"), COPY_SHARE * bandwidth if bandwidth else None, COPY_SPREAD, "copy")
    links = chip.value("scale_up_bandwidth_bytes_per_s")
    add("link", best.get("all-reduce"), LINK_SHARE * links if links else None, LINK_SPREAD, "all-reduce")
    return Step(ratio, log)


def with_step(
    effects: Effects, taken: Step, chip: str, names: Mapping[str, Sequence[str]], known: Iterable[str]
) -> dict[str, dict[str, dict[str, float]]]:
    """Add a step to the effects of the chip whose key is `chip`; `known` parameters only."""
    found = {p: {f: dict(by) for f, by in fs.items()} for p, fs in effects.items()}
    there = set(known)
    for bound, value in taken.log.items():
        for name in names[bound]:
            parameter, sign = (name[1:], -1.0) if name.startswith("-") else (name, 1.0)
            if parameter in there:
                by_chip = found.setdefault(parameter, {}).setdefault("chip", {})
                by_chip[chip] = by_chip.get(chip, 0.0) + sign * value
    return found
