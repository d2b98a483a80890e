"""Which reader knows the layers of which architecture, by the `model_type` of its config.json."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from counterpoise.catalogue import config_dense as dense
from counterpoise.catalogue import config_hybrids as hybrids
from counterpoise.catalogue import config_mixtures as mixtures
from counterpoise.catalogue.config_dense import Reader
from counterpoise.catalogue.config_keys import Config
from counterpoise.catalogue.config_pattern import Halves
from counterpoise.catalogue.records import Layers


def grouped(layers: Iterable[Halves]) -> tuple[Layers, ...]:
    """Return equal layers as one group each, in the order they first appear."""
    counts: dict[Halves, int] = {}
    for halves in layers:
        counts[halves] = counts.get(halves, 0) + 1
    return tuple(Layers(count, *halves) for halves, count in counts.items())


def _qwen2(config: Config) -> list[Halves]:
    return dense.qwen(config, qkv_bias=True, qk_norm=False)


def _qwen3(config: Config) -> list[Halves]:
    return dense.qwen(config, qkv_bias=config.flag("attention_bias"), qk_norm=True)


READERS: Mapping[str, Reader] = {
    **dict.fromkeys(("llama", "granite", "aquila", "smollm3", "exaone", "minicpm", "gemma"), dense.llama),
    **dict.fromkeys(("internlm2", "internlm3", "baichuan", "olmo", "xverse"), dense.llama),
    **dict.fromkeys(("mistral", "ministral", "ministral3", "phi3"), dense.mistral),
    "qwen": dense.qwen_first,
    **dict.fromkeys(
        ("qwen2", "qwen2_moe", "qwen2_vl", "qwen2_vl_text", "qwen2_5_vl", "qwen2_5_vl_text", "mimo"), _qwen2
    ),
    **dict.fromkeys(("qwen3", "qwen3_moe", "qwen3_vl_text", "qwen3_vl_moe_text"), _qwen3),
    "gemma2": lambda c: dense.gemma(c, period=2, qk_norm=False),
    **dict.fromkeys(("gemma3", "gemma3_text"), lambda c: dense.gemma(c, period=6, qk_norm=True)),
    "gemma4_text": mixtures.gemma4,
    "cohere": dense.window_by_type,
    "cohere2": lambda c: dense.window_by_type(c, period=4),
    "olmo2": lambda c: dense.window_by_type(c, qk_norm=True),
    "olmo3": lambda c: dense.window_by_type(c, period=4, qk_norm=True),
    "exaone4": lambda c: dense.window_by_type(c, period=4, qk_norm=True),
    **dict.fromkeys(("seed_oss", "glm", "glm4", "helium", "ernie4_5"), dense.biased_queries),
    "hunyuan_v1_dense": mixtures.hunyuan,
    "chatglm": dense.chatglm,
    "stablelm": dense.stablelm,
    "starcoder2": dense.starcoder,
    **dict.fromkeys(("nemotron", "arcee", "apertus"), dense.squared),
    **dict.fromkeys(("opt", "bloom", "gpt2", "gpt_neox"), lambda c: dense.gpt(c, biases=True, mlp_bias=True)),
    "phi": lambda c: dense.plain(c, qkv_bias=True, output_bias=True, mlp_bias=True),
    "gptj": lambda c: dense.gpt(c, biases=False, mlp_bias=True),
    "mpt": lambda c: dense.gpt(c, biases=False, mlp_bias=False),
    "falcon": dense.falcon,
    "mixtral": mixtures.mixtral,
    "phimoe": mixtures.mixtral,
    "olmoe": lambda c: mixtures.mixtral(c, qk_norm=True),
    **dict.fromkeys(("granitemoe", "granitemoeshared"), mixtures.granite),
    "dbrx": mixtures.dbrx,
    **dict.fromkeys(("grok-1", "grok"), mixtures.grok),
    "arctic": mixtures.arctic,
    **dict.fromkeys(
        ("deepseek_v2", "deepseek_v3", "deepseek_v32", "kimi_k2", "glm_moe_dsa", "glm4_moe_lite", "minicpm3"),
        mixtures.latent,
    ),
    "longcat_flash": mixtures.longcat,
    **dict.fromkeys(
        ("glm4_moe", "glm4v_moe_text", "ernie4_5_moe", "bailing_moe", "bailing_moe_v2"),
        mixtures.after_first_dense,
    ),
    "dots1": lambda c: mixtures.after_first_dense(c, qk_norm=True),
    "hunyuan_v1_moe": mixtures.hunyuan,
    "step3_text": mixtures.step,
    "minimax_m2": mixtures.minimax_m2,
    "llama4_text": mixtures.llama4,
    "gpt_oss": mixtures.gpt_oss,
    **dict.fromkeys(("qwen3_next", "qwen3_5_text", "qwen3_5_moe_text"), hybrids.qwen_next),
    "kimi_linear": hybrids.kimi_linear,
    **dict.fromkeys(("minimax", "minimax_text_01"), hybrids.minimax_lightning),
    "jamba": hybrids.jamba,
    "bamba": hybrids.bamba,
    "granitemoehybrid": hybrids.granite_hybrid,
    "falcon_h1": hybrids.falcon_h1,
    "mamba2": hybrids.mamba2,
    **dict.fromkeys(("lfm2", "lfm2_moe"), hybrids.lfm2),
    "nemotron_h": hybrids.nemotron_h,
    "nemotron-nas": hybrids.nemotron_nas,
}
"""Reader of each architecture that is understood.  To add one: a function from a config to its layers."""

PARTS = {"falcon_h1": 2, "longcat_flash": 3}
"""Halves written for one layer of the config, where a layer has more than one mixer."""
BY_CLASS: Mapping[str, str] = {
    "DeciLMForCausalLM": "nemotron-nas",
    "DeepseekV3ForCausalLM": "deepseek_v3",
    "Grok1ForCausalLM": "grok",
    "Grok1ModelForCausalLM": "grok",
    "MiniMaxText01ForCausalLM": "minimax",
    "LongcatFlashForCausalLM": "longcat_flash",
    "HunYuanMoEV1ForCausalLM": "hunyuan_v1_moe",
    "Step3ForCausalLM": "step3_text",
    "Step3TextModel": "step3_text",
}
"""Architectures by the class of their model, where `model_type` is missing or says something else."""
TIED_BY_DEFAULT = frozenset(
    (
        *("opt", "bloom", "gpt2", "mpt", "falcon", "gemma", "gemma2", "gemma3", "gemma3_text", "gemma4_text"),
        *("cohere", "cohere2", "starcoder2", "grok-1", "lfm2", "lfm2_moe"),
    )
)
"""Architectures whose config leaves out that the head is the embedding."""
_GEMMA3 = {
    **{"hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26, "num_attention_heads": 8},
    **{"num_key_value_heads": 4, "head_dim": 256, "sliding_window": 4096, "vocab_size": 262208},
}
DEFAULTS: Mapping[str, Mapping[str, int]] = {
    "mistral": {"num_key_value_heads": 8},
    "mixtral": {"num_key_value_heads": 8, "num_local_experts": 8, "num_experts_per_tok": 2},
    "gemma": {"num_key_value_heads": 16, "head_dim": 256},
    "gemma2": {"num_key_value_heads": 4, "head_dim": 256},
    "gemma3": _GEMMA3,
    "gemma3_text": _GEMMA3,
    "gemma4_text": {"vocab_size": 262144},
    "jamba": {"mamba_d_state": 16},
    "bamba": {"mamba_d_state": 256, "mamba_n_heads": 128, "mamba_d_head": 64},
    "falcon_h1": {"mamba_d_state": 256, "mamba_n_heads": 128},
    "granitemoehybrid": {"mamba_d_state": 256, "mamba_n_heads": 128, "mamba_d_head": 64},
}
"""Values of the authors' own configuration class (Hugging Face transformers) for keys that configs leave out.

Only where they are known and differ from what the readers take: one key and value head a head, and so on.
"""
