"""What the predictors answer: arrays over operating points, one entry a point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ServingEstimate:
    """Steady state of a serving deployment; arrays of one shape, a point each.

    `ttft_s`, `tpot_s`: means.  `ttft_percentile_s`, `tpot_percentile_s`: at the percentile asked for.
    `requests_per_s`, `output_tokens_per_s`: of the whole deployment.  `batch`: decoding sequences per
    data-parallel replica.  `memory_bytes`: per chip; `kv_tokens`: capacity of one data-parallel replica.
    `power_w`: of all chips of the deployment, chips only.  `low80`, `high80`: factors on times that bound
    the 80 % interval.  `feasible`: False where it does not fit; `reason` says why ("" where it does).
    `basis`: in words, what the prediction rests on.  `concurrency`: users, or the mean number of requests
    in flight where a rate was asked for; `largest_rate_per_s`: the rate beyond which queues grow without
    end, None where users were asked for.
    """

    ttft_s: Array
    tpot_s: Array
    ttft_percentile_s: Array
    tpot_percentile_s: Array
    requests_per_s: Array
    output_tokens_per_s: Array
    batch: Array
    memory_bytes: Array
    kv_tokens: Array
    power_w: Array
    low80: float
    high80: float
    feasible: NDArray[np.bool_]
    reason: tuple[str, ...]
    basis: str
    concurrency: Array
    largest_rate_per_s: Array | None = None


@dataclass(frozen=True, slots=True)
class TrainingEstimate:
    """A training step; arrays of one shape, a point each.

    `tokens_per_s_per_chip` is while running; `goodput_share` what failures and checkpoints leave of it.
    """

    step_s: Array
    tokens_per_s_per_chip: Array
    mfu: Array
    goodput_share: Array
    memory_bytes: Array
    power_w_per_chip: Array
    low80: float
    high80: float
    feasible: NDArray[np.bool_]
    reason: tuple[str, ...]
    basis: str


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """Memory of a serving engine on each chip, bytes, as the engine reports it; arrays of one shape.

    `kv_tokens`: capacity of one attention replica; `sequences`: how many of the longest allowed fit in it.
    """

    weights_bytes: Array
    activation_bytes: Array
    graph_bytes: Array
    other_bytes: Array
    kv_cache_bytes: Array
    kv_bytes_per_token: Array
    kv_tokens: Array
    sequences: Array
