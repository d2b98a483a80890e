"""Steady state of a serving engine: decode steps, the prefills that share them, and the queue before both.

All times are of one deployment; counts are of one attention replica.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from counterpoise.performance.estimate import Array
from counterpoise.performance.steps import Efficiencies, StepWork, step_seconds

ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked at each point; arrays (points,).

    `users`: requests in flight per attention replica.  `new_tokens`: input tokens to compute, prefix hits
    taken off; `cached_tokens`: input tokens found in the prefix cache.  `slots`: sequences whose cache fits
    in one replica.  `draft_tokens`, `accepted_tokens`: verified and gained in one step (1 without drafts).
    `experts`: 1 where attention replicas share experts, else 0.
    """

    users: Array
    new_tokens: Array
    cached_tokens: Array
    output_tokens: Array
    slots: Array
    draft_tokens: Array
    accepted_tokens: Array
    experts: Array


@dataclass(frozen=True, slots=True)
class State:
    """Answer at each point; arrays (points,).  `batch`: decoding sequences per attention replica."""

    ttft_s: Array
    tpot_s: Array
    batch: Array
    prefill_s: Array
    decode_s: Array


def closed_loop(work: StepWork, e: Efficiencies, q: Question) -> State:
    """Steady state with a constant number of users, each sending its next request when one ends.

    TPOT = (1 - s) T(B, 0) + s T(B, I), s = ι (B/O) dp^γ: of a request's O steps each, B/O are shared with the
    prefill of a request that starts; where more than one starts in a step they share it.
    B = N · O·TPOT / (O·TPOT + TTFT) (Little's law).
    TTFT = constant + r · step + own prefill + φ (N - 1) · prefill + queue + request · N: the burst in which a
    closed loop starts, and the wait for prefills already running (M/D/1).  What exceeds `slots` waits.
    """
    context = q.new_tokens + q.cached_tokens + q.output_tokens / 2
    own_context = q.cached_tokens + q.new_tokens / 2
    users = np.maximum(np.minimum(q.users, q.slots), 1e-9)
    steps = np.maximum(q.output_tokens / q.accepted_tokens, 1.0)
    lockstep = np.where(q.experts > 0, work.dp, 1.0) ** e["lockstep"]
    batch = users
    level = e["level"]
    zero = np.zeros(work.tp.shape)
    prefill_s = level * step_seconds(
        work, e, decode=zero, context=context, prefill=q.new_tokens, prefill_context=own_context
    )
    decode_s = tpot_steps = ttft = zero
    for _ in range(ROUNDS):
        running = np.maximum(batch, np.minimum(users, 1.0))
        decode_s = level * step_seconds(work, e, decode=running, context=context, draft_tokens=q.draft_tokens)
        starts = np.where(users > 1, np.maximum(running - running / users, 0.0), 0.0) / steps * lockstep
        mixed_s = level * step_seconds(
            work,
            e,
            decode=running,
            context=context,
            prefill=q.new_tokens * np.maximum(starts, 1.0),
            prefill_context=own_context,
            prefill_sequences=np.maximum(starts, 1.0),
            draft_tokens=q.draft_tokens,
        )
        mixed_share = np.minimum(e["interference"] * np.minimum(starts, 1.0), 1.0)
        tpot_steps = (1 - mixed_share) * decode_s + mixed_share * mixed_s
        ttft = _first_token(work, e, q, users, running, steps, decode_s, tpot_steps, prefill_s)
        spent = steps * tpot_steps
        batch = np.sqrt(batch * users * spent / (spent + ttft))
    tpot = tpot_steps / q.accepted_tokens
    waiting = np.maximum(q.users - users, 0.0) / users * (steps * tpot_steps + ttft)
    return State(ttft + waiting, tpot, batch, prefill_s, decode_s)


def _first_token(
    work: StepWork,
    e: Efficiencies,
    q: Question,
    users: Array,
    running: Array,
    steps: Array,
    decode_s: Array,
    tpot_steps: Array,
    prefill_s: Array,
) -> Array:
    others = np.maximum(running - running / np.maximum(users, 1.0), 0.0)
    busy = np.minimum(others / steps * prefill_s / work.pp / np.maximum(tpot_steps, 1e-12), 0.9)
    queue = e["queue"] * busy / (2 * (1 - busy)) * prefill_s
    burst = e["burst"] * np.maximum(users - 1, 0.0) * prefill_s / work.pp
    requests = e["request_s"] * q.users * np.where(q.experts > 0, work.dp, 1.0)
    own = e["ttft_s"] + e["joins"] * decode_s + e["prefill"] * prefill_s
    return np.asarray(own + burst + queue + requests)


def static_batch(work: StepWork, e: Efficiencies, q: Question, chunk: float = 8192.0) -> State:
    """One batch of `users` requests computed from start to end, with nothing joining.

    The prefill of the whole batch runs in chunks of at most `chunk` tokens; then output_tokens - 1 decode
    steps.  Where the caches of the batch do not fit, it runs in waves of `slots`.
    """
    wave = np.maximum(np.minimum(q.users, q.slots), 1e-9)
    context = q.new_tokens + q.cached_tokens + q.output_tokens / 2
    total = wave * q.new_tokens
    pieces = np.maximum(np.ceil(total / chunk), 1.0)
    prefill_s = (
        pieces
        * e["level"]
        * step_seconds(
            work,
            e,
            decode=np.zeros(work.tp.shape),
            context=context,
            prefill=total / pieces,
            prefill_context=q.cached_tokens + q.new_tokens / 2,
            prefill_sequences=np.maximum(wave / pieces, 1.0),
            prefill_ranks=np.where(q.experts > 0, work.dp, 1.0),
        )
    )
    decode_s = e["level"] * step_seconds(work, e, decode=wave, context=context, draft_tokens=q.draft_tokens)
    ttft = e["ttft_s"] + e["prefill"] * prefill_s
    return State(ttft, decode_s / q.accepted_tokens, wave, prefill_s, decode_s)
