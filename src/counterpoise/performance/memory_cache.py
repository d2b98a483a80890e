"""Cache and recurrent state of a model's layers on each chip, and how engines count their tokens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from counterpoise.catalogue.records import Attention, Layers, Model
from counterpoise.performance.estimate import Array
from counterpoise.performance.operators import BYTES_PER_KV

BLOCK_TOKENS = 16
"""Tokens of a block of vLLM's cache; its tokens are counted in whole blocks."""
SIMILAR = 1.25
"""Up to this ratio of their counts vLLM makes groups of the more frequent kind of layer."""
STATE_SHARE = 0.9
"""SGLang: bytes for recurrent states to bytes for the cache (`mamba_full_memory_ratio`).  From memory."""
WINDOW_SHARE = 0.8
"""SGLang: tokens of window layers to tokens of full layers (`swa_full_tokens_ratio`).  From memory."""


@dataclass(frozen=True, slots=True)
class CacheTokens:
    """What an engine says of its cache, arrays of one shape.

    `bytes_per_token`: the cache divided by the tokens it prints.  `tokens`: those.  `sequences`: how many of
    the longest allowed length it can hold at once.
    """

    bytes_per_token: Array
    tokens: Array
    sequences: Array


def layer_cache_bytes(attention: Attention | None, kv_precision: str, tp: Array) -> Array:
    """Cache of one token in one layer on one chip, bytes; 0 for layers that keep a state instead.

    MLA keeps one latent for all heads, so every tensor-parallel chip holds all of it (DeepSeek-V2,
    arXiv 2405.04434, section 2.1); the sparse kind adds one 8-bit key of the indexer and its scale.
    """
    a = attention
    if a is None or a.kind in ("linear", "mamba"):
        return np.zeros(tp.shape)
    width = BYTES_PER_KV[kv_precision]
    if a.kind in ("mla", "sparse_mla"):
        index = a.index_dim + 4.0 if a.index_dim else 0.0
        return np.full(tp.shape, width * (a.kv_lora_rank + a.qk_rope_head_dim) + index)
    numbers = a.head_dim if a.k_is_v else a.head_dim + a.value_head_dim
    return width * numbers * np.maximum(a.kv_heads / tp, 1.0)


@dataclass(frozen=True, slots=True)
class _Kinds:
    """Layers of a model by what they keep: counts, and bytes a layer on one chip."""

    full: int
    window: int
    state: int
    window_tokens: float
    token_bytes: Array  # of one token in one layer that has a cache, the mean
    state_bytes: Array  # of one sequence in one recurrent layer, the largest


def _kinds(model: Model, kv_precision: str, tp: Array) -> _Kinds:
    layers = [(g, layer_cache_bytes(g.attention, kv_precision, tp)) for g in model.layers]
    window = sum(g.count for g, _ in layers if _is_window(g))
    full = sum(g.count for g, b in layers if not _is_window(g) and b.flat[0] > 0)
    exact = np.asarray(sum((g.count * b for g, b in layers), np.zeros(tp.shape)))
    states = [(g.count, g.attention.state_bytes) for g in model.layers if g.attention is not None]
    return _Kinds(
        full=full,
        window=window,
        state=sum(count for count, held in states if held),
        window_tokens=max((float(g.attention.window) for g, _ in layers if g.attention), default=0.0),
        token_bytes=exact / max(full + window, 1),
        state_bytes=np.asarray(max((held for _, held in states), default=0) / tp),
    )


def _group_size(k: _Kinds) -> int:
    counts = [n for n in (k.full, k.window, k.state) if n]
    low, high = min(counts, default=1), max(counts, default=1)
    return low if high >= SIMILAR * low else high


def reported_bytes_per_token(model: Model, kv_precision: str, tp: Array, pp: Array) -> Array:
    """Bytes by which vLLM divides its cache to print "tokens", on one chip.

    Window layers count as full ones.  Where several kinds are there vLLM puts layers in groups of equal size,
    as many as the rarest kind has (`get_kv_cache_groups`; of the most frequent kind if it has at most 1.25
    times as many), and pads the last group: gemma-3-27b's 62 layers count as 70.  Recurrent layers are such a
    kind: a block is then as long as one state is large (`HybridAttentionMambaModelConfig`; never measured).
    """
    k = _kinds(model, kv_precision, tp)
    size = _group_size(k)
    groups = -(-k.full // size) + -(-k.window // size) + (-(-k.state // size) if k.full + k.window else 0)
    several = sum(n > 0 for n in (k.full, k.window, k.state)) > 1
    counted = size * groups if several else k.full + k.window
    return np.maximum(k.token_bytes * counted, 1e-9) / pp


def cache_tokens(
    engine: str,
    model: Model,
    kv_precision: str,
    tp: Array,
    pp: Array,
    length: Array,
    cache_bytes: Array,
    *,
    chunk: int,
    block: float = BLOCK_TOKENS,
) -> CacheTokens:
    """Tokens that `engine` prints for a cache of `cache_bytes` on each chip; arrays of one shape.

    `length`: the longest sequence allowed; `chunk`: tokens of the largest step; `block`: tokens of a block.

    - vLLM, and engines not named here: groups of layers, as `reported_bytes_per_token`; a sequence takes the
      blocks of its length in each full group, of window + chunk and one more in each window group
      (`SlidingWindowSpec.max_memory_usage_bytes`), one in each recurrent group.
    - SGLang: one pool for full layers and one of 0.8 times as many tokens for window layers, both divided
      into single tokens; of hybrids 9 of 19 parts go to states.
    - TensorRT-LLM: every layer keeps every token, in blocks of 32.
    - llama.cpp: window layers keep their window and one chunk, so that the rest is for full layers.
    """
    k = _kinds(model, kv_precision, tp)
    if not k.full + k.window:
        sequences = cache_bytes / np.maximum(k.state * k.state_bytes / pp, 1.0)
        return CacheTokens(np.full(tp.shape, 1e-9), np.floor(sequences) * length, sequences)
    if engine == "sglang":
        return _pools(k, pp, length, cache_bytes)
    if engine in ("trtllm", "llamacpp"):
        kept = k.full + k.window
        fixed = k.state * k.state_bytes / pp
        if engine == "llamacpp" and k.full and k.window:
            kept, fixed = k.full, fixed + k.window * k.token_bytes * (k.window_tokens + chunk) / pp
        each = k.token_bytes * kept / pp
        tokens = np.floor(np.maximum(cache_bytes - fixed, 0.0) / each / block) * block
        return CacheTokens(each, tokens, cache_bytes / (each * length + fixed))
    return _blocks(k, pp, length, cache_bytes, chunk)


def _blocks(k: _Kinds, pp: Array, length: Array, cache_bytes: Array, chunk: int) -> CacheTokens:
    size = _group_size(k)
    full, window, state = (-(-n // size) for n in (k.full, k.window, k.state))
    if k.full + k.window and not (k.state or (k.full and k.window)):
        size, full, window = k.full + k.window, min(k.full, 1), min(k.window, 1)
    tokens = np.full(pp.shape, float(BLOCK_TOKENS))
    if state:
        # A block of attention is at least as large as a state.
        tokens = BLOCK_TOKENS * np.maximum(np.ceil(k.state_bytes / (BLOCK_TOKENS * k.token_bytes)), 1.0)
    groups = full + window + state
    blocks = np.floor(cache_bytes / (size * k.token_bytes * tokens / pp))
    seen = np.minimum(k.window_tokens - 1 + chunk, length)
    held = full * np.ceil(length / tokens) + state
    if window:
        held = held + window * (np.ceil(seen / tokens) + 1)
    return CacheTokens(
        np.asarray(size * groups * k.token_bytes / pp), np.floor(blocks / groups) * tokens, blocks / held
    )


def _pools(k: _Kinds, pp: Array, length: Array, cache_bytes: Array) -> CacheTokens:
    room = cache_bytes / (1 + STATE_SHARE) if k.state else cache_bytes
    counted = k.full + (WINDOW_SHARE if k.full else 1.0) * k.window
    each = k.token_bytes * counted / pp
    tokens = np.floor(room / each)
    sequences = tokens / length
    if k.state:
        sequences = np.minimum(sequences, (cache_bytes - room) / (k.state * k.state_bytes / pp))
    return CacheTokens(each, tokens, sequences)


def _is_window(group: Layers) -> bool:
    a = group.attention
    return a is not None and a.kind == "window" and a.window > 0


def state_bytes(model: Model, tp: Array, pp: Array) -> Array:
    """Recurrent state of one sequence on one chip, bytes: linear attention and Mamba."""
    held = sum(g.count * g.attention.state_bytes for g in model.layers if g.attention is not None)
    return held / tp / pp


def sequence_bytes(
    model: Model, kv_precision: str, tp: Array, pp: Array, length: Array, *, chunk: int = 0
) -> Array:
    """Cache that a sequence of `length` tokens holds on one chip, bytes; at least one byte.

    Window layers hold their window, and `chunk` more tokens while a chunk of the prompt is computed; others
    hold everything; recurrent layers hold their state.
    """
    held = state_bytes(model, tp, pp)
    for g in model.layers:
        a = g.attention
        window = float(a.window) if a is not None and _is_window(g) else np.inf
        kept = np.minimum(length, window + chunk)
        held = held + g.count * layer_cache_bytes(a, kv_precision, tp) * kept / pp
    return np.maximum(held, 1.0)
