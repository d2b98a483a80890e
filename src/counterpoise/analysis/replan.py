"""Planning again around a plan: quick solves of slightly changed problems.

A cold solve proves its plan against every technique that could be adopted; a question about one limit or one
fact needs no such proof.  Around a plan the techniques that it does not adopt are left out (unless the
question names them), those it adopts stay adopted, and the solver starts from the plan.  What such a solve
finds is a plan of the changed problem, so its cost is never below the true one: a saving so found is at
least as large in truth, an extra cost at most.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from counterpoise.analysis.changes import without_technique
from counterpoise.analysis.resolve import Difference, Outcome, Solver, difference, resolve, signed
from counterpoise.errors import NoPlan
from counterpoise.planning.plan import Plan
from counterpoise.planning.problem import Problem
from counterpoise.planning.reading import read
from counterpoise.planning.solve import formulate
from counterpoise.planning.warm import adopted, optimise_from

IN_FRACTIONS = "in fractions of a system"
SAME = 1e-9
"""Costs closer than this share are the same."""
NOTHING = "nothing, in fractions of a system too"


@dataclass(frozen=True, slots=True)
class Around:
    """Solves problems that differ little from that of `plan`: to `gap`, for `time_limit_s` at most each.

    Techniques that the plan adopts stay adopted in their periods; `also` names others that are left open.
    `integers` False plans in fractions of systems; `fractional` is the plan's own problem planned so.
    """

    plan: Plan
    gap: float = 1e-3
    time_limit_s: float = 5.0
    also: frozenset[str] = frozenset()
    integers: bool = True
    fractional: Plan | None = None

    def __call__(self, problem: Problem) -> Plan:
        """Plan `problem`; NoPlan (without the clash explained) where there is none around the plan."""
        f = formulate(held(problem, adopted(self.plan) | self.also))
        values = optimise_from(
            f, self.plan, gap=self.gap, time_limit_s=self.time_limit_s, integers=self.integers
        )
        if values is None:
            raise NoPlan("no plan meets the demand within these limits, with the techniques of the plan")
        plan = read(f, values, gap=self.gap, integers=self.integers)
        none = dict.fromkeys(problem.techniques, (0.0,) * len(problem.periods))
        return replace(plan, problem=problem, adopt=none | dict(plan.adopt))

    def opening(self, techniques: Iterable[str]) -> Around:
        """The same, with more techniques left open."""
        return replace(self, also=self.also | frozenset(techniques))

    def relaxed(self) -> Around:
        """The same, in fractions of systems."""
        return replace(self, integers=False)


def around(plan: Plan, *, gap: float = 2e-3, time_limit_s: float = 2.0) -> tuple[Plan, Around]:
    """Return the plan to compare others with, and the solver for these.

    It is `plan` itself with the best bound known around it; where the first solve was stopped early and a
    cheaper plan is found around it, it is that one.
    """
    solver = Around(plan, gap, time_limit_s)
    again = solver(plan.problem)
    if again.objective_usd >= plan.objective_usd * (1.0 - SAME):
        bound = min(plan.objective_usd, max(plan.bound_usd, again.bound_usd))
        open_usd = plan.objective_usd - bound
        again = replace(plan, bound_usd=bound, gap=open_usd / max(abs(plan.objective_usd), 1e-12))
    return again, replace(solver, plan=again, fractional=solver.relaxed()(plan.problem))


def differences(
    base: Plan,
    changed: Sequence[Problem],
    solver: Solver,
    *,
    sign: int = 0,
    whole: bool = True,
    workers: int = 1,
) -> list[tuple[Outcome, Difference]]:
    """Plan each changed problem and compare its cost with the base's (`resolve.difference`).

    Around a plan, a difference that the gaps of two solves in whole systems could explain is taken again in
    fractions of systems, where nothing is left open, and says so; with `whole` False all are taken so.
    """
    if not isinstance(solver, Around) or solver.fractional is None:
        outcomes = resolve(changed, solver, workers=workers)
        return [(outcome, difference(base, outcome, sign=sign)) for outcome in outcomes]
    found: list[tuple[Outcome, Difference]] = []
    if whole:
        outcomes = resolve(changed, solver, workers=workers)
        found = [(outcome, difference(base, outcome, sign=sign)) for outcome in outcomes]
    unsure = [i for i in range(len(changed)) if not whole or (found[i][0].plan and not found[i][1].is_sure)]
    relaxed = resolve([changed[i] for i in unsure], solver.relaxed(), workers=workers)
    fractional = {
        i: (outcome, _in_fractions(base, outcome, solver.fractional.objective_usd, sign, whole=whole))
        for i, outcome in zip(unsure, relaxed, strict=True)
    }
    if not whole:
        return [fractional[i] for i in range(len(changed))]
    return [(one[0], fractional[i][1]) if i in fractional else one for i, one in enumerate(found)]


def _in_fractions(base: Plan, outcome: Outcome, relaxed_usd: float, sign: int, *, whole: bool) -> Difference:
    """Difference of two costs in fractions of systems."""
    if outcome.plan is None:
        return difference(base, outcome, sign=sign)
    noise = 1e-6 * abs(relaxed_usd)
    change = signed(outcome.plan.objective_usd - relaxed_usd, sign, noise)
    note = IN_FRACTIONS if not whole else f"{IN_FRACTIONS}; in whole ones less than the solver's gap"
    return Difference(change, noise, note if abs(change) > noise else NOTHING)


def held(problem: Problem, techniques: Collection[str]) -> Problem:
    """The problem with only these techniques open."""
    for technique in sorted(set(problem.techniques) - set(techniques)):
        problem = without_technique(problem, technique)
    return problem
