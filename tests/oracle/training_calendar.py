"""When training runs: the days, and what counts as all of the work, of each workload and period."""

from __future__ import annotations

import math
from dataclasses import dataclass

from counterpoise.planning.problem import Problem, TrainingDemand


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days of a training workload.

    `periods` in which it may run; in each `days_of_work[t]` days on which `whole_tokens` are to be trained
    (a run's, or all runs' of a period), done `repeats` times on `days_busy[t]` days in all.
    `spans`: for a run "once" with a window, the periods that a run begun in a period may take; else empty.
    """

    periods: tuple[int, ...]
    days_of_work: tuple[float, ...]
    days_busy: tuple[float, ...]
    whole_tokens: float
    repeats: float
    spans: dict[int, tuple[int, ...]]


def calendar(problem: Problem, work: TrainingDemand) -> Calendar:
    """Lay the runs of a workload out over the days of the periods."""
    days = tuple(p.days for p in problem.periods)
    periods = tuple(range(work.first_period, min(work.last_period, len(days) - 1) + 1))
    window = math.inf if work.window_days is None else work.window_days
    if work.runs_per_period > 0:
        busy = work.runs_per_period * window
        if all(busy <= d for d in days):
            n = len(days)
            return Calendar(periods, (window,) * n, (busy,) * n, work.tokens, work.runs_per_period, {})
        return Calendar(periods, days, days, work.tokens * work.runs_per_period, 1.0, {})
    if window >= sum(days[t] for t in periods):
        return Calendar(periods, days, days, work.tokens, 1.0, {})
    spans = {}
    for start in periods:
        span = [start]
        while span[-1] + 1 < len(days) and sum(days[t] for t in [*span, span[-1] + 1]) <= window + 1e-9:
            span.append(span[-1] + 1)
        if span[-1] in periods:
            spans[start] = tuple(span)
    # A window below the length of a period is a part of it; a longer one is made of whole periods.
    within = tuple(min(d, window) for d in days)
    return Calendar(periods, within, within, work.tokens, 1.0, spans)
