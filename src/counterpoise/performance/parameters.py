"""The fitted parameters of serving: where each starts, how far data may move it, and by what it varies.

Spreads are standard deviations of logarithms and act as the prior of the fit: 0.1 is about 10 %.  Their scale
was chosen once, among seven, for the error on models left out whole (so that column of the report is a little
kind): wide for the level of a model, which no fact explains, narrow for the shares of a peak, which the facts
of a chip should explain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MEMORY = {
    "family": 0.09,
    "chip": 0.072,
    "engine": 0.072,
    "engine family": 0.06,
    "engine chip": 0.06,
    "precision": 0.072,
    "precision family": 0.06,
}
DEVICE = {"family": 0.15, "chip": 0.09, "engine": 0.12, "engine family": 0.09, "engine chip": 0.09}
LEVEL = {
    "family": 0.1,
    "chip": 0.1,
    "engine": 0.15,
    "version": 0.15,
    "architecture": 0.22,
    "model": 0.22,
    "engine family": 0.1,
    "engine chip": 0.12,
    "engine architecture": 0.15,
    "engine model": 0.18,
    "precision engine": 0.1,
    "precision engine family": 0.1,
    "precision model": 0.15,
    "engine model chip": 0.22,
    "condition": 0.18,
    "condition version": 0.18,
}
HOST = {"engine": 0.36, "version": 0.3, "family": 0.18, "engine family": 0.18, "engine chip": 0.18}


MAINSTREAM = ("vllm", "sglang", "trtllm")
"""Engines whose mean is the "generic" one."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A fitted parameter: where it starts, how far the data may move it, and by which factors it varies."""

    start: float
    spread: float
    effects: Mapping[str, float]
    meaning: str


PARAMETERS: dict[str, Parameter] = {
    "gemm_compute": Parameter(
        0.7,
        0.3,
        {**DEVICE, "precision": 0.15, "precision family": 0.12},
        "share of the matrix peak, dense products",
    ),
    "gemm_half": Parameter(
        64.0, 0.8, {"family": 0.18, "engine": 0.18}, "rows at which a dense product reaches half its peak"
    ),
    "gemm_memory": Parameter(0.8, 0.1, MEMORY, "share of memory bandwidth, reading weights"),
    "grouped_compute": Parameter(
        0.5,
        0.4,
        {**DEVICE, "precision": 0.15, "precision family": 0.12, "architecture": 0.12},
        "share of the matrix peak, expert products",
    ),
    "grouped_half": Parameter(
        16.0,
        0.8,
        {"family": 0.18, "engine": 0.18, "precision": 0.18},
        "idle rows in the tile of each expert reached",
    ),
    "grouped_memory": Parameter(0.75, 0.1, MEMORY, "share of memory bandwidth, reading experts"),
    "attention_compute": Parameter(
        0.4, 0.4, {**DEVICE, "architecture": 0.18}, "share of the matrix peak, attention"
    ),
    "attention_memory": Parameter(
        0.6, 0.4, {**DEVICE, "architecture": 0.18}, "share of memory bandwidth, reading the KV cache or state"
    ),
    "launch_s": Parameter(
        5e-6,
        0.6,
        {
            "engine": 0.24,
            "version": 0.18,
            "family": 0.18,
            "architecture": 0.12,
            "engine family": 0.12,
            "engine chip": 0.12,
        },
        "fixed time of an operator of a layer",
    ),
    "step_s": Parameter(5e-4, 0.8, HOST, "fixed time of an engine step"),
    "sequence_s": Parameter(5e-6, 0.8, HOST, "host time of a step for each decoding sequence"),
    "hop": Parameter(
        2.0,
        0.6,
        {"engine": 0.18, "version": 0.12, "family": 0.18, "chip": 0.12},
        "latency of a hop of a collective, over the assumed one",
    ),
    "link": Parameter(
        0.6, 0.4, {"engine": 0.12, "family": 0.18, "chip": 0.12}, "share of chip-to-chip bandwidth"
    ),
    "imbalance": Parameter(
        0.2, 0.4, {"engine": 0.18, "architecture": 0.18}, "load of the busiest expert chip beyond the mean"
    ),
    "lockstep": Parameter(
        0.7, 0.4, {"engine": 0.18}, "exponent by which attention replicas wait for each other's prefills"
    ),
    "interference": Parameter(
        1.0,
        0.3,
        {"engine": 0.18, "version": 0.12, "architecture": 0.09},
        "prefill time charged to decoding neighbours",
    ),
    "ttft_s": Parameter(0.02, 0.8, {**HOST, "architecture": 0.18}, "fixed time to a first token"),
    "joins": Parameter(1.5, 0.5, {"engine": 0.24, "version": 0.18}, "decode steps before a prefill starts"),
    "prefill": Parameter(
        1.0, 0.2, {"engine": 0.12, "version": 0.09, "family": 0.09}, "own prefill time in the first token"
    ),
    "burst": Parameter(
        0.06,
        0.6,
        {"engine": 0.24, "version": 0.24},
        "share of the users' prefills ahead at the start of a closed loop",
    ),
    "queue": Parameter(0.6, 0.5, {"engine": 0.18, "version": 0.18}, "wait for prefills under way, of M/D/1"),
    "request_s": Parameter(3e-4, 0.8, HOST, "host time of a first token for each user"),
    "level": Parameter(1.0, 0.0, LEVEL, "level of all time on the chip"),
    "server": Parameter(
        0.95, 0.1, {"version": 0.09}, "rate of an engine at its limit over the steady state's"
    ),
}

FACTORS = tuple(sorted({f for p in PARAMETERS.values() for f in p.effects}))
