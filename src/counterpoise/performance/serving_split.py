"""Prefill and decode on separate workers: the rate of each pool, and the hand-over of the cache.

A prefill pool computes prompts in full chunks and nothing else; a decode pool advances a constant batch.
Both may run two micro-batches so that expert exchange hides behind compute (DeepSeek-V3 report, 3.4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from counterpoise.catalogue.records import Chip, Model
from counterpoise.performance.calibration import Calibration, Condition, ParameterSet, shipped_calibration
from counterpoise.performance.capacity import capacity
from counterpoise.performance.estimate import Array
from counterpoise.performance.serving import accepted_tokens, has_experts
from counterpoise.performance.steps import Efficiencies, StepWork, step_seconds, step_work

CHUNK_TOKENS = 8192.0
"""New tokens of a prefill step on each attention replica, as engines chunk prompts by default."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Workers of one role.  `dp` attention replicas of `tp` chips share experts over `ep` chips."""

    tp: int
    dp: int
    ep: int
    pp: int = 1

    @property
    def chips(self) -> int:
        """Chips of the pool."""
        return self.tp * self.dp * self.pp


@dataclass(frozen=True, slots=True)
class PrefillRate:
    """Rate of a prefill pool; arrays of the inputs' shape.  Input tokens count prefix hits, new ones do not.

    `low80`, `high80`: factors on the rate that bound the 80 % interval.
    """

    input_tokens_per_s: Array
    new_tokens_per_s: Array
    step_s: Array
    low80: float
    high80: float
    basis: str


@dataclass(frozen=True, slots=True)
class DecodeRate:
    """Rate of a decode pool; arrays.  `batch` is of one attention replica, `slots` what its cache holds."""

    output_tokens_per_s: Array
    tpot_s: Array
    batch: Array
    slots: Array
    low80: float
    high80: float
    basis: str


def estimate_prefill_pool(
    model: Model,
    chip: Chip,
    pool: Pool,
    *,
    weight_precision: str,
    kv_precision: str,
    input_tokens: ArrayLike,
    cached_share: ArrayLike = 0.0,
    scale_up_chips: int,
    chunk_tokens: float = CHUNK_TOKENS,
    overlap: bool = True,
    engine: str = "generic",
    calibration: Calibration | None = None,
    parameters: ParameterSet | None = None,
) -> PrefillRate:
    """Rate at which a pool computes prompts; `input_tokens` and `cached_share` (0-1) broadcast.

    A prefix hit costs no matrix products, but new tokens still attend to it.
    """
    length, cached = np.broadcast_arrays(np.asarray(input_tokens, float), np.asarray(cached_share, float))
    known, condition, e, work = prepared_pool(
        model,
        chip,
        pool,
        weight_precision,
        kv_precision,
        scale_up_chips,
        length.size,
        engine,
        calibration,
        parameters,
    )
    new = np.maximum((length * (1 - cached)).ravel(), 1.0)
    step = e["level"] * step_seconds(
        work,
        e,
        decode=np.zeros(length.size),
        context=length.ravel(),
        prefill=chunk_tokens * pool.pp,
        prefill_context=(length * cached).ravel() + new / 2,
        prefill_sequences=np.maximum(chunk_tokens / new, 1.0),
        prefill_ranks=float(pool.dp),
        overlap=overlap,
    )
    rate = e["server"] * chunk_tokens * pool.pp * pool.dp / step
    low, high = known.interval(condition, "rate")
    shape = length.shape
    return PrefillRate(
        input_tokens_per_s=(rate * length.ravel() / new).reshape(shape),
        new_tokens_per_s=rate.reshape(shape),
        step_s=step.reshape(shape),
        low80=low,
        high80=high,
        basis=known.basis(condition),
    )


def estimate_decode_pool(
    model: Model,
    chip: Chip,
    pool: Pool,
    *,
    weight_precision: str,
    kv_precision: str,
    context_tokens: ArrayLike,
    tpot_s: ArrayLike,
    scale_up_chips: int,
    overlap: bool = True,
    speculative: tuple[float, float] | None = None,
    engine: str = "generic",
    calibration: Calibration | None = None,
    parameters: ParameterSet | None = None,
) -> DecodeRate:
    """Rate of a pool whose users get a token each `tpot_s`, with `context_tokens` (mean) cached for each.

    The batch is the largest whose step is no slower, found by bisection, and no more than the cache holds.
    """
    context, limit = np.broadcast_arrays(np.asarray(context_tokens, float), np.asarray(tpot_s, float))
    n = context.size
    known, condition, e, work = prepared_pool(
        model, chip, pool, weight_precision, kv_precision, scale_up_chips, n, engine, calibration, parameters
    )
    drafted, gained = accepted_tokens(speculative)
    room = capacity(
        model, chip, weight_precision=weight_precision, kv_precision=kv_precision,
        tp=np.full(n, float(pool.tp)), pp=np.full(n, float(pool.pp)), dp=np.full(n, float(pool.dp)),
        ep=np.full(n, float(pool.ep)), input_tokens=context.ravel(), output_tokens=np.ones(n), engine=engine,
    )  # fmt: skip

    def tpot(batch: Array) -> Array:
        seconds = step_seconds(
            work, e, decode=batch, context=context.ravel(), draft_tokens=drafted, overlap=overlap
        )
        return np.asarray(e["level"] * seconds / gained)

    low, high = np.zeros(n), np.maximum(room.slots, 0.0)
    within = tpot(high) <= limit.ravel()
    for _ in range(40):
        middle = (low + high) / 2
        fast = tpot(middle) <= limit.ravel()
        low, high = np.where(fast, middle, low), np.where(fast, high, middle)
    batch = np.where(within, np.maximum(room.slots, 0.0), low)
    spent = tpot(batch)
    shape = context.shape
    below, above = known.interval(condition, "tpot")
    return DecodeRate(
        output_tokens_per_s=(batch * pool.dp / spent).reshape(shape),
        tpot_s=spent.reshape(shape),
        batch=batch.reshape(shape),
        slots=room.slots.reshape(shape),
        low80=below,
        high80=above,
        basis=known.basis(condition),
    )


def prepared_pool(
    model: Model,
    chip: Chip,
    pool: Pool,
    weight_precision: str,
    kv_precision: str,
    scale_up_chips: int,
    n: int,
    engine: str,
    calibration: Calibration | None,
    parameters: ParameterSet | None,
    version: str = "",
    campaign: str = "",
) -> tuple[Calibration, Condition, Efficiencies, StepWork]:
    """Calibration, condition, parameters and step work of a pool, for `n` equal points."""
    known = calibration or shipped_calibration()
    condition = Condition(chip, model, engine, version, weight_precision, campaign)
    e = (parameters or known.sets["all"]).efficiencies(condition, n)
    shared = pool.dp if has_experts(model) else 1
    layout = {"tp": pool.tp, "pp": pool.pp, "dp": shared, "ep": pool.ep}
    work = step_work(
        model,
        chip,
        weight_precision=weight_precision,
        kv_precision=kv_precision,
        scale_up_chips=scale_up_chips,
        **{name: np.full(n, float(value)) for name, value in layout.items()},
    )
    return known, condition, e, work
