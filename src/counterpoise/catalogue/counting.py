"""Parameters of a model, counted from its architecture.

Every count is in weights (numbers), whatever their precision.
"""

from __future__ import annotations

from dataclasses import dataclass

from counterpoise.catalogue.records import Attention, FeedForward, Model
from counterpoise.errors import Refused


@dataclass(frozen=True, slots=True)
class LayerParameters:
    """Weights of one layer: token mixer, dense feed-forward, one expert, shared experts, router, norms.

    `latent` are the two projections around the routed experts of a latent mixture.
    """

    attention: int
    dense: int
    expert: int
    experts: int
    top_k: int
    shared: int
    router: int
    latent: int
    norms: int

    @property
    def total(self) -> int:
        """All weights of the layer."""
        return self.attention + self.dense + self.experts * self.expert + self._always

    @property
    def active(self) -> int:
        """Weights that one token uses."""
        return self.attention + self.dense + self.top_k * self.expert + self._always

    @property
    def _always(self) -> int:
        return self.shared + self.router + self.latent + self.norms


def attention_parameters(hidden: int, attention: Attention | None) -> int:
    """Weights of a token mixer of width `hidden`: projections, biases, query and key norms, indexer.

    MLA follows DeepSeek-V2 (arXiv 2405.04434, eqs. 9-19); the indexer of DeepSeek-V3.2 has a query
    projection from the low-rank query, one key of `index_dim` per token, its norm and one weight a head.
    Grouped attention whose query is low-rank is Step-3's (arXiv 2507.19427, section 3).
    """
    a = attention
    if a is None:
        return 0
    if a.kind in ("linear", "mamba"):
        return a.mixer_params
    if a.kind in ("mla", "sparse_mla"):
        return _latent_attention_parameters(hidden, a)
    query = a.heads * a.head_dim
    key = a.kv_heads * a.head_dim
    value = 0 if a.k_is_v else a.kv_heads * a.value_head_dim
    out = a.heads * a.value_head_dim
    asked = hidden * query
    if a.q_lora_rank:
        asked = hidden * a.q_lora_rank + a.q_lora_rank + a.q_lora_rank * query
    count = asked + hidden * ((query if a.output_gate else 0) + key + value) + out * hidden
    if a.qkv_bias:
        count += query + key + value
    if a.output_bias:
        count += hidden
    return count + (2 * a.head_dim if a.qk_norm else 0)


def _latent_attention_parameters(hidden: int, a: Attention) -> int:
    query_dim = a.heads * (a.qk_nope_head_dim + a.qk_rope_head_dim)
    out = a.heads * a.value_head_dim
    if a.q_lora_rank:
        query = hidden * a.q_lora_rank + a.q_lora_rank + a.q_lora_rank * query_dim
    else:
        query = hidden * query_dim
    cache = hidden * (a.kv_lora_rank + a.qk_rope_head_dim) + a.kv_lora_rank
    expand = a.kv_lora_rank * a.heads * (a.qk_nope_head_dim + a.value_head_dim)
    count = query + cache + expand + out * hidden + (hidden * out if a.output_gate else 0)
    if a.index_heads:
        count += (a.q_lora_rank or hidden) * a.index_heads * a.index_dim
        count += hidden * a.index_dim + 2 * a.index_dim + hidden * a.index_heads
    return count


def layer_parameters(
    hidden: int, attention: Attention | None, feed_forward: FeedForward | None
) -> LayerParameters:
    """Weights of one layer; one norm of `hidden` weights precedes each half that is there."""
    mixer = attention_parameters(hidden, attention)
    norms = hidden * ((attention is not None) + (feed_forward is not None))
    f = feed_forward
    if f is None:
        return LayerParameters(mixer, 0, 0, 0, 0, 0, 0, 0, norms)
    biases = (f.matrices - 1) * f.intermediate if f.bias else 0
    if not f.experts:
        dense = f.matrices * hidden * f.intermediate + biases + (hidden if f.bias else 0)
        return LayerParameters(mixer, dense, 0, 0, 0, 0, 0, 0, norms)
    inside = f.latent or hidden
    expert = f.matrices * inside * f.intermediate + biases + (inside if f.bias else 0)
    shared = f.matrices * hidden * f.shared_intermediate
    return LayerParameters(
        attention=mixer,
        dense=0,
        expert=expert,
        experts=f.experts,
        top_k=f.top_k,
        shared=shared,
        router=hidden * f.experts,
        latent=2 * hidden * f.latent,
        norms=norms,
    )


def embedding_parameters(model: Model) -> int:
    """Weights of the token embedding; the head has as many again unless it is tied."""
    return model.vocab * model.hidden


def head_parameters(model: Model) -> int:
    """Weights of the output head beyond the embedding: 0 where the two are tied."""
    return 0 if model.tie_embeddings else model.vocab * model.hidden


def parameters(model: Model) -> tuple[int, int]:
    """Return (total, active) weights of `model`, multi-token prediction modules left out.

    Active weights are those one text token uses, embedding and head included, `other_params` (vision
    towers and the like) not.  Refused for a model whose architecture is not public or not understood.
    """
    if not model.layers:
        raise Refused(f"the architecture of {model.name} is not known, so its parameters cannot be counted.")
    total = active = embedding_parameters(model) + head_parameters(model) + model.hidden
    for group in model.layers:
        layer = layer_parameters(model.hidden, group.attention, group.feed_forward)
        total += group.count * layer.total
        active += group.count * layer.active
    return total + model.other_params, active
