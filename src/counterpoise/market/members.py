"""The members that a declared recipe averages, on logarithms.

`docs/market/recipe.md` declares each; every grid and constant here is the one written there.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
LEVELS = np.arange(1, 10) / 10.0
_TRENDS = (0.05, 0.1, 0.2, 0.3)
_DAMPINGS = (0.80, 0.85, 0.90, 0.95, 0.98)
_AIRLINE = np.array(list(itertools.product(np.arange(10) / 10.0, repeat=2))).T
"""Both moving-average terms of every airline model that is tried; shape (2, tries)."""
_GRID = np.array([g for g in itertools.product(LEVELS, _TRENDS, _DAMPINGS) if g[1] <= g[0]]).T
"""Level, trend and damping of every damped trend that is tried; shape (3, tries)."""


def mean_path(members: Sequence[str], logs: Array, horizons: int) -> Array:
    """Return the mean path of the members named, logarithms; shape (horizons,).

    `logs`: logarithms of at least 8 quarters, oldest first.
    """
    return _mean(tuple(members), np.ascontiguousarray(logs, np.float64).tobytes(), horizons)


@functools.lru_cache(maxsize=4096)
def _mean(members: tuple[str, ...], raw: bytes, horizons: int) -> Array:
    # Intervals run the recipe at every earlier origin, and a replay asks again for the same ones.
    logs = np.frombuffer(raw, np.float64)
    mean = np.mean([MEMBERS[name](logs, horizons) for name in members], axis=0)
    mean.flags.writeable = False
    return np.asarray(mean)


def growth_over_a_year(logs: Array, horizons: int) -> Array:
    """Return the same quarter a year before plus the last growth over a year."""
    years = np.arange(horizons) // 4 + 1
    return np.asarray(np.resize(logs[-4:], horizons) + years * (logs[-1] - logs[-5]))


def mean_drift(logs: Array, horizons: int) -> Array:
    """Return the last quarter plus the mean growth of the window."""
    return np.asarray(logs[-1] + np.arange(1, horizons + 1) * (logs[-1] - logs[0]) / (len(logs) - 1))


def adjusted_drift(logs: Array, horizons: int) -> Array:
    """Return the mean drift of seasonally adjusted logarithms, the season added again."""
    adjusted, coming = seasonally_adjusted(logs, horizons)
    return mean_drift(adjusted, horizons) + coming


def smoothed_drift(logs: Array, horizons: int) -> Array:
    """Return simple exponential smoothing with the drift of the window, on seasonally adjusted logarithms."""
    adjusted, coming = seasonally_adjusted(logs, horizons)
    slope = (adjusted[-1] - adjusted[0]) / (len(adjusted) - 1)
    level = _smoothed(adjusted - slope * np.arange(len(adjusted))) + slope * (len(adjusted) - 1)
    return np.asarray(level + slope * np.arange(1, horizons + 1) + coming)


def _smoothed(values: Array) -> float:
    """Return the last level of simple exponential smoothing, best of the grid by one-step errors."""
    level = np.full(len(LEVELS), values[0])
    squared = np.zeros(len(LEVELS))
    for value in values[1:]:
        error = value - level
        squared += error**2
        level = level + LEVELS * error
    return float(level[int(np.argmin(squared))])


def seasonally_adjusted(logs: Array, horizons: int) -> tuple[Array, Array]:
    """Return `logs` without their season, and the season of the quarters to come.

    Deviations from the centred moving average of four quarters, by quarter of the year, brought to sum zero
    and shrunk by 1 - 1/F where that is positive (empirical Bayes).
    """
    season = _season(logs)
    where = np.arange(len(logs) + horizons) % 4
    return logs - season[where[: len(logs)]], season[where[len(logs) :]]


def _season(logs: Array) -> Array:
    centred = np.convolve(logs, np.array([0.5, 1.0, 1.0, 1.0, 0.5]) / 4.0, mode="valid")
    deviations = logs[2:-2] - centred
    quarter = np.arange(2, len(logs) - 2) % 4
    counts = np.bincount(quarter, minlength=4)
    if len(deviations) <= 4:  # one of each at most: nothing tells a season from noise
        return np.zeros(4)
    means = np.bincount(quarter, deviations, minlength=4) / counts
    means -= means.mean()
    within = np.sum((deviations - means[quarter]) ** 2) / (len(deviations) - 4)
    between = np.sum(counts * means**2) / 3
    return means * max(0.0, 1.0 - within / between) if between > 0 else np.zeros(4)


def damped_trend(logs: Array, horizons: int) -> Array:
    """Return damped-trend smoothing (Gardner and McKenzie 1985, error-correction form), best of the grid."""
    adjusted, coming = seasonally_adjusted(logs, horizons)
    level_gain, trend_gain, damping = _GRID
    level = np.full(_GRID.shape[1], adjusted[0])
    trend = np.full(_GRID.shape[1], np.diff(adjusted[:5]).mean())
    squared = np.zeros(_GRID.shape[1])
    for value in adjusted[1:]:
        expected = level + damping * trend
        error = value - expected
        squared += error**2
        level = expected + level_gain * error
        trend = damping * trend + trend_gain * error
    best = int(np.argmin(squared))
    fading = np.cumsum(damping[best] ** np.arange(1, horizons + 1))
    return np.asarray(level[best] + trend[best] * fading + coming)


def theta(logs: Array, horizons: int) -> Array:
    """Return the theta forecast (Assimakopoulos and Nikolopoulos 2000): lines 0 and 2, equally weighted."""
    adjusted, season = seasonally_adjusted(logs, horizons)
    time = np.arange(len(adjusted), dtype=np.float64)
    slope, start = np.polyfit(time, adjusted, 1)
    bent = 2.0 * adjusted - (start + slope * time)
    coming = len(adjusted) + np.arange(horizons)
    return np.asarray((start + slope * coming + _smoothed(bent)) / 2.0 + season)


def airline(logs: Array, horizons: int) -> Array:
    """Return the airline model, ARIMA (0,1,1)(0,1,1)4 (Box and Jenkins 1970, ch. 9).

    w[t] = a[t] - p a[t-1] - q a[t-4] + p q a[t-5] for w the change of the change over a year; p and q are the
    best of 0, 0.1, ..., 0.9 by conditional least squares, residuals zero before the start.
    """
    p, q = _AIRLINE
    changes = np.diff(logs[4:] - logs[:-4])
    residuals = np.zeros((len(changes) + 5 + horizons, len(p)))
    for t, change in enumerate(changes, 5):
        residuals[t] = change + p * residuals[t - 1] + q * residuals[t - 4] - p * q * residuals[t - 5]
    best = int(np.argmin(np.sum(residuals[: len(changes) + 5] ** 2, axis=0)))
    a, p, q = residuals[:, best], p[best], q[best]
    levels = list(logs)
    for t in range(len(changes) + 5, len(changes) + 5 + horizons):  # residuals to come are zero
        change = -p * a[t - 1] - q * a[t - 4] + p * q * a[t - 5]
        levels.append(levels[-1] + levels[-4] - levels[-5] + change)
    return np.array(levels[len(logs) :])


MEMBERS: Mapping[str, Callable[[Array, int], Array]] = MappingProxyType(
    {
        "growth rule": growth_over_a_year,
        "drift": mean_drift,
        "adjusted drift": adjusted_drift,
        "smoothed drift": smoothed_drift,
        "damped trend": damped_trend,
        "theta": theta,
        "airline": airline,
    }
)
"""Members by the name that a declaration gives them."""
