"""Token mixers and channel mixers of a config.json, one reader for each kind."""

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
) -> Attention:
    """Multi-head, grouped or multi-query attention over the whole context."""
    heads = config.size("num_attention_heads")
    width = head_dim or config.size("head_dim", config.size("hidden_size") // heads)
    groups = kv_heads or config.size("num_key_value_heads", heads)
    return Attention(
        kind="full",
        heads=heads,
        kv_heads=groups,
        head_dim=width,
        value_head_dim=width,
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


def gated_delta_net(config: Config) -> Attention:
    """Gated DeltaNet (Qwen3-Next): projections of q, k, v, z, b, a; a short convolution; a gated norm.

    The state is one matrix of key by value width a value head in 32 bits, and the last columns of the
    convolution in 16 bits.
    """
    hidden = config.size("hidden_size")
    keys = config.size("linear_num_key_heads") * config.size("linear_key_head_dim")
    heads, width = config.size("linear_num_value_heads"), config.size("linear_value_head_dim")
    values, kernel = heads * width, config.size("linear_conv_kernel_dim", 4)
    mixed = 2 * keys + values
    weights = hidden * (2 * keys + 2 * values) + hidden * 2 * heads + mixed * kernel
    weights += 2 * heads + width + values * hidden
    state = 4 * heads * config.size("linear_key_head_dim") * width + 2 * (kernel - 1) * mixed
    return Attention(
        kind="linear",
        heads=heads,
        kv_heads=config.size("linear_num_key_heads"),
        head_dim=config.size("linear_key_head_dim"),
        value_head_dim=width,
        state_bytes=state,
        mixer_params=weights,
    )


def mamba(config: Config) -> Attention:
    """Mamba-2 (arXiv 2405.21060): an input projection, a short convolution, a state a head."""
    hidden = config.size("hidden_size")
    heads, width = config.size("mamba_num_heads"), config.size("mamba_head_dim")
    groups, size = config.size("n_groups"), config.size("ssm_state_size")
    kernel = config.size("conv_kernel", 4)
    inner, mixed = heads * width, heads * width + 2 * groups * size
    weights = hidden * (inner + mixed + heads) + mixed * (kernel + 1) + 3 * heads + inner + inner * hidden
    return Attention(
        kind="mamba",
        heads=heads,
        kv_heads=groups,
        head_dim=width,
        value_head_dim=width,
        state_bytes=4 * heads * width * size + 2 * (kernel - 1) * mixed,
        mixer_params=weights,
    )


def experts(
    config: Config, *, width_key: str = "moe_intermediate_size", matrices: int = 3, bias: bool = False
) -> FeedForward:
    """A mixture of experts, with the width of its shared experts under any of their names."""
    width = config.size(width_key)
    shared = config.count("shared_expert_intermediate_size", 0)
    shared = shared or config.count("moe_shared_expert_intermediate_size", 0)
    if not shared and width_key == "moe_intermediate_size":
        shared = config.count("n_shared_experts", config.count("num_shared_experts", 0)) * width
    return FeedForward(
        intermediate=width,
        matrices=matrices,
        experts=config.size("experts"),
        top_k=config.size("top_k"),
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
