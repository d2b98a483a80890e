"""Errors of rows left out: their summary, and the intervals and coverage that they give."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from counterpoise.performance.estimate import Array

OWN_INTERVAL = 40
"""Rows from which a framework has an interval of its own (Mondrian conformal prediction, Vovk 2012)."""
WIDENINGS = np.arange(1.0, 1.61, 0.05)
"""Factors on the log width of intervals, of which the least is taken that covers 80 % of groups left out."""


def summary(error: Array) -> dict[str, float]:
    """Report of log errors: rows, median, mean and 90th percentile of the absolute relative error, bias."""
    relative = np.abs(np.expm1(error))
    return {
        "rows": len(error),
        "median_ape": round(float(np.median(relative)), 4),
        "mean_ape": round(float(relative.mean()), 4),
        "p90_ape": round(float(np.quantile(relative, 0.9)), 4),
        "bias": round(float(np.median(np.expm1(error))), 4),
    }


def spread(error: Array, factor: float = 1.0) -> tuple[float, float]:
    """Factors on a prediction that bound 80 % of measurements: conformal, of log errors widened by `factor`.

    Split conformal prediction with residuals of cross-validation (Vovk 2012): the quantile of n + 1.
    """
    n = len(error)
    tail = max(0.1 * (n + 1) / n - 1 / n, 0.0)
    low, high = np.quantile(-error, [tail, 1 - tail])
    return float(np.exp(factor * min(low, 0.0))), float(np.exp(factor * max(high, 0.0)))


def groups(names: list[str]) -> NDArray[np.intp]:
    """Code equal names alike."""
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.intp)


def spreads(
    case: str, error: Array, classes: Sequence[Sequence[str]], widen: float = 1.0
) -> dict[str, tuple[float, float]]:
    """Intervals of a case and of each class of it that has enough rows (Mondrian conformal prediction)."""
    found = {case: spread(error, widen)}
    for names in classes:
        column = np.array(names)
        for name in np.unique(column):
            inside = column == name
            if inside.sum() >= OWN_INTERVAL:
                found[f"{case}, {name}"] = spread(error[inside], widen)
    return found


def coverage(
    case: str,
    error: Array,
    classes: Sequence[Sequence[str]],
    group: NDArray[np.intp],
    widen: float = 1.0,
) -> float:
    """Share of rows inside the interval, widened, that the errors of all other groups give."""
    inside = np.zeros(len(error), bool)
    for g in np.unique(group):
        rest = np.flatnonzero(group != g)
        known = spreads(case, error[rest], [[names[int(i)] for i in rest] for names in classes], widen)
        for i in np.flatnonzero(group == g):
            keys = (f"{case}, {names[int(i)]}" for names in classes)
            low, high = known[next((key for key in keys if key in known), case)]
            inside[i] = np.log(low) <= -error[i] <= np.log(high)
    return round(float(inside.mean()), 3)
