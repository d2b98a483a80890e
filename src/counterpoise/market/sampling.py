"""Draws from priors: each prior has a stream of its own, and draws come in antithetic pairs.

A stream is seeded by (seed, name), so that adding a prior, or changing one, leaves the draws of all others as
they were.  The second half of the draws mirrors the first (z and -z), which takes the noise out of means of
whatever is monotone in the inputs, at no cost.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from counterpoise.market.kinds import Array
from counterpoise.market.priors import Prior, Priors

Z90 = 1.2815515655446004
"""Standard normal quantile of 90 %."""

_CHUNK = 1024
"""Draws transformed at once, so that what is written is still in the cache."""


def sample(priors: Priors, draws: int, seed: int = 0) -> dict[str, Array]:
    """Return draws of every prior by name: shape (draws,), or (1,) for a point."""
    spread = sorted((p for p in priors.values() if not p.is_point), key=lambda p: p.distribution)
    values = np.empty((len(spread), draws))
    for row, prior in zip(values, spread, strict=True):
        _normal_scores(prior.name, seed, row)
    first = 0
    for _, members in itertools.groupby(spread, key=lambda p: p.distribution):
        alike = list(members)
        rows = values[first : first + len(alike)]
        for low in range(0, draws, _CHUNK):
            rows[:, low : low + _CHUNK] = quantiles_at(alike, rows[:, low : low + _CHUNK])
        first += len(alike)
    drawn = {prior.name: row for prior, row in zip(spread, values, strict=True)}
    return {name: np.array([p.mid]) if p.is_point else drawn[name] for name, p in priors.items()}


def varied(priors: Priors, samples: Mapping[str, Array]) -> dict[str, Array]:
    """Return only what varies: the draws of those priors that are not points."""
    return {name: values for name, values in samples.items() if not priors[name].is_point}


def quantiles_at(alike: Sequence[Prior], z: Array) -> Array:
    """Return values (priors, draws) of priors of one distribution at standard normal scores of that shape.

    Each side of the median (score 0) has its own spread, so that the 10, 50 and 90 % quantiles are those of
    the prior.
    """
    quantiles = np.array([(prior.low, prior.mid, prior.high) for prior in alike])
    distribution = alike[0].distribution
    if distribution == "uniform":
        from scipy.special import ndtr

        low, mid, high = quantiles.T[:, :, None]
        return np.asarray(mid + (ndtr(z) - 0.5) * ((high - low) / 0.8))
    if distribution == "lognormal":
        quantiles = np.log(quantiles)
    elif distribution == "logitnormal":
        quantiles = np.log(quantiles / (1.0 - quantiles))
    low, mid, high = quantiles.T[:, :, None]
    above, below = (high - mid) / Z90, (mid - low) / Z90
    values = mid + below * z
    values += (above - below) * np.maximum(z, 0.0)
    if distribution == "lognormal":
        np.exp(values, out=values)
    elif distribution == "logitnormal":
        np.exp(-values, out=values)
        values += 1.0
        np.reciprocal(values, out=values)
    return np.asarray(values)


def _normal_scores(name: str, seed: int, row: Array) -> None:
    """Fill `row` with the scores of the stream (seed, name); the second half mirrors the first."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    stream = np.random.SeedSequence([seed, int.from_bytes(digest, "little")])
    half = row[: (row.size + 1) // 2]
    np.random.Generator(np.random.PCG64(stream)).standard_normal(out=half)
    np.negative(half[: row.size // 2], out=row[half.size :])
