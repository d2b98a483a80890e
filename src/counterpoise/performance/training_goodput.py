"""What failures and checkpoints leave of a training run's time."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from counterpoise.performance.estimate import Array

CHIP_HOURS_PER_FAILURE = 54 * 24 * 16384 / 419
"""Llama 3 405B: 419 unplanned interruptions in 54 days on 16,384 H100 (arXiv 2407.21783, section 3.3.4)."""
RESTART_S = 360.0
"""From a failure to the next step: detect, replace, load.  Assumed; with it the Llama 3 run comes to 92 %,
where its authors state more than 90 % effective training time."""
CHECKPOINT_S = 10.0
"""Time a checkpoint stops the run, where it is written in the background.  Assumed."""


def goodput_share(chips: ArrayLike) -> Array:
    """Share of a run's time on `chips` chips that trains, with checkpoints at the best interval.

    Young 1974, Daly 2006: with mean time M between failures and checkpoints of δ, the best interval is
    sqrt(2 δ M); a failure costs the restart and half an interval.  Failures grow with the chips.
    """
    n = np.maximum(np.asarray(chips, float), 1.0)
    between = CHIP_HOURS_PER_FAILURE * 3600.0 / n
    interval = np.sqrt(2 * CHECKPOINT_S * between)
    lost = CHECKPOINT_S / interval + (interval / 2 + RESTART_S) / between
    return np.asarray(np.maximum(1.0 - lost, 0.0))
