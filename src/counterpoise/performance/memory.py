"""Memory of a serving engine on each chip, as the engine would report it.

An engine loads its share of the weights, runs the largest step it allows to see the activation peak, and
gives what is left to the KV cache: how much that is, each engine decides by its own rule (`memory_engines`),
and how many tokens it makes of it (`memory_cache`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from counterpoise.catalogue.counting import (
    attention_parameters,
    embedding_parameters,
    head_parameters,
    layer_parameters,
)
from counterpoise.catalogue.engines import engine_default, engine_name
from counterpoise.catalogue.records import Attention, Chip, FeedForward, Model
from counterpoise.errors import Refused
from counterpoise.performance.estimate import Array, MemoryEstimate
from counterpoise.performance.memory_cache import (
    BLOCK_TOKENS,
    cache_tokens,
    layer_cache_bytes,
    reported_bytes_per_token,
    sequence_bytes,
    state_bytes,
)
from counterpoise.performance.memory_engines import cache_room_bytes, largest_step, usual_fraction
from counterpoise.performance.operators import BYTES_PER_WEIGHT, attention_precision

GIB = float(2**30)
VISIBLE_SHARE = 0.99
"""Of the memory built in, what a program sees: 79.19 of 80 GiB on the H100 of the measured runs."""
TOWER_PARAMS = 1e8
"""Weights outside the decoder from which a model counts as multimodal."""


@dataclass(frozen=True, slots=True)
class MemoryConstants:
    """What the architecture does not say; fitted on memory.csv by `memory_fit`.

    `logit_bytes`: sampling keeps the logits of all sequences in 16 and 32 bits and sorts them.
    `fixed_bytes` and `sampled_copies` (of the step's hidden states, 16 bits) live beside the logits;
    `forward_copies` beside the widest matrix product.  `other_bytes` is the CUDA context and libraries of one
    chip, `communicator_bytes` what the collectives library adds where there are several.
    `graph_bytes` + `graph_layer_bytes` a layer are CUDA graphs, taken after the cache is sized.
    """

    logit_bytes: float = 14.696
    fixed_bytes: float = 0.0299 * GIB
    sampled_copies: float = 1.052
    forward_copies: float = 4.237
    other_bytes: float = 0.25 * GIB
    communicator_bytes: float = 1.84 * GIB
    graph_bytes: float = 0.5412 * GIB
    graph_layer_bytes: float = 0.01174 * GIB


CONSTANTS = MemoryConstants()


def visible_memory_bytes(chip: Chip) -> float:
    """Return the memory that a program sees on `chip`, bytes; refused where nobody published its size."""
    memory = chip.value("memory_bytes")
    if not memory:
        raise Refused(f"{chip.name} has no published memory size.")
    return VISIBLE_SHARE * memory


def estimate_memory(
    model: Model,
    chip: Chip,
    *,
    weight_precision: str,
    kv_precision: str,
    tp: ArrayLike,
    pp: ArrayLike = 1,
    dp: ArrayLike = 1,
    ep: ArrayLike = 1,
    max_model_len: ArrayLike = 8192,
    utilisation: ArrayLike | None = 0.9,
    engine: str = "generic",
    version: str = "",
    max_batch_tokens: int | None = None,
    max_sequences: int | None = None,
    constants: MemoryConstants = CONSTANTS,
) -> MemoryEstimate:
    """Memory of one chip that serves `model`; `tp`, `pp`, `dp`, `ep`, `max_model_len` broadcast.

    Parameters
    ----------
    model, chip : what runs where.
    weight_precision, kv_precision : as the operators name them.
    tp, pp, dp, ep : layout; `dp` counts attention replicas that share one set of experts.
    max_model_len : the longest sequence allowed, tokens.
    utilisation : the engine's own share of the memory: vLLM's gpu_memory_utilization, SGLang's
        mem_fraction_static, TensorRT-LLM's free_gpu_memory_fraction.  None: what it takes by default.
    engine, version : whose rules hold; an engine not in the tables follows vLLM's.
    max_batch_tokens, max_sequences : of the largest step; None: the engine's defaults on that chip.
    constants : of the fit.

    Returns the account; `kv_tokens` is the capacity the engine prints, of one attention replica, `sequences`
    how many of `max_model_len` tokens it says fit, both 0 where the weights leave no room.  Raises `Refused`
    for a closed model or a chip of unknown memory.
    """
    if not model.layers:
        raise Refused(f"{model.name} is closed: its architecture is not public, so it cannot be deployed.")
    memory = visible_memory_bytes(chip)
    usual_tokens, usual_sequences = largest_step(engine, chip, version)
    tokens, sequences = max_batch_tokens or usual_tokens, max_sequences or usual_sequences
    tp_, pp_, dp_, ep_, length = (
        np.asarray(x, float) for x in np.broadcast_arrays(tp, pp, dp, ep, max_model_len)
    )
    share = usual_fraction(engine, chip, tp_, pp_, dp_) if utilisation is None else utilisation
    weights = weight_bytes(model, weight_precision, tp_, pp_, dp_, ep_)
    activation = activation_bytes(
        model, tp_, dp_, ep_, length, tokens=tokens, sequences=sequences, constants=constants
    )
    several = tp_ * pp_ * dp_ > 1
    other = constants.other_bytes + np.where(several, constants.communicator_bytes, 0.0)
    # llama.cpp captures no graphs.
    depth = sum(g.count for g in model.layers)
    name = engine_name(engine)
    graphs = 0.0 if name == "llamacpp" else constants.graph_bytes + constants.graph_layer_bytes * depth / pp_
    room = cache_room_bytes(name, memory, np.asarray(share, float), weights, activation, other)
    cache = np.maximum(room, 0.0)
    held = cache_tokens(
        name, model, kv_precision, tp_, pp_, length, cache,
        chunk=tokens, block=engine_default(name, "block_tokens", version, chip) or BLOCK_TOKENS,
    )  # fmt: skip
    return MemoryEstimate(
        weights_bytes=weights,
        activation_bytes=activation,
        graph_bytes=np.broadcast_to(np.asarray(graphs, float), weights.shape),
        other_bytes=np.asarray(other),
        kv_cache_bytes=cache,
        kv_bytes_per_token=held.bytes_per_token,
        kv_tokens=held.tokens,
        sequences=held.sequences,
    )


def weight_bytes(model: Model, precision: str, tp: Array, pp: Array, dp: Array, ep: Array) -> Array:
    """Weights on the fullest chip, bytes; arrays of one shape.

    Tensor parallelism divides heads and widths; key and value heads fewer than `tp` are repeated, as are
    MLA's projections to the latent, routers and norms.  All tp · dp chips of a stage share the experts.
    Embedding, head, router and norms stay in 16 bits; the head is on the last stage, the embedding on the
    first, and the heavier counts.
    """
    width = BYTES_PER_WEIGHT[precision]
    mixer_width = BYTES_PER_WEIGHT[attention_precision(model, precision)]
    expert_tp = np.maximum(tp * dp / ep, 1.0)
    total = np.zeros(tp.shape)
    for group in model.layers:
        p = layer_parameters(model.hidden, group.attention, group.feed_forward)
        layer = mixer_width * _attention_share(model.hidden, group.attention, tp)
        layer = layer + width * (p.dense + p.shared + p.latent) / tp + 2.0 * (p.router + p.norms)
        total = total + group.count * (layer + width * p.experts * p.expert / (ep * expert_tp))
    embedding = 2.0 * embedding_parameters(model) / tp
    head = 2.0 * head_parameters(model) / tp
    ends = np.where(
        pp > 1, np.maximum(embedding, np.maximum(head, embedding * model.tie_embeddings)), embedding + head
    )
    return np.asarray(total / pp + ends + 2.0 * model.other_params / tp / pp)


def _attention_share(hidden: int, attention: Attention | None, tp: Array) -> Array:
    a = attention
    if a is None:
        return np.zeros(tp.shape)
    total = float(attention_parameters(hidden, a))
    if a.kind in ("linear", "mamba"):
        return total / tp
    if a.kind in ("mla", "sparse_mla"):
        repeated = hidden * (a.q_lora_rank + a.kv_lora_rank + a.qk_rope_head_dim)
        repeated += (a.q_lora_rank or hidden) * a.index_heads * a.index_dim + hidden * a.index_dim
        return np.asarray((total - repeated) / tp + repeated)
    one_head = hidden * (a.head_dim + (0 if a.k_is_v else a.value_head_dim))
    return np.asarray((total - a.kv_heads * one_head) / tp + one_head * np.maximum(a.kv_heads / tp, 1.0))


def activation_bytes(
    model: Model,
    tp: Array,
    dp: Array,
    ep: Array,
    length: Array,
    *,
    tokens: int,
    sequences: int,
    constants: MemoryConstants = CONSTANTS,
) -> Array:
    """Peak beside the weights in a step of `tokens` tokens that samples for `sequences`, bytes.

    The larger of sampling and the widest layer, plus buffers that outlive the step: the two of the fused
    mixture of experts (vLLM's modular kernel keeps them), and MLA's workspace for cached context, the larger
    of 8 sequences of full length and 4 blocks for each, at most 65,536 tokens (`MLACommonMetadataBuilder`).
    """
    c = constants
    hidden_bytes = 2.0 * model.hidden * tokens
    multimodal = model.other_params > TOWER_PARAMS
    sampling = c.fixed_bytes + c.logit_bytes * sequences * model.vocab + c.sampled_copies * hidden_bytes
    widest = np.max([_widest(g.feed_forward, tp) for g in model.layers], axis=0)
    forward = tokens * widest + c.forward_copies * hidden_bytes
    kept = np.max([_expert_buffers(model.hidden, g.feed_forward, tp, dp, ep) for g in model.layers], axis=0)
    latent = max((_latent_width(g.attention) for g in model.layers), default=0.0)
    context = np.minimum(np.maximum(8 * length, 4.0 * sequences * BLOCK_TOKENS), 65536.0)
    peak = np.maximum(sampling, forward) + tokens * kept + 2.0 * latent * context
    return np.asarray(peak + multimodal * hidden_bytes)


def _widest(feed_forward: FeedForward | None, tp: Array) -> Array:
    """Bytes per token of a dense layer's gate, up and product, 16 bits."""
    f = feed_forward
    if f is None:
        return np.zeros(tp.shape)
    width = f.shared_intermediate if f.experts else f.intermediate
    return 2.0 * f.matrices * width / tp


def _expert_buffers(hidden: int, feed_forward: FeedForward | None, tp: Array, dp: Array, ep: Array) -> Array:
    """Bytes per token of the two buffers of a fused mixture: (gate and up, or output) and product."""
    f = feed_forward
    if f is None or not f.experts:
        return np.zeros(tp.shape)
    share = f.intermediate / np.maximum(tp * dp / ep, 1.0)
    # Under expert parallelism a chip sees its own share of every replica's tokens: as many in all.
    return 2.0 * f.top_k * (np.maximum(2.0 * share, f.latent or hidden) + share)


def _latent_width(attention: Attention | None) -> float:
    a = attention
    return float(a.kv_lora_rank + a.qk_rope_head_dim) if a is not None else 0.0


__all__ = [
    "BLOCK_TOKENS",
    "CONSTANTS",
    "GIB",
    "MemoryConstants",
    "activation_bytes",
    "estimate_memory",
    "layer_cache_bytes",
    "reported_bytes_per_token",
    "sequence_bytes",
    "state_bytes",
    "visible_memory_bytes",
    "weight_bytes",
]
