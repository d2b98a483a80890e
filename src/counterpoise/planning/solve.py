"""Builds the labelled linopy model of a problem, solves it with HiGHS and reads the plan off it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from counterpoise.errors import RunFailed
from counterpoise.planning.constraints import constrain
from counterpoise.planning.formulation import Formulation
from counterpoise.planning.kernel import first_plan
from counterpoise.planning.objective import minimise
from counterpoise.planning.plan import Plan
from counterpoise.planning.problem import Problem
from counterpoise.planning.reading import read
from counterpoise.planning.tables import Array, tables
from counterpoise.planning.variables import declare

if TYPE_CHECKING:
    from highspy import Highs
    from linopy import Model

Extra = Callable[[Any], None]
TOLERANCE = 1e-9
"""Feasibility and optimality of the linear solves, as a share of a workload's largest demand."""
WHOLE_UP_TO = (1e-6, 1e-9)
"""How near to a whole number the search must come; the second is for when rounding leaves no plan."""

KERNEL_GAP = 0.3
"""Gap of the first plan, as a share of the gap asked: what it leaves open, the search must not close."""


def build(problem: Problem) -> Model:
    """Return the linopy model of a problem, labelled with the problem's ids.

    Variables and rows have the names used in docs/planning.md: `model.variables["buy"]`,
    `model.constraints["capacity"]`.  Its objective is in `money_scale` dollars.
    """
    return formulate(problem).v.model


def formulate(problem: Problem) -> Formulation:
    """Build the model, and keep what reads its solution."""
    v = declare(tables(problem))
    f = constrain(v)
    minimise(v, f.charges)
    return f


def solve(
    problem: Problem,
    *,
    gap: float = 1e-4,
    time_limit_s: float = 60.0,
    threads: int = 1,
    integers: bool = True,
    extra_constraints: Extra | None = None,
) -> Plan:
    """Plan: the purchases, rents, techniques and loads of least expected present value.

    Parameters
    ----------
    gap : share of the cost that may be left open between the plan and the best bound.
    time_limit_s : seconds for the solver; a plan found by then is returned as "feasible" with its gap.
    threads : of HiGHS, which has one number of them in a process: do not ask for another one while a plan is
        being solved in a thread of Python's.  Several plans at once are better served by 1 each.
    integers : False plans in fractions of systems and techniques, a lower bound on the cost.
    extra_constraints : is given the linopy model before it is solved, to add to it.

    Raises
    ------
    NoPlan
        If there is none: with the limits that clash and the least relaxation of each.
    RunFailed
        If the solver finds no plan in its time or fails.
    """
    f = formulate(problem)
    if extra_constraints is not None:
        extra_constraints(f.v.model)
    found = optimise(f.v.model, gap=gap, time_limit_s=time_limit_s, threads=threads, integers=integers)
    if found is None:
        from counterpoise.planning.clash import no_plan

        raise no_plan(problem, integers=integers, extra=extra_constraints is not None)
    return read(f, found, gap=gap, integers=integers, extra_constraints=extra_constraints)


def solve_relaxed(problem: Problem, *, time_limit_s: float = 60.0) -> Plan:
    """Plan in fractions of systems and techniques: quick, and a lower bound on the cost."""
    return solve(problem, integers=False, time_limit_s=time_limit_s)


@dataclass(frozen=True, slots=True)
class Solution:
    """Values by label of variable, and the best bound on the objective, in the model's own units."""

    values: Array
    objective: float
    bound: float


def optimise(
    model: Model, *, gap: float, time_limit_s: float, threads: int, integers: bool
) -> Solution | None:
    """Solve a linopy model with HiGHS; None where it is infeasible.

    With integers, the search starts from the best plan of the columns that matter most (`kernel`), and the
    linear model is solved again with them fixed at their whole values, so that what is read off is a vertex
    with whole systems and not a whole number up to a tolerance.  HiGHS's presolve is off for the search: it
    removes little here and the search then repeats it at every restart.
    """
    matrices = model.matrices
    highs = silent_highs(threads)
    highs.setOptionValue("time_limit", time_limit_s)
    size = len(matrices.vlabels)
    highs.addVars(size, matrices.lb, matrices.ub)
    highs.changeColsCost(size, np.arange(size, dtype=np.int32), matrices.c)
    rows = matrices.A
    if rows is not None:
        lower = np.where(matrices.sense == "<", -np.inf, matrices.b)
        upper = np.where(matrices.sense == ">", np.inf, matrices.b)
        highs.addRows(rows.shape[0], lower, upper, rows.nnz, rows.indptr, rows.indices, rows.data)
    by_label = np.zeros(int(matrices.vlabels.max(initial=-1)) + 1)
    whole = np.flatnonzero(np.isin(matrices.vtypes, ["I", "B"])).astype(np.int32)
    if not (integers and whole.size):
        if not _linear(highs, time_limit_s):
            return None
        by_label[matrices.vlabels] = highs.getSolution().col_value
        objective = float(highs.getInfo().objective_function_value)
        return Solution(by_label, objective, objective)
    highs.setOptionValue("mip_abs_gap", 0.0)
    start = first_plan(highs, whole, (matrices.lb, matrices.ub), gap=KERNEL_GAP * gap)
    highs.setOptionValue("mip_rel_gap", gap)
    for tolerance in WHOLE_UP_TO:
        highs.setOptionValue("mip_feasibility_tolerance", tolerance)
        highs.setOptionValue("presolve", "off")
        highs.changeColsIntegrality(whole.size, whole, np.ones(whole.size, dtype=np.uint8))
        if start is not None:
            highs.setSolution(start)
        if not _run(highs, time_limit_s):
            return None
        bound = float(highs.getInfo().mip_dual_bound)
        fixed = np.round(np.array(highs.getSolution().col_value)[whole])
        highs.changeColsIntegrality(whole.size, whole, np.zeros(whole.size, dtype=np.uint8))
        highs.changeColsBounds(whole.size, whole, fixed, fixed)
        if _linear(highs, math.inf):
            by_label[matrices.vlabels] = highs.getSolution().col_value
            objective = float(highs.getInfo().objective_function_value)
            return Solution(by_label, objective, min(bound, objective))
        highs.changeColsBounds(whole.size, whole, matrices.lb[whole], matrices.ub[whole])
    raise RunFailed("HiGHS's whole numbers leave no plan when they are rounded. Change a limit a little.")


def _linear(highs: Highs, time_limit_s: float) -> bool:
    """Solve the linear model to a tight tolerance; False where infeasible."""
    for option in ("primal_feasibility_tolerance", "dual_feasibility_tolerance"):
        highs.setOptionValue(option, TOLERANCE)
    highs.setOptionValue("presolve", "choose")
    highs.setOptionValue("time_limit", time_limit_s)
    return _run(highs, time_limit_s)


_threads: int | None = None


def silent_highs(threads: int) -> Highs:
    """Return a HiGHS that prints nothing; its banner comes with the callbacks, before options."""
    import highspy

    class Silent(highspy.Highs):  # type: ignore[misc]
        def enableCallbacks(self) -> None:  # noqa: N802  (HiGHS's name)
            self.silent()
            super().enableCallbacks()

    global _threads  # noqa: PLW0603  HiGHS keeps one scheduler in a process
    highs = Silent()
    if _threads not in (None, threads):
        highs.resetGlobalScheduler(True)
    _threads = threads
    highs.setOptionValue("threads", threads)
    return highs


def _run(highs: Highs, time_limit_s: float) -> bool:
    """Solve; False where infeasible.  RunFailed where neither a solution nor its absence is found."""
    import highspy

    highs.run()
    status = highs.getModelStatus()
    states = highspy.HighsModelStatus
    if status == states.kUnboundedOrInfeasible:
        highs.setOptionValue("presolve", "off")
        highs.run()
        status = highs.getModelStatus()
    if status in (states.kOptimal, states.kModelEmpty):
        return True
    if status == states.kInfeasible:
        return False
    feasible = int(highspy.SolutionStatus.kSolutionStatusFeasible)
    out_of_time = status in (states.kTimeLimit, states.kIterationLimit, states.kSolutionLimit)
    if out_of_time and highs.getInfo().primal_solution_status == feasible:
        return True
    reason = highs.modelStatusToString(status)
    limit = f" within {time_limit_s:g} s" if status == states.kTimeLimit else ""
    raise RunFailed(f"HiGHS found no plan{limit} ({reason}). Allow it more time, or a larger gap.")
