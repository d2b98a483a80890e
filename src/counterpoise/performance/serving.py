"""Serving deployments: latency and throughput of a model on chips, under constant users.

One call answers a table of points of one model on one chip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from counterpoise.catalogue.records import Chip, Model
from counterpoise.errors import Refused
from counterpoise.performance.calibration import Calibration, Condition, ParameterSet, shipped_calibration
from counterpoise.performance.capacity import UTILISATION, Capacity, capacity
from counterpoise.performance.closed_loop import Question, State, closed_loop
from counterpoise.performance.estimate import Array, ServingEstimate
from counterpoise.performance.percentiles import at_percentile
from counterpoise.performance.power import chip_power_w
from counterpoise.performance.steps import StepWork, ideal_seconds, step_work


@dataclass(frozen=True, slots=True)
class Points:
    """Operating points as equal float arrays (points,)."""

    tp: Array
    pp: Array
    dp: Array
    ep: Array
    concurrency: Array
    input_tokens: Array
    output_tokens: Array
    cached_share: Array


def points(shape: tuple[int, ...], **values: ArrayLike) -> Points:
    """Broadcast `values` to `shape` and flatten."""
    return Points(
        **{name: np.broadcast_to(np.asarray(v, float), shape).ravel().copy() for name, v in values.items()}
    )


def has_experts(model: Model) -> bool:
    """Whether any layer is a mixture of experts."""
    return any(g.feed_forward is not None and g.feed_forward.experts for g in model.layers)


def accepted_tokens(speculative: tuple[ArrayLike, ArrayLike] | None) -> tuple[Array, Array]:
    """Return (drafted, gained) tokens of a step for (acceptance rate, draft tokens); shapes broadcast.

    Each drafted token is accepted with probability a if all before it were:
    (1 - a^(d+1)) / (1 - a) tokens a step (Leviathan et al. 2023, eq. 1).
    """
    rate, drafted = np.broadcast_arrays(*(np.asarray(x, float) for x in speculative or (0.0, 0.0)))
    if not ((rate >= 0) & (rate <= 1) & (drafted >= 0)).all():
        raise Refused("an acceptance rate lies between 0 and 1, and drafted tokens are at least 0.")
    # expm1 keeps the quotient exact where the rate is next to 1.
    log_rate = np.log(np.clip(rate, 1e-300, 1.0))
    per_token = np.expm1(np.where(log_rate < 0, log_rate, -1.0))
    gained = np.where(log_rate < 0, np.expm1((drafted + 1) * log_rate) / per_token, drafted + 1)
    return drafted, gained


def estimate_serving(
    model: Model,
    chip: Chip,
    *,
    weight_precision: str,
    kv_precision: str,
    tp: ArrayLike,
    pp: ArrayLike = 1,
    dp: ArrayLike = 1,
    ep: ArrayLike = 1,
    concurrency: ArrayLike,
    input_tokens: ArrayLike,
    output_tokens: ArrayLike,
    cached_share: ArrayLike = 0.0,
    scale_up_chips: int,
    percentile: float = 50.0,
    engine: str = "generic",
    version: str = "",
    speculative: tuple[ArrayLike, ArrayLike] | None = None,
    calibration: Calibration | None = None,
    parameters: ParameterSet | None = None,
) -> ServingEstimate:
    """Steady state of a deployment of tp · pp · dp chips; `tp` .. `cached_share` and `speculative` broadcast.

    `concurrency` is the users of the whole deployment.  For a mixture of experts `dp` counts attention
    replicas that share the experts; for a dense model, independent replicas.  `cached_share` (0-1) of the
    input is found in the prefix cache.  `speculative`: (acceptance rate, draft tokens).  `parameters`
    replaces the calibration's full set (folds).
    Raises `Refused` where a fact that the answer needs is unknown.
    """
    arrays = np.broadcast_arrays(
        *(
            np.asarray(x, float)
            for x in (tp, pp, dp, ep, concurrency, input_tokens, output_tokens, cached_share)
        ),
        *accepted_tokens(speculative),
    )
    shape = arrays[0].shape
    *given, drafted, gained = arrays
    names = ("tp", "pp", "dp", "ep", "concurrency", "input_tokens", "output_tokens", "cached_share")
    p = points(shape, **dict(zip(names, given, strict=True)))
    known = calibration or shipped_calibration()
    condition = Condition(chip, model, engine, version, weight_precision)
    e = (parameters or known.sets["all"]).efficiencies(condition, p.tp.size)
    room = capacity(
        model, chip, weight_precision=weight_precision, kv_precision=kv_precision,
        tp=p.tp, pp=p.pp, dp=_shared(model, p.dp), ep=p.ep,
        input_tokens=p.input_tokens, output_tokens=p.output_tokens, engine=engine,
    )  # fmt: skip
    work = step_work(
        model, chip, weight_precision=weight_precision, kv_precision=kv_precision,
        tp=p.tp, pp=p.pp, dp=_shared(model, p.dp), ep=p.ep, scale_up_chips=scale_up_chips,
    )  # fmt: skip
    full = np.full(p.tp.shape, 1.0)
    question = Question(
        users=p.concurrency / p.dp,
        new_tokens=np.maximum(p.input_tokens * (1 - p.cached_share), 1.0),
        cached_tokens=p.input_tokens * p.cached_share,
        output_tokens=p.output_tokens,
        slots=np.maximum(room.slots, 1.0),
        draft_tokens=drafted.ravel() * full,
        accepted_tokens=gained.ravel() * full,
        experts=full * has_experts(model),
    )
    state = closed_loop(work, e, question)
    reason = _why_not(model, p, room)
    return _estimate(chip, p, shape, question, work, state, room, reason, percentile, known, condition)


def _shared(model: Model, dp: Array) -> Array:
    """Attention replicas that share experts: none in a dense model, whose replicas are independent."""
    return dp if has_experts(model) else np.ones(dp.shape)


def _why_not(model: Model, p: Points, room: Capacity) -> list[str]:
    lacking = room.missing_bytes > 0
    crowded = room.slots < 1
    total = p.input_tokens + p.output_tokens
    too_long = total > model.max_position
    if not (lacking | crowded | too_long).any():
        return [""] * p.tp.size
    return [
        f"weights of {weights / 1e9:.0f} GB a chip and the working memory exceed it by {missing / 1e9:.1f} GB"
        if missing > 0
        else "the cache of one request does not fit beside the weights"
        if full
        else f"{tokens:.0f} tokens exceed the model's context of {model.max_position}"
        if long
        else ""
        for weights, missing, full, long, tokens in zip(
            room.memory.weights_bytes, room.missing_bytes, crowded, too_long, total, strict=True
        )
    ]


def _estimate(
    chip: Chip,
    p: Points,
    shape: tuple[int, ...],
    q: Question,
    work: StepWork,
    state: State,
    room: Capacity,
    reason: Sequence[str],
    percentile: float,
    known: Calibration,
    condition: Condition,
) -> ServingEstimate:
    def shaped(x: Array) -> Array:
        return np.asarray(x).reshape(shape)

    life = state.ttft_s + p.output_tokens * state.tpot_s
    requests = p.concurrency / life
    memory = room.memory
    held = np.minimum(state.batch / np.maximum(room.slots, 1e-9), 1.0) * memory.kv_cache_bytes
    low, high = known.interval(condition)
    compute, memory_share = ideal_seconds(
        work,
        decode=state.batch,
        context=q.new_tokens + q.cached_tokens + p.output_tokens / 2,
        prefill_per_step=state.batch * q.accepted_tokens / p.output_tokens * q.new_tokens,
        prefill_context=q.cached_tokens + q.new_tokens / 2,
        draft_tokens=q.draft_tokens,
    )
    step = np.maximum(state.tpot_s * q.accepted_tokens, 1e-12)
    watts = chip_power_w(chip, np.minimum(compute / step, 1.0), np.minimum(memory_share / step, 1.0))
    tails = known.tails
    feasible: NDArray[np.bool_] = np.array([not r for r in reason]).reshape(shape)
    return ServingEstimate(
        ttft_s=shaped(state.ttft_s),
        tpot_s=shaped(state.tpot_s),
        ttft_percentile_s=shaped(at_percentile(state.ttft_s, percentile, tails["ttft"])),
        tpot_percentile_s=shaped(at_percentile(state.tpot_s, percentile, tails["tpot"])),
        requests_per_s=shaped(requests),
        output_tokens_per_s=shaped(requests * p.output_tokens),
        batch=shaped(state.batch),
        memory_bytes=shaped(
            memory.weights_bytes + memory.activation_bytes + memory.graph_bytes + memory.other_bytes + held
        ),
        kv_tokens=shaped(memory.kv_tokens),
        power_w=shaped(watts * p.tp * p.pp * p.dp),
        low80=low,
        high80=high,
        feasible=feasible,
        reason=tuple(reason),
        basis=known.basis(condition),
    )


__all__ = ["UTILISATION", "Points", "accepted_tokens", "estimate_serving", "has_experts", "points"]
