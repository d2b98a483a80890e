"""Speed, memory and power of a training run on given layouts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
from numpy.typing import ArrayLike, NDArray

from counterpoise.catalogue.records import Chip, Model
from counterpoise.errors import BadInput
from counterpoise.performance.estimate import Array, TrainingEstimate
from counterpoise.performance.memory import GIB, visible_memory_bytes
from counterpoise.performance.power import chip_power_w
from counterpoise.performance.training_calibration import (
    TrainingCalibration,
    TrainingCondition,
    shipped_training_calibration,
)
from counterpoise.performance.training_goodput import goodput_share
from counterpoise.performance.training_layout import RECOMPUTE, Layout, layout
from counterpoise.performance.training_memory import training_memory
from counterpoise.performance.training_software import year_of
from counterpoise.performance.training_step import StepTimes, step_times
from counterpoise.performance.training_work import TrainingWork, training_peak, training_work

METHODS = ("pretrain", "full", "lora")
MEMORY_BUSY = 0.5
"""Share of memory bandwidth in use while a chip computes a step.  Assumed; only power rests on it."""


def estimate_training(
    model: Model,
    chip: Chip,
    *,
    chips: ArrayLike,
    tp: ArrayLike = 1,
    pp: ArrayLike = 1,
    dp: ArrayLike | None = None,
    ep: ArrayLike = 1,
    cp: ArrayLike = 1,
    interleave: ArrayLike = 1,
    micro_batch: ArrayLike = 1,
    global_batch_sequences: ArrayLike | None = None,
    sequence_length: float = 4096,
    precision: str = "bf16",
    recompute: str | Sequence[str] = "selective",
    zero_stage: ArrayLike = 1,
    method: str = "pretrain",
    scale_up_chips: float | None = None,
    dispatch_overlap: bool = False,
    offloaded: bool = False,
    software_date: date | None = None,
    framework: str = "generic",
    calibration: TrainingCalibration | None = None,
    condition_key: str = "",
) -> TrainingEstimate:
    """Time of a training step, memory and power for layouts that broadcast to one table of points.

    `dp` None is chips / (tp · pp · cp).  `recompute` is "none" | "selective" | "full", one or one a layout.
    `method`: "pretrain", "full" (fine-tuning) or "lora".  `scale_up_chips` None is the chip's own domain.
    `dispatch_overlap` hides the expert exchange behind compute, as DualPipe does.  `offloaded`: the optimiser
    runs on the host.  `software_date` says how mature the software is on the chip's family and whether it
    fuses attention; None is the newest that was measured.  `framework` is a group
    the calibration knows; "generic" has no effect of its own.  `condition_key` keeps a measured condition
    out of the parameters that predict it.  Points that do not fit are computed too, with `feasible` False.
    Raises `Refused` where a fact is missing, `BadInput` for an unknown method, precision or recomputation.
    """
    if method not in METHODS:
        raise BadInput(f'unknown training method "{method}".', hint=f"It is one of {', '.join(METHODS)}.")
    codes = [_recompute_code(r) for r in ([recompute] if isinstance(recompute, str) else recompute)]
    table = layout(
        chips,
        tp,
        pp,
        dp,
        ep,
        cp,
        interleave,
        micro_batch,
        global_batch_sequences,
        zero_stage,
        np.array(codes),
    )
    return estimate_layouts(
        model,
        chip,
        table,
        sequence_length=sequence_length,
        precision=precision,
        method=method,
        scale_up_chips=scale_up_chips,
        dispatch_overlap=dispatch_overlap,
        offloaded=offloaded,
        software_date=software_date,
        framework=framework,
        calibration=calibration,
        condition_key=condition_key,
    )


def estimate_layouts(
    model: Model,
    chip: Chip,
    table: Layout,
    *,
    sequence_length: float,
    precision: str,
    method: str,
    scale_up_chips: float | None = None,
    scale_out_bytes_per_s: float | None = None,
    dispatch_overlap: bool = False,
    offloaded: bool = False,
    software_date: date | None = None,
    framework: str = "generic",
    version: str = "",
    number_format: str | None = None,
    calibration: TrainingCalibration | None = None,
    condition_key: str = "",
) -> TrainingEstimate:
    """`estimate_training` on a table of layouts; `number_format` is finer than `precision` ("mxfp8")."""
    fitted = calibration or shipped_training_calibration()
    domain = scale_up_chips or chip.value("scale_up_chips") or 1.0
    year = None if software_date is None else year_of(software_date)
    work = training_work(
        model,
        chip,
        table,
        sequence_length=sequence_length,
        precision=precision,
        method=method,
        scale_up_chips=domain,
        scale_out_bytes_per_s=scale_out_bytes_per_s,
        fused=fitted.software.fused(year),
        age_years=fitted.software.age_years(chip, year),
        offloaded=offloaded,
    )
    condition = TrainingCondition(chip, model, framework, version, number_format or precision, method)
    times = step_times(
        work, fitted.parameters(condition_key).efficiencies(condition), overlap_experts=dispatch_overlap
    )
    memory = training_memory(
        model,
        table,
        sequence_length=sequence_length,
        precision=precision,
        method=method,
        offloaded=offloaded,
    ).total_bytes
    feasible, reason = _feasible(model, chip, table, memory)
    low, high = fitted.interval(condition)
    return TrainingEstimate(
        step_s=times.step_s,
        tokens_per_s_per_chip=work.tokens / times.step_s / table.chips,
        mfu=work.model_flops / (times.step_s * table.chips * training_peak(chip, precision)),
        goodput_share=goodput_share(table.chips),
        memory_bytes=memory,
        power_w_per_chip=_power_w(chip, work, times),
        low80=low,
        high80=high,
        feasible=feasible,
        reason=reason,
        basis=fitted.basis(condition),
    )


def _recompute_code(name: str) -> float:
    if name not in RECOMPUTE:
        raise BadInput(f'unknown recomputation "{name}".', hint=f"It is one of {', '.join(RECOMPUTE)}.")
    return RECOMPUTE[name]


def _power_w(chip: Chip, work: TrainingWork, times: StepTimes) -> Array:
    """Power by the share of peak reached and of time computing; NaN where the chip's rating is not public."""
    if not chip.value("tdp_w"):
        return np.full(work.tokens.shape, np.nan)
    at_peak = work.micro_batches * (work.dense_s + work.expert_s + work.head_s + work.attention_s)
    busy = work.micro_batches * times.compute_s / times.step_s
    return chip_power_w(chip, at_peak / times.step_s, MEMORY_BUSY * np.minimum(busy, 1.0))


def _feasible(
    model: Model, chip: Chip, t: Layout, memory: Array
) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Which layouts can be: they divide chips and model and fit in memory; and why the others cannot."""
    depth = sum(g.count for g in model.layers)
    heads = max((g.attention.heads for g in model.layers if g.attention is not None), default=1)
    experts = max((g.feed_forward.experts for g in model.layers if g.feed_forward is not None), default=0)
    room = visible_memory_bytes(chip)
    g = "{:g}".format
    gib, room_gib = np.rint(memory / GIB).astype(int).tolist(), f"{room / GIB:.0f}"
    checks: tuple[tuple[NDArray[np.bool_], Callable[[int], str]], ...] = (
        (t.tp * t.pp * t.dp * t.cp != t.chips, lambda _: "TP, PP, DP and CP do not multiply to the chips"),
        (t.dp != np.floor(t.dp), lambda i: f"{g(t.chips[i])} chips are no whole number of replicas"),
        (t.tp > heads, lambda i: f"TP {g(t.tp[i])} is more than {heads} heads"),
        (
            t.pp * t.interleave > depth,
            lambda i: f"{g(t.pp[i] * t.interleave[i])} pipeline chunks, {depth} layers",
        ),
        (t.ep > max(experts, 1), lambda i: f"EP {g(t.ep[i])} is more than {experts} experts"),
        (t.ep > t.dp * t.cp * t.tp, lambda i: f"EP {g(t.ep[i])} is more than the chips of a pipeline stage"),
        (t.global_batch < t.dp * t.micro_batch, lambda _: "the batch is less than a micro-batch a replica"),
        (memory > room, lambda i: f"takes {gib[i]} GiB a chip, {room_gib} GiB are there"),
    )
    bad = np.zeros(t.tp.shape, bool)
    reason = [""] * t.tp.size
    for mask, why in checks:
        for i in np.flatnonzero(mask & ~bad):
            reason[i] = why(int(i))
        bad |= mask
    return ~bad, tuple(reason)
