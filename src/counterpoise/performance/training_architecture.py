"""The model of a row of the training table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from counterpoise.catalogue.records import Attention, FeedForward, Layers, Model, Provenance
from counterpoise.errors import UnknownName

FROM_THE_ROW = Provenance("columns of the training table", date(2025, 1, 1), "measured")


def model_of_row(
    row: Mapping[str, str], find_model: Callable[[str], Model], number: Callable[[str], float | None]
) -> Model | None:
    """Return the model of a row: the catalogue's, at the row's own depth and heads, or one from its columns.

    None where the catalogue does not know it and the row prints no architecture.
    """
    name = (row.get("model") or "").strip()
    layers, hidden, heads, width = (number(c) for c in ("layers", "hidden", "heads", "ffn_hidden"))
    kv_heads, vocab = number("kv_heads"), number("vocab")
    model: Model | None = None
    for candidate in (name, f"{name}-h{hidden:g}" if hidden else name):
        try:
            found = find_model(candidate)
        except UnknownName:
            continue
        if not hidden or found.hidden == hidden:
            model = found
    if model is not None and model.layers:
        return _as_printed(model, layers, heads)
    if not (layers and hidden and heads and width):
        return None
    gated = width < 3.9 * hidden  # plain layers are four times as wide as the model, gated ones less
    attention = Attention(
        "full", int(heads), int(kv_heads or heads), int(hidden / heads), int(hidden / heads)
    )
    return Model(
        name=name,
        hidden=int(hidden),
        vocab=int(vocab or 51200),
        tie_embeddings=False,
        layers=(Layers(int(layers), attention, FeedForward(int(width), 3 if gated else 2)),),
        max_position=0,
        native_precision="bf16",
        released=None,
        open_weights=False,
        licence="",
        provenance=FROM_THE_ROW,
    )


def _as_printed(model: Model, layers: float | None, heads: float | None) -> Model:
    """Take the row's own depth and heads where it varies them and the model has one kind of layer."""
    if len(model.layers) != 1:
        return model
    group = model.layers[0]
    a = group.attention
    if heads and a is not None and a.kind == "full" and a.kv_heads == a.heads != heads:
        a = replace(
            a,
            heads=int(heads),
            kv_heads=int(heads),
            head_dim=int(model.hidden / heads),
            value_head_dim=int(model.hidden / heads),
        )
    count = int(layers) if layers else group.count
    if count == group.count and a is group.attention:
        return model
    return replace(model, layers=(replace(group, count=count, attention=a),))
