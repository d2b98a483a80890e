"""Decision variables of the plan: what may be decided, in which periods, within which bounds.

Here and now: buy, reserve, adopt, and their sums so far: bought, signed, adopted; begin, the period in which
a run "once" begins; host, whether whole replicas are there.  Recourse, per block and scenario: rent,
window_rent (and how many units of each: rent_units, window_rent_units), run, substitute, unserved, untrained.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from counterpoise.planning.possible import large_fleets, may_order, may_rent, may_run, may_substitute, owed
from counterpoise.planning.rows import ABSENT, Labels
from counterpoise.planning.tables import Tables

TIME_DIMS = ("period", "block", "scenario")


@dataclass(frozen=True, slots=True)
class Elastic:
    """One limit that may be passed: rows of family `name`, for `key` only where given, loosen by `unit`
    times the variable `relaxation`.
    """

    name: str
    key: str | None = None
    unit: float = 1.0


LARGE = 0.5
"""Part of a system from which on a serving replica counts whole in a pool that is not rented by the hour."""


@dataclass(frozen=True, slots=True)
class HostGroup:
    """Deployments of one workload and share group in one pool whose replicas take as many systems.

    `systems` of a replica: whole above 1, else its part of a system.  `members` are positions in `runs`.
    """

    pool: int
    workload: int
    share_group: str
    systems: float
    serving: bool
    members: tuple[int, ...]
    label: str


@dataclass(frozen=True, slots=True)
class WindowRent:
    """Renting only for the days of a training workload's runs: positions of the rental and the workload."""

    rental: int
    workload: int
    label: str


@dataclass(slots=True)
class Variables:
    """The linopy model and, by name, the labels of its variables (-1 where one is not needed)."""

    model: Any
    tables: Tables
    hosts: tuple[HostGroup, ...]
    window_rents: tuple[WindowRent, ...]
    large: tuple[str, ...]
    labels: dict[str, Labels]
    columns: int = 0

    def declare(
        self,
        name: str,
        dims: Sequence[tuple[str, Sequence[str]]],
        *,
        upper: ArrayLike = math.inf,
        mask: ArrayLike = True,
        whole: bool = False,
    ) -> None:
        """Add a variable of at least 0 over `dims` where `mask`, up to `upper`; `whole`: integers."""
        import pandas as pd

        shape = tuple(len(labels) for _, labels in dims)
        here = np.broadcast_to(np.asarray(mask, dtype=bool), shape)
        if not here.any():
            return
        coords = [pd.Index(list(labels), name=dim) for dim, labels in dims]
        bound = np.broadcast_to(np.asarray(upper, dtype=np.float64), shape).copy()
        added = self.model.add_variables(
            lower=0.0,
            upper=bound if shape else float(bound),
            coords=coords,
            mask=here,
            name=name,
            integer=whole,
            dims=[dim for dim, _ in dims],
        )
        self.columns += int(np.prod(shape))
        labels = np.asarray(added.labels.values, dtype=np.int64)
        earlier = self.labels.get(name.removesuffix(FRACTIONAL))
        self.labels[name.removesuffix(FRACTIONAL)] = (
            labels if earlier is None else np.where(labels == ABSENT, earlier, labels)
        )

    def of(self, name: str, shape: tuple[int, ...]) -> Labels:
        """Labels of a variable; all absent, in the shape given, where the problem has none."""
        return self.labels.get(name, np.full(shape, ABSENT, dtype=np.int64))


FRACTIONAL = "_fractional"
"""Suffix of the part of bought and signed that is planned in fractions of a system."""


def declare(tables: Tables, elastic: Elastic | None = None) -> Variables:
    """Make a linopy model with the variables of a problem; an elastic supply is no bound of theirs."""
    import linopy

    t = tables
    problem = t.problem
    periods = ("period", [p.label for p in problem.periods])
    when = (
        periods,
        ("block", [b.label for b in problem.blocks]),
        ("scenario", [s.label for s in problem.scenarios]),
    )
    v = Variables(
        model=linopy.Model(force_dim_names=True),
        tables=t,
        hosts=host_groups(t),
        window_rents=window_rents(t),
        large=large_fleets(t),
        labels={},
    )
    for kind, name, total, dim in (
        ("buys", "buy", "bought", "purchase"),
        ("reserves", "reserve", "signed", "reservation"),
    ):
        ids = getattr(t, kind)
        if not ids:
            continue
        supply = np.floor(t.values(kind, "supply") + 1e-9)
        if elastic is not None and elastic.name == "supply" and elastic.key in ids:
            supply[ids.index(elastic.key)] = math.inf
        open_ = may_order(t, kind)
        large = np.array([t.pools[p] in v.large for p in t.pool_of(kind)])[:, None]
        so_far = np.logical_or.accumulate(open_, axis=1)
        v.declare(name, ((dim, ids), periods), upper=supply, mask=open_)
        v.declare(total, ((dim, ids), periods), mask=so_far & ~large, whole=True)
        v.declare(total + FRACTIONAL, ((dim, ids), periods), mask=so_far & large)
    first = np.array([problem.techniques[i].first_period for i in t.techniques], dtype=np.int64)
    may_adopt = np.arange(len(t.days)) >= first[:, None]
    v.declare("adopt", (("technique", t.techniques), periods), mask=may_adopt)
    v.declare("adopted", (("technique", t.techniques), periods), upper=1.0, mask=may_adopt, whole=True)
    v.declare(
        "begin", (("training_workload", t.trained), periods), upper=1.0, mask=t.windows.span > 0, whole=True
    )
    v.declare("host", (("replica", [h.label for h in v.hosts]), periods), upper=1.0, whole=True)
    if t.rents:
        open_rent = may_rent(t)[:, :, None, None]
        v.declare("rent", (("rental", t.rents), *when), mask=open_rent)
        pairs = np.array([(w.rental, w.workload) for w in v.window_rents], dtype=np.int64).reshape(-1, 2)
        partly = (t.windows.active & (t.windows.share < 1.0))[pairs[:, 1]][:, :, None, None]
        labels = [w.label for w in v.window_rents]
        open_window = open_rent[pairs[:, 0]] & partly
        v.declare("window_rent", (("window_rental", labels), *when), mask=open_window)
        parted = (t.values("rents", "unit_systems") > 0)[:, None, None, None]
        v.declare("rent_units", (("rental", t.rents), *when), mask=open_rent & parted, whole=True)
        v.declare(
            "window_rent_units",
            (("window_rental", labels), *when),
            mask=open_window & parted[pairs[:, 0]],
            whole=True,
        )
    v.declare("run", (("deployment", t.runs), *when), mask=may_run(t)[:, :, None, None])
    answered = may_substitute(t)[:, :, None, None]
    v.declare("substitute", (("substitute", t.substitutes), *when), mask=answered)
    price = np.array([problem.serving_demand[w].unserved_usd_per_request for w in t.served])
    left = np.where(np.isfinite(price)[:, None, None, None], t.demand, 0.0)
    v.declare("unserved", (("workload", t.served), *when), upper=left)
    asked = [problem.training_demand[w] for w in t.trained]
    may_lack = np.array([math.isfinite(d.unserved_usd_per_token) and not d.optional for d in asked])
    v.declare(
        "untrained",
        (("training_workload", t.trained), periods, when[2]),
        upper=may_lack.astype(np.float64)[:, None, None] if asked else 1.0,
        mask=owed(t)[:, :, None],
    )
    return v


def host_groups(t: Tables) -> tuple[HostGroup, ...]:
    """Group the deployments whose replicas are large: they run only if a whole replica is there.

    Those that span systems, and in pools that are held for whole periods those of half a system or more: two
    workloads with a replica of a whole system each do not fit one.  Smaller replicas fit wherever a system
    is; where systems are rented by the hour `replica_rented` asks for the part of one that is used.  Training
    on a pool where any number of systems can be rented needs no such decision: what it rents, it rents for
    some of the hours.
    """
    pools = t.pool_of("runs")
    workloads = np.concatenate([t.workload_of("serving"), t.workload_of("training")])
    free = {
        int(p)
        for p, i in zip(t.pool_of("rents"), t.rents, strict=True)
        if all(map(math.isinf, t.problem.rents[i].supply))
        and all(map(math.isfinite, t.problem.rents[i].price_usd_per_h))
    }
    by_hour = set(t.pool_of("rents").tolist())
    members: dict[tuple[int, int, str, float, bool], list[int]] = {}
    for i, id_ in enumerate(t.runs):
        serving, pool = i < len(t.serving), int(pools[i])
        record = t.problem.serving[id_] if serving else t.problem.training[id_]
        spans = record.replica_systems > 1.0 + 1e-9
        large = serving and pool not in by_hour and record.replica_systems > LARGE - 1e-9
        systems = float(math.ceil(record.replica_systems - 1e-9)) if spans else record.replica_systems
        if large or (spans and (serving or pool not in free)):
            group = t.problem.serving[id_].share_group or "" if serving else ""
            members.setdefault((pool, int(workloads[i]), group, systems, serving), []).append(i)
    return tuple(
        HostGroup(p, w, g, n, s, tuple(m), _replica(t, (p, w, g, n, s)))
        for (p, w, g, n, s), m in sorted(members.items())
    )


def _replica(t: Tables, key: tuple[int, int, str, float, bool]) -> str:
    pool, workload, group, systems, serving = key
    name = (t.served if serving else t.trained)[workload]
    return f"{name}{f' ({group})' if group else ''}: {systems:g} x {t.pools[pool]}"


def window_rents(t: Tables) -> tuple[WindowRent, ...]:
    """Pairs of a rental and a training workload that can use it and runs on a part of the days only."""
    partly = np.any(t.windows.active & (t.windows.share < 1.0), axis=1)
    uses = set(zip(t.pool_of("training").tolist(), t.workload_of("training").tolist(), strict=True))
    return tuple(
        WindowRent(r, w, f"{id_} for {name}")
        for r, id_ in enumerate(t.rents)
        for w, name in enumerate(t.trained)
        if partly[w] and (int(t.pool_of("rents")[r]), w) in uses
    )
