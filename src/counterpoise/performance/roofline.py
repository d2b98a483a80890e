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
