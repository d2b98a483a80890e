"""What each limit is worth: plan again with a little more of it, and see what that saves.

With whole systems a dual price says nothing, so a limit that binds, or that the next system would break, is
loosened by one system, 10 kW or 1 %, and the answer says by what.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from counterpoise.analysis.levers import promising
from counterpoise.analysis.replan import Around, differences
from counterpoise.analysis.resolve import Difference, Solver
from counterpoise.analysis.use import deployments
from counterpoise.planning.plan import LimitUse, Plan
from counterpoise.planning.problem import Problem
from counterpoise.planning.warm import adopted

POWER_STEP_W = 10_000.0
SHARE_STEP = 0.01


@dataclass(frozen=True, slots=True)
class LimitWorth:
    """A limit, how much of it the plan uses, and what `step` more of it saves.

    `value` and `used` are of the period in which it is tightest (`period`; None: over the horizon), in
    `unit`. `binds`: the next unit of what it limits would not fit.  `saving`: US dollars, present value;
    None where it does not bind: then nothing was solved.  `more` is the change made, in words, in every
    period.
    """

    limit: str
    unit: str
    period: int | None
    value: float
    used: float
    binds: bool
    step: float
    more: str
    saving: Difference | None


@dataclass(frozen=True, slots=True)
class _Step:
    """How to loosen a limit: what the next unit takes, by how much, in words, and the looser problem."""

    next_unit: float
    size: float
    words: str
    loosened: Callable[[], Problem]


def worth(problem: Problem, base: Plan, solver: Solver, *, workers: int = 1) -> tuple[LimitWorth, ...]:
    """Price every limit of `base` that binds; those that do not are listed with their slack, unsolved.

    Supply counts only for the offers that the plan takes; caps on the share of a request class are not
    priced: they are the buyer's floor on quality and no purchase loosens them.  The order: largest saving
    first, then what binds, then the rest, by name.
    """
    tightest = list(_tightest(base))
    steps = [_step(problem, base, use) for use in tightest]
    binding = [
        i
        for i, (use, step) in enumerate(zip(tightest, steps, strict=True))
        if use.binds or use.used + step.next_unit > use.value
    ]
    savings: dict[int, Difference] = {}
    people = [i for i in binding if tightest[i].name == "engineers"]
    for chosen, how in (
        ([i for i in binding if i not in people], solver),
        (people, _with_more_techniques(problem, base, solver)),
    ):
        changed = [steps[i].loosened() for i in chosen]
        found = differences(base, changed, how, sign=-1, workers=workers)
        for i, (_, change) in zip(chosen, found, strict=True):
            savings[i] = replace(change, usd=None if change.usd is None else 0.0 - change.usd)
    priced = [
        LimitWorth(
            limit=_name(use),
            unit=use.unit,
            period=use.period,
            value=use.value,
            used=use.used,
            binds=i in savings,
            step=step.size,
            more=step.words,
            saving=savings.get(i),
        )
        for i, (use, step) in enumerate(zip(tightest, steps, strict=True))
    ]
    return tuple(sorted(priced, key=_rank))


def _with_more_techniques(problem: Problem, base: Plan, solver: Solver) -> Solver:
    """A solver that may adopt what more engineers could do: around a plan, its most promising techniques."""
    if isinstance(solver, Around):
        return solver.opening(promising(problem, adopted(base))[:2])
    return solver


def _rank(found: LimitWorth) -> tuple[float, bool, str]:
    usd = found.saving.usd if found.saving and found.saving.is_sure else None
    return -(usd or 0.0), not found.binds, found.limit


def _name(use: LimitUse) -> str:
    name = use.name.replace("_per_period", " of a quarter")
    return f"{name} of {use.key}" if use.key else name


def _tightest(plan: Plan) -> Iterator[LimitUse]:
    """One use of each limit: of the period with the least slack as a share."""
    found: dict[tuple[str, str], LimitUse] = {}
    taken = {k for rows in (plan.buy, plan.reserve) for k, row in rows.items() if sum(row) > 0}
    taken |= {k for k, rows in (*plan.rent.items(), *plan.window_rent.items()) if any(map(any, rows))}
    for use in plan.limits:
        if use.name == "share_cap" or (use.name == "supply" and use.key not in taken):
            continue
        known = found.get((use.name, use.key))
        if known is None or _fullness(use) > _fullness(known):
            found[use.name, use.key] = use
    yield from found.values()


def _fullness(use: LimitUse) -> float:
    return use.used / use.value if use.value > 0 else math.inf


def _step(problem: Problem, plan: Plan, use: LimitUse) -> _Step:
    """Return the step by which a limit is loosened, in every period it is set for."""
    limits = problem.limits
    if use.name in ("capex", "capex_per_period"):
        one = _price_of_one(problem, plan)
        size = max(one, SHARE_STEP * use.value)
        words = f"{'one system' if one >= size else '1 %'} more, {size:,.0f} USD"
        field = f"{use.name.replace('_per', '_usd_per')}" if "_per" in use.name else "capex_usd"
        return _Step(one, size, words, lambda: _wider(problem, field, size))
    if use.name in ("opex", "opex_per_period"):
        size = SHARE_STEP * use.value
        field = "opex_usd_per_period" if "_per" in use.name else "opex_usd"
        return _Step(0.0, size, f"1 % more, {size:,.0f} USD", lambda: _wider(problem, field, size))
    if use.name == "power":
        size = max(POWER_STEP_W, SHARE_STEP * use.value)
        words = "10 kW more" if size == POWER_STEP_W else f"1 % more, {size / 1000.0:,.0f} kW"
        return _Step(_power_of_one(problem), size, words, lambda: _wider(problem, "power_w", size))
    if use.name == "engineers":
        wanted = (problem.techniques[k].engineer_weeks for k, row in plan.adopt.items() if not any(row))
        least = min((w for w in wanted if w > 0), default=0.0)
        size = max(1.0, SHARE_STEP * use.value, least - (use.value - use.used))
        words = f"{size:.3g} engineer-weeks more a quarter"
        return _Step(least, size, words, lambda: _wider(problem, "engineer_weeks_per_period", size))
    if use.name == "systems":
        caps = {**limits.systems, use.key: limits.systems[use.key] + 1.0}
        return _Step(
            1.0, 1.0, "one system more", lambda: replace(problem, limits=replace(limits, systems=caps))
        )
    return _Step(1.0, 1.0, "one system more a quarter", lambda: _more_supply(problem, use.key))


def _wider(problem: Problem, field: str, size: float) -> Problem:
    """The problem with a limit of `Limits` `size` larger, in every period if it is one per period."""
    value = getattr(problem.limits, field)
    wider = tuple(v + size for v in value) if isinstance(value, tuple) else value + size
    changes: dict[str, Any] = {field: wider}
    return replace(problem, limits=replace(problem.limits, **changes))


def _more_supply(problem: Problem, offer: str) -> Problem:
    """One system more of an offer in each period in which it has any."""

    def more(supply: Iterable[float]) -> tuple[float, ...]:
        return tuple(s + 1.0 if s > 0 else s for s in supply)

    if offer in problem.buys:
        bought = problem.buys[offer]
        return replace(problem, buys={**problem.buys, offer: replace(bought, supply=more(bought.supply))})
    if offer in problem.reserves:
        reserved = problem.reserves[offer]
        wider = replace(reserved, supply=more(reserved.supply))
        return replace(problem, reserves={**problem.reserves, offer: wider})
    rented = problem.rents[offer]
    return replace(problem, rents={**problem.rents, offer: replace(rented, supply=more(rented.supply))})


def _price_of_one(problem: Problem, plan: Plan) -> float:
    """Price of one more of the cheapest system that the plan buys; of all on sale where it buys none."""
    bought = [i for i, counts in plan.buy.items() if sum(counts) > 0]
    prices = [
        price
        for i in bought or problem.buys
        for price, supply in zip(problem.buys[i].price_usd, problem.buys[i].supply, strict=True)
        if math.isfinite(price) and supply > 0
    ]
    return min(prices, default=0.0)


def _power_of_one(problem: Problem) -> float:
    """Watts at the meter of one more busy system on the site: of the least hungry deployment there is."""
    runs = deployments(problem).values()
    return min((d.power_w * problem.pue for d in runs if problem.pools[d.pool].on_site), default=0.0)
