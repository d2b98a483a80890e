"""Why a deployment cannot serve a point: weights, cache, context, or a rate that has no steady state."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from counterpoise.catalogue.records import Model
from counterpoise.performance.capacity import Capacity
from counterpoise.performance.estimate import Array
from counterpoise.performance.operating_points import Points

Texts = NDArray[np.object_]
WEIGHTS, CACHE, CONTEXT = range(3)


def why_not(model: Model, asked: Points, room: Capacity) -> Texts:
    """Reason of each point, with the figure that does not fit; "" where it fits; texts (points,)."""
    total = asked.input_tokens + asked.output_tokens
    lacking, crowded = room.missing_bytes > 0, room.slots < 1
    reasons = np.full(total.size, "", object)
    rows = np.flatnonzero(lacking | crowded | (total > model.max_position))
    if not rows.size:
        return reasons
    # Many points share a reason once its figures are rounded as they are printed: each is written once.
    lacking, crowded = lacking[rows], crowded[rows]
    cause = np.where(lacking, WEIGHTS, np.where(crowded, CACHE, CONTEXT))
    size = np.where(lacking, np.rint(room.memory.weights_bytes[rows] / 1e9), np.rint(total[rows]))
    excess = np.where(lacking, np.rint(room.missing_bytes[rows] / 1e8) / 10, 0.0)
    size = np.where(cause == CACHE, 0.0, size)
    found, which = np.unique(np.stack([cause, size, excess]), axis=1, return_inverse=True)
    texts = [_text(int(kind), a, b, model.max_position) for kind, a, b in found.T.tolist()]
    reasons[rows] = np.array(texts, object)[which]
    return reasons


def _text(cause: int, size: float, excess: float, longest: int) -> str:
    if cause == WEIGHTS:
        return f"weights of {size:.0f} GB a chip and the working memory exceed it by {excess:.1f} GB"
    if cause == CACHE:
        return "the cache of one request does not fit beside the weights"
    return f"{size:.0f} tokens exceed the model's context of {longest}"


def unstable(reasons: Texts, asked: Points, places: Array, largest_rate: Array) -> Texts:
    """Add the reason of points whose rate exceeds the largest stable one.

    `places`: requests that a replica holds; `largest_rate`: requests a second of a replica.
    """
    most = largest_rate * asked.dp
    rows = np.flatnonzero((asked.load > most) & (reasons == ""))
    if not rows.size:
        return reasons
    added = reasons.copy()
    added[rows] = [
        f"{rate:.3g} requests/s have no steady state: at most {limit:.3g}, {held:.0f} at once in a replica"
        for rate, limit, held in zip(
            asked.load[rows].tolist(), most[rows].tolist(), places[rows].tolist(), strict=True
        )
    ]
    return added
