"""The counterfactual: the same demand on flagship systems, if they could be had.  Always hypothetical."""

from __future__ import annotations

from dataclasses import dataclass

from counterpoise.analysis.resolve import Solver, open_usd, resolve
from counterpoise.planning.plan import Plan
from counterpoise.planning.problem import Problem

WHAT = (
    "hypothetical: the same demand on flagship systems at list price, delivered at once, "
    "in native precision, with every limit lifted"
)


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """A plan that cannot be had, beside one that can.

    `cost_usd` None: even so there is no plan, and `why` says it.  `saving_usd` is that cost less the plan's,
    negative where flagship systems would be cheaper.  `systems` counts what it would buy, by pool.
    """

    cost_usd: float | None
    saving_usd: float | None
    uncertain_usd: float
    systems: dict[str, float]
    plan: Plan | None
    why: str = ""
    what: str = WHAT
    hypothetical: bool = True


def flagship(base: Plan, flagship_problem: Problem, solver: Solver) -> Counterfactual:
    """Solve `flagship_problem`, the same demand with flagship systems, and set it against the base plan."""
    (outcome,) = resolve([flagship_problem], solver)
    if outcome.plan is None:
        return Counterfactual(None, None, open_usd(base), {}, None, outcome.why)
    systems: dict[str, float] = {}
    for id_, counts in outcome.plan.buy.items():
        pool = flagship_problem.buys[id_].pool
        systems[pool] = systems.get(pool, 0.0) + sum(counts)
    cost = outcome.plan.objective_usd
    return Counterfactual(
        cost_usd=cost,
        saving_usd=cost - base.objective_usd,
        uncertain_usd=max(open_usd(base), open_usd(outcome.plan)),
        systems={k: round(v, 6) for k, v in sorted(systems.items()) if v > 1e-6},
        plan=outcome.plan,
    )
