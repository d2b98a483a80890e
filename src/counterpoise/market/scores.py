"""Scores of forecasts, all of them the smaller the better, and what a difference between two is worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def crps(samples: npt.ArrayLike, actual: float) -> float:
    """Continuous ranked probability score of a sample, in its unit; of one point it is the absolute error.

    E|X - y| - E|X - X'| / 2 over the sample's own distribution (Gneiting and Raftery 2007, eq. 21).
    """
    x = np.sort(np.asarray(samples, np.float64).ravel())
    n = len(x)
    if n == 0:
        raise ValueError("a score needs at least one draw")
    # E|X - X'| of a sorted sample is 2/n^2 times the sum of (2i - n - 1) x_i.
    spread = np.sum((2.0 * np.arange(1, n + 1) - n - 1.0) * x) * 2.0 / n**2
    return float(np.mean(np.abs(x - actual)) - spread / 2.0)


def brier(probability: float, happened: bool) -> float:
    """Squared error of a probability (Brier 1950, of one outcome): 0 is perfect, 0.25 says nothing."""
    if not 0.0 <= probability <= 1.0:
        raise ValueError(f"{probability:g} is no probability")
    return (probability - float(happened)) ** 2


def interval_score(low: float, high: float, actual: float, level: float) -> float:
    """Winkler's score of a central interval of `level` (Gneiting and Raftery 2007, eq. 43), in its unit."""
    if not low <= high:
        raise ValueError(f"low {low:g} is above high {high:g}")
    if not 0.0 < level < 1.0:
        raise ValueError(f"{level:g} is no level")
    return (high - low) + 2.0 / (1.0 - level) * (max(low - actual, 0.0) + max(actual - high, 0.0))


def log_interval_score(low: float, high: float, actual: float, level: float) -> float:
    """Interval score on natural logarithms: 0.1 is about a tenth of the level, whatever the unit."""
    return interval_score(math.log(low), math.log(high), math.log(actual), level)


def absolute_percentage_error(forecast: float, actual: float) -> float:
    """Return |forecast / actual - 1|, a fraction of the actual."""
    return abs(forecast / actual - 1.0)


def coverage(hits: Sequence[bool], overlap: int = 1) -> tuple[float, float]:
    """Share of actuals inside their intervals, and its standard error.

    Forecasts `overlap` quarters ahead share that many quarters of news, so that n of them are worth about
    n / overlap: sqrt(p (1 - p) overlap / n).  For all or none the rule of Agresti and Coull (two successes
    and two failures added) keeps the error above zero.
    """
    if not hits:
        raise ValueError("coverage needs at least one interval")
    share = float(np.mean(hits))
    independent = max(len(hits) / overlap, 1.0)
    if 0.0 < share < 1.0:
        return share, math.sqrt(share * (1.0 - share) / independent)
    added = (share * independent + 2.0) / (independent + 4.0)
    return share, math.sqrt(added * (1.0 - added) / (independent + 4.0))


@dataclass(frozen=True, slots=True)
class PairedTest:
    """Whether one forecast is better than another on the same targets.

    `mean_difference` of losses, a minus b (negative: a is better); `statistic` and `p_value` two-sided, None
    where the errors do not allow a test; `better` of `apart` non-overlapping pairs went to a, with the
    two-sided `sign_p_value`.
    """

    n: int
    mean_difference: float
    statistic: float | None
    p_value: float | None
    apart: int
    better: int
    sign_p_value: float


def paired_test(errors_a: npt.ArrayLike, errors_b: npt.ArrayLike, overlap: int = 1) -> PairedTest:
    """Test whether absolute errors of a and b differ, pair by pair, in order of time.

    Diebold and Mariano (1995) on absolute errors `overlap` quarters ahead, corrected for small samples by
    Harvey, Leybourne and Newbold (1997, eq. 9; Student's t with n - 1 degrees of freedom).  Where the
    long-run variance comes out at or below zero, Bartlett weights are used.  The sign test takes every
    `overlap`-th pair from the last backwards, ties left out.
    """
    a, b = np.abs(np.asarray(errors_a, np.float64)), np.abs(np.asarray(errors_b, np.float64))
    if a.shape != b.shape or a.ndim != 1 or len(a) < 2:
        raise ValueError("a paired test needs two series of the same length, at least 2")
    from scipy import stats

    difference = a - b
    n, mean = len(difference), float(difference.mean())
    apart = difference[::-1][::overlap]
    apart = apart[apart != 0]
    better = int(np.sum(apart < 0))
    sign_p = float(stats.binomtest(better, len(apart)).pvalue) if len(apart) else 1.0
    variance = _long_run_variance(difference - mean, overlap) / n
    if n <= 2 * overlap or not variance > 0:
        return PairedTest(n, mean, None, None, len(apart), better, sign_p)
    correction = math.sqrt((n + 1 - 2 * overlap + overlap * (overlap - 1) / n) / n)
    statistic = correction * mean / math.sqrt(variance)
    p_value = float(2.0 * stats.t.sf(abs(statistic), n - 1))
    return PairedTest(n, mean, statistic, p_value, len(apart), better, sign_p)


def _long_run_variance(centred: Array, overlap: int) -> float:
    n = len(centred)
    by_lag = [float(centred[lag:] @ centred[: n - lag]) / n for lag in range(min(overlap, n))]
    plain = by_lag[0] + 2.0 * sum(by_lag[1:])
    if plain > 0:
        return plain
    return by_lag[0] + 2.0 * sum((1.0 - lag / overlap) * c for lag, c in enumerate(by_lag[1:], 1))
