"""Why a deployment that could run does not: what its request or token would cost beside the chosen ones."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from counterpoise.analysis.levelised import cheapest_system_hour, usd_per_unit
from counterpoise.analysis.whynot import Reason
from counterpoise.planning.plan import Plan
from counterpoise.planning.problem import Problem, ServingDeployment, Substitute, TrainingDeployment

Candidate = ServingDeployment | TrainingDeployment | Substitute


def not_chosen(
    problem: Problem, plan: Plan, *, name: Callable[[str], str] = str, everything: bool = False
) -> list[Reason]:
    """Reasons for the feasible deployments and substitutes that the plan does not use.

    Each is set against the dearest chosen one of its workload and share group, by cost per request or token
    on an always busy system (`levelised.usd_per_unit`; an API by its price): a yardstick and no solve, so
    the words say what else may stand in the way where it looks cheaper.  One reason per pool and workload,
    that of its cheapest deployment, unless `everything`.  `name` puts an id in words.
    """
    used = {k for k, rows in (*plan.run.items(), *plan.substitute.items()) if np.asarray(rows).any()}
    adopted = {k for k, values in plan.adopt.items() if any(x > 0.5 for x in values)}
    held = _pools_held(problem, plan)
    groups: dict[tuple[str, str | None], list[Candidate]] = {}
    candidates: list[Candidate] = [
        *problem.serving.values(),
        *problem.training.values(),
        *problem.substitutes.values(),
    ]
    for candidate in candidates:
        group = None if isinstance(candidate, TrainingDeployment) else candidate.share_group
        groups.setdefault((candidate.workload, group), []).append(candidate)
    found: list[tuple[str, Reason]] = []
    for (workload, _), members in sorted(groups.items(), key=lambda g: (g[0][0], g[0][1] or "")):
        costs = {m.id: _usd(problem, m) for m in members}
        chosen = [costs[m.id] for m in members if m.id in used]
        if not chosen:
            continue
        best = max(chosen)
        for member in members:
            if member.id in used:
                continue
            why, nearness = _why(problem, member, costs[member.id], best, adopted, held)
            place = "API" if isinstance(member, Substitute) else member.pool
            found.append((f"{workload} {place}", Reason(name(member.id), why, nearness)))
    if everything:
        return [reason for _, reason in found]
    nearest: dict[str, Reason] = {}
    for place, reason in found:
        if place not in nearest or reason.nearness < nearest[place].nearness:
            nearest[place] = reason
    return list(nearest.values())


def _usd(problem: Problem, candidate: Candidate) -> float:
    if isinstance(candidate, Substitute):
        return min(candidate.usd_per_request)
    return usd_per_unit(problem, candidate)


def _why(
    problem: Problem, candidate: Candidate, usd: float, best: float, adopted: set[str], held: set[str]
) -> tuple[str, float]:
    """Return the reason, and how far from being chosen: the excess of cost as a share."""
    needs = sorted({r.technique for r in candidate.requires} - adopted)
    if not math.isfinite(usd):
        return "feasible, but no system or price for it can be had in any period", math.inf
    excess = usd / best - 1.0 if best > 0 else 0.0
    unit = "token" if isinstance(candidate, TrainingDeployment) else "request"
    if excess >= 0.005:
        return f"feasible, costs {excess:.0%} more per {unit} on a busy system", excess
    lead = f"feasible, costs {_less(excess)} per {unit} on a busy system"
    if needs:
        return f"{lead}, but needs {', '.join(needs)}, which the plan does not adopt", 0.0
    if not isinstance(candidate, Substitute) and candidate.pool not in held:
        hour = cheapest_system_hour(problem, candidate.pool)
        offer = f" ({hour.offer})" if hour else ""
        return (
            f"{lead}, but its system is not had{offer}: a limit, its arrival or idle time stands against it",
            0.0,
        )
    return f"{lead}, but another use of the same systems pays more", 0.0


def _less(excess: float) -> str:
    return "as much" if abs(excess) < 0.005 else f"{-excess:.0%} less"


def _pools_held(problem: Problem, plan: Plan) -> set[str]:
    held = {problem.buys[i].pool for i, x in plan.buy.items() if sum(x) > 0}
    held |= {problem.reserves[i].pool for i, x in plan.reserve.items() if sum(x) > 0}
    rented = (*plan.rent.items(), *plan.window_rent.items())
    return held | {problem.rents[i].pool for i, rows in rented if np.asarray(rows).any()}
