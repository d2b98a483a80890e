"""Intervals that come from past errors only: a scale and degrees of freedom for each horizon.

`docs/market/recipe.md` declares them: a scale of past log errors, Student's t with n/h degrees of freedom,
and the correlation of a random walk between horizons.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from counterpoise.errors import Refused

Array = npt.NDArray[np.float64]
LEAST_ERRORS = 4
LEAST_DEGREES = 3.0
_LEAST_SCALE = 1e-6
Scale = Literal["root mean square", "mean absolute"]


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """How far off a forecast may be: `scale` of the log error and `degrees` of freedom, each (horizons,).

    `errors` is how many past errors each horizon rests on.
    """

    scale: Array
    degrees: Array
    errors: tuple[int, ...]

    def quantile(self, probability: float) -> Array:
        """Return the quantile of the log error at each horizon."""
        from scipy.special import stdtrit

        return np.asarray(self.scale * stdtrit(self.degrees, probability), np.float64)

    def probability_below(self, log_error: npt.ArrayLike) -> Array:
        """Return the probability of a smaller log error at each horizon."""
        from scipy.special import stdtr

        return np.asarray(stdtr(self.degrees, np.asarray(log_error, np.float64) / self.scale), np.float64)

    def draws(self, draws: int, seed: int) -> Array:
        """Return draws of the log errors, shape (draws, horizons), correlated as a random walk's.

        A Gaussian copula with correlation sqrt(h / k), h < k; PCG64, so that a seed gives the same bytes.
        """
        from scipy.special import ndtr, stdtrit

        horizons = len(self.scale)
        steps = np.random.Generator(np.random.PCG64(seed)).standard_normal((draws, horizons))
        walk = np.cumsum(steps, axis=1) / np.sqrt(np.arange(1, horizons + 1))
        return np.asarray(self.scale * stdtrit(self.degrees, ndtr(walk)), np.float64)


def from_errors(by_horizon: Sequence[Sequence[float]], scale: Scale = "mean absolute") -> Spread:
    """Return the spread that past log errors teach; `by_horizon[h - 1]` are those h quarters ahead.

    `scale`: their root mean square, or their mean absolute value times sqrt(pi/2), which is the same for
    normal errors and less moved by one of them.  Raises `Refused` with fewer than four errors one quarter
    ahead.
    """
    if not by_horizon or len(by_horizon[0]) < LEAST_ERRORS:
        known = len(by_horizon[0]) if by_horizon else 0
        raise Refused(
            f"an interval rests on past errors, and {known} are known one quarter ahead; "
            f"at least {LEAST_ERRORS} are needed."
        )
    scales: list[float] = []
    longest = 1
    for h, errors in enumerate(by_horizon, 1):
        if len(errors) >= LEAST_ERRORS:
            longest = h
            width = _width(errors, scale)
        else:
            width = scales[longest - 1] * math.sqrt(h / longest)
        scales.append(max(width, scales[-1] if scales else 0.0))
    degrees = [max(len(errors) / h, LEAST_DEGREES) for h, errors in enumerate(by_horizon, 1)]
    # A forecast that was never wrong yet is still not certain.
    floored = np.maximum(np.array(scales), _LEAST_SCALE)
    return Spread(floored, np.array(degrees), tuple(len(errors) for errors in by_horizon))


def _width(errors: Sequence[float], scale: Scale) -> float:
    if scale == "root mean square":
        return math.sqrt(sum(e * e for e in errors) / len(errors))
    return math.sqrt(math.pi / 2.0) * sum(abs(e) for e in errors) / len(errors)
