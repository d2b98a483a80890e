"""Where the time of a deployment goes: by class of operator in a step, and by cause in a first token.

Nothing is modelled here.  A step's time is a sum over operators, transfers and fixed times, so each part is
what `step_seconds` gives for that part alone; a first token's parts are what it loses when one cause after
the other is taken away.  So the parts add up to the prediction, whatever the model of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from counterpoise.catalogue.records import Chip, Figure, Model
from counterpoise.performance.calibration import Calibration, Condition, ParameterSet, shipped_calibration
from counterpoise.performance.estimate import Array
from counterpoise.performance.layouts import Layout
from counterpoise.performance.operators import (
    ATTENTION,
    GEMM,
    GROUPED,
    HEAD,
    LATENT,
    RECURRENT,
    operator_table,
)
from counterpoise.performance.serving import accepted_tokens, estimate_serving, has_experts
from counterpoise.performance.steps import Efficiencies, StepWork, step_seconds, step_work

_MIXERS = {ATTENTION: "attention", LATENT: "attention (MLA)", RECURRENT: "linear attention"}
_COMPUTE = ("token_s", "decode_pair_s", "prefill_pair_s")
_MEMORY = ("weight_s", "activation_s", "pair_s", "state_s")
_TRAFFIC = ("reduce_latency_s", "reduce_s_per_token", "exchange_latency_s", "exchange_link_s_per_token",
            "exchange_net_s_per_token")  # fmt: skip
NEVER = -80.0
"""Logarithm of a parameter taken away."""
CAUSES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("burst of a full start", ("burst",)),
    ("queue for prefills under way", ("queue",)),
    ("handling of each user's request", ("request_s",)),
    ("engine: fixed time", ("ttft_s",)),
    ("decode steps before the prefill starts", ("joins",)),
    ("own prefill", ("prefill",)),
)
"""What may be taken away from a first token, and the parameters that hold it; the rest are waits that no
parameter of their own makes."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a time: seconds, share of the whole (0-1), and what bounds it ("" where nothing does).

    `bound_by`: "compute" | "memory" | "launch" | "network" | "host" | "".
    """

    name: str
    seconds: float
    share: float
    bound_by: str = ""


@dataclass(frozen=True, slots=True)
class Split:
    """A time and its parts, largest first."""

    seconds: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """A deployment at work: what `explain` takes apart.

    `concurrency` is the users of the whole deployment; with `rate_per_s`, requests a second to it, the load.
    """

    layout: Layout
    weight_precision: str
    kv_precision: str
    concurrency: float | None
    input_tokens: float
    output_tokens: float
    scale_up_chips: int
    cached_share: float = 0.0
    speculative: tuple[float, float] | None = None
    engine: str = "generic"
    version: str = ""
    percentile: float = 50.0
    rate_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where the time goes; `batch`: requests decoding on one attention replica.

    `ttft_percentile_s`, `tpot_percentile_s` are what the means of `ttft` and `tpot` become at the percentile.
    """

    decode_step: Split
    prefill: Split
    tpot: Split
    ttft: Split
    batch: float
    ttft_percentile_s: float
    tpot_percentile_s: float


def explain(
    model: Model, chip: Chip, operation: Operation, calibration: Calibration | None = None
) -> Explanation:
    """Take the prediction of one operating point apart.

    Raises `Refused` where `estimate_serving` does.
    """
    known = calibration or shipped_calibration()
    condition = Condition(chip, model, operation.engine, operation.version, operation.weight_precision)
    full = known.sets["all"].of(condition)
    found = _estimate(model, chip, operation, known, full)
    batch = float(found["batch"])
    work, kinds, e = prepared(model, chip, operation, full)
    drafted, gained = (float(x) for x in accepted_tokens(operation.speculative))
    one = np.ones(1)
    new = max(operation.input_tokens * (1 - operation.cached_share), 1.0)
    cached = operation.input_tokens * operation.cached_share
    context = (operation.input_tokens + operation.output_tokens / 2) * one
    decode = split_step(work, kinds, e, decode=batch * one, context=context, draft_tokens=drafted)
    prefill = split_step(
        work, kinds, e, decode=0 * one, context=context, prefill=new, prefill_context=cached + new / 2
    )
    tpot = float(found["tpot_s"])
    own = decode.seconds / gained
    named = "decode step" if gained == 1 else f"decode step over {gained:.3g} tokens gained in it"
    shared = joined_parts(tpot, [("prefills of others in the same step", tpot - own, ""), (named, own, "")])
    return Explanation(
        decode_step=decode,
        prefill=prefill,
        tpot=shared,
        ttft=_first_token(model, chip, operation, known, full, float(found["ttft_s"])),
        batch=batch,
        ttft_percentile_s=float(found["ttft_percentile_s"]),
        tpot_percentile_s=float(found["tpot_percentile_s"]),
    )


def split_step(work: StepWork, kinds: Sequence[str], e: Efficiencies, **step: Any) -> Split:  # noqa: ANN401
    """Time of one step of `work` (one point) by class of operator; `kinds` names the class of each operator.

    `step` holds the keywords of `step_seconds`.  The parts add up to `step_seconds`, times `level`.
    """
    level = float(e["level"][0])

    def seconds(part: StepWork, values: Efficiencies | None = None) -> float:
        return level * float(step_seconds(part, values or e, **step)[0])

    whole = seconds(work)
    # Without waiting for launches, which no sum over operators holds: they overlap with all of them.
    e = {**e, "eager_s": 0.0 * e["eager_s"]}
    launching = whole - seconds(work, e)
    bare = _columns(work, [])
    still = replace(bare, **{name: 0.0 * getattr(work, name) for name in _TRAFFIC})
    fixed = seconds(still)
    rows: list[tuple[str, float, str]] = [("engine: fixed time of a step", fixed, "host")]
    network = seconds(bare) - fixed
    if network > 0:
        rows.append(("transfers between chips", network, "network"))
    for kind in dict.fromkeys(kinds):
        here = _columns(still, [i for i, k in enumerate(kinds) if k == kind], work)
        spent = seconds(here) - fixed
        idle = {**e, "launch_s": 0.0 * e["launch_s"]}
        nothing = seconds(still, idle)
        compute = seconds(replace(here, **{n: 0.0 * getattr(here, n) for n in _MEMORY}), idle) - nothing
        memory = seconds(replace(here, **{n: 0.0 * getattr(here, n) for n in _COMPUTE}), idle) - nothing
        launch = spent - (seconds(here, idle) - nothing)
        bounds = {"compute": compute, "memory": memory, "launch": launch}
        rows.append((kind, spent, max(bounds, key=lambda b: bounds[b])))
    if launching > 0:
        rows.append(("waiting for kernels launched without a graph", launching, "launch"))
    return joined_parts(whole, rows)


def operator_kinds(model: Model, operation: Operation) -> list[str]:
    """Class of each operator of the model, in words, in the order of its operator table."""
    one = np.ones(1)
    kinds = operator_table(
        model, weight_precision=operation.weight_precision, kv_precision=operation.kv_precision,
        tp=one, ep=one, expert_tp=one,
    ).kind  # fmt: skip
    names = []
    for kind, following in zip(kinds, (*kinds[1:], HEAD), strict=True):
        if kind == GEMM:
            # A layer's projections stand before its mixer, its feed-forward after it.
            names.append(
                "projections of attention" if following in _MIXERS else "dense and shared feed-forward"
            )
        else:
            names.append({**_MIXERS, GROUPED: "experts", HEAD: "output head"}[kind])
    return names


def prepared(
    model: Model, chip: Chip, o: Operation, parameters: ParameterSet
) -> tuple[StepWork, list[str], Efficiencies]:
    """Work of a step, the class of each of its operators, and the parameters of an operation (one point)."""
    e = parameters.efficiencies(Condition(chip, model, o.engine, o.version, o.weight_precision), 1)
    shared = o.layout.dp if has_experts(model) else 1
    sizes = {"tp": o.layout.tp, "pp": o.layout.pp, "dp": shared, "ep": o.layout.ep}
    work = step_work(
        model, chip, weight_precision=o.weight_precision, kv_precision=o.kv_precision,
        scale_up_chips=o.scale_up_chips, **{name: np.full(1, float(size)) for name, size in sizes.items()},
    )  # fmt: skip
    return work, operator_kinds(model, o), e


def _columns(base: StepWork, columns: list[int], source: StepWork | None = None) -> StepWork:
    """Only `columns` of the operators of `source` (None: of `base`), with the transfers of `base`."""
    whole = source or base
    values = {}
    for field in fields(base):
        table = getattr(whole, field.name)
        values[field.name] = table[:, columns] if np.ndim(table) == 2 else getattr(base, field.name)
    return StepWork(**values)


def joined_parts(total: float, rows: Sequence[tuple[str, float, str]]) -> Split:
    """A time of `total` seconds with its parts (name, seconds, bound), largest first."""
    parts = [Part(name, s, s / total if total else 0.0, bound) for name, s, bound in rows]
    return Split(total, tuple(sorted(parts, key=lambda p: -p.seconds)))


def _estimate(
    model: Model, chip: Chip, o: Operation, known: Calibration, parameters: ParameterSet
) -> Mapping[str, Array]:
    x = o.layout
    e = estimate_serving(
        model, chip, weight_precision=o.weight_precision, kv_precision=o.kv_precision,
        tp=x.tp, pp=x.pp, dp=x.dp, ep=x.ep, concurrency=o.concurrency, rate_per_s=o.rate_per_s,
        input_tokens=o.input_tokens, output_tokens=o.output_tokens, cached_share=o.cached_share,
        scale_up_chips=o.scale_up_chips, percentile=o.percentile, engine=o.engine, version=o.version,
        speculative=o.speculative, calibration=known, parameters=parameters,
    )  # fmt: skip
    names = ("ttft_s", "tpot_s", "batch", "ttft_percentile_s", "tpot_percentile_s")
    return {name: getattr(e, name) for name in names}


def _first_token(
    model: Model, chip: Chip, o: Operation, known: Calibration, full: ParameterSet, ttft_s: float
) -> Split:
    """Mean time to a first token by cause, each what goes when it is taken away after those before it."""
    rows: list[tuple[str, float, str]] = []
    left = ttft_s

    def take(name: str, chip: Chip, parameters: ParameterSet) -> None:
        nonlocal left
        without = float(_estimate(model, chip, o, known, parameters)["ttft_s"])
        rows.append((name, left - without, ""))
        left = without

    roomy = _with_memory(chip, 1e3)
    take("wait for room in the cache", roomy, full)
    base = dict(full.base)
    for name, parameters in CAUSES:
        base |= {p: NEVER for p in parameters if p in base}
        take(name, roomy, replace(full, base=base))
    rows.append(("wait for other prefills and for a place", left, ""))
    return joined_parts(ttft_s, [row for row in rows if abs(row[1]) > 1e-9 * ttft_s])


def _with_memory(chip: Chip, factor: float) -> Chip:
    """The same chip with `factor` times the memory: effects are keyed by name and speed, not by memory."""
    memory = chip.figures["memory_bytes"]
    more: Figure = replace(memory, **{n: factor * getattr(memory, n) for n in ("low", "mid", "high")})
    return replace(chip, figures={**chip.figures, "memory_bytes": more})
