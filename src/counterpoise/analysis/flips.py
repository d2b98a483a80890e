"""Where advice flips: the factor on a price at which two ways cost the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

MOST_STEPS = 12


@dataclass(frozen=True, slots=True)
class Flip:
    """`factor` at which a difference changes sign; None where it keeps it from `low` to `high`.

    `below` and `above`: the difference on either side of it (at the ends, where there is no flip).
    """

    factor: float | None
    below: float
    above: float


def flip(
    difference: Callable[[float], float], low: float, high: float, *, at: float = 1.0, tolerance: float = 0.01
) -> Flip:
    """Find where `difference`, which rises with its factor, changes sign between `low` and `high`.

    To `tolerance` of the factor, from `at` (between them) towards the end where the sign may change.
    Regula falsi with the Illinois weight on the factor's logarithm (Dowell and Jarratt 1971): a difference of
    two costs of linear plans is nearly linear in a price, and each of its values is two solves.
    """
    here = difference(at)
    if here == 0:
        return Flip(at, difference(low), difference(high))
    end = low if here > 0 else high
    there = difference(end)
    if not math.isfinite(here) or not math.isfinite(there) or (there > 0) == (here > 0):
        return Flip(None, *((there, here) if end < at else (here, there)))
    found = _between(difference, (at, here), (end, there), tolerance)
    return Flip(found, *((there, here) if end < at else (here, there)))


def _between(
    difference: Callable[[float], float], one: tuple[float, float], two: tuple[float, float], tolerance: float
) -> float:
    a, fa, b, fb = math.log(one[0]), one[1], math.log(two[0]), two[1]
    side = 0
    for _ in range(MOST_STEPS):
        c = (fa * b - fb * a) / (fa - fb)
        fc = difference(math.exp(c))
        if (fc > 0) == (fa > 0):
            step, a, fa = abs(c - a), c, fc
            fb, side = (fb / 2 if side == 1 else fb), 1
        else:
            step, b, fb = abs(c - b), c, fc
            fa, side = (fa / 2 if side == -1 else fa), -1
        if abs(a - b) < tolerance or step < tolerance / 4 or fc == 0:
            break
    return math.exp(c)
