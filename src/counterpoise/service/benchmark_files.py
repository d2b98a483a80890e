"""Results of benchmark tools as rows of the serving table: vLLM, SGLang and GuideLLM.

Fields read, and where they are written:

- `vllm bench serve --save-result` (vllm/benchmarks/serve.py): model_id, backend, max_concurrency,
  request_rate, completed, failed, total_input_tokens, total_output_tokens, request_throughput, mean_ttft_ms,
  mean_tpot_ms; `--metadata tp=4 chip=H100 ...` is read too; `--append-result` writes one after the other.
- `python -m sglang.bench_serving --output-file` (JSON lines): the same, without model_id; accept_length.
- `guidellm benchmark` (benchmarks.json): benchmarks[].config.strategy (or args.strategy): type_, streams;
  metrics.*.successful.mean.  Its `time_per_output_token_ms` holds the first token too, so TPOT is
  `inter_token_latency_ms`.

Users of an open loop (a rate instead of users) are those in flight by Little's law, and its TTFT is left out:
the model's first token is that of a closed loop.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from counterpoise.errors import BadInput, Where

Row = dict[str, str]
Result = Mapping[str, Any]
ENGINES = {"vllm": "vllm", "sglang": "sglang", "tensorrt-llm": "trtllm", "trt": "trtllm"}
"""Backends that name one engine; "openai" may be any."""
SAID = (
    "chip",
    "model",
    "framework",
    "framework_version",
    "precision",
    "kv_precision",
    "tp",
    "pp",
    "dp",
    "ep",
)
"""Columns that a result may lack and the command line then says; `--metadata` may say them too."""
MOST_FAILED = 0.05
"""Share of failed requests from which a result says little of the engine."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One result: its row, or why it teaches nothing; `line` is where it stands in its file."""

    row: Row
    refusal: str = ""
    line: int = 1


def read_benchmarks(text: str, file: str) -> list[Benchmark]:
    """Read the results in a file of any of the three tools.

    Raises `BadInput`, with the line, for what is not JSON or not such a result.
    """
    found: list[Benchmark] = []
    for line, value in _objects(text, file):
        if isinstance(value, dict) and isinstance(value.get("benchmarks"), list):
            found += [_guidellm(value, one, line) for one in value["benchmarks"] if isinstance(one, dict)]
        elif isinstance(value, dict) and "mean_ttft_ms" in value and "completed" in value:
            found.append(_bench_serve(value, line))
        else:
            raise BadInput(
                "this JSON is not a benchmark result that is known.",
                where=Where(file, line),
                hint="Give what `vllm bench serve --save-result`, sglang.bench_serving or guidellm wrote.",
            )
    if not found:
        raise BadInput("the file holds no benchmark result.", where=Where(file, 1))
    return found


def looks_like_json(text: str) -> bool:
    """Whether a file is JSON, not a CSV table."""
    return text.lstrip()[:1] in ("{", "[")


def _objects(text: str, file: str) -> Iterator[tuple[int, Any]]:
    decoder, at = json.JSONDecoder(), 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at >= len(text):
            return
        line = text.count("\n", 0, at) + 1
        try:
            value, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise BadInput(f"not JSON ({error.msg}).", where=Where(file, line + error.lineno - 1)) from None
        except RecursionError:
            raise BadInput("the file nests too deeply.", where=Where(file, line)) from None
        yield from ((line, v) for v in (value if isinstance(value, list) else [value]))


def _number(value: object) -> float:
    """A number that is positive and finite, else 0."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0.0
    try:
        number = float(value)
    except ValueError:
        return 0.0
    return number if 0 < number < float("inf") else 0.0


def _bench_serve(result: Result, line: int) -> Benchmark:
    """A result of vLLM's or SGLang's client, which share most fields."""
    completed = _number(result.get("completed"))
    inputs, outputs = (
        _number(result.get(f"total_{side}_tokens")) / max(completed, 1.0) for side in ("input", "output")
    )
    ttft, tpot = _number(result.get("mean_ttft_ms")), _number(result.get("mean_tpot_ms"))
    users, rate = _number(result.get("max_concurrency")), _number(result.get("request_rate"))
    failed = _number(result.get("failed"))
    refusal = ""
    if rate:
        seconds = (ttft + tpot * max(outputs - 1.0, 0.0)) / 1e3
        users, ttft = _number(result.get("request_throughput")) * seconds, 0.0
    elif not users:
        refusal = "all requests were sent at once, which is no steady state: run it with --max-concurrency"
    if failed > MOST_FAILED * (completed + failed):
        refusal = f"{failed:.0f} of {completed + failed:.0f} requests failed"
    elif _number(result.get("accept_length")) > 1 or _number(result.get("spec_decode_acceptance_rate")):
        refusal = "it ran with drafts (speculative decoding), which a run without cannot be learnt from"
    elif min(inputs, outputs, tpot) <= 0:
        refusal = refusal or "it has no mean TPOT or token counts"
    backend = str(result.get("backend") or result.get("endpoint_type") or "")
    engine = next((e for prefix, e in ENGINES.items() if backend.startswith(prefix)), "")
    told = {"model": result.get("model_id"), "framework": engine}
    told |= {column: result[column] for column in SAID if result.get(column) not in (None, "")}
    return Benchmark(_row(told, users, inputs, outputs, ttft, tpot), refusal, line)


def _guidellm(report: Result, result: Result, line: int) -> Benchmark:
    """One benchmark of a report of GuideLLM."""
    metrics = _section(result, "metrics")
    strategy = _section(_section(result, "config"), "strategy") or _section(
        _section(result, "args"), "strategy"
    )

    def mean(name: str) -> float:
        return _number(_section(_section(metrics, name), "successful").get("mean"))

    kind, refusal = str(strategy.get("type_") or strategy.get("kind") or ""), ""
    users, ttft = _number(strategy.get("streams")), mean("time_to_first_token_ms")
    if kind == "synchronous":
        users = 1.0
    elif kind == "throughput":
        users = _number(strategy.get("max_concurrency"))
        refusal = (
            "" if users else "requests without limit, which is no steady state: use --profile concurrent"
        )
    elif not users:
        users, ttft = mean("request_concurrency"), 0.0
    inputs, outputs = mean("prompt_token_count"), mean("output_token_count")
    tpot = mean("inter_token_latency_ms")
    if min(inputs, outputs, tpot, users) <= 0:
        refusal = refusal or "it has no mean inter-token latency, token counts or users"
    totals = _section(metrics, "request_totals")
    failed, done = _number(totals.get("errored")), _number(totals.get("successful"))
    if failed > MOST_FAILED * (done + failed):
        refusal = f"{failed:.0f} of {done + failed:.0f} requests failed"
    return Benchmark(
        _row({"model": _guidellm_model(report, result)}, users, inputs, outputs, ttft, tpot), refusal, line
    )


def _guidellm_model(report: Result, result: Result) -> object:
    """The model served, wherever the version of GuideLLM wrote it."""
    for place in (
        _section(_section(result, "config"), "backend").get("model"),
        _section(report, "args").get("model"),
        _section(_section(report, "args"), "backend").get("model"),
        _section(result, "worker").get("backend_model"),
    ):
        if isinstance(place, str) and place:
            return place
    return None


def _section(value: object, name: str) -> Result:
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _row(
    told: Mapping[str, object], users: float, inputs: float, outputs: float, ttft: float, tpot: float
) -> Row:
    row = {column: str(value) for column, value in told.items() if value not in (None, "")}
    figures = {
        "input_len": inputs,
        "output_len": outputs,
        "concurrency": users,
        "ttft_mean_ms": ttft,
        "tpot_mean_ms": tpot,
    }
    return row | {column: f"{value:.6g}" for column, value in figures.items() if value > 0}
