"""A model from any Hugging Face config.json whose architecture is understood."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from counterpoise.catalogue.config_keys import Config, language_part, native_precision
from counterpoise.catalogue.config_layers import READERS, TIED_BY_DEFAULT, grouped
from counterpoise.catalogue.records import Model, Provenance
from counterpoise.errors import BadInput, Refused, Where, nearest

OWN_RELEASE = date(1970, 1, 1)
"""A config does not say when its model was released; who holds the file may use it on every day."""
_BY_CLASS = {"DeciLMForCausalLM": "nemotron-nas", "DeepseekV3ForCausalLM": "deepseek_v3"}


def model_from_config(config: Mapping[str, Any], name: str, *, where: Where | None = None) -> Model:
    """Return the model that a config.json describes.

    Parameters
    ----------
    config : the parsed file.
    name : what to call the model.
    where : the file, for messages.

    Raises BadInput, naming key and file, where a key is missing or no number; Refused, naming the
    architecture, where it is not understood.  Vision towers are not counted.
    """
    where = where or Where(f"config.json of {name}")
    part = language_part(config, where)
    kind = model_type(part, name)
    layers = grouped(READERS[kind](part))
    declared = part.size("num_hidden_layers", sum(group.count for group in layers))
    if declared != sum(group.count for group in layers):
        raise BadInput(
            f"num_hidden_layers is {declared}, but its layer pattern has {sum(g.count for g in layers)}.",
            where=where,
        )
    tied = part.flag("tie_word_embeddings", kind in TIED_BY_DEFAULT)
    note = f"model_type {kind}"
    if config.get("vision_config"):
        note += "; its vision tower is not counted"
    return Model(
        name=name,
        hidden=part.size("hidden_size"),
        vocab=part.size("vocab_size"),
        tie_embeddings=tied,
        layers=layers,
        max_position=part.count("max_position_embeddings", 0),
        native_precision=native_precision(part, name),
        released=OWN_RELEASE,
        open_weights=True,
        licence="",
        provenance=Provenance(where.file or f"config.json of {name}", OWN_RELEASE, "list", note),
        family=kind,
        mtp_layers=part.count("num_nextn_predict_layers", part.count("mtp_num_hidden_layers", 0)),
    )


def model_type(config: Config, name: str) -> str:
    """Return the architecture's name, as `READERS` has it; Refused where it is not understood."""
    classes = config.outer.get("architectures") or [""]
    by_class = _BY_CLASS.get(str(classes[0])) if isinstance(classes, list) and classes else None
    found = config.get("model_type") or config.outer.get("model_type") or by_class
    if found in READERS:
        if found == "deepseek_v3" and config.has("index_topk"):
            return "deepseek_v32"
        return str(found)
    if by_class in READERS and found in (None, "deci", "nemotron-nas"):
        return str(by_class)
    if found is None:
        raise config.missing("model_type")
    close = nearest(str(found), READERS)
    hint = f" Nearest that is: {' or '.join(close)}." if close else ""
    raise Refused(f'{name}: the architecture "{found}" is not understood.{hint}')
