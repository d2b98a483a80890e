"""What is asked: serving and training workloads, with their floors and targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True)
class Routing:
    """`share` (0-1) of the requests may go to a model that meets only `quality` (benchmark -> percent)."""

    share: float
    quality: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Serving:
    """Tokens to serve under latency targets.

    `peak_requests_per_s` is the peak hour of the first period; demand grows by `growth_per_quarter`
    (0.15 = 15 %).  `profile`: 24 hourly loads as fractions of the peak.  `cached_prefix` is the share of
    input tokens that repeat a prefix already computed (usable once a prefix cache is adopted).
    `repeat_share` is the share of requests that an answer cache could serve.
    `percentile` is the one at which `ttft_s` and `tpot_s` must hold.
    `quality`: benchmark -> floor in percent.
    """

    id: str
    use_case: str
    peak_requests_per_s: float
    growth_per_quarter: float
    input_tokens: float
    output_tokens: float
    cached_prefix: float
    repeat_share: float
    profile: tuple[float, ...]
    ttft_s: float
    tpot_s: float
    percentile: float
    quality: Mapping[str, float]
    routing: Routing | None
    api_allowed: bool
    models: tuple[str, ...] = ()
    reserve_margin: float = 0.0
    unserved_usd_per_request: float | None = None


TrainingMethod = Literal["pretrain", "full", "lora"]


@dataclass(frozen=True, slots=True)
class Training:
    """A training run: `tokens` through `base`, once or every month or quarter.

    `within_days`: each run must end that many days after it starts.  A run that happens `every` = "once"
    is done between `start` and `deadline` (None: the horizon's ends).
    """

    id: str
    method: TrainingMethod
    base: str
    tokens: float
    every: Literal["once", "month", "quarter"]
    within_days: float | None
    sequence_length: int
    precision: str | None = None
    start: date | None = None
    deadline: date | None = None
    unserved_usd_per_run: float | None = None


Workload = Serving | Training
