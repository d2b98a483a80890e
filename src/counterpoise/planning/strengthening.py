"""Rows that no whole number of systems breaks and that fractions of systems do: they shorten the search."""

from __future__ import annotations

import math

import numpy as np

from counterpoise.planning.formulation import Formulation
from counterpoise.planning.possible import spans
from counterpoise.planning.variables import TIME_DIMS

LEAST_PART = 0.01
"""Cuts with a smaller part of a system, or a greater one than 1 less this, say next to nothing."""


def strengthen(f: Formulation) -> None:
    """Add all strengthening rows."""
    whole_systems(f)
    whole_systems_training(f)
    whole_replicas(f)


def whole_systems(f: Formulation) -> None:
    """whole_systems: systems that a pool uses to serve ≤ D - r · (ceil(D) - owned - reserved) + rented.

    D systems are what all demand would take from the pool's fastest deployments, after availability; r is
    the part of D above the next lower whole number.  Mixed-integer rounding (Nemhauser and Wolsey 1990) of
    `capacity` and `serving`: one row a workload, and one for all of them together.
    """
    t = f.t
    pool_of, work_of = f.pool_of["serving"], f.workload_of["serving"]
    rates = t.values("serving", "requests_per_s")
    sets: list[tuple[int, list[int]]] = []
    for p, name in enumerate(t.pools):
        served = sorted({int(w) for w in work_of[pool_of == p]})
        if name not in f.v.large and served:
            sets += [(p, [w]) for w in served]
            sets += [(p, served)] if len(served) > 1 else []
    names = [f"{t.pools[p]}: {' '.join(t.served[w] for w in ws)}" for p, ws in sets]
    rows = f.grid("round_up", names, *TIME_DIMS)
    bound = np.full(rows.at.shape, math.inf)
    for row, (p, ws) in enumerate(sets):
        usable = t.problem.pools[t.pools[p]].availability
        needed = np.zeros(t.demand.shape[1:])
        for w in ws:
            mine = np.flatnonzero((pool_of == p) & (work_of == w))
            fastest = rates[mine].max() * usable
            needed = needed + t.demand[w] / fastest
            rows.add(rows.at[row], f.labels["run"][mine], (rates[mine] / fastest)[:, None, None, None])
        up = np.ceil(needed - 1e-9)
        part = np.where(up > 0, needed - (up - 1.0), 1.0)
        said = (part > LEAST_PART) & (part < 1.0 - LEAST_PART)
        bound[row] = np.where(said, needed - part * up, math.inf)
        for kind, total in (("buys", "bought"), ("reserves", "signed")):
            for o in np.flatnonzero(f.pool_of[kind] == p):
                first, periods = spans(t, kind)[o]
                f.since(rows, rows.at[row], f.labels[total][o], first, -part)
                f.since(rows, rows.at[row], f.labels[total][o], first + periods, part)
        f.rented(rows, [(row, p, -1.0 / usable)])
    f.add(rows, "whole_systems", "<=", bound)


def whole_systems_training(f: Formulation) -> None:
    """whole_systems_training: share of a period's work that a pool does ≤ owned + reserved, without rents.

    Not where a pool is planned in fractions of a system.
    """
    t = f.t
    rented = set(f.pool_of["rents"].tolist())
    pairs = sorted(set(zip(f.pool_of["training"].tolist(), f.workload_of["training"].tolist(), strict=True)))
    pairs = [(p, w) for p, w in pairs if p not in rented and t.pools[p] not in f.v.large]
    rows = f.grid("round_up", [f"{t.pools[p]}: {t.trained[w]}" for p, w in pairs], "period", "scenario")
    of = list(zip(f.pool_of["training"].tolist(), f.workload_of["training"].tolist(), strict=True))
    for row, pair in enumerate(pairs):
        f.work(rows, rows.at[row], pair[1], only=[d for d, key in enumerate(of) if key == pair])
    f.held(rows, [(row, p, -1.0) for row, (p, _) in enumerate(pairs)])
    f.add(rows, "whole_systems_training", "<=", 0.0)


def whole_replicas(f: Formulation) -> None:
    """whole_replicas: r · share served ≤ r · (owned + reserved) + rent, r the smallest replica below 1.

    By pool, workload and share group.  One whole system holds a replica of r systems, and then none need be
    rented; `replica_rented` alone would let r of a system reserved do.
    """
    t = f.t
    ordered = {int(p) for kind in ("buys", "reserves") for p in f.pool_of[kind]} & set(
        f.pool_of["rents"].tolist()
    )
    groups: dict[tuple[int, int, str], list[int]] = {}
    for d, id_ in enumerate(t.serving):
        pool, group = int(f.pool_of["serving"][d]), t.problem.serving[id_].share_group or ""
        if pool in ordered and t.pools[pool] not in f.v.large:
            groups.setdefault((pool, int(f.workload_of["serving"][d]), group), []).append(d)
    sizes = {k: min(t.problem.serving[t.serving[d]].replica_systems for d in ds) for k, ds in groups.items()}
    keys = sorted(k for k in groups if sizes[k] < 1.0)
    names = [f"{t.served[w]}{f' ({g})' if g else ''} in {t.pools[p]}" for p, w, g in keys]
    rows = f.grid("replica", names, *TIME_DIMS)
    for row, key in enumerate(keys):
        pool, _, _ = key
        for d in groups[key]:
            if t.problem.serving[t.serving[d]].replica_systems <= 1.0:
                rows.add(rows.at[row], f.labels["run"][d], sizes[key] * f.share_served(d))
        f.held(rows, [(row, pool, -sizes[key])])
        f.rented(rows, [(row, pool, -1.0)], windows=False)
    f.add(rows, "whole_replicas", "<=", 0.0)
