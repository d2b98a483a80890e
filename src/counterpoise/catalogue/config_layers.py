"""Layer patterns of the architectures that are understood, by the `model_type` of their config.json."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from counterpoise.catalogue import config_mixers as mixers
from counterpoise.catalogue.config_keys import Config
from counterpoise.catalogue.records import Attention, FeedForward, Layers

Halves = tuple[Attention | None, FeedForward | None]
MOST_LAYERS = 10_000


def layer_count(config: Config) -> int:
    """Return the number of layers."""
    layers = config.size("num_hidden_layers")
    if layers > MOST_LAYERS:
        raise config.wrong("num_hidden_layers", f"{layers} layers are more than {MOST_LAYERS}.")
    return layers


def grouped(layers: Iterable[Halves]) -> tuple[Layers, ...]:
    """Return equal layers as one group each, in the order they first appear."""
    counts: dict[Halves, int] = {}
    for halves in layers:
        counts[halves] = counts.get(halves, 0) + 1
    return tuple(Layers(count, *halves) for halves, count in counts.items())


def _windowed(attention: Attention, config: Config, key: str = "sliding_window") -> Attention:
    return replace(attention, kind="window", window=config.size(key))


def _llama(config: Config) -> list[Halves]:
    bias = config.flag("attention_bias")
    attention = mixers.grouped_attention(config, qkv_bias=bias, output_bias=bias)
    return [(attention, mixers.dense(config, bias=config.flag("mlp_bias")))] * config.size(
        "num_hidden_layers"
    )


def _mistral(config: Config) -> list[Halves]:
    attention = mixers.grouped_attention(config)
    if config.has("sliding_window"):
        attention = _windowed(attention, config)
    return [(attention, mixers.dense(config))] * layer_count(config)


def _mixtral(config: Config) -> list[Halves]:
    halves = (mixers.grouped_attention(config), mixers.experts(config, width_key="intermediate_size"))
    return [halves] * layer_count(config)


def _qwen(config: Config, *, qkv_bias: bool, qk_norm: bool) -> list[Halves]:
    layers = layer_count(config)
    attention = mixers.grouped_attention(config, qkv_bias=qkv_bias, qk_norm=qk_norm)
    full_until = layers
    if config.flag("use_sliding_window") and config.has("sliding_window"):
        full_until = config.count("max_window_layers", layers)
    mixture = config.has("experts")
    step, plain = config.size("decoder_sparse_step", 1), config.get("mlp_only_layers")
    plain = plain if isinstance(plain, list) else []
    found: list[Halves] = []
    for i in range(layers):
        sparse = mixture and i not in plain and (i + 1) % step == 0
        mixer = attention if i < full_until else _windowed(attention, config)
        found.append((mixer, mixers.experts(config) if sparse else mixers.dense(config)))
    return found


def _qwen_hybrid(config: Config) -> list[Halves]:
    layers = layer_count(config)
    every = config.size("full_attention_interval", 4)
    kinds = config.texts("layer_types", layers) or [
        "full_attention" if (i + 1) % every == 0 else "linear_attention" for i in range(layers)
    ]
    full = mixers.grouped_attention(config, qk_norm=True, output_gate=True)
    linear = mixers.gated_delta_net(config)
    channel = mixers.experts(config) if config.has("experts") else mixers.dense(config)
    return [(full if kind == "full_attention" else linear, channel) for kind in kinds]


def _gemma(config: Config, *, every: int, qk_norm: bool) -> list[Halves]:
    layers = layer_count(config)
    every = config.size("sliding_window_pattern", every)
    kinds = config.texts("layer_types", layers) or [
        "full_attention" if (i + 1) % every == 0 else "sliding_attention" for i in range(layers)
    ]
    full = mixers.grouped_attention(config, qk_norm=qk_norm)
    window = _windowed(full, config)
    return [(window if k == "sliding_attention" else full, mixers.dense(config)) for k in kinds]


def _gemma4(config: Config) -> list[Halves]:
    kinds = config.texts("layer_types", layer_count(config))
    if kinds is None:
        raise config.missing("layer_types")
    window = _windowed(mixers.grouped_attention(config, qk_norm=True), config)
    full = mixers.grouped_attention(
        config,
        qk_norm=True,
        head_dim=config.size("global_head_dim"),
        kv_heads=config.size("num_global_key_value_heads", config.size("num_key_value_heads")),
        k_is_v=config.flag("attention_k_eq_v"),
    )
    channel = mixers.dense(config)
    if config.flag("enable_moe_block"):
        # A dense layer runs beside the experts: the shared width of the mixture.
        channel = replace(mixers.experts(config), shared_intermediate=config.size("intermediate_size"))
    return [(window if kind == "sliding_attention" else full, channel) for kind in kinds]


def _gpt_oss(config: Config) -> list[Halves]:
    layers = layer_count(config)
    kinds = config.texts("layer_types", layers) or ["sliding_attention", "full_attention"] * (layers // 2)
    full = mixers.grouped_attention(config, qkv_bias=True, output_bias=True)
    window = _windowed(full, config)
    channel = mixers.experts(config, width_key="intermediate_size", bias=True)
    return [(window if kind == "sliding_attention" else full, channel) for kind in kinds]


def _latent(config: Config) -> list[Halves]:
    layers = layer_count(config)
    attention = mixers.latent_attention(config)
    # An indexer that a layer shares with the one before is neither stored nor run again.
    shared = replace(attention, index_heads=0, index_dim=0)
    indexers = config.texts("indexer_types", layers) or ["full"] * layers
    dense_until = config.count("first_dense", 0) if config.has("experts") else layers
    every = config.size("moe_layer_freq", 1)
    return [
        (
            attention if indexers[i] == "full" else shared,
            mixers.experts(config) if i >= dense_until and i % every == 0 else mixers.dense(config),
        )
        for i in range(layers)
    ]


def _glm4_moe(config: Config) -> list[Halves]:
    attention = mixers.grouped_attention(
        config, qkv_bias=config.flag("attention_bias"), qk_norm=config.flag("use_qk_norm")
    )
    dense_until = config.count("first_dense", 0)
    return [
        (attention, mixers.experts(config) if i >= dense_until else mixers.dense(config))
        for i in range(layer_count(config))
    ]


def _minimax_m2(config: Config) -> list[Halves]:
    attention = mixers.grouped_attention(config, qk_norm=config.flag("use_qk_norm"))
    halves = (attention, mixers.experts(config, width_key="intermediate_size"))
    return [halves] * layer_count(config)


def _llama4(config: Config) -> list[Halves]:
    full = mixers.grouped_attention(config)
    window = _windowed(full, config, "attention_chunk_size")
    step = config.size("interleave_moe_layer_step", 1)
    width = config.size("intermediate_size")
    sparse = replace(mixers.experts(config, width_key="intermediate_size"), shared_intermediate=width)
    plain = mixers.dense(config, key="intermediate_size_mlp")
    # Every fourth layer attends to everything without positions, the others within chunks.
    return [
        (full if (i + 1) % 4 == 0 else window, sparse if (i + 1) % step == 0 else plain)
        for i in range(layer_count(config))
    ]


_NEMOTRON_LETTERS = {"mamba": "M", "attention": "*", "moe": "E", "mlp": "-"}


def _nemotron_h(config: Config) -> list[Halves]:
    pattern = config.get("hybrid_override_pattern")
    kinds = config.get("layers_block_type")
    if isinstance(kinds, list):
        pattern = "".join(_NEMOTRON_LETTERS.get(str(kind), "?") for kind in kinds)
    if not isinstance(pattern, str):
        raise config.missing("hybrid_override_pattern")
    full = mixers.grouped_attention(config)
    parts: dict[str, Halves] = {"M": (mixers.mamba(config), None), "*": (full, None)}
    if "E" in pattern:
        parts["E"] = (None, mixers.experts(config, matrices=2))
    if "-" in pattern:
        parts["-"] = (None, mixers.dense(config, matrices=2))
    if not set(pattern) <= set(parts):
        raise config.wrong("hybrid_override_pattern", "a layer is none of M, *, E and -.")
    return [parts[letter] for letter in pattern]


def _nemotron_nas(config: Config) -> list[Halves]:
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


def _gpt(config: Config, *, biases: bool, mlp_bias: bool) -> list[Halves]:
    attention = mixers.grouped_attention(config, qkv_bias=biases, output_bias=biases)
    width = 4 * config.size("hidden_size")
    channel = mixers.dense(config, matrices=2, bias=mlp_bias, default=width)
    return [(attention, channel)] * layer_count(config)


def _falcon(config: Config) -> list[Halves]:
    heads = config.size("num_attention_heads")
    kv_heads = config.size("num_key_value_heads", heads) if config.flag("new_decoder_architecture") else 0
    kv_heads = kv_heads or (1 if config.flag("multi_query", True) else heads)
    attention = mixers.grouped_attention(config, kv_heads=kv_heads)
    width = 4 * config.size("hidden_size")
    return [(attention, mixers.dense(config, matrices=2, default=width))] * layer_count(config)


Reader = Callable[[Config], list[Halves]]


def _qwen2(config: Config) -> list[Halves]:
    return _qwen(config, qkv_bias=True, qk_norm=False)


def _qwen3(config: Config) -> list[Halves]:
    return _qwen(config, qkv_bias=config.flag("attention_bias"), qk_norm=True)


READERS: Mapping[str, Reader] = {
    **dict.fromkeys(("llama", "granite", "phi3", "aquila", "internlm3", "smollm3"), _llama),
    **dict.fromkeys(("mistral", "ministral"), _mistral),
    "mixtral": _mixtral,
    **dict.fromkeys(("qwen2", "qwen2_moe"), _qwen2),
    **dict.fromkeys(("qwen3", "qwen3_moe", "qwen3_vl_text", "qwen3_vl_moe_text"), _qwen3),
    **dict.fromkeys(("qwen3_next", "qwen3_5_text", "qwen3_5_moe_text"), _qwen_hybrid),
    "gemma2": lambda c: _gemma(c, every=2, qk_norm=False),
    **dict.fromkeys(("gemma3", "gemma3_text"), lambda c: _gemma(c, every=6, qk_norm=True)),
    "gemma4_text": _gemma4,
    "gpt_oss": _gpt_oss,
    **dict.fromkeys(
        ("deepseek_v2", "deepseek_v3", "deepseek_v32", "kimi_k2", "glm_moe_dsa", "glm4_moe_lite"), _latent
    ),
    "glm4_moe": _glm4_moe,
    "minimax_m2": _minimax_m2,
    "llama4_text": _llama4,
    "nemotron_h": _nemotron_h,
    "nemotron-nas": _nemotron_nas,
    **dict.fromkeys(("opt", "bloom", "gpt2", "gpt_neox"), lambda c: _gpt(c, biases=True, mlp_bias=True)),
    "gptj": lambda c: _gpt(c, biases=False, mlp_bias=True),
    "mpt": lambda c: _gpt(c, biases=False, mlp_bias=False),
    "falcon": _falcon,
}
"""Reader of each architecture that is understood.  To add one: a function from a config to its layers."""

TIED_BY_DEFAULT = frozenset(
    ("opt", "bloom", "gpt2", "mpt", "falcon", "gemma2", "gemma3", "gemma3_text", "gemma4_text")
)
"""Architectures whose config leaves out that the head is the embedding."""
