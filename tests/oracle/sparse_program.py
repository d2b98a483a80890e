"""A mixed-integer programme as lists of columns and rows, handed to HiGHS as one sparse matrix."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Terms = dict[int, float]
"""Coefficients by column."""

TOLERANCE = 1e-9


def add(terms: Terms, column: int, value: float) -> None:
    """Add to the coefficient of a column."""
    terms[column] = terms.get(column, 0.0) + value


def minus(terms: Terms) -> Terms:
    """Terms with their signs turned."""
    return {column: -value for column, value in terms.items()}


def total(*parts: Terms) -> Terms:
    """Sum of some terms."""
    result: Terms = {}
    for part in parts:
        for column, value in part.items():
            add(result, column, value)
    return result


@dataclass(slots=True)
class Program:
    """Minimise cost · x with rows between two bounds; every column is at least 0."""

    names: list[tuple[object, ...]] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    rows: list[tuple[Terms, float, float]] = field(default_factory=list)

    def column(self, *name: object, upper: float = math.inf, whole: bool = False) -> int:
        """Add a column and return its number."""
        self.names.append(name)
        self.cost.append(0.0)
        self.upper.append(upper)
        self.whole.append(whole)
        return len(self.cost) - 1

    def row(self, terms: Mapping[int, float], low: float, high: float) -> None:
        """Add low ≤ terms · x ≤ high, unless neither bound is finite; without terms it may be infeasible."""
        if math.isfinite(low) or math.isfinite(high):
            self.rows.append(({j: v for j, v in terms.items() if v != 0.0}, low, high))

    def at_most(self, terms: Mapping[int, float], high: float) -> None:
        """Add terms · x ≤ high."""
        self.row(terms, -math.inf, high)

    def at_least(self, terms: Mapping[int, float], low: float) -> None:
        """Add terms · x ≥ low."""
        self.row(terms, low, math.inf)

    def matrix(self) -> csr_array:
        """Coefficients of all rows."""
        starts = np.cumsum([0, *(len(terms) for terms, _, _ in self.rows)])
        columns = [j for terms, _, _ in self.rows for j in terms]
        values = [v for terms, _, _ in self.rows for v in terms.values()]
        data = (
            np.array(values, dtype=np.float64),
            np.array(columns, dtype=np.int32),
            starts.astype(np.int32),
        )
        return csr_array(data, shape=(len(self.rows), len(self.cost)))


@dataclass(frozen=True, slots=True)
class Minimum:
    """The least cost, what nothing can undercut, and the value of each column."""

    cost: float
    bound: float
    values: NDArray[np.float64]


def minimise(program: Program, *, gap: float = 0.0, time_limit_s: float = 300.0) -> Minimum | None:
    """Solve to a gap; None if nothing satisfies the rows.

    Whole columns are then fixed at whole numbers and the rest solved again, so that what HiGHS takes for
    whole (1e-6) does not reach the cost.

    Raises
    ------
    RuntimeError
        If HiGHS stops for another reason, or the time does not suffice.
    """
    money = max((abs(c) for c in program.cost), default=0.0) / 1e3 or 1.0
    solver = _solver(program, np.array(program.cost) / money, gap, time_limit_s)
    whole = np.flatnonzero(program.whole).astype(np.int32)
    if whole.size:
        integer = np.full(whole.size, int(highspy.HighsVarType.kInteger), dtype=np.uint8)
        solver.changeColsIntegrality(whole.size, whole, integer)
    if not _feasible(solver):
        return None
    bound = float(solver.getInfo().mip_dual_bound) if whole.size else -math.inf
    values = np.array(solver.getSolution().col_value)
    if whole.size:
        fixed = np.round(values[whole])
        solver = _solver(program, np.array(program.cost) / money, gap, time_limit_s)
        solver.changeColsBounds(whole.size, whole, fixed, fixed)
        if not _feasible(solver):
            raise RuntimeError("the whole numbers of HiGHS are not feasible")
        values = np.array(solver.getSolution().col_value)
    cost = float(solver.getInfo().objective_function_value)
    return Minimum(cost * money, (bound if whole.size else cost) * money, values)


def _solver(program: Program, cost: NDArray[np.float64], gap: float, time_limit_s: float) -> highspy.Highs:
    solver = highspy.Highs()
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("mip_rel_gap", gap),
        ("mip_abs_gap", 0.0),
        ("time_limit", time_limit_s),
        ("primal_feasibility_tolerance", TOLERANCE),
        ("dual_feasibility_tolerance", TOLERANCE),
    ):
        solver.setOptionValue(option, value)
    n = len(cost)
    solver.addVars(n, np.zeros(n), np.array(program.upper))
    solver.changeColsCost(n, np.arange(n, dtype=np.int32), cost)
    matrix = program.matrix()
    low = np.array([row[1] for row in program.rows])
    high = np.array([row[2] for row in program.rows])
    solver.addRows(len(low), low, high, matrix.nnz, matrix.indptr, matrix.indices, matrix.data)
    return solver


def _feasible(solver: highspy.Highs) -> bool:
    solver.run()
    status = solver.getModelStatus()
    if status == highspy.HighsModelStatus.kUnboundedOrInfeasible:
        solver.setOptionValue("presolve", "off")
        solver.run()
        status = solver.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return False
    if status not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kModelEmpty):
        raise RuntimeError(f"HiGHS: {solver.modelStatusToString(status)}")
    return True
