"""Layers of models that mix attention with recurrent layers, by the `model_type` of their config.json."""

from __future__ import annotations

from dataclasses import replace

from counterpoise.catalogue import config_mixers as mixers
from counterpoise.catalogue import config_recurrent as recurrent
from counterpoise.catalogue.config_keys import Config
from counterpoise.catalogue.config_pattern import Halves, after_dense, by_type, every, layer_count
from counterpoise.catalogue.records import FeedForward


def qwen_next(config: Config) -> list[Halves]:
    """Qwen3-Next and Qwen3.5: one gated full layer in four, Gated DeltaNet in the others."""
    layers = layer_count(config)
    period = config.size("full_attention_interval", 4)
    default = ["full_attention" if full else "linear_attention" for full in every(layers, period)]
    config.ignore("mlp_only_layers", "decoder_sparse_step", "attn_output_gate", "output_gate_type")
    full = mixers.grouped_attention(config, qk_norm=True, output_gate=True)
    channel = mixers.experts(config) if config.has("experts") else mixers.dense(config)
    choices = {"full_attention": full, "linear_attention": recurrent.gated_delta_net(config)}
    return [(mixer, channel) for mixer in by_type(config, choices, default)]


def kimi_linear(config: Config) -> list[Halves]:
    """Kimi-Linear: MLA in `full_attn_layers` (counted from 1), Kimi Delta Attention in the others."""
    layers = layer_count(config)
    linear = config.part("linear_attn_config")
    full = {i - 1 for i in linear.positions("full_attn_layers", layers + 1)}
    delta = {i - 1 for i in linear.positions("kda_layers", layers + 1)}
    if full & delta or full | delta != set(range(layers)):
        raise config.wrong("linear_attn_config", "its two lists do not name each layer once, from 1.")
    latent, rule = mixers.latent_attention(config), recurrent.delta_attention(linear)
    config.ignore("moe_layer_freq")
    dense = config.count("first_dense", 0)
    channels = after_dense(layers, dense, mixers.dense(config) if dense else None, mixers.experts(config))
    return [(latent if i in full else rule, channel) for i, channel in enumerate(channels)]


def minimax_lightning(config: Config) -> list[Halves]:
    """MiniMax-01: seven lightning layers, then one of softmax attention; a mixture in each."""
    layers = layer_count(config)
    full, linear = mixers.grouped_attention(config), recurrent.lightning_attention(config)
    config.ignore("layer_types")
    kinds = config.texts("attn_type_list", layers) or ["1" if f else "0" for f in every(layers, 8)]
    channel = mixers.experts(config, width_key="intermediate_size")
    choices = {"0": linear, "1": full}
    for kind in kinds:
        if kind not in choices:
            raise config.unknown("attn_type_list", kind, choices)
    if config.count("shared_intermediate_size", 0):
        raise config.unknown("shared_intermediate_size", str(config.get("shared_intermediate_size")), ("0",))
    return [(choices[kind], channel) for kind in kinds]


def jamba(config: Config) -> list[Halves]:
    """Jamba: one attention layer in `attn_layer_period`, Mamba elsewhere, mixtures by their own period."""
    layers = layer_count(config)
    attends = every(layers, config.size("attn_layer_period", 8), config.count("attn_layer_offset", 4))
    expert = config.has("experts") and config.count("experts") > 1
    mixture = every(layers, config.size("expert_layer_period", 2), config.count("expert_layer_offset", 1))
    full, state = mixers.grouped_attention(config), recurrent.mamba1(config)
    plain = mixers.dense(config)
    sparse = mixers.experts(config, width_key="intermediate_size") if expert else plain
    config.ignore("use_mamba_kernels", "mamba_conv_bias", "mamba_proj_bias", "num_experts_per_tok")
    return [(full if a else state, sparse if m else plain) for a, m in zip(attends, mixture, strict=True)]


def bamba(config: Config) -> list[Halves]:
    """Bamba: attention in the layers of `attn_layer_indices`, Mamba-2 in the others."""
    layers = layer_count(config)
    attends = config.positions("attn_layer_indices", layers)
    config.ignore("mamba_expand", "mamba_chunk_size", "mamba_conv_bias")
    full, state = mixers.grouped_attention(config), recurrent.mamba2(config)
    channel = mixers.dense(config)
    return [(full if i in attends else state, channel) for i in range(layers)]


def granite_hybrid(config: Config) -> list[Halves]:
    """Granite 4: attention and Mamba-2 by `layer_types`; a shared layer, with experts or without."""
    layers = layer_count(config)
    config.ignore("mamba_expand", "mamba_chunk_size", "mamba_conv_bias", "layers_block_type")
    choices = {"attention": mixers.grouped_attention(config), "mamba": recurrent.mamba2(config)}
    shared = config.size("shared_intermediate_size")
    if config.has("experts") and config.count("experts"):
        channel = mixers.experts(config, width_key="intermediate_size")
        channel = replace(channel, shared_intermediate=shared)
    else:
        config.ignore("num_local_experts", "num_experts_per_tok", "intermediate_size")
        channel = FeedForward(shared)
    if not config.has("layer_types"):
        raise config.missing("layer_types")
    return [(mixer, channel) for mixer in by_type(config, choices, ["mamba"] * layers)]


def falcon_h1(config: Config) -> list[Halves]:
    """Falcon-H1: attention and Mamba-2 side by side in each layer, written here as two halves."""
    config.ignore(
        "mamba_d_ssm", "mamba_expand", "mamba_chunk_size", "mamba_conv_bias", "mamba_norm_before_gate"
    )
    config.ignore("mamba_rms_norm", "mamba_use_mlp", "attn_layer_indices")
    if config.positions("attn_layer_indices", layer_count(config)):
        raise config.unknown("attn_layer_indices", "some layers only", ("all layers",))
    state = recurrent.mamba2(config)
    if config.count("mamba_d_ssm", state.heads * state.head_dim) != state.heads * state.head_dim:
        raise config.wrong("mamba_d_ssm", "mamba_d_ssm is not mamba_n_heads x mamba_d_head.")
    full = mixers.grouped_attention(config)
    layer: list[Halves] = [(state, None), (full, mixers.dense(config))]
    return layer * layer_count(config)


def mamba2(config: Config) -> list[Halves]:
    """Mamba-2 without attention, without channel mixers (Codestral Mamba)."""
    inner = config.size("expand", 2) * config.size("hidden_size")
    width = config.size("head_dim", 64)
    part = config.with_defaults({"mamba_num_heads": max(inner // width, 1), "mamba_head_dim": width})
    config.ignore("num_heads", "chunk_size", "use_conv_bias")
    return [(recurrent.mamba2(part), None)] * layer_count(config)


def lfm2(config: Config) -> list[Halves]:
    """LFM2: short convolutions, and grouped attention in the layers that `layer_types` names."""
    layers = layer_count(config)
    choices = {
        "full_attention": mixers.grouped_attention(config, qk_norm=True),
        "conv": recurrent.short_convolution(config),
    }
    attends = config.positions("full_attn_idxs", layers)
    if not attends and not config.has("layer_types"):
        raise config.missing("layer_types")
    kinds = by_type(config, choices, ["full_attention" if i in attends else "conv" for i in range(layers)])
    config.ignore("conv_bias", "conv_dim", "conv_dim_out", "block_multiple_of", "block_auto_adjust_ff_dim")
    width = config.size("block_ff_dim", config.size("intermediate_size", config.size("hidden_size")))
    config.ignore("intermediate_size", "block_dim", "block_ffn_dim_multiplier")
    if config.flag("block_auto_adjust_ff_dim", True) and not config.has("experts"):
        multiple = config.size("block_multiple_of", 256)
        width = -(-(2 * width // 3) // multiple) * multiple
    plain = FeedForward(width)
    if not config.has("experts"):
        return [(mixer, plain) for mixer in kinds]
    channels = after_dense(layers, config.count("first_dense", 0), plain, mixers.experts(config))
    return list(zip(kinds, channels, strict=True))


_NEMOTRON_LETTERS = {"mamba": "M", "attention": "*", "moe": "E", "mlp": "-"}


def nemotron_h(config: Config) -> list[Halves]:
    """Nemotron-H and 3: one mixer a layer, by a pattern of letters or a list of kinds."""
    pattern = config.get("hybrid_override_pattern")
    kinds = config.get("layers_block_type")
    if isinstance(kinds, list):
        pattern = "".join(_NEMOTRON_LETTERS.get(str(kind), "?") for kind in kinds)
    if not isinstance(pattern, str):
        raise config.missing("hybrid_override_pattern")
    config.ignore("mtp_hybrid_override_pattern", "mtp_layers_block_type", "chunk_size", "use_conv_bias")
    full = mixers.grouped_attention(config)
    parts: dict[str, Halves] = {"M": (recurrent.mamba2(config), None), "*": (full, None)}
    if "E" in pattern:
        parts["E"] = (None, mixers.experts(config, matrices=2))
    if "-" in pattern:
        parts["-"] = (None, mixers.dense(config, matrices=2))
    if not set(pattern) <= set(parts):
        raise config.wrong("hybrid_override_pattern", "a layer is none of M, *, E and -.")
    config.ignore("n_routed_experts", "num_experts_per_tok", "moe_intermediate_size", "n_shared_experts")
    config.ignore("moe_shared_expert_intermediate_size", "moe_latent_size")
    return [parts[letter] for letter in pattern]


def nemotron_nas(config: Config) -> list[Halves]:
    """Blocks of a searched architecture, each with its own number of heads and width, or with none."""
    blocks = config.get("block_configs")
    if not isinstance(blocks, list):
        raise config.missing("block_configs")
    heads, hidden = config.size("num_attention_heads"), config.size("hidden_size")
    found: list[Halves] = []
    for block in blocks:
        try:
            attention, channel = block["attention"], block["ffn"]
            mixer = None
            if not attention["no_op"]:
                mixer = mixers.grouped_attention(config, kv_heads=heads // int(attention["n_heads_in_group"]))
            width = 0 if channel["no_op"] else int(2 * float(channel["ffn_mult"]) * hidden / 3)
        except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError) as error:
            raise config.wrong("block_configs", f"a block cannot be read ({error!r}).") from None
        if width < 0:
            raise config.wrong("block_configs", f"a block has ffn_mult {channel['ffn_mult']}.")
        found.append((mixer, FeedForward(-(-width // 256) * 256) if width else None))
    return found
