"""A table of points in parts that stay in the processor's cache, on the cores at hand.

A table of a million points in one piece goes to memory and back for every operation.  Parts of a few thousand
stay in the second-level cache, bound what the intermediate results take, and run on several threads, since
numpy lets go of the interpreter while it computes.  Every operation is elementwise over points, so where
the cuts are and who computes a part does not change a bit of the answer.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from counterpoise.performance.estimate import Array

T = TypeVar("T")

PART_POINTS = 8192
"""Most points of a part on one thread: ten or so arrays alive at once, of eight operators each, are 5 MB."""
THREAD_PARTS = 4
"""Times as many on several: each operation must outlast the hand-over of the interpreter, or threads wait
more than they compute (two of them: 0.75 times one thread at 4,096 points, 1.7 at 32,768)."""
MOST_THREADS = 8
"""Beyond this the interpreter between two operations, which one thread at a time may use, is the limit."""


def column(values: ArrayLike, shape: tuple[int, ...]) -> Array:
    """`values` broadcast to `shape`, as one read-only row (points,); a single value takes no memory."""
    x = np.asarray(values, float)
    points = int(np.prod(shape))
    if x.size == 1:
        return np.broadcast_to(x.reshape(1), (points,))
    return np.broadcast_to(x, shape).reshape(points)


def parts_of(points: int, most: int | None = None) -> list[slice]:
    """Cut a table of `points` in parts of equal size within one, of at most `most` (`PART_POINTS`) points."""
    count = -(-points // (most or PART_POINTS))
    edges = [points * k // count for k in range(count + 1)] if count else []
    return [slice(a, b) for a, b in pairwise(edges)]


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def each_part(points: int, answer: Callable[[slice], T], *, threads: int | None = None) -> list[T]:
    """`answer` of each part of a table of `points`, in order; `threads` None: a thread a core.

    A table that gives no two threads a part is answered where it was asked for.  What a part raises is
    raised here, of several that of the first.
    """
    parts = parts_of(points, THREAD_PARTS * PART_POINTS)
    workers = min(len(parts), threads or min(cores(), MOST_THREADS))
    if workers < 2:
        return [answer(part) for part in parts_of(points)]
    from concurrent.futures import ThreadPoolExecutor  # small tables never need it

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(answer, parts))


def distinct(*columns: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of equal `columns` that differ: the first point of each, and which of them each point has.

    Columns of one value, and points that come in runs, are not sorted.
    """
    changes = np.zeros(columns[0].size, bool)
    changes[:1] = True
    for x in columns:
        changes[1:] |= x[1:] != x[:-1]
    starts = np.flatnonzero(changes)
    run_of = np.cumsum(changes) - 1
    if starts.size < 2:
        return starts, run_of
    table = np.stack([x[starts] for x in columns])
    order = np.lexsort(table[::-1])
    moved = np.concatenate([[True], (table[:, order[1:]] != table[:, order[:-1]]).any(axis=0)])
    row = np.empty(starts.size, np.intp)
    row[order] = np.cumsum(moved) - 1
    return starts[order[moved]], row[run_of]
