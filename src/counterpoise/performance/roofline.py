"""Time of an operator: compute and memory traffic joined by a p-norm, each at a fitted share of its peak."""

from __future__ import annotations

import numpy as np

from counterpoise.performance.estimate import Array

NORM = 3.0
"""Exponent of the join.  Infinity is the classical roofline (Williams, Waterman, Patterson 2009), 1 has no
overlap; 3 rounds the ridge as measured matrix products do."""


def joined(compute_s: Array, memory_s: Array) -> Array:
    """Time of work whose compute and memory traffic overlap, seconds: (c^3 + b^3)^(1/3).

    Shapes broadcast.  Never below the larger and never above the sum of the two.
    """
    return np.cbrt(compute_s * compute_s * compute_s + memory_s * memory_s * memory_s)


def product_seconds(peak_s: Array, tokens: Array, half_tokens: Array, efficiency: Array) -> Array:
    """Compute time of a matrix product of `tokens` rows, seconds.

    `peak_s` is the time of one row at the data sheet's peak.  The share of peak reached is
    e(m) = efficiency · m / (m + half_tokens), so the time is affine in the rows; 0 rows take none.
    """
    return np.asarray(np.where(tokens > 0, peak_s * (tokens + half_tokens) / efficiency, 0.0))
