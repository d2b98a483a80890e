"""A HiGHS solve that starts from a plan: its techniques stay as adopted, its whole numbers come first."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from counterpoise.errors import RunFailed
from counterpoise.planning.formulation import Formulation
from counterpoise.planning.plan import Plan
from counterpoise.planning.rows import ABSENT, Labels
from counterpoise.planning.solve import TOLERANCE, Solution, silent_highs
from counterpoise.planning.tables import Array

if TYPE_CHECKING:
    import highspy

STARTED = ("buy", "reserve", "adopt", "begin")
"""Decisions in whole numbers whose values a plan holds."""
ADOPTED = 0.5


def adopted(plan: Plan) -> frozenset[str]:
    """Techniques that a plan adopts."""
    return frozenset(k for k, values in plan.adopt.items() if any(x > ADOPTED for x in values))


def optimise_from(
    f: Formulation, plan: Plan, *, gap: float, time_limit_s: float, integers: bool
) -> Solution | None:
    """Solve a model near that of `plan`, from the plan's whole numbers; None where it is infeasible.

    Techniques that the plan adopts are adopted when the plan does.  RunFailed where no plan is found in time.
    """
    import highspy

    m = f.v.model.matrices
    highs = silent_highs(threads=1)
    for option in ("primal_feasibility_tolerance", "dual_feasibility_tolerance"):
        highs.setOptionValue(option, TOLERANCE)
    highs.setOptionValue("mip_rel_gap", gap)
    highs.setOptionValue("mip_abs_gap", 0.0)
    highs.setOptionValue("time_limit", time_limit_s)
    size = len(m.vlabels)
    column = np.full(int(m.vlabels.max(initial=-1)) + 1, ABSENT, dtype=np.int32)
    column[m.vlabels] = np.arange(size, dtype=np.int32)
    least, most = m.lb.copy(), m.ub.copy()
    labels, values = _start(f, plan, ("adopt",), only=adopted(plan))
    least[column[labels]] = most[column[labels]] = values
    highs.addVars(size, least, most)
    highs.changeColsCost(size, np.arange(size, dtype=np.int32), m.c)
    lower = np.where(m.sense == "<", -np.inf, m.b)
    upper = np.where(m.sense == ">", np.inf, m.b)
    highs.addRows(m.A.shape[0], lower, upper, m.A.nnz, m.A.indptr, m.A.indices, m.A.data)
    whole = np.flatnonzero(np.isin(m.vtypes, ["I", "B"])).astype(np.int32)
    whole = whole if integers else whole[:0]
    if whole.size:
        labels, values = _start(f, plan, STARTED)
        _start_from(highs, column[labels], values, (least, most))
        kind = np.full(whole.size, int(highspy.HighsVarType.kInteger), dtype=np.uint8)
        highs.changeColsIntegrality(whole.size, whole, kind)
    highs.run()
    status, states = highs.getModelStatus(), highspy.HighsModelStatus
    if status in (states.kInfeasible, states.kUnboundedOrInfeasible):
        return None
    info: Any = highs.getInfo()
    if info.primal_solution_status != int(highspy.SolutionStatus.kSolutionStatusFeasible):
        reason = highs.modelStatusToString(status)
        raise RunFailed(f"HiGHS found no plan in {time_limit_s:g} s ({reason})")
    objective = float(info.objective_function_value)
    bound = float(info.mip_dual_bound) if whole.size else objective
    by_label = np.zeros(int(m.vlabels.max(initial=-1)) + 1)
    by_label[m.vlabels] = highs.getSolution().col_value
    return Solution(by_label, objective, min(bound, objective))


def _start_from(
    highs: highspy.Highs, columns: NDArray[np.int32], values: Array, bounds: tuple[Array, Array]
) -> None:
    """Give the solver the best solution with `columns` at `values`, where that is one, to start from.

    HiGHS would complete a partial solution by a search; fixing the columns and solving what is left is
    linear.
    """
    import highspy

    least, most = (x[columns] for x in bounds)
    if np.any(values < least) or np.any(values > most):
        return
    highs.changeColsBounds(len(columns), columns, values, values)
    highs.run()
    found = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    solution = highs.getSolution() if found else None
    highs.changeColsBounds(len(columns), columns, least, most)
    highs.clearSolver()
    if solution is not None:
        highs.setSolution(solution)


def _start(
    f: Formulation, plan: Plan, names: Collection[str], *, only: Collection[str] | None = None
) -> tuple[Labels, Array]:
    """Labels of decisions in whole numbers, of `only` these ids, and the values that the plan gives them."""
    ids = {"buy": f.t.buys, "reserve": f.t.reserves, "adopt": f.t.techniques, "begin": f.t.trained}
    labels, values = [np.array([], dtype=np.int64)], [np.array([])]
    for name in names:
        known = getattr(plan, name)
        for id_, row in zip(ids[name], f.labels[name], strict=True):
            if only is None or id_ in only:
                here = row != ABSENT
                labels.append(row[here])
                values.append(np.round(np.asarray(known.get(id_, (0.0,) * len(row))))[here])
    return np.concatenate(labels), np.concatenate(values)
