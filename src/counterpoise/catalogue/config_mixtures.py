"""Layers of mixtures of experts by the `model_type` of their config.json."""

from __future__ import annotations

from dataclasses import replace

from counterpoise.catalogue import config_mixers as mixers
from counterpoise.catalogue.config_keys import Config
from counterpoise.catalogue.config_pattern import (
    Halves,
    after_dense,
    every,
    full_and_window,
    layer_count,
    windowed,
)
from counterpoise.catalogue.records import FeedForward


def mixtral(config: Config, *, bias: bool = False, qk_norm: bool = False) -> list[Halves]:
    """A mixture in every layer, its experts as wide as `intermediate_size`."""
    bias = bias or config.flag("attention_bias")
    attention = mixers.grouped_attention(config, qkv_bias=bias, output_bias=bias, qk_norm=qk_norm)
    if config.flag("use_sliding_window", True) and config.has("sliding_window"):
        attention = windowed(attention, config)
    config.ignore("sliding_window")
    return [(attention, mixers.experts(config, width_key="intermediate_size"))] * layer_count(config)


def granite(config: Config) -> list[Halves]:
    """Granite: Mixtral's layers, with a shared expert where `shared_intermediate_size` says so."""
    attention = mixers.grouped_attention(config, qkv_bias=config.flag("attention_bias"))
    channel = mixers.experts(config, width_key="intermediate_size")
    channel = replace(channel, shared_intermediate=config.count("shared_intermediate_size", 0))
    return [(attention, channel)] * layer_count(config)


def dbrx(config: Config) -> list[Halves]:
    """DBRX: its sizes stand in `attn_config` and `ffn_config`."""
    attention, channel = config.part("attn_config"), config.part("ffn_config")
    mixer = mixers.grouped_attention(attention)
    width = "ffn_hidden_size"
    return [(mixer, mixers.experts(channel, width_key=width))] * layer_count(config)


def grok(config: Config) -> list[Halves]:
    """Grok: a mixture in every layer, beside a dense layer where `residual_moe` says so (Grok 2)."""
    attention = mixers.grouped_attention(config)
    beside = config.flag("residual_moe")
    key = "moe_intermediate_size" if config.has("moe_intermediate_size") else "intermediate_size"
    channel = mixers.experts(config, width_key=key)
    if beside:
        channel = replace(channel, shared_intermediate=config.size("intermediate_size"))
    return [(attention, channel)] * layer_count(config)


def arctic(config: Config) -> list[Halves]:
    """Arctic: a dense layer as wide as the model runs beside the mixture."""
    attention = mixers.grouped_attention(config)
    plain, sparse = mixers.dense(config), mixers.experts(config, width_key="intermediate_size")
    if config.flag("parallel_attn_mlp_res"):
        sparse = replace(sparse, shared_intermediate=config.size("hidden_size"))
    layers = layer_count(config)
    mixture = every(layers, config.size("moe_layer_frequency", 1))
    return [(attention, sparse if is_sparse else plain) for is_sparse in mixture]


def latent(config: Config) -> list[Halves]:
    """DeepSeek V2 to V3.2 and what took their layers: MLA, first layers dense, then mixtures."""
    layers = layer_count(config)
    attention = mixers.latent_attention(config)
    # An indexer that a layer shares with the one before is neither stored nor run again.
    shared = replace(attention, index_heads=0, index_dim=0)
    indexers = config.texts("indexer_types", layers) or ["full"] * layers
    config.ignore("index_topk_freq", "index_skip_topk_offset")
    for kind in indexers:
        if kind not in ("full", "shared"):
            raise config.unknown("indexer_types", kind, ("full", "shared"))
    dense_until = config.count("first_dense", 0) if config.has("experts") else layers
    period = config.size("moe_layer_freq", 1)
    kinds = config.texts("mlp_layer_types", layers) or [
        "sparse" if i >= dense_until and i % period == 0 else "dense" for i in range(layers)
    ]
    for kind in kinds:
        if kind not in ("dense", "sparse"):
            raise config.unknown("mlp_layer_types", kind, ("dense", "sparse"))
    return [
        (
            attention if indexers[i] == "full" else shared,
            mixers.experts(config) if kinds[i] == "sparse" else mixers.dense(config),
        )
        for i in range(layers)
    ]


def longcat(config: Config) -> list[Halves]:
    """LongCat-Flash (arXiv 2509.01322): each layer has two MLA and two dense halves beside one mixture.

    Of `moe_topk` choices those of zero experts cost nothing; the share that goes to real experts is what an
    even router gives them.
    """
    attention = mixers.latent_attention(config)
    plain = mixers.dense(config, key="ffn_hidden_size")
    real, zero = config.size("experts"), config.count("zero_expert_num", 0)
    if zero and str(config.get("zero_expert_type")) != "identity":
        raise config.unknown("zero_expert_type", str(config.get("zero_expert_type")), ("identity",))
    sparse = mixers.experts(config, width_key="expert_ffn_hidden_size")
    sparse = replace(sparse, top_k=max(round(sparse.top_k * real / (real + zero)), 1))
    layer: list[Halves] = [(attention, plain), (attention, plain), (None, sparse)]
    return layer * layer_count(config)


def after_first_dense(config: Config, *, qk_norm: bool = False) -> list[Halves]:
    """Grouped attention; the first layers dense, the others mixtures (GLM-4.5, dots, Ling, ERNIE 4.5)."""
    layers = layer_count(config)
    bias = config.flag("attention_bias") or config.flag("use_qkv_bias")
    attention = mixers.grouped_attention(config, qkv_bias=bias, qk_norm=qk_norm or config.flag("use_qk_norm"))
    if config.flag("use_sliding_window") and config.has("sliding_window"):
        raise config.unknown("use_sliding_window", "true", ("false",))
    config.ignore("sliding_window", "max_window_layers", "moe_layer_freq", "moe_layer_interval")
    for key in ("moe_layer_freq", "moe_layer_interval"):
        if isinstance(config.get(key), int) and config.count(key) != 1:
            raise config.unknown(key, str(config.get(key)), ("1",))
    if config.count("moe_layer_end_index", layers - 1) < layers - 1:
        raise config.unknown(
            "moe_layer_end_index", str(config.get("moe_layer_end_index")), (str(layers - 1),)
        )
    dense, sparse = config.count("first_dense", 0), mixers.experts(config)
    plain = mixers.dense(config) if dense else None
    return [(attention, channel) for channel in after_dense(layers, dense, plain, sparse)]


def hunyuan(config: Config) -> list[Halves]:
    """Hunyuan: a mixture in every layer where it has experts; keys shared across layers are refused."""
    if config.flag("use_cla"):
        raise config.unknown("use_cla", "true", ("false",))
    config.ignore("cla_share_factor")
    attention = mixers.grouped_attention(
        config, qkv_bias=config.flag("attention_bias"), qk_norm=config.flag("use_qk_norm")
    )
    layers = layer_count(config)
    if not config.has("experts") or config.count("experts") <= 1:
        config.ignore("num_experts")
        return [(attention, mixers.dense(config))] * layers
    dense = config.count("moe_layer_num_skipped", 0)
    plain = mixers.dense(config) if dense else None
    return [(attention, c) for c in after_dense(layers, dense, plain, mixers.experts(config))]


def step(config: Config) -> list[Halves]:
    """Step-3 (arXiv 2507.19427): the query through a shared projection, one key and value head."""
    layers = layer_count(config)
    attention = mixers.grouped_attention(
        config, kv_heads=config.size("num_attention_groups"), query_rank=config.size("share_q_dim")
    )
    sparse = mixers.experts(config)
    sparse = replace(sparse, shared_intermediate=config.count("share_expert_dim", 0))
    mixture = config.positions("moe_layers_enum", layers)
    plain = mixers.dense(config)
    return [(attention, sparse if i in mixture else plain) for i in range(layers)]


def minimax_m2(config: Config) -> list[Halves]:
    """MiniMax-M2: full attention everywhere; a lightning layer in `attn_type_list` is refused."""
    layers = layer_count(config)
    for kind in config.texts("attn_type_list", layers) or []:
        if kind != "1":
            raise config.unknown("attn_type_list", kind, ("1",))
    attention = mixers.grouped_attention(config, qk_norm=config.flag("use_qk_norm"))
    return [(attention, mixers.experts(config, width_key="intermediate_size"))] * layers


def llama4(config: Config) -> list[Halves]:
    """Llama 4: every fourth layer attends to everything without positions, the others within chunks."""
    layers = layer_count(config)
    full = mixers.grouped_attention(config)
    window = windowed(full, config, "attention_chunk_size") if config.has("attention_chunk_size") else None
    config.ignore("use_qk_norm", "no_rope_layers", "no_rope_layer_interval")
    default = ["full_attention" if is_full else "chunked_attention" for is_full in every(layers, 4)]
    kinds = full_and_window(config, full, window, default if window else ["full_attention"] * layers)
    width = config.size("intermediate_size")
    sparse = replace(mixers.experts(config, width_key="intermediate_size"), shared_intermediate=width)
    plain = mixers.dense(config, key="intermediate_size_mlp")
    mixture = config.positions("moe_layers", layers)
    if not mixture:
        step = config.size("interleave_moe_layer_step", 1)
        mixture = {i for i in range(layers) if (i + 1) % step == 0}
    config.ignore("interleave_moe_layer_step")
    return [(mixer, sparse if i in mixture else plain) for i, mixer in enumerate(kinds)]


def gpt_oss(config: Config) -> list[Halves]:
    """gpt-oss: full and window layers by turns, a mixture with biases in each."""
    layers = layer_count(config)
    full = mixers.grouped_attention(config, qkv_bias=True, output_bias=True)
    default = ["full_attention" if is_full else "sliding_attention" for is_full in every(layers, 2)]
    channel = mixers.experts(config, width_key="intermediate_size", bias=True)
    return [(m, channel) for m in full_and_window(config, full, windowed(full, config), default)]


def gemma4(config: Config) -> list[Halves]:
    """Gemma 4: full layers with heads of their own; a dense layer beside the experts where it has them."""
    if not config.has("layer_types"):
        raise config.missing("layer_types")
    window = windowed(mixers.grouped_attention(config, qk_norm=True), config)
    full = mixers.grouped_attention(
        config,
        qk_norm=True,
        head_dim=config.size("global_head_dim"),
        kv_heads=config.size("num_global_key_value_heads", config.size("num_key_value_heads")),
        k_is_v=config.flag("attention_k_eq_v"),
    )
    channel: FeedForward = mixers.dense(config)
    if config.flag("enable_moe_block"):
        # The dense layer is the shared width of the mixture.
        channel = replace(mixers.experts(config), shared_intermediate=config.size("intermediate_size"))
    kinds = full_and_window(config, full, window, ["full_attention"] * layer_count(config))
    return [(mixer, channel) for mixer in kinds]
