"""Work of a training step on one chip, before any efficiency: seconds at the chip's peaks.

A layout is how the chips are divided: tensor (TP, with sequence parallelism), pipeline (PP), data (DP, with
a ZeRO stage), expert (EP) and context (CP) parallelism.  EP takes chips out of DP · CP, as in Megatron-Core.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from counterpoise.catalogue.records import Chip, FeedForward, Model
from counterpoise.errors import Refused
from counterpoise.performance.collectives import Fabric, fabrics, point_to_point_s
from counterpoise.performance.estimate import Array
from counterpoise.performance.training_flops import token_flops
from counterpoise.performance.training_host import host_optimiser_s
from counterpoise.performance.training_layout import (
    SELECTIVE,
    Layout,
    owned_weights,
    stage_weights,
)
from counterpoise.performance.training_shape import misfit, slowest_stage
from counterpoise.performance.training_software import MATURE_YEARS
from counterpoise.performance.training_transfers import (
    Wires,
    context_s,
    exchange_s,
    gradient_s,
    shard_s,
    top_k_of,
)

ATTENTION_BACKWARD = 2.5
"""Backward over forward FLOPs of fused attention, which recomputes its scores: five products against two
(Dao, FlashAttention-2, arXiv 2307.08691, section 3.1)."""
OPTIMISER_TRAFFIC = 28.0
"""Bytes an Adam step moves for a weight: gradient, master weight and two moments read, the last three and the
16-bit weight written (4 + 12 + 12 bytes)."""
SCORE_PASSES = 10.0
"""Times that unfused attention reads or writes the scores, forward (4) and backward (6); 4 more to recompute:
the product, the softmax and the second product each pass over them."""
LINKLESS = Fabric(0.0, 1.0)


@dataclass(frozen=True, slots=True)
class TrainingWork:
    """Work of one micro-batch on one pipeline stage, and what happens once a step; arrays (layouts,).

    Seconds at peak: `dense_s`, `expert_s`, `head_s` of matrix products (forward and both halves of backward,
    as the method needs), `attention_s` at the 16-bit peak, `touch_s` of norms, residuals, activations and
    casts at memory bandwidth, `permute_s` of expert routing.  `dense_size`, `expert_size` are the harmonic
    sums of the products' dimensions, by which small products lose efficiency.  `kernels` and `expert_kernels`
    are layers passed, forward and backward.  Seconds of transfers: `tensor_s`, `context_s`, `exchange_s`,
    `pipeline_s`, `shard_s` (ZeRO-3) for a micro-batch; `gradient_s` once.  `optimiser_s` once at bandwidth.
    `rounds` is how many micro-batch times a step takes, bubbles included, `micro_batches` without them.
    `tokens` and `model_flops` are of the whole step, the latter without recomputation.
    `score_s` is memory time of attention scores that unfused kernels write out.  `misfit` tells how badly the
    widths fill tiles (0: whole tiles).  `slowest` is the time of the slowest pipeline stage over the mean.
    `age_years` is the age of the software on the chip's family.  `offload_s` is the optimiser on the host.
    """

    dense_s: Array
    expert_s: Array
    head_s: Array
    attention_s: Array
    touch_s: Array
    permute_s: Array
    dense_size: Array
    expert_size: Array
    kernels: Array
    expert_kernels: Array
    tensor_s: Array
    context_s: Array
    exchange_s: Array
    pipeline_s: Array
    shard_s: Array
    gradient_s: Array
    optimiser_s: Array
    rounds: Array
    micro_batches: Array
    stages: Array
    tokens: Array
    model_flops: Array
    score_s: Array
    misfit: Array
    slowest: Array
    age_years: Array
    offload_s: Array

    def at(self, index: ArrayLike) -> TrainingWork:
        """Rows `index` of the table."""
        rows = np.asarray(index)
        return TrainingWork(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def join(works: Sequence[TrainingWork]) -> TrainingWork:
    """Return one table of several."""
    return TrainingWork(
        **{f.name: np.concatenate([getattr(w, f.name) for w in works]) for f in fields(TrainingWork)}
    )


def training_peak(chip: Chip, precision: str) -> float:
    """Published matrix peak for training in `precision`; refused where the chip has none."""
    peak = None if precision == "int4" else chip.peak_flops_per_s(precision)
    if not peak:
        raise Refused(
            f"{chip.name} has no published {precision} matrix peak, so it cannot train in {precision}."
        )
    return peak


REACHED = 0.78
"""Of a published matrix peak, what a large product reaches: median of NVIDIA chips measured in 16 bits."""


def reached_peak(chip: Chip, precision: str) -> float:
    """Peak that a large matrix product reaches on `chip`: measured, or the usual share of the published one.

    Where only the 16-bit product was measured, the same share of the other precision's peak.
    """
    peak = training_peak(chip, precision)
    measured = chip.value(f"measured_{precision}_flops_per_s")
    if measured:
        return measured
    measured16, peak16 = chip.value("measured_bf16_flops_per_s"), chip.peak_flops_per_s("bf16")
    return peak * (measured16 / peak16 if measured16 and peak16 else REACHED)


def training_work(
    model: Model,
    chip: Chip,
    table: Layout,
    *,
    sequence_length: float,
    precision: str,
    method: str,
    scale_up_chips: float,
    scale_out_bytes_per_s: float | None = None,
    fused: bool = True,
    age_years: float = MATURE_YEARS,
    offloaded: bool = False,
) -> TrainingWork:
    """Return the work of a step of `model` on `chip` for the layouts of `table`.

    `method` "pretrain" and "full" train all weights; "lora" freezes them: no weight gradients, an optimiser
    of next to nothing.  `fused`: attention never writes its scores and norms are divided over TP
    (`training_software.FUSED_SINCE`).  `offloaded`: the optimiser runs on the host.
    Raises `Refused` where the chip lacks a fact or the model's architecture is unknown.
    """
    bandwidth = chip.value("memory_bandwidth_bytes_per_s")
    if not model.layers:
        raise Refused(f"{model.name} is closed: its architecture is not public, so it cannot be trained.")
    if not bandwidth:
        raise Refused(f"{chip.name} has no published memory bandwidth, so training time is unknown.")
    peak, peak16 = reached_peak(chip, precision), reached_peak(chip, "bf16")
    t, frozen = table, method == "lora"
    wires = _wires(chip, t, scale_up_chips, scale_out_bytes_per_s)
    tokens = t.micro_batch * sequence_length / t.cp
    flops = token_flops(model, sequence_length)
    again = np.clip(t.recompute - SELECTIVE, 0.0, 1.0)
    backward = 1.0 if frozen else 2.0
    passes = 1.0 + backward + again
    share = tokens / t.pp
    depth, sparse = flops.depth / t.pp, flops.expert_layers / t.pp
    hidden = np.full(t.tp.shape, float(model.hidden))
    weights = stage_weights(model, t)
    whole = t.global_batch * sequence_length
    attention_passes = 1.0 + (ATTENTION_BACKWARD if fused else 2.0) + again
    attention = (1.0 if fused else 2.0) * flops.attention_cost * attention_passes
    norm_share = 1.0 / t.tp if fused else 1.0
    in_layers = passes * (flops.dense + flops.experts) + attention * peak / peak16
    head = flops.head * (1 + backward) * peak / peak16 * flops.depth / np.maximum(in_layers, 1.0)
    adam_s = OPTIMISER_TRAFFIC * owned_weights(t, weights) / bandwidth
    none = np.zeros(t.tp.shape)
    per_token = (1 + backward) * (flops.dense + flops.experts + flops.head) + 3.0 * flops.attention
    return TrainingWork(
        dense_s=share * flops.dense / t.tp * passes / peak,
        expert_s=share * flops.experts / t.expert_tp * passes / peak,
        head_s=share * flops.head / t.tp * (1 + backward) / peak16,
        attention_s=share * attention / t.tp / peak16,
        touch_s=share * (flops.touched / t.tp + flops.norms * norm_share) * (3.0 + again) / bandwidth,
        permute_s=share * flops.permuted / t.tp * (2.0 + again) / bandwidth,
        dense_size=_harmonic(tokens, hidden, _widest(model, experts=False) / t.tp),
        expert_size=_harmonic(
            _tokens_per_expert(model, t, tokens), hidden, _widest(model, experts=True) / t.expert_tp
        ),
        kernels=depth * (2.0 + again),
        expert_kernels=sparse * (2.0 + again),
        tensor_s=depth * (4.0 + 2.0 * again) * wires.reduce(2.0 * tokens * hidden, t.tp),
        context_s=context_s(model, t, tokens, wires) / t.pp * (2.0 + again),
        exchange_s=sparse * (4.0 + 2.0 * again) * exchange_s(model, t, tokens, wires),
        pipeline_s=np.where(
            t.pp > 1, 2.0 * t.interleave * point_to_point_s(2.0 * tokens * hidden / t.tp, wires.between), 0.0
        ),
        shard_s=shard_s(t, weights, wires, frozen),
        gradient_s=gradient_s(t, weights, wires, frozen),
        optimiser_s=none if frozen or offloaded else adam_s,
        rounds=t.micro_batches + (t.pp - 1) / t.interleave,
        micro_batches=t.micro_batches,
        stages=t.pp,
        tokens=whole,
        model_flops=per_token * whole,
        score_s=none if fused else share * flops.scores / t.tp * (SCORE_PASSES + 4.0 * again) / bandwidth,
        misfit=misfit(model, t),
        slowest=slowest_stage(t, flops.depth, head),
        age_years=none + age_years,
        offload_s=host_optimiser_s(owned_weights(t, weights)) if offloaded and not frozen else none,
    )


def _wires(chip: Chip, t: Layout, scale_up_chips: float, scale_out: float | None) -> Wires:
    if np.all(t.chips <= 1):  # one chip sends nothing, so its links need not be known
        return Wires(LINKLESS, LINKLESS, 1.0)
    inside, between = fabrics(chip)
    if scale_out:
        between = Fabric(between.latency_s, scale_out)
    return Wires(inside, between, float(scale_up_chips))


def _harmonic(*sizes: Array) -> Array:
    return np.asarray(1.0 / np.sum([1.0 / np.maximum(s, 1.0) for s in sizes], axis=0))


def _widest(model: Model, *, experts: bool) -> float:
    """Width of the widest feed-forward of a kind, the hidden width where there is none."""
    halves: list[FeedForward] = [g.feed_forward for g in model.layers if g.feed_forward is not None]
    return float(max((f.intermediate for f in halves if bool(f.experts) == experts), default=model.hidden))


def _tokens_per_expert(model: Model, t: Layout, tokens: Array) -> Array:
    """Tokens that reach one expert in a micro-batch: those of all chips that share the experts."""
    experts = max((g.feed_forward.experts for g in model.layers if g.feed_forward), default=0)
    return np.maximum(tokens * t.ep * top_k_of(model) / max(experts, 1), 1.0)
