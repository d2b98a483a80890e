"""A first plan for the search to start from: solve the part of the model that matters most.

Kernel search (Angelelli, Mansini and Speranza, 2010): the linear relaxation says which columns a good plan
is likely to use, those that it uses itself and those whose reduced costs are least; the model of these alone
is small, and its best plan is a plan of the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from counterpoise.planning.tables import Array

if TYPE_CHECKING:
    from highspy import Highs, HighsSolution

SMALLEST = 2000
"""Columns from which on the two solves cost less than they save."""
KEPT = 0.3
"""Share of the unused columns that stays in the kernel."""
_USED = 1e-9


def first_plan(
    highs: Highs, whole: NDArray[np.int32], bounds: tuple[Array, Array], *, gap: float
) -> HighsSolution | None:
    """Return the best plan of the kernel, None where it has none; the model is left as it was.

    `whole`: columns in whole numbers, whose integrality is not set yet.  `bounds`: of every column.
    `gap`: to which the kernel is solved.
    """
    import highspy

    lower, upper = bounds
    states = highspy.HighsModelStatus
    size = len(lower)
    if size < SMALLEST or not whole.size:
        return None
    highs.run()
    if highs.getModelStatus() != states.kOptimal:
        return None
    relaxed = highs.getSolution()
    outside = _outside(np.array(relaxed.col_value), np.array(relaxed.col_dual), whole)
    zero = np.clip(np.zeros(outside.size), lower[outside], upper[outside])
    highs.changeColsBounds(outside.size, outside, zero, zero)
    highs.changeColsIntegrality(whole.size, whole, np.ones(whole.size, dtype=np.uint8))
    highs.setOptionValue("mip_rel_gap", gap)
    highs.setOptionValue("presolve", "choose")
    highs.run()
    feasible = int(highspy.SolutionStatus.kSolutionStatusFeasible)
    found = highs.getSolution() if highs.getInfo().primal_solution_status == feasible else None
    highs.changeColsBounds(outside.size, outside, lower[outside], upper[outside])
    highs.changeColsIntegrality(whole.size, whole, np.zeros(whole.size, dtype=np.uint8))
    highs.clearSolver()
    return found


def _outside(value: Array, reduced_cost: Array, whole: NDArray[np.int32]) -> NDArray[np.int32]:
    """Columns that the kernel leaves out: continuous, unused and dear."""
    unused = value <= _USED
    unused[whole] = False
    candidates = np.flatnonzero(unused)
    by_cost = candidates[np.argsort(np.abs(reduced_cost[candidates]), kind="stable")]
    return np.sort(by_cost[int(KEPT * by_cost.size) :]).astype(np.int32)
