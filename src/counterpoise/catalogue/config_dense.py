"""Layers of dense models by the `model_type` of their config.json."""

from __future__ import annotations

from collections.abc import Callable

from counterpoise.catalogue import config_mixers as mixers
from counterpoise.catalogue.config_keys import Config
from counterpoise.catalogue.config_pattern import Halves, every, full_and_window, layer_count, windowed
from counterpoise.catalogue.records import FeedForward

Reader = Callable[[Config], list[Halves]]


def llama(config: Config) -> list[Halves]:
    """Gated layers and grouped attention over everything, but where `layer_types` says otherwise."""
    layers = layer_count(config)
    bias = config.flag("attention_bias")
    attention = mixers.grouped_attention(config, qkv_bias=bias, output_bias=bias)
    window = None
    if config.flag("use_sliding_window", True) and config.has("layer_types") and config.has("sliding_window"):
        window = windowed(attention, config)
    if not config.flag("use_sliding_window", True):
        config.ignore("sliding_window", "max_window_layers")
    channel = mixers.dense(config, bias=config.flag("mlp_bias"))
    kinds = full_and_window(config, attention, window, ["full_attention"] * layers)
    return [(mixer, channel) for mixer in kinds]


def mistral(config: Config) -> list[Halves]:
    """Llama with a sliding window in every layer, or by `layer_types`, where the config has one."""
    attention = mixers.grouped_attention(config)
    layers = layer_count(config)
    channel = mixers.dense(config)
    window = windowed(attention, config) if config.has("sliding_window") else None
    default = ["sliding_attention" if window else "full_attention"] * layers
    kinds = full_and_window(config, attention, window, default)
    return [(mixer, channel) for mixer in kinds]


def qwen(config: Config, *, qkv_bias: bool, qk_norm: bool) -> list[Halves]:
    """Qwen 2 and 3: a window in the last layers where it is switched on, mixtures where there are experts."""
    layers = layer_count(config)
    attention = mixers.grouped_attention(config, qkv_bias=qkv_bias, qk_norm=qk_norm)
    full_until, window = layers, None
    if config.flag("use_sliding_window") and config.has("sliding_window"):
        full_until = config.count("max_window_layers", layers)
        window = windowed(attention, config)
    config.ignore("sliding_window", "max_window_layers", "use_qk_norm")
    default = ["full_attention" if i < full_until else "sliding_attention" for i in range(layers)]
    kinds = full_and_window(config, attention, window, default)
    mixture = config.has("experts")
    step, plain = config.size("decoder_sparse_step", 1), config.positions("mlp_only_layers", layers)
    found: list[Halves] = []
    for i, mixer in enumerate(kinds):
        sparse = mixture and i not in plain and (i + 1) % step == 0
        found.append((mixer, mixers.experts(config) if sparse else mixers.dense(config)))
    return found


def qwen_first(config: Config) -> list[Halves]:
    """Qwen 1: multi-head attention; `intermediate_size` is the sum of gate and up."""
    attention = mixers.grouped_attention(config, qkv_bias=True)
    channel = FeedForward(max(config.size("intermediate_size") // 2, 1))
    return [(attention, channel)] * layer_count(config)


def gemma(config: Config, *, period: int, qk_norm: bool) -> list[Halves]:
    """Gemma 2 and 3: one full layer in each `period`, the others within a window."""
    layers = layer_count(config)
    period = config.size("sliding_window_pattern", period)
    default = ["full_attention" if full else "sliding_attention" for full in every(layers, period)]
    full = mixers.grouped_attention(config, qk_norm=qk_norm)
    kinds = full_and_window(config, full, windowed(full, config), default)
    return [(mixer, mixers.dense(config)) for mixer in kinds]


def window_by_type(config: Config, *, period: int = 0, qk_norm: bool = False) -> list[Halves]:
    """Full and window layers by `layer_types`; without them one full layer in each `period`, or all.

    EXAONE 4 spells its pattern: "LLLG" is three local layers and a global one.
    """
    layers = layer_count(config)
    pattern = config.get("sliding_window_pattern")
    if isinstance(pattern, str):
        if not pattern or not set(pattern) <= set("LG"):
            raise config.wrong("sliding_window_pattern", f'"{pattern}" is not of the letters L and G.')
        default = [
            "full_attention" if pattern[i % len(pattern)] == "G" else "sliding_attention"
            for i in range(layers)
        ]
    else:
        period = config.size("sliding_window_pattern", period) if period else 0
        default = ["full_attention"] * layers
    full = mixers.grouped_attention(config, qk_norm=qk_norm or config.flag("use_qk_norm"))
    window = windowed(full, config) if config.has("sliding_window") else None
    if not isinstance(pattern, str) and period and window is not None:
        default = ["full_attention" if is_full else "sliding_attention" for is_full in every(layers, period)]
    channel = mixers.dense(config)
    return [(mixer, channel) for mixer in full_and_window(config, full, window, default)]


def plain(
    config: Config, *, qkv_bias: bool = False, output_bias: bool = False, mlp_bias: bool = False,
    matrices: int = 2, qk_norm: bool = False,
) -> list[Halves]:  # fmt: skip
    """Grouped attention and feed-forward layers of `matrices` matrices (2: no gate), all alike."""
    attention = mixers.grouped_attention(config, qkv_bias=qkv_bias, output_bias=output_bias, qk_norm=qk_norm)
    if config.flag("use_sliding_window", True) and config.has("sliding_window"):
        attention = windowed(attention, config)
    config.ignore("sliding_window")
    channel = mixers.dense(config, matrices=matrices, bias=mlp_bias, default=4 * config.size("hidden_size"))
    return [(attention, channel)] * layer_count(config)


def stablelm(config: Config) -> list[Halves]:
    """StableLM: gated, biases on query, key and value where it says so."""
    return plain(config, qkv_bias=config.flag("use_qkv_bias"), matrices=3)


def starcoder(config: Config) -> list[Halves]:
    """StarCoder 2: plain layers, biases everywhere where it says so."""
    bias = config.flag("use_bias", True)
    return plain(config, qkv_bias=bias, output_bias=bias, mlp_bias=bias)


def squared(config: Config) -> list[Halves]:
    """Plain layers with a squared or other one-sided activation: Nemotron 4, Arcee, Apertus."""
    bias = config.flag("attention_bias")
    return plain(
        config, qkv_bias=bias, output_bias=bias, mlp_bias=config.flag("mlp_bias"),
        qk_norm=config.flag("qk_norm"),
    )  # fmt: skip


def biased_queries(config: Config) -> list[Halves]:
    """Seed-OSS, GLM-4 and their like: biases on query, key and value, none on the output."""
    attention = mixers.grouped_attention(
        config,
        qkv_bias=config.flag("attention_bias"),
        output_bias=config.flag("attention_out_bias"),
        qk_norm=config.flag("use_qk_norm"),
    )
    channel = mixers.dense(config, bias=config.flag("mlp_bias"))
    return [(attention, channel)] * layer_count(config)


def chatglm(config: Config) -> list[Halves]:
    """ChatGLM 2 to GLM-4 in their first format."""
    heads = config.size("num_attention_heads")
    groups = config.size("multi_query_group_num") if config.flag("multi_query_attention") else heads
    attention = mixers.grouped_attention(
        config,
        kv_heads=groups,
        head_dim=config.size("kv_channels", max(config.size("hidden_size") // heads, 1)),
        qkv_bias=config.flag("add_qkv_bias"),
        output_bias=config.flag("add_bias_linear"),
    )
    channel = mixers.dense(config, bias=config.flag("add_bias_linear"))
    return [(attention, channel)] * layer_count(config)


def gpt(config: Config, *, biases: bool, mlp_bias: bool) -> list[Halves]:
    """GPT-2 and its like: plain layers four times as wide as the model."""
    attention = mixers.grouped_attention(config, qkv_bias=biases, output_bias=biases)
    width = 4 * config.size("hidden_size")
    channel = mixers.dense(config, matrices=2, bias=mlp_bias, default=width)
    return [(attention, channel)] * layer_count(config)


def falcon(config: Config) -> list[Halves]:
    """Falcon: one key and value head, or groups in the newer design."""
    heads = config.size("num_attention_heads")
    kv_heads = config.size("num_key_value_heads", heads) if config.flag("new_decoder_architecture") else 0
    kv_heads = kv_heads or (1 if config.flag("multi_query", True) else heads)
    attention = mixers.grouped_attention(config, kv_heads=kv_heads)
    config.ignore("num_key_value_heads", "num_kv_heads")
    width = 4 * config.size("hidden_size")
    return [(attention, mixers.dense(config, matrices=2, default=width))] * layer_count(config)
