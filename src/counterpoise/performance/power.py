"""Power of chips, systems and the site that holds them, from how busy compute and memory are.

The shares below put the model through the figures of performance/measurements: an 8 x H100 node peaks at
8.4 kW, 82 % of its 10.2 kW rating, while it trains with its GPUs near full use (arXiv 2412.08602, IEEE Access
2025); sustained decode draws 400 to 550 W of an H100's 700 W; the idle node draws about 1.9 kW (reported, not
found in a stored source: assumed).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from counterpoise.catalogue.records import Chip
from counterpoise.errors import Refused
from counterpoise.performance.estimate import Array

IDLE_SHARE = 0.12
"""Of TDP, drawn by a chip that waits.  Assumed: 70 to 90 W of an H100's 700 W."""
COMPUTE_WEIGHT = 1.25
"""TDP added per share of the matrix peak in use: at 45 % of peak and half its bandwidth a chip is at 96 %."""
MEMORY_WEIGHT = 0.55
"""TDP added per share of the bandwidth in use: decode at 90 % of bandwidth and 5 % of peak draws 0.68."""
HOST_IDLE_SHARE = 0.27
"""Of what a system is rated beyond its chips (hosts, switches, fans), drawn at idle: 1.2 of 4.6 kW."""
HOST_BUSY_SHARE = 0.61
"""The same at full load: 2.8 of 4.6 kW, so that the node peaks at 82 % of its rating."""
RATED_PER_TDP = 1.82
"""Rating of a system over the TDP of its chips where nobody published it: that of the 10.2 kW H100 node."""


def chip_power_w(chip: Chip, compute_share: ArrayLike, memory_share: ArrayLike) -> Array:
    """Mean power of one chip, watts; shares (0-1) of its matrix peak and memory bandwidth in use broadcast.

    Linear in both between idle and TDP, where the chip throttles.  Raises `Refused` where no TDP was
    published.
    """
    tdp = chip.value("tdp_w")
    if not tdp:
        raise Refused(f"{chip.name} has no published power, so its consumption is unknown.")
    compute, memory = np.asarray(compute_share, float), np.asarray(memory_share, float)
    share = IDLE_SHARE + COMPUTE_WEIGHT * compute + MEMORY_WEIGHT * memory
    return np.asarray(tdp * np.minimum(share, 1.0))


def system_power_w(
    chip: Chip, chips: ArrayLike, chip_w: ArrayLike, *, rated_w: ArrayLike | None = None, pue: float = 1.0
) -> Array:
    """Power at the meter of a system of `chips` chips that draw `chip_w` each, watts; shapes broadcast.

    Hosts, switches and fans draw between an idle and a busy share of what the system is rated beyond its
    chips, in proportion to the chips' load.  `pue` adds cooling and conversion of the site.
    """
    tdp = chip.value("tdp_w")
    if not tdp:
        raise Refused(f"{chip.name} has no published power, so its consumption is unknown.")
    count, each = np.asarray(chips, float), np.asarray(chip_w, float)
    rated = np.asarray(RATED_PER_TDP * tdp * count if rated_w is None else rated_w, float)
    load = np.clip((each / tdp - IDLE_SHARE) / (1 - IDLE_SHARE), 0.0, 1.0)
    share = HOST_IDLE_SHARE + (HOST_BUSY_SHARE - HOST_IDLE_SHARE) * load
    return np.asarray(pue * (count * each + share * np.maximum(rated - count * tdp, 0.0)))
