"""A model from any Hugging Face config.json whose architecture is understood."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from counterpoise.catalogue.config_keys import Config, language_part, native_precision
from counterpoise.catalogue.config_layers import (
    BY_CLASS,
    DEFAULTS,
    PARTS,
    READERS,
    TIED_BY_DEFAULT,
    grouped,
)
from counterpoise.catalogue.config_unread import refuse_unread
from counterpoise.catalogue.records import Model, Provenance
from counterpoise.errors import BadInput, Refused, Where, nearest

_NAMED_PRECISIONS = (
    (re.compile("(?i)nvfp4|mxfp4|[-_]fp4"), "fp4"),
    (re.compile("(?i)[-_]fp8"), "fp8"),
    (re.compile("(?i)awq|gptq|w4a16|[-_]int4"), "int4"),
    (re.compile("(?i)w8a8|[-_]int8"), "int8"),
)
OWN_RELEASE = date(1970, 1, 1)
"""A config does not say when its model was released; who holds the file may use it on every day."""


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
    _refuse_other_kinds(config, name)
    part = language_part(config, where)
    kind = model_type(part, name)
    part = part.with_defaults(DEFAULTS.get(kind, {}))
    layers = grouped(READERS[kind](part))
    written = sum(group.count for group in layers) // PARTS.get(kind, 1)
    declared = part.size("num_hidden_layers", written)
    if declared != written:
        raise BadInput(
            f"num_hidden_layers is {declared}, but its layer pattern has {written}.",
            where=where,
        )
    refuse_unread(part, kind, name)
    tied = part.flag("tie_word_embeddings", kind in TIED_BY_DEFAULT)
    precision, said = stored_precision(part, name)
    note = f"model_type {kind}{said}"
    if config.get("vision_config"):
        note += "; its vision tower is not counted"
    return Model(
        name=name,
        hidden=part.size("hidden_size"),
        vocab=part.size("vocab_size"),
        tie_embeddings=tied,
        layers=layers,
        max_position=part.count("max_position_embeddings", 0),
        native_precision=precision,
        released=OWN_RELEASE,
        open_weights=True,
        licence="",
        provenance=Provenance(where.file or f"config.json of {name}", OWN_RELEASE, "list", note),
        family=kind,
        mtp_layers=part.count("num_nextn_predict_layers", part.count("mtp_num_hidden_layers", 0)),
    )


def stored_precision(config: Config, name: str) -> tuple[str, str]:
    """Return the precision of the weights, and a remark where only the name of the model tells it.

    Exporters such as ModelOpt write the quantisation to a file of its own (hf_quant_config.json), so that
    the config.json alone looks like the model in 16 bits.
    """
    found = native_precision(config, name)
    if found != "bf16" or config.get("quantization_config") or config.outer.get("quantization_config"):
        return found, ""
    for words, precision in _NAMED_PRECISIONS:
        if words.search(name):
            return precision, f"; the config names no quantisation: {precision} is taken from the name"
    return found, ""


def _refuse_other_kinds(config: Mapping[str, Any], name: str) -> None:
    """Raise `Refused` for what is no decoder of text: encoder-decoders and diffusion pipelines."""
    if config.get("is_encoder_decoder"):
        kind = config.get("model_type") or "without a model_type"
        raise Refused(f'{name}: "{kind}" is an encoder-decoder; only decoders are understood.')
    pipeline = config.get("_class_name")
    if pipeline:
        raise Refused(f'{name}: "{pipeline}" is a diffusion pipeline or a part of one, no language model.')


def model_type(config: Config, name: str) -> str:
    """Return the architecture's name, as `READERS` has it; Refused where it is not understood."""
    classes = config.outer.get("architectures") or [""]
    by_class = BY_CLASS.get(str(classes[0])) if isinstance(classes, list) and classes else None
    found = config.get("model_type") or config.outer.get("model_type") or by_class
    if not isinstance(found, str):
        raise (
            config.missing("model_type")
            if found is None
            else config.wrong("model_type", f"model_type is {found!r}.")
        )
    if found in READERS:
        if found == "deepseek_v3" and config.has("index_topk"):
            return "deepseek_v32"
        return str(found)
    if by_class in READERS and found in ("deci", "git", "minimax_text_01", "longcat", "hunyuan", "step3"):
        return str(by_class)
    close = nearest(str(found), READERS)
    hint = f" Nearest that is: {' or '.join(close)}." if close else ""
    raise Refused(f'{name}: the architecture "{found}" is not understood.{hint}')
