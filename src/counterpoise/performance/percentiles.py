"""Percentile of a latency over requests."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from counterpoise.errors import Refused
from counterpoise.performance.estimate import Array

HALVINGS = 32
"""Of an interval a few times as wide as its middle: what is left is below 1e-8 of a time."""


def _normal_quantile(percentile: float) -> float:
    if not 0 < percentile < 100:
        raise Refused(f"a percentile of {percentile:g} is not between 0 and 100.")
    return NormalDist().inv_cdf(percentile / 100)


def at_percentile(mean: Array, percentile: float, spread: Array | float) -> Array:
    """Latency at `percentile` (0-100, exclusive) of requests whose latencies have `mean`.

    Log-normal over requests with log standard deviation `spread`: mean · exp(z · spread - spread^2 / 2), z
    the normal quantile.  The spreads are fitted on the measured runs that print both p50 and p99
    (`tails` of the calibration's report).
    """
    z = _normal_quantile(percentile)
    return np.asarray(mean * np.exp(z * spread - spread * spread / 2))


@dataclass(frozen=True, slots=True)
class Waiting:
    """How a latency with a queue in it spreads over requests; arrays (points,), seconds.

    `fixed_s` is the same for all.  `body_s`, `body_variance`: mean and variance of what every request goes
    through.  With `chance` a request waits further, for an exponential time of mean `further_s`.
    """

    fixed_s: Array
    body_s: Array
    body_variance: Array
    chance: Array
    further_s: Array


def waiting_percentile(waiting: Waiting, percentile: float) -> Array:
    """Latency at `percentile` (0-100, exclusive) of requests of which some wait further.

    Body, and body with the further wait, are gamma of their mean and variance, as the wait of an M/G/1 queue
    has an exponential tail; their distribution by Wilson and Hilferty, "The distribution of chi-square",
    PNAS 17, 1931 (for an exponential within 2 % from the median to the 99.9th percentile).
    """
    z = _normal_quantile(percentile)
    from scipy.special import ndtr  # scipy takes longer to import than most answers to compute

    def normal(mean: Array, variance: Array) -> tuple[Array, Array]:
        """Slope and constant of the normal deviate in the cube root of time."""
        root = 3 * mean / np.sqrt(np.maximum(variance, 1e-30))
        return root / np.cbrt(mean), 1 / root - root

    w = waiting
    slope, constant = normal(w.body_s, w.body_variance)
    slope_on, constant_on = normal(w.body_s + w.further_s, w.body_variance + w.further_s**2)
    # The percentile of a mixture lies between those of its two parts.
    bounds = (z - constant) / slope, (z - constant_on) / slope_on
    low, high = np.maximum(np.minimum(*bounds), 0.0), np.maximum(np.maximum(*bounds), 0.0)
    stays = 1 - w.chance
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        share = stays * ndtr(middle * slope + constant) + w.chance * ndtr(middle * slope_on + constant_on)
        short = share < percentile / 100
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.asarray(w.fixed_s + high**3)


def log_variation(spread: float) -> float:
    """Coefficient of variation of a log-normal of log standard deviation `spread`."""
    return float(np.sqrt(np.expm1(spread * spread)))
