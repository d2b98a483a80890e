"""A sparse polynomial chaos on ranks: an output as terms of one or two inputs whose variances add up.

Each input becomes its rank, uniform on [0, 1], which leaves the effects of independent inputs as they
are; the output is expanded in products of Legendre polynomials (Sudret 2008; Blatman and Sudret 2011).
Terms are kept where their coefficient stands out of sampling noise by the universal threshold
sqrt(2 ln terms) (Donoho and Johnstone 1994).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

DEGREE = 10
"""Highest degree of an input's own terms."""
PAIR_DEGREE, MANY_INPUTS, PAIR_DEGREE_OF_MANY = 8, 10, 3
"""Highest degree of an input within a product, and where more than `MANY_INPUTS` inputs may be in one."""
_PASSES = 3
"""Times that terms are looked for in what is left."""


@dataclass(frozen=True, slots=True)
class Term:
    """A column of the expansion: one input's degree, or two inputs with a degree each."""

    inputs: tuple[int, ...]
    degrees: tuple[int, ...]


def ranks_of(column: Array) -> Array:
    """Ranks on (0, 1); equal values share the middle of theirs."""
    _, place, counts = np.unique(column, return_inverse=True, return_counts=True)
    return np.asarray(((np.cumsum(counts) - counts / 2) / len(column))[place], dtype=float)


def _degrees(column: Array) -> int:
    """Polynomials that `column` can tell apart: one fewer than its distinct values."""
    return min(DEGREE, len(np.unique(column)) - 1)


def polynomials(x: Array, of: Collection[int] | None = None) -> list[Array]:
    """Return each input's own polynomials, orthonormal on these draws; none for inputs not in `of`."""
    return [
        _legendre(ranks_of(column), _degrees(column)) if of is None or i in of else np.empty((len(x), 0))
        for i, column in enumerate(x.T)
    ]


def scaled(y: Array) -> Array:
    """Return the output with mean 0 and variance 1."""
    return np.asarray((y - y.mean()) / y.std(), dtype=float)


def _legendre(rank: Array, degrees: int) -> Array:
    """Orthonormal polynomials of degree 1 to `degrees` on the ranks, (draws, degrees)."""
    powers = np.asarray(np.polynomial.legendre.legvander(2.0 * rank - 1.0, degrees)[:, 1:], dtype=float)
    if not degrees:
        return powers
    # Orthonormal on these draws, so that ties and thinning leave the terms' variances adding up.
    basis, _ = np.linalg.qr(powers - powers.mean(axis=0))
    return np.asarray(basis * math.sqrt(len(rank)), dtype=float)


def kept_terms(singles: Sequence[Array], y: Array) -> list[Term]:
    """Terms whose coefficient stands out of noise, looked for again in what the kept ones leave.

    Products are looked for among inputs that stand out alone or in the square of what is left: an input that
    acts only together with others makes the output more uncertain at some of its values than at others.
    """
    own = sum(s.shape[1] for s in singles)
    kept: list[Term] = []
    residual = y
    for _ in range(_PASSES):
        alone = _standing_out(singles, residual, own)
        candidates = sorted(
            {t.inputs[0] for t in (*alone, *kept, *_standing_out(singles, residual**2, own))}
            | {i for t in kept for i in t.inputs}
        )
        fresh = [t for t in (*alone, *_products(singles, residual, candidates)) if t not in kept]
        if not fresh or len(kept) + len(fresh) > len(y) // 10:
            break
        kept += fresh
        columns = _columns(singles, kept)
        residual = y - columns @ _fitted(columns, y)
    return kept


def _standing_out(singles: Sequence[Array], y: Array, searched: int) -> list[Term]:
    """Terms of one input whose coefficient in `y` is above the noise of `searched` terms."""
    cut = math.sqrt(2.0 * math.log(max(searched, 2)) * len(y)) * float(y.std())
    centred = y - y.mean()
    return [
        Term((i,), (int(d),))
        for i, s in enumerate(singles)
        for d in np.flatnonzero(np.abs(s.T @ centred) > cut)
    ]


def _products(singles: Sequence[Array], y: Array, candidates: Sequence[int]) -> list[Term]:
    """Products of two candidates that stand out of the noise of all such products."""
    degree = PAIR_DEGREE if len(candidates) <= MANY_INPUTS else PAIR_DEGREE_OF_MANY
    low = {i: singles[i][:, :degree] for i in candidates}
    searched = sum(a.shape[1] * b.shape[1] for a, b in itertools.combinations(low.values(), 2))
    cut = math.sqrt(2.0 * math.log(max(searched, 2)) * len(y)) * float(y.std())
    found = []
    for i, j in itertools.combinations(candidates, 2):
        products = np.abs((low[i] * y[:, None]).T @ low[j])
        found += [Term((i, j), (int(a), int(b))) for a, b in np.argwhere(products > cut)]
    return found


def _columns(singles: Sequence[Array], terms: Sequence[Term]) -> Array:
    """The kept terms as columns of mean 0, (draws, terms)."""
    made = np.ones((len(singles[0]), len(terms)))
    for place, term in enumerate(terms):
        for i, degree in zip(term.inputs, term.degrees, strict=True):
            made[:, place] *= singles[i][:, degree]
    return made - made.mean(axis=0) if terms else made


def _fitted(columns: Array, y: Array) -> Array:
    """Least squares by the normal equations: the columns are all but orthonormal."""
    return np.asarray(np.linalg.lstsq(columns.T @ columns, columns.T @ y, rcond=None)[0], dtype=float)


def decompose(x: Array, y: Array, terms: Sequence[Term]) -> tuple[Array, Array, float]:
    """First-order effects, Shapley effects and the unexplained share, by least squares on the kept terms."""
    y = scaled(y)
    singles = polynomials(x, {i for t in terms for i in t.inputs})
    terms = [
        t for t in terms if all(d < singles[i].shape[1] for i, d in zip(t.inputs, t.degrees, strict=True))
    ]
    first, shapley = np.zeros(x.shape[1]), np.zeros(x.shape[1])
    if not terms:
        return first, shapley, 1.0
    columns = _columns(singles, terms)
    fitted = _fitted(columns, y)
    left = float(np.mean((y - columns @ fitted) ** 2))
    size = np.mean(columns**2, axis=0)
    # Sampling noise adds its own variance to a squared coefficient; taken off, or effects are too large.
    parts = np.clip(fitted**2 * size - left / len(y), 0.0, None)
    parts *= (1.0 - left) / max(float(parts.sum()), 1e-300)
    for part, term in zip(parts, terms, strict=True):
        if len(term.inputs) == 1:
            first[term.inputs[0]] += part
        for i in term.inputs:
            shapley[i] += part / len(term.inputs)
    return first, shapley, left
