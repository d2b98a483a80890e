"""Prefill and decode on workers of their own: which of each, how many, and for how many users.

Candidates come from one table of prefill times and one of decode steps over all layouts; the few that promise
most are then evaluated by `split_closed_loop`, the function whose error is known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from counterpoise.catalogue.records import Chip, Model
from counterpoise.errors import Refused
from counterpoise.performance.calibration import Calibration, Condition, shipped_calibration
from counterpoise.performance.capacity import Capacity, capacity
from counterpoise.performance.estimate import Array
from counterpoise.performance.layouts import Layout, layouts, reachable, supported_precisions
from counterpoise.performance.percentiles import at_percentile
from counterpoise.performance.power import chip_power_w
from counterpoise.performance.serving import has_experts
from counterpoise.performance.serving_split import CHUNK_TOKENS, Pool
from counterpoise.performance.serving_workers import SplitState, split_closed_loop
from counterpoise.performance.sizing import Apart, OperatingPoint, Refusal, Target
from counterpoise.performance.steps import Efficiencies, StepWork, ideal_seconds, step_seconds, step_work

BATCHES = np.unique(np.round(2.0 ** np.arange(0, 10.1, 0.5)))
"""Decoding requests of an attention replica that are tried."""
FINALISTS = 6
"""Pairs of workers, of each precision, that are evaluated in full."""
_BUSY = 0.85
"""Share of its rate at which a prefill worker is planned: beyond it the queue before it grows quickly."""
_MOST_WORKERS = 8


@dataclass(frozen=True, slots=True)
class Variant:
    """A model in one precision on one chip, with the lengths of its requests and how it is run."""

    model: Model
    chip: Chip
    precision: str
    kv_precision: str
    input_tokens: float
    output_tokens: float
    scale_up_chips: int
    engine: str
    version: str
    calibration: Calibration


@dataclass(frozen=True, slots=True)
class _Workers:
    """A choice of workers, and the users at which they are first tried."""

    prefill: Layout
    decode: Layout
    prefills: int
    decodes: int
    users: float

    @property
    def chips(self) -> int:
        return self.prefill.chips * self.prefills + self.decode.chips * self.decodes


@dataclass(frozen=True, slots=True)
class _Table:
    """Work, parameters and room of every layout that fits; row `row[layout]` of the arrays is a layout's."""

    kept: tuple[Layout, ...]
    work: StepWork
    e: Efficiencies
    slots: Array
    cache_bytes: Array
    other_bytes: Array

    def only(self, layout: Layout) -> tuple[int, StepWork, Efficiencies]:
        """Row of one layout, its work and its parameters."""
        row = self.kept.index(layout)
        return row, self.work.at(np.array([row])), {name: x[:1] for name, x in self.e.items()}


def apart_options(
    model: Model,
    chip: Chip,
    target: Target,
    *,
    scale_up_chips: int,
    chips_per_system: int,
    input_tokens: float,
    output_tokens: float,
    precisions: Sequence[str] | None = None,
    kv_precisions: Sequence[str] | None = None,
    max_chips: int | None = None,
    concurrency: float | None = None,
    engine: str = "generic",
    version: str = "",
    calibration: Calibration | None = None,
) -> tuple[list[OperatingPoint], list[OperatingPoint], list[Refusal]]:
    """Points of workers apart that meet both targets, all evaluated ones that meet TTFT's, and refusals.

    `concurrency`: users of all workers together; None: the number that serves most.
    """
    most = max_chips or 4 * chips_per_system
    tried = reachable(
        layouts(model, scale_up_chips=scale_up_chips, chips_per_system=chips_per_system, max_chips=most),
        chip,
        scale_up_chips,
    )
    tried = [x for x in tried if x.pp == 1]
    supported = supported_precisions(chip)
    found: list[OperatingPoint] = []
    edge: list[OperatingPoint] = []
    refused: list[Refusal] = []
    for precision in precisions or supported:
        what = f"{model.name} {precision} on {chip.name}, prefill and decode apart"
        if precision not in supported:
            refused.append(Refusal(what, f"{chip.name} has no published {precision} matrix peak"))
            continue
        for kv in kv_precisions or ("bf16",):
            variant = Variant(
                model, chip, precision, kv, input_tokens, output_tokens, scale_up_chips, engine, version,
                calibration or shipped_calibration(),
            )  # fmt: skip
            try:
                points = _points(variant, tried, target, most, concurrency)
            except Refused as error:
                refused.append(Refusal(what, str(error)))
                break
            edge += [p for p in points if p.ttft_s <= target.ttft_s]
            meets = [p for p in points if p.ttft_s <= target.ttft_s and p.tpot_s <= target.tpot_s]
            if not meets:
                refused.append(Refusal(what, _nearest(points, target)))
            found += _best_of_each(meets)
    return found, edge, refused


def _points(
    v: Variant, tried: Sequence[Layout], target: Target, most: int, concurrency: float | None
) -> list[OperatingPoint]:
    """Every point that was evaluated."""
    if not v.chip.value("scale_out_bandwidth_bytes_per_s") and not v.chip.value(
        "scale_up_bandwidth_bytes_per_s"
    ):
        raise Refused(f"{v.chip.name} has no published interconnect, over which the cache would be handed on")
    room = _room(v, tried)
    fits = (room.missing_bytes <= 0) & (room.slots >= 1)
    kept = [x for x, ok in zip(tried, fits, strict=True) if ok]
    if not kept:
        raise Refused(f"no worker of up to {most} chips holds the weights and one request")
    work, e = _work(v, kept)
    m = room.memory
    other = m.weights_bytes + m.activation_bytes + m.graph_bytes + m.other_bytes
    table = _Table(tuple(kept), work, e, room.slots[fits], m.kv_cache_bytes[fits], other[fits])
    candidates = _candidates(v, table, target, most)
    if not candidates:
        fastest = float(_decode_s(v, work, e, np.ones(len(kept))).min())
        tpot = float(at_percentile(np.array(fastest), target.percentile, v.calibration.tails["tpot"]))
        if tpot > target.tpot_s:
            raise Refused(f"TPOT of one request is {tpot * 1e3:.0f} ms, {target.tpot_s * 1e3:.0f} ms asked")
        raise Refused(f"no pair of workers that keep up with each other fits in {most} chips")
    found = []
    for workers in candidates:
        found += _evaluated(v, table, workers, target, concurrency)
    return found


def _room(v: Variant, tried: Sequence[Layout]) -> Capacity:
    n = np.ones(len(tried))
    tp, pp, dp, ep = (np.array([float(getattr(x, k)) for x in tried]) for k in ("tp", "pp", "dp", "ep"))
    return capacity(
        v.model, v.chip, weight_precision=v.precision, kv_precision=v.kv_precision, tp=tp, pp=pp,
        dp=dp if has_experts(v.model) else n, ep=ep, input_tokens=v.input_tokens * n,
        output_tokens=v.output_tokens * n, engine=v.engine,
    )  # fmt: skip


def _work(v: Variant, kept: Sequence[Layout]) -> tuple[StepWork, Efficiencies]:
    tp, pp, dp, ep = (np.array([float(getattr(x, k)) for x in kept]) for k in ("tp", "pp", "dp", "ep"))
    work = step_work(
        v.model, v.chip, weight_precision=v.precision, kv_precision=v.kv_precision, tp=tp, pp=pp,
        dp=dp if has_experts(v.model) else np.ones(len(kept)), ep=ep, scale_up_chips=v.scale_up_chips,
    )  # fmt: skip
    condition = Condition(v.chip, v.model, v.engine, v.version, v.precision)
    return work, v.calibration.sets["all"].efficiencies(condition, len(kept))


def _decode_s(v: Variant, work: StepWork, e: Efficiencies, batch: Array) -> Array:
    context = np.full(batch.shape, v.input_tokens + v.output_tokens / 2)
    return np.asarray(e["level"] * step_seconds(work, e, decode=batch, context=context))


def _prompt_s(v: Variant, work: StepWork, e: Efficiencies, prompts: float) -> Array:
    """Prefill time of a prompt where each attention replica takes in `prompts` of them a step."""
    zero = np.zeros(work.tp.shape)
    step = step_seconds(
        work, e, decode=zero, context=zero + v.input_tokens, prefill=prompts * v.input_tokens,
        prefill_context=v.input_tokens / 2, prefill_sequences=prompts, prefill_ranks=work.dp,
    )  # fmt: skip
    return np.asarray(e["level"] * step / prompts)


def _candidates(v: Variant, table: _Table, target: Target, most: int) -> list[_Workers]:
    """The pairs that promise most requests for a chip, each with its numbers of workers."""
    kept, work, e, slots = table.kept, table.work, table.e, table.slots
    alone = _prompt_s(v, work, e, 1.0)
    prompt = _prompt_s(v, work, e, max(CHUNK_TOKENS / v.input_tokens, 1.0))
    tails = v.calibration.tails
    batches: dict[int, tuple[float, float]] = {}
    for batch in BATCHES:
        step = _decode_s(v, work, e, np.full(len(kept), batch))
        slow = at_percentile(step, target.percentile, tails["tpot"]) > target.tpot_s
        for j in np.flatnonzero(~slow & (batch <= slots)):
            batches[int(j)] = (float(batch), float(step[j]))
    limit = float(at_percentile(np.ones(1), target.percentile, tails["ttft"])[0])
    pairs: list[tuple[float, _Workers]] = []
    quick = [int(i) for i in np.flatnonzero(alone * limit <= target.ttft_s)]
    for k, (size, seconds) in batches.items():
        decoded = size * kept[k].dp / (v.output_tokens * seconds)
        for i in quick:
            prefilled = _BUSY * kept[i].dp / float(prompt[i])
            for decodes in range(1, _MOST_WORKERS + 1):
                prefills = max(1, math.ceil(decodes * decoded / prefilled))
                users = decodes * size * kept[k].dp
                workers = _Workers(kept[i], kept[k], prefills, decodes, users)
                if workers.chips <= most:
                    rate = min(decodes * decoded, prefills * prefilled)
                    pairs.append((rate / workers.chips, workers))
    pairs.sort(key=lambda pair: (-pair[0], pair[1].chips))
    return [workers for _, workers in pairs[:FINALISTS]]


def _evaluated(
    v: Variant, table: _Table, workers: _Workers, target: Target, concurrency: float | None
) -> list[OperatingPoint]:
    """Points of one choice of workers: users raised while both targets hold, or lowered until they do."""
    if concurrency is not None:
        return [_point(v, table, replace(workers, users=concurrency), target)]
    found: list[OperatingPoint] = []
    users, factor = workers.users, 1.0
    for _ in range(6):
        point = _point(v, table, replace(workers, users=max(round(users), 1)), target)
        found.append(point)
        meets = point.ttft_s <= target.ttft_s and point.tpot_s <= target.tpot_s
        step = 1.2 if meets else 0.75
        if factor not in {1.0, step}:
            break
        factor, users = step, users * step
    return found


def _point(v: Variant, table: _Table, w: _Workers, target: Target) -> OperatingPoint:
    state = split_closed_loop(
        v.model, v.chip, pool(w.prefill), pool(w.decode), prefill_workers=w.prefills,
        decode_workers=w.decodes, users=w.users, weight_precision=v.precision, kv_precision=v.kv_precision,
        input_tokens=v.input_tokens, output_tokens=v.output_tokens, scale_up_chips=v.scale_up_chips,
        engine=v.engine, version=v.version, calibration=v.calibration,
    )  # fmt: skip
    known, tails = v.calibration, v.calibration.tails
    condition = Condition(v.chip, v.model, v.engine, v.version, v.precision)
    bounds = [by["tpot"] for by in known.spread.values()]
    requests = w.users / (state.ttft_s + v.output_tokens * state.tpot_s)

    def late(mean: float, name: str) -> float:
        return float(at_percentile(np.array(mean), target.percentile, tails[name]))

    row = table.kept.index(w.decode)
    held = min(state.batch / float(table.slots[row]), 1.0) * float(table.cache_bytes[row])
    return OperatingPoint(
        precision=v.precision,
        kv_precision=v.kv_precision,
        tp=w.decode.tp,
        pp=w.decode.pp,
        dp=w.decode.dp,
        ep=w.decode.ep,
        n_chips=w.chips,
        concurrency=w.users,
        ttft_s=late(state.ttft_s, "ttft"),
        tpot_s=late(state.tpot_s, "tpot"),
        requests_per_s=requests,
        output_tokens_per_s=requests * v.output_tokens,
        power_w=_power_w(v, table, w, state, requests),
        memory_bytes_per_chip=float(table.other_bytes[row]) + held,
        # No run with workers apart was fitted: the widest interval that any split gave.
        low80=min(b[0] for b in bounds),
        high80=max(b[1] for b in bounds),
        basis=f"prefill and decode apart, never fitted; {known.basis(condition)}",
        batch=state.batch,
        apart=Apart(w.prefill, w.prefills, w.decodes),
    )


def pool(layout: Layout) -> Pool:
    """The pool of one worker."""
    return Pool(layout.tp, layout.dp, layout.ep, layout.pp)


def _power_w(v: Variant, table: _Table, w: _Workers, state: SplitState, requests_per_s: float) -> float:
    """Power of all chips: decode chips by their step, prefill chips by the share of time they compute."""
    one = np.ones(1)
    context = (v.input_tokens + v.output_tokens / 2) * one
    decode = table.only(w.decode)[1]
    compute, memory = ideal_seconds(
        decode, decode=state.batch * one, context=context, prefill_per_step=0 * one, prefill_context=0 * one
    )
    decoding = chip_power_w(
        v.chip, np.minimum(compute / state.tpot_s, 1), np.minimum(memory / state.tpot_s, 1)
    )
    _, prefill, e = table.only(w.prefill)
    prompts = max(CHUNK_TOKENS / v.input_tokens, 1.0)
    compute, memory = ideal_seconds(
        prefill, decode=0 * one, context=context, prefill_per_step=prompts * v.input_tokens * one,
        prefill_context=v.input_tokens / 2 * one,
    )  # fmt: skip
    each = _prompt_s(v, prefill, e, prompts) * prompts
    busy = requests_per_s * each / prompts / (w.prefills * w.prefill.dp)
    share = np.minimum(busy, 1.0)
    filling = chip_power_w(
        v.chip, share * np.minimum(compute / each, 1), share * np.minimum(memory / each, 1)
    )
    decoders, fillers = w.decode.chips * w.decodes, w.prefill.chips * w.prefills
    return float(decoders * decoding[0] + fillers * filling[0])


def _best_of_each(points: Sequence[OperatingPoint]) -> list[OperatingPoint]:
    """Of each choice of workers the point of most requests."""
    best: dict[tuple[object, ...], OperatingPoint] = {}
    for p in points:
        key = (p.apart, p.tp, p.dp, p.ep)
        if key not in best or p.requests_per_s > best[key].requests_per_s:
            best[key] = p
    return list(best.values())


def _nearest(points: Sequence[OperatingPoint], target: Target) -> str:
    """Why no evaluated point meets both targets: the one that misses by least speaks for them."""
    near = min(points, key=lambda p: max(p.ttft_s / target.ttft_s, p.tpot_s / target.tpot_s))
    return (
        f"nearest are {near.n_chips} chips with {near.concurrency:,.0f} users: TTFT {near.ttft_s:.2f} s of "
        f"{target.ttft_s:.2f} s asked, TPOT {near.tpot_s * 1e3:.0f} ms of {target.tpot_s * 1e3:.0f} ms"
    )
