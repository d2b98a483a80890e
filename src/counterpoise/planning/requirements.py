"""What is asked of a plan: requests served, work trained, techniques adopted before what needs them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from counterpoise.planning.formulation import Formulation, first_lag
from counterpoise.planning.problem import Requirement, ServingDeployment, Substitute
from counterpoise.planning.variables import TIME_DIMS


def require(f: Formulation) -> None:
    """Add the rows of all requirements."""
    for family in (
        serving, share_cap, training, training_once, training_in_window, trained_before_use, trained_in_use,
        so_far, needs_technique_serving, needs_technique_training,
    ):  # fmt: skip
        family(f)


def serving(f: Formulation) -> None:
    """serving: Σ requests_per_s · run + substitute + unserved = demand · (1 + reserve margin).

    In shares of the workload's largest demand.  Equal and not more: what nobody asked is not served.
    """
    t = f.t
    rows = f.grid("workload", t.served, *TIME_DIMS)
    of = f.workload_of["serving"]
    rows.add(rows.at[of], f.labels["run"][: len(t.serving)], f.rate[:, None, None, None])
    of = f.workload_of["substitutes"]
    rows.add(rows.at[of], f.labels["substitute"], (1.0 / f.largest[of])[:, None, None, None])
    rows.add(rows.at, f.labels["unserved"], (1.0 / f.largest)[:, None, None, None])
    f.add(rows, "serving", "=", t.demand / f.largest[:, None, None, None])


def share_cap(f: Formulation) -> None:
    """share_cap: what a share group serves ≤ its cap · demand."""
    t = f.t
    caps = [
        (i, group, cap)
        for i, w in enumerate(t.served)
        for group, cap in sorted(t.problem.serving_demand[w].share_caps.items())
    ]
    rows = f.grid("share_group", [f"{t.served[i]}: {group}" for i, group, _ in caps], *TIME_DIMS)

    def is_of(record: ServingDeployment | Substitute, workload: int, group: str) -> bool:
        return (record.workload, record.share_group) == (t.served[workload], group)

    for row, (i, group, _) in enumerate(caps):
        mine = [d for d, id_ in enumerate(t.serving) if is_of(t.problem.serving[id_], i, group)]
        rows.add(rows.at[row], f.labels["run"][mine], f.rate[mine][:, None, None, None])
        mine = [j for j, id_ in enumerate(t.substitutes) if is_of(t.problem.substitutes[id_], i, group)]
        rows.add(rows.at[row], f.labels["substitute"][mine], 1.0 / f.largest[i])
    bound = [cap * t.demand[i] / f.largest[i] for i, _, cap in caps]
    f.add(rows, "share_cap", "<=", np.array(bound).reshape(rows.at.shape))


def training(f: Formulation) -> None:
    """training: recurring work, Σ_b hours · days · tokens_per_s · run + untrained = tokens, in each period.

    As a share of the tokens; days are those of a run's window, or all where the runs fill the period.
    """
    t = f.t
    rows = f.grid("training_workload", t.trained, "period", "scenario")
    for i in range(len(t.trained)):
        f.work(rows, rows.at[i], i)
    rows.add(rows.at, f.labels["untrained"], 1.0)
    asked = t.windows.active & t.windows.recurring[:, None] & ~_optional(f)[:, None]
    f.add(rows, "training", "=", np.where(asked, 1.0, math.inf)[:, :, None])


def training_once(f: Formulation) -> None:
    """training_once: the work of all periods + untrained = tokens, for a run "once" without a window."""
    t = f.t
    rows = f.grid("training_workload", t.trained, "scenario")
    for i in range(len(t.trained)):
        f.work(rows, rows.at[i][None, :], i)
        rows.add(rows.at[i], f.labels["untrained"][i], 1.0)
    asked = ~t.windows.recurring & ~t.windows.begins & ~_optional(f)
    f.add(rows, "training_once", "=", np.where(asked, 1.0, math.inf)[:, None])


def training_in_window(f: Formulation) -> None:
    """A run "once" that must end within a window begins with one of the periods.

    begin_once: Σ_t begin = 1 (not for optional work).  training_begun: the work of the periods that the
    window spans + untrained ≥ begin.  training_outside: no work in other periods.
    """
    t, w = f.t, f.t.windows
    n = len(t.days)
    once = f.grid("training_workload", t.trained)
    once.add(once.at[:, None], f.labels["begin"], 1.0)
    f.add(once, "begin_once", "=", np.where(w.begins & ~_optional(f), 1.0, math.inf))
    begun = f.grid("training_workload", t.trained, "period", "scenario")
    outside = f.grid("training_workload", t.trained, "period", "scenario")
    for i in np.flatnonzero(w.begins):
        f.work(outside, outside.at[i], int(i))
        begun.add(begun.at[i][:, None, :], f.labels["untrained"][i][None], 1.0)
        begun.add(begun.at[i], f.labels["begin"][i][:, None], -1.0)
        run = f.labels["run"][len(t.serving) :]
        for start in range(n):
            spanned = slice(start, start + int(w.span[i, start]))
            for d in np.flatnonzero(f.workload_of["training"] == i):
                at = begun.at[i, start][None, None, :]
                begun.add(at, run[d, spanned], f.work_share[d, spanned][:, :, None])
            outside.add(outside.at[i, spanned], f.labels["begin"][i, start], -1.0)
    f.add(begun, "training_begun", ">=", np.where(w.span > 0, 0.0, math.inf)[:, :, None])
    f.add(outside, "training_outside", "<=", 0.0)


def trained_before_use(f: Formulation) -> None:
    """trained_before_use: runs complete before a period ≥ techniques in use in it that need one.

    A run is complete when its work is done, or its window over, by the end of an earlier period.  Work left
    undone at its price completes nothing (undone_is_not_trained: untrained + in use ≤ 1).
    """
    t, w = f.t, f.t.windows
    needing = _trained(f)
    rows = f.grid("technique", [t.techniques[i] for i, _ in needing], "period", "scenario")
    run = f.labels["run"][len(t.serving) :]
    for row, (i, k) in enumerate(needing):
        f.since(rows, rows.at[row], f.labels["adopted"][i], first_lag(t, t.techniques[i]), -1.0)
        for start in range(len(t.days)):
            if w.begins[k]:
                later = rows.at[row, start + int(w.span[k, start]) :]
                rows.add(later, f.labels["begin"][k, start], float(w.span[k, start] > 0))
                continue
            tokens = t.problem.training_demand[t.trained[k]].tokens
            complete = w.need_tokens[k] * w.runs[k, start] / tokens
            later = rows.at[row, start + 1 :][:, None, :]
            for d in np.flatnonzero(f.workload_of["training"] == k):
                rows.add(later, run[d, start], complete * f.work_share[d, start][:, None])
    f.add(rows, "trained_before_use", ">=", 0.0)
    undone = f.grid("technique", [t.techniques[i] for i, _ in needing], "period", "scenario")
    for row, (i, k) in enumerate(needing):
        if w.begins[k]:
            adopted = f.labels["adopted"][i]
            f.since(undone, undone.at[row], adopted, first_lag(t, t.techniques[i]), 1.0)
            undone.add(undone.at[row][:, None, :], f.labels["untrained"][k][None], 1.0)
    f.add(undone, "undone_is_not_trained", "<=", 1.0)


def trained_in_use(f: Formulation) -> None:
    """trained_in_use: recurring work of an optional workload ≥ what a technique in use asks of it."""
    t = f.t
    needing = [(i, k) for i, k in _trained(f) if t.windows.recurring[k] and _optional(f)[k]]
    rows = f.grid("technique", [t.techniques[i] for i, _ in needing], "period", "scenario")
    for row, (i, k) in enumerate(needing):
        f.work(rows, rows.at[row], k)
        f.since(rows, rows.at[row], f.labels["adopted"][i], first_lag(t, t.techniques[i]), -1.0)
    asked = np.array([t.windows.active[k] for _, k in needing]).reshape(rows.at.shape[:2])
    f.add(rows, "trained_in_use", ">=", np.where(asked, 0.0, math.inf)[:, :, None])


def _optional(f: Formulation) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    works = [f.t.problem.training_demand[w].optional for w in f.t.trained]
    return np.array(works, dtype=bool)


def _trained(f: Formulation) -> list[tuple[int, int]]:
    """Techniques that need a training workload, and that workload."""
    options = [f.t.problem.techniques[i].training for i in f.t.techniques]
    return [(i, f.t.trained.index(w)) for i, w in enumerate(options) if w is not None]


def so_far(f: Formulation) -> None:
    """bought, signed, adopted: the sum so far = that of the period before + what the period adds.

    What is held and what is usable depend on these sums alone, so that branching on one decides at once
    whether there are enough, where branching on an order of one period would only move it to the next.
    """
    for dim, ids, total, added in (
        ("purchase", f.t.buys, "bought", "buy"),
        ("reservation", f.t.reserves, "signed", "reserve"),
        ("technique", f.t.techniques, "adopted", "adopt"),
    ):
        rows = f.grid(dim, ids, "period")
        rows.add(rows.at, f.labels[total], 1.0)
        rows.add(rows.at[:, 1:], f.labels[total][:, :-1], -1.0)
        rows.add(rows.at, f.labels[added], -1.0)
        f.add(rows, f"{total}_so_far", "=", 0.0)


Need = tuple[Requirement, int, str]
"""A requirement, the workload that has it, and a share group: "" for all, "-" for none."""


def _needs(
    f: Formulation, kind: str, records: Sequence[ServingDeployment | Substitute]
) -> dict[Need, list[int]]:
    """Positions of what needs a technique, by requirement, workload and share group."""
    found: dict[Need, list[int]] = {}
    for position, (record, workload) in enumerate(zip(records, f.workload_of[kind].tolist(), strict=True)):
        for need in record.requires:
            found.setdefault((need, workload, record.share_group or ""), []).append(position)
    return found


def needs_technique_serving(f: Formulation) -> None:
    """needs_technique_serving: what all deployments and substitutes of a share group that need a technique
    serve ≤ cap of the group · demand · (adopted at least its lag ago); those of any group too, with cap 1.

    Summed over them and with the group's cap, which is tighter than a row each with all of demand.
    """
    t = f.t
    runs = _needs(f, "serving", [t.problem.serving[i] for i in t.serving])
    others = _needs(f, "substitutes", [t.problem.substitutes[i] for i in t.substitutes])
    keys = sorted({*runs, *others}, key=lambda k: (k[0].technique, k[0].lag_periods, *k[1:]))
    together = sorted({k[:2] for k in keys}, key=lambda k: (k[0].technique, k[0].lag_periods, k[1]))
    sets: list[tuple[Requirement, int, float, list[Need]]] = []
    for need, w in together:
        mine = [k for k in keys if k[:2] == (need, w)]
        caps = t.problem.serving_demand[t.served[w]].share_caps
        sets += [(need, w, min(1.0, caps.get(k[2], 1.0)), [k]) for k in mine]
        if len(mine) > 1:
            sets.append((need, w, 1.0, mine))
    rows = f.grid(
        "need", [f"{_named(n, t.served[w])} {i}" for i, (n, w, _, _) in enumerate(sets)], *TIME_DIMS
    )
    for row, (need, w, cap, members) in enumerate(sets):
        mine_run = [d for k in members for d in runs.get(k, [])]
        mine_substitute = [j for k in members for j in others.get(k, [])]
        rows.add(rows.at[row], f.labels["run"][mine_run], f.rate[mine_run][:, None, None, None])
        rows.add(rows.at[row], f.labels["substitute"][mine_substitute], 1.0 / f.largest[w])
        adopted = f.labels["adopted"][t.techniques.index(need.technique)]
        f.since(rows, rows.at[row], adopted, need.lag_periods, -cap * t.demand[w] / f.largest[w])
    f.add(rows, "needs_technique_serving", "<=", 0.0)


def needs_technique_training(f: Formulation) -> None:
    """needs_technique_training: work done by deployments that need a technique ≤ all the work · adopted."""
    t = f.t
    runs: dict[tuple[Requirement, int], list[int]] = {}
    for d, w in enumerate(f.workload_of["training"].tolist()):
        for need in t.problem.training[t.training[d]].requires:
            runs.setdefault((need, w), []).append(d)
    keys = sorted(runs, key=lambda k: (k[0].technique, k[0].lag_periods, k[1]))
    rows = f.grid("need", [_named(need, t.trained[w]) for need, w in keys], "period", "scenario")
    for row, (need, w) in enumerate(keys):
        f.work(rows, rows.at[row], w, only=runs[need, w])
        technique = t.techniques.index(need.technique)
        f.since(rows, rows.at[row], f.labels["adopted"][technique], need.lag_periods, -1.0)
    f.add(rows, "needs_technique_training", "<=", 0.0)


def _named(need: Requirement, workload: str) -> str:
    return f"{workload} needs {need.technique} ({need.lag_periods} periods before)"
