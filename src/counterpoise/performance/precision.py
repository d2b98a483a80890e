"""Precision of a multiply, by the precision of the weights and what the chip can multiply."""

from __future__ import annotations

from counterpoise.catalogue.records import Chip
from counterpoise.errors import Refused

MULTIPLIED = {"fp8": ("fp8",), "int8": ("int8",), "fp4": ("fp4",)}
"""Weights are widened to 16 bits where the chip lacks their own precision: Marlin kernels of vLLM, and the
16-bit activations with which TensorRT-LLM and vLLM run gpt-oss on Hopper."""


def compute_precision(chip: Chip, precision: str) -> str:
    """Precision of the multiply for weights stored in `precision`: 16 bits where the chip lacks it."""
    for candidate in MULTIPLIED.get(precision, ()):
        if chip.peak_flops_per_s(candidate):
            return candidate
    return "bf16"


def peak_flops_per_s(chip: Chip, precision: str) -> float:
    """Matrix peak of the chip for weights stored in `precision`; `Refused` where nobody published one."""
    peak = chip.peak_flops_per_s(compute_precision(chip, precision))
    if not peak:
        raise Refused(f"{chip.name} has no published 16-bit matrix peak, so its compute time is unknown.")
    return peak
