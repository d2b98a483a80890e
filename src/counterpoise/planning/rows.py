"""Rows of a family of constraints, gathered as arrays and handed to linopy as one labelled sparse block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from linopy import Model

Labels = NDArray[np.int64]
ABSENT = -1
"""Label of a variable that the problem does not need: terms with it vanish."""


class Rows:
    """A dense grid of rows, each a sum of terms; `at` holds the number of every row, in the grid's shape."""

    def __init__(self, dims: Mapping[str, Sequence[str]]) -> None:
        self.dims = {name: list(labels) for name, labels in dims.items()}
        shape = tuple(len(labels) for labels in self.dims.values())
        self.at: Labels = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
        self._terms: list[tuple[Labels, Labels, NDArray[np.float64]]] = []

    def add(self, at: ArrayLike, labels: ArrayLike, coefficients: ArrayLike) -> None:
        """Add `coefficients x variables[labels]` to the rows `at`; the three broadcast against each other."""
        rows, columns, values = np.broadcast_arrays(at, labels, np.asarray(coefficients, dtype=np.float64))
        keep = (columns != ABSENT) & (values != 0.0)
        if keep.any():
            self._terms.append((rows[keep], columns[keep], values[keep]))

    def constrain(self, model: Model, columns: int, name: str, sign: str, rhs: ArrayLike) -> None:
        """Add the rows to a linopy model of `columns` variables as constraint `name`.

        A row without terms or with an infinite right-hand side says nothing and is left out.
        """
        import pandas as pd
        from linopy import CSRConstraint
        from linopy.csr import Grid
        from scipy.sparse import coo_array

        bound = np.broadcast_to(np.asarray(rhs, dtype=np.float64), self.at.shape).ravel()
        if not self._terms:
            return
        rows, variables, values = (np.concatenate(part) for part in zip(*self._terms, strict=True))
        matrix = coo_array((values, (rows, variables)), shape=(self.at.size, columns)).tocsr()
        matrix.sum_duplicates()
        said = np.flatnonzero((np.diff(matrix.indptr) > 0) & np.isfinite(bound))
        if not said.size:
            return
        grid = Grid({dim: pd.Index(labels, name=dim) for dim, labels in self.dims.items()})
        block = CSRConstraint(matrix[said], said, bound[said], sign, grid, model)
        model.add_constraints(block, name=name, freeze=True)
