"""Attention and channel mixers of a config.json, one reader for each kind."""

from __future__ import annotations

from counterpoise.catalogue.config_keys import Config
from counterpoise.catalogue.records import Attention, FeedForward


def grouped_attention(
    config: Config,
    *,
    qkv_bias: bool = False,
    output_bias: bool = False,
    qk_norm: bool = False,
    output_gate: bool = False,
    head_dim: int | None = None,
    kv_heads: int | None = None,
    k_is_v: bool = False,
    query_rank: int = 0,
) -> Attention:
    """Multi-head, grouped or multi-query attention over the whole context.

    `query_rank`: the query comes through a projection of that width (Step-3's factorised attention).
    """
    heads = config.size("num_attention_heads")
    width = head_dim or config.size("head_dim", max(config.size("hidden_size") // heads, 1))
    groups = kv_heads or config.size("num_key_value_heads", heads)
    return Attention(
        kind="full",
        heads=heads,
        kv_heads=groups,
        head_dim=width,
        value_head_dim=width,
        q_lora_rank=query_rank,
        qkv_bias=qkv_bias,
        output_bias=output_bias,
        qk_norm=qk_norm,
        output_gate=output_gate,
        k_is_v=k_is_v,
    )


def latent_attention(config: Config) -> Attention:
    """Multi-head latent attention (DeepSeek-V2), with the sparse indexer (DeepSeek-V3.2) where it has one."""
    nope, rope = config.size("qk_nope_head_dim"), config.size("qk_rope_head_dim")
    sparse = config.has("index_topk")
    return Attention(
        kind="sparse_mla" if sparse else "mla",
        heads=config.size("num_attention_heads"),
        kv_heads=config.size("num_key_value_heads", config.size("num_attention_heads")),
        head_dim=nope + rope,
        value_head_dim=config.size("v_head_dim"),
        q_lora_rank=config.count("q_lora_rank", 0),
        kv_lora_rank=config.size("kv_lora_rank"),
        qk_nope_head_dim=nope,
        qk_rope_head_dim=rope,
        index_heads=config.size("index_n_heads") if sparse else 0,
        index_dim=config.size("index_head_dim") if sparse else 0,
        index_topk=config.size("index_topk") if sparse else 0,
    )


def experts(
    config: Config, *, width_key: str = "moe_intermediate_size", matrices: int = 3, bias: bool = False
) -> FeedForward:
    """A mixture of experts, with the width of its shared experts under any of their names."""
    width = config.one_size(width_key)
    if width < 1:
        raise (
            config.missing(width_key)
            if not config.has(width_key)
            else config.wrong(width_key, f"{width_key} is {width}.")
        )
    count = config.one_size("shared_experts", 0)
    shared = config.count("shared_expert_intermediate_size", 0)
    shared = shared or config.count("moe_shared_expert_intermediate_size", 0)
    if not shared and width_key == "moe_intermediate_size":
        shared = count * width
    return FeedForward(
        intermediate=width,
        matrices=matrices,
        experts=config.size("experts"),
        top_k=max(config.one_size("top_k"), 1),
        shared_intermediate=shared,
        latent=config.count("moe_latent_size", 0),
        bias=bias,
    )


def dense(
    config: Config,
    *,
    key: str = "intermediate_size",
    matrices: int = 3,
    bias: bool = False,
    default: int | None = None,
) -> FeedForward:
    """A dense feed-forward layer; `default` is its width where the config leaves it out."""
    return FeedForward(intermediate=config.size(key, default), matrices=matrices, bias=bias)
