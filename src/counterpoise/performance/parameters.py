"""The fitted parameters of serving: where each starts, how far data may move it, and by what it varies.

Spreads are standard deviations of logarithms and act as the prior of the fit: 0.1 is about 10 %.  Their scale
was chosen by hand among some thirty variants, for the errors on models and chips left out whole (so those
columns of the report are a little kind).  What decided: vendors differ much and the chips of one vendor
little, so that a new chip takes its vendor's software; host times stay near what kernels and requests cost,
or they swallow what grows with the model; levels differ by who measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MEMORY = {
    "vendor": 0.25,
    "family": 0.04,
    "chip": 0.04,
    "engine": 0.07,
    "engine family": 0.025,
    "engine chip": 0.035,
    "precision": 0.07,
    "precision family": 0.06,
}
DEVICE = {
    "vendor": 0.5,
    "engine vendor": 0.25,
    "family": 0.06,
    "chip": 0.055,
    "engine": 0.12,
    "engine family": 0.035,
    "engine chip": 0.055,
}
LEVEL = {
    "vendor": 0.5,
    "engine vendor": 0.25,
    "campaign": 0.3,
    "engine campaign": 0.25,
    "engine campaign experts": 0.25,
    "family": 0.04,
    "chip": 0.06,
    "engine": 0.15,
    "version": 0.2,
    "architecture": 0.2,
    "model": 0.15,
    "engine family": 0.04,
    "engine chip": 0.07,
    "engine architecture": 0.2,
    "engine model": 0.15,
    "precision engine": 0.1,
    "precision engine family": 0.1,
    "precision model": 0.15,
    "engine model chip": 0.15,
    "condition": 0.12,
    "condition version": 0.12,
}
HOST = {"vendor": 0.3, "campaign": 0.3, "engine": 0.1, "family": 0.05}
START_UP = {
    "campaign": 0.4,
    "engine campaign": 0.3,
    "vendor": 0.5,
    "engine": 0.2,
    "version": 0.2,
    "family": 0.04,
    "engine family": 0.04,
    "engine chip": 0.06,
    "architecture": 0.18,
}

MAINSTREAM = ("vllm", "sglang", "trtllm")
"""Engines whose mean is the "generic" one."""
SERVING_CAMPAIGNS = ("InferenceMAX", "NVIDIA")
"""Who measured engines as they serve; their mean is what a prediction of no measured run takes."""


@dataclass(frozen=True, slots=True)
class Weighing:
    """How a fit weighs measurements against priors.

    `noise`: log spread of a good prediction's error, by metric; `other_tables`: factor on it for runs that
    are not of the serving table; `looseness`: factor on the spreads of effects.
    """

    noise: Mapping[str, float]
    other_tables: float
    looseness: float


NEAR = Weighing(
    {"ttft_mean_ms": 0.2, "tpot_mean_ms": 0.06, "output_tok_s_total": 0.1, "total_tok_s": 0.1}, 1.0, 1.2
)
"""For conditions like those measured: rows speak, each for itself."""
FAR = Weighing(
    {"ttft_mean_ms": 0.9, "tpot_mean_ms": 0.3, "output_tok_s_total": 0.45, "total_tok_s": 0.45}, 3.0, 1.0
)
"""For models and chips never measured: errors of the rows of one model are much alike, so each says less."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A fitted parameter: where it starts, how far the data may move it, and by which factors it varies."""

    start: float
    spread: float
    effects: Mapping[str, float]
    meaning: str


PRECISION = {"precision": 0.15, "precision family": 0.12}
PARAMETERS: dict[str, Parameter] = {
    "gemm_compute": Parameter(0.4, 0.3, {**DEVICE, **PRECISION}, "share of the matrix peak, dense products"),
    "gemm_half": Parameter(
        4.0, 0.8, {"family": 0.07, "engine": 0.18}, "rows at which a dense product reaches half its peak"
    ),
    "gemm_memory": Parameter(0.8, 0.1, MEMORY, "share of memory bandwidth, reading weights"),
    "grouped_compute": Parameter(
        0.35,
        0.4,
        {**DEVICE, **PRECISION, "architecture": 0.12},
        "share of the matrix peak, expert products",
    ),
    "grouped_half": Parameter(
        12.0,
        0.8,
        {"vendor": 0.45, "family": 0.05, "engine": 0.18, "precision": 0.18},
        "idle rows in the tile of each expert reached",
    ),
    "grouped_memory": Parameter(0.75, 0.1, MEMORY, "share of memory bandwidth, reading experts"),
    "attention_compute": Parameter(
        0.3, 0.4, {**DEVICE, "architecture": 0.18}, "share of the matrix peak, attention"
    ),
    "attention_memory": Parameter(
        0.6, 0.2, {**MEMORY, "architecture": 0.15}, "share of memory bandwidth, reading the KV cache or state"
    ),
    "activation": Parameter(
        0.15,
        0.6,
        {"vendor": 0.5, "engine": 0.18, "version": 0.12, "family": 0.05, "engine family": 0.04},
        "share of memory bandwidth, reading and writing activations between products",
    ),
    "launch_s": Parameter(
        4e-6,
        0.6,
        {
            "vendor": 0.75,
            "engine": 0.24,
            "version": 0.12,
            "family": 0.05,
            "architecture": 0.12,
            "engine family": 0.05,
            "engine chip": 0.07,
        },
        "fixed time of a kernel in a captured graph",
    ),
    "eager_s": Parameter(
        1.2e-5,
        0.3,
        {"vendor": 0.2, "campaign": 0.15, "engine": 0.1},
        "host time of a kernel in a step with a prefill, which runs without a graph",
    ),
    "step_s": Parameter(5e-4, 0.2, {**HOST, "campaign": 0.4}, "fixed time of an engine step"),
    "sequence_s": Parameter(5e-6, 0.2, HOST, "host time of a step for each decoding sequence"),
    "hop": Parameter(
        2.5,
        0.6,
        {"vendor": 0.5, "engine": 0.18, "version": 0.12, "family": 0.05, "chip": 0.06},
        "latency of a hop of a collective, over the assumed one",
    ),
    "link": Parameter(
        0.75,
        0.2,
        {"vendor": 0.1, "engine": 0.12, "family": 0.05, "chip": 0.06},
        "share of chip-to-chip bandwidth",
    ),
    "imbalance": Parameter(
        0.35, 0.4, {"engine": 0.18, "architecture": 0.18}, "load of the busiest expert chip beyond the mean"
    ),
    "lockstep": Parameter(
        0.35, 0.4, {"engine": 0.18}, "exponent by which attention replicas wait for each other's prefills"
    ),
    "interference": Parameter(
        0.7,
        0.15,
        {"campaign": 0.2, "engine campaign": 0.3, "engine": 0.18, "version": 0.2, "architecture": 0.09},
        "prefill time charged to decoding neighbours",
    ),
    "ttft_s": Parameter(0.03, 0.8, START_UP, "fixed time to a first token"),
    "joins": Parameter(0.6, 0.5, {"engine": 0.24, "version": 0.18}, "decode steps before a prefill starts"),
    "prefill": Parameter(
        0.9, 0.2, {"engine": 0.12, "version": 0.09, "family": 0.035}, "own prefill time in the first token"
    ),
    "stagger": Parameter(
        0.07, 0.4, {"engine": 0.2}, "share of a request's decode time over which the ends of requests spread"
    ),
    "burst": Parameter(
        0.09,
        0.6,
        {
            "campaign": 0.4,
            "engine campaign": 0.6,
            "engine": 0.3,
            "version": 0.5,
            "model": 0.3,
            "engine model": 0.3,
        },
        "share of the users' prefills ahead where they start together",
    ),
    "queue": Parameter(
        0.1,
        0.5,
        {"campaign": 0.2, "engine campaign": 0.2, "engine": 0.18, "version": 0.18},
        "wait for prefills under way, of M/D/1",
    ),
    "request_s": Parameter(
        4e-4, 0.2, {"campaign": 0.2, "engine": 0.1}, "host time of a first token for each user"
    ),
    "acceptance": Parameter(
        0.75, 0.1, {"model": 0.05}, "share of drafts accepted, what drafting costs taken off"
    ),
    "level": Parameter(1.0, 0.0, LEVEL, "level of all time on the chip"),
    "server": Parameter(
        0.95, 0.1, {"version": 0.09}, "rate of an engine at its limit over the steady state's"
    ),
}

FACTORS = tuple(sorted({f for p in PARAMETERS.values() for f in p.effects}))
