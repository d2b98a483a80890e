"""Best of a few runs, in seconds of the wall clock."""

from __future__ import annotations

import time
from collections.abc import Callable


def best_s(run: Callable[[], object], repeats: int = 3) -> float:
    """Shortest of `repeats` runs."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return min(times)
