"""Keys of a config.json that change the architecture and that no reader looked at: refused, never ignored."""

from __future__ import annotations

import re

from counterpoise.catalogue.config_keys import Config
from counterpoise.errors import Refused

_STRUCTURAL = re.compile(
    "expert|lora_rank|sliding|window|layer_types|block_type|block_configs|pattern|mamba|ssm_|conv_|_conv"
    "|linear_|index_|compress|hc_|chunk_size|attn_type|attention_type|latent|engram|ngram|use_cla|cross_att"
    "|per_layer_input|altup|laurel|kv_shared|zero_|hash_layers|kda|global_|_interval|_period|n_shared|moe_"
    "|k_eq_v|share_|residual_moe|o_groups|head_groups|swa_|recurren|rwkv|delta|retention|lightning|medusa"
)
_HARMLESS = re.compile(
    "loss|rope|aux|jitter|coef|scal|dtype|theta|overlap|bias_update|capacity|drop|norm_topk|topk_method"
    "|kernels|group|score|rescale|init|mtp|token|act|cache|router_bias|renorm|vocab|max_sequence"
    "|_attn_implementation|attention_dropout|output_router|score_func|moe_gate|freq_skip|index_topk_offset"
    "|training|router|use_moe$|moe_use_aux|share_for|use_mem|type_ids|global_step|expert_dtype"
    "|layernorm|alpha|beta|_bias|multiplier|dynamic|no_rope|^_|moe_layer_use|prefix_allowed|moe_orthogonal|moe_dense_mode|multimodal|parallel|sink"
)


def refuse_unread(config: Config, kind: str, name: str) -> None:
    """Raise `Refused` for a key that changes the architecture and that the reader of `kind` did not look at.

    A key whose value is off (null, false, 0, empty) changes nothing.
    """
    for key, value in config.values.items():
        if key in config.seen or value in (None, False, 0, "", "none") or value in ([], {}):
            continue
        if isinstance(value, float) and not value.is_integer():
            continue
        if _STRUCTURAL.search(key) and not _HARMLESS.search(key):
            raise Refused(
                f'{name}: "{key}" in the config of a "{kind}" model is not understood, and it may change its '
                f"layers; nothing was assumed."
            )
