"""Models from their two tables: models.csv (who, when, how large) and model_layers.csv (the layers)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from counterpoise.catalogue.records import Attention, FeedForward, Layers, Model
from counterpoise.catalogue.table import Row

MODEL_COLUMNS = (
    "name", "hf_id", "family", "hidden", "vocab", "tie_embeddings", "max_position", "native_precision",
    "mtp_layers", "other_params", "params_published", "active_params_published", "params_source",
    "released", "released_kind", "released_source", "open_weights", "licence", "as_of", "kind", "source",
    "note", "aliases",
)  # fmt: skip
_ATTENTION_COUNTS = (
    "heads", "kv_heads", "head_dim", "value_head_dim", "window", "q_lora_rank", "kv_lora_rank",
    "qk_nope_head_dim", "qk_rope_head_dim", "index_heads", "index_dim", "index_topk", "state_bytes",
    "mixer_params",
)  # fmt: skip
_ATTENTION_FLAGS = ("qkv_bias", "output_bias", "qk_norm", "output_gate", "k_is_v")
_FEED_FORWARD_COUNTS = ("intermediate", "matrices", "experts", "top_k", "shared_intermediate", "latent")
LAYER_COLUMNS = (
    "model",
    "position",
    "count",
    "attention",
    *_ATTENTION_COUNTS,
    *_ATTENTION_FLAGS,
    "feed_forward",
    *_FEED_FORWARD_COUNTS,
    "bias",
)
ATTENTION_KINDS = ("full", "window", "mla", "sparse_mla", "linear", "mamba")
PRECISIONS = ("bf16", "fp8", "fp4", "int4", "int8")


def models(rows: Iterable[Row], layers: Mapping[str, tuple[Layers, ...]]) -> dict[str, Model]:
    """Return models by name, each with its layers (none for a closed model)."""
    found: dict[str, Model] = {}
    for row in rows:
        name = row.name("name")
        note = "; ".join(
            part
            for part in (
                row.text("note"),
                f"released: {row.text('released_source') or 'no source'}" if row.text("released") else "",
                f"published total: {row.text('params_source')}" if row.text("params_source") else "",
            )
            if part
        )
        provenance = row.provenance()
        found[name] = Model(
            name=name,
            hidden=row.count("hidden", 0),
            vocab=row.count("vocab", 0),
            tie_embeddings=row.flag("tie_embeddings"),
            layers=layers.get(name, ()),
            max_position=row.count("max_position", 0),
            native_precision=row.one_of("native_precision", PRECISIONS),
            released=row.day_or_none("released"),
            open_weights=row.flag("open_weights"),
            licence=row.text("licence"),
            provenance=type(provenance)(provenance.source, provenance.as_of, provenance.kind, note),
            hf_id=row.text("hf_id"),
            family=row.text("family"),
            mtp_layers=row.count("mtp_layers", 0),
            other_params=row.count("other_params", 0),
            params_published=row.number("params_published") if row.text("params_published") else None,
            active_params_published=(
                row.number("active_params_published") if row.text("active_params_published") else None
            ),
            aliases=row.names("aliases"),
        )
    return found


def layers(rows: Iterable[Row]) -> dict[str, tuple[Layers, ...]]:
    """Return the layer groups of each model, in the order of `position`."""
    found: dict[str, list[tuple[int, Layers]]] = {}
    for row in rows:
        group = Layers(row.count("count"), _attention(row), _feed_forward(row))
        found.setdefault(row.name("model"), []).append((row.count("position", 0), group))
    return {
        name: tuple(group for _, group in sorted(groups, key=lambda g: g[0]))
        for name, groups in found.items()
    }


def _attention(row: Row) -> Attention | None:
    kind = row.one_of("attention", ("none", *ATTENTION_KINDS))
    if kind == "none":
        return None
    counts = {column: row.count(column, 0) for column in _ATTENTION_COUNTS if row.text(column)}
    flags = {column: row.flag(column) for column in _ATTENTION_FLAGS if row.text(column)}
    sizes = {"heads": 0, "kv_heads": 0, "head_dim": 0, "value_head_dim": counts.get("head_dim", 0)}
    return Attention(kind=kind, **{**sizes, **counts, **flags})  # type: ignore[arg-type]


def _feed_forward(row: Row) -> FeedForward | None:
    kind = row.one_of("feed_forward", ("none", "dense", "experts"))
    if kind == "none":
        return None
    counts = {column: row.count(column) for column in _FEED_FORWARD_COUNTS if row.text(column)}
    if kind == "experts" and not (counts.get("experts") and counts.get("top_k")):
        raise row.bad("experts", "a mixture of experts needs experts and top_k.")
    row.count("intermediate")
    return FeedForward(**counts, bias=row.flag("bias"))
