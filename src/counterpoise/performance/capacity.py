"""Sequences whose cache fits beside the weights: what bounds the batch an engine can hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from counterpoise.catalogue.engines import engine_default, engine_name
from counterpoise.catalogue.records import Chip, Model
from counterpoise.performance.estimate import Array, MemoryEstimate
from counterpoise.performance.memory import (
    estimate_memory,
    sequence_bytes,
    visible_memory_bytes,
    weight_bytes,
)
from counterpoise.performance.memory_engines import cache_room_bytes, usual_fraction

UTILISATION = 0.92
"""Share of the memory vLLM takes: 0.9 is its default, 0.95 what throughput recipes set."""
OWN_SHARE = ("llamacpp", "sglang", "trtllm")
"""Engines whose share of the memory means something else than vLLM's: their own default is taken."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """Room of one attention replica; arrays (points,).

    `slots`: sequences of the mean length that fit.  `missing_bytes`: what a chip lacks, 0 where the weights
    fit.  `memory`: the whole account.
    """

    slots: Array
    missing_bytes: Array
    memory: MemoryEstimate


def capacity(
    model: Model,
    chip: Chip,
    *,
    weight_precision: str,
    kv_precision: str,
    tp: Array,
    pp: Array,
    dp: Array,
    ep: Array,
    input_tokens: Array,
    output_tokens: Array,
    engine: str = "generic",
    utilisation: float | Array | None = None,
) -> Capacity:
    """Room for requests of `input_tokens` and `output_tokens`; arrays (points,).

    A sequence holds its input and, on average over its life, half its output; with TensorRT-LLM all of it
    (`_reserved_share`).  `utilisation` is the engine's own share of the memory; None is what it takes by
    default (vLLM and engines without a rule: 0.92).
    """
    if utilisation is None and engine_name(engine) in OWN_SHARE:
        share = usual_fraction(engine, chip, tp, pp, dp)
    else:
        share = np.full(tp.shape, UTILISATION if utilisation is None else utilisation)
    memory = estimate_memory(
        model,
        chip,
        weight_precision=weight_precision,
        kv_precision=kv_precision,
        tp=tp,
        pp=pp,
        dp=dp,
        ep=ep,
        max_model_len=input_tokens + output_tokens,
        utilisation=share,
        engine=engine,
        max_sequences=256,
    )
    held_tokens = input_tokens + output_tokens * _reserved_share(engine)
    held = sequence_bytes(model, kv_precision, tp, pp, held_tokens)
    room = cache_room_bytes(
        engine,
        visible_memory_bytes(chip),
        share,
        memory.weights_bytes,
        memory.activation_bytes,
        memory.other_bytes,
    )
    missing = np.maximum(-room, 0.0)
    # Pipeline stages hold the caches of all micro-batches: one replica's sequences are counted once.
    return Capacity(memory.kv_cache_bytes / held, missing, memory)


def _reserved_share(engine: str) -> float:
    """Share of its output for which a sequence holds cache, averaged over its life.

    Engines allocate as a sequence grows, but TensorRT-LLM's default scheduler (GUARANTEED_NO_EVICT) starts a
    request only where all that it may write fits beside the others (TensorRT-LLM performance tuning guide,
    "Capacity scheduler policy").  Waits of measured runs agree: Llama 3.1 70B in FP8 on one H200 with 1,024
    and 8,192 tokens held 47 to 48 sequences at once, 63.9 GB of 8-bit cache hold 47.0 so, 84.6 otherwise.
    """
    return 1.0 if engine_name(engine) == "trtllm" else 0.5


def most_sequences(engine: str, version: str = "", chip: Chip | None = None) -> float:
    """Sequences that `engine` runs at once where a user sets no limit; infinite where none is known.

    vLLM's `max_num_seqs`, SGLang's `max_running_requests`, TensorRT-LLM's `max_batch_size`, the slots of
    llama.cpp: catalogue/data/engine_defaults.csv, each with its source.  `version` blank: the newest; `chip`
    None: one of H100's size.
    """
    value = engine_default(engine, "max_sequences", version, chip)
    return float("inf") if value is None else value


def smallest_tp(model: Model, chip: Chip, weight_precision: str) -> int:
    """Smallest power of two of chips that holds the weights with a fifth of their memory for the cache."""
    room = 0.8 * visible_memory_bytes(chip)
    one = np.ones(1)
    for tp in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512):
        size = np.array([float(tp)])
        if weight_bytes(model, weight_precision, size, one, one, one)[0] <= room:
            return tp
    return 1024
