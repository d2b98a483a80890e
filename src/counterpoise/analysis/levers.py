"""Algorithms and applications against chips: what each technique saves, adopted or not.

An adopted technique is forbidden and the case planned again: what that costs more is what the technique
saves, its own cost already paid.  One that was not adopted is given for free: what that saves is the most it
could be worth, and the answer sets it against its price.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from counterpoise.analysis.changes import with_free_technique, without_technique
from counterpoise.analysis.levelised import usd_per_unit
from counterpoise.analysis.replan import differences
from counterpoise.analysis.resolve import Difference, Solver
from counterpoise.analysis.use import deployments
from counterpoise.planning.plan import Plan
from counterpoise.planning.problem import Problem


@dataclass(frozen=True, slots=True)
class Lever:
    """A technique and its worth, US dollars of the first period, present value over the horizon.

    Adopted: `saving` is what forbidding it would cost more (usd None: without it there is no plan).
    Not adopted: `saving` is the most that it could save, before its own cost.  `own_cost_usd` is that
    cost: of adoption, engineers and upkeep until the horizon's end, adopted in `period` or, if not, at once.
    """

    technique: str
    adopted: bool
    period: int | None
    own_cost_usd: float
    saving: Difference
    words: str

    @property
    def rank(self) -> tuple[float, str]:
        """Sort key: without it no plan, then by saving, adopted ones first among equals."""
        usd = math.inf if self.saving.usd is None and self.adopted else self.saving.usd or 0.0
        return (-usd - (1e-9 if self.adopted else 0.0), self.technique)


def levers(
    problem: Problem,
    base: Plan,
    solver: Solver,
    *,
    not_adopted: int = 4,
    workers: int = 1,
) -> tuple[Lever, ...]:
    """Price every adopted technique, and the `not_adopted` most promising of the rest; best saving first.

    Around a plan (`replan.Around`) those not adopted are priced in fractions of systems.
    Promising: the deployments it opens answer a request, or train a token, at the least cost against the best
    that needs no technique beyond those adopted (`levelised.usd_per_unit`).  The rest is not priced.
    """
    adopted = adoption_periods(base)
    refused = promising(problem, set(adopted))[:not_adopted]
    asked = [*sorted(adopted), *refused]
    changed = [
        without_technique(problem, t) if t in adopted else with_free_technique(problem, t) for t in asked
    ]
    count = len(adopted)
    compared = differences(base, changed[:count], solver, sign=1, whole=False, workers=workers)
    compared += differences(base, changed[count:], solver, sign=-1, whole=False, workers=workers)
    found = []
    for technique, (_, change) in zip(asked, compared, strict=True):
        is_adopted = technique in adopted
        saving = change
        if change.usd is not None and not is_adopted:
            saving = replace(change, usd=0.0 - change.usd)
        own = own_cost_usd(problem, technique, adopted.get(technique))
        words = _words(technique, saving, own, is_adopted=is_adopted)
        found.append(Lever(technique, is_adopted, adopted.get(technique), own, saving, words))
    return tuple(sorted(found, key=lambda lever: lever.rank))


def adoption_periods(plan: Plan) -> dict[str, int]:
    """Period in which each adopted technique is adopted."""
    return {
        technique: next(t for t, x in enumerate(values) if x > 0.5)
        for technique, values in sorted(plan.adopt.items())
        if any(x > 0.5 for x in values)
    }


def own_cost_usd(problem: Problem, technique: str, period: int | None) -> float:
    """Present value of adopting a technique in `period` (None: when it first may be), upkeep included."""
    option = problem.techniques[technique]
    start = option.first_period if period is None else period
    discounts = [p.discount for p in problem.periods[start:]]
    if not discounts:
        return math.inf
    engineers = option.engineer_weeks * problem.engineer_usd_per_week
    return (option.cost_usd + engineers) * discounts[0] + option.opex_usd_per_period * sum(discounts)


def promising(problem: Problem, adopted: Set[str]) -> list[str]:
    """Techniques not adopted, best first by the cost ratio of what they open; if nothing, last."""
    units: Mapping[str, Sequence[tuple[set[str], float]]] = _unit_costs(problem)
    best: dict[str, float] = {}
    for entries in units.values():
        have = min((cost for needs, cost in entries if needs <= adopted), default=math.inf)
        for needs, cost in entries:
            for technique in needs - adopted:
                ratio = cost / have if math.isfinite(have) and have > 0 else 0.0
                best[technique] = min(
                    best.get(technique, math.inf), ratio if math.isfinite(cost) else math.inf
                )
    others = [t for t in problem.techniques if t not in adopted]
    return sorted(others, key=lambda t: (best.get(t, math.inf), t))


def _unit_costs(problem: Problem) -> dict[str, list[tuple[set[str], float]]]:
    """Per workload: what each deployment and substitute needs, and what its request or token costs."""
    found: dict[str, list[tuple[set[str], float]]] = {}
    for d in deployments(problem).values():
        needs = {r.technique for r in d.requires}
        found.setdefault(d.workload, []).append((needs, usd_per_unit(problem, d)))
    for s in problem.substitutes.values():
        needs = {r.technique for r in s.requires}
        found.setdefault(s.workload, []).append((needs, min(s.usd_per_request)))
    return found


def _words(technique: str, saving: Difference, own_usd: float, *, is_adopted: bool) -> str:
    if saving.usd is None:
        return f"without {technique} there is {saving.note}" if is_adopted else saving.note
    if not saving.is_sure:
        if is_adopted:
            return f"{technique} saves less than the solver's gap"
        return f"{technique} would save less than the solver's gap, even for free"
    if is_adopted and saving.usd < 0:
        return (
            f"the plan would cost {-saving.usd:,.0f} USD less without {technique}; it was not proved the best"
        )
    if is_adopted:
        return f"{technique} saves {saving.usd:,.0f} USD after its own {own_usd:,.0f} USD"
    return f"{technique} would save {saving.usd:,.0f} USD at most, and costs {own_usd:,.0f} USD"
