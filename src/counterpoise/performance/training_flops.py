"""What one token takes in training: FLOPs of each kind of operator, bytes touched, layers passed."""

from __future__ import annotations

from dataclasses import dataclass

from counterpoise.catalogue.counting import layer_parameters
from counterpoise.catalogue.records import Attention, Layers, Model
from counterpoise.performance.training_layout import trained_layers

NORM_BYTES = 8.0
"""Bytes of a norm and a residual a hidden number, forward: each is read and written once, 16 bits (counted
from the operations of Korthikanti et al. 2022, figure 2)."""


@dataclass(frozen=True, slots=True)
class TokenFlops:
    """Forward FLOPs for a token of the whole model, bytes it touches, and layers.

    `depth` counts a layer of one half (a mixer or a feed-forward alone) as half; `attention_cost` is
    attention in FLOPs that 128-wide heads would take as long for; `scores` are bytes of scores, 16 bits.
    """

    dense: float
    experts: float
    attention: float
    head: float
    touched: float
    permuted: float
    depth: float
    expert_layers: float
    norms: float
    scores: float
    attention_cost: float


def token_flops(model: Model, sequence_length: float) -> TokenFlops:
    """Count what a token of a causal sequence of `sequence_length` takes in `model`."""
    dense = experts = attention = touched = permuted = depth = sparse = norms = scores = cost = 0.0
    for group in trained_layers(model):
        p = layer_parameters(model.hidden, group.attention, group.feed_forward)
        a, f = group.attention, group.feed_forward
        halves = (a is not None) + (f is not None)
        flops = attention_flops_per_token(a, sequence_length)
        dense += group.count * 2.0 * (p.active - p.top_k * p.expert - p.norms)
        experts += group.count * 2.0 * p.top_k * p.expert
        attention += group.count * flops
        cost += group.count * flops * head_width_cost(a)
        touched += group.count * touched_bytes_per_token(group)
        norms += group.count * NORM_BYTES * model.hidden * halves
        depth += group.count * halves / 2
        if a is not None and a.kind not in ("linear", "mamba"):
            scores += group.count * 2.0 * a.heads * sequence_length
        if f is not None and f.experts:
            # Dispatch and combine each read and write a copy for every expert, 16 bits.
            permuted += group.count * 4.0 * 2.0 * f.top_k * (f.latent or model.hidden)
            sparse += group.count
    head = 2.0 * model.hidden * model.vocab * (1 + model.mtp_layers)
    return TokenFlops(dense, experts, attention, head, touched, permuted, depth, sparse, norms, scores, cost)


def attention_flops_per_token(attention: Attention | None, sequence_length: float) -> float:
    """Forward FLOPs of scores and values for one token of a causal sequence, mean over its positions.

    Narayanan et al. 2021 (arXiv 2104.04473, eq. 2) without the factor for the upper triangle, which fused
    kernels skip.  A window w of a sequence s sees w - w^2 / 2s tokens on average.  Recurrent mixers do about
    three multiply-adds for each number of their state.
    """
    a = attention
    if a is None:
        return 0.0
    if a.kind in ("linear", "mamba"):
        return 6.0 * a.state_bytes / 4
    s = sequence_length
    seen = s / 2
    if a.kind == "window" and 0 < a.window < s:
        seen = a.window - a.window**2 / (2 * s)
    key = _key_width(a)
    if a.kind == "sparse_mla" and 0 < a.index_topk < s:
        chosen = a.index_topk - a.index_topk**2 / (2 * s)
        return 2.0 * a.heads * (key + a.value_head_dim) * chosen + 2.0 * a.index_heads * a.index_dim * seen
    return 2.0 * a.heads * (key + a.value_head_dim) * seen


def _key_width(a: Attention) -> int:
    return a.qk_nope_head_dim + a.qk_rope_head_dim if a.kind in ("mla", "sparse_mla") else a.head_dim


def head_width_cost(attention: Attention | None) -> float:
    """Time of fused attention a FLOP, over that of 128-wide heads.

    A score costs one exponential whatever the head's width.  At 128 the exponentials of an H100 take half as
    long as its products (Shah et al. 2024, FlashAttention-3, arXiv 2407.08608, section 3.1).
    """
    if attention is None or attention.kind in ("linear", "mamba"):
        return 1.0
    width = (_key_width(attention) + attention.value_head_dim) / 2
    return (1.0 + 0.5 * 128.0 / width) / 1.5


def touched_bytes_per_token(group: Layers) -> float:
    """Bytes of rotations, activation functions and recurrent states of one layer, forward, 16 bits.

    Queries and keys are rotated; the gate and its product are read and written once.  A recurrent mixer reads
    and writes its inputs ten times over its kernels, and its 32-bit states four times for every chunk of 128
    tokens (Dao, Gu 2024, arXiv 2405.21060, section 6; counted from the state-space-duality kernels).
    """
    count = 0.0
    a, f = group.attention, group.feed_forward
    if a is not None and a.kind in ("linear", "mamba"):
        count += 10.0 * a.heads * a.head_dim + 4.0 * a.state_bytes / 128.0 / 2.0
    elif a is not None:
        count += 2.0 * (a.heads + a.kv_heads) * _key_width(a)
    if f is not None:
        width = f.top_k * f.intermediate + f.shared_intermediate if f.experts else f.intermediate
        count += f.matrices * width
    return 2.0 * count
