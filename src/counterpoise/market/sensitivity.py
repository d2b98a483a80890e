"""Which input drives the spread of an output: first-order Sobol effects and Shapley effects from given draws.

The draws are the forecast's own; nothing is run again.  The output is taken apart by a polynomial chaos
(`polynomial_chaos.py`); for independent inputs an interaction is shared equally by its inputs, which is the
Shapley effect (Owen 2014).  What no kept term explains is printed too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from counterpoise.errors import BadInput, Refused
from counterpoise.market.polynomial_chaos import (
    Array,
    Term,
    decompose,
    kept_terms,
    polynomials,
    ranks_of,
    scaled,
)

MOST_DRAWS = 20_000
"""More draws than this are thinned evenly: the noise of an effect is then below a percent."""
FEWEST_DRAWS = 200
_PARTS, _DRAWS_PER_TERM = (4, 20), 5
"""Disjoint parts of the draws, which differ by sampling alone: fewest and most; draws a term in each."""
_DEPENDENT = 8.0
"""Rank correlation of two inputs, in standard errors, from which they are not independent."""


@dataclass(frozen=True, slots=True)
class Effects:
    """Shares of an output's variance by input, each with its standard error; largest Shapley effect first.

    `first`: the input alone (first-order Sobol index).  `shapley`: alone and its half of each interaction of
    two; these and `unexplained` sum to 1.  `unexplained`: interactions of three or more, jumps, noise.
    """

    names: tuple[str, ...]
    first: Array
    first_error: Array
    shapley: Array
    shapley_error: Array
    unexplained: float
    draws: int
    basis: str

    def document(self, output: str) -> dict[str, Any]:
        """Return the effects as a plain document; `output` says what they are shares of the variance of."""
        columns = (self.names, self.first, self.first_error, self.shapley, self.shapley_error)
        lead = f"{self.names[0]} drives {100 * float(self.shapley[0]):.0f} % of the spread of {output}"
        return {
            "answer": f"{lead} (+-{100 * float(self.shapley_error[0]):.0f} points).",
            "output": output,
            "inputs": [
                {
                    "name": n,
                    "first_order": float(f),
                    "first_order_standard_error": float(fe),
                    "shapley": float(s),
                    "shapley_standard_error": float(se),
                }
                for n, f, fe, s, se in zip(*columns, strict=True)
            ],
            "unexplained": self.unexplained,
            "draws": self.draws,
            "basis": self.basis,
        }


def effects_from_draws(inputs: Mapping[str, Array], output: Array) -> Effects:
    """Return the effects of independent `inputs`, each (draws,), on `output` (draws,).

    Inputs that do not vary have none.  Raises `BadInput` for draws of unequal length, not finite or fewer
    than `FEWEST_DRAWS`; `Refused` where the output does not vary or two inputs hang together.
    """
    names, x, y = _checked(inputs, output)
    _refuse_dependent(np.column_stack([ranks_of(column) for column in x.T]), names)
    terms = kept_terms(polynomials(x), scaled(y))
    first, shapley, unexplained = decompose(x, y, terms)
    first_error, shapley_error = _sampling_errors(x, y, terms)
    order = np.argsort(-shapley, kind="stable")
    return Effects(
        names=tuple(names[i] for i in order),
        first=first[order],
        first_error=first_error[order],
        shapley=shapley[order],
        shapley_error=shapley_error[order],
        unexplained=unexplained,
        draws=len(y),
        basis=f"polynomial chaos on ranks, {len(terms)} terms of one or two inputs kept, {len(y):,} draws",
    )


def _checked(inputs: Mapping[str, Array], output: Array) -> tuple[tuple[str, ...], Array, Array]:
    if not inputs:
        raise BadInput("no inputs to compare.", hint="Give draws of one input at least.")
    y = np.asarray(output, dtype=float)
    for name, column in inputs.items():
        if np.shape(column) != y.shape or y.ndim != 1:
            raise BadInput(
                f"{name} has shape {np.shape(column)}, the output {y.shape}.",
                hint="One draw each, in one order.",
            )
        if not np.all(np.isfinite(column)):
            raise BadInput(f"{name} has a draw that is not finite.")
    if not np.all(np.isfinite(y)):
        raise BadInput("the output has a draw that is not finite.")
    if len(y) < FEWEST_DRAWS:
        raise BadInput(f"{len(y)} draws are too few.", hint=f"Draw {FEWEST_DRAWS} or more.")
    if np.ptp(y) == 0:
        raise Refused("the output is the same in every draw: nothing drives it.")
    kept = _thinned(len(y))
    x = np.column_stack([np.asarray(column, dtype=float) for column in inputs.values()])
    return tuple(inputs), x[kept], y[kept]


def _thinned(draws: int) -> NDArray[np.intp]:
    """Places of at most `MOST_DRAWS` draws; antithetic ones (i mirrors i + half) stay together."""
    if draws <= MOST_DRAWS:
        return np.arange(draws)
    half = (draws + 1) // 2
    first = np.linspace(0, draws // 2 - 1, MOST_DRAWS // 2).astype(np.intp)
    return np.concatenate([first, first + half])


def _refuse_dependent(ranks: Array, names: Sequence[str]) -> None:
    varies = np.flatnonzero(ranks.std(axis=0) > 0)
    if len(varies) < 2:
        return
    correlation = np.abs(np.corrcoef(ranks[:, varies], rowvar=False)) - np.eye(len(varies))
    i, j = np.unravel_index(int(np.argmax(correlation)), correlation.shape)
    if correlation[i, j] * math.sqrt(len(ranks)) > _DEPENDENT:
        pair = f"{names[varies[i]]} and {names[varies[j]]}"
        raise Refused(
            f"{pair} hang together (rank correlation {correlation[i, j]:.2f}); their effects cannot be told "
            "apart."
        )


def _sampling_errors(x: Array, y: Array, terms: Sequence[Term]) -> tuple[Array, Array]:
    """Standard errors of both effects, from how far disjoint parts of the draws disagree."""
    count = int(np.clip(len(y) // (_DRAWS_PER_TERM * max(len(terms), 5)), *_PARTS))
    part = np.arange(len(y)) % ((len(y) + 1) // 2) % count
    found = [
        decompose(x[part == n], y[part == n], terms)[:2] for n in range(count) if np.ptp(y[part == n]) > 0
    ]
    spread = np.std(np.array(found), axis=0, ddof=1) / math.sqrt(len(found))
    return spread[0], spread[1]
