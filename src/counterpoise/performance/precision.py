"""Precision of a multiply, by the precision of the weights and what the chip can multiply."""

from __future__ import annotations

from counterpoise.catalogue.records import Chip
from counterpoise.errors import Refused

MULTIPLIED = {"fp8": ("fp8",), "int8": ("int8",), "fp4": ("fp4",)}
"""Weights are widened to 16 bits where the chip lacks their own precision: Marlin kernels of vLLM, and the
16-bit activations with which TensorRT-LLM and vLLM run gpt-oss on Hopper."""
MXFP4 = "mxfp4"
"""Weights of a model released in FP4: what it reads stays in 8 bits (VLLM_USE_FLASHINFER_MOE_MXFP4_MXFP8,
W4A8_MXFP4_MXFP8 of TensorRT-LLM), so they multiply at the rate of FP8, where the chip has FP4 at all."""


def compute_precision(chip: Chip, precision: str) -> str:
    """Precision of the multiply for weights stored in `precision`: 16 bits where the chip lacks it."""
    if precision == MXFP4:
        return "fp8" if chip.peak_flops_per_s("fp4") else "bf16"
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
