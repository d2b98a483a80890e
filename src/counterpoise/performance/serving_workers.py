"""Users on separate prefill and decode workers: latency in the steady state of both roles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from counterpoise.catalogue.records import Chip, Model
from counterpoise.performance.calibration import Calibration, Condition, ParameterSet, shipped_calibration
from counterpoise.performance.capacity import capacity
from counterpoise.performance.closed_loop import MOST_AHEAD
from counterpoise.performance.serving_split import CHUNK_TOKENS, Pool, prepared_pool
from counterpoise.performance.steps import Efficiencies, StepWork, step_seconds


@dataclass(frozen=True, slots=True)
class SplitState:
    """Steady state of prefill and decode workers, seconds; `batch` is of a decode replica."""

    ttft_s: float
    tpot_s: float
    batch: float


def split_closed_loop(
    model: Model,
    chip: Chip,
    prefill: Pool,
    decode: Pool,
    *,
    prefill_workers: int,
    decode_workers: int,
    users: float,
    weight_precision: str,
    kv_precision: str,
    input_tokens: float,
    output_tokens: float,
    scale_up_chips: int,
    engine: str = "generic",
    version: str = "",
    campaign: str = "",
    calibration: Calibration | None = None,
    parameters: ParameterSet | None = None,
) -> SplitState:
    """Latency of `users` constant users on workers of each role, every worker a pool of its own.

    Decode steps share nothing with prefills.  A first token waits for its own prefill, for those under way
    (M/D/1 over all prefill replicas) and for the start-up burst; where prefill is the narrower role, users
    pile up before it: TTFT >= N · prefill / replicas - O · TPOT.  Prompts that wait are computed together, up
    to `CHUNK_TOKENS` a step.  The hand-over adds the cache over the network.
    """
    known = calibration or shipped_calibration()

    def prepared(pool: Pool) -> tuple[Calibration, Condition, Efficiencies, StepWork]:
        return prepared_pool(
            model, chip, pool, weight_precision, kv_precision, scale_up_chips, 1, engine, known, parameters,
            version, campaign,
        )  # fmt: skip

    _, _, e, first = prepared(prefill)
    later = prepared(decode)[3]
    room = capacity(
        model, chip, weight_precision=weight_precision, kv_precision=kv_precision,
        tp=later.tp, pp=later.pp, dp=later.dp, ep=later.ep,
        input_tokens=np.full(1, input_tokens), output_tokens=np.full(1, output_tokens), engine=engine,
    )  # fmt: skip
    one = np.ones(1)
    own = _prompt_s(first, e, input_tokens, 1.0, prefill.dp)
    # Prompts that wait share a step up to the engine's budget of tokens, and its fixed times and weights.
    queued = _prompt_s(first, e, input_tokens, max(CHUNK_TOKENS / input_tokens, 1.0), prefill.dp)
    replicas, decoders = prefill_workers * prefill.dp, decode_workers * decode.dp
    network = chip.value("scale_out_bandwidth_bytes_per_s") or chip.value("scale_up_bandwidth_bytes_per_s")
    cache = float((later.kv_bytes_per_token * later.pp)[0]) * input_tokens
    transfer = cache / network if network else 0.0
    batch = min(users / decoders, max(float(room.slots[0]), 1.0))
    ttft = tpot = 0.0
    value = {name: float(x[0]) for name, x in e.items()}
    for _ in range(12):
        context = (input_tokens + output_tokens / 2) * one
        tpot = value["level"] * float(step_seconds(later, e, decode=batch * one, context=context)[0])
        spent = output_tokens * tpot
        busy = min(users / (spent + ttft + own) * queued / replicas, 0.95)
        together = users / replicas * queued
        share = min(value["burst"], MOST_AHEAD) * together / (together + value["stagger"] * spent)
        burst = share * max(users / replicas - 1, 0.0) * queued
        queue = value["queue"] * busy / (2 * (1 - busy)) * queued
        ttft = value["ttft_s"] + value["joins"] * tpot + value["prefill"] * own + burst + queue + transfer
        ttft = max(ttft + value["request_s"] * users, users * queued / replicas - spent)
        fitting = min(users * spent / (spent + ttft) / decoders, max(float(room.slots[0]), 1.0))
        batch = (batch * fitting) ** 0.5
    held = batch * decoders * (spent + ttft) / spent
    return SplitState(ttft + max(users - held, 0.0) / held * (spent + ttft), tpot, batch)


def _prompt_s(work: StepWork, e: Efficiencies, input_tokens: float, prompts: float, replicas: int) -> float:
    """Prefill time of a prompt, seconds, where each attention replica takes in `prompts` of them a step."""
    one = np.ones(1)
    step = step_seconds(
        work,
        e,
        decode=0 * one,
        context=input_tokens * one,
        prefill=prompts * input_tokens,
        prefill_context=input_tokens / 2,
        prefill_sequences=prompts,
        prefill_ranks=float(replicas),
    )
    return float((e["level"] * step)[0]) / prompts
