"""Reading a Hugging Face config.json: its keys under their many names, with an error that names the key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from counterpoise.errors import BadInput, Refused, Where

_LARGEST = 10**9
_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "hidden_size": ("hidden_size", "n_embd", "d_model", "hidden_dim", "word_embed_proj_dim"),
    "num_hidden_layers": ("num_hidden_layers", "n_layer", "n_layers", "num_layers"),
    "num_attention_heads": ("num_attention_heads", "n_head", "n_heads", "num_heads"),
    "num_key_value_heads": ("num_key_value_heads", "num_kv_heads", "n_head_kv", "kv_n_heads"),
    "intermediate_size": ("intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size", "ffn_embed_dim"),
    "head_dim": ("head_dim", "attention_head_dim"),
    "max_position_embeddings": ("max_position_embeddings", "max_seq_len", "n_positions", "seq_length"),
    "experts": ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts", "num_moe_experts"),
    "top_k": (
        *("num_experts_per_tok", "experts_per_token", "top_k_experts", "num_experts_per_token"),
        *("moe_k", "moe_topk", "moe_top_k", "num_selected_experts"),
    ),
    "mamba_heads": ("mamba_num_heads", "mamba_n_heads"),
    "mamba_width": ("mamba_head_dim", "mamba_d_head"),
    "mamba_groups": ("mamba_n_groups", "n_groups"),
    "mamba_state": ("ssm_state_size", "mamba_d_state", "state_size"),
    "mamba_kernel": ("mamba_d_conv", "conv_kernel"),
    "shared_experts": (
        *("n_shared_experts", "num_shared_experts", "num_shared_expert", "moe_num_shared_experts"),
    ),
    "first_dense": ("first_k_dense_replace", "moe_layer_start_index", "num_dense_layers"),
}


@dataclass(frozen=True, slots=True)
class Config:
    """The language part of a config.json, the whole of it, and the file it comes from.

    `seen` collects the keys that were read, so that a key which changes the architecture and which no
    reader looked at can be refused (`config_unread`).
    """

    values: Mapping[str, Any]
    outer: Mapping[str, Any]
    where: Where
    seen: set[str] = field(default_factory=set, compare=False)

    def get(self, key: str) -> Any:  # noqa: ANN401 - a JSON value
        """Return a value under any of its names, None where it is missing or null."""
        for name in _SPELLINGS.get(key, (key,)):
            if self.values.get(name) is not None:
                found = self.values[name]
                # A config may say the same twice; another name with another value stays unread.
                self.seen.update(n for n in _SPELLINGS.get(key, (key,)) if self.values.get(n) == found)
                return found
        return None

    def part(self, key: str) -> Config:
        """Return the object under `key` as a config of its own, its keys before those around it."""
        inner = self.get(key)
        if not isinstance(inner, Mapping):
            raise self.missing(key) if inner is None else self.wrong(key, f"{key} is no object.")
        return Config({**self.values, **inner}, self.outer, self.where, self.seen)

    def with_defaults(self, defaults: Mapping[str, int]) -> Config:
        """Return the config with the values that the authors' own class has for keys that are left out."""
        absent = {key: value for key, value in defaults.items() if not self._has_any(key)}
        return Config({**self.values, **absent}, self.outer, self.where, self.seen) if absent else self

    def _has_any(self, key: str) -> bool:
        spellings = next((names for names in _SPELLINGS.values() if key in names), (key,))
        return any(self.values.get(name) is not None for name in spellings)

    def ignore(self, *keys: str) -> None:
        """Count `keys` as read: they say nothing that the layers depend on here."""
        self.seen.update(keys)

    def has(self, key: str) -> bool:
        """Whether a value is there and not null."""
        return self.get(key) is not None

    def count(self, key: str, default: int | None = None) -> int:
        """Return a whole number of 0 or more; BadInput names the key where it is missing or wrong."""
        value = self.get(key)
        if value is None:
            if default is None:
                raise self.missing(key)
            return default
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST:
            raise BadInput(
                f"{key} is {value!r}, no size.", where=self._at(key), hint="Write a whole number, 0 or more."
            )
        return value

    def size(self, key: str, default: int | None = None) -> int:
        """Return a whole number of 1 or more."""
        value = self.count(key, default)
        if value < 1:
            raise BadInput(f"{key} is {value}.", where=self._at(key), hint="Write a whole number, 1 or more.")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """Return a truth value."""
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise BadInput(f"{key} is {value!r}.", where=self._at(key), hint="Write true or false.")
        return value

    def texts(self, key: str, length: int) -> list[str] | None:
        """Return a list of `length` words, None where it is missing."""
        value = self.get(key)
        if value is None:
            return None
        if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != length:
            raise BadInput(f"{key} is no list of {length} entries.", where=self._at(key))
        return [str(entry) for entry in value]

    def one_size(self, key: str, default: int | None = None) -> int:
        """Return a whole number, also where it is a list of equal entries, one for each layer."""
        value = self.get(key)
        if isinstance(value, list) and value and all(entry == value[0] for entry in value):
            return Config({_SPELLINGS.get(key, (key,))[0]: value[0]}, self.outer, self.where).count(key)
        return self.count(key, default)

    def positions(self, key: str, layers: int) -> set[int]:
        """Return the layers that a list or a text such as "4,5,6" names; none where the key is missing."""
        value = self.get(key)
        if value is None:
            return set()
        parts = value.split(",") if isinstance(value, str) else value
        try:
            found = {int(part) for part in parts}
        except (TypeError, ValueError, OverflowError):
            raise self.wrong(key, f"{key} is no list of layers.") from None
        if any(not 0 <= layer < layers for layer in found):
            raise self.wrong(key, f"{key} names a layer that is not one of {layers}.")
        return found

    def unknown(self, key: str, value: str, known: Iterable[str]) -> Refused:
        """Return the refusal of a kind of layer that is not understood."""
        return Refused(
            f'{self._at(key)}: a layer of the kind "{value}" is not understood here; '
            f"understood are {', '.join(sorted(known))}."
        )

    def missing(self, key: str) -> BadInput:
        """Return the error for a key that is not there."""
        spelt = _SPELLINGS.get(key, (key,))
        also = f" (or {', '.join(spelt[1:])})" if len(spelt) > 1 else ""
        return BadInput(
            f"{spelt[0]}{also} is missing.", where=self._at(key), hint="Use the config.json of the model."
        )

    def wrong(self, key: str, problem: str) -> BadInput:
        """Return the error for a key whose value cannot be meant."""
        return BadInput(problem, where=self._at(key))

    def _at(self, key: str) -> Where:
        return Where(self.where.file, self.where.line, key)


def language_part(config: Mapping[str, Any], where: Where) -> Config:
    """Return the language model's part of a config; that of a vision model is in `text_config`."""
    inner = config.get("text_config") or config.get("llm_config") or config.get("language_config")
    if inner is None:
        return Config(config, config, where)
    if not isinstance(inner, Mapping):
        raise BadInput("text_config is no object.", where=Where(where.file, where.line, "text_config"))
    return Config({**{"tie_word_embeddings": config.get("tie_word_embeddings")}, **inner}, config, where)


def native_precision(config: Config, name: str) -> str:
    """Return the precision the weights are stored in: "bf16", "fp8", "fp4", "int8" or "int4".

    Refused for a quantisation method that is not understood.
    """
    quantisation = config.get("quantization_config") or config.outer.get("quantization_config")
    if not quantisation:
        return "bf16"
    if not isinstance(quantisation, Mapping):
        raise BadInput("quantization_config is no object.", where=config.where)
    method = str(quantisation.get("quant_method") or "").casefold()
    algorithm = str(quantisation.get("quant_algo") or "").casefold()
    if "fp4" in algorithm or "fp4" in method or "mixed" in algorithm:
        return "fp4"
    if algorithm == "fp8" or method in ("fp8", "fbgemm_fp8"):
        return "fp8"
    if method in ("awq", "gptq", "auto-round"):
        bits = quantisation.get("bits", quantisation.get("w_bit", 4))
        return {"4": "int4", "8": "int8"}.get(str(bits), "") or _refuse(name, f"{method} with {bits} bits")
    groups = quantisation.get("config_groups")
    if isinstance(groups, Mapping) and groups:
        first = next(iter(groups.values()))
        weights = first.get("weights") if isinstance(first, Mapping) else None
        if isinstance(weights, Mapping):
            shape = (str(weights.get("type", "int")), str(weights.get("num_bits")))
            known = {("int", "4"): "int4", ("int", "8"): "int8", ("float", "8"): "fp8", ("float", "4"): "fp4"}
            if shape in known:
                return known[shape]
    return _refuse(name, f"quantisation {method or algorithm or 'without a name'}")


def _refuse(name: str, what: str) -> str:
    raise Refused(f"{name}: {what} is not understood; give the precision of the weights yourself.")
