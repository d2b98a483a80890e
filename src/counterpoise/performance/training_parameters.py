"""Fitted training efficiencies: what each is, where it starts, how far it may move, by what it varies."""

from __future__ import annotations

import math

from counterpoise.performance.parameters import Parameter

LEVEL = {
    "family": 0.15,
    "chip": 0.05,
    "framework": 0.25,
    "framework family": 0.1,
    "version": 0.04,
    "architecture": 0.1,
    "model": 0.1,
    "format": 0.07,
    "format family": 0.1,
    "method": 0.2,
    "method framework": 0.1,
    "model framework": 0.08,
    "model family": 0.06,
}
SHARE = {
    "family": 0.2,
    "chip": 0.05,
    "framework": 0.1,
    "format": 0.14,
    "format family": 0.15,
    "framework family": 0.1,
}
WIRE = {"family": 0.3, "framework": 0.3, "chip": 0.1}

PARAMETERS: dict[str, Parameter] = {
    "gemm": Parameter(0.9, 0.3, SHARE, "share of the reachable matrix peak, dense products"),
    "gemm16": Parameter(0.75, 0.3, {"family": 0.2}, "share of the reachable 16-bit peak, output head"),
    "gemm_half": Parameter(
        300.0, 0.4, {"family": 0.3, "format": 0.2}, "size at which dense products reach half of that"
    ),
    "grouped": Parameter(0.6, 0.4, SHARE, "share of the reachable matrix peak, expert products"),
    "grouped_half": Parameter(
        200.0, 0.8, {"family": 0.3, "format": 0.2}, "size at which expert products reach half of that"
    ),
    "attention": Parameter(
        0.4, 0.4, {"family": 0.12, "framework": 0.12, "chip": 0.02}, "share of 16-bit peak, attention"
    ),
    "touch": Parameter(
        1.5,
        0.5,
        {"family": 0.2, "framework": 0.3, "format": 0.2},
        "memory time of norms, activations and casts, over counted bytes at full bandwidth",
    ),
    "permute": Parameter(
        1.5, 0.6, {"framework": 0.3, "version": 0.1}, "memory time of expert routing, the same way"
    ),
    "layer_s": Parameter(
        1e-4, 1.0, {"framework": 0.5, "family": 0.3, "version": 0.1}, "fixed time of a layer pass"
    ),
    "expert_layer_s": Parameter(
        2e-4,
        1.0,
        {"framework": 0.4, "version": 0.2, "family": 0.2},
        "fixed time of routing to experts, a layer pass",
    ),
    "tensor": Parameter(
        1.0, 0.6, WIRE, "exposed time of tensor-parallel transfers, over their alpha-beta time"
    ),
    "context": Parameter(0.5, 0.6, {"family": 0.3}, "the same for context parallelism"),
    "expert": Parameter(
        1.0, 0.6, {"family": 0.3, "chip": 0.15, "version": 0.1}, "the same for expert exchange"
    ),
    "shard": Parameter(1.3, 0.5, WIRE, "time of ZeRO-3 traffic, over its alpha-beta time"),
    "gradient": Parameter(
        0.6,
        0.8,
        {"framework": 0.4, "family": 0.3},
        "exposed time of gradient and weight traffic once a step",
    ),
    "uneven": Parameter(0.05, 0.8, {"framework": 0.3}, "slowest pipeline stage over the mean, less one"),
    "step_s": Parameter(0.02, 1.0, {"framework": 0.5}, "fixed time of a step"),
    "misfit": Parameter(0.2, 0.5, {}, "time more of dense products whose widths are no whole tiles"),
    "young": Parameter(
        0.5, 1.0, {"framework": 0.5}, "time more of software on a family of chips that is new, fading"
    ),
    "young_attention": Parameter(0.5, 1.0, {"framework": 0.5}, "the same of its attention kernels, on top"),
    "offload": Parameter(2.0, 0.7, {}, "time of an optimiser on the host, over its traffic"),
    "level": Parameter(1.0, 0.0, LEVEL, "level of all compute time"),
}
FACTORS = tuple(sorted({f for p in PARAMETERS.values() for f in p.effects}))
START = {name: math.log(p.start) for name, p in PARAMETERS.items()}
