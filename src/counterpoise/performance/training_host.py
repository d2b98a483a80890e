"""Optimiser on the host: gradients down and weights up the PCIe link, Adam in the host's memory."""

from __future__ import annotations

import numpy as np

from counterpoise.performance.estimate import Array

PCIE_BYTES_PER_S = 50e9
"""Sustained on a PCIe 5.0 x16 link of 64 GB/s.  Assumed: no chip's row states its host link."""
HOST_BYTES_PER_S = 400e9 / 8
"""Memory bandwidth of a two-socket host for each of its eight chips.  Assumed."""
ADAM_BYTES = 28.0
"""As `training_work.OPTIMISER_TRAFFIC`, 32-bit states and a 16-bit copy."""


def host_optimiser_s(owned_weights: Array) -> Array:
    """Seconds of a step for the weights a chip owns: 16 bits each way over PCIe, then Adam in host memory.

    Ren et al. 2021, ZeRO-Offload (arXiv 2101.06840, section 4): the traffic; nothing hides behind compute.
    """
    return np.asarray(4.0 * owned_weights / PCIE_BYTES_PER_S + ADAM_BYTES * owned_weights / HOST_BYTES_PER_S)
