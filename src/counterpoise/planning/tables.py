"""The problem as sorted ids and arrays: what the variables, rows and charges are built from.

Ids are sorted, so that the order in which a problem was written down cannot change its plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from counterpoise.planning.checks import OVER_PERIODS, check
from counterpoise.planning.problem import Problem, Requirement

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.int64]

SECONDS_PER_HOUR = 3600.0
LARGE_FLEET = 200
"""A pool that may hold more systems than this is planned in fractions of a system: an error below 0.5 %."""
NEVER = -1


@dataclass(frozen=True, slots=True)
class Windows:
    """Days on which each training workload runs; arrays over (workload, period).

    `active`: it may run; `days`: days of the period that its work is done on; `share`: part of the period's
    days that its systems are busy, 1 if on every day; `runs`: runs that these days repeat (1 where all the
    work of a period is counted together).  `span[w, t]`: periods that a run begun in t may take, 0 where it
    may not begin (only for a run "once" with a window, which must end in time; else all 0).
    `need_tokens[w]` is the work that counts as 1: of a run, or of all the runs of a period.
    """

    active: Mask
    days: Array
    share: Array
    runs: Array
    span: Index
    need_tokens: Array
    recurring: Mask

    @property
    def begins(self) -> Mask:
        """Workloads whose first day is a decision, shape (workload,)."""
        return np.asarray(self.span.any(axis=1))


@dataclass(frozen=True, slots=True)
class Tables:
    """Sorted ids of a problem and its numbers as arrays; the axis order is id, period, block, scenario."""

    problem: Problem
    pools: tuple[str, ...]
    buys: tuple[str, ...]
    reserves: tuple[str, ...]
    rents: tuple[str, ...]
    serving: tuple[str, ...]
    training: tuple[str, ...]
    substitutes: tuple[str, ...]
    techniques: tuple[str, ...]
    served: tuple[str, ...]
    trained: tuple[str, ...]
    days: Array
    hours: Array
    discount: Array
    probability: Array
    demand: Array
    volume_s: Array
    windows: Windows

    @property
    def size(self) -> tuple[int, int, int]:
        """Numbers of periods, blocks and scenarios."""
        return len(self.days), len(self.hours), len(self.probability)

    @property
    def runs(self) -> tuple[str, ...]:
        """Ids of all deployments, serving first."""
        return self.serving + self.training

    def pool_of(self, kind: str) -> Index:
        """Position of the pool of each `buys`, `reserves`, `rents`, `serving`, `training` or `runs`."""
        position = {p: i for i, p in enumerate(self.pools)}
        if kind == "runs":
            return np.concatenate([self.pool_of("serving"), self.pool_of("training")])
        records: Mapping[str, Any] = getattr(self.problem, kind)
        return np.array([position[records[i].pool] for i in getattr(self, kind)], dtype=np.int64)

    def workload_of(self, kind: str) -> Index:
        """Position of the workload of each `serving`, `training` or `substitutes`."""
        workloads = self.trained if kind == "training" else self.served
        position = {w: i for i, w in enumerate(workloads)}
        records: Mapping[str, Any] = getattr(self.problem, kind)
        return np.array([position[records[i].workload] for i in getattr(self, kind)], dtype=np.int64)

    def values(self, kind: str, field: str) -> Array:
        """Field of every record of a kind, in the order of its ids."""
        records: Mapping[str, Any] = getattr(self.problem, kind)
        ids = getattr(self, kind)
        rows = [getattr(records[i], field) for i in ids]
        wide = (0, len(self.days)) if not rows and field in OVER_PERIODS else None
        return np.array(rows, dtype=np.float64) if wide is None else np.zeros(wide)

    def requirements(self, kind: str) -> list[tuple[Requirement, ...]]:
        """What each `serving`, `training` or `substitutes` needs, in the order of its ids."""
        records: Mapping[str, Any] = getattr(self.problem, kind)
        return [records[i].requires for i in getattr(self, kind)]


def tables(problem: Problem) -> Tables:
    """Sort a problem's ids and lay its numbers out as arrays.

    Raises what `check` raises where the problem names what it does not hold, or lacks a number.
    """
    check(problem)
    days = np.array([p.days for p in problem.periods])
    hours = np.array([b.hours for b in problem.blocks])
    factors = np.array([s.demand_factor for s in problem.scenarios])
    served = tuple(sorted(problem.serving_demand))
    shape = (len(served), len(days), len(hours), len(factors))
    demand, volume = np.zeros(shape), np.zeros(shape[:3])
    for i, w in enumerate(served):
        asked = problem.serving_demand[w]
        margin = 1.0 + asked.reserve_margin
        peak = np.array(asked.peak_requests_per_s, dtype=np.float64)
        demand[i] = peak[:, :, None] * margin * factors
        seconds = days[:, None] * hours * SECONDS_PER_HOUR
        volume[i] = seconds * np.array(asked.mean_to_peak) / margin
    return Tables(
        problem=problem,
        pools=tuple(sorted(problem.pools)),
        buys=tuple(sorted(problem.buys)),
        reserves=tuple(sorted(problem.reserves)),
        rents=tuple(sorted(problem.rents)),
        serving=tuple(sorted(problem.serving)),
        training=tuple(sorted(problem.training)),
        substitutes=tuple(sorted(problem.substitutes)),
        techniques=tuple(sorted(problem.techniques)),
        served=served,
        trained=tuple(sorted(problem.training_demand)),
        days=days,
        hours=hours,
        discount=np.array([p.discount for p in problem.periods]),
        probability=np.array([s.probability for s in problem.scenarios]),
        demand=demand,
        volume_s=volume,
        windows=windows(problem, days),
    )


def windows(problem: Problem, days: Array) -> Windows:
    """Lay the runs of each training workload out over the days of the periods.

    A recurring run with a window uses its systems on `runs x window` days of the period; if the runs would
    overlap, or have no window, all their work is spread over the whole period.  A run "once" with a window
    begins with a period: a window shorter than the period is a part of it, a longer one is cut to whole
    periods (the strict reading: never later than asked).  One longer than the time allowed is no limit.
    """
    asked = [problem.training_demand[w] for w in sorted(problem.training_demand)]
    shape = (len(asked), len(days))
    active = np.zeros(shape, dtype=bool)
    used, share, runs = np.tile(days, (len(asked), 1)), np.ones(shape), np.ones(shape)
    span = np.zeros(shape, dtype=np.int64)
    need = np.array([d.tokens for d in asked], dtype=np.float64)
    for i, d in enumerate(asked):
        last = min(d.last_period, len(days) - 1)
        active[i, d.first_period : last + 1] = True
        if d.runs_per_period > 0:
            apart = d.window_days is not None and bool(np.all(d.runs_per_period * d.window_days <= days))
            if apart and d.window_days is not None:
                used[i], runs[i] = d.window_days, d.runs_per_period
                share[i] = d.runs_per_period * d.window_days / days
            else:
                need[i] = d.tokens * d.runs_per_period
        elif d.window_days is not None:
            span[i] = [_whole_periods(days, t, d.window_days, last) for t in range(len(days))]
            span[i, ~active[i]] = 0
            if days[d.first_period : last + 1].sum() <= d.window_days:
                span[i] = 0
            elif span[i].max() == 1:
                used[i] = np.minimum(d.window_days, days)
                share[i] = used[i] / days
    recurring = np.array([d.runs_per_period > 0 for d in asked], dtype=bool)
    return Windows(active, used, share, runs, span, need, recurring)


def _whole_periods(days: Array, start: int, window_days: float, last: int) -> int:
    """Periods that a run begun with `start` may take, at least one; 0 where they pass `last`."""
    fit = int(np.searchsorted(np.cumsum(days[start:]), window_days + 1e-9, side="right"))
    periods = max(1, fit)
    return periods if start + periods - 1 <= last else 0
