"""Configs written down from the authors' own, with the keys that matter, and the sizes they publish.

`(billions of weights, billions that one token uses)`; None where the authors print none.
"""

from __future__ import annotations

from typing import Any

Sizes = tuple[float, float | None]


def config(model_type: str, hidden: int, layers: int, heads: int, vocab: int, **keys: Any) -> dict[str, Any]:
    """A config with the keys that nearly all have."""
    return {
        "model_type": model_type,
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "vocab_size": vocab,
        **keys,
    }


def _latent(q: int | None, **keys: Any) -> dict[str, Any]:
    return {
        **{"q_lora_rank": q, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64},
        **{"v_head_dim": 128, **keys},
    }


def _mamba2(heads: int, state: int, groups: int = 1, width: int = 64) -> dict[str, Any]:
    return {
        **{"mamba_n_heads": heads, "mamba_d_head": width, "mamba_d_state": state},
        **{"mamba_n_groups": groups, "mamba_d_conv": 4, "mamba_expand": 2},
    }


_KIMI_FULL = [4, 8, 12, 16, 20, 24, 27]

ARCHITECTURES: dict[str, tuple[dict[str, Any], Sizes]] = {
    "Kimi-Linear-48B-A3B": (
        config(
            "kimi_linear", 2304, 27, 32, 163840,
            **_latent(None), num_key_value_heads=32, intermediate_size=9216, num_experts=256,
            num_experts_per_token=8, num_shared_experts=1, moe_intermediate_size=1024,
            first_k_dense_replace=1, moe_layer_freq=1,
            linear_attn_config={
                "full_attn_layers": _KIMI_FULL,
                "kda_layers": [i for i in range(1, 28) if i not in _KIMI_FULL],
                "head_dim": 128, "num_heads": 32, "short_conv_kernel_size": 4,
            },
        ),
        (48, 3),
    ),
    "MiniMax-Text-01": (
        config(
            "minimax_text_01", 6144, 80, 64, 200064,
            num_key_value_heads=8, head_dim=128, intermediate_size=9216, num_local_experts=32,
            num_experts_per_tok=2, attn_type_list=([0] * 7 + [1]) * 10, shared_intermediate_size=0,
        ),
        (456, 45.9),
    ),
    "Jamba-v0.1": (
        config(
            "jamba", 4096, 32, 32, 65536,
            num_key_value_heads=8, intermediate_size=14336, num_experts=16, num_experts_per_tok=2,
            attn_layer_period=8, attn_layer_offset=4, expert_layer_period=2, expert_layer_offset=1,
            mamba_d_state=16, mamba_d_conv=4, mamba_expand=2, mamba_dt_rank=256,
        ),
        (52, 12),
    ),
    "Bamba-9B": (
        config(
            "bamba", 4096, 32, 32, 128256,
            num_key_value_heads=8, intermediate_size=14336, attn_layer_indices=[9, 18, 27],
            **_mamba2(128, 128),
        ),
        (9.78, 9.78),
    ),
    "Granite-4.0-H-Small": (
        config(
            "granitemoehybrid", 4096, 40, 32, 100352,
            num_key_value_heads=8, intermediate_size=768, shared_intermediate_size=1536, num_local_experts=72,
            num_experts_per_tok=10, tie_word_embeddings=True, **_mamba2(128, 128),
            layer_types=["attention" if i in (5, 15, 25, 35) else "mamba" for i in range(40)],
        ),
        (32, 9),
    ),
    "Falcon-H1-34B": (
        config(
            "falcon_h1", 5120, 72, 20, 261120,
            num_key_value_heads=4, head_dim=128, intermediate_size=21504, mamba_d_ssm=4096,
            **_mamba2(32, 256, groups=2, width=128),
        ),
        (33.6, 33.6),
    ),
    "Mamba-Codestral-7B": (
        config(
            "mamba2", 4096, 64, 128, 32768,
            num_heads=128, head_dim=64, n_groups=8, state_size=128, conv_kernel=4, expand=2,
        ),
        (7.3, 7.3),
    ),
    "LFM2-1.2B": (
        config(
            "lfm2", 2048, 16, 32, 65536,
            num_key_value_heads=8, block_ff_dim=12288, block_auto_adjust_ff_dim=True, block_multiple_of=256,
            conv_L_cache=3, block_ffn_dim_multiplier=1.0,
            layer_types=["full_attention" if i in (2, 5, 8, 10, 12, 14) else "conv" for i in range(16)],
        ),
        (1.17, 1.17),
    ),
    "Qwen3-Next-80B-A3B": (
        config(
            "qwen3_next", 2048, 48, 16, 151936,
            num_key_value_heads=2, head_dim=256, intermediate_size=5120, full_attention_interval=4,
            num_experts=512, num_experts_per_tok=10, moe_intermediate_size=512,
            shared_expert_intermediate_size=512, linear_num_key_heads=16, linear_num_value_heads=32,
            linear_key_head_dim=128, linear_value_head_dim=128, linear_conv_kernel_dim=4,
            decoder_sparse_step=1, mlp_only_layers=[],
        ),
        (80, 3),
    ),
    "gpt-oss-20b": (
        config(
            "gpt_oss", 2880, 24, 64, 201088,
            num_key_value_heads=8, head_dim=64, intermediate_size=2880, num_local_experts=32,
            num_experts_per_tok=4, sliding_window=128,
            layer_types=["sliding_attention", "full_attention"] * 12,
        ),
        (20.9, 3.6),
    ),
    "gemma-3-27b": (
        {
            "model_type": "gemma3",
            "text_config": {
                "model_type": "gemma3_text", "hidden_size": 5376, "intermediate_size": 21504,
                "num_hidden_layers": 62, "num_attention_heads": 32, "num_key_value_heads": 16,
                "head_dim": 128, "sliding_window": 1024,
            },
            "vision_config": {"model_type": "siglip_vision_model"},
        },
        (27.0, 27.0),
    ),
    "gemma-3-4b": (
        {
            "model_type": "gemma3",
            "text_config": {
                "model_type": "gemma3_text", "hidden_size": 2560, "intermediate_size": 10240,
                "num_hidden_layers": 34, "sliding_window": 1024,
            },
        },
        (3.88, 3.88),
    ),
    "Llama-4-Scout": (
        config(
            "llama4_text", 5120, 48, 40, 202048,
            num_key_value_heads=8, head_dim=128, intermediate_size=8192, intermediate_size_mlp=16384,
            num_local_experts=16, num_experts_per_tok=1, interleave_moe_layer_step=1,
            attention_chunk_size=8192,
        ),
        (108, 17),
    ),
    "Hunyuan-A13B": (
        config(
            "hunyuan_v1_moe", 4096, 32, 32, 128167,
            num_key_value_heads=8, head_dim=128, intermediate_size=3072, num_experts=64, moe_topk=[8] * 32,
            moe_intermediate_size=[3072] * 32, num_shared_expert=[1] * 32, use_mixed_mlp_moe=True,
            use_qk_norm=True, use_cla=False, tie_word_embeddings=True,
        ),
        (80, 13),
    ),
    "ERNIE-4.5-300B-A47B": (
        config(
            "ernie4_5_moe", 8192, 54, 64, 103424,
            num_key_value_heads=8, intermediate_size=28672, moe_num_experts=64, moe_k=8,
            moe_intermediate_size=3584, moe_num_shared_experts=0, moe_layer_start_index=3,
            moe_layer_end_index=53, moe_layer_interval=1,
        ),
        (300, 47),
    ),
    "ERNIE-4.5-21B-A3B": (
        config(
            "ernie4_5_moe", 2560, 28, 20, 103424,
            num_key_value_heads=4, head_dim=128, intermediate_size=12288, moe_num_experts=64, moe_k=6,
            moe_intermediate_size=1536, moe_num_shared_experts=2, moe_layer_start_index=1,
            moe_layer_end_index=27, tie_word_embeddings=True,
        ),
        (21, 3),
    ),
    "Step-3": (
        {
            "architectures": ["Step3VLForConditionalGeneration"],
            "model_type": "step3_vl",
            "text_config": config(
                "step3_text", 7168, 61, 64, 128815,
                num_attention_groups=1, head_dim=256, share_q_dim=2048, intermediate_size=18432,
                moe_intermediate_size=5120, moe_num_experts=48, moe_top_k=3, share_expert_dim=5120,
                moe_layers_enum=",".join(str(i) for i in range(4, 60)),
            ),
        },
        (316, 38),
    ),
    "dots.llm1": (
        config(
            "dots1", 4096, 62, 32, 152064,
            num_key_value_heads=32, head_dim=128, intermediate_size=10944, moe_intermediate_size=1408,
            n_routed_experts=128, n_shared_experts=2, num_experts_per_tok=6, first_k_dense_replace=1,
            moe_layer_freq=1,
        ),
        (142, 14),
    ),
    "GLM-4.5": (
        config(
            "glm4_moe", 5120, 92, 96, 151552,
            num_key_value_heads=8, head_dim=128, intermediate_size=12288, moe_intermediate_size=1536,
            n_routed_experts=160, n_shared_experts=1, num_experts_per_tok=8, first_k_dense_replace=3,
            attention_bias=True, use_qk_norm=True,
        ),
        (355, 32),
    ),
    "LongCat-Flash": (
        {
            "architectures": ["LongcatFlashForCausalLM"],
            **_latent(1536),
            **{"model_type": "longcat_flash", "hidden_size": 6144, "num_layers": 28, "vocab_size": 131072},
            **{"num_attention_heads": 64, "ffn_hidden_size": 12288, "expert_ffn_hidden_size": 2048},
            **{"n_routed_experts": 512, "zero_expert_num": 256, "zero_expert_type": "identity"},
            "moe_topk": 12,
        },
        (560, 27),
    ),
    "Phi-3.5-MoE": (
        config(
            "phimoe", 4096, 32, 32, 32064,
            num_key_value_heads=8, intermediate_size=6400, num_local_experts=16, num_experts_per_tok=2,
            attention_bias=True,
        ),
        (41.9, 6.6),
    ),
    "DBRX": (
        {
            "model_type": "dbrx", "d_model": 6144, "n_heads": 48, "n_layers": 40, "vocab_size": 100352,
            "max_seq_len": 32768, "attn_config": {"kv_n_heads": 8, "clip_qkv": 8},
            "ffn_config": {"ffn_hidden_size": 10752, "moe_num_experts": 16, "moe_top_k": 4},
        },
        (132, 36),
    ),
    "Grok-1": (
        config(
            "grok-1", 6144, 64, 48, 131072,
            num_key_value_heads=8, intermediate_size=32768, num_experts=8, num_experts_per_tok=2,
        ),
        (314, 86),
    ),
    "Grok-2": (
        {
            **config("git", 8192, 64, 64, 131072),
            "architectures": ["Grok1ForCausalLM"],
            **{"num_key_value_heads": 8, "intermediate_size": 32768, "moe_intermediate_size": 16384},
            **{"num_local_experts": 8, "num_experts_per_tok": 2, "residual_moe": True},
        },
        (270, None),
    ),
    "OLMoE-1B-7B": (
        config(
            "olmoe", 2048, 16, 16, 50304,
            num_key_value_heads=16, intermediate_size=1024, num_experts=64, num_experts_per_tok=8,
        ),
        (6.9, 1.3),
    ),
    "Arctic": (
        config(
            "arctic", 7168, 35, 56, 32000,
            num_key_value_heads=8, intermediate_size=4864, num_local_experts=128, num_experts_per_tok=2,
            moe_layer_frequency=1, parallel_attn_mlp_res=True,
        ),
        (480, 17),
    ),
    "Ling-1T": (
        config(
            "bailing_moe_v2", 8192, 80, 64, 157184,
            num_key_value_heads=8, head_dim=128, intermediate_size=18432, moe_intermediate_size=2048,
            num_experts=256, num_experts_per_tok=8, num_shared_experts=1, first_k_dense_replace=4,
            use_qk_norm=True,
        ),
        (1000, 50),
    ),
    "Seed-OSS-36B": (
        config(
            "seed_oss", 5120, 64, 80, 155136,
            num_key_value_heads=8, head_dim=128, intermediate_size=27648, attention_bias=True,
            attention_out_bias=False,
        ),
        (36.2, 36.2),
    ),
    "Command-R+": (
        config(
            "cohere", 12288, 64, 96, 256000,
            num_key_value_heads=8, intermediate_size=33792, use_qk_norm=True,
        ),
        (104, 104),
    ),
    "Command-A": (
        config(
            "cohere2", 12288, 64, 96, 256000,
            num_key_value_heads=8, head_dim=128, intermediate_size=36864, sliding_window=4096,
            sliding_window_pattern=4,
        ),
        (111, 111),
    ),
    "OLMo-2-32B": (
        config("olmo2", 5120, 64, 40, 100352, num_key_value_heads=8, intermediate_size=27648),
        (32.2, 32.2),
    ),
    "Nemotron-4-340B": (
        config(
            "nemotron", 18432, 96, 96, 256000, num_key_value_heads=8, intermediate_size=73728,
        ),
        (340, 340),
    ),
    "StarCoder2-15B": (
        config(
            "starcoder2", 6144, 40, 48, 49152,
            num_key_value_heads=4, intermediate_size=24576, use_bias=True, sliding_window=4096,
            tie_word_embeddings=False,
        ),
        (16.0, 16.0),
    ),
    "ChatGLM3-6B": (
        {
            "model_type": "chatglm", "hidden_size": 4096, "num_layers": 28, "num_attention_heads": 32,
            "multi_query_attention": True, "multi_query_group_num": 2, "kv_channels": 128,
            "ffn_hidden_size": 13696, "add_qkv_bias": True, "add_bias_linear": False, "vocab_size": 65024,
        },
        (6.24, 6.24),
    ),
    "Phi-2": (
        config(
            "phi", 2560, 32, 32, 51200, num_key_value_heads=32, intermediate_size=10240,
        ),
        (2.78, 2.78),
    ),
    "MiniCPM3-4B": (
        config(
            "minicpm3", 2560, 62, 40, 73448,
            q_lora_rank=768, kv_lora_rank=256, qk_nope_head_dim=64, qk_rope_head_dim=32, v_head_dim=64,
            num_key_value_heads=40, intermediate_size=6400, tie_word_embeddings=True,
        ),
        (4.07, 4.07),
    ),
    "Qwen-7B": (
        config("qwen", 4096, 32, 32, 151936, intermediate_size=22016),
        (7.72, 7.72),
    ),
}  # fmt: skip

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "T5": (config("t5", 1024, 24, 16, 32128, is_encoder_decoder=True), "encoder-decoder"),
    "BART": (config("bart", 1024, 12, 16, 50265, is_encoder_decoder=True), "bart"),
    "BERT": (config("bert", 768, 12, 12, 30522, intermediate_size=3072), "bert"),
    "Stable Diffusion": (
        {"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.30"},
        "StableDiffusionPipeline",
    ),
    "LLaDA": (config("llada", 4096, 32, 32, 126464), "llada"),
    "RWKV": (config("rwkv6", 4096, 32, 64, 65536), "rwkv6"),
    "RecurrentGemma": (config("recurrent_gemma", 2560, 26, 10, 256000), "recurrent_gemma"),
    "gemma-3n": (config("gemma3n_text", 2048, 30, 8, 262400, laurel_rank=64), "gemma3n_text"),
    "DeepSeek-V4": (config("deepseek_v4", 4096, 43, 64, 129280, compress_ratios=[0, 4]), "deepseek_v4"),
    "Hunyuan-Large": (
        config(
            "hunyuan_v1_moe", 6400, 64, 80, 129024,
            num_key_value_heads=8, intermediate_size=18304, num_experts=16, moe_topk=1, use_cla=True,
            cla_share_factor=2,
        ),
        "use_cla",
    ),
    "a Llama with experts": (
        config("llama", 4096, 32, 32, 32000, intermediate_size=11008, num_local_experts=8),
        "num_local_experts",
    ),
    "a Llama with a latent": (
        config("llama", 4096, 32, 32, 32000, intermediate_size=11008, kv_lora_rank=512),
        "kv_lora_rank",
    ),
    "a Gemma with per-layer inputs": (
        config(
            "gemma4_text", 1536, 2, 8, 262144,
            num_key_value_heads=1, head_dim=256, global_head_dim=512, intermediate_size=6144,
            sliding_window=512, layer_types=["sliding_attention", "full_attention"],
            hidden_size_per_layer_input=256,
        ),
        "hidden_size_per_layer_input",
    ),
    "a Qwen with an unknown layer": (
        config(
            "qwen3_next", 2048, 2, 16, 151936,
            num_key_value_heads=2, head_dim=256, intermediate_size=5120,
            layer_types=["full_attention", "wavelet_attention"], linear_num_key_heads=16,
            linear_num_value_heads=32, linear_key_head_dim=128, linear_value_head_dim=128,
        ),
        "wavelet_attention",
    ),
}  # fmt: skip
