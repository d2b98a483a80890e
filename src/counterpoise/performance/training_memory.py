"""Memory of a chip in training: weights, gradients, optimiser states, activations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from counterpoise.catalogue.records import Chip, Layers, Model
from counterpoise.performance.estimate import Array
from counterpoise.performance.memory import GIB, visible_memory_bytes
from counterpoise.performance.operators import BYTES_PER_WEIGHT
from counterpoise.performance.training_layout import FULL, NONE, SELECTIVE, Layout, stage_weights

RESERVED_BYTES = 3.0 * GIB
"""Context, communicator buffers and fragmentation.  Assumed."""
WEIGHT_BYTES, GRADIENT_BYTES, OPTIMISER_BYTES = 2.0, 4.0, 12.0
"""Mixed-precision Adam: 16-bit weights, 32-bit accumulated gradients, 32-bit weights and two moments
(Rajbhandari et al. 2020, arXiv 1910.02054, section 3.1, with the gradients Megatron-LM accumulates)."""


@dataclass(frozen=True, slots=True)
class TrainingMemory:
    """Bytes on the fullest chip; arrays (layouts,)."""

    weights_bytes: Array
    gradient_bytes: Array
    optimiser_bytes: Array
    activation_bytes: Array

    @property
    def total_bytes(self) -> Array:
        """All of it, with what the software reserves."""
        return (
            self.weights_bytes
            + self.gradient_bytes
            + self.optimiser_bytes
            + self.activation_bytes
            + RESERVED_BYTES
        )


def training_memory(
    model: Model,
    table: Layout,
    *,
    sequence_length: float,
    precision: str,
    method: str,
    offloaded: bool = False,
) -> TrainingMemory:
    """Memory of a chip for the layouts of `table`.

    ZeRO shards optimiser (1), gradients (2), weights (3) over data-parallel chips; experts only over the
    replicas that hold the same ones.  LoRA keeps frozen weights in the training precision and next to no
    gradients or states (rank 16 adapters are about 0.1 % of the weights).  `offloaded`: the host holds them.
    """
    t = table
    dense, experts = stage_weights(model, t)
    replicas = np.maximum(t.dp * t.cp / t.ep, 1.0)

    def sharded(stage: int) -> Array:
        on = t.zero_stage >= stage
        return dense / np.where(on, t.shards, 1.0) + experts / np.where(
            on, np.minimum(replicas, t.shards), 1.0
        )

    frozen = method == "lora"
    layer = (dense + experts) / np.maximum(sum(g.count for g in model.layers) / t.pp, 1.0)
    gathered = np.where(t.zero_stage >= 3, 2.0 * WEIGHT_BYTES * layer, 0.0)  # this layer's and the next one's
    width = BYTES_PER_WEIGHT[precision] if frozen else WEIGHT_BYTES
    adapters = 0.001 * (dense + experts)
    return TrainingMemory(
        weights_bytes=width * sharded(3) + gathered,
        gradient_bytes=GRADIENT_BYTES * (adapters if frozen else sharded(2)),
        optimiser_bytes=(0.0 if offloaded else OPTIMISER_BYTES) * (adapters if frozen else sharded(1)),
        activation_bytes=activation_bytes(model, t, sequence_length, precision),
    )


def activation_bytes(model: Model, table: Layout, sequence_length: float, precision: str = "bf16") -> Array:
    """Activations kept for the backward pass on the first pipeline stage, bytes.

    Korthikanti et al. 2022 (arXiv 2205.05198): per layer s·b·h(34 + 5·a·s/h)/t without recomputation (eq. 2),
    the second term of which fused attention never stores; 2·s·b·h with full recomputation (table 2), all over
    t with sequence parallelism.  Here the 34 is counted from the widths, so it holds for grouped heads, gates
    and experts; inputs of matrix products are kept in the training precision, the rest in 16 bits.
    Selective recomputation drops norm outputs, products of gates and MLA's expanded heads (DeepSeek-V3
    report, 3.2.3).  A 1F1B stage keeps p micro-batches, an interleaved one 1 + (p-1)/(p·v) times that
    (section 4.2.3).
    """
    t = table
    tokens = t.micro_batch * sequence_length / t.cp
    kept = np.zeros(t.tp.shape)
    largest = 0.0
    width = min(BYTES_PER_WEIGHT[precision], 2.0)
    for group in model.layers:
        every, fewer = _kept_bytes(model.hidden, group, width)
        largest = max(largest, every)
        per_token = np.interp(t.recompute, (NONE, SELECTIVE, FULL), (every, fewer, 2.0 * model.hidden))
        kept = kept + group.count * tokens * per_token / t.tp
    interleaved = np.where(t.interleave > 1, 1 + (t.pp - 1) / (t.pp * t.interleave), 1.0)
    flying = np.minimum(t.pp * interleaved, t.micro_batches) / t.pp
    rebuilt = np.where(t.recompute > SELECTIVE, tokens * largest / t.tp, 0.0)
    logits = (
        6.0 * tokens * model.vocab / t.tp / t.pp
    )  # the head is on the last stage, which keeps one micro-batch
    return np.asarray(kept * flying + rebuilt + logits)


def _kept_bytes(hidden: int, group: Layers, width: float) -> tuple[float, float]:
    """Bytes per token that a layer keeps: everything, and after selective recomputation."""
    a, f = group.attention, group.feed_forward
    every = fewer = 0.0
    if a is not None:
        key = a.head_dim or (a.qk_nope_head_dim + a.qk_rope_head_dim)
        out = a.heads * a.value_head_dim
        heads = a.heads * key + a.kv_heads * (key + a.value_head_dim)
        latent = a.q_lora_rank + a.kv_lora_rank + a.qk_rope_head_dim
        every += (2.0 + width) * hidden + 2.0 * heads + 2.0 * out
        fewer += 2.0 * hidden + 2.0 * (latent if a.kind in ("mla", "sparse_mla") else heads) + 2.0 * out
    if f is not None:
        inner = f.top_k * f.intermediate + f.shared_intermediate if f.experts else f.intermediate
        sent = width * f.top_k * (f.latent or hidden) if f.experts else 0.0
        gates = 2.0 * max(f.matrices - 1, 1) * inner
        every += (2.0 + width) * hidden + gates + width * inner + sent
        fewer += 2.0 * hidden + gates + sent
    return every, fewer


def fits(memory: TrainingMemory, chip: Chip, tolerance: float = 1.0) -> NDArray[np.bool_]:
    """Tell where a chip holds it, or `tolerance` times less."""
    return np.asarray(memory.total_bytes <= tolerance * visible_memory_bytes(chip))
