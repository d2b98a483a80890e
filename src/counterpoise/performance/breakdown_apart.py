"""Where the time goes of a deployment whose prefill and decode run on workers of their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from counterpoise.catalogue.records import Chip, Model
from counterpoise.performance.breakdown import (
    CAUSES,
    NEVER,
    Explanation,
    Operation,
    joined_parts,
    prepared,
    split_step,
)
from counterpoise.performance.calibration import Calibration, Condition, ParameterSet, shipped_calibration
from counterpoise.performance.percentiles import at_percentile
from counterpoise.performance.serving_workers import SplitState, split_closed_loop
from counterpoise.performance.sizing_apart import pool
from counterpoise.performance.sizing_records import Apart


def explain_apart(
    model: Model, chip: Chip, operation: Operation, apart: Apart, calibration: Calibration | None = None
) -> Explanation:
    """Take the prediction of workers apart to pieces; the layout of `operation` is that of a decode worker.

    A token waits for nothing but its decode step here, so TPOT has one part.
    """
    known = calibration or shipped_calibration()
    condition = Condition(chip, model, operation.engine, operation.version, operation.weight_precision)
    full = known.sets["all"].of(condition)
    state = _state(model, chip, operation, apart, known, full)
    one = np.ones(1)
    context = (operation.input_tokens + operation.output_tokens / 2) * one
    later, kinds, e = prepared(model, chip, operation, full)
    decode = split_step(later, kinds, e, decode=state.batch * one, context=context)
    first, kinds, e = prepared(model, chip, replace(operation, layout=apart.prefill), full)
    prefill = split_step(
        first, kinds, e, decode=0 * one, context=context, prefill=operation.input_tokens,
        prefill_context=operation.input_tokens / 2, prefill_ranks=float(apart.prefill.dp),
    )  # fmt: skip
    rows: list[tuple[str, float, str]] = []
    left, base = state.ttft_s, dict(full.base)
    for name, parameters in CAUSES:
        base |= {p: NEVER for p in parameters if p in base}
        without = _state(model, chip, operation, apart, known, replace(full, base=base)).ttft_s
        rows.append((name, left - without, ""))
        left = without
    rows.append(("hand-over of the cache, and users piled up before it", left, ""))

    def late(mean: float, name: str) -> float:
        return float(at_percentile(np.array(mean), operation.percentile, known.tails[name]))

    return Explanation(
        decode_step=decode,
        prefill=prefill,
        tpot=joined_parts(state.tpot_s, [("decode step", state.tpot_s, "")]),
        ttft=joined_parts(state.ttft_s, [row for row in rows if abs(row[1]) > 1e-9 * state.ttft_s]),
        batch=state.batch,
        ttft_percentile_s=late(state.ttft_s, "ttft"),
        tpot_percentile_s=late(state.tpot_s, "tpot"),
    )


def _state(
    model: Model, chip: Chip, o: Operation, apart: Apart, known: Calibration, parameters: ParameterSet
) -> SplitState:
    return split_closed_loop(
        model, chip, pool(apart.prefill), pool(o.layout), prefill_workers=apart.prefill_workers,
        decode_workers=apart.decode_workers, users=o.concurrency or 1.0, weight_precision=o.weight_precision,
        kv_precision=o.kv_precision, input_tokens=o.input_tokens, output_tokens=o.output_tokens,
        scale_up_chips=o.scale_up_chips, engine=o.engine, version=o.version, calibration=known,
        parameters=parameters,
    )  # fmt: skip
