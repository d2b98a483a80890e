"""What a search for deployments is asked, and what it offers or refuses."""

from __future__ import annotations

from dataclasses import dataclass

from counterpoise.catalogue.records import Chip
from counterpoise.performance.estimate import Array, ServingEstimate
from counterpoise.performance.layouts import Layout


@dataclass(frozen=True, slots=True)
class Load:
    """What a deployment is asked to bear; with neither, every concurrency is tried.

    `concurrency`: constant users of the whole deployment.  `rate_per_s`: requests a second of all deployments
    together, arriving at random; the fewest that bear it are looked for.
    """

    concurrency: float | None = None
    rate_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class Apart:
    """Prefill workers beside those that decode: layout of each, and how many of either."""

    prefill: Layout
    prefill_workers: int
    decode_workers: int


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A deployment at one point: latencies at the percentile asked for, power of its chips only.

    `n_chips` = tp · pp · dp.  `low80`, `high80` are factors on the times that bound the 80 % interval.
    `batch`: requests that decode at a time, on one attention replica.  `replicas`: deployments that meet the
    rate asked for, 1 where none was.  `apart`: None where prefill and decode share their workers; otherwise
    the layout is that of a decode worker, and `n_chips` counts the workers of both roles.
    """

    precision: str
    kv_precision: str
    tp: int
    pp: int
    dp: int
    ep: int
    n_chips: int
    concurrency: float
    ttft_s: float
    tpot_s: float
    requests_per_s: float
    output_tokens_per_s: float
    power_w: float
    memory_bytes_per_chip: float
    low80: float
    high80: float
    basis: str
    batch: float = 0.0
    replicas: int = 1
    apart: Apart | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was not offered, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class EngineFeatures:
    """What an engine is run with: share of the input found in its prefix cache, and drafting.

    `speculative`: (acceptance rate, draft tokens); None: no drafting.
    """

    cached_share: float = 0.0
    speculative: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Latencies asked for, at a percentile of the requests."""

    ttft_s: float
    tpot_s: float
    percentile: float


@dataclass(frozen=True, slots=True)
class SizingTable:
    """Every layout that fits, at every concurrency, of one variant on one chip.

    `users` and the arrays of `estimate` have shape (rows, concurrencies), or (rows, `replicas`) where a rate
    is shared among them; the rows are all `layouts` with the first engine features, then all with the next.
    `unfit`: layouts that do not fit, what they lack, and the bytes that each chip would need.
    """

    variant: str
    chip: Chip
    precision: str
    kv_precision: str
    layouts: tuple[Layout, ...]
    users: Array
    estimate: ServingEstimate
    unfit: tuple[tuple[Layout, str, float], ...]
    replicas: tuple[int, ...] = ()

    def rows(self, feature: int) -> range:
        """Rows of the engine features number `feature`."""
        return range(feature * len(self.layouts), (feature + 1) * len(self.layouts))

    def point(self, i: int, j: int) -> OperatingPoint:
        """Row `i` at concurrency number `j`."""
        e, layout = self.estimate, self.layouts[i % len(self.layouts)]
        return OperatingPoint(
            precision=self.precision,
            kv_precision=self.kv_precision,
            tp=layout.tp,
            pp=layout.pp,
            dp=layout.dp,
            ep=layout.ep,
            n_chips=layout.chips,
            concurrency=float(self.users[i, j]),
            ttft_s=float(e.ttft_percentile_s[i, j]),
            tpot_s=float(e.tpot_percentile_s[i, j]),
            requests_per_s=float(e.requests_per_s[i, j]),
            output_tokens_per_s=float(e.output_tokens_per_s[i, j]),
            power_w=float(e.power_w[i, j]),
            memory_bytes_per_chip=float(e.memory_bytes[i, j]),
            low80=e.low80,
            high80=e.high80,
            basis=e.basis,
            batch=float(e.batch[i, j]),
            replicas=self.replicas[j] if self.replicas else 1,
        )
