"""Why there is no plan: the smallest set of limits that clash, and the least that would relax each alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from counterpoise.errors import NoPlan, RunFailed
from counterpoise.planning.constraints import constrain
from counterpoise.planning.formulation import Formulation
from counterpoise.planning.objective import money_scale, set_objective
from counterpoise.planning.possible import may_run, may_substitute
from counterpoise.planning.problem import Limits, Problem
from counterpoise.planning.solve import optimise
from counterpoise.planning.tables import Array, Tables, tables
from counterpoise.planning.variables import Elastic, declare

SEARCH_S = 20.0
"""Seconds for each of the solves below: an explanation that takes longer is not waited for."""
W_PER_KW = 1000.0


@dataclass(frozen=True, slots=True)
class Relaxation:
    """One limit of a clash: `limit` and `key` name it as in `LimitUse` (or demand, training of a workload).

    `value` is what it is, `enough` the least it must be for a plan to exist with all else as asked; None
    where no value of it alone is enough.  Both in `unit`; of demand and training the share left undone.
    """

    limit: str
    key: str
    unit: str
    value: float
    enough: float | None

    def __str__(self) -> str:
        name = f"{_WORDS.get(self.limit, self.limit)}{f' of {self.key}' if self.key else ''}"
        if self.limit in ("demand", "training"):
            if self.enough is None:
                return f"{name}: leaving it undone is not enough alone"
            return f"{name}: leave {_rounded_up(100 * self.enough)} % of it undone"
        if self.enough is None:
            return f"{name}: no value is enough alone"
        return f"{name}: {_rounded_up(self.enough)} {self.unit} in place of {self.value:,.6g} {self.unit}"


_WORDS = {
    "capex_per_period": "capex per quarter",
    "opex_per_period": "opex per quarter",
    "engineers": "engineers' weeks per quarter",
    "systems": "the most systems",
}


class Clash(NoPlan):
    """No plan exists; `clash` holds the limits that clash, empty where something else is missing."""

    def __init__(self, message: str, clash: tuple[Relaxation, ...] = ()) -> None:
        self.clash = clash
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that can be lifted: its family, key and unit, the value it has, and the problem without it."""

    name: str
    key: str
    unit: str
    value: float
    lift: Callable[[Problem], Problem]


def no_plan(problem: Problem, *, integers: bool = True, extra: bool = False) -> NoPlan:
    """Explain why a problem has no plan.

    A deletion filter (Chinneck 2008, ch. 6) over whole limits: each that can be lifted without making a plan
    possible is no part of the clash.  What is left clashes, and without any one of it would not.
    """
    missing = list(nothing_can(problem))
    if missing:
        return Clash(f"No plan exists: {'; '.join(missing)}.")
    if extra and is_feasible(problem, integers=integers):
        return Clash(
            "No plan exists: the constraints added to the model leave none. Without them there is one."
        )
    whole = integers and is_feasible(problem, integers=False)
    kept = clashing(problem, integers=whole)
    if not kept:
        return Clash("No plan exists, and none would with every limit lifted and every demand left unserved.")
    found = tuple(least_relaxation(problem, limit, integers=integers) for limit in kept)
    names = [f"{_WORDS.get(r.limit, r.limit)}{f' of {r.key}' if r.key else ''}" for r in found]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    verb = "cannot be met" if len(names) == 1 else "clash"
    ways = [str(r) for r in found if r.enough is not None]
    would_do = (
        f" {'Any one of these' if len(ways) > 1 else 'This'} would do: {'; or '.join(ways)}." if ways else ""
    )
    alone = "".join(f" {r}." for r in found if r.enough is None)
    return Clash(f"No plan exists: {listed} {verb}.{would_do}{alone}", found)


def nothing_can(problem: Problem) -> Iterator[str]:
    """Workloads that nothing on offer can serve or train at all, or not in time, in words."""
    t = tables(problem)
    runs, answers = may_run(t), may_substitute(t)
    labels = [p.label for p in problem.periods]
    for i, w in enumerate(t.served):
        if math.isfinite(problem.serving_demand[w].unserved_usd_per_request):
            continue
        by_system = runs[: len(t.serving)][t.workload_of("serving") == i]
        by_other = answers[t.workload_of("substitutes") == i]
        can = by_system.any(axis=0) | by_other.any(axis=0)
        lacking = np.flatnonzero((t.demand[i].max(axis=(1, 2), initial=0.0) > 0) & ~can)
        if lacking.size:
            yield _lacking("serve", w, [labels[k] for k in lacking], bool(can.any()))
    for i, w in enumerate(t.trained):
        asked = problem.training_demand[w]
        if asked.optional or math.isfinite(asked.unserved_usd_per_token):
            continue
        can = runs[len(t.serving) :][t.workload_of("training") == i].any(axis=0)
        lacking = np.flatnonzero(t.windows.active[i] & ~can)
        needed = t.windows.recurring[i] or not (can & t.windows.active[i]).any()
        if lacking.size and needed:
            yield _lacking("train", w, [labels[k] for k in lacking], bool(can.any()))


def _lacking(verb: str, workload: str, periods: list[str], ever: bool) -> str:
    if not ever:
        return (
            f"nothing on offer can {verb} {workload}: no system that can be had runs it, "
            "and nothing else answers for one"
        )
    when = periods[0] if len(periods) == 1 else f"{periods[0]} to {periods[-1]}"
    return f"nothing can {verb} {workload} in {when}: what is on offer comes or goes too late or too early"


def limits_of(problem: Problem) -> list[Limit]:
    """Everything that could be lifted, what a buyer would rather keep last."""
    asked = problem.limits
    none = tuple(math.inf for _ in problem.periods)
    found: list[Limit] = []

    def add(
        name: str, unit: str, values: tuple[float, ...], lifted: Callable[[Limits], Limits], key: str = ""
    ) -> None:
        finite = [v for v in values if math.isfinite(v)]
        if finite:
            found.append(Limit(name, key, unit, min(finite), lambda p: replace(p, limits=lifted(p.limits))))

    for kind in ("buys", "reserves", "rents"):
        for id_, offer in sorted(getattr(problem, kind).items()):
            given = [s for s in offer.supply if 0 < s < math.inf]
            if given:
                found.append(Limit("supply", id_, "systems", min(given), _lift_supply(kind, id_)))
    for system in sorted(asked.systems):
        add("systems", "systems", (asked.systems[system],), _lift_system(system), system)
    add(
        "engineers",
        "weeks",
        asked.engineer_weeks_per_period,
        lambda x: replace(x, engineer_weeks_per_period=()),
    )
    add("opex_per_period", "USD", asked.opex_usd_per_period, lambda x: replace(x, opex_usd_per_period=none))
    add("opex", "USD", (asked.opex_usd,), lambda x: replace(x, opex_usd=math.inf))
    add(
        "capex_per_period", "USD", asked.capex_usd_per_period, lambda x: replace(x, capex_usd_per_period=none)
    )
    add("capex", "USD", (asked.capex_usd,), lambda x: replace(x, capex_usd=math.inf))
    kw = tuple(w / W_PER_KW for w in asked.power_w)
    add("power", "kW", kw, lambda x: replace(x, power_w=none))
    for w, work in sorted(problem.training_demand.items()):
        if math.isinf(work.unserved_usd_per_token) and not work.optional:
            found.append(Limit("training", w, "share", 0.0, _lift_training(w)))
    for w, demand in sorted(problem.serving_demand.items()):
        if math.isinf(demand.unserved_usd_per_request):
            found.append(Limit("demand", w, "share", 0.0, _lift_demand(w)))
    return found


def _lift_supply(kind: str, id_: str) -> Callable[[Problem], Problem]:
    def lift(p: Problem) -> Problem:
        offers: dict[str, Any] = dict(getattr(p, kind))
        free = tuple(math.inf if s > 0 else 0.0 for s in offers[id_].supply)
        offers[id_] = replace(offers[id_], supply=free)
        changed: dict[str, Any] = {kind: offers}
        return replace(p, **changed)

    return lift


def _lift_system(system: str) -> Callable[[Limits], Limits]:
    return lambda x: replace(x, systems={k: v for k, v in x.systems.items() if k != system})


def _lift_demand(workload: str) -> Callable[[Problem], Problem]:
    def lift(p: Problem) -> Problem:
        asked = replace(p.serving_demand[workload], unserved_usd_per_request=0.0)
        return replace(p, serving_demand={**p.serving_demand, workload: asked})

    return lift


def _lift_training(workload: str) -> Callable[[Problem], Problem]:
    def lift(p: Problem) -> Problem:
        asked = replace(p.training_demand[workload], unserved_usd_per_token=0.0)
        return replace(p, training_demand={**p.training_demand, workload: asked})

    return lift


def clashing(problem: Problem, *, integers: bool) -> list[Limit]:
    """Limits of which none can be spared from the clash; whole families are tried first."""
    every = limits_of(problem)
    lifted, kept = problem, []
    for name in dict.fromkeys(limit.name for limit in every):
        family = [limit for limit in every if limit.name == name]
        without = lifted
        for limit in family:
            without = limit.lift(without)
        if len(family) > 1 and not is_feasible(without, integers=integers):
            lifted = without
            continue
        for limit in family:
            without = limit.lift(lifted)
            if is_feasible(without, integers=integers):
                kept.append(limit)
            else:
                lifted = without
    return kept if is_feasible(_all_lifted(problem, every), integers=integers) else []


def _all_lifted(problem: Problem, limits: list[Limit]) -> Problem:
    for limit in limits:
        problem = limit.lift(problem)
    return problem


def is_feasible(problem: Problem, *, integers: bool) -> bool:
    """Whether a problem has any plan."""
    v = declare(tables(problem))
    constrain(v)
    found = optimise(v.model, gap=math.inf, time_limit_s=SEARCH_S, threads=1, integers=integers)
    return found is not None


def least_relaxation(problem: Problem, limit: Limit, *, integers: bool) -> Relaxation:
    """Least change of one limit that makes a plan possible, by minimising it."""
    undone = limit.name in ("demand", "training")
    elastic = None if undone else Elastic(limit.name, limit.key or None)
    v = declare(tables(limit.lift(problem) if undone else problem), elastic)
    f = constrain(v, elastic)
    cost = np.zeros(v.columns)
    if undone:
        _undone(f, limit, cost)
    else:
        cost[v.labels["relaxation"]] = 1.0
    set_objective(v.model, cost)
    try:
        found = optimise(v.model, gap=1e-3, time_limit_s=SEARCH_S, threads=1, integers=integers)
    except RunFailed:
        found = None
    if found is None:
        return Relaxation(limit.name, limit.key, limit.unit, limit.value, None)
    unit = money_scale(f.charges) if limit.unit == "USD" else 1.0
    return Relaxation(limit.name, limit.key, limit.unit, limit.value, limit.value + unit * found.objective)


def _undone(f: Formulation, limit: Limit, cost: Array) -> None:
    """Charge what a workload leaves undone with its share of all that is asked, in expectation."""
    t: Tables = f.t
    if limit.name == "demand":
        w = t.served.index(limit.key)
        asked = float((t.demand[w] * t.volume_s[w][:, :, None] @ t.probability).sum())
        share = t.volume_s[w][:, :, None] * t.probability / asked
        labels = f.labels["unserved"][w]
    else:
        w = t.trained.index(limit.key)
        periods = t.windows.active[w].sum() if t.windows.recurring[w] else 1
        labels = f.labels["untrained"][w]
        share = np.ones(len(t.days))[:, None] * t.probability / periods
    here = labels >= 0
    np.add.at(cost, labels[here], np.broadcast_to(share, labels.shape)[here])


def _rounded_up(value: float, digits: int = 3) -> str:
    """At least `value`, in `digits` significant digits: what is said to be enough must be."""
    if value <= 0:
        return "0"
    step = 10.0 ** (math.floor(math.log10(value)) - digits + 1)
    text = f"{math.ceil(value / step - 1e-9) * step:,.{max(0, -math.floor(math.log10(step)))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
