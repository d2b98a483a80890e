"""Reads a plan off the values of the model's variables."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from counterpoise.planning.formulation import Formulation
from counterpoise.planning.objective import (
    ALL_SCENARIOS,
    CAPEX_ITEMS,
    ITEMS,
    OPEX_ITEMS,
    added_w,
    idle_w,
    money_scale,
    present_usd,
)
from counterpoise.planning.plan import CostItem, LimitUse, PerBlock, PerPeriod, Plan, PoolUse, Unplaced
from counterpoise.planning.rows import ABSENT, Labels
from counterpoise.planning.tables import Array

if TYPE_CHECKING:
    from counterpoise.planning.solve import Solution

NOISE = 1e-9
"""Values below are the solver's zeros."""
ROUNDING = 1e-6
"""Share of the cost by which a bound may fall short because the search takes 0.999999 systems for one."""


def read(
    f: Formulation,
    found: Solution,
    *,
    gap: float,
    integers: bool,
    extra_constraints: Callable[[Any], None] | None = None,
) -> Plan:
    """Turn a solution of the model into a plan."""
    values = np.where(np.abs(found.values) < NOISE, 0.0, found.values)
    x = Reader(f, values)
    t, c = f.t, f.charges
    objective = float(present_usd(c, t) @ values[c.label])
    bound = min(objective, found.bound * money_scale(c))
    open_ = max(0.0, objective - bound) / max(abs(objective), 1e-12)
    window = x.of("window_rent")
    by_rental = np.zeros((len(t.rents), *t.size))
    for i, w in enumerate(f.v.window_rents):
        by_rental[w.rental] += window[i]
    return Plan(
        problem=t.problem,
        status="optimal" if open_ <= gap + ROUNDING else "feasible",
        objective_usd=objective,
        bound_usd=bound,
        gap=open_ if objective != bound else 0.0,
        buy=by_period(t.buys, x.of("buy")),
        reserve=by_period(t.reserves, x.of("reserve")),
        adopt=by_period(t.techniques, x.of("adopt")),
        begin=by_period(t.trained, x.of("begin")),
        rent=x.by_block(t.rents, x.of("rent")),
        window_rent=x.by_block(t.rents, by_rental),
        run=x.by_block(t.runs, x.of("run")),
        substitute=x.by_block(t.substitutes, x.of("substitute")),
        unserved=x.by_block(t.served, x.of("unserved")),
        untrained=by_period(t.trained, x.of("untrained") @ t.probability),
        training_days_share=by_period(t.trained, t.windows.share),
        costs=cost_items(f, values),
        pools=x.pools(),
        power_w=_blocks(x.power_w() @ t.probability),
        limits=tuple(limits(f, x)),
        relaxed_integers=f.v.large,
        unplaced=tuple(unplaced(f, x)),
        integers=integers,
        extra_constraints=extra_constraints,
    )


class Reader:
    """Values of variables in the shapes of their labels, and sums of them over pools."""

    def __init__(self, f: Formulation, values: Array) -> None:
        self.f, self.values = f, np.append(values, 0.0)

    def of(self, name: str) -> Array:
        """Values of a variable; 0 where it is absent."""
        labels: Labels = self.f.labels[name]
        return self.values[np.where(labels == ABSENT, len(self.values) - 1, labels)]

    def by_block(self, ids: Sequence[str], values: Array) -> dict[str, PerBlock]:
        """Expected values by id, period and block."""
        expected = values @ self.f.t.probability
        return {id_: _blocks(expected[i]) for i, id_ in enumerate(ids)}

    def held(self, kind: str, name: str) -> Array:
        """Systems of each pool owned (`buys`) or reserved (`reserves`), shape (pool, period)."""
        t = self.f.t
        systems = np.zeros((len(t.pools), len(t.days)))
        each = np.einsum("ok,okj->oj", self.of(name), self.f.in_use[name])
        np.add.at(systems, self.f.pool_of[kind], each)
        return systems

    def rented(self, *, fullest: bool) -> Array:
        """Systems of each pool rented, shape (pool, period, block, scenario): on the fullest day, or on
        the mean of the days.
        """
        t = self.f.t
        systems = np.zeros((len(t.pools), *t.size))
        np.add.at(systems, self.f.pool_of["rents"], self.of("rent"))
        window = self.of("window_rent")
        for i, w in enumerate(self.f.v.window_rents):
            share = 1.0 if fullest else t.windows.share[w.workload][:, None, None]
            systems[self.f.pool_of["rents"][w.rental]] += window[i] * share
        return systems

    def used(self, kind: str, *, fullest: bool = True) -> Array:
        """Systems of each pool in use by `serving` or `training`, shape (pool, period, block, scenario)."""
        t = self.f.t
        systems = np.zeros((len(t.pools), *t.size))
        run = self.of("run")
        first = len(t.serving)
        if kind == "serving":
            run = run[:first]
        else:
            share = t.windows.share[self.f.workload_of["training"]][:, :, None, None]
            run = run[first:] * (1.0 if fullest else share)
        np.add.at(systems, self.f.pool_of[kind], run)
        return systems

    def pools(self) -> dict[str, PoolUse]:
        """What is held and used of every pool."""
        t, chance = self.f.t, self.f.t.probability
        owned, reserved = self.held("buys", "buy"), self.held("reserves", "reserve")
        rented = self.rented(fullest=False) @ chance
        serving, training = self.used("serving"), self.used("training", fullest=False)
        fullest = (serving + self.used("training")) @ chance
        return {
            p: PoolUse(
                tuple(owned[i].tolist()),
                tuple(reserved[i].tolist()),
                _blocks(rented[i]),
                _blocks(serving[i] @ chance),
                _blocks(training[i] @ chance),
                _blocks(fullest[i]),
            )
            for i, p in enumerate(t.pools)
        }

    def power_w(self) -> Array:
        """Watts at the meter on the fullest day, at each block's peak, shape (period, block, scenario)."""
        t = self.f.t
        there = self.held("buys", "buy") + self.held("reserves", "reserve")
        systems = there[:, :, None, None] + self.rented(fullest=True)
        idle = np.einsum("p,ptbs->tbs", idle_w(t), systems)
        running = np.einsum("d,dtbs->tbs", added_w(t), self.of("run"))
        return np.asarray(t.problem.pue * (idle + running))


def cost_items(f: Formulation, values: Array) -> tuple[CostItem, ...]:
    """Sum the charges by item, id and period; items in their order, then ids, then periods."""
    t, c = f.t, f.charges
    chance = np.where(c.scenario == ALL_SCENARIOS, 1.0, t.probability[c.scenario])
    paid = c.usd * values[c.label] * chance
    present = paid * t.discount[c.period]
    n = len(t.days)
    key = (c.item * len(c.ids) + c.id) * n + c.period
    keys, position = np.unique(key[paid != 0.0], return_inverse=True)
    usd = np.bincount(position, weights=paid[paid != 0.0], minlength=keys.size)
    present_usd_ = np.bincount(position, weights=present[paid != 0.0], minlength=keys.size)
    rows = [
        CostItem(
            ITEMS[int(k) // n // len(c.ids)], c.ids[int(k) // n % len(c.ids)], int(k) % n, float(u), float(v)
        )
        for k, u, v in zip(keys, usd, present_usd_, strict=True)
    ]
    return tuple(sorted(rows, key=lambda r: (ITEMS.index(r.item), r.id, r.period)))


def limits(f: Formulation, x: Reader) -> Iterator[LimitUse]:
    """Every finite limit, and the most that any scenario uses of it."""
    asked = f.t.problem.limits
    for name, items, total, each in (
        ("capex", CAPEX_ITEMS, asked.capex_usd, asked.capex_usd_per_period),
        ("opex", OPEX_ITEMS, asked.opex_usd, asked.opex_usd_per_period),
    ):
        paid = _paid(f, x, items)
        if math.isfinite(total):
            yield LimitUse(name, "", None, "USD", total, float(paid.sum(axis=0).max()))
        yield from _over_periods(f"{name}_per_period", "", "USD", each, paid.max(axis=1))
    yield from _over_periods("power", "", "W", asked.power_w, x.power_w().max(axis=(1, 2), initial=0.0))
    if f.t.techniques:
        weeks = f.t.values("techniques", "engineer_weeks") @ x.of("adopt")
        yield from _over_periods("engineers", "", "weeks", asked.engineer_weeks_per_period, weeks)
    yield from _systems(f, x)
    yield from _supply(f, x)


def _over_periods(name: str, key: str, unit: str, values: Sequence[float], used: Array) -> Iterator[LimitUse]:
    for t, value in enumerate(values):
        if math.isfinite(value):
            yield LimitUse(name, key, t, unit, value, float(used[t]))


def _systems(f: Formulation, x: Reader) -> Iterator[LimitUse]:
    t, caps = f.t, f.t.problem.limits.systems
    there = x.held("buys", "buy") + x.held("reserves", "reserve")
    at_once = there[:, :, None, None] + x.rented(fullest=True)
    for kind in sorted(caps):
        mine = [t.problem.pools[p].system == kind for p in t.pools]
        used = at_once[mine].sum(axis=0).max(axis=(1, 2), initial=0.0)
        yield from _over_periods("systems", kind, "systems", (caps[kind],) * len(t.days), used)


def _supply(f: Formulation, x: Reader) -> Iterator[LimitUse]:
    t = f.t
    rent = x.of("rent").copy()
    for i, w in enumerate(f.v.window_rents):
        rent[w.rental] += x.of("window_rent")[i]
    at_once = rent.max(axis=(2, 3), initial=0.0)
    for kind, used in (("buys", x.of("buy")), ("reserves", x.of("reserve")), ("rents", at_once)):
        for i, id_ in enumerate(getattr(t, kind)):
            offered = [s if s > 0 else math.inf for s in t.values(kind, "supply")[i]]
            yield from _over_periods("supply", id_, "systems", offered, used[i])


def _paid(f: Formulation, x: Reader, items: Sequence[str]) -> Array:
    """Payments of some items by period and scenario, not discounted, US dollars."""
    n, _, s = f.t.size
    c = f.charges.of(items)
    usd = c.usd * x.values[c.label]
    paid = np.zeros((n, s))
    for k in range(s):
        mine = (c.scenario == ALL_SCENARIOS) | (c.scenario == k)
        paid[:, k] = np.bincount(c.period[mine], weights=usd[mine], minlength=n)
    return paid


def unplaced(f: Formulation, x: Reader) -> Iterator[Unplaced]:
    """Times at which serving replicas, rounded up to whole ones, and training would not fit what is held."""
    t = f.t
    records = t.problem.serving
    replica = np.array([records[d].replica_systems for d in t.serving]).reshape(-1, 1, 1, 1)
    whole = np.ceil(x.of("run")[: len(t.serving)] / replica - 1e-6) * replica
    needed = np.zeros((len(t.pools), *t.size))
    np.add.at(needed, f.pool_of["serving"], whole)
    needed += x.used("training")
    there = x.held("buys", "buy") + x.held("reserves", "reserve")
    held = there[:, :, None, None] + np.ceil(x.rented(fullest=True) - 1e-6)
    short = (needed - held).max(axis=3) > 1e-6
    for p, k, b in zip(*np.nonzero(short), strict=True):
        s = int(np.argmax(needed[p, k, b] - held[p, k, b]))
        yield Unplaced(t.pools[p], int(k), int(b), float(needed[p, k, b, s]), float(held[p, k, b, s]))


def by_period(ids: Sequence[str], values: Array) -> dict[str, PerPeriod]:
    """Values by id and period."""
    return {id_: tuple(values[i].tolist()) for i, id_ in enumerate(ids)}


def _blocks(values: Array) -> PerBlock:
    return tuple(tuple(row) for row in values.tolist())
