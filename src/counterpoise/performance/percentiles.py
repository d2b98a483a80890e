"""Percentile of a latency from its mean."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from counterpoise.errors import Refused
from counterpoise.performance.estimate import Array


def at_percentile(mean: Array, percentile: float, spread: float) -> Array:
    """Latency at `percentile` (0-100, exclusive) of requests whose latencies have `mean`.

    Log-normal over requests with log standard deviation `spread`: mean · exp(z · spread - spread^2 / 2), z
    the normal quantile.  The spreads are fitted on the measured runs that print both p50 and p99
    (`tails` of the calibration's report).
    """
    if not 0 < percentile < 100:
        raise Refused(f"a percentile of {percentile:g} is not between 0 and 100.")
    z = NormalDist().inv_cdf(percentile / 100)
    return np.asarray(mean * np.exp(z * spread - spread * spread / 2))
