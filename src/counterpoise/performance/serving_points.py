"""Figures of serving at some points of a table: room, steady state, percentiles, memory and power."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from counterpoise.catalogue.records import Chip
from counterpoise.performance.capacity import Capacity, capacity
from counterpoise.performance.closed_loop import Question, State, closed_loop
from counterpoise.performance.estimate import Array
from counterpoise.performance.feasibility import Texts, unstable, why_not
from counterpoise.performance.layout_work import LayoutWork
from counterpoise.performance.open_loop import OpenState, open_loop
from counterpoise.performance.operating_points import Points
from counterpoise.performance.percentiles import at_percentile, waiting_percentile
from counterpoise.performance.power import busy_seconds, chip_power_w
from counterpoise.performance.steps import Blocks, Efficiencies

FIGURES = (
    "ttft_s", "tpot_s", "ttft_percentile_s", "tpot_percentile_s", "requests_per_s", "output_tokens_per_s",
    "batch", "memory_bytes", "kv_tokens", "power_w", "concurrency",
)  # fmt: skip
RATE_FIGURES = (*FIGURES, "largest_rate_per_s")
"""Figures that depend on the point, in users and by rate."""


@dataclass(frozen=True, slots=True)
class ServingPoints:
    """What all points of a table share, and the answer for some of them.

    `by_rate`: the load is a rate, else users.  `experts`: the model is a mixture of experts.  `efficiencies`:
    one value each; `tails`: log spread over requests of "ttft" and "tpot".
    """

    work: LayoutWork
    experts: bool
    engine: str
    percentile: float
    by_rate: bool
    efficiencies: Efficiencies
    tails: Mapping[str, float]

    def answer(self, p: Points) -> tuple[dict[str, Array], Texts]:
        """Figures of `ServingEstimate` at the points `p`, and why some of them cannot be."""
        model, chip, e = self.work.model, self.work.chip, self.efficiencies
        # Replicas of a dense model are independent.
        shared = p.dp if self.experts else np.broadcast_to(1.0, p.dp.shape)
        room = capacity(
            model, chip, weight_precision=self.work.weight_precision, kv_precision=self.work.kv_precision,
            tp=p.tp, pp=p.pp, dp=shared * p.cp if self.experts else shared, ep=p.ep,
            input_tokens=p.input_tokens, output_tokens=p.output_tokens, engine=self.engine,
        )  # fmt: skip
        # Each context-parallel chip caches its share of the tokens, so a replica holds that many times more.
        room = replace(room, slots=room.slots * p.cp)
        work = self.work.at(p.tp, p.pp, shared, p.ep, p.cp)
        question = Question(
            users=p.load / p.dp,
            new_tokens=np.maximum(p.input_tokens * (1 - p.cached_share), 1.0),
            cached_tokens=p.input_tokens * p.cached_share,
            output_tokens=p.output_tokens,
            slots=np.maximum(np.minimum(room.slots, p.max_sequences), 1.0),
            draft_tokens=p.draft_tokens,
            accepted_tokens=p.accepted_tokens,
            experts=np.full(p.tp.shape, float(self.experts)),
        )
        reason = why_not(model, p, room)
        if self.by_rate:
            state = open_loop(work, e, question, p.load / p.dp, p.length_cv)
            steady = _of_rate(p, state, self.percentile, self.tails)
            reason = unstable(reason, p, question.slots, state.largest_rate)
        else:
            steady = _of_users(p, closed_loop(work, e, question), self.percentile, self.tails)
        return _figures(chip, p, question, work, steady, room), reason


@dataclass(frozen=True, slots=True)
class _Steady:
    """Steady state under either load; arrays (points,), `requests_per_s` and `users` of the deployment."""

    ttft_s: Array
    tpot_s: Array
    ttft_percentile_s: Array
    tpot_percentile_s: Array
    batch: Array
    requests_per_s: Array
    users: Array
    largest_rate_per_s: Array | None = None


def _of_users(p: Points, state: State, percentile: float, tails: Mapping[str, float]) -> _Steady:
    return _Steady(
        state.ttft_s,
        state.tpot_s,
        at_percentile(state.ttft_s, percentile, tails["ttft"]),
        at_percentile(state.tpot_s, percentile, tails["tpot"]),
        state.batch,
        p.load / (state.ttft_s + p.output_tokens * state.tpot_s),
        p.load,
    )


def _of_rate(p: Points, state: OpenState, percentile: float, tails: Mapping[str, float]) -> _Steady:
    """TTFT's percentile from its queue and the mix of lengths, TPOT's from the batch or as measured."""
    return _Steady(
        state.ttft_s,
        state.tpot_s,
        waiting_percentile(state.first, percentile),
        at_percentile(state.tpot_s, percentile, np.maximum(state.tpot_spread, tails["tpot"])),
        state.batch,
        state.rate * p.dp,
        state.in_flight * p.dp,
        state.largest_rate * p.dp,
    )


def _figures(
    chip: Chip, p: Points, q: Question, work: Blocks, state: _Steady, room: Capacity
) -> dict[str, Array]:
    memory = room.memory
    held = np.minimum(state.batch / np.maximum(room.slots, 1e-9), 1.0) * memory.kv_cache_bytes
    compute, memory_share = busy_seconds(
        work,
        decode=state.batch,
        context=q.new_tokens + q.cached_tokens + p.output_tokens / 2,
        prefill_per_step=state.batch * q.accepted_tokens / p.output_tokens * q.new_tokens,
        prefill_context=q.cached_tokens + q.new_tokens / 2,
        draft_tokens=q.draft_tokens,
    )
    step = np.maximum(state.tpot_s * q.accepted_tokens, 1e-12)
    watts = chip_power_w(chip, np.minimum(compute / step, 1.0), np.minimum(memory_share / step, 1.0))
    figures = {
        "ttft_s": state.ttft_s,
        "tpot_s": state.tpot_s,
        "ttft_percentile_s": state.ttft_percentile_s,
        "tpot_percentile_s": state.tpot_percentile_s,
        "requests_per_s": state.requests_per_s,
        "output_tokens_per_s": state.requests_per_s * p.output_tokens,
        "batch": state.batch,
        "memory_bytes": memory.weights_bytes + memory.activation_bytes + memory.graph_bytes
        + memory.other_bytes + held,
        "kv_tokens": memory.kv_tokens * p.cp,
        "power_w": watts * p.tp * p.pp * p.dp * p.cp,
        "concurrency": state.users,
    }  # fmt: skip
    return (
        figures
        if state.largest_rate_per_s is None
        else figures | {"largest_rate_per_s": state.largest_rate_per_s}
    )
