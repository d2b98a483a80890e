"""Time of decode steps: a table of batches and contexts of one model on one chip in one call."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from counterpoise.catalogue.records import Chip, Model
from counterpoise.performance.calibration import Calibration, Condition, ParameterSet, shipped_calibration
from counterpoise.performance.estimate import Array
from counterpoise.performance.layout_work import LayoutWork
from counterpoise.performance.steps import step_seconds
from counterpoise.performance.table_parts import column, each_part


def decode_step_s(
    model: Model,
    chip: Chip,
    *,
    weight_precision: str,
    kv_precision: str,
    tp: ArrayLike,
    pp: ArrayLike = 1,
    dp: ArrayLike = 1,
    ep: ArrayLike = 1,
    sequences: ArrayLike,
    context_tokens: ArrayLike,
    draft_tokens: ArrayLike = 0.0,
    scale_up_chips: int,
    engine: str = "generic",
    version: str = "",
    calibration: Calibration | None = None,
    parameters: ParameterSet | None = None,
    threads: int | None = None,
) -> Array:
    """Time of a step without prefill, seconds; `tp` .. `draft_tokens` broadcast to the shape returned.

    Each of the `sequences` of an attention replica, of `context_tokens` cached tokens (mean), advances by one
    token, or verifies `draft_tokens` more.  `dp` counts attention replicas that share the experts (1 for a
    dense model).  Whether the caches fit is not asked: see `estimate_serving`.  `parameters` replaces the
    calibration's full set; `threads` None: a thread a core where the table is large.

    Raises `Refused` where a fact that the time depends on is unknown.
    """
    asked = (tp, pp, dp, ep, sequences, context_tokens, draft_tokens)
    shape = np.broadcast_shapes(*(np.shape(x) for x in asked))
    rows = [column(x, shape) for x in asked]
    e = (parameters or (calibration or shipped_calibration()).sets["all"]).efficiencies(
        Condition(chip, model, engine, version, weight_precision), 1
    )
    work = LayoutWork(model, chip, weight_precision, kv_precision, scale_up_chips)
    seconds = np.empty(rows[0].size)

    def answer(part: slice) -> None:
        tp_, pp_, dp_, ep_, batch, context, drafted = (x[part] for x in rows)
        seconds[part] = e["level"] * step_seconds(
            work.at(tp_, pp_, dp_, ep_), e, decode=batch, context=context, draft_tokens=drafted
        )

    each_part(seconds.size, answer, threads=threads)
    return seconds.reshape(shape)
