"""The terms that families of rows are made of: systems held and rented, work done, sums so far."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from counterpoise.planning.objective import Charges, charges
from counterpoise.planning.possible import in_use, spans
from counterpoise.planning.rows import Labels, Rows
from counterpoise.planning.tables import SECONDS_PER_HOUR, Array, Index, Tables
from counterpoise.planning.variables import Elastic, Variables


class Formulation:
    """Variables of a problem, its charges, and the terms of rows; `add` puts rows into the model."""

    def __init__(self, v: Variables, elastic: Elastic | None = None) -> None:
        self.v, self.t, self.elastic = v, v.tables, elastic
        problem = self.t.problem
        self.coords = {
            "period": [p.label for p in problem.periods],
            "block": [b.label for b in problem.blocks],
            "scenario": [s.label for s in problem.scenarios],
        }
        n, b, s = self.t.size
        t = self.t
        shapes: dict[str, tuple[int, ...]] = {
            "buy": (len(t.buys), n),
            "reserve": (len(t.reserves), n),
            "bought": (len(t.buys), n),
            "signed": (len(t.reserves), n),
            "adopt": (len(t.techniques), n),
            "adopted": (len(t.techniques), n),
            "begin": (len(t.trained), n),
            "host": (len(v.hosts), n),
            "rent": (len(t.rents), n, b, s),
            "window_rent": (len(v.window_rents), n, b, s),
            "run": (len(t.runs), n, b, s),
            "substitute": (len(t.substitutes), n, b, s),
            "unserved": (len(t.served), n, b, s),
            "untrained": (len(t.trained), n, s),
        }
        self.labels: dict[str, Labels] = {name: v.of(name, shape) for name, shape in shapes.items()}
        self.charges: Charges = charges(v)
        if elastic is not None:
            v.declare("relaxation", (("limit", [elastic.name]),))
        self.pool_of = {k: t.pool_of(k) for k in ("buys", "reserves", "rents", "serving", "training", "runs")}
        self.workload_of = {k: t.workload_of(k) for k in ("serving", "training", "substitutes")}
        self.in_use = {"buy": in_use(t, "buys"), "reserve": in_use(t, "reserves")}
        self.largest = largest_demand(t)
        self.rate = t.values("serving", "requests_per_s") / self.largest[self.workload_of["serving"]]
        self.work_share = work_share(t)

    def grid(self, dim: str, ids: Sequence[str], *dims: str) -> Rows:
        """Rows over ids and the dims of time named."""
        return Rows({dim: ids, **{d: self.coords[d] for d in dims}})

    def add(self, rows: Rows, name: str, sign: str, rhs: ArrayLike) -> None:
        """Put rows into the model; each has its family's name."""
        rows.constrain(self.v.model, self.v.columns, name, sign, rhs)

    def loosen(self, rows: Rows, name: str, keys: Sequence[str] = ()) -> None:
        """Let the rows of a limit give way, where this limit is the elastic one.

        `keys` are the limit's own in these rows; a limit of the same name over others is left alone.
        """
        if self.elastic is None or self.elastic.name != name:
            return
        if self.elastic.key is not None and self.elastic.key not in keys:
            return
        at = rows.at if self.elastic.key is None else rows.at[list(keys).index(self.elastic.key)]
        rows.add(at, self.v.labels["relaxation"][0], -self.elastic.unit)

    def held(self, rows: Rows, groups: Iterable[tuple[int, int, float]]) -> None:
        """Add `factor x (owned + reserved)` for each (row, pool, factor); rows are (row, period, ...)."""
        for row, pool, factor in groups:
            at = rows.at[row]
            for kind, total in (("buys", "bought"), ("reserves", "signed")):
                for o in np.flatnonzero(self.pool_of[kind] == pool):
                    first, periods = spans(self.t, kind)[o]
                    self.since(rows, at, self.labels[total][o], first, factor)
                    self.since(rows, at, self.labels[total][o], first + periods, -factor)

    def since(self, rows: Rows, at: Labels, so_far: Labels, lag: int, factor: ArrayLike) -> None:
        """Add `factor x (sum so far, lag periods ago)` to rows `at` (period, ...); factors broadcast."""
        factors = np.broadcast_to(np.asarray(factor, dtype=np.float64), at.shape)
        labels = so_far[: max(0, len(at) - lag)].reshape((-1,) + (1,) * (at.ndim - 1))
        rows.add(at[lag:], labels, factors[lag:])

    def rented(self, rows: Rows, groups: Iterable[tuple[int, int, float]], *, windows: bool = True) -> None:
        """Add `factor x rented systems` for each (row, pool, factor) to rows of all times.

        `windows`: count those rented for the windows of training too.
        """
        rental = np.array([w.rental for w in self.v.window_rents], dtype=np.int64)
        for row, pool, factor in groups:
            rows.add(rows.at[row], self.labels["rent"][self.pool_of["rents"] == pool], factor)
            if windows and rental.size:
                chosen = self.pool_of["rents"][rental] == pool
                rows.add(rows.at[row], self.labels["window_rent"][chosen], factor)

    def share_served(self, deployment: int) -> Array:
        """Share of what a serving deployment may serve (demand, or its share group's cap of it) that one
        system in use serves; shape (period, block, scenario), 0 where nothing may be served.
        """
        record = self.t.problem.serving[self.t.serving[deployment]]
        caps = self.t.problem.serving_demand[record.workload].share_caps
        cap = min(1.0, caps.get(record.share_group or "", 1.0))
        most = cap * self.t.demand[self.workload_of["serving"][deployment]]
        return np.where(most > 0, record.requests_per_s / np.where(most > 0, most, 1.0), 0.0)

    def work(self, rows: Rows, at: Labels, workload: int, *, only: Iterable[int] | None = None) -> None:
        """Add the work done for a workload, as a share of what is asked, to rows `at` (period, scenario).

        A single entry over periods adds the work of all periods to one row.  `only`: of these deployments.
        """
        run = self.labels["run"][len(self.t.serving) :]
        chosen = np.flatnonzero(self.workload_of["training"] == workload) if only is None else only
        for d in chosen:
            rows.add(at[:, None, :], run[d], self.work_share[d][:, :, None])


def largest_demand(t: Tables) -> Array:
    """Largest demand of each serving workload, by which its rows are divided; 1 where nothing is asked."""
    most = t.demand.max(axis=(1, 2, 3), initial=0.0)
    return np.where(most > 0, most, 1.0)


def work_share(t: Tables) -> Array:
    """Share of the work asked that one system in use does, shape (training deployment, period, block)."""
    of: Index = t.workload_of("training")
    tokens_per_s = t.values("training", "tokens_per_s")
    seconds = t.windows.days[of][:, :, None] * t.hours * SECONDS_PER_HOUR
    return np.asarray((tokens_per_s / t.windows.need_tokens[of])[:, None, None] * seconds)


def first_lag(t: Tables, technique: str) -> int:
    """Fewest periods between adopting a technique and the first use that anything makes of it."""
    lags = [
        need.lag_periods
        for kind in ("serving", "training", "substitutes")
        for requires in t.requirements(kind)
        for need in requires
        if need.technique == technique
    ]
    return min(lags, default=0)
