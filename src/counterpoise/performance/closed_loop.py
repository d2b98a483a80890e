"""Steady state of a serving engine: decode steps, the prefills that share them, and the queue before both.

All times are of one deployment; counts are of one attention replica.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from counterpoise.performance.estimate import Array
from counterpoise.performance.steps import (
    Blocks,
    Efficiencies,
    StepWork,
    blocks,
    decode_attention_s,
    step_seconds,
)

CHUNK_TOKENS = 8192.0
"""Most new tokens of a step: the default of vLLM and SGLang on large chips, and of TensorRT-LLM."""
MOST_AHEAD = 0.5
"""Of all users' prefills, ahead of one's own on average: half, where all start together."""
ROUNDS = 3
"""Secant rounds after the first two guesses of the batch: the rest is below 1e-4 of a time."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked at each point; arrays (points,).

    `users`: requests in flight per attention replica.  `new_tokens`: input tokens to compute, prefix hits
    taken off; `cached_tokens`: input tokens found in the prefix cache.  `slots`: sequences whose cache fits
    in one replica.  `draft_tokens`, `accepted_tokens`: verified and gained in one step (1 without drafts).
    `experts`: 1 where attention replicas share experts, else 0.  `wait_steps`: decode steps that a request
    waits before its prefill, by a setting of the engine.
    """

    users: Array
    new_tokens: Array
    cached_tokens: Array
    output_tokens: Array
    slots: Array
    draft_tokens: Array
    accepted_tokens: Array
    experts: Array
    wait_steps: Array | float = 0.0


@dataclass(frozen=True, slots=True)
class State:
    """Answer at each point; arrays (points,).  `batch`: decoding sequences per attention replica."""

    ttft_s: Array
    tpot_s: Array
    batch: Array
    prefill_s: Array
    decode_s: Array


def closed_loop(work: StepWork | Blocks, e: Efficiencies, q: Question, near: Array | None = None) -> State:
    """Steady state with a constant number of users, each sending its next request when one ends.

    TPOT = (1 - s) T(B, 0) + s T(B, I), s = ι (1 - φ) (B/O) dp^γ: of a request's O steps each, B/O are shared
    with the prefill of a request that starts; where more than one starts in a step they share it.
    B = N · O·TPOT / (O·TPOT + TTFT) (Little's law), by the secant method on log B.
    TTFT = constant + r · step + own prefill + φ (N - 1) · prefill + queue + request · N: users who start
    together, and the wait for prefills already running (M/D/1).  What exceeds `slots` waits.
    φ = φ0 · x / (1 + x), x = N · prefill / (stagger · O · T(B, 0)): users whose requests end together start
    together again, unless the ends spread over more time than all their prefills take.
    `near` is the batch of almost the same points, where it is known: two rounds are enough then.
    """
    users = np.maximum(np.minimum(q.users, q.slots), 1e-9)
    loop = _Loop(work, e, q, users)
    first = np.log(users if near is None else near)
    round_ = loop.at(first)
    gap = round_.wanted - first
    # The batch wanted falls with the batch held, mildly: a step of the whole gap is a good first guess.
    second = first + gap
    for _ in range(1 if near is not None else ROUNDS):
        round_ = loop.at(second)
        gap_now = round_.wanted - second
        moved = second - first
        slope = np.where(np.abs(moved) > 1e-9, (gap_now - gap) / np.where(moved == 0, 1.0, moved), -1.0)
        step = np.clip(-gap_now / np.minimum(slope, -0.3), -1.5, 1.5)
        first, gap, second = second, gap_now, np.minimum(second + step, np.log(users))
    steps = loop.steps
    waiting = np.maximum(q.users - users, 0.0) / users * (steps * round_.tpot_steps + round_.ttft)
    tpot = round_.tpot_steps / q.accepted_tokens
    return State(round_.ttft + waiting, tpot, np.exp(first), loop.prefill_s, round_.decode_s)


@dataclass(frozen=True, slots=True)
class _Round:
    """Times with one batch held, seconds, and the logarithm of the batch that Little's law then wants."""

    decode_s: Array
    tpot_steps: Array
    ttft: Array
    wanted: Array


class _Loop:
    """A closed loop whose parts that do not depend on the batch are computed once."""

    def __init__(self, work: StepWork | Blocks, e: Efficiencies, q: Question, users: Array) -> None:
        self.blocks = work if isinstance(work, Blocks) else blocks(work)
        self.work, self.e, self.q, self.users = self.blocks.work, e, q, users
        self.context = q.new_tokens + q.cached_tokens + q.output_tokens / 2
        self.own_context = q.cached_tokens + q.new_tokens / 2
        self.steps = np.maximum(q.output_tokens / q.accepted_tokens, 1.0)
        self.lockstep = np.where(q.experts > 0, self.work.dp, 1.0) ** e["lockstep"]
        self.others = 1 - 1 / np.maximum(users * np.where(q.experts > 0, self.work.dp, 1.0), 1.0)
        self.prefill_s = e["level"] * step_seconds(
            self.blocks,
            e,
            decode=np.zeros(users.shape),
            context=self.context,
            prefill=q.new_tokens,
            prefill_context=self.own_context,
        )
        together = np.maximum(CHUNK_TOKENS / q.new_tokens, 1.0)
        self.shared_prefill_s = e["level"] * step_seconds(
            self.blocks, e, decode=np.zeros(users.shape), context=self.context,
            prefill=q.new_tokens * together, prefill_context=self.own_context, prefill_sequences=together,
        ) / together  # fmt: skip

    def at(self, log_batch: Array) -> _Round:
        work, e, q, users = self.work, self.e, self.q, self.users
        batch = np.exp(log_batch)
        running = np.maximum(batch, np.minimum(users, 1.0))
        sequences = running / work.pp
        rows = sequences * (1.0 + q.draft_tokens)
        attending_s = decode_attention_s(self.blocks, e, sequences=sequences, rows=rows, context=self.context)
        decode_s = e["level"] * step_seconds(
            self.blocks, e, decode=running, context=self.context, draft_tokens=q.draft_tokens,
            attending_s=attending_s,
        )  # fmt: skip
        starts = batch * self.others / self.steps * self.lockstep
        at_once = np.maximum(starts, 1.0)
        mixed_s = e["level"] * step_seconds(
            self.blocks, e, decode=running, context=self.context, prefill=q.new_tokens * at_once,
            prefill_context=self.own_context, prefill_sequences=at_once, draft_tokens=q.draft_tokens,
            attending_s=attending_s,
        )  # fmt: skip
        all_prefills = users * self.prefill_s
        burst = np.minimum(e["burst"], MOST_AHEAD) * all_prefills
        burst = burst / (all_prefills + e["stagger"] * self.steps * decode_s)
        # A prefill that delayed the first token is over before the second: each is charged once.
        share = np.minimum(e["interference"] * (1 - burst) * np.minimum(starts, 1.0), 1.0)
        tpot_steps = (1 - share) * decode_s + share * mixed_s
        ttft = _first_token(self, burst, batch, decode_s, tpot_steps)
        spent = self.steps * tpot_steps
        # Prefills of all users take turns, however they are batched: none comes round faster than that.
        ttft = np.maximum(ttft, users * e["interference"] * self.shared_prefill_s - spent)
        return _Round(decode_s, tpot_steps, ttft, np.log(users * spent / (spent + ttft)))


def _first_token(loop: _Loop, burst: Array, batch: Array, decode_s: Array, tpot_steps: Array) -> Array:
    work, e, q, prefill_s = loop.work, loop.e, loop.q, loop.prefill_s
    busy = np.minimum(batch * loop.others / loop.steps * prefill_s / np.maximum(tpot_steps, 1e-12), 0.9)
    # A closed loop leaves at most N - 1 prompts ahead.
    queue = e["queue"] * np.minimum(busy / (2 * (1 - busy)), np.maximum(loop.users - 1, 0.0)) * prefill_s
    together = burst * np.maximum(loop.users - 1, 0.0) * prefill_s
    requests = e["request_s"] * q.users * np.where(q.experts > 0, work.dp, 1.0)
    own = e["ttft_s"] + (e["joins"] + q.wait_steps) * decode_s + e["prefill"] * prefill_s
    return np.asarray(own + together + queue + requests)


def static_batch(work: StepWork | Blocks, e: Efficiencies, q: Question, chunk: float = CHUNK_TOKENS) -> State:
    """One batch of `users` requests computed from start to end, with nothing joining.

    The prefill of the whole batch runs in chunks of at most `chunk` tokens; then output_tokens - 1 decode
    steps.  Where the caches of the batch do not fit, it runs in waves of `slots`.
    """
    b = work if isinstance(work, Blocks) else blocks(work)
    wave = np.maximum(np.minimum(q.users, q.slots), 1e-9)
    context = q.new_tokens + q.cached_tokens + q.output_tokens / 2
    total = wave * q.new_tokens
    pieces = np.maximum(np.ceil(total / chunk), 1.0)
    prefill_s = (
        pieces
        * e["level"]
        * step_seconds(
            b,
            e,
            decode=np.zeros(wave.shape),
            context=context,
            prefill=total / pieces,
            prefill_context=q.cached_tokens + q.new_tokens / 2,
            prefill_sequences=np.maximum(wave / pieces, 1.0),
            prefill_ranks=np.where(q.experts > 0, b.work.dp, 1.0),
        )
    )
    decode_s = e["level"] * step_seconds(b, e, decode=wave, context=context, draft_tokens=q.draft_tokens)
    ttft = e["ttft_s"] + e["prefill"] * prefill_s
    return State(ttft, decode_s / q.accepted_tokens, wave, prefill_s, decode_s)
