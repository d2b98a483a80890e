"""The best operating points of a model on a chip under latency targets, over every parallel layout.

For each precision and layout the point of most requests per second that meets both targets at the percentile;
what does not fit, or cannot be fast enough, is refused with its figure.  One table for each precision holds
every layout and concurrency; the frontier (`frontier.py`) is read from the same table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from counterpoise.catalogue.records import Chip, Model
from counterpoise.errors import Refused
from counterpoise.performance.calibration import Calibration
from counterpoise.performance.capacity import capacity
from counterpoise.performance.estimate import Array
from counterpoise.performance.layouts import Layout, layouts, reachable, supported_precisions
from counterpoise.performance.serving import estimate_serving, has_experts
from counterpoise.performance.sizing_records import (
    Apart,
    EngineFeatures,
    Load,
    OperatingPoint,
    Refusal,
    SizingTable,
    Target,
)

CONCURRENCY = np.unique(np.round(2.0 ** np.arange(0, 11.26, 0.25)))
"""Users of one attention replica that are tried: four steps a doubling up to 2,435."""
REPLICAS = np.unique(np.round(2.0 ** np.arange(0, 10.1, 0.25)))
"""Deployments among which a rate is shared that are tried, up to 1,024."""


def serving_options(
    model: Model,
    chip: Chip,
    *,
    cached_share: float = 0.0,
    speculative: tuple[float, float] | None = None,
    **asked: Any,  # noqa: ANN401  those of `serving_options_each`
) -> tuple[list[OperatingPoint], list[Refusal]]:
    """Best points under the targets, the most requests per chip first, and what is refused.

    The keywords are those of `serving_options_each`.
    """
    return serving_options_each(model, chip, features=[EngineFeatures(cached_share, speculative)], **asked)[0]


def serving_options_each(
    model: Model,
    chip: Chip,
    *,
    features: Sequence[EngineFeatures],
    ttft_s: float,
    tpot_s: float,
    percentile: float = 50.0,
    **asked: Any,  # noqa: ANN401  those of `sizing_tables`
) -> list[tuple[list[OperatingPoint], list[Refusal]]]:
    """Best points and refusals for each of several engine features, in one table for each precision.

    The other keywords are those of `sizing_tables`.
    """
    target = Target(ttft_s, tpot_s, percentile)
    tables, refused = sizing_tables(model, chip, features=features, percentile=percentile, **asked)
    answers = []
    for f in range(len(features)):
        offered: list[OperatingPoint] = []
        why = list(refused)
        for table in tables:
            found, lacking = best_points(table, target, f)
            offered += found
            why += [r for r in lacking if r not in why]
        answers.append((sorted(offered, key=lambda o: -o.requests_per_s / o.n_chips), why))
    return answers


def sizing_tables(
    model: Model,
    chip: Chip,
    *,
    features: Sequence[EngineFeatures],
    scale_up_chips: int,
    chips_per_system: int,
    input_tokens: float,
    output_tokens: float,
    percentile: float = 50.0,
    precisions: Sequence[str] | None = None,
    kv_precisions: Sequence[str] | None = None,
    max_chips: int | None = None,
    load: Load | None = None,
    engine: str = "generic",
    version: str = "",
    calibration: Calibration | None = None,
) -> tuple[list[SizingTable], list[Refusal]]:
    """One table for each precision of weights and cache, and the precisions that are refused.

    `precisions` None: all that the chip supports.  `max_chips` None: four systems.  `load` None: every
    concurrency of `CONCURRENCY`.
    """
    tried = reachable(
        layouts(
            model,
            scale_up_chips=scale_up_chips,
            chips_per_system=chips_per_system,
            max_chips=max_chips or 4 * chips_per_system,
        ),
        chip,
        scale_up_chips,
    )
    supported = supported_precisions(chip)
    tables: list[SizingTable] = []
    refused: list[Refusal] = []
    for precision in precisions or supported:
        what = f"{model.name} {precision} on {chip.name}"
        if precision not in supported:
            refused.append(Refusal(what, f"{chip.name} has no published {precision} matrix peak"))
            continue
        for kv in kv_precisions or ("bf16",):
            try:
                table = _table(
                    model, chip, precision, kv, tried, features, input_tokens, output_tokens,
                    scale_up_chips, percentile, load or Load(), engine, version, calibration,
                )  # fmt: skip
            except Refused as error:
                refused.append(Refusal(what, str(error)))
                break
            if table.layouts:
                tables.append(table)
            else:
                refused += [r for r in _too_small(table, set()) if r not in refused]
    return tables, refused


def _table(
    model: Model,
    chip: Chip,
    precision: str,
    kv: str,
    tried: Sequence[Layout],
    features: Sequence[EngineFeatures],
    input_tokens: float,
    output_tokens: float,
    scale_up_chips: int,
    percentile: float,
    load: Load,
    engine: str,
    version: str,
    calibration: Calibration | None,
) -> SizingTable:
    fitting, unfit = _fitting(model, chip, precision, kv, tried, input_tokens, output_tokens, engine)
    rows = [(x, f) for f in features for x in fitting]
    # With nothing to evaluate one layout stands in, so that facts that lack are still refused by name.
    standing = rows or [(tried[0], features[0])]

    def column(values: Iterable[float]) -> Array:
        return np.array([[float(v)] for v in values])

    dp = column(x.dp for x, _ in standing)
    replicas: tuple[int, ...] = ()
    users = rate = None
    if load.rate_per_s is not None:
        replicas = tuple(int(k) for k in REPLICAS)
        rate = load.rate_per_s / REPLICAS[None, :]
    elif load.concurrency is not None:
        users = load.concurrency * np.ones(dp.shape)
    else:
        users = dp * CONCURRENCY[None, :]
    drafting = [f.speculative or (0.0, 0.0) for _, f in standing]
    e = estimate_serving(
        model, chip, weight_precision=precision, kv_precision=kv,
        tp=column(x.tp for x, _ in standing), pp=column(x.pp for x, _ in standing), dp=dp,
        ep=column(x.ep for x, _ in standing), concurrency=users, rate_per_s=rate,
        input_tokens=input_tokens, output_tokens=output_tokens,
        cached_share=column(f.cached_share for _, f in standing),
        scale_up_chips=scale_up_chips, percentile=percentile, engine=engine, version=version,
        speculative=(column(a for a, _ in drafting), column(d for _, d in drafting)),
        calibration=calibration,
    )  # fmt: skip
    variant = f"{model.name} {precision}"
    users = e.concurrency if users is None else np.broadcast_to(users, e.tpot_s.shape)
    return SizingTable(variant, chip, precision, kv, tuple(fitting), users, e, tuple(unfit), replicas)


def _fitting(
    model: Model,
    chip: Chip,
    precision: str,
    kv: str,
    tried: Sequence[Layout],
    input_tokens: float,
    output_tokens: float,
    engine: str,
) -> tuple[list[Layout], list[tuple[Layout, str, float]]]:
    """Layouts whose weights and one request's cache fit, and the others with the bytes a chip would need.

    What does not fit is not evaluated: on large models that is half of all layouts.
    """

    def each(name: str) -> Array:
        return np.array([float(getattr(x, name)) for x in tried])

    n = np.ones(len(tried))
    shared = each("dp") if has_experts(model) else n
    room = capacity(
        model, chip, weight_precision=precision, kv_precision=kv, tp=each("tp"), pp=each("pp"), dp=shared,
        ep=each("ep"), input_tokens=input_tokens * n, output_tokens=output_tokens * n, engine=engine,
    )  # fmt: skip
    m = room.memory
    needed = m.weights_bytes + m.activation_bytes + m.graph_bytes + m.other_bytes
    fitting: list[Layout] = []
    unfit: list[tuple[Layout, str, float]] = []
    for layout, missing, slots, size in zip(tried, room.missing_bytes, room.slots, needed, strict=True):
        if missing > 0:
            unfit.append((layout, "weights", float(size)))
        elif slots < 1:
            unfit.append((layout, "cache", float(size)))
        else:
            fitting.append(layout)
    return fitting, unfit


def best_points(
    table: SizingTable, target: Target, feature: int = 0
) -> tuple[list[OperatingPoint], list[Refusal]]:
    """Of each layout the point of most requests under the target; sizes that have none, with the reason.

    Where a rate is shared among replicas, that is the point of fewest replicas.
    """
    e, rows = table.estimate, table.rows(feature)
    meets = e.feasible & (e.ttft_percentile_s <= target.ttft_s) & (e.tpot_percentile_s <= target.tpot_s)
    rate = np.where(meets, e.requests_per_s, -1.0)
    best = rate.argmax(axis=1)
    found = [table.point(i, int(best[i])) for i in rows if rate[i, best[i]] > 0]
    served = {p.n_chips for p in found}
    slow: dict[int, list[int]] = {}
    for i in rows:
        chips = table.layouts[i - rows.start].chips
        if chips not in served:
            slow.setdefault(chips, []).append(i)
    where = f"{table.variant} on {{}} x {table.chip.name}"
    refused = [Refusal(where.format(n), _reason(table, slow[n], target)) for n in sorted(slow)]
    return found, _too_small(table, served | set(slow)) + refused


def _too_small(table: SizingTable, evaluated: set[int]) -> list[Refusal]:
    """Of the sizes on which nothing fits, only the largest is worth saying, with what it would need."""
    short = [x for x in table.unfit if x[0].chips not in evaluated]
    if not short:
        return []
    chips = max(layout.chips for layout, _, _ in short)
    largest = [x for x in short if x[0].chips == chips]
    there = (table.chip.value("memory_bytes") or 0.0) * chips
    if all(lacks == "cache" for _, lacks, _ in largest):
        why = f"the cache of one request does not fit beside the weights in {there / 1e9:,.0f} GB"
    else:
        needed = min(size for _, _, size in largest) * chips
        why = f"weights and working memory {needed / 1e9:,.0f} GB, {there / 1e9:,.0f} GB there"
    return [Refusal(f"{table.variant} on {chips} x {table.chip.name}", why)]


def _reason(table: SizingTable, rows: list[int], target: Target) -> str:
    """Why none of the layouts `rows` of one size serves: the one that comes nearest speaks for them."""
    e = table.estimate
    fits = [i for i in rows if e.feasible[i].any()]
    if not fits:
        return str(e.reason[rows[0] * e.feasible.shape[1]])
    ttft_s, tpot_s = target.ttft_s, target.tpot_s
    load = "with one user" if table.users.shape[1] > 1 else f"with {table.users[fits[0], 0]:,.0f} users"
    asked = f"{load}, at the {target.percentile:g}th percentile"
    tpot = min(float(e.tpot_percentile_s[i][e.feasible[i]].min()) for i in fits)
    if tpot > tpot_s:
        return f"TPOT {asked} is {tpot * 1e3:.0f} ms, {tpot_s * 1e3:.0f} ms asked"
    ttft = min(float(e.ttft_percentile_s[i][e.feasible[i]].min()) for i in fits)
    if ttft > ttft_s:
        return f"TTFT {asked} is {ttft:.2f} s, {ttft_s:.2f} s asked"
    return f"no layout meets both targets: TPOT from {tpot * 1e3:.0f} ms, TTFT from {ttft:.2f} s"


__all__ = [
    "CONCURRENCY",
    "REPLICAS",
    "Apart",
    "EngineFeatures",
    "Layout",
    "Load",
    "OperatingPoint",
    "Refusal",
    "SizingTable",
    "Target",
    "best_points",
    "layouts",
    "serving_options",
    "serving_options_each",
    "sizing_tables",
    "supported_precisions",
]
