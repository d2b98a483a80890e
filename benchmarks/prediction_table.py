"""Serving points and decode steps: a table in one call, against one call each and against one piece.

A table of a million points of a dense model and of a mixture of experts on H100: layouts, users or rates,
lengths all vary.  The rivals, in the same run: one call a point (the way of GenZ and llm-analysis), and the
whole table in one piece on one thread with every point's work computed for itself.  Parameters are those
before any fit: the time does not depend on their values.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import best_s
from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.performance.calibration import START, Condition
from counterpoise.performance.capacity import capacity
from counterpoise.performance.closed_loop import Question, closed_loop
from counterpoise.performance.decode_steps import decode_step_s
from counterpoise.performance.estimate import ServingEstimate
from counterpoise.performance.serving import estimate_serving, has_experts
from counterpoise.performance.steps import ideal_seconds, step_seconds, step_work
from counterpoise.performance.table_parts import cores

POINTS = 1_000_000
SCALAR_POINTS = 20
MODELS = {"dense": "llama3.1-70b", "experts": "qwen3-235b-a22b"}
CHIP = "H100-SXM5-80GB"
LAYOUTS = {"dense": ((4, 1, 1, 1), (8, 1, 1, 1), (8, 2, 1, 1)), "experts": ((8, 1, 1, 8), (4, 1, 2, 8))}
PRICE_PER_CHIP_HOUR = 2.5
"""Of the benchmark alone: any price takes the same time."""

CATALOGUE = load()
WEIGHTS, CACHE, DOMAIN = "fp8", "bf16", 8
Array = NDArray[np.float64]
Table = Mapping[str, Array]


def table_of(kind: str, points: int) -> dict[str, Array]:
    """Layouts one after another, each at random users and lengths; the same at each run."""
    random = np.random.default_rng(0)
    layouts = np.array(LAYOUTS[kind], float)[np.arange(points) * len(LAYOUTS[kind]) // points]
    return {
        **dict(zip(("tp", "pp", "dp", "ep"), layouts.T.copy(), strict=True)),
        "load": 2.0 ** random.uniform(0, 9, points),
        "input_tokens": random.uniform(100, 8000, points),
        "output_tokens": random.uniform(10, 2000, points),
    }


def serving(kind: str, table: Table, *, rate: bool = False) -> tuple[ServingEstimate, Array]:
    """TTFT, TPOT, memory and the rest at each point, and US dollars a million output tokens."""
    e = estimate_serving(
        find_model(CATALOGUE, MODELS[kind]), find_chip(CATALOGUE, CHIP), weight_precision=WEIGHTS,
        kv_precision=CACHE, scale_up_chips=DOMAIN, parameters=START,
        tp=table["tp"], pp=table["pp"], dp=table["dp"], ep=table["ep"],
        # Rates between idle and beyond the largest: a hundredth of the users a second.
        concurrency=None if rate else table["load"], rate_per_s=table["load"] / 100 if rate else None,
        input_tokens=table["input_tokens"], output_tokens=table["output_tokens"],
    )  # fmt: skip
    chips = table["tp"] * table["pp"] * table["dp"]
    return e, chips * PRICE_PER_CHIP_HOUR / (e.output_tokens_per_s * 3600) * 1e6


def in_one_piece(kind: str, table: Table) -> tuple[Array, ...]:
    """TTFT, TPOT, busy seconds and reasons of the table at once, each point's work computed for itself."""
    model, chip = find_model(CATALOGUE, MODELS[kind]), find_chip(CATALOGUE, CHIP)
    tp, pp, dp, ep, users, input_tokens, output_tokens = table.values()
    one = np.ones(tp.size)
    room = capacity(
        model, chip, weight_precision=WEIGHTS, kv_precision=CACHE, tp=tp, pp=pp, dp=dp, ep=ep,
        input_tokens=input_tokens, output_tokens=output_tokens,
    )  # fmt: skip
    work = step_work(
        model, chip, weight_precision=WEIGHTS, kv_precision=CACHE, tp=tp, pp=pp, dp=dp, ep=ep,
        scale_up_chips=DOMAIN,
    )  # fmt: skip
    e = START.efficiencies(Condition(chip, model, "generic", "", WEIGHTS), tp.size)
    experts = one * has_experts(model)
    slots = np.maximum(room.slots, 1.0)
    question = Question(users / dp, input_tokens, 0 * one, output_tokens, slots, 0 * one, one, experts)
    state = closed_loop(work, e, question)
    busy = ideal_seconds(
        work, decode=state.batch, context=input_tokens + output_tokens / 2,
        prefill_per_step=state.batch / output_tokens * input_tokens, prefill_context=input_tokens / 2,
    )  # fmt: skip
    why = [
        f"{missing / 1e9:.1f} GB are missing" if missing > 0 else ""
        for missing in np.where(room.slots < 1, np.inf, room.missing_bytes)
    ]
    return state.ttft_s, state.tpot_s, *busy, np.array([not w for w in why], float)


def steps(kind: str, table: Table) -> Array:
    """Seconds of the decode step of each point, in one call."""
    return decode_step_s(
        find_model(CATALOGUE, MODELS[kind]), find_chip(CATALOGUE, CHIP), weight_precision=WEIGHTS,
        kv_precision=CACHE, scale_up_chips=DOMAIN, parameters=START,
        tp=table["tp"], pp=table["pp"], dp=table["dp"], ep=table["ep"],
        sequences=table["load"], context_tokens=table["input_tokens"],
    )  # fmt: skip


def steps_in_one_piece(kind: str, table: Table) -> Array:
    """Seconds of the decode step of each point, the table at once and each point's work for itself."""
    model, chip = find_model(CATALOGUE, MODELS[kind]), find_chip(CATALOGUE, CHIP)
    work = step_work(
        model, chip, weight_precision=WEIGHTS, kv_precision=CACHE,
        tp=table["tp"], pp=table["pp"], dp=table["dp"], ep=table["ep"], scale_up_chips=DOMAIN,
    )  # fmt: skip
    e = START.efficiencies(Condition(chip, model, "generic", "", WEIGHTS), table["tp"].size)
    return e["level"] * step_seconds(work, e, decode=table["load"], context=table["input_tokens"])


RUNS: dict[str, Callable[[str, Table], object]] = {
    "points": serving,
    "points by rate": lambda kind, table: serving(kind, table, rate=True),
    "points in one piece": in_one_piece,
    "steps": steps,
    "steps in one piece": steps_in_one_piece,
    "nothing": lambda *_: None,
}


def alone(name: str, kind: str) -> tuple[float, float, float]:
    """Seconds of the wall, seconds of cores, and peak memory in MB of one run in a process of its own."""
    words = [sys.executable, "-m", "benchmarks.prediction_table", name, kind]
    answer = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
    return float(answer[0]), float(answer[1]), float(answer[2])


def run_alone(name: str, kind: str) -> None:
    """Run once on a small table, then on the large one, and print what `alone` reads."""
    run, small, large = RUNS[name], table_of(kind, 100), table_of(kind, POINTS)
    run(kind, small)
    wall, core = time.perf_counter(), time.process_time()
    run(kind, large)
    wall, core = time.perf_counter() - wall, time.process_time() - core
    # Kilobytes on Linux, bytes on macOS.
    unit = 1e6 if sys.platform == "darwin" else 1e3
    print(wall, core, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)


def main() -> None:
    """Print a second's points and decode steps each way, the ratios, and the peak of memory."""
    busy = ", ".join(f"{x:.1f}" for x in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    print(f"{cores()} cores, load average before {busy}; {POINTS:,} points, best of 3, a process each")
    for kind, name in MODELS.items():
        print(f"{name} on {CHIP}; {alone('nothing', kind)[2]:,.0f} MB with the table alone")
        few = table_of(kind, SCALAR_POINTS)
        singles = [{k: v[i : i + 1] for k, v in few.items()} for i in range(SCALAR_POINTS)]
        for what in ("points", "steps"):
            call = RUNS[what]
            scalar = SCALAR_POINTS / best_s(partial(_one_by_one, call, kind, singles))
            here = _best(what, kind)
            piece = _best(f"{what} in one piece", kind)
            print(_line(what, here), _rival("one call each", scalar, here), sep="\n")
            print(_rival("one piece, one thread", POINTS / piece[0], here), f"{piece[2]:,.0f} MB")
        print(_line("points by rate", _best("points by rate", kind)))


def _one_by_one(call: Callable[[str, Table], object], kind: str, tables: Sequence[Table]) -> None:
    for table in tables:
        call(kind, table)


def _best(name: str, kind: str) -> tuple[float, float, float]:
    found = [alone(name, kind) for _ in range(3)]
    return min(x[0] for x in found), min(x[1] for x in found), max(x[2] for x in found)


def _line(what: str, took: tuple[float, float, float]) -> str:
    wall, core, memory = took
    return (
        f"  {what}: {POINTS / wall:,.0f} a second, {POINTS / core:,.0f} a second of one core; "
        f"peak {memory:,.0f} MB"
    )


def _rival(name: str, rate: float, took: tuple[float, float, float]) -> str:
    return f"    {name}: {rate:,.0f} a second; ratio {POINTS / took[0] / rate:,.1f}"


if __name__ == "__main__":
    run_alone(*sys.argv[1:3])
