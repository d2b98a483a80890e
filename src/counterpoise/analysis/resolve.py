"""Planning again: the same question asked of changed problems, and what the answers may be worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from counterpoise.errors import NoPlan, RunFailed

if TYPE_CHECKING:
    from counterpoise.planning.plan import Plan
    from counterpoise.planning.problem import Problem

Solver = Callable[["Problem"], "Plan"]
"""Solves one problem to the caller's gap; raises NoPlan or RunFailed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A changed problem's plan; None where it has none, and then `why` says so."""

    plan: Plan | None
    why: str = ""


def resolve(problems: Sequence[Problem], solver: Solver, *, workers: int = 1) -> list[Outcome]:
    """Solve each problem, `workers` at a time; the order of the answers is that of the questions.

    HiGHS solves outside Python's lock, so threads are enough.  A problem without a plan, or one that the
    solver failed on, is an answer with its reason: an analysis goes on without it and says so.
    """
    if workers <= 1 or len(problems) <= 1:
        return [_outcome(p, solver) for p in problems]
    with ThreadPoolExecutor(max_workers=workers) as executor:
        return list(executor.map(lambda p: _outcome(p, solver), problems))


def _outcome(problem: Problem, solver: Solver) -> Outcome:
    try:
        return Outcome(solver(problem))
    except NoPlan as error:
        return Outcome(None, f"no plan: {error}")
    except RunFailed as error:
        return Outcome(None, f"not solved: {error}")


@dataclass(frozen=True, slots=True)
class Difference:
    """Cost of a changed problem less that of the base, US dollars of the first period.

    `usd` None: the change leaves no plan.  `uncertain_usd` is what the two solves' gaps leave open; a
    difference no larger says nothing.  `note` puts that, or the reason, in words.
    """

    usd: float | None
    uncertain_usd: float
    note: str = ""

    @property
    def is_sure(self) -> bool:
        """Whether the difference is larger than the solver's gaps can explain."""
        return self.usd is not None and abs(self.usd) > self.uncertain_usd


def difference(base: Plan, outcome: Outcome, *, sign: int = 0) -> Difference:
    """Compare a changed problem's cost with the base's.

    With `sign` +1 (a tightened problem cannot cost less) or -1 (a loosened one cannot cost more) the
    solver's noise on the wrong side is cut to zero.  What lies further on that side stays, and says that the
    base was not the best plan.
    """
    gap = open_usd(base)
    if outcome.plan is None:
        return Difference(None, gap, outcome.why)
    uncertain = max(gap, open_usd(outcome.plan))
    usd = signed(outcome.plan.objective_usd - base.objective_usd, sign, uncertain)
    if abs(usd) <= uncertain:
        return Difference(usd, uncertain, "below the solver's gap")
    wrong = sign * usd < 0
    return Difference(usd, uncertain, "the plan compared with was not proved the best" if wrong else "")


def signed(usd: float, sign: int, noise_usd: float) -> float:
    """Return `usd`, or 0 where it has not the sign it must have (0: any) by no more than noise."""
    return 0.0 if sign * usd < 0 and abs(usd) <= noise_usd else usd


def open_usd(plan: Plan) -> float:
    """Money between a plan and the best bound proved, with a floor for floating-point noise."""
    return max(plan.objective_usd - plan.bound_usd, 1e-7 * abs(plan.objective_usd), 1e-6)
