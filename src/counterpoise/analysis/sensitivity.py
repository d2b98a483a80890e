"""The weakest fact a plan rests on, and the interval of its cost.

Many facts, few solves: the money that rides on each (`exposure_usd`) orders them, and only the first few are
planned again.  Both answers are of the kind "wait and see": the case is planned again as if the changed fact
had been known from the start, so they say what meeting the demand costs, not what a plan fails by.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from counterpoise.analysis.facts import Fact
from counterpoise.analysis.replan import Around, differences
from counterpoise.analysis.resolve import Difference, Outcome, Solver, resolve
from counterpoise.analysis.unit_costs import attributed
from counterpoise.analysis.use import deployments, system_hours
from counterpoise.performance.estimate import Array
from counterpoise.planning.plan import Plan
from counterpoise.planning.problem import Problem

WORSE = 0.2
"""Every fact is made this much worse when the weakest is looked for."""
DRAWS = 4096


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What a fact that is `WORSE` worse changes: the cost, and the plan in words.

    `weakness_usd` is the cost change scaled to the fact's own 80 % interval: |change| x spread / WORSE.
    """

    fact: Fact
    change: Difference
    effect: str
    weakness_usd: float


def weakest(
    problem: Problem,
    base: Plan,
    facts: Sequence[Fact],
    solver: Solver,
    *,
    solved: int = 4,
    workers: int = 1,
) -> tuple[Sensitivity, ...]:
    """Plan again with each of the `solved` most exposed facts 20 % worse; the weakest first.

    The rule: weakest is the fact whose cost change, scaled from 20 % to the bad end of its own interval
    (`Fact.spread`), is largest; a fact without which there is no plan any more comes before all.  Facts that
    no money rides on are left out.
    """
    chosen = most_exposed(problem, base, facts, solved)
    changed = [f.changed(problem, f.worse(WORSE)) for f in chosen]
    compared = differences(base, changed, solver, sign=1, whole=False, workers=workers)
    fractional = solver.fractional if isinstance(solver, Around) else None
    against = base if fractional is None else fractional
    found = [_sensitivity(problem, against, f, *c) for f, c in zip(chosen, compared, strict=True)]
    found.sort(key=_weakest_first)
    if found and fractional is not None:
        first = found[0].fact
        (whole,) = differences(base, [first.changed(problem, first.worse(WORSE))], solver, sign=1)
        found[0] = _sensitivity(problem, base, first, *whole)
    return tuple(sorted(found, key=_weakest_first))


def _weakest_first(one: Sensitivity) -> tuple[float, str]:
    return -one.weakness_usd, one.fact.id


def _sensitivity(
    problem: Problem, base: Plan, fact: Fact, outcome: Outcome, change: Difference
) -> Sensitivity:
    weakness = math.inf if change.usd is None else abs(change.usd) * fact.spread / WORSE
    effect = change.note if outcome.plan is None else what_changes(problem, base, outcome.plan)
    return Sensitivity(fact, change, effect, weakness)


def most_exposed(problem: Problem, plan: Plan, facts: Sequence[Fact], count: int) -> list[Fact]:
    """Return the `count` facts with the largest first-order cost of their own bad end, none below zero."""
    money = exposures_usd(problem, plan, facts)
    ranked = sorted(facts, key=lambda f: (-abs(first_order_usd(f, money[f.id], f.bad_end)), f.id))
    return [f for f in ranked if money[f.id] > 0][:count]


def first_order_usd(fact: Fact, exposure_usd: float, factor: float) -> float:
    """Cost change of the same plan, stretched: a slower system is needed longer, a dearer one costs more."""
    if fact.target == "speed":
        return exposure_usd * (1.0 / factor - 1.0)
    return exposure_usd * (factor - 1.0)


def exposures_usd(problem: Problem, plan: Plan, facts: Sequence[Fact]) -> dict[str, float]:
    """Present value that rides on each fact: what the plan pays for the offers, workloads or systems it
    names.

    A speed: the pool's cost by the share of its system-hours that those deployments hold.  Growth: the
    workload's cost, weighted by what compounding adds by the middle of the horizon.
    """
    by_id: dict[str, float] = {}
    by_pool: dict[str, float] = {}
    energy = 0.0
    for cost in plan.costs:
        by_id[cost.id] = by_id.get(cost.id, 0.0) + cost.present_usd
        pool = _pool_of_offer(problem, cost.id)
        by_pool[pool] = by_pool.get(pool, 0.0) + cost.present_usd
        energy += cost.present_usd if cost.item == "energy" else 0.0
    hours = {k: float(v.sum()) for k, v in system_hours(problem, plan).items()}
    pools = deployments(problem)
    pool_hours: dict[str, float] = {}
    for id_, used in hours.items():
        pool_hours[pools[id_].pool] = pool_hours.get(pools[id_].pool, 0.0) + used
    by_workload: dict[str, float] = {}
    for (_, workload), usd in attributed(problem, plan).items():
        by_workload[workload] = by_workload.get(workload, 0.0) + usd
    middle = (len(problem.periods) - 1) / 2.0
    found: dict[str, float] = {}
    for fact in facts:
        if fact.target == "speed":
            found[fact.id] = sum(
                by_pool.get(pools[i].pool, 0.0) * hours[i] / pool_hours[pools[i].pool] + by_id.get(i, 0.0)
                for i in fact.ids
                if i in hours
            )
        elif fact.target == "price":
            found[fact.id] = sum(by_id.get(i, 0.0) for i in fact.ids)
        elif fact.target == "electricity":
            found[fact.id] = energy
        else:
            usd = sum(by_workload.get(w, 0.0) for w in fact.ids)
            growth = fact.growth_per_period
            found[fact.id] = usd if fact.target == "demand" else usd * middle * growth / (1.0 + growth)
    return found


def _pool_of_offer(problem: Problem, id_: str) -> str:
    for offers in (problem.buys, problem.reserves, problem.rents):
        if id_ in offers:
            return offers[id_].pool
    return id_ if id_ in problem.pools else ""


@dataclass(frozen=True, slots=True)
class CostInterval:
    """Cost of the plan, US dollars of the first period: 80 % between `low80_usd` and `high80_usd`.

    `solved` names the facts whose effect was planned again at both ends of their intervals, `linear` those
    that were taken in proportion to the money that rides on them.  `method` says the rest in words.
    """

    low80_usd: float
    mid_usd: float
    high80_usd: float
    solved: tuple[str, ...]
    linear: tuple[str, ...]
    method: str


def cost_interval(
    problem: Problem,
    base: Plan,
    facts: Sequence[Fact],
    solver: Solver,
    *,
    solved: int = 3,
    draws: int = DRAWS,
    seed: int = 0,
    workers: int = 1,
) -> CostInterval:
    """Sample the facts within their ranges and read the 80 % interval of the plan's cost.

    The `solved` most exposed facts are planned again at both ends of their 80 % intervals; between and beyond
    them the cost is taken as linear in the fact's quantile; the others change it to first order.  Facts are
    taken as independent, so their effects add.  `solver` may be the linear relaxation: only differences
    between its own answers count, and they are put on the plan's cost.  Latin hypercube of `draws`, seeded.
    """
    ranged = [f for f in facts if f.low < 1.0 or f.high > 1.0]
    chosen = most_exposed(problem, base, ranged, solved)
    ends = [(f, factor) for f in chosen for factor in (f.low, f.high)]
    changed = [f.changed(problem, x) for f, x in ends]
    centre = solver.fractional if isinstance(solver, Around) and not solver.integers else None
    if centre is None and ends:
        centre = resolve([problem], solver)[0].plan
    centre_usd = (centre or base).objective_usd
    outcomes = resolve(changed, solver, workers=workers)
    change: dict[str, list[float]] = {}
    money = exposures_usd(problem, base, ranged)
    for (fact, factor), outcome in zip(ends, outcomes, strict=True):
        usd = (
            outcome.plan.objective_usd - centre_usd
            if outcome.plan
            else first_order_usd(fact, money[fact.id], factor)
        )
        change.setdefault(fact.id, []).append(usd)
    linear = [f for f in ranged if f.id not in change and money[f.id] > 0]
    for fact in linear:
        change[fact.id] = [first_order_usd(fact, money[fact.id], x) for x in (fact.low, fact.high)]
    costs = base.objective_usd + _sampled(change, draws, seed)
    low, high = np.quantile(costs, [0.1, 0.9])
    method = (
        f"{draws} draws of {len(change)} independent facts within their 80 % intervals; "
        f"{len(chosen)} planned again at both ends, {len(linear)} in proportion to what is paid for them"
    )
    return CostInterval(
        low80_usd=min(float(low), base.objective_usd),
        mid_usd=base.objective_usd,
        high80_usd=max(float(high), base.objective_usd),
        solved=tuple(f.id for f in chosen),
        linear=tuple(f.id for f in linear),
        method=method,
    )


def _sampled(change: Mapping[str, Sequence[float]], draws: int, seed: int) -> Array:
    """Sum of the facts' effects in each draw; `change` holds the effect at the 10th and 90th percentile."""
    from scipy.special import ndtri

    random = np.random.default_rng(seed)
    total = np.zeros(draws)
    for fact in sorted(change):
        at_low, at_high = change[fact]
        strata = (random.permutation(draws) + random.random(draws)) / draws
        z = ndtri(strata) / ndtri(0.9)
        total += np.where(z < 0, -z * at_low, z * at_high)
    return total


def what_changes(problem: Problem, base: Plan, other: Plan, shown: int = 3) -> str:
    """What another plan does differently, in words: systems by pool, substitutes, techniques."""
    parts: list[tuple[float, str]] = []
    before, after = _systems(problem, base), _systems(problem, other)
    for pool in sorted(before | after):
        more = after.get(pool, 0.0) - before.get(pool, 0.0)
        if abs(more) > 0.05:
            parts.append((abs(more), f"{abs(more):,.3g} {'more' if more > 0 else 'fewer'} {pool}"))
    for id_ in sorted(base.substitute.keys() | other.substitute.keys()):
        was, now = (float(np.sum(p.substitute.get(id_, ()))) for p in (base, other))
        if abs(now - was) > 0.01 * max(was, now, 1e-9):
            parts.append((0.0, f"{'more' if now > was else 'less'} of {id_}"))
    adopted, readopted = ({k for k, v in p.adopt.items() if any(x > 0.5 for x in v)} for p in (base, other))
    parts += [(0.5, f"{t} adopted") for t in sorted(readopted - adopted)]
    parts += [(0.5, f"{t} not adopted") for t in sorted(adopted - readopted)]
    words = [w for _, w in sorted(parts, key=lambda p: (-p[0], p[1]))]
    return ", ".join(words[:shown]) if words else "the same systems and techniques"


def _systems(problem: Problem, plan: Plan) -> dict[str, float]:
    """Systems by pool: bought and reserved in all, rented at the most."""
    found: dict[str, float] = {}
    for id_, counts in plan.buy.items():
        found[problem.buys[id_].pool] = found.get(problem.buys[id_].pool, 0.0) + sum(counts)
    for id_, counts in plan.reserve.items():
        pool = problem.reserves[id_].pool
        found[pool] = found.get(pool, 0.0) + sum(counts)
    for id_, rows in plan.rent.items():
        pool = problem.rents[id_].pool
        at_once = np.asarray(rows) + np.asarray(plan.window_rent[id_])
        found[pool] = found.get(pool, 0.0) + float(at_once.max(initial=0.0))
    return found
