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
    NARROW,
    Operators,
    active_experts,
    operator_table,
)
from counterpoise.performance.precision import compute_precision, peak_flops_per_s
from counterpoise.performance.roofline import joined

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
    domain and between domains.  `cp` chips share the cache of a replica: `ring_*` hand its keys and values
    round in prefill, seconds for each token attended to, `combine_*` join partial attention in decode,
    seconds for each row.
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
    kernels: Array
    cp: Array
    ring_latency_s: Array
    ring_s_per_token: Array
    combine_latency_s: Array
    combine_s_per_token: Array

    def at(self, rows: NDArray[np.intp]) -> StepWork:
        """Rows `rows`: a table of layouts becomes a table of points."""
        return StepWork(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


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
    cp: Array | None = None,
) -> StepWork:
    """Return the work of `model` on `chip` for layouts given by equal arrays `tp`, `pp`, `dp`, `ep`, `cp`.

    `dp` counts replicas of the attention that share one set of experts; a dense model has dp = 1.  `cp`
    chips (times tp) hold the weights of a replica once each and share its tokens and cache; None: 1.
    Raises `Refused` where a fact that the time depends on is unknown.
    """
    bandwidth = chip.value("memory_bandwidth_bytes_per_s")
    if not bandwidth:
        raise Refused(f"{chip.name} has no published memory bandwidth, so decode time is unknown.")
    if not model.layers:
        raise Refused(f"{model.name} is closed: its architecture is not public, so it cannot be deployed.")
    cp = np.ones(tp.shape) if cp is None else cp
    expert_tp = np.maximum(tp * cp * dp / ep, 1.0)
    ops = operator_table(
        model,
        weight_precision=weight_precision,
        kv_precision=kv_precision,
        tp=tp,
        ep=ep,
        expert_tp=expert_tp,
        narrow=frozenset(p for p in NARROW if compute_precision(chip, p) != "bf16"),
    )
    peaks = np.array([peak_flops_per_s(chip, p) for p in ops.precision])
    traffic = _traffic(model, chip, tp, pp, dp, ep, cp, scale_up_chips)
    around = _context_traffic(model, chip, ops, tp, cp, scale_up_chips)
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
        kv_bytes_per_token=ops.kv_bytes_per_token / (pp * cp),
        kernels=np.full(tp.shape, ops.kernels.sum()),
        cp=cp,
        ring_latency_s=around[0],
        ring_s_per_token=around[1],
        combine_latency_s=around[2],
        combine_s_per_token=around[3],
    )


def _context_traffic(
    model: Model, chip: Chip, ops: Operators, tp: Array, cp: Array, scale_up_chips: int
) -> tuple[Array, Array, Array, Array]:
    """Latency and time per token of the ring of keys and values (prefill), and of the combine (decode).

    Prefill: in cp - 1 hops a layer each chip passes on a cp-th of the keys and values, so (cp - 1)/cp of all
    tokens' cache crosses each link once (Liu, Zaharia, Abbeel, "Ring attention", 2023; Yang et al.,
    "Context parallelism for scalable million-token inference", 2024, pass-KV).
    Decode: each chip attends to its cp-th of the cache; the partial outputs, 16 bits with a 32-bit log-sum
    a head, are gathered once a layer (the combine of FlashDecoding, Dao et al. 2023, over chips).
    """
    zero = np.zeros(tp.shape)
    if float(np.max(cp)) <= 1:
        return zero, zero, zero, zero
    inside, between = fabrics(chip)
    # Tensor-parallel chips are neighbours; the ring leaves the domain where it has more than tp · cp chips.
    wide = tp * cp > scale_up_chips
    fabric_s = np.where(wide, between.latency_s, inside.latency_s)
    bandwidth = np.where(wide, between.bandwidth_bytes_per_s, inside.bandwidth_bytes_per_s)
    several = cp > 1
    mixers = [(g.count, g.attention) for g in model.layers if g.attention is not None]
    cached = [(n, a) for n, a in mixers if a.kind not in ("linear", "mamba")]
    layers = float(sum(n for n, _ in cached))
    output = sum(
        n * np.maximum(a.heads / tp, 1) * (2.0 * (a.kv_lora_rank or a.value_head_dim) + 4.0)
        for n, a in cached
    )
    hops = np.where(several, cp - 1, 0.0)
    share = hops / cp
    return (
        layers * hops * fabric_s,
        share * ops.kv_bytes_per_token / bandwidth,
        np.where(several, layers, 0.0) * np.ceil(np.log2(cp)) * fabric_s,
        hops * output / bandwidth,
    )


def _traffic(
    model: Model, chip: Chip, tp: Array, pp: Array, dp: Array, ep: Array, cp: Array, scale_up_chips: int
) -> tuple[Array, Array, Array, Array, Array]:
    """Latency and time per token of the all-reduces and of the expert exchanges (inside, between) of a step.

    Two all-reduces a layer of 16-bit hidden vectors (Megatron-LM, Shoeybi et al. 2019, section 3); where
    attention replicas share experts, a token goes to its experts in 8 bits and comes back in 16, between
    domains once for each domain that holds one of its experts (DeepSeek-V3 report, 3.2.2).  All destinations
    are written at once, so an exchange waits for one hop.
    """
    zero = np.zeros(tp.shape)
    if float(np.max(tp * dp * pp * cp)) <= 1:
        return zero, zero, zero, zero, zero
    inside, between = fabrics(chip)
    if float(np.max(tp * dp * pp * cp)) > scale_up_chips and not chip.value(
        "scale_out_bandwidth_bytes_per_s"
    ):
        raise Refused(f"{chip.name} has no published network bandwidth, so work over systems is unknown.")
    groups = [(g.count, g.attention is not None, g.feed_forward) for g in model.layers]
    mixers = float(sum(n for n, mixer, _ in groups if mixer))
    blocks = float(sum(n for n, _, f in groups if f is not None))
    sparse = float(sum(n for n, _, f in groups if f is not None and f.experts))
    top_k = float(max((f.top_k for _, _, f in groups if f is not None), default=0))
    shared = dp * cp > 1
    hidden = 2.0 * model.hidden
    reduces = mixers + blocks - np.where(shared, sparse, 0.0)
    latency = two_level_all_reduce_s(0.0, tp, scale_up_chips, inside, between)
    large = 1e9
    slope = (two_level_all_reduce_s(large, tp, scale_up_chips, inside, between) - latency) / large
    exchanges = np.where(shared, 2.0 * sparse, 0.0)
    chips = tp * dp * cp
    domains = split(chips, scale_up_chips)[1]
    vector = 0.75 * hidden / tp  # 8 bits there and 16 back, on average, split over tensor-parallel chips
    ranks = np.maximum(ep, 1.0)  # a token goes once to each chip that holds one of its experts (DeepEP)
    stays = ranks * (1 - (1 - 1 / ranks) ** top_k) * (1 - 1 / ranks) * vector / inside.bandwidth_bytes_per_s
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


@dataclass(frozen=True, slots=True)
class Blocks:
    """The operators of a `StepWork` by what they compute; arrays (operators, points), points contiguous.

    `dense`: products and recurrences; `grouped`: products of experts; `attention`: what reads a cache or a
    state.  Made once for a table whose steps are asked for many times.
    """

    work: StepWork
    token_s: Array
    weight_s: Array
    activation_s: Array
    head: Array
    expert_token_s: Array
    expert_weight_s: Array
    expert_activation_s: Array
    experts_here: Array
    miss: Array
    per_expert: Array
    decode_pair_s: Array
    prefill_pair_s: Array
    pair_s: Array
    state_s: Array
    window: Array


def blocks(work: StepWork) -> Blocks:
    """Sort the operators of `work`; where a table mixes models, an operator may stand in two blocks."""
    expert = work.grouped > 0
    dense = ~expert & ((work.token_s > 0) | (work.weight_s > 0) | (work.activation_s > 0))
    cached = (work.pair_s > 0) | (work.state_s > 0) | (work.decode_pair_s > 0)

    def part(values: Array, mask: NDArray[np.bool_]) -> Array:
        columns = np.flatnonzero(mask.any(axis=0))
        return np.ascontiguousarray(np.where(mask, values, 0.0)[:, columns].T)

    experts, top_k = part(work.experts, expert), part(work.top_k, expert)
    here = part(work.experts_here, expert)
    return Blocks(
        work=work,
        token_s=part(work.token_s, dense),
        weight_s=part(work.weight_s, dense),
        activation_s=part(work.activation_s, dense),
        head=part(work.head, dense),
        expert_token_s=part(work.token_s, expert),
        expert_weight_s=part(work.weight_s, expert),
        expert_activation_s=part(work.activation_s, expert),
        experts_here=here,
        miss=np.log1p(-np.minimum(top_k / np.maximum(experts, 1.0), 1 - 1e-12)),
        # One expert row's share of a token's grouped work, for the half-filled tile of each expert reached.
        per_expert=experts / np.maximum(here * top_k, 1e-30),
        decode_pair_s=part(work.decode_pair_s, cached),
        prefill_pair_s=part(work.prefill_pair_s, cached),
        pair_s=part(work.pair_s, cached),
        state_s=part(work.state_s, cached),
        window=part(work.window, cached),
    )


def step_seconds(
    work: StepWork | Blocks,
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
    attending_s: Array | None = None,
) -> Array:
    """Time of a step, seconds, shape (points,).

    `decode` sequences of `context` cached tokens (mean) each advance by one token, or verify `draft_tokens`
    more; `prefill` new tokens join, each attending to `prefill_context` tokens (mean), on `prefill_ranks` of
    the attention replicas; all counts are of one attention replica.  With pipeline stages the batch is split
    so that every stage is busy: the time is that of a token through all stages.  `overlap`: expert exchange
    hides behind the compute of a second micro-batch (DeepSeek-V3 report, 3.4).  Over `cp` chips a prefill
    divides its tokens and its ring hides behind attention; decode repeats the products on each and divides
    the cache.  `attending_s`: `decode_attention_s` of the same step, where it is known.
    """
    b = work if isinstance(work, Blocks) else blocks(work)
    w = b.work
    sequences = decode / w.pp
    rows = sequences * (1.0 + draft_tokens)
    if attending_s is None:
        attending_s = decode_attention_s(b, e, sequences=sequences, rows=rows, context=context)
    fixed = e["launch_s"] * w.kernels + e["step_s"] * w.pp + e["sequence_s"] * decode
    fixed = fixed + e["hop"] * w.combine_latency_s * (rows > 0) + w.combine_s_per_token * rows / e["link"]
    if isinstance(prefill, float) and prefill == 0.0:
        busy = _products_s(b, e, rows, rows, rows * w.dp) + attending_s
        return np.asarray(_sent(w, e, busy, rows, overlap) + fixed)
    extra = prefill / w.pp / w.cp
    # The head sees one row of each prefill that ends.
    ends = np.minimum(extra, prefill_sequences)
    everyone = rows * w.dp + extra * prefill_ranks * w.cp
    own_s = (np.minimum(prefill_context, b.window) * b.prefill_pair_s).sum(axis=0)
    own_s = own_s * extra / e["attention_compute"]
    # All keys of a prompt go round: those that a query attends to on average, and half of the new ones.
    attended = (prefill_sequences * prefill_context + prefill / 2) * (extra > 0) / w.pp
    ring_s = e["hop"] * w.ring_latency_s * (extra > 0) + w.ring_s_per_token * attended / e["link"]
    busy = _products_s(b, e, rows + extra, rows + ends, everyone) + attending_s + joined(own_s, ring_s)
    busy = _sent(w, e, busy, rows + extra, overlap)
    # Decode replays a captured graph; a step with prefill launches each kernel while the chip works.
    return np.asarray(np.where(extra > 0, joined(busy, e["eager_s"] * w.kernels), busy) + fixed)


def decode_attention_s(b: Blocks, e: Efficiencies, *, sequences: Array, rows: Array, context: Array) -> Array:
    """Attention of a decode step, seconds, shape (points,): `rows` queries of `sequences` cached contexts.

    Tokens are dealt to the cp chips in turn, so each holds its share of a window too.
    """
    seen = np.minimum(context, b.window) / b.work.cp
    compute = seen * b.decode_pair_s * (rows / e["attention_compute"])
    memory = (seen * b.pair_s + b.state_s) * (sequences / e["attention_memory"])
    return np.asarray(joined(compute, memory).sum(axis=0))


def _products_s(b: Blocks, e: Efficiencies, tokens: Array, last: Array, everyone: Array) -> Array:
    """Products of a step, seconds: `tokens` rows, `last` through the head, `everyone` to the experts."""
    m = tokens + b.head * (last - tokens)
    half = e["gemm_half"] * (tokens > 0)
    compute = b.token_s * (m + half) / e["gemm_compute"]
    dense = joined(compute, b.weight_s / e["gemm_memory"]).sum(axis=0)
    # Norms, rotary embeddings, quantisation and residuals run between the products.
    moved = (b.activation_s * m).sum(axis=0)
    if len(b.expert_token_s):
        reached = b.experts_here * -np.expm1(everyone * b.miss)
        spread = 1.0 + e["imbalance"] * (b.work.ep > 1)
        filled = everyone * spread + e["grouped_half"] * reached * b.per_expert
        compute = b.expert_token_s * filled / e["grouped_compute"]
        dense = dense + joined(compute, b.expert_weight_s * reached / e["grouped_memory"]).sum(axis=0)
        moved = moved + b.expert_activation_s.sum(axis=0) * everyone
    return np.asarray(dense + moved / e["activation"])


def _sent(w: StepWork, e: Efficiencies, compute_s: Array, tokens: Array, overlap: bool) -> Array:
    """Compute with the all-reduces and expert exchanges of `tokens` rows, seconds."""
    busy = compute_s + e["hop"] * w.reduce_latency_s + w.reduce_s_per_token * tokens / e["link"]
    sending = np.maximum(w.exchange_link_s_per_token / e["link"], w.exchange_net_s_per_token)
    exchange_s = e["hop"] * w.exchange_latency_s + sending * tokens
    return np.asarray(joined(busy, exchange_s) if overlap else busy + exchange_s)


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
