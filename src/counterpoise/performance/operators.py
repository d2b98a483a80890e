"""Operators of a model: work of each, per token, per sequence and per token pair, on one chip.

An operator's work is linear in a few counts, so a model under a parallel layout is a small table:

- matrix products do `flops_per_token` for each token and read `weight_bytes` once a step;
- a mixture of experts reads only the experts that the step's tokens reach;
- attention does `decode_flops_per_pair` and reads `pair_bytes` for each (query, cached token) pair;
- linear attention and Mamba read and write `state_bytes` for each sequence instead of a cache.

Counts are of one chip: tensor parallelism divides heads and widths, expert parallelism divides experts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from counterpoise.catalogue.counting import layer_parameters
from counterpoise.catalogue.records import Attention, Layers, Model
from counterpoise.performance.estimate import Array
from counterpoise.performance.precision import MXFP4

GEMM, GROUPED, ATTENTION, LATENT, RECURRENT, HEAD = range(6)
"""Operator classes: dense and grouped matrix product, attention over keys and values, over a shared latent
(MLA), recurrence (linear attention, Mamba), and the output head."""

BYTES_PER_WEIGHT = {"bf16": 2.0, "fp8": 1.0, "int8": 1.0, "int4": 0.5 + 2 / 128, "fp4": 0.5 + 1 / 16}
"""Stored bytes of a weight with its scales: AWQ and GPTQ keep one 16-bit scale for 128 weights, NVFP4 one
8-bit scale for 16; 128 x 128 block scales of FP8 are below 0.1 % and left out."""

BYTES_PER_KV = {"bf16": 2.0, "fp8": 1.0, "int8": 1.0, "fp4": 0.5 + 1 / 16}
NO_WINDOW = 1e18

KERNELS = {GEMM: 4.0, GROUPED: 6.0, ATTENTION: 2.0, LATENT: 6.0, RECURRENT: 8.0, HEAD: 2.0}
"""Kernels of an operator with what surrounds it, as engines launch them, without those that quantise: two
products, a norm and a rotation or an activation (GEMM); gate, permutation, two grouped products, activation
and combination (GROUPED); cache write and attention (ATTENTION); two absorbed products, cache write,
rotation, attention and the merging of its parts (LATENT); convolution, gates, recurrence and norms
(RECURRENT); product and sampling (HEAD)."""

LATENT_PROJECTIONS, LATENT_QUANTISED = 5.0, 3.0
"""Kernels of the projections around MLA: down and up for queries, down for keys and values, two more norms;
and those that quantise what three of its products read."""

QUANTISED = 2.0
"""Kernels that quantise what the two products of a block read (`quantises`)."""

NARROW = frozenset({"fp8", "int8", "fp4"})
"""Precisions of weights that some chip multiplies as they are; others are widened to 16 bits."""


@dataclass(frozen=True, slots=True)
class Operators:
    """Work of `count` equal operators on one chip; arrays (layouts, operators) unless said otherwise.

    `kind`, `count`, `kernels` (of all of them) and `precision` (of the multiply) are per operator; `window`
    is the most cached tokens a query attends to; `experts` is 0 but for grouped products, where
    `weight_bytes` is one expert's, `experts_here` how many experts the chip holds and `top_k` how many a
    token takes.
    """

    kind: tuple[int, ...]
    precision: tuple[str, ...]
    count: Array
    kernels: Array
    flops_per_token: Array
    weight_bytes: Array
    activation_bytes_per_token: Array
    decode_flops_per_pair: Array
    prefill_flops_per_pair: Array
    pair_bytes: Array
    state_bytes: Array
    window: Array
    experts: Array
    experts_here: Array
    top_k: Array

    @property
    def kv_bytes_per_token(self) -> Array:
        """Cache that one more token needs on a chip, bytes, windows ignored; shape (layouts,)."""
        cached = np.array([k in (ATTENTION, LATENT) for k in self.kind])
        return np.asarray((self.pair_bytes * self.count * cached).sum(axis=1))


@dataclass(slots=True)
class _Row:
    kind: int
    precision: str
    count: float
    flops: Array | float = 0.0
    weight: Array | float = 0.0
    activation: Array | float = 0.0
    decode_pair: Array | float = 0.0
    prefill_pair: Array | float = 0.0
    pair_bytes: Array | float = 0.0
    state: Array | float = 0.0
    window: float = NO_WINDOW
    experts: float = 0.0
    experts_here: Array | float = 0.0
    top_k: float = 0.0
    kernels: float = 0.0


def attention_precision(model: Model, weight_precision: str) -> str:
    """Precision of the attention projections.

    Released FP4 mixtures of experts keep them in 16 bits (`ignore` lists of the NVFP4 checkpoints of
    MiniMax-M2.5 and Qwen3.5, `modules_to_not_convert` of gpt-oss); dense ones quantise them.
    """
    has_experts = any(g.feed_forward is not None and g.feed_forward.experts for g in model.layers)
    return "bf16" if weight_precision == "fp4" and has_experts else weight_precision


NARROW = frozenset({"fp8", "int8", "fp4"})


def operator_table(
    model: Model,
    *,
    weight_precision: str,
    kv_precision: str,
    tp: Array,
    ep: Array,
    expert_tp: Array,
    narrow: frozenset[str] = NARROW,
) -> Operators:
    """Return the operators of `model` for layouts `tp`, `ep`, `expert_tp`, equal shapes (layouts,).

    `expert_tp` is how many chips share each expert: tp · dp / ep; `narrow` are the precisions of weights that
    the chip multiplies as they are.
    """
    rows = [
        row
        for group in model.layers
        for row in _layer(model, group, weight_precision, kv_precision, tp, narrow)
    ]
    rows += [
        row
        for group in model.layers
        for row in _experts(model, group, weight_precision, ep, expert_tp, narrow)
    ]
    head_params = float(model.hidden) * model.vocab
    rows.append(
        _Row(
            HEAD,
            "bf16",
            1.0,
            2 * head_params / tp,
            2 * head_params / tp,
            2.0 * model.hidden + 4 * model.vocab,
        )
    )

    def stack(name: str) -> Array:
        columns = [np.broadcast_to(np.asarray(getattr(r, name), float), tp.shape) for r in rows]
        return np.stack(columns, axis=1)

    return Operators(
        kind=tuple(r.kind for r in rows),
        precision=tuple(r.precision for r in rows),
        count=np.array([r.count for r in rows]),
        kernels=np.array([r.kernels or r.count * KERNELS[r.kind] for r in rows]),
        flops_per_token=stack("flops"),
        weight_bytes=stack("weight"),
        activation_bytes_per_token=stack("activation"),
        decode_flops_per_pair=stack("decode_pair"),
        prefill_flops_per_pair=stack("prefill_pair"),
        pair_bytes=stack("pair_bytes"),
        state_bytes=stack("state"),
        window=stack("window"),
        experts=stack("experts"),
        experts_here=stack("experts_here"),
        top_k=stack("top_k"),
    )


def quantises(model: Model, precision: str, narrow: frozenset[str]) -> bool:
    """Whether what a product reads is quantised by a kernel of its own, scales being found as it runs.

    So with the block scales of released FP8 mixtures of experts (DeepSeek-V3 report, 3.3.2) and with NVFP4;
    the one scale of a dense FP8 checkpoint is known before and folds into the norm or activation.
    """
    sparse = any(g.feed_forward is not None and g.feed_forward.experts for g in model.layers)
    return precision in narrow and (sparse or precision == "fp4")


def _layer(
    model: Model, group: Layers, precision: str, kv_precision: str, tp: Array, narrow: frozenset[str]
) -> Iterator[_Row]:
    hidden = model.hidden
    residual = 8.0 * hidden  # norms and residual: read twice, written twice, 16 bits
    weights = layer_parameters(hidden, group.attention, group.feed_forward)
    if group.attention is not None:
        a = group.attention
        projection = attention_precision(model, precision)
        params = float(weights.attention)
        activation = residual + 2 * params / hidden / tp
        latent = a.kind in ("mla", "sparse_mla")
        alone, quantised = (LATENT_PROJECTIONS, LATENT_QUANTISED) if latent else (KERNELS[GEMM], QUANTISED)
        yield _Row(
            GEMM,
            projection,
            group.count,
            2 * params / tp,
            BYTES_PER_WEIGHT[projection] * params / tp,
            activation,
            kernels=group.count * (alone + quantised * quantises(model, projection, narrow)),
        )
        yield from _mixer(a, group.count, BYTES_PER_KV[kv_precision], tp)
    f = group.feed_forward
    params = float(weights.dense + weights.shared + weights.latent)
    if f is not None and params:
        yield _Row(
            GEMM,
            precision,
            group.count,
            2 * params / tp,
            BYTES_PER_WEIGHT[precision] * params / tp,
            residual + 2 * params / hidden / tp,
            kernels=group.count * (KERNELS[GEMM] + QUANTISED * quantises(model, precision, narrow)),
        )


def _mixer(a: Attention, count: float, kv_bytes: float, tp: Array) -> Iterator[_Row]:
    if a.kind in ("linear", "mamba"):
        # Chunked form: about 3 multiply-adds for each number of the fp32 state and token.
        numbers = a.state_bytes / 4
        yield _Row(RECURRENT, "bf16", count, 6 * numbers / tp, state=2.0 * a.state_bytes / tp)
        return
    heads = np.maximum(a.heads / tp, 1)
    if a.kind in ("mla", "sparse_mla"):
        cached = a.kv_lora_rank + a.qk_rope_head_dim
        sparse = a.kind == "sparse_mla"
        yield _Row(
            LATENT,
            "bf16",
            count,
            decode_pair=2.0 * heads * (cached + a.kv_lora_rank),
            # The sparse kernel works on the latent in prefill too; the dense one expands keys and values.
            prefill_pair=2.0
            * heads
            * (
                cached + a.kv_lora_rank
                if sparse
                else a.qk_nope_head_dim + a.qk_rope_head_dim + a.value_head_dim
            ),
            pair_bytes=cached * kv_bytes,
            window=float(a.index_topk) if sparse else NO_WINDOW,
        )
        if sparse:
            index = 2.0 * a.index_heads * a.index_dim
            yield _Row(
                LATENT, "bf16", count, decode_pair=index, prefill_pair=index, pair_bytes=1.0 * a.index_dim
            )
        return
    kv_heads = np.maximum(a.kv_heads / tp, 1)
    pair = 2.0 * heads * (a.head_dim + a.value_head_dim)
    width = a.head_dim if a.k_is_v else a.head_dim + a.value_head_dim
    yield _Row(
        ATTENTION,
        "bf16",
        count,
        decode_pair=pair,
        prefill_pair=pair,
        pair_bytes=kv_heads * width * kv_bytes,
        window=float(a.window) if a.kind == "window" and a.window else NO_WINDOW,
    )


def _experts(
    model: Model, group: Layers, precision: str, ep: Array, expert_tp: Array, narrow: frozenset[str]
) -> Iterator[_Row]:
    f = group.feed_forward
    if f is None or not f.experts:
        return
    params = float(layer_parameters(model.hidden, None, f).expert)
    width = 2.0 * model.hidden + 2.0 * f.matrices * f.intermediate / expert_tp
    yield _Row(
        GROUPED,
        MXFP4 if precision == model.native_precision == "fp4" else precision,
        group.count,
        2 * params * f.top_k / ep / expert_tp,
        BYTES_PER_WEIGHT[precision] * params / expert_tp,
        width * f.top_k / ep,
        kernels=group.count * (KERNELS[GROUPED] + QUANTISED * quantises(model, precision, narrow)),
        experts=float(f.experts),
        experts_here=f.experts / ep,
        top_k=float(f.top_k),
    )


def active_experts(experts_here: Array, experts: Array, top_k: Array, tokens: Array) -> Array:
    """Expected experts, of those on a chip, that `tokens` reach: (E/ep)(1 - (1 - k/E)^tokens).

    Uniform routing.  Shapes broadcast.  Zero where `experts` is 0.
    """
    miss = np.log1p(-np.minimum(top_k / np.maximum(experts, 1.0), 1 - 1e-12))
    return np.asarray(experts_here * -np.expm1(tokens * miss))
