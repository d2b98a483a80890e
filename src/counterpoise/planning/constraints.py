"""What holds between systems and what runs on them; the name of a family is that of its rows in the model.

What is asked of the plan is in `requirements`, what is allowed to it in `allowances`.
"""

from __future__ import annotations

import numpy as np

from counterpoise.planning import allowances, requirements, strengthening
from counterpoise.planning.formulation import Formulation
from counterpoise.planning.tables import Array, Tables
from counterpoise.planning.variables import TIME_DIMS, Elastic, Variables


def constrain(v: Variables, elastic: Elastic | None = None) -> Formulation:
    """Add every family of rows to the model of `v`."""
    f = Formulation(v, elastic)
    for family in (
        capacity,
        ordinary_day,
        whole_units,
        rent_supply,
        replica_held,
        replica_rented,
        replica_serving,
        replica_training,
    ):
        family(f)
    requirements.require(f)
    allowances.allow(f)
    strengthening.strengthen(f)
    return f


def capacity(f: Formulation) -> None:
    """capacity: Σ run ≤ availability · (owned + reserved) + rent + window_rent, on the fullest day.

    The fullest day is one on which every training workload runs: windows are taken to coincide.
    """
    t = f.t
    rows = f.grid("pool", t.pools, *TIME_DIMS)
    rows.add(rows.at[f.pool_of["runs"]], f.labels["run"], 1.0)
    f.held(rows, ((i, i, -t.problem.pools[p].availability) for i, p in enumerate(t.pools)))
    f.rented(rows, ((i, i, -1.0) for i in range(len(t.pools))))
    f.add(rows, "capacity", "<=", 0.0)


def ordinary_day(f: Formulation) -> None:
    """ordinary_day: Σ run ≤ availability · (owned + reserved) + rent + window_rent, on the emptier days.

    Windows coincide, those of fewer days within those of more: a day has no training with a window, or that
    of most days, or of the two with most days, and so on.  What is rented for a workload's days is there on
    no other day.  One row for the days that each such workload has not.
    """
    t = f.t
    rents = [(int(f.pool_of["rents"][w.rental]), w.workload) for w in f.v.window_rents]
    pairs = sorted(set(rents))
    names = [f"{t.pools[p]} without {t.trained[w]}" for p, w in pairs]
    rows = f.grid("emptier_day", names, *TIME_DIMS)
    share = t.windows.share
    for row, (p, w) in enumerate(pairs):
        on = (share > share[w]) | (share >= 1.0)
        serving = np.flatnonzero(f.pool_of["serving"] == p)
        rows.add(rows.at[row], f.labels["run"][serving], 1.0)
        for d in np.flatnonzero(f.pool_of["training"] == p):
            there = on[f.workload_of["training"][d]][:, None, None]
            rows.add(rows.at[row], f.labels["run"][len(t.serving) + d], there)
        for i, (q, v) in enumerate(rents):
            if q == p:
                rows.add(rows.at[row], f.labels["window_rent"][i], -1.0 * on[v][:, None, None])
    f.held(rows, ((i, p, -t.problem.pools[t.pools[p]].availability) for i, (p, _) in enumerate(pairs)))
    f.rented(rows, ((i, p, -1.0) for i, (p, _) in enumerate(pairs)), windows=False)
    f.add(rows, "ordinary_day", "<=", 0.0)


def whole_units(f: Formulation) -> None:
    """rent_whole, window_rent_whole: what is rented = unit · a whole number, where an offer has a unit."""
    t = f.t
    unit = t.values("rents", "unit_systems")
    of_window = np.array([w.rental for w in f.v.window_rents], dtype=np.int64)
    for name, dim, ids, units in (
        ("rent", "rental", t.rents, unit),
        ("window_rent", "window_rental", [w.label for w in f.v.window_rents], unit[of_window]),
    ):
        parted = np.flatnonzero(units > 0)
        rows = f.grid(dim, [ids[i] for i in parted], *TIME_DIMS)
        whole = f.v.of(f"{name}_units", f.labels[name].shape)
        rows.add(rows.at, f.labels[name][parted], 1.0)
        rows.add(rows.at, whole[parted], -units[parted][:, None, None, None])
        f.add(rows, f"{name}_whole", "==", 0.0)


def rent_supply(f: Formulation) -> None:
    """rent_supply: rent + window_rent ≤ supply, systems at a time."""
    t = f.t
    if not t.rents:
        return
    rows = f.grid("rental", t.rents, *TIME_DIMS)
    rows.add(rows.at, f.labels["rent"], 1.0)
    for i, w in enumerate(f.v.window_rents):
        rows.add(rows.at[w.rental], f.labels["window_rent"][i], 1.0)
    f.loosen(rows, "supply", t.rents)
    f.add(rows, "rent_supply", "<=", t.values("rents", "supply")[:, :, None, None])


def replica_held(f: Formulation) -> None:
    """replica_held_serving: Σ systems of a replica · host + Σ run / availability ≤ systems held, each block.

    A large serving replica is up all day, also at night, and shares its systems with no other; the runs are
    those of smaller replicas, which have what the large ones leave where nothing is rented by the hour.
    replica_held_training: systems of a replica · host ≤ systems owned, reserved and rentable: training can
    rent for some hours of a block, so what could be rented counts, not what is.
    """
    t, hosts = f.t, f.v.hosts
    host = f.labels["host"]
    pools = sorted({h.pool for h in hosts if h.serving})
    rows = f.grid("pool", [t.pools[p] for p in pools], *TIME_DIMS)
    for i, h in enumerate(hosts):
        if h.serving:
            rows.add(rows.at[pools.index(h.pool)], host[i][:, None, None], h.systems)
    large = {d for h in hosts for d in h.members}
    beside = set(pools) - set(f.pool_of["rents"].tolist())
    for d in range(len(t.serving)):
        if d not in large and (pool := int(f.pool_of["serving"][d])) in beside:
            usable = t.problem.pools[t.pools[pool]].availability
            rows.add(rows.at[pools.index(pool)], f.labels["run"][d], 1.0 / usable)
    f.held(rows, [(row, p, -1.0) for row, p in enumerate(pools)])
    f.rented(rows, [(row, p, -1.0) for row, p in enumerate(pools)], windows=False)
    f.add(rows, "replica_held_serving", "<=", 0.0)
    groups = [i for i, h in enumerate(hosts) if not h.serving]
    rows = f.grid("replica", [hosts[i].label for i in groups], "period")
    for row, i in enumerate(groups):
        rows.add(rows.at[row], host[i], hosts[i].systems)
    f.held(rows, [(row, hosts[i].pool, -1.0) for row, i in enumerate(groups)])
    f.add(rows, "replica_held_training", "<=", rentable(t)[[hosts[i].pool for i in groups]])


def replica_rented(f: Formulation) -> None:
    """replica_rented: Σ systems of a replica · share served ≤ owned + reserved + rent, where rent is by hour.

    A part of a system can be rented, a part of a replica serves nobody: what serves all of a workload in a
    block (or all that its share group may) has a whole replica there in that block, what serves half of it
    at least half of one.  Linear, so it needs no whole number; replicas within an owned system fit it anyway.
    """
    t = f.t
    pools = sorted(set(f.pool_of["rents"].tolist()))
    rows = f.grid("pool", [t.pools[p] for p in pools], *TIME_DIMS)
    for d, id_ in enumerate(t.serving):
        record, pool = t.problem.serving[id_], f.pool_of["serving"][d]
        if pool in pools and record.replica_systems <= 1.0:
            share = f.share_served(d)
            rows.add(rows.at[pools.index(pool)], f.labels["run"][d], record.replica_systems * share)
    f.held(rows, [(row, p, -1.0) for row, p in enumerate(pools)])
    f.rented(rows, [(row, p, -1.0) for row, p in enumerate(pools)], windows=False)
    f.add(rows, "replica_rented", "<=", 0.0)


def rentable(t: Tables) -> Array:
    """Systems that can be rented at a time, shape (pool, period)."""
    most = np.zeros((len(t.pools), len(t.days)))
    for pool, id_ in zip(t.pool_of("rents"), t.rents, strict=True):
        offer = t.problem.rents[id_]
        most[pool] += np.where(np.isfinite(offer.price_usd_per_h), offer.supply, 0.0)
    return most


def replica_serving(f: Formulation) -> None:
    """replica_serving: demand served by a group of replicas ≤ cap of its share group · demand · host."""
    t = f.t
    groups = [(i, h) for i, h in enumerate(f.v.hosts) if h.serving]
    rows = f.grid("replica", [h.label for _, h in groups], *TIME_DIMS)
    for row, (i, h) in enumerate(groups):
        mine = list(h.members)
        rows.add(rows.at[row], f.labels["run"][mine], f.rate[mine][:, None, None, None])
        cap = min(1.0, t.problem.serving_demand[t.served[h.workload]].share_caps.get(h.share_group, 1.0))
        most = cap * t.demand[h.workload] / f.largest[h.workload]
        rows.add(rows.at[row], f.labels["host"][i][:, None, None], -most)
    f.add(rows, "replica_serving", "<=", 0.0)


def replica_training(f: Formulation) -> None:
    """replica_training: work done by replicas that span systems ≤ all of the work · host."""
    first = len(f.t.serving)
    groups = [(i, h) for i, h in enumerate(f.v.hosts) if not h.serving]
    rows = f.grid("replica", [h.label for _, h in groups], "period", "scenario")
    for row, (i, h) in enumerate(groups):
        f.work(rows, rows.at[row], h.workload, only=[d - first for d in h.members])
        rows.add(rows.at[row], f.labels["host"][i][:, None], -1.0)
    f.add(rows, "replica_training", "<=", 0.0)
