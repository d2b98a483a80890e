"""Transfers of a training step by the alpha-beta model: seconds, before what is hidden behind compute."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from counterpoise.catalogue.records import Model
from counterpoise.performance.collectives import (
    Fabric,
    point_to_point_s,
    two_level_all_gather_s,
    two_level_all_reduce_s,
    two_level_all_to_all_s,
)
from counterpoise.performance.estimate import Array
from counterpoise.performance.training_layout import Layout


def top_k_of(model: Model) -> float:
    """Experts that a token takes, 0 for a dense model."""
    return float(max((g.feed_forward.top_k for g in model.layers if g.feed_forward), default=0))


@dataclass(frozen=True, slots=True)
class Wires:
    """Both fabrics of a chip.  Tensor parallel chips are neighbours; then context, expert, data, pipeline."""

    inside: Fabric
    between: Fabric
    domain: float

    def reduce(self, message_bytes: Array, chips: Array) -> Array:
        """All-reduce among neighbours."""
        return two_level_all_reduce_s(message_bytes, chips, self.domain, self.inside, self.between)

    def gather(self, message_bytes: Array, chips: Array, stride: Array) -> Array:
        """All-gather among `chips` that stand `stride` apart: a domain holds domain / stride of them."""
        local = np.maximum(np.floor(self.domain / stride), 1.0)
        return two_level_all_gather_s(message_bytes, chips, local, self.inside, self.between)

    def exchange(self, message_bytes: Array, chips: Array, stride: Array) -> Array:
        """All-to-all among `chips` that stand `stride` apart."""
        local = np.maximum(np.floor(self.domain / stride), 1.0)
        return two_level_all_to_all_s(message_bytes, chips, local, self.inside, self.between)


def context_s(model: Model, t: Layout, tokens: Array, wires: Wires) -> Array:
    """Keys and values gathered over context-parallel chips, all layers, forward."""
    total = np.zeros(t.tp.shape)
    for g in model.layers:
        a = g.attention
        if a is None or a.kind in ("linear", "mamba"):
            continue
        numbers = a.kv_lora_rank + a.qk_rope_head_dim or a.kv_heads * (a.head_dim + a.value_head_dim)
        message = 2.0 * tokens * t.cp * numbers / np.minimum(t.tp, max(a.kv_heads, 1))
        total = total + g.count * wires.gather(message, t.cp, t.tp)
    return np.where(t.cp > 1, total, 0.0)


def exchange_s(model: Model, t: Layout, tokens: Array, wires: Wires) -> Array:
    """One dispatch or combine of a micro-batch: each token to its `top_k` experts' chips, 16 bits.

    Between domains a token goes once to each domain that holds one of its experts (DeepSeek-V3 report,
    3.2.2).
    """
    top_k = top_k_of(model)
    sent = 2.0 * tokens * model.hidden / t.tp
    local = np.maximum(np.floor(wires.domain / t.tp), 1.0)
    domains = np.maximum(np.ceil(t.ep / local), 1.0)
    copies = domains * (1 - (1 - 1 / domains) ** top_k)
    inside = wires.exchange(sent * top_k, np.minimum(t.ep, local), t.tp)
    message = sent * copies * (1 - 1 / domains)
    between = np.where(domains > 1, point_to_point_s(message, wires.between), 0.0)
    return np.where(t.ep > 1, np.maximum(inside, between), 0.0)


def shard_s(t: Layout, weights: tuple[Array, Array], wires: Wires, frozen: bool) -> Array:
    """ZeRO-3: weights gathered forward and backward, gradients scattered, each micro-batch, 16 bits.

    Rajbhandari et al. 2020 (arXiv 1910.02054, section 7.2): three times the weights.
    """
    dense, experts = weights
    times = 2.0 if frozen else 3.0
    stride = t.tp
    moved = wires.gather(2.0 * dense, t.shards, stride)
    replicas = np.maximum(t.dp * t.cp / t.ep, 1.0)
    moved = moved + wires.gather(2.0 * experts, replicas, stride * t.ep)
    return np.where(t.zero_stage >= 3, times * moved, 0.0)


def gradient_s(t: Layout, weights: tuple[Array, Array], wires: Wires, frozen: bool) -> Array:
    """Once a step below ZeRO-3: gradients reduced (32 bits) and, when sharded, weights gathered (16 bits).

    An unsharded all-reduce is a reduce-scatter and an all-gather of 16-bit gradients: as many bytes.
    Under ZeRO-3 over part of the replicas (hybrid sharding), each shard is reduced over the others.
    """
    if frozen:
        return np.zeros(t.tp.shape)
    dense, experts = weights
    replicas = np.maximum(t.dp * t.cp / t.ep, 1.0)
    moved = wires.gather(6.0 * dense, t.dp * t.cp, t.tp) + wires.gather(6.0 * experts, replicas, t.tp * t.ep)
    others = np.maximum(t.dp * t.cp / t.shards, 1.0)
    hybrid = wires.gather(4.0 * dense / t.shards, others, t.tp * t.shards)
    return np.where(t.zero_stage >= 3, hybrid, moved)
