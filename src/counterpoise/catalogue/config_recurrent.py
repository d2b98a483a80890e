"""Token mixers of a config.json that keep a state instead of a cache: linear attention, Mamba, convolutions.

`mixer_params` are all their weights; `state_bytes` a recurrence in 32 bits and the last columns of a short
convolution in 16 bits, for each sequence and layer.
"""

from __future__ import annotations

from counterpoise.catalogue.config_keys import Config
from counterpoise.catalogue.records import Attention


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


def mamba2(config: Config) -> Attention:
    """Mamba-2 (arXiv 2405.21060): an input projection, a short convolution, a state a head."""
    hidden = config.size("hidden_size")
    heads, width = config.size("mamba_heads"), config.size("mamba_width")
    groups, size = config.size("mamba_groups", 1), config.size("mamba_state")
    kernel = config.size("mamba_kernel", 4)
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


def mamba1(config: Config) -> Attention:
    """Mamba (arXiv 2312.00752) as in Jamba: its steps, B and C come from a projection of the convolution.

    Jamba's three norms of them are counted.
    """
    hidden = config.size("hidden_size")
    inner = config.size("mamba_expand", 2) * hidden
    size, kernel = config.size("mamba_state"), config.size("mamba_kernel", 4)
    rank = config.size("mamba_dt_rank", -(-hidden // 16))
    weights = hidden * 2 * inner + inner * (kernel + 1) + inner * (rank + 2 * size) + rank * inner + inner
    weights += inner * size + inner + inner * hidden + rank + 2 * size
    return Attention(
        kind="mamba",
        heads=1,
        kv_heads=1,
        head_dim=inner,
        value_head_dim=inner,
        state_bytes=4 * inner * size + 2 * (kernel - 1) * inner,
        mixer_params=weights,
    )


def lightning_attention(config: Config) -> Attention:
    """Lightning attention (MiniMax-01, arXiv 2501.08313): linear attention with decay, gate and norm.

    The state is one matrix of key by value width a head.
    """
    hidden, heads = config.size("hidden_size"), config.size("num_attention_heads")
    width = config.size("head_dim", max(hidden // heads, 1))
    inner = heads * width
    return Attention(
        kind="linear",
        heads=heads,
        kv_heads=heads,
        head_dim=width,
        value_head_dim=width,
        state_bytes=4 * heads * width * width,
        mixer_params=hidden * inner * 4 + inner + inner * hidden,
    )


def delta_attention(config: Config) -> Attention:
    """Kimi Delta Attention (arXiv 2510.26692): a delta rule whose forget gate has one value a channel.

    Three projections with a short convolution each, low-rank gates of the width of a head, a gated norm.
    """
    hidden = config.size("hidden_size")
    heads, width = config.size("num_heads"), config.size("head_dim")
    kernel = config.size("short_conv_kernel_size", 4)
    inner = heads * width
    gates = 2 * (hidden * width + width * inner) + hidden * heads
    weights = 3 * (hidden * inner + inner * kernel) + gates + 2 * inner + heads + width + inner * hidden
    return Attention(
        kind="linear",
        heads=heads,
        kv_heads=heads,
        head_dim=width,
        value_head_dim=width,
        state_bytes=4 * heads * width * width + 2 * (kernel - 1) * 3 * inner,
        mixer_params=weights,
    )


def short_convolution(config: Config) -> Attention:
    """Gated short convolution (LFM2): three streams in, one convolution over time, one out."""
    hidden, kernel = config.size("hidden_size"), config.size("conv_L_cache")
    return Attention(
        kind="linear",
        heads=1,
        kv_heads=1,
        head_dim=hidden,
        value_head_dim=hidden,
        state_bytes=2 * kernel * hidden,
        mixer_params=hidden * 3 * hidden + hidden * kernel + hidden * hidden,
    )
