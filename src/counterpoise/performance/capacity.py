"""Sequences whose cache fits beside the weights: what bounds the batch an engine can hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from counterpoise.catalogue.records import Chip, Model
from counterpoise.performance.estimate import Array, MemoryEstimate
from counterpoise.performance.memory import (
    estimate_memory,
    sequence_bytes,
    visible_memory_bytes,
    weight_bytes,
)

UTILISATION = 0.92
"""Share of the memory an engine takes: 0.9 is vLLM's default, 0.95 what throughput recipes set."""


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
    utilisation: float = UTILISATION,
) -> Capacity:
    """Room for requests of `input_tokens` and `output_tokens`; arrays (points,).

    A sequence holds its input and, on average over its life, half its output.
    """
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
        utilisation=utilisation,
        engine=engine,
        max_sequences=256,
    )
    held = sequence_bytes(model, kv_precision, tp, pp, input_tokens + output_tokens / 2)
    taken = memory.weights_bytes + memory.activation_bytes + memory.other_bytes
    missing = np.maximum(taken - utilisation * visible_memory_bytes(chip), 0.0)
    # Pipeline stages hold the caches of all micro-batches: one replica's sequences are counted once.
    return Capacity(memory.kv_cache_bytes / held, missing, memory)


def smallest_tp(model: Model, chip: Chip, weight_precision: str) -> int:
    """Smallest power of two of chips that holds the weights with a fifth of their memory for the cache."""
    room = 0.8 * visible_memory_bytes(chip)
    one = np.ones(1)
    for tp in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512):
        size = np.array([float(tp)])
        if weight_bytes(model, weight_precision, size, one, one, one)[0] <= room:
            return tp
    return 1024
