"""The pattern of layers of a config.json: how many, of which kind, where the mixtures of experts stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from counterpoise.catalogue.config_keys import Config
from counterpoise.catalogue.records import Attention, FeedForward

Halves = tuple[Attention | None, FeedForward | None]
"""Token mixer and channel mixer of a layer; either may be absent."""
MOST_LAYERS = 10_000
WINDOW_KINDS = ("sliding_attention", "sliding_window", "chunked_attention", "local_attention")
FULL_KINDS = ("full_attention", "global_attention", "attention", "nope_attention")


def layer_count(config: Config) -> int:
    """Return the number of layers."""
    layers = config.size("num_hidden_layers")
    if layers > MOST_LAYERS:
        raise config.wrong("num_hidden_layers", f"{layers} layers are more than {MOST_LAYERS}.")
    return layers


def windowed(attention: Attention, config: Config, key: str = "sliding_window") -> Attention:
    """Return `attention` within a sliding window of so many tokens as `key` says.

    A window that spans the longest context is none.
    """
    window = config.size(key)
    if window >= config.count("max_position_embeddings", 0) > 0:
        return attention
    return replace(attention, kind="window", window=window)


def by_type(
    config: Config, choices: Mapping[str, Attention | None], default: list[str]
) -> list[Attention | None]:
    """Return the mixer of each layer by `layer_types`, `default` where the config leaves it out.

    A type that is not in `choices` is an error that names it: it is never taken for another.
    """
    kinds = config.texts("layer_types", len(default)) or default
    for kind in kinds:
        if kind not in choices:
            raise config.unknown("layer_types", kind, choices)
    return [choices[kind] for kind in kinds]


def full_and_window(
    config: Config, full: Attention, window: Attention | None, default: list[str]
) -> list[Attention | None]:
    """Return full and window layers by `layer_types`; `window` None where the config has none."""
    choices: dict[str, Attention | None] = dict.fromkeys(FULL_KINDS, full)
    if window is not None:
        choices |= dict.fromkeys(WINDOW_KINDS, window)
    return by_type(config, choices, default)


def every(layers: int, period: int, offset: int = -1) -> list[bool]:
    """Return, layer by layer, whether it is the `offset`-th of each `period` (the last where -1)."""
    offset %= period
    return [i % period == offset for i in range(layers)]


def after_dense(layers: int, dense: int, plain: FeedForward | None, sparse: FeedForward) -> list[FeedForward]:
    """Return the channel mixers of a model whose first `dense` layers are dense and the others mixtures."""
    return [plain if i < dense and plain is not None else sparse for i in range(layers)]
