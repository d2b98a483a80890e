"""The best training layout for each number of chips: most tokens a second that fit in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from counterpoise.catalogue.records import Chip, Model
from counterpoise.errors import Refused
from counterpoise.performance.estimate import Array, TrainingEstimate
from counterpoise.performance.memory import GIB
from counterpoise.performance.sizing import Refusal
from counterpoise.performance.training import estimate_layouts
from counterpoise.performance.training_calibration import TrainingCalibration
from counterpoise.performance.training_layout import RECOMPUTE, Layout, layout

PRETRAIN_TOKENS = {"dense": 16e6, "experts": 63e6}
"""Tokens of a step where the user gives none: Llama 3 405B's (arXiv 2407.21783, section 3.4.1) and
DeepSeek-V3's 15,360 sequences of 4,096 (arXiv 2412.19437, section 4.2)."""
TUNING_TOKENS = 5e5
"""The same for fine-tuning, 128 sequences of 4,096.  Assumed."""
MOST_CHIPS = 16384
LONG_SEQUENCE = 16384
"""Tokens from which context parallelism is tried."""


@dataclass(frozen=True, slots=True)
class TrainingPoint:
    """The best layout on `n_chips` chips.

    `tokens_per_s` is of all chips while running, `goodput_tokens_per_s` what failures and checkpoints leave;
    `power_w` of all chips, chips only.  `low80`, `high80` are factors on tokens per second.
    """

    precision: str
    tp: int
    pp: int
    dp: int
    ep: int
    cp: int
    micro_batch: int
    recompute: str
    zero_stage: int
    n_chips: int
    tokens_per_s: float
    goodput_tokens_per_s: float
    mfu: float
    power_w: float
    memory_bytes_per_chip: float
    low80: float
    high80: float
    basis: str
    interleave: int = 1


def training_options(
    model: Model,
    chip: Chip,
    *,
    scale_up_chips: int,
    chips_per_system: int,
    method: str,
    sequence_length: float,
    precision: str | None = None,
    chips: Sequence[int] | None = None,
    max_chips: int = MOST_CHIPS,
    global_batch_tokens: float | None = None,
    dispatch_overlap: bool = False,
    recomputes: Sequence[str] | None = None,
    software_date: date | None = None,
    framework: str = "generic",
    calibration: TrainingCalibration | None = None,
) -> tuple[list[TrainingPoint], list[Refusal]]:
    """Best layout by tokens per second for each number of chips, fewest first; and what was refused.

    `chips` None: parts of a system in powers of two, then whole systems doubled up to `max_chips`.
    `precision` None: FP8 for a model released in FP8 or FP4 on a chip that has it, else 16 bits.
    `dispatch_overlap`: the software hides expert exchange behind compute, as DualPipe does.
    `recomputes`: recomputations to try (None: all).  `software_date`: see `estimate_training`.
    """
    chosen = precision or usual_precision(model, chip)
    sizes = sorted(set(chips or chip_counts(chips_per_system, max_chips)))
    what = f"{model.name} {method} {chosen} on {chip.name}"
    batch_tokens = global_batch_tokens or usual_batch_tokens(model, method)
    try:
        table = layouts(model, sizes, scale_up_chips, sequence_length, batch_tokens, recomputes)
        estimate = estimate_layouts(
            model,
            chip,
            table,
            sequence_length=sequence_length,
            precision=chosen,
            method=method,
            scale_up_chips=scale_up_chips,
            dispatch_overlap=dispatch_overlap,
            software_date=software_date,
            framework=framework,
            calibration=calibration,
        )
    except Refused as refused:
        return [], [Refusal(what, str(refused))]
    points, refusals = [], []
    for size in sizes:
        rows = np.flatnonzero(table.chips == size)
        fitting = rows[estimate.feasible[rows]]
        if fitting.size:
            best = fitting[np.argmax(estimate.tokens_per_s_per_chip[fitting])]
            points.append(_point(chosen, table, estimate, int(best)))
        else:
            refusals.append(Refusal(f"{what} x {size}", _why(estimate, rows)))
    return points, refusals


def usual_precision(model: Model, chip: Chip) -> str:
    """FP8 where the model was released in FP8 or FP4 and the chip multiplies in it, else 16 bits."""
    low = model.native_precision in ("fp8", "fp4") and chip.peak_flops_per_s("fp8")
    return "fp8" if low else "bf16"


def usual_batch_tokens(model: Model, method: str) -> float:
    """Tokens of a step where the user gives none."""
    if method != "pretrain":
        return TUNING_TOKENS
    sparse = any(g.feed_forward is not None and g.feed_forward.experts for g in model.layers)
    return PRETRAIN_TOKENS["experts" if sparse else "dense"]


def chip_counts(chips_per_system: int, most: int) -> list[int]:
    """Numbers of chips worth trying: powers of two inside a system, then systems doubled."""
    counts = {2**k for k in range(15) if 2**k < chips_per_system}
    counts |= {chips_per_system * 2**k for k in range(15)}
    return sorted(n for n in counts if n <= most)


def layouts(
    model: Model,
    sizes: Sequence[int],
    scale_up_chips: int,
    sequence_length: float,
    batch_tokens: float,
    recomputes: Sequence[str] | None = None,
) -> Layout:
    """All layouts worth trying: TP inside a scale-up domain, PP plain and interleaved, EP, CP, ZeRO-1 or -3.

    The batch is the nearest number of sequences that all replicas share evenly.
    """
    depth = sum(g.count for g in model.layers)
    heads = max((g.attention.heads for g in model.layers if g.attention is not None), default=1)
    experts = max((g.feed_forward.experts for g in model.layers if g.feed_forward is not None), default=0)
    tps = [t for t in (1, 2, 4, 8) if t <= min(scale_up_chips, heads)]
    pps = [p for p in (1, 2, 4, 8, 16) if p <= depth]
    eps = [1, *(e for e in (8, 16, 32, 64, 128) if e <= experts and experts % e == 0)] if experts else [1]
    cps = [1, 2, 4, 8, 16] if sequence_length > LONG_SEQUENCE else [1]
    codes = [RECOMPUTE[name] for name in recomputes or RECOMPUTE]
    grid = np.meshgrid(sizes, tps, pps, eps, cps, [1, 2, 4], codes, [1, 3], indexing="ij")
    n, tp, pp, ep, cp, micro, recompute, zero = (g.ravel().astype(float) for g in grid)
    dp = n / (tp * pp * cp)
    batch = np.maximum(np.round(batch_tokens / sequence_length / np.maximum(dp, 1) / micro), 1.0) * dp * micro
    possible = (dp >= 1) & (dp == np.floor(dp)) & (ep <= dp * cp * tp)
    # A pipeline gathers weights once a micro-batch under ZeRO-3: never worth it.
    possible &= (zero < 3) | ((pp == 1) & (dp * cp > 1))
    # Too few sequences for so many replicas: a step would be more than twice the batch asked for.
    possible &= batch * sequence_length <= 2 * np.maximum(batch_tokens, n.min() * sequence_length)
    chunks = np.where(pp > 1, np.maximum(np.floor(depth / pp / 4), 1.0), 1.0)
    table = layout(n, tp, pp, dp, ep, cp, 1.0, micro, batch, zero, recompute).at(np.flatnonzero(possible))
    interleaved = replace(table, interleave=chunks[possible])
    more = np.flatnonzero(interleaved.interleave > 1)
    return _stacked(table, interleaved.at(more))


def _stacked(first: Layout, second: Layout) -> Layout:
    names = Layout.__dataclass_fields__
    return Layout(**{k: np.concatenate([getattr(first, k), getattr(second, k)]) for k in names})


def _point(precision: str, t: Layout, estimate: TrainingEstimate, i: int) -> TrainingPoint:
    def whole(values: Array) -> int:
        return int(values[i])

    speed = float(estimate.tokens_per_s_per_chip[i] * t.chips[i])
    names = {code: name for name, code in RECOMPUTE.items()}
    return TrainingPoint(
        precision=precision,
        tp=whole(t.tp),
        pp=whole(t.pp),
        dp=whole(t.dp),
        ep=whole(t.ep),
        cp=whole(t.cp),
        micro_batch=whole(t.micro_batch),
        recompute=names[float(t.recompute[i])],
        zero_stage=whole(t.zero_stage),
        n_chips=whole(t.chips),
        tokens_per_s=speed,
        goodput_tokens_per_s=speed * float(estimate.goodput_share[i]),
        mfu=float(estimate.mfu[i]),
        power_w=float(estimate.power_w_per_chip[i] * t.chips[i]),
        memory_bytes_per_chip=float(estimate.memory_bytes[i]),
        low80=estimate.low80,
        high80=estimate.high80,
        basis=estimate.basis,
        interleave=whole(t.interleave),
    )


def _why(estimate: TrainingEstimate, rows: NDArray[np.intp]) -> str:
    """Reason of the layout that comes nearest to fitting."""
    if not rows.size:
        return "no layout divides so many chips and shares the batch"
    least = rows[np.argmin(estimate.memory_bytes[rows])]
    return estimate.reason[int(least)] or f"{estimate.memory_bytes[int(least)] / GIB:.0f} GiB a chip"
