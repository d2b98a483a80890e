"""Time of a training step from its work and fitted efficiencies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from counterpoise.performance.estimate import Array
from counterpoise.performance.roofline import joined
from counterpoise.performance.training_software import MATURING_YEARS
from counterpoise.performance.training_work import TrainingWork

Efficiencies = Mapping[str, Array]
"""Fitted parameter -> value, a scalar or one for each layout."""


@dataclass(frozen=True, slots=True)
class StepTimes:
    """Where a step's time goes, seconds; arrays (layouts,).

    `compute_s` is one micro-batch on one stage, `exposed_s` the transfers it waits for; `bubble_s` and
    `once_s` are of the step, `step_s` is all of it.
    """

    compute_s: Array
    exposed_s: Array
    bubble_s: Array
    once_s: Array
    step_s: Array


def step_times(work: TrainingWork, e: Efficiencies, *, overlap_experts: bool = False) -> StepTimes:
    """Time of a step; `e` values broadcast against the table.

    A matrix product reaches `gemm` · x / (x + `gemm_half`) of its peak, x the harmonic sum of its
    dimensions (the share of tiles that are full and of bytes reused both fall with the smallest one).
    Transfers cost `tensor`, `context`, `expert`, `gradient` times their alpha-beta time, which counts what is
    hidden behind compute; ZeRO-3 traffic runs beside the compute and is joined with it.  A pipeline takes
    micro-batches + (p - 1)/v rounds (Narayanan et al. 2021, arXiv 2104.04473, section 2.2), all but the
    filling ones at the pace of its slowest stage.  The host launches kernels ahead of the chip, so launches
    are joined with the compute.  Software new to a family of chips takes `young` more, which fades.
    `overlap_experts`: expert exchange hides behind another micro-batch (DualPipe, DeepSeek-V3 report, 3.2.1).
    """
    dense = work.dense_s * (1 + e["gemm_half"] / work.dense_size) / e["gemm"]
    dense = dense * (1 + e["misfit"] * work.misfit)
    head = work.head_s / e["gemm16"]
    experts = work.expert_s * (1 + e["grouped_half"] / work.expert_size) / e["grouped"]
    fresh = np.exp(-work.age_years / MATURING_YEARS)
    attention = work.attention_s / e["attention"] * (1 + e["young_attention"] * fresh)
    touched = (work.touch_s + work.score_s) * e["touch"] + work.permute_s * e["permute"]
    launches = work.kernels * e["layer_s"] + work.expert_kernels * e["expert_layer_s"]
    level = e["level"] * (1 + e["young"] * fresh)
    compute = joined(level * (dense + head + experts + attention + touched), launches)
    near = e["tensor"] * work.tensor_s + e["context"] * work.context_s + work.pipeline_s
    far = e["expert"] * work.exchange_s
    busy = compute + near
    micro = joined(busy, far) if overlap_experts else busy + far
    micro = joined(micro, e["shard"] * work.shard_s)
    uneven = 1.0 + e["uneven"] * (work.stages > 1)
    once = e["gradient"] * work.gradient_s + work.optimiser_s * e["touch"] + e["step_s"]
    once = once + e["offload"] * work.offload_s
    fill = work.rounds - work.micro_batches + 1
    running = (fill + (work.micro_batches - 1) * work.slowest) * micro * uneven
    useful = work.micro_batches * micro
    return StepTimes(
        compute_s=np.asarray(compute),
        exposed_s=np.asarray(micro - compute),
        bubble_s=np.asarray(running - useful),
        once_s=np.asarray(once + np.zeros(work.tokens.shape)),
        step_s=np.asarray(running + once),
    )
