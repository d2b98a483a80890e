"""llm-analysis, by `LLMAnalysis.inference`: a decode step of the whole batch, and the prefill of one prompt.

It knows no queue, so TTFT is the prefill alone and TPOT the step at a batch of all users.  Efficiencies are
those its README gives to who has no benchmark of his own: 0.7 of peak FLOPs, 0.9 of memory bandwidth.
"""

from __future__ import annotations

import logging
from functools import cache
from importlib import import_module
from typing import Any

from exchange import CannotSayError, Point, Predict, Told, answer

SHIPPED_CHIPS = {
    "H100-SXM5-80GB": "h100-sxm-80gb",
    "A100-SXM4-80GB": "a100-sxm-80gb",
    "A100-SXM4-40GB": "a100-sxm-40gb",
}
WIDTHS = {"bf16": (16, 16), "fp8": (8, 8), "fp4": (4, 4)}
FLOPS_EFFICIENCY, MEMORY_EFFICIENCY = 0.7, 0.9
MESSAGE_LATENCY_S = 8e-6
"""Least time of a message between chips: its own figure for the H100."""


def prepare(question: dict[str, Any]) -> Predict:
    """Import the peer and return its predictor."""
    logging.disable(logging.CRITICAL)
    analysis = import_module("llm_analysis.analysis")
    config = import_module("llm_analysis.config")
    config.populate_model_and_gpu_configs()

    @cache
    def analyst(model: str, chip: str, precision: str, tp: int) -> Any:
        weights, activations = WIDTHS[precision]
        return analysis.LLMAnalysis(
            config.ModelConfig(**_model(model, question["models"][model])),
            _chip(config, chip, question["chips"][chip]),
            config.DtypeConfig("asked", weights, activations, 16),
            config.ParallelismConfig(tp_size=tp),
            flops_efficiency=FLOPS_EFFICIENCY,
            hbm_memory_efficiency=MEMORY_EFFICIENCY,
        )

    def predict(point: Point) -> Told:
        if int(point["dp"]) > 1 or int(point["pp"]) > 1 or int(point["ep"]) > 1:
            raise CannotSayError("attention replicas and expert parallelism in serving are not its inputs")
        known = analyst(point["model"], point["chip"], point["weight_precision"], int(point["tp"]))
        lengths = {
            "seq_len": int(point["input_tokens"]),
            "num_tokens_to_generate": int(point["output_tokens"]),
            "kv_cache_dtype_bytes": 1 if point["kv_precision"] == "fp8" else 2,
        }
        first = known.inference(batch_size_per_gpu=1, **lengths)
        later = known.inference(batch_size_per_gpu=int(point["concurrency"]), **lengths)
        return Told(1e3 * first["prefill_latency"], 1e3 * later["decode_latency"])

    return predict


def _model(name: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Its description of a model: one kind of layer, whose heads together are as wide as the model."""
    if len(facts["layers"]) != 1:
        raise CannotSayError("layers of more than one kind")
    layer = facts["layers"][0]
    attention, feed_forward = layer["attention"], layer["feed_forward"]
    if attention["kind"] != "full":
        raise CannotSayError(f"{attention['kind']} attention")
    if attention["heads"] * attention["head_dim"] != facts["hidden"]:
        raise CannotSayError("heads that are not together as wide as the model")
    if feed_forward["experts"]:
        raise CannotSayError("experts narrower than the layer: its FLOPs of a layer know no expert width")
    return {
        "name": name,
        "num_layers": layer["count"],
        "n_head": attention["heads"],
        "hidden_dim": facts["hidden"],
        "vocab_size": facts["vocab"],
        "max_seq_len": facts["max_position"],
        "num_key_value_heads": attention["kv_heads"],
        "ffn_embed_dim": feed_forward["intermediate"],
        "expansion_ratio": feed_forward["intermediate"] / facts["hidden"],
    }


def _chip(config: Any, name: str, facts: dict[str, Any]) -> Any:
    """Its own figures of a chip where it ships them; a data sheet's where it does not."""
    if name in SHIPPED_CHIPS:
        return config.get_gpu_config_by_name(SHIPPED_CHIPS[name])
    bf16 = float(facts["peak_bf16_flops_per_s"])
    fp8 = float(facts.get("peak_fp8_flops_per_s") or bf16)
    fp4 = float(facts.get("peak_fp4_flops_per_s") or fp8)
    return config.GPUConfig(
        name=name,
        mem_per_GPU_in_GB=facts["memory_bytes"] / 2**30,
        hbm_bandwidth_in_GB_per_sec=facts["memory_bandwidth_bytes_per_s"] / 1e9,
        intra_node_bandwidth_in_GB_per_sec=facts["scale_up_bandwidth_bytes_per_s"] / 1e9,
        intra_node_min_message_latency=MESSAGE_LATENCY_S,
        peak_fp16_TFLOPS=bf16 / 1e12,
        peak_i8_TFLOPS=fp8 / 1e12,
        peak_i4_TFLOPS=fp4 / 1e12,
    )


if __name__ == "__main__":
    answer("llm-analysis", prepare)
