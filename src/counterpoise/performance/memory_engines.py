"""How much memory each engine gives to its cache: the rules their sources and manuals state.

vLLM takes a share of the chip's memory for everything and measures the rest (`determine_available_memory`).
SGLang sets a share aside for weights and cache and trusts that the remainder holds the step; TensorRT-LLM
gives the cache a share of what is free after weights and a trial step; llama.cpp takes what it is asked to.
Only vLLM was measured (memory.csv); the others are what their code says, unmeasured.
"""

from __future__ import annotations

import numpy as np

from counterpoise.catalogue.engines import GIB, engine_default, engine_name
from counterpoise.catalogue.records import Chip
from counterpoise.performance.estimate import Array

MIB = 2.0**20
SGLANG_FALLBACK = 0.88
SGLANG_LARGE_GIB = 60.0


def usual_fraction(engine: str, chip: Chip, tp: Array, pp: Array, dp: Array) -> Array:
    """Share of the memory that `engine` uses where a user says nothing, by its own meaning of the share.

    An engine without a rule of its own follows vLLM's.
    """
    name = engine_name(engine)
    if name == "sglang":
        return sglang_fraction(chip, tp, pp, dp)
    share = engine_default(name, "memory_fraction", "", chip)
    return np.full(tp.shape, share or engine_default("vllm", "memory_fraction", "", chip))


def sglang_fraction(chip: Chip, tp: Array, pp: Array, dp: Array) -> Array:
    """`mem_fraction_static` as SGLang 0.5 derives it from the chip and the layout.

    Reserved, in MiB: 512, 1.5 a token of a prefill chunk (2,048 at least), 2 a sequence of the largest graph,
    1,024 for eight chips, with data-parallel attention 3 (above 300 sequences 4.5) a sequence and replica; at
    least 10 GiB on chips above 60 GiB (`server_args._handle_gpu_memory_settings`).
    """
    memory = (chip.value("memory_bytes") or 0.0) / MIB
    if not memory:
        return np.full(tp.shape, SGLANG_FALLBACK)
    chunk = engine_default("sglang", "max_batch_tokens", "", chip) or 2048.0
    small, large = (engine_default("sglang", "graph_sequences", "", chip, n) or 0.0 for n in (1, 4))
    graphs = np.where(tp >= 4, large, small)
    reserved = 512 + max(chunk, 2048.0) * 1.5 + 2 * graphs + tp * pp / 8 * 1024
    reserved = reserved + np.where(dp > 1, graphs * dp * np.where(graphs > 300, 4.5, 3.0), 0.0)
    if memory > SGLANG_LARGE_GIB * 1024:
        reserved = np.maximum(reserved, 10 * 1024)
    return np.asarray(np.round(np.maximum(memory - reserved, 0.0) / memory, 3))


def cache_room_bytes(
    engine: str, memory_bytes: float, fraction: Array, weights: Array, activation: Array, other: Array
) -> Array:
    """What is left for the cache on each chip, bytes; below 0 by what a chip lacks.

    `memory_bytes`: what a program sees; `fraction`: the engine's own share (`usual_fraction`); `activation`:
    peak of the largest step; `other`: context and libraries.
    """
    name = engine_name(engine)
    if name == "sglang":
        return np.asarray((memory_bytes - other) * fraction - weights)
    if name == "trtllm":
        left = memory_bytes - other - weights - activation
        return np.asarray(np.where(left > 0, left * fraction, left))
    return np.asarray(fraction * memory_bytes - weights - activation - other)


def largest_step(engine: str, chip: Chip, version: str = "") -> tuple[int, int]:
    """Return (tokens of the largest step, sequences at once) that `engine` takes by default on `chip`.

    Engines without a default of their own, and versions of vLLM before chunked prefill was usual, are taken
    as vLLM of today.
    """
    found = []
    for figure in ("max_batch_tokens", "max_sequences"):
        value = engine_default(engine, figure, version, chip)
        found.append(int(value or engine_default("vllm", figure, "", chip) or 0))
    return found[0], found[1]


__all__ = ["GIB", "cache_room_bytes", "largest_step", "sglang_fraction", "usual_fraction"]
