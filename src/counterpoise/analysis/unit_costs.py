"""What a million output tokens, or a training run, costs: the plan's whole cost shared out fairly.

Rules, in the order of `_shares`: what is caused by one workload is its own (API, unserved demand, energy of
a deployment); what a pool costs (purchase less salvage, upkeep, reservation, rent, idle energy) is shared by
the system-hours held in that pool over the horizon, so idle time is borne by use; a technique is shared by
the system-hours of the deployments that need it.  What nobody uses is shared by all system-hours.  The
shares of every item sum to one, so the parts sum to the plan's cost.

Cost and volume are both discounted (levelised cost): constant money per unit that pays for the plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from counterpoise.analysis.use import deployments, system_hours
from counterpoise.planning.plan import Plan
from counterpoise.planning.problem import Problem

SECONDS_PER_HOUR = 3600.0
TOKENS_PER_UNIT = 1e6
NOISE = 1e-9
"""Shares of demand below this are the solver's zeros."""

Per = Literal["million output tokens", "training run"]


@dataclass(frozen=True, slots=True)
class UnitCost:
    """A workload's share of the plan's cost.

    `usd` is its share, present value; `items` splits it by cost item.  `volume` is discounted units served
    or run; `usd_per_unit` is that share less the price put on unserved demand, by volume (None: no volume).
    """

    workload: str
    per: Per
    usd: float
    items: Mapping[str, float]
    volume: float
    usd_per_unit: float | None


def unit_costs(problem: Problem, plan: Plan) -> tuple[UnitCost, ...]:
    """Share out the plan's cost over its workloads; `usd` over all of them sums to the objective."""
    shared = attributed(problem, plan)
    volumes = {w: _serving_volume(problem, plan, w) for w in problem.serving_demand}
    volumes |= {w: _runs(problem, plan, w) for w in problem.training_demand}
    found = []
    for workload in sorted(volumes):
        items: dict[str, float] = {}
        for (item, owner), usd in shared.items():
            if owner == workload:
                items[item] = items.get(item, 0.0) + usd
        usd = sum(items.values())
        volume = volumes[workload]
        paid = usd - items.get("unserved", 0.0)
        per: Per = "million output tokens" if workload in problem.serving_demand else "training run"
        found.append(UnitCost(workload, per, usd, items, volume, paid / volume if volume > 0 else None))
    return tuple(found)


def attributed(problem: Problem, plan: Plan) -> dict[tuple[str, str], float]:
    """Present value, US dollars, by cost item and workload."""
    by_pool: dict[str, dict[str, float]] = {}
    by_technique: dict[str, dict[str, float]] = {}
    everything = dict.fromkeys([*problem.serving_demand, *problem.training_demand], 0.0)
    runs = deployments(problem)
    for id_, hours in system_hours(problem, plan).items():
        deployment, used = runs[id_], float(hours.sum())
        _add(by_pool.setdefault(deployment.pool, {}), deployment.workload, used)
        for requirement in deployment.requires:
            _add(by_technique.setdefault(requirement.technique, {}), deployment.workload, used)
        everything[deployment.workload] += used
    for id_, rows in plan.substitute.items():
        substitute = problem.substitutes[id_]
        if np.asarray(rows).any():
            for requirement in substitute.requires:
                _add(by_technique.setdefault(requirement.technique, {}), substitute.workload, 1.0)
    result: dict[tuple[str, str], float] = {}
    for cost in plan.costs:
        owner = owner_of(problem, cost.id)
        if owner in everything:
            shares = {owner: 1.0}
        else:
            shares = by_pool.get(owner) or by_technique.get(owner) or everything
        for workload, share in _normalised(shares).items():
            key = cost.item, workload
            result[key] = result.get(key, 0.0) + cost.present_usd * share
    return result


def owner_of(problem: Problem, id_: str) -> str:
    """Return the workload, pool or technique that causes a cost item with that id."""
    for offers in (problem.buys, problem.reserves, problem.rents):
        if id_ in offers:
            return offers[id_].pool
    for users in (problem.serving, problem.training, problem.substitutes):
        if id_ in users:
            return users[id_].workload
    return id_


def _add(into: dict[str, float], key: str, value: float) -> None:
    into[key] = into.get(key, 0.0) + value


def _normalised(shares: Mapping[str, float]) -> dict[str, float]:
    total = sum(shares.values())
    if total <= 0:
        return {k: 1.0 / len(shares) for k in shares}
    return {k: v / total for k, v in shares.items()}


def _serving_volume(problem: Problem, plan: Plan, workload: str) -> float:
    """Discounted millions of output tokens served; the margin kept in reserve is no volume."""
    demand = problem.serving_demand[workload]
    factor = sum(s.probability * s.demand_factor for s in problem.scenarios)
    unserved = plan.unserved.get(workload, ())
    total = 0.0
    for t, period in enumerate(problem.periods):
        for b, block in enumerate(problem.blocks):
            peak = demand.peak_requests_per_s[t][b] * factor
            missed = unserved[t][b] / (1.0 + demand.reserve_margin) if unserved else 0.0
            left = peak - missed
            served = left * demand.mean_to_peak[b] if left > NOISE * peak else 0.0
            total += served * block.hours * SECONDS_PER_HOUR * period.days * period.discount
    return total * demand.output_tokens / TOKENS_PER_UNIT


def _runs(problem: Problem, plan: Plan, workload: str) -> float:
    """Discounted training runs done: in each period its work by the work of a run, at most those asked."""
    demand = problem.training_demand[workload]
    done = np.zeros(len(problem.periods))
    for id_, hours in system_hours(problem, plan).items():
        deployment = problem.training.get(id_)
        if deployment is not None and deployment.workload == workload:
            done += hours.sum(axis=1) * SECONDS_PER_HOUR * deployment.tokens_per_s
    runs = done / demand.tokens if demand.tokens > 0 else done
    if demand.runs_per_period > 0:
        runs = np.minimum(runs, demand.runs_per_period)
    elif runs.sum() > 1.0:
        runs = runs / runs.sum()
    return float(runs @ np.array([p.discount for p in problem.periods]))
