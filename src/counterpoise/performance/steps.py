"""Time of one engine step: decode of a batch, prefill of a chunk, or both, on one layout of one chip kind.

The model's operators and the chip's facts make a `StepWork`: seconds at data-sheet peak for one unit of each
operator's work.  Efficiencies then turn it into the time of a step.  No queueing here: that is serving's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from counterpoise.catalogue.records import Chip, Model
from counterpoise.errors import Refused
from counterpoise.performance.collectives import (
    fabrics,
    split,
    two_level_all_reduce_s,
)
from counterpoise.performance.estimate import Array
from counterpoise.performance.operators import (
    GROUPED,
    HEAD,
    Operators,
    active_experts,
    operator_table,
)
from counterpoise.performance.roofline import joined, product_seconds

NETWORK_SHARE = 0.87
"""Of a network card's bandwidth that expert exchange reaches: 43 to 47 of 50 GB/s (DeepEP, 2025, V1)."""

Efficiencies = Mapping[str, Array]
"""Fitted parameter -> value for each point, as `calibration.efficiencies` resolves them."""


@dataclass(frozen=True, slots=True)
class StepWork:
    """Work of a step at data-sheet peak; arrays (points, operators) above the line, (points,) below it.

    Seconds per unit of work of all `count` operators.  `grouped`, `head`: 1 where the operator is of the
    class, else 0.  `reduce_*`: all-reduces of a step over tensor-parallel chips; `exchange_*`: dispatches to
    experts and combines of a step; latency of all hops, and seconds for each token of a replica, inside the
    domain and between domains.
    """

    count: Array
    token_s: Array
    weight_s: Array
    activation_s: Array
    decode_pair_s: Array
    prefill_pair_s: Array
    pair_s: Array
    state_s: Array
    window: Array
    experts: Array
    experts_here: Array
    top_k: Array
    grouped: Array
    head: Array
    # one per point
    tp: Array
    pp: Array
    dp: Array
    ep: Array
    reduce_latency_s: Array
    reduce_s_per_token: Array
    exchange_latency_s: Array
    exchange_link_s_per_token: Array
    exchange_net_s_per_token: Array
    kv_bytes_per_token: Array

    def at(self, rows: NDArray[np.intp]) -> StepWork:
        """Rows `rows`: a table of layouts becomes a table of points."""
        return StepWork(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def compute_precision(chip: Chip, precision: str) -> str:
    """Precision of the multiply for weights stored in `precision`: 16 bits where the chip lacks it."""
    for candidate in {"fp8": ("fp8",), "int8": ("int8",), "fp4": ("fp4", "fp8")}.get(precision, ()):
        if chip.peak_flops_per_s(candidate):
            return candidate
    return "bf16"


def peak_flops_per_s(chip: Chip, precision: str) -> float:
    """Matrix peak of the chip for weights stored in `precision`; `Refused` where nobody published one."""
    peak = chip.peak_flops_per_s(compute_precision(chip, precision))
    if not peak:
        raise Refused(f"{chip.name} has no published 16-bit matrix peak, so its compute time is unknown.")
    return peak


def step_work(
    model: Model,
    chip: Chip,
    *,
    weight_precision: str,
    kv_precision: str,
    tp: Array,
    pp: Array,
    dp: Array,
    ep: Array,
    scale_up_chips: int,
) -> StepWork:
    """Return the work of `model` on `chip` for layouts given by equal arrays `tp`, `pp`, `dp`, `ep`.

    `dp` counts replicas of the attention that share one set of experts; a dense model has dp = 1.
    Raises `Refused` where a fact that the time depends on is unknown.
    """
    bandwidth = chip.value("memory_bandwidth_bytes_per_s")
    if not bandwidth:
        raise Refused(f"{chip.name} has no published memory bandwidth, so decode time is unknown.")
    if not model.layers:
        raise Refused(f"{model.name} is closed: its architecture is not public, so it cannot be deployed.")
    expert_tp = np.maximum(tp * dp / ep, 1.0)
    ops = operator_table(
        model, weight_precision=weight_precision, kv_precision=kv_precision, tp=tp, ep=ep, expert_tp=expert_tp
    )
    peaks = np.array([peak_flops_per_s(chip, p) for p in ops.precision])
    traffic = _traffic(model, chip, tp, pp, dp, ep, scale_up_chips)
    kind = np.array(ops.kind)
    shape = ops.flops_per_token.shape

    def mask(*kinds: int) -> Array:
        return np.broadcast_to(np.isin(kind, kinds).astype(float), shape)

    return StepWork(
        count=np.broadcast_to(ops.count, shape),
        token_s=ops.flops_per_token * ops.count / peaks,
        weight_s=ops.weight_bytes * ops.count / bandwidth,
        activation_s=ops.activation_bytes_per_token * ops.count / bandwidth,
        decode_pair_s=ops.decode_flops_per_pair * ops.count / peaks,
        prefill_pair_s=ops.prefill_flops_per_pair * ops.count / peaks,
        pair_s=ops.pair_bytes * ops.count / bandwidth,
        state_s=ops.state_bytes * ops.count / bandwidth,
        window=ops.window,
        experts=ops.experts,
        experts_here=ops.experts_here,
        top_k=ops.top_k,
        grouped=mask(GROUPED),
        head=mask(HEAD),
        tp=tp,
        pp=pp,
        dp=dp,
        ep=ep,
        reduce_latency_s=traffic[0],
        reduce_s_per_token=traffic[1],
        exchange_latency_s=traffic[2],
        exchange_link_s_per_token=traffic[3],
        exchange_net_s_per_token=traffic[4],
        kv_bytes_per_token=_kv_bytes(ops, pp),
    )


def _kv_bytes(ops: Operators, pp: Array) -> Array:
    return ops.kv_bytes_per_token / pp


def _traffic(
    model: Model, chip: Chip, tp: Array, pp: Array, dp: Array, ep: Array, scale_up_chips: int
) -> tuple[Array, Array, Array, Array, Array]:
    """Latency and time per token of the all-reduces and of the expert exchanges (inside, between) of a step.

    Two all-reduces a layer of 16-bit hidden vectors (Megatron-LM, Shoeybi et al. 2019, section 3); where
    attention replicas share experts, a token goes to its experts in 8 bits and comes back in 16, between
    domains once for each domain that holds one of its experts (DeepSeek-V3 report, 3.2.2).  All destinations
    are written at once, so an exchange waits for one hop.
    """
    zero = np.zeros(tp.shape)
    if float(np.max(tp * dp * pp)) <= 1:
        return zero, zero, zero, zero, zero
    inside, between = fabrics(chip)
    if float(np.max(tp * dp * pp)) > scale_up_chips and not chip.value("scale_out_bandwidth_bytes_per_s"):
        raise Refused(f"{chip.name} has no published network bandwidth, so work over systems is unknown.")
    groups = [(g.count, g.attention is not None, g.feed_forward) for g in model.layers]
    mixers = float(sum(n for n, mixer, _ in groups if mixer))
    blocks = float(sum(n for n, _, f in groups if f is not None))
    sparse = float(sum(n for n, _, f in groups if f is not None and f.experts))
    top_k = float(max((f.top_k for _, _, f in groups if f is not None), default=0))
    shared = dp > 1
    hidden = 2.0 * model.hidden
    reduces = mixers + blocks - np.where(shared, sparse, 0.0)
    latency = two_level_all_reduce_s(0.0, tp, scale_up_chips, inside, between)
    large = 1e9
    slope = (two_level_all_reduce_s(large, tp, scale_up_chips, inside, between) - latency) / large
    exchanges = np.where(shared, 2.0 * sparse, 0.0)
    chips = tp * dp
    domains = split(chips, scale_up_chips)[1]
    vector = 0.75 * hidden / tp  # 8 bits there and 16 back, on average, split over tensor-parallel chips
    stays = top_k * (1 - 1 / np.maximum(ep, 1.0)) * vector / inside.bandwidth_bytes_per_s
    visited = domains * (1 - (1 - 1 / domains) ** top_k) * (1 - 1 / domains)
    leaves = visited * vector / (NETWORK_SHARE * between.bandwidth_bytes_per_s)
    start = np.where(domains > 1, between.latency_s, inside.latency_s)
    return (
        reduces * latency,
        reduces * slope * hidden,
        exchanges * start,
        exchanges * stays,
        exchanges * leaves,
    )


def step_seconds(
    work: StepWork,
    e: Efficiencies,
    *,
    decode: Array,
    context: Array,
    prefill: Array | float = 0.0,
    prefill_context: Array | float = 0.0,
    prefill_sequences: Array | float = 1.0,
    prefill_ranks: Array | float = 1.0,
    draft_tokens: Array | float = 0.0,
    overlap: bool = False,
) -> Array:
    """Time of a step, seconds, shape (points,).

    `decode` sequences of `context` cached tokens (mean) each advance by one token, or verify `draft_tokens`
    more; `prefill` new tokens join, each attending to `prefill_context` tokens (mean), on `prefill_ranks` of
    the attention replicas; all counts are of one attention replica.  With pipeline stages the batch is split
    so that every stage is busy: the time is that of a token through all stages.  `overlap`: expert exchange
    hides behind the compute of a second micro-batch (DeepSeek-V3 report, 3.4).
    """
    zero = np.zeros(work.tp.shape)
    sequences = decode / work.pp
    rows = sequences * (1.0 + draft_tokens)
    extra = (zero + prefill) / work.pp
    tokens = rows + extra
    everyone = rows * work.dp + extra * prefill_ranks
    compute = _operators(
        work, e, sequences, rows, extra, tokens, everyone, context, prefill_context, prefill_sequences
    )
    reduce_s = e["hop"] * work.reduce_latency_s + work.reduce_s_per_token * tokens / e["link"]
    sending = np.maximum(work.exchange_link_s_per_token / e["link"], work.exchange_net_s_per_token)
    exchange_s = e["hop"] * work.exchange_latency_s + sending * tokens
    fixed = e["launch_s"] * work.count.sum(axis=1) + e["step_s"] * work.pp + e["sequence_s"] * decode
    if overlap:
        return np.asarray(joined(compute + reduce_s, exchange_s) + fixed)
    return np.asarray(compute + reduce_s + exchange_s + fixed)


def _operators(
    work: StepWork,
    e: Efficiencies,
    sequences: Array,
    rows: Array,
    extra: Array,
    tokens: Array,
    everyone: Array,
    context: Array,
    prefill_context: Array | float,
    prefill_sequences: Array | float,
) -> Array:
    def column(x: Array | float) -> Array:
        return np.broadcast_to(np.asarray(x, float), work.tp.shape)[:, None]

    dense = 1.0 - work.grouped
    # The head sees one row of each prefill that ends.
    last = np.minimum(extra, prefill_sequences)
    m = dense * (work.head * column(rows + last) + (1 - work.head) * column(tokens)) + work.grouped * column(
        everyone
    )
    reached = np.minimum(active_experts(work.experts_here, work.experts, work.top_k, m), work.experts_here)
    # One expert row's share of a token's grouped work, for the half-filled tile of each expert reached.
    per_expert = work.experts / np.maximum(work.experts_here * work.top_k, 1e-30)
    spread = 1.0 + column(e["imbalance"]) * (column(work.ep) > 1)
    grouped_c = work.token_s * (m * spread + column(e["grouped_half"]) * reached * per_expert)
    product_c = np.where(
        work.grouped > 0,
        grouped_c / column(e["grouped_compute"]),
        product_seconds(work.token_s, m, column(e["gemm_half"]), column(e["gemm_compute"])),
    )
    read = work.weight_s * np.where(work.grouped > 0, reached, 1.0)
    reading = np.where(work.grouped > 0, column(e["grouped_memory"]), column(e["gemm_memory"]))
    product = joined(product_c, read / reading + work.activation_s * m / column(e["gemm_memory"]))
    seen = np.minimum(column(context), work.window)
    decoding = joined(
        column(rows) * seen * work.decode_pair_s / column(e["attention_compute"]),
        column(sequences) * (seen * work.pair_s + work.state_s) / column(e["attention_memory"]),
    )
    prefilling = (
        column(extra)
        * np.minimum(column(prefill_context), work.window)
        * work.prefill_pair_s
        / column(e["attention_compute"])
    )
    return np.asarray((product + decoding + prefilling).sum(axis=1))


def ideal_seconds(
    work: StepWork,
    *,
    decode: Array,
    context: Array,
    prefill_per_step: Array,
    prefill_context: Array,
    draft_tokens: Array | float = 0.0,
) -> tuple[Array, Array]:
    """Compute and memory time of a step at data-sheet peak, seconds: what the chip is busy with, for power.

    `prefill_per_step` is the mean number of new input tokens that share a decode step.
    """
    rows = (decode * (1 + draft_tokens) / work.pp)[:, None]
    extra = (prefill_per_step / work.pp)[:, None]
    m = np.where(
        work.grouped > 0, (rows + extra) * work.dp[:, None], np.where(work.head > 0, rows, rows + extra)
    )
    reached = np.minimum(active_experts(work.experts_here, work.experts, work.top_k, m), work.experts_here)
    seen = np.minimum(context[:, None], work.window)
    own = np.minimum(prefill_context[:, None], work.window)
    compute = work.token_s * m + rows * seen * work.decode_pair_s + extra * own * work.prefill_pair_s
    memory = (
        work.weight_s * np.where(work.grouped > 0, reached, 1.0)
        + work.activation_s * m
        + (decode / work.pp)[:, None] * (seen * work.pair_s + work.state_s)
    )
    return np.asarray(compute.sum(axis=1)), np.asarray(memory.sum(axis=1))
