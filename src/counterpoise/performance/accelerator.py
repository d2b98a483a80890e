"""Micro-benchmarks of an accelerator: which operators are timed, at which shapes, within which time.

A `Device` runs and times one operator; torch is one (`torch_device`), tests bring another.  Shapes grow with
the device: the width of the matrices is the first whose product takes `LONG_ENOUGH_S`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Protocol

from counterpoise.errors import Refused

BUDGET_S = 240.0
"""Time after which no further operator is started: the whole stays under five minutes."""
LONG_ENOUGH_S = 0.005
NARROWEST, WIDEST = 512, 16384
ROWS = (1, 16, 64, 256, 1024, 4096)
EXPERTS, EXPERT_ROWS = 16, (1, 16, 128)
HEADS, KV_HEADS, HEAD_DIM = 32, 8, 128
DECODE_BATCH = (1, 16, 64)
COPY_BYTES = (2**24, 2**26, 2**28, 2**30)
REDUCE_BYTES = (2**20, 2**26, 2**28)
BYTES = {"bf16": 2.0, "fp8": 1.0}
MEMORY_SHARE = 0.25
"""Of the device's memory that one operator's operands may take."""


class Device(Protocol):
    """An accelerator that runs one operator several times and says how long each run took, in seconds.

    An operator that it does not have raises `Refused` with the reason.
    """

    name: str
    driver: str
    library: str
    count: int
    memory_bytes: float
    precisions: tuple[str, ...]

    def gemm(self, m: int, n: int, k: int, precision: str) -> Sequence[float]:
        """Product of (m, k) by (k, n)."""

    def grouped(self, experts: int, m: int, n: int, k: int) -> Sequence[float]:
        """`experts` products of (m, k) by (k, n), 16 bits, as one operator."""

    def attention(self, batch: int, queries: int, keys: int) -> Sequence[float]:
        """`HEADS` heads of `HEAD_DIM` over `KV_HEADS`, 16 bits; causal where queries = keys."""

    def copy(self, size_bytes: int) -> Sequence[float]:
        """Copy inside the device's memory."""

    def all_reduce(self, size_bytes: int) -> Sequence[float]:
        """All-reduce of `size_bytes` on each of `count` devices."""


@dataclass(frozen=True, slots=True)
class Point:
    """One measured operator: median seconds of a run, its work, and the largest over the smallest run."""

    operator: str
    precision: str
    shape: Mapping[str, int]
    seconds: float
    flops: float
    bytes: float
    unsteadiness: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured, and what was not: operator -> why."""

    points: tuple[Point, ...]
    not_measured: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Job:
    operator: str
    precision: str
    shape: Mapping[str, int]
    flops: float
    bytes: float
    run: Callable[[], Sequence[float]]


def measure(
    device: Device,
    *,
    budget_s: float = BUDGET_S,
    clock: Callable[[], float] = time.monotonic,
    say: Callable[[str], None] = lambda _: None,
) -> Measured:
    """Time every operator of `device` that fits its memory, for at most about `budget_s`."""
    started = clock()
    width = _width(device)
    points: list[Point] = []
    lacking: dict[str, str] = {}
    for job in _jobs(device, width):
        if job.operator in lacking:
            continue
        if clock() - started > budget_s:
            lacking[job.operator] = f"not begun within {budget_s:g} s"
            continue
        if job.bytes > MEMORY_SHARE * device.memory_bytes:
            continue
        try:
            runs = job.run()
        except Refused as reason:
            lacking[job.operator] = str(reason)
            continue
        seconds = median(runs)
        shape = " x ".join(map(str, job.shape.values()))
        say(f"{job.operator} {job.precision} {shape}: {seconds * 1e3:.3g} ms")
        points.append(
            Point(
                job.operator,
                job.precision,
                dict(job.shape),
                seconds,
                job.flops,
                job.bytes,
                max(runs) / min(runs),
            )
        )
    seen = {p.operator for p in points}
    return Measured(tuple(points), {o: why for o, why in lacking.items() if o not in seen or "begun" in why})


def _width(device: Device) -> int:
    width = NARROWEST
    while width < WIDEST and 2 * 3 * 2 * width * width < MEMORY_SHARE * device.memory_bytes:
        if median(device.gemm(width, width, width, "bf16")) >= LONG_ENOUGH_S:
            break
        width *= 2
    return width


def _jobs(device: Device, width: int) -> Iterator[_Job]:
    for precision in device.precisions:
        yield from (_gemm(device, precision, m, width) for m in ROWS if m <= width)
    for size in COPY_BYTES:
        shape = {"bytes": size}
        yield _Job("copy", "", shape, 0.0, 2.0 * size, lambda size=size: device.copy(size))  # type: ignore[misc]
    for batch in DECODE_BATCH:
        yield _attention(device, "attention decode", batch, 1, width)
    for length in (width // 2, width):
        yield _attention(device, "attention prefill", 1, length, length)
    yield from (_grouped(device, m, width // 2) for m in EXPERT_ROWS)
    if device.count > 1:
        for size in REDUCE_BYTES:
            shape = {"bytes": size, "devices": device.count}
            moved = 2.0 * (device.count - 1) / device.count * size
            yield _Job("all-reduce", "", shape, 0.0, moved, lambda size=size: device.all_reduce(size))  # type: ignore[misc]


def _gemm(device: Device, precision: str, m: int, width: int) -> _Job:
    shape = {"m": m, "n": width, "k": width}
    moved = BYTES[precision] * (width * width + m * width) + 2.0 * m * width
    work = 2.0 * m * width * width
    return _Job("gemm", precision, shape, work, moved, lambda: device.gemm(m, width, width, precision))


def _grouped(device: Device, m: int, width: int) -> _Job:
    shape = {"experts": EXPERTS, "m": m, "n": width, "k": width}
    moved = 2.0 * EXPERTS * (width * width + 2 * m * width)
    work = 2.0 * EXPERTS * m * width * width
    return _Job("grouped", "bf16", shape, work, moved, lambda: device.grouped(EXPERTS, m, width, width))


def _attention(device: Device, operator: str, batch: int, queries: int, keys: int) -> _Job:
    shape = {"batch": batch, "queries": queries, "keys": keys}
    seen = 0.5 if queries == keys else 1.0
    work = 4.0 * seen * batch * HEADS * HEAD_DIM * queries * keys
    moved = 2.0 * batch * HEAD_DIM * (2 * KV_HEADS * keys + 2 * HEADS * queries)
    return _Job(operator, "bf16", shape, work, moved, lambda: device.attention(batch, queries, keys))
