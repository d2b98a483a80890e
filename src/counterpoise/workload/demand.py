"""Demand of serving workloads by quarter and block, and the blocks that represent their days best."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from counterpoise.workload.calendar import HOURS, DayBlock, Quarter, block_of
from counterpoise.workload.records import Serving

_EVEN_HOURS = HOURS**2
_RESOLUTION = 10**9


def peak_requests_per_s(
    workload: Serving, periods: Sequence[Quarter], blocks: Sequence[DayBlock]
) -> tuple[tuple[float, ...], ...]:
    """Requests/s in the busiest hour of each period (rows) and block (columns).

    The first period has the peak that the case states; it grows by `growth_per_quarter`, compounded.
    """
    busiest = [max(workload.profile[h] for h in block.hours_of_day) for block in blocks]
    growth = 1.0 + workload.growth_per_quarter
    return tuple(
        tuple(workload.peak_requests_per_s * growth**t * load for load in busiest)
        for t in range(len(periods))
    )


def mean_to_peak(workload: Serving, blocks: Sequence[DayBlock]) -> tuple[float, ...]:
    """Mean load of each block over its busiest hour, 0 to 1; 1 where the block has no load at all."""
    shares = []
    for block in blocks:
        loads = [workload.profile[h] for h in block.hours_of_day]
        shares.append(math.fsum(loads) / len(loads) / max(loads) if max(loads) > 0 else 1.0)
    return tuple(shares)


def day_blocks(workloads: Iterable[Serving], count: int) -> tuple[DayBlock, ...]:
    """Cut the day into `count` contiguous blocks that represent the workloads' profiles best.

    A block is planned at its busiest hour, so the cut that wastes least is the one that minimises

        sum over workloads w and blocks b of  weight_w · hours_b · max over h in b of profile_w(h)

    with the tokens/s of the workload's peak hour as its weight.  The day is a circle: a block may hold
    midnight.  Of cuts that are equal to 1e-9, the one with the most even blocks is taken, then the one that
    starts earliest.  The order of workloads, and one workload written as two halves, change nothing.
    """
    serving = list(workloads)
    loads = [w.peak_requests_per_s * (w.input_tokens + w.output_tokens) for w in serving]
    total = math.fsum(loads)
    weights = [load / total for load in loads] if total > 0 else []
    cost = [[0] * (HOURS + 1) for _ in range(HOURS)]
    for start in range(HOURS):
        busiest = [0.0] * len(weights)
        for length in range(1, HOURS + 1):
            hour = (start + length - 1) % HOURS
            busiest = [max(b, w.profile[hour]) for b, w in zip(busiest, serving, strict=False)]
            waste = length * math.fsum(weight * b for weight, b in zip(weights, busiest, strict=False))
            cost[start][length] = round(waste * _RESOLUTION) * _EVEN_HOURS + length**2
    starts = min(_best_cut(cost, first, count) for first in range(HOURS))[1]
    ends = (*starts[1:], starts[0] + HOURS)
    return tuple(block_of(tuple(h % HOURS for h in range(a, b))) for a, b in zip(starts, ends, strict=True))


def _best_cut(cost: list[list[int]], first: int, count: int) -> tuple[int, tuple[int, ...]]:
    """Cheapest cut of the circle into `count` blocks of which one starts at `first`: cost and starts.

    Dynamic programming over the hours after `first` (Bellman 1961, segmentation).
    """
    best: dict[int, tuple[int, tuple[int, ...]]] = {0: (0, ())}
    for done in range(1, count + 1):
        after: dict[int, tuple[int, tuple[int, ...]]] = {}
        for covered, (spent, starts) in best.items():
            for end in range(covered + 1, HOURS - (count - done) + 1):
                if done == count and end != HOURS:
                    continue
                start = (first + covered) % HOURS
                option = (spent + cost[start][end - covered], (*starts, first + covered))
                if end not in after or option < after[end]:
                    after[end] = option
        best = after
    return best[HOURS]
