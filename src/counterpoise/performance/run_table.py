"""Measured runs of many models and chips as one table of points, predicted by one call.

Used by the fit and by the accuracy report, so both see exactly the same prediction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from counterpoise.catalogue.records import Chip, Model
from counterpoise.errors import CounterpoiseError
from counterpoise.performance.calibration import Condition, ParameterSet, chip_key, model_key
from counterpoise.performance.capacity import capacity, smallest_tp
from counterpoise.performance.closed_loop import Question, State, closed_loop, static_batch
from counterpoise.performance.estimate import Array
from counterpoise.performance.measured_runs import (
    CLOSED,
    DECODE,
    MOST_SEQUENCES,
    PREFILL,
    SATURATED,
    SPLIT,
    STATIC,
    Run,
    curve_key,
)
from counterpoise.performance.memory import visible_memory_bytes
from counterpoise.performance.parameters import PARAMETERS
from counterpoise.performance.steps import Blocks, StepWork, blocks, step_work

METRICS = ("ttft_mean_ms", "tpot_mean_ms", "output_tok_s_total", "total_tok_s")
FindModel = Callable[[str], Model]
FindChip = Callable[[str], Chip]


@dataclass(frozen=True, slots=True)
class RunTable:
    """Runs ready to be predicted; arrays (runs,), `measured` (runs, metrics) with NaN where not measured."""

    runs: tuple[Run, ...]
    conditions: tuple[Condition, ...]
    keys: tuple[str, ...]
    work: StepWork
    question: Question
    replicas: Array
    load: NDArray[np.str_]
    measured: Array

    def take(self, rows: NDArray[np.intp]) -> RunTable:
        """Return the runs at `rows`."""
        question = Question(**{f.name: getattr(self.question, f.name)[rows] for f in fields(self.question)})
        return RunTable(
            tuple(self.runs[i] for i in rows),
            tuple(self.conditions[i] for i in rows),
            tuple(self.keys[i] for i in rows),
            self.work.at(rows),
            question,
            self.replicas[rows],
            self.load[rows],
            self.measured[rows],
        )


@dataclass(frozen=True, slots=True)
class ResolvedRun:
    """A run with its facts."""

    run: Run
    model: Model
    chip: Chip


def resolve(run: Run, find_model: FindModel, find_chip: FindChip) -> ResolvedRun | str:
    """Facts of a run, with the defaults that its source left out; or why it cannot be predicted."""
    if run.refusal:
        return run.refusal
    try:
        model, chip = find_model(run.model), find_chip(run.chip)
    except CounterpoiseError as error:
        return str(error)
    if not model.layers:
        return f"{model.name}: architecture not public"
    precision = run.weight_precision
    if precision == "mlperf":
        fast = [p for p in ("fp8", "int8") if chip.peak_flops_per_s(p)]
        precision = "fp4" if chip.peak_flops_per_s("fp4") else fast[0] if fast else "bf16"
    run = replace(run, weight_precision=precision)
    if run.source == "mlperf-inference-v4.1":
        tp = min(smallest_tp(model, chip, precision), run.n_chips)
        run = replace(run, tp=tp, dp=max(run.n_chips // tp, 1))
    return ResolvedRun(run, model, chip)


def run_table(
    runs: Sequence[Run], find_model: FindModel, find_chip: FindChip
) -> tuple[RunTable | None, dict[int, str]]:
    """Make the table of `runs`, and say of each index that is not in it why."""
    refused: dict[int, str] = {}
    groups: dict[tuple[str, ...], list[tuple[int, ResolvedRun]]] = {}
    for i, run in enumerate(runs):
        found = resolve(run, find_model, find_chip)
        if isinstance(found, str):
            refused[i] = found
            continue
        if run.load == SPLIT:
            refused[i] = "prefill and decode on separate workers: not in this table"
            continue
        own = found.run
        key = (found.model.name, chip_key(found.chip), own.engine, own.weight_precision, own.kv_precision)
        groups.setdefault(key, []).append((i, found))
    parts: list[_Part] = []
    for members in groups.values():
        try:
            part = _part(members)
        except CounterpoiseError as error:
            refused.update({i: str(error) for i, _ in members})
            continue
        refused.update(part.refused)
        if part.resolved:
            parts.append(part)
    if not parts:
        return None, refused
    return _join(parts), refused


@dataclass(frozen=True, slots=True)
class _Part:
    resolved: tuple[ResolvedRun, ...]
    refused: dict[int, str]
    work: StepWork
    slots: Array
    shared: NDArray[np.bool_]


def _part(members: list[tuple[int, ResolvedRun]]) -> _Part:
    """Runs of one model, chip and precision."""
    first = members[0][1]
    model, chip = first.model, first.chip
    domain = int(chip.value("scale_up_chips") or 8)
    sparse = any(g.feed_forward is not None and g.feed_forward.experts for g in model.layers)

    def sizes(name: str) -> Array:
        return np.array([float(getattr(r.run, name)) for _, r in members])

    tp, pp, ep = sizes("tp"), sizes("pp"), sizes("ep")
    together = np.array([sparse and r.run.load == CLOSED for _, r in members])
    dp = np.where(together, sizes("dp"), 1.0)
    ep = np.minimum(ep, tp * dp)
    run = first.run
    # What was measured did fit; only weights that cannot are refused.
    room = capacity(
        model, chip, weight_precision=run.weight_precision, kv_precision=run.kv_precision,
        tp=tp, pp=pp, dp=dp, ep=ep, input_tokens=sizes("input_tokens"), output_tokens=sizes("output_tokens"),
        engine=run.engine, utilisation=sizes("memory_share"),
    )  # fmt: skip
    refused = {}
    keep = []
    for row, (i, r) in enumerate(members):
        excess = room.memory.weights_bytes[row] / visible_memory_bytes(chip) - 1.0
        if excess > 0 and r.run.load not in (DECODE, PREFILL):
            weights = room.memory.weights_bytes[row] / 1e9
            refused[i] = f"weights of {weights:.0f} GB a chip do not fit {chip.name}"
        else:
            keep.append(row)
    rows = np.array(keep, np.intp)
    work = step_work(
        model, chip, weight_precision=run.weight_precision, kv_precision=run.kv_precision,
        tp=tp, pp=pp, dp=dp, ep=ep, scale_up_chips=max(domain, 1),
    ).at(rows)  # fmt: skip
    return _Part(
        tuple(members[i][1] for i in keep), refused, work, room.slots[rows], together[rows] & (dp[rows] > 1)
    )


def _join(parts: list[_Part]) -> RunTable:
    resolved = [r for part in parts for r in part.resolved]
    widest = max(part.work.count.shape[1] for part in parts)

    def stack(name: str) -> Array:
        arrays = [getattr(part.work, name) for part in parts]
        if arrays[0].ndim == 1:
            return np.concatenate(arrays)
        return np.concatenate([np.pad(a, ((0, 0), (0, widest - a.shape[1]))) for a in arrays])

    def column(name: str) -> Array:
        return np.array([float(getattr(r.run, name)) for r in resolved])

    work = StepWork(**{f.name: stack(f.name) for f in fields(StepWork)})
    n = len(resolved)
    load = np.array([r.run.load for r in resolved])
    replicas = column("dp") / work.dp
    input_tokens, output_tokens = column("input_tokens"), column("output_tokens")
    slots = np.maximum(np.concatenate([part.slots for part in parts]), 1.0)
    users = column("users") / (replicas * work.dp)
    question = Question(
        users=np.where(load == SATURATED, np.minimum(slots, MOST_SEQUENCES), users),
        new_tokens=input_tokens,
        cached_tokens=np.zeros(n),
        output_tokens=output_tokens,
        slots=slots,
        draft_tokens=column("drafts"),
        accepted_tokens=np.ones(n),
        experts=np.concatenate([part.shared for part in parts]).astype(float),
        wait_steps=column("wait_steps"),
    )
    measured = np.array([[r.run.measured.get(m, np.nan) for m in METRICS] for r in resolved])
    conditions = tuple(
        Condition(r.chip, r.model, r.run.engine, r.run.version, r.run.weight_precision, r.run.campaign)
        for r in resolved
    )
    keys = tuple(
        curve_key(
            model_key(r.model),
            chip_key(r.chip),
            r.run.engine,
            r.run.weight_precision,
            r.run.input_tokens,
            r.run.output_tokens,
        )
        for r in resolved
    )
    return RunTable(
        tuple(r.run for r in resolved), conditions, keys, work, question, replicas, load, measured
    )


@dataclass(frozen=True, slots=True)
class Piece:
    """Runs of a table that were loaded alike: their rows, and whether one batch ran from start to end."""

    rows: NDArray[np.intp]
    table: RunTable
    blocks: Blocks
    one_batch: bool


def pieces_of(table: RunTable) -> tuple[Piece, ...]:
    """Split a table by how the engine was loaded."""
    found = []
    for loads, one_batch in (((CLOSED, SATURATED), False), ((STATIC, DECODE, PREFILL), True)):
        rows = np.flatnonzero(np.isin(table.load, loads))
        if len(rows):
            part = table.take(rows)
            found.append(Piece(rows, part, blocks(part.work), one_batch))
    return tuple(found)


def predict(table: RunTable, logs: Array) -> Array:
    """Predicted metrics (runs, METRICS) for log parameters (PARAMETERS, runs)."""
    return predict_near(pieces_of(table), logs)[0]


def predict_near(pieces: tuple[Piece, ...], logs: Array, near: Array | None = None) -> tuple[Array, Array]:
    """Predicted metrics (runs, METRICS) and batches (runs,).

    `near`: batches found for almost the same parameters.
    """
    runs = sum(len(piece.rows) for piece in pieces)
    out, batch = np.full((runs, len(METRICS)), np.nan), np.ones(runs)
    values = np.exp(logs)
    for piece in pieces:
        rows, part = piece.rows, piece.table
        mine = {name: values[i, rows] for i, name in enumerate(PARAMETERS)}
        if piece.one_batch:
            out[rows] = _one_batch(piece, mine)
        else:
            state = closed_loop(
                piece.blocks, mine, drafting(part.question, mine), None if near is None else near[rows]
            )
            batch[rows] = state.batch
            out[rows] = _loop(part, mine, state)
    return out, batch


MOST_ACCEPTED = 0.98
"""Bound on the acceptance of drafts while it is sought."""


def drafting(q: Question, e: Mapping[str, Array]) -> Question:
    """The question with what drafts gain a step, at the fitted acceptance a: (1 - a^(d+1)) / (1 - a)."""
    if not q.draft_tokens.any():
        return q
    a = np.minimum(e["acceptance"], MOST_ACCEPTED)
    return replace(q, accepted_tokens=(1 - a ** (q.draft_tokens + 1)) / (1 - a))


def _one_batch(piece: Piece, e: Mapping[str, Array]) -> Array:
    part = piece.table
    q = part.question
    width = part.replicas * part.work.dp
    state = static_batch(piece.blocks, e, q)
    waves = q.users / state.batch
    spent = state.ttft_s + np.maximum(q.output_tokens - 1, 0) * state.tpot_s
    rate = q.users * q.output_tokens * width / (waves * spent)
    rate = np.where(part.load == DECODE, q.users * width / state.tpot_s, rate)
    total = rate * (q.new_tokens + q.output_tokens) / q.output_tokens
    total = np.where(part.load == PREFILL, q.new_tokens * width / state.ttft_s, total)
    return np.stack([state.ttft_s * 1e3, state.tpot_s * 1e3, rate, total], axis=1)


def _loop(part: RunTable, e: Mapping[str, Array], state: State) -> Array:
    q = part.question
    width = part.replicas * part.work.dp
    rate = q.users * width * q.output_tokens / (state.ttft_s + q.output_tokens * state.tpot_s)
    rate = rate * np.where(part.load == SATURATED, e["server"], 1.0)
    total = rate * (q.new_tokens + q.output_tokens) / q.output_tokens
    return np.stack([state.ttft_s * 1e3, state.tpot_s * 1e3, rate, total], axis=1)


def logs_for(table: RunTable, parameters: ParameterSet) -> Array:
    """Log parameters (parameters, runs) that `parameters` gives each run."""
    known: dict[tuple[str, ...], list[float]] = {}
    columns = []
    for condition in table.conditions:
        key = (condition.engine, *condition.levels().values())
        if key not in known:
            known[key] = list(parameters.logs(condition).values())
        columns.append(known[key])
    return np.array(columns).T
