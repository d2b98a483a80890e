"""Steady state of a serving engine under Poisson arrivals: a rate of requests in place of constant users.

All times are of one deployment; counts and rates are of one attention replica.  Decoding requests share the
engine as in a generalised processor-sharing queue, whose mean does not depend on the mix of lengths (Cohen,
"The multiple phase service network with generalized processor sharing", Acta Informatica 12, 1979).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from counterpoise.performance.closed_loop import Question
from counterpoise.performance.estimate import Array
from counterpoise.performance.percentiles import Waiting
from counterpoise.performance.steps import (
    Blocks,
    Efficiencies,
    StepWork,
    blocks,
    decode_attention_s,
    step_seconds,
)

ROUNDS = 12
LIMIT_ROUNDS = 4
EDGE = 0.999
"""Share of the largest stable rate at which a point beyond it is computed, so that its figures are finite."""

MOST_BUSY = 0.98
"""Share of an engine's time that prefills take at most; a stable rate leaves some for decode."""


@dataclass(frozen=True, slots=True)
class OpenState:
    """Answer at each point; arrays (points,).

    `rate`: requests a second computed, at most `EDGE` of `largest_rate`, beyond which no steady state exists.
    `batch`: decoding requests, `in_flight`: all requests, both means over time.  `first`: how TTFT spreads
    over requests.  `tpot_spread`: log standard deviation of TPOT that the changing batch causes.
    """

    ttft_s: Array
    tpot_s: Array
    batch: Array
    in_flight: Array
    rate: Array
    largest_rate: Array
    first: Waiting
    tpot_spread: Array


@dataclass(frozen=True, slots=True)
class _Steps:
    """Steps at a mean batch: without prefill, with `joined`, and their mean; `starts`: prefills a step.

    `attending_s`: attention of the `running` sequences.
    """

    running: Array
    attending_s: Array
    joined: Array
    decode_s: Array
    mixed_s: Array
    mean_s: Array
    starts: Array


def open_loop(
    work: StepWork | Blocks, e: Efficiencies, q: Question, rate: Array, length_cv: Array
) -> OpenState:
    """Steady state under Poisson arrivals of `rate` requests a second; `users` of `q` is not used.

    B = λ · O · TPOT(1 + B): a request shares its steps with itself and, by the arrival theorem, with the
    batch as it is on average; exact for a step time affine in the batch.  TPOT as in the closed loop, with
    λ · step prefills a step.  TTFT = constant + r · step + own prefill + wait for other prefills
    (`_prefill_wait`) + wait for a place (`_place_wait`) + request · requests in flight; no start-up burst.
    `length_cv`: coefficient of variation of the requests' lengths.  The largest stable rate is that of a
    batch which fills the `slots`, or of the host.
    """
    b = work if isinstance(work, Blocks) else blocks(work)
    steps = np.maximum(q.output_tokens / q.accepted_tokens, 1.0)
    prefill_s = e["level"] * step_seconds(
        b, e, decode=np.zeros(rate.shape), context=_context(q),
        prefill=q.new_tokens, prefill_context=_own_context(q),
    )  # fmt: skip
    full, full_s = _full(b, e, q, steps, prefill_s)
    full_rate = full / (steps * full_s)
    host_s = e["request_s"] * np.where(q.experts > 0, b.work.dp, 1.0)
    largest = np.minimum(full_rate, 1.0 / np.maximum(host_s, 1e-12))
    served = np.minimum(rate, EDGE * largest)
    batch = _mean_batch(b, e, q, steps, served, full, full_s)
    now = _steps(b, e, q, steps, batch)
    more = _steps(b, e, q, steps, 1.05 * batch)
    growth = np.clip((more.mean_s / now.mean_s - 1.0) / 0.05, 0.0, 0.98)  # d ln TPOT / d ln B

    tpot = now.mean_s / q.accepted_tokens
    decoding = served * steps * now.mean_s
    own = e["joins"] * now.decode_s + e["prefill"] * prefill_s
    other, other_variance = _prefill_wait(b, e, q, now, length_cv)
    occupied = np.minimum((decoding + served * own) / q.slots, 1.0)
    places = q.slots * (1 - growth)
    chance, place_s = _place_wait(occupied, served / full_rate, full_rate, places, length_cv)
    before_host = e["ttft_s"] + own + other + chance * place_s
    # The host's time grows with all requests in flight, those before their first token included.
    ttft = (before_host + host_s * decoding) / (1 - host_s * served)
    own_variance = (length_cv * e["prefill"] * prefill_s) ** 2
    return OpenState(
        ttft_s=ttft,
        tpot_s=tpot,
        batch=decoding,
        in_flight=served * ttft + decoding,
        rate=served,
        largest_rate=largest,
        first=Waiting(
            fixed_s=ttft - own - other - chance * place_s,
            body_s=own + other,
            body_variance=own_variance + other_variance,
            chance=chance,
            further_s=place_s,
        ),
        tpot_spread=_tpot_spread(decoding, growth),
    )


def _context(q: Question) -> Array:
    return q.new_tokens + q.cached_tokens + q.output_tokens / 2


def _own_context(q: Question) -> Array:
    return q.cached_tokens + q.new_tokens / 2


def _steps(b: Blocks, e: Efficiencies, q: Question, steps: Array, batch: Array) -> _Steps:
    """Step times seen by a request while `batch` decode on average, itself besides."""
    running = np.minimum(1.0 + batch, q.slots)
    lockstep = np.where(q.experts > 0, b.work.dp, 1.0) ** e["lockstep"]
    starts = batch / steps * lockstep
    # Poisson: the share of steps that carry any prefill, and how many those carry.
    carrying = -np.expm1(-starts)
    joined = np.where(starts > 1e-9, starts / np.maximum(carrying, 1e-300), 1.0)
    sequences = running / b.work.pp
    rows = sequences * (1.0 + q.draft_tokens)
    attending_s = decode_attention_s(b, e, sequences=sequences, rows=rows, context=_context(q))
    decode_s = e["level"] * step_seconds(
        b, e, decode=running, context=_context(q), draft_tokens=q.draft_tokens, attending_s=attending_s
    )
    mixed_s = _mixed_s(b, e, q, running, joined, attending_s)
    share = np.minimum(e["interference"] * carrying, 1.0)
    mean_s = (1 - share) * decode_s + share * mixed_s
    return _Steps(running, attending_s, joined, decode_s, mixed_s, mean_s, starts)


def _mixed_s(
    b: Blocks, e: Efficiencies, q: Question, running: Array, joined: Array, attending_s: Array
) -> Array:
    """Time of a step in which `running` decode, at `attending_s`, and `joined` prompts are computed."""
    return np.asarray(
        e["level"]
        * step_seconds(
            b, e, decode=running, context=_context(q), draft_tokens=q.draft_tokens,
            prefill=q.new_tokens * joined, prefill_context=_own_context(q), prefill_sequences=joined,
            attending_s=attending_s,
        )
    )  # fmt: skip


def _full(b: Blocks, e: Efficiencies, q: Question, steps: Array, prefill_s: Array) -> tuple[Array, Array]:
    """Decoding requests when every slot is taken, some by prefills under way, and their mean step time."""
    batch = q.slots
    now = _steps(b, e, q, steps, batch)
    for _ in range(LIMIT_ROUNDS):
        spent = steps * now.mean_s
        hold = e["joins"] * now.decode_s + e["prefill"] * prefill_s
        batch = np.sqrt(batch * q.slots * spent / (spent + hold))
        now = _steps(b, e, q, steps, batch)
    return batch, now.mean_s


def _mean_batch(
    b: Blocks, e: Efficiencies, q: Question, steps: Array, rate: Array, full: Array, full_s: Array
) -> Array:
    """Root of λ · O · TPOT(1 + B) - B between an idle engine and a full one, by the Illinois method.

    `full_s`: mean step time with the batch `full`.
    """

    def excess(batch: Array) -> Array:
        return np.asarray(rate * steps * _steps(b, e, q, steps, batch).mean_s - batch)

    low, high = np.zeros(rate.shape), full
    above, below = excess(low), np.minimum(rate * steps * full_s - full, 0.0)
    middle, last = high, np.zeros(rate.shape)
    for _ in range(ROUNDS):
        middle = np.clip(low + (high - low) * above / np.maximum(above - below, 1e-300), low, high)
        value = excess(middle)
        side = np.where(value > 0, 1.0, -1.0)
        # The end that stays put for a second time is weighed half, so that both ends move (Illinois).
        half = np.where(side == last, 0.5, 1.0)
        below = np.where(side > 0, below * half, value)
        above = np.where(side > 0, value, above * half)
        low, high, last = np.where(side > 0, middle, low), np.where(side > 0, high, middle), side
    return middle


def _prefill_wait(
    b: Blocks, e: Efficiencies, q: Question, now: _Steps, length_cv: Array
) -> tuple[Array, Array]:
    """Mean and variance of the time a first token waits for other requests' prefills, and for its step.

    A step takes p for each request that arrived during the step before, and what decode takes besides; p is
    the time of a further prompt where some have joined, since the first may hide behind reading weights.
    With ρ = λ p, Var(s) = p ρ s (1 + cv^2)/(1 - ρ^2).  An arrival falls in a step by its length, waits for
    half of it (half a decode step is in r · step already) and shares its own step with all that came during
    the one before.  The variance takes steps for gamma-distributed.
    """
    further_s = _mixed_s(b, e, q, now.running, 2 * now.joined, now.attending_s) - now.mixed_s
    each = np.minimum(e["interference"], 1.0) * further_s / now.joined
    s = now.mean_s
    busy = np.minimum(each * now.starts / s, MOST_BUSY)
    mixed = each * busy * (1 + length_cv * length_cv)
    variance = mixed * s / (1 - busy * busy)
    met = s + variance / s
    met_variance = variance + (variance / s) ** 2
    wait = met * (0.5 + busy) - now.decode_s / 2
    return wait, met_variance * (1 / 3 + busy + busy * busy) + met * met / 12 + mixed * met


def _place_wait(
    occupied: Array, load: Array, full_rate: Array, places: Array, length_cv: Array
) -> tuple[Array, Array]:
    """Chance of having to wait for one of `places` in the cache, and the mean wait of those who do.

    M/G/c by Sakasegawa, "An approximation formula L_q = α ρ^β/(1 - ρ)", Annals of the Institute of
    Statistical Mathematics 29, 1977; the chance that all are taken from the share `occupied` (a full engine
    is faster for each request than c engines in a row), the drain from the share `load` of the full rate.
    """
    chance = occupied ** (np.sqrt(2 * (np.maximum(places, 1.0) + 1)) - 1)
    return chance, (1 + length_cv * length_cv) / 2 / ((1 - load) * full_rate)


def _tpot_spread(batch: Array, growth: Array) -> Array:
    """Log standard deviation of TPOT over requests, from the batch that each of them met.

    Processor sharing with a step time affine in the batch holds a negative binomial number of requests, of
    variance B/(1 - g), g = d ln TPOT / d ln B; a request averages it over its life, 1 - g relaxation times.
    """
    ease = 1 - growth
    averaged = 2 * (ease + np.expm1(-ease)) / (ease * ease)
    # A request is always in the batch that it meets: one is the fewest that vary.
    return np.asarray(growth * np.sqrt(averaged / (np.maximum(batch, 1.0) * ease)))
