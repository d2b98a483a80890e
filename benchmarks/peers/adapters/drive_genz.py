"""GenZ, by `prefill_moddeling` and `decode_moddeling`: a prompt alone, and a decode step of the whole batch.

It knows no queue, so TTFT is the prefill of one prompt and TPOT the step at a batch of all users, half of
the output written.  Its efficiencies are its defaults (1).  It writes a file for each call under /tmp/genz,
which is removed at the end if it was not there before.
"""

from __future__ import annotations

import logging
import shutil
import warnings
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from exchange import CannotSayError, Point, Predict, Told, answer

SHIPPED_CHIPS = {"H100-SXM5-80GB": "H100_GPU", "A100-SXM4-80GB": "A100_80GB_GPU"}
SHIPPED_MODELS = {
    "llama3.1-8b": "meta-llama/meta-llama-3.1-8b",
    "llama3.1-70b": "meta-llama/meta-llama-3.1-70b",
}
FILES = Path("/tmp/genz")


def prepare(question: dict[str, Any]) -> Predict:
    """Import the peer and return its predictor."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    genz = import_module("GenZ")

    @cache
    def model_of(name: str) -> Any:
        return SHIPPED_MODELS.get(name) or genz.ModelConfig(**_model(name, question["models"][name]))

    @cache
    def chip_of(name: str) -> Any:
        return SHIPPED_CHIPS.get(name) or _chip(question["chips"][name])

    def predict(point: Point) -> Told:
        if int(point["dp"]) > 1 or int(point["pp"]) > 1:
            raise CannotSayError("attention replicas that share experts are not its inputs")
        # In its mixtures of experts attention is cut over tensor x expert chips, experts as said.
        experts = int(point["ep"])
        common = {
            "model": model_of(point["model"]),
            "input_tokens": int(point["input_tokens"]),
            "system_name": chip_of(point["chip"]),
            "bits": point["weight_precision"],
            "tensor_parallel": int(point["tp"]) // experts,
            "expert_parallel": experts,
        }
        first = genz.prefill_moddeling(batch_size=1, **common)
        later = genz.decode_moddeling(
            batch_size=int(point["concurrency"]),
            Bb=1,
            output_tokens=int(point["output_tokens"]) // 2,
            **common,
        )
        return Told(float(first["Latency"]), float(later["Latency"]))

    return predict


def _model(name: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Its description of a model: full or windowed attention, and one kind of feed-forward."""
    attentions = [layer["attention"] for layer in facts["layers"]]
    forwards = [layer["feed_forward"] for layer in facts["layers"]]
    kinds = {a["kind"] if a else "no" for a in attentions}
    if not kinds <= {"full", "window"}:
        raise CannotSayError(f"{' and '.join(sorted(kinds))} attention")
    if any(f != forwards[0] for f in forwards) or forwards[0]["shared_intermediate"]:
        raise CannotSayError("feed-forward layers of more than one kind, or shared experts")
    attention, forward = attentions[0], forwards[0]
    return {
        "model": name,
        "vocab_size": facts["vocab"],
        "max_model_len": facts["max_position"],
        "hidden_size": facts["hidden"],
        "intermediate_size": forward["intermediate"],
        "num_ffi": forward["matrices"] - 1,
        "num_decoder_layers": sum(layer["count"] for layer in facts["layers"]),
        "num_attention_heads": attention["heads"],
        "head_dim": attention["head_dim"],
        "num_key_value_heads": attention["kv_heads"],
        "sliding_window": max(a["window"] for a in attentions) or None,
        "num_experts": forward["experts"] or 1,
        "expert_top_k": forward["top_k"] or 1,
    }


def _chip(facts: dict[str, Any]) -> dict[str, Any]:
    """A data sheet in its units: dense BF16 TFLOPS, GB, GB/s."""
    return {
        "Flops": facts["peak_bf16_flops_per_s"] / 1e12,
        "Memory_size": facts["memory_bytes"] / 1e9,
        "Memory_BW": facts["memory_bandwidth_bytes_per_s"] / 1e9,
        "ICN": facts["scale_up_bandwidth_bytes_per_s"] / 1e9,
        "real_values": True,
    }


def main() -> None:
    """Answer, and leave no files behind."""
    there = FILES.exists()
    try:
        answer("genz_llm", prepare)
    finally:
        if not there:
            shutil.rmtree(FILES, ignore_errors=True)


if __name__ == "__main__":
    main()
