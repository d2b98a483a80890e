"""The best operating points of a model on a chip under latency targets, over every parallel layout.

For each precision and layout the point of most requests per second that meets both targets at the percentile;
what does not fit, or cannot be fast enough, is refused with its figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from counterpoise.catalogue.records import Chip, Model
from counterpoise.errors import Refused
from counterpoise.performance.calibration import Calibration
from counterpoise.performance.estimate import Array, ServingEstimate
from counterpoise.performance.serving import estimate_serving, has_experts

CONCURRENCY = np.unique(np.round(2.0 ** np.arange(0, 11.26, 0.25)))
"""Users of one attention replica that are tried: four steps a doubling up to 2,435."""


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A deployment at its best point: latencies at the percentile asked for, power of its chips only.

    `n_chips` = tp · pp · dp.  `low80`, `high80` are factors on the times that bound the 80 % interval.
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


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was not offered, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Layout:
    """A parallel layout; `ep` chips share the experts, each on tp · dp / ep of them."""

    tp: int
    pp: int
    dp: int
    ep: int

    @property
    def chips(self) -> int:
        """Chips of the layout."""
        return self.tp * self.pp * self.dp


def supported_precisions(chip: Chip) -> tuple[str, ...]:
    """Weight precisions the chip computes in, and INT4, which any chip stores and multiplies in 16 bits."""
    native = tuple(p for p in ("bf16", "fp8", "int8", "fp4") if chip.peak_flops_per_s(p))
    return (*native, "int4")


def layouts(model: Model, *, scale_up_chips: int, chips_per_system: int, max_chips: int) -> list[Layout]:
    """Every layout of up to `max_chips`: tensor parallel inside a domain, pipeline over systems, and for a
    mixture of experts the experts over all chips, with attention replicas in any split of them.
    """
    found = []
    width = max(min(scale_up_chips, chips_per_system), 1)
    for tp in _divisors(model, width):
        for pp in (1, 2, 4, 8):
            if tp * pp <= max_chips and (pp == 1 or tp == width):
                found.append(Layout(tp, pp, 1, 1))
                if has_experts(model) and tp > 1 and pp == 1:
                    found.append(Layout(tp, 1, 1, tp))
        if has_experts(model):
            dp = 2
            while tp * dp <= min(max_chips, _fewest_experts(model)):
                found.append(Layout(tp, 1, dp, tp * dp))
                dp *= 2
    return sorted(set(found), key=lambda x: (x.chips, x.pp, x.dp, x.ep))


def _fewest_experts(model: Model) -> int:
    """Experts of the layer that has fewest: more chips cannot share them."""
    return min(g.feed_forward.experts for g in model.layers if g.feed_forward and g.feed_forward.experts)


def _divisors(model: Model, most: int) -> Iterator[int]:
    heads = [g.attention.heads for g in model.layers if g.attention is not None]
    tp = 1
    while tp <= most:
        if all(h % tp == 0 for h in heads):
            yield tp
        tp *= 2


@dataclass(frozen=True, slots=True)
class EngineFeatures:
    """What an engine is run with: share of the input found in its prefix cache, and drafting.

    `speculative`: (acceptance rate, draft tokens); None: no drafting.
    """

    cached_share: float = 0.0
    speculative: tuple[float, float] | None = None


def serving_options(
    model: Model,
    chip: Chip,
    *,
    cached_share: float = 0.0,
    speculative: tuple[float, float] | None = None,
    **asked: Any,  # noqa: ANN401  those of `serving_options_each`
) -> tuple[list[OperatingPoint], list[Refusal]]:
    """Best points under the targets, the most requests per chip first, and what is refused.

    The keywords are those of `serving_options_each`.
    """
    return serving_options_each(model, chip, features=[EngineFeatures(cached_share, speculative)], **asked)[0]


def serving_options_each(
    model: Model,
    chip: Chip,
    *,
    features: Sequence[EngineFeatures],
    scale_up_chips: int,
    chips_per_system: int,
    input_tokens: float,
    output_tokens: float,
    ttft_s: float,
    tpot_s: float,
    percentile: float = 50.0,
    precisions: Sequence[str] | None = None,
    kv_precisions: Sequence[str] | None = None,
    max_chips: int | None = None,
    engine: str = "generic",
    calibration: Calibration | None = None,
) -> list[tuple[list[OperatingPoint], list[Refusal]]]:
    """Best points and refusals for each of several engine features, in one table for each precision.

    `precisions` None: all that the chip supports.  `max_chips` None: four systems.
    """
    tried = layouts(
        model,
        scale_up_chips=scale_up_chips,
        chips_per_system=chips_per_system,
        max_chips=max_chips or 4 * chips_per_system,
    )
    if not chip.value("scale_up_bandwidth_bytes_per_s") and not chip.value("scale_out_bandwidth_bytes_per_s"):
        tried = [x for x in tried if x.chips == 1]
    elif not chip.value("scale_out_bandwidth_bytes_per_s"):
        tried = [x for x in tried if x.chips <= scale_up_chips]
    target = Target(ttft_s, tpot_s, percentile)
    supported = supported_precisions(chip)
    offered: list[list[OperatingPoint]] = [[] for _ in features]
    refused: list[list[Refusal]] = [[] for _ in features]
    for precision in precisions or supported:
        what = f"{model.name} {precision} on {chip.name}"
        if precision not in supported:
            for one in refused:
                one.append(Refusal(what, f"{chip.name} has no published {precision} matrix peak"))
            continue
        for kv in kv_precisions or ("bf16",):
            try:
                users, e = _table(
                    model, chip, precision, kv, tried, features, input_tokens, output_tokens,
                    scale_up_chips, percentile, engine, calibration,
                )  # fmt: skip
            except Refused as error:
                for one in refused:
                    one.append(Refusal(what, str(error)))
                break
            for f in range(len(features)):
                rows = slice(f * len(tried), (f + 1) * len(tried))
                found, why = _best(
                    e, users, rows, tried, f"{model.name} {precision}", precision, kv, chip, target
                )
                offered[f] += found
                refused[f] += [r for r in why if r not in refused[f]]
    return [
        (sorted(points, key=lambda o: -o.requests_per_s / o.n_chips), why)
        for points, why in zip(offered, refused, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Target:
    """Latencies asked for, at a percentile of the requests."""

    ttft_s: float
    tpot_s: float
    percentile: float


def _table(
    model: Model,
    chip: Chip,
    precision: str,
    kv: str,
    tried: list[Layout],
    features: Sequence[EngineFeatures],
    input_tokens: float,
    output_tokens: float,
    scale_up_chips: int,
    percentile: float,
    engine: str,
    calibration: Calibration | None,
) -> tuple[Array, ServingEstimate]:
    """Users and the estimate by row (all layouts with the first features, then the next) and concurrency."""
    rows = [(x, f) for f in features for x in tried]

    def column(values: Iterable[float]) -> Array:
        return np.array([[float(v)] for v in values])

    dp = column(x.dp for x, _ in rows)
    users = dp * CONCURRENCY[None, :]
    drafting = [f.speculative or (0.0, 0.0) for _, f in rows]
    e = estimate_serving(
        model, chip, weight_precision=precision, kv_precision=kv,
        tp=column(x.tp for x, _ in rows), pp=column(x.pp for x, _ in rows), dp=dp,
        ep=column(x.ep for x, _ in rows), concurrency=users,
        input_tokens=input_tokens, output_tokens=output_tokens,
        cached_share=column(f.cached_share for _, f in rows),
        scale_up_chips=scale_up_chips, percentile=percentile, engine=engine,
        speculative=(column(a for a, _ in drafting), column(d for _, d in drafting)),
        calibration=calibration,
    )  # fmt: skip
    return users, e


def _best(
    e: ServingEstimate,
    users: Array,
    rows: slice,
    tried: list[Layout],
    variant: str,
    precision: str,
    kv: str,
    chip: Chip,
    target: Target,
) -> tuple[list[OperatingPoint], list[Refusal]]:
    """Of each layout the point of most requests under the target; sizes that have none, with the reason."""
    meets = e.feasible & (e.ttft_percentile_s <= target.ttft_s) & (e.tpot_percentile_s <= target.tpot_s)
    rate = np.where(meets, e.requests_per_s, -1.0)
    best = rate.argmax(axis=1)
    found = []
    unserved: dict[int, list[int]] = {}
    for i, layout in enumerate(tried, start=rows.start):
        j = int(best[i])
        if rate[i, j] > 0:
            found.append(_point(e, i, j, layout, precision, kv, float(users[i, j])))
        else:
            unserved.setdefault(layout.chips, []).append(i)
    served = {p.n_chips for p in found}
    refused = [
        Refusal(f"{variant} on {chips} x {chip.name}", _reason(e, lacking, chip, chips, target))
        for chips, lacking in sorted(unserved.items())
        if chips not in served
    ]
    return found, _largest_that_lacks_memory(refused)


def _largest_that_lacks_memory(refused: list[Refusal]) -> list[Refusal]:
    """Of the sizes that do not fit, only the largest is worth saying."""
    small = [r for r in refused if r.why.startswith("weights")][:-1]
    return [r for r in refused if r not in small]


def _point(
    e: ServingEstimate, i: int, j: int, layout: Layout, precision: str, kv: str, users: float
) -> OperatingPoint:
    return OperatingPoint(
        precision=precision,
        kv_precision=kv,
        tp=layout.tp,
        pp=layout.pp,
        dp=layout.dp,
        ep=layout.ep,
        n_chips=layout.chips,
        concurrency=users,
        ttft_s=float(e.ttft_percentile_s[i, j]),
        tpot_s=float(e.tpot_percentile_s[i, j]),
        requests_per_s=float(e.requests_per_s[i, j]),
        output_tokens_per_s=float(e.output_tokens_per_s[i, j]),
        power_w=float(e.power_w[i, j]),
        memory_bytes_per_chip=float(e.memory_bytes[i, j]),
        low80=e.low80,
        high80=e.high80,
        basis=e.basis,
    )


def _reason(
    e: ServingEstimate,
    rows: list[int],
    chip: Chip,
    chips: int,
    target: Target,
) -> str:
    """Why none of the layouts `rows` of one size serves: the one that comes nearest speaks for them."""
    fits = [i for i in rows if e.feasible[i].any()]
    if not fits:
        least = min(rows, key=lambda i: float(e.memory_bytes[i, 0]))
        why: str = e.reason[least * e.feasible.shape[1]]
        if why.startswith("weights"):
            needed, there = (
                float(e.memory_bytes[least, 0]) * chips,
                (chip.value("memory_bytes") or 0.0) * chips,
            )
            return f"weights and working memory {needed / 1e9:,.0f} GB, {there / 1e9:,.0f} GB there"
        return why
    ttft_s, tpot_s = target.ttft_s, target.tpot_s
    asked = f"with one user, at the {target.percentile:g}th percentile"
    tpot = min(float(e.tpot_percentile_s[i][e.feasible[i]].min()) for i in fits)
    if tpot > tpot_s:
        return f"TPOT {asked} is {tpot * 1e3:.0f} ms, {tpot_s * 1e3:.0f} ms asked"
    ttft = min(float(e.ttft_percentile_s[i][e.feasible[i]].min()) for i in fits)
    if ttft > ttft_s:
        return f"TTFT {asked} is {ttft:.2f} s, {ttft_s:.2f} s asked"
    return f"no layout meets both targets: TPOT from {tpot * 1e3:.0f} ms, TTFT from {ttft:.2f} s"
