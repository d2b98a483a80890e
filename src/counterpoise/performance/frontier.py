"""What a chip can do between speed for one user and throughput for all: the points nothing else beats."""

from __future__ import annotations

import numpy as np

from counterpoise.performance.sizing import OperatingPoint, SizingTable, Target


def frontier_points(table: SizingTable, target: Target, feature: int = 0) -> list[OperatingPoint]:
    """Points of `table` that no other beats in tokens/s per user and in tokens/s per chip, slowest first.

    Tokens/s per user is 1 / TPOT at the percentile.  The TTFT target holds at each point; the TPOT target
    does not, since it is what the frontier is about.
    """
    e, rows = table.estimate, table.rows(feature)
    here = slice(rows.start, rows.stop)
    chips = np.array([[float(x.chips)] for x in table.layouts])
    meets = e.feasible[here] & (e.ttft_percentile_s[here] <= target.ttft_s)
    i, j = np.nonzero(meets)
    if not i.size:
        return []
    speed = 1.0 / e.tpot_percentile_s[here][i, j]
    rate = (e.output_tokens_per_s[here] / chips)[i, j]
    return [table.point(int(i[k]) + rows.start, int(j[k])) for k in unbeaten(speed, rate)]


def unbeaten(first: np.typing.NDArray[np.float64], second: np.typing.NDArray[np.float64]) -> list[int]:
    """Positions that no other beats in both of two measures where more is better, by rising `first`."""
    kept: list[int] = []
    best = -np.inf
    # Falling in the first measure, a point stays where it is better in the second than all before it.
    for k in np.lexsort((-second, -first)):
        if second[k] > best:
            best = second[k]
            kept.append(int(k))
    return kept[::-1]
