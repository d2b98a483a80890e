"""Rows of the measured tables as runs: what was run, on what, and what was measured.

A run keeps the names of its row; the catalogue turns them into facts later.  What a row does not print and
the model needs is filled in by the rules in `ASSUMED`, which are listed in docs/performance.md.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import resources

from counterpoise.errors import BadInput, Where
from counterpoise.performance.campaign_recipes import settings
from counterpoise.performance.engine_images import engine_version

FOLDS = 5
CLOSED, STATIC, SATURATED, DECODE, PREFILL, SPLIT = (
    "closed-loop",
    "static",
    "saturated",
    "decode",
    "prefill",
    "split",
)
"""How the engine was loaded: constant users; one batch from start to end; more requests than it can take;
decode steps only; one prefill; prefill and decode on separate workers."""

ASSUMED = {
    "kv": "KV cache in 8 bits where TensorRT-LLM ran FP8 or FP4 weights and where anything ran FP4 weights, "
    "16 bits otherwise; for InferenceMAX what its launch scripts set (measurements/recipes.csv).",
    "recipes": "Share of the memory, steps that a request waits before its prefill, drafts, and experts over "
    "all chips of a worker: as the launch scripts of InferenceMAX set them, with the commit beside each "
    "(measurements/recipes.csv); drafts by the day and the image, which belong to one configuration each.",
    "mlperf-input": "MLPerf prints no input lengths: 295 tokens for Llama 2 70B (OpenOrca), 870 for GPT-J "
    "(CNN/DailyMail), 450 for Mixtral; GPT-J writes 69 tokens.  From memory.",
    "mlperf-precision": "MLPerf prints no precision for most rows: FP4 where the chip has it, else FP8, else "
    "INT8.",
    "tp": "Where a row prints chips but no parallelism, all chips are tensor parallel.",
    "saturated": "An engine loaded beyond its limit holds as many sequences as its cache or 2,048.",
}

MLPERF_INPUT = {"llama2-70b": 295.0, "gpt-j-6b": 870.0, "mixtral-8x7b": 450.0}
MLPERF_OUTPUT = {"llama2-70b": 292.0, "gpt-j-6b": 69.0, "mixtral-8x7b": 146.0}
MOST_SEQUENCES = 2048.0
ENGINES = (
    ("tensorrt-llm", "trtllm"),
    ("trtllm", "trtllm"),
    ("tensorrt", "trtllm"),
    ("cuda", "trtllm"),
    ("vllm", "vllm"),
    ("sglang", "sglang"),
    ("llama.cpp", "llamacpp"),
    ("deepspeed", "deepspeed"),
    ("transformers neuronx", "neuronx"),
    ("nxd", "neuronx"),
    ("sambaflow", "sambaflow"),
)
INFERENCEMAX = "InferenceMAX"
CAMPAIGNS = (
    ("config_id=", INFERENCEMAX),
    ("wip=", INFERENCEMAX),
    ("gap-analysis", INFERENCEMAX),
    ("source_file=", "NVIDIA"),
)
"""Mark in a source -> who measured.  All 31 rows of the file for a "gap analysis" are rows of InferenceMAX
again, their figures rounded."""
MEMORY_SHARE = 0.9
"""Share of the memory that measured engines took: vLLM's default, and what waits for room say."""
HELD_OUT = frozenset({"deepseek-day6", "deepseek-profile-data"})
"""Sources never fitted: DeepSeek's own figures are what tests predict."""


@dataclass(frozen=True, slots=True)
class Run:
    """A measured run.  `users` are of the whole deployment; `measured`: column of the file -> value.

    `drafts`: tokens drafted for each step; `wait_steps`: decode steps that a request waits before its prefill
    by a setting of the engine, on average; `memory_share`: the engine's own share of the memory.
    """

    id: str
    model: str
    chip: str
    engine: str
    version: str
    weight_precision: str
    kv_precision: str
    n_chips: int
    tp: int
    pp: int
    dp: int
    ep: int
    load: str
    users: float
    input_tokens: float
    output_tokens: float
    quality: str
    source: str
    measured: Mapping[str, float]
    prefill: tuple[int, int, int, int] | None = None
    decode: tuple[int, int, int, int] | None = None
    drafts: float = 0.0
    wait_steps: float = 0.0
    memory_share: float = MEMORY_SHARE
    refusal: str = ""
    campaign: str = ""
    row: Mapping[str, str] = field(default_factory=dict)


def curve_key(
    model: str, chip: str, engine: str, precision: str, input_tokens: float, output_tokens: float
) -> str:
    """Key of a condition: every concurrency and parallelism of it share one, as does every engine version."""
    text = f"{model}|{chip}|{engine}|{precision}|{input_tokens:g}|{output_tokens:g}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def fold_of(key: str) -> int:
    """Fold 0..4 of a condition, the same in every run and on every machine."""
    return int(key[:8], 16) % FOLDS


def shipped(kind: str) -> list[dict[str, str]]:
    """Rows of the measured table `kind` that comes with the product."""
    path = resources.files("counterpoise.performance") / "measurements" / f"{kind}.csv"
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


NEEDED = {
    "serving": ("model", "chip", "framework", "precision", "input_len", "output_len", "concurrency"),
    "inference": ("model", "chip", "n_chips", "precision", "framework", "scenario"),
}


def runs(rows: Iterable[Mapping[str, str]], kind: str, file: str | None = None) -> list[Run]:
    """Read rows of a table of `kind` "serving" | "inference".

    Raises `BadInput` with the column where one is missing or a figure is not a number.
    """
    table = list(rows)
    if table:
        missing = [c for c in NEEDED[kind] if c not in table[0]]
        if missing:
            raise BadInput(
                f"the {kind} table has no column {', '.join(missing)}.",
                where=Where(file, 1, missing[0]),
                hint=f"It needs {', '.join(NEEDED[kind])} and the measured columns.",
            )
    read = _serving if kind == "serving" else _inference
    return [read(row, Where(file, line)) for line, row in enumerate(table, start=2)]


def number(row: Mapping[str, str], column: str, where: Where) -> float | None:
    """Value of a cell, None where it is empty; raises `BadInput` where it is not a finite number."""
    text = (row.get(column) or "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf"):
        raise BadInput(
            f'"{text}" is not a number.',
            where=Where(where.file, where.line, column),
            hint="Write a number or nothing.",
        )
    return value


def whole(row: Mapping[str, str], column: str, where: Where, default: int) -> int:
    """Value of a cell as a whole number; `default` where it is empty."""
    value = number(row, column, where)
    return default if value is None else int(value)


def engine_of(framework: str) -> str:
    """Engine named in a row, "generic" where it is none that is known."""
    name = framework.casefold()
    return next((engine for prefix, engine in ENGINES if name.startswith(prefix)), "generic")


def campaign_of(source: str) -> str:
    """Who measured a serving run, by the marks that the table's sources leave; "" where it is not known.

    InferenceMAX runs come from its database, the engine vendors' from a file for each model.
    """
    return next((name for mark, name in CAMPAIGNS if mark in source), "")


def _measured(row: Mapping[str, str], columns: Iterable[str], where: Where) -> dict[str, float]:
    values = {column: number(row, column, where) for column in columns}
    return {column: value for column, value in values.items() if value is not None and value > 0}


def _serving(row: Mapping[str, str], where: Where) -> Run:
    tp, pp = whole(row, "tp", where, 0), whole(row, "pp", where, 1)
    dp, ep = whole(row, "dp", where, 1), whole(row, "ep", where, 1)
    n_chips = whole(row, "n_chips", where, tp * pp * dp)
    engine, precision = engine_of(row["framework"]), row["precision"].strip().casefold()
    campaign = campaign_of(row.get("source") or "")
    eight_bit_cache = precision == "fp4" or (precision == "fp8" and engine == "trtllm")
    split = (row.get("mode") or "agg").strip() == "disagg"
    users = number(row, "concurrency", where) or 0.0
    input_tokens, output_tokens = (
        number(row, "input_len", where) or 0.0,
        number(row, "output_len", where) or 0.0,
    )
    known = settings(row, engine) if campaign == INFERENCEMAX else {}
    refusal = ""
    if not split and min(tp, pp, dp, ep) < 1:
        refusal = "parallel sizes of 0"
    elif not split and n_chips != tp * pp * dp:
        refusal = "parallel sizes do not multiply to the chips"
    elif min(users, input_tokens, output_tokens) <= 0:
        refusal = "concurrency or a length is missing"

    def workers(role: str) -> tuple[int, int, int, int]:
        counts = [whole(row, f"{role}_{c}", where, 1) for c in ("workers", "tp", "dp", "ep")]
        spread = counts[1] * counts[2] if "expert_parallel" in known else counts[3]
        return counts[0], counts[1], counts[2], spread

    return Run(
        id=row.get("id") or "",
        model=row["model"].strip(),
        chip=row["chip"].strip(),
        engine=engine,
        version=f"{engine} {engine_version(engine, row.get('framework_version') or '')}".strip(),
        weight_precision=precision,
        kv_precision=known.get("kv_precision", "fp8" if eight_bit_cache else "bf16"),
        n_chips=n_chips,
        tp=tp,
        pp=pp,
        dp=dp,
        ep=ep,
        load=SPLIT if split else CLOSED,
        users=users,
        input_tokens=input_tokens * 0.9,  # lengths are drawn from 80 to 100 % of what was asked
        output_tokens=output_tokens * 0.9,
        quality=(row.get("quality") or "A").strip(),
        source="serving",
        measured=_measured(row, ("ttft_mean_ms", "tpot_mean_ms"), where),
        prefill=workers("prefill") if split else None,
        decode=workers("decode") if split else None,
        drafts=float(known.get("drafts", 0.0)),
        wait_steps=_wait_steps(known, users, output_tokens),
        memory_share=float(known.get("memory_share", MEMORY_SHARE)),
        refusal=refusal,
        campaign=campaign,
        row=row,
    )


def _wait_steps(known: Mapping[str, str], users: float, output_tokens: float) -> float:
    """Decode steps that a request waits before its prefill, on average.

    An engine that looks for requests every n steps finds one after n / 2.  One that gathers prompts for up to
    T steps lets the first of a batch wait T and those that join it T / 2; λT join, λ = users / output tokens
    (Little's law: so many requests start in a step).
    """
    polled = float(known.get("poll_steps", 0.0)) / 2
    longest = float(known.get("batch_wait_steps", 0.0))
    joining = longest * users / max(output_tokens, 1.0)
    return polled + longest * (1 + joining / 2) / (1 + joining)


LOADS = {
    "static-batch": STATIC,
    "offline-max-throughput": SATURATED,
    "mlperf-offline": SATURATED,
    "mlperf-server": SATURATED,
    "decode-batch1": DECODE,
    "prefill-batch1": PREFILL,
    "serving-closed-loop": CLOSED,
    "serving-batch1": CLOSED,
}
PRECISIONS = {
    "fp16/bf16 (default, unverified)": "bf16",
    "fp16": "bf16",
    "f16": "bf16",
    "bf16": "bf16",
    "fp8": "fp8",
    "int8": "int8",
    "int4": "int4",
    "q4_k_m": "int4",
    "nvfp4": "fp4",
    "mxfp4": "fp4",
    "fp4": "fp4",
}


def _loaded(
    row: Mapping[str, str], where: Where, load: str, mlperf: bool
) -> tuple[float | None, float | None, float | None]:
    """Users, input and output tokens of a row; what it does not print, by the rules of `ASSUMED`."""
    users = number(row, "concurrency", where) or number(row, "batch", where)
    input_tokens, output_tokens = number(row, "input_len", where), number(row, "output_len", where)
    if load == SATURATED:
        users = 1e6
    if mlperf:
        model = row["model"].strip()
        return users, MLPERF_INPUT.get(model), output_tokens or MLPERF_OUTPUT.get(model)
    if load == DECODE:
        return users or 1.0, 1.0, output_tokens
    if load == PREFILL:
        return users or 1.0, input_tokens, 1.0
    if load == STATIC and output_tokens is None and row.get("ttft_mean_ms"):
        return users, input_tokens, 1.0
    return users, input_tokens, output_tokens


def _inference(row: Mapping[str, str], where: Where) -> Run:
    scenario, model = row["scenario"].strip(), row["model"].strip()
    mlperf = scenario.startswith("mlperf")
    load = LOADS.get(scenario, "")
    n_chips = whole(row, "n_chips", where, 1)
    pp, dp = whole(row, "pp", where, 1), whole(row, "dp", where, 1)
    ep = whole(row, "ep", where, 1)
    layer_split = load in (DECODE, PREFILL)  # llama.cpp: one sequence passes the chips in turn
    engine = engine_of(row["framework"])
    tp = 1 if layer_split else whole(row, "tp", where, max(n_chips // (pp * dp), 1))
    if engine == "neuronx":
        tp = max(n_chips, 1)  # its tp counts cores, two to a chip
    if mlperf:
        tp, pp, dp = 1, 1, max(n_chips, 1)
    users, input_tokens, output_tokens = _loaded(row, where, load, mlperf)
    given = (row.get("precision") or "").strip().casefold()
    refusal = ""
    if not load:
        refusal = f'scenario "{scenario}" is not modelled by row'
    elif not given and not mlperf:
        refusal = "the precision is not in the row"
    elif given not in PRECISIONS and given:
        refusal = f'precision "{given}" is not modelled'
    elif users is None or input_tokens is None or output_tokens is None:
        refusal = "input length, output length or batch is not in the row"
    elif not mlperf and tp * pp * dp not in (n_chips, 0) and not layer_split and row.get("n_chips"):
        refusal = "parallel sizes do not multiply to the chips"
    precision = PRECISIONS.get(given, "mlperf")
    kv = "fp8" if "fp8" in (row.get("kv_precision") or "").casefold() else ""
    if not kv:
        kv = "fp8" if engine == "trtllm" and (precision in ("fp8", "fp4") or mlperf) else "bf16"
    version = "mlperf " + scenario if mlperf else row["framework"].strip()
    return Run(
        id=row.get("row_id") or "",
        model=model,
        chip=row["chip"].strip(),
        engine=engine,
        version=version,
        weight_precision=precision,
        kv_precision=kv,
        n_chips=n_chips,
        tp=max(tp, 1),
        pp=max(pp, 1),
        dp=max(dp, 1),
        ep=max(ep, 1),
        load=load,
        users=users or 0.0,
        input_tokens=input_tokens or 0.0,
        output_tokens=output_tokens or 0.0,
        quality=(row.get("quality") or "A").strip(),
        source=row.get("source_group") or "inference",
        measured=_measured(row, ("output_tok_s_total", "total_tok_s", "ttft_mean_ms", "tpot_mean_ms"), where),
        refusal=refusal,
        campaign=row.get("source_group") or "",
        row=row,
    )
