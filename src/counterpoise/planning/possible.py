"""What is possible in which period: what can be ordered, held and rented, what can run, what is due."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from counterpoise.planning.problem import Requirement
from counterpoise.planning.tables import LARGE_FLEET, SECONDS_PER_HOUR, Array, Mask, Tables

HOURS_PER_DAY = 24.0


def may_order(t: Tables, kind: str) -> Mask:
    """Periods in which a purchase or reservation can be ordered and is of use within the horizon."""
    open_: Mask = np.asarray(np.isfinite(t.values(kind, "price_usd")) & (t.values(kind, "supply") > 0))
    if kind == "buys":
        lead = np.array([t.problem.buys[i].lead_periods for i in t.buys], dtype=np.int64)
        open_ &= np.arange(len(t.days)) + lead[:, None] < len(t.days)
    return open_


def spans(t: Tables, kind: str) -> list[tuple[int, int]]:
    """Periods from an order to its first use, and periods of use, of each `buys` or `reserves`."""
    if kind == "buys":
        bought = [t.problem.buys[i] for i in t.buys]
        return [(b.lead_periods, b.life_periods) for b in bought]
    return [(0, t.problem.reserves[i].term_periods) for i in t.reserves]


def in_use(t: Tables, kind: str) -> Array:
    """1 where a system ordered in period k counts in period j, shape (offer, k, j).

    Bought: from its arrival for its life.  Reserved: from signing for the term.
    """
    k, j = np.arange(len(t.days))[:, None], np.arange(len(t.days))[None, :]
    rows = [(j >= k + lead) & (j < k + lead + life) for lead, life in spans(t, kind)]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(t.days), len(t.days))


def may_rent(t: Tables) -> Mask:
    """Periods in which a rental can be had, shape (rental, period)."""
    prices, supply = t.values("rents", "price_usd_per_h"), t.values("rents", "supply")
    return np.asarray(np.isfinite(prices) & (supply > 0))


def may_hold(t: Tables) -> Mask:
    """Whether a pool can hold any system, shape (pool, period)."""
    held = np.zeros((len(t.pools), len(t.days)), dtype=bool)
    for kind in ("buys", "reserves"):
        usable = np.any(may_order(t, kind)[:, :, None] & (in_use(t, kind) > 0), axis=1)
        for pool, row in zip(t.pool_of(kind), usable, strict=True):
            held[pool] |= row
    for pool, row in zip(t.pool_of("rents"), may_rent(t), strict=True):
        held[pool] |= row
    return held


def may_be_ready(t: Tables, requires: Sequence[Requirement]) -> Mask:
    """Periods in which the techniques required can have been adopted early enough."""
    ready = np.ones(len(t.days), dtype=bool)
    for need in requires:
        first = t.problem.techniques[need.technique].first_period + need.lag_periods
        ready &= np.arange(len(t.days)) >= first
    return ready


def may_run(t: Tables) -> Mask:
    """Whether a deployment can run: pool held, techniques in time, work asked; shape (deployment, period)."""
    first = np.concatenate([t.values(k, "first_period") for k in ("serving", "training")])
    ready = [may_be_ready(t, r) for k in ("serving", "training") for r in t.requirements(k)]
    allowed: Mask = may_hold(t)[t.pool_of("runs")] & (np.arange(len(t.days)) >= first[:, None])
    allowed &= np.array(ready, dtype=bool).reshape(allowed.shape)
    asked = np.concatenate(
        [
            (t.demand.max(axis=(2, 3), initial=0.0) > 0)[t.workload_of("serving")],
            t.windows.active[t.workload_of("training")],
        ]
    )
    return np.asarray(allowed & asked)


def may_substitute(t: Tables) -> Mask:
    """Whether a substitute can be had, shape (substitute, period)."""
    ready = [may_be_ready(t, r) for r in t.requirements("substitutes")]
    prices = t.values("substitutes", "usd_per_request")
    return np.asarray(np.isfinite(prices) & np.array(ready, dtype=bool).reshape(prices.shape))


def owed(t: Tables) -> Mask:
    """Periods in which a training workload's work is called for: each, or the last for a run "once"."""
    due = t.windows.active.copy()
    for i, w in enumerate(t.trained):
        if not t.windows.recurring[i]:
            due[i] = False
            due[i, min(t.problem.training_demand[w].last_period, len(t.days) - 1)] = True
    return due


def large_fleets(t: Tables) -> tuple[str, ...]:
    """Pools that may hold so many systems that fractions of one do not matter.

    The count is that of the systems needed if the pool's fastest deployments did all the work, or what
    supply, caps and the money for purchases allow, whichever is less.
    """
    count = np.zeros(len(t.pools))
    for needed_in, systems in _needed(t):
        count[needed_in] += systems
    limit = np.zeros(len(t.pools))
    for kind in ("buys", "reserves"):
        supply = np.where(may_order(t, kind), t.values(kind, "supply"), 0.0).sum(axis=1)
        np.add.at(limit, t.pool_of(kind), supply)
    for i, p in enumerate(t.pools):
        pool = t.problem.pools[p]
        count[i] = min(count[i] / pool.availability, limit[i])
        count[i] = min(count[i], t.problem.limits.systems.get(pool.system, math.inf))
    return tuple(p for p, n in zip(t.pools, count, strict=True) if n > LARGE_FLEET)


def _needed(t: Tables) -> list[tuple[int, float]]:
    """Pool, and systems that its fastest deployment of a workload would need at the busiest time."""
    fastest: dict[tuple[int, int, bool], float] = {}
    for kind, field in (("serving", "requests_per_s"), ("training", "tokens_per_s")):
        rates = t.values(kind, field)
        for pool, workload, rate in zip(t.pool_of(kind), t.workload_of(kind), rates, strict=True):
            key = (int(pool), int(workload), kind == "serving")
            fastest[key] = max(fastest.get(key, 0.0), float(rate))
    found = []
    for (pool, workload, serving), rate in sorted(fastest.items()):
        if serving:
            found.append((pool, float(t.demand[workload].max(initial=0.0)) / rate))
            continue
        days = t.windows.days[workload][t.windows.active[workload]]
        together = not t.windows.recurring[workload] and not t.windows.begins[workload]
        time_s = (days.sum() if together else days.min(initial=math.inf)) * HOURS_PER_DAY * SECONDS_PER_HOUR
        found.append((pool, float(t.windows.need_tokens[workload]) / (rate * time_s)))
    return found
