"""Finding a model, chip or system by the names people use for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from counterpoise.catalogue.load import shorthands
from counterpoise.catalogue.records import Catalogue, Chip, Model, System
from counterpoise.errors import UnknownName, Where

Thing = TypeVar("Thing", Chip, System)


def find_model(catalogue: Catalogue, name: str, *, where: Where | None = None) -> Model:
    """Return the model called `name`: its catalogue name, Hugging Face id or an alias, case ignored.

    UnknownName offers the nearest names.
    """
    if name in catalogue.models:
        return catalogue.models[name]
    folded = name.strip().casefold()
    for model in catalogue.models.values():
        if folded == model.name.casefold():
            return model
    for model in catalogue.models.values():
        if folded == model.hf_id.casefold() or folded in (alias.casefold() for alias in model.aliases):
            return model
    raise UnknownName("model", name, _model_names(catalogue.models.values()), where=where)


def find_chip(catalogue: Catalogue, name: str, *, where: Where | None = None) -> Chip:
    """Return the chip called `name`, or by a shorthand ("H100" is H100-SXM5-80GB), case ignored."""
    return _find(catalogue.chips, "chip", name, where)


def find_system(catalogue: Catalogue, name: str, *, where: Where | None = None) -> System:
    """Return the system called `name`, or by a shorthand ("NVL72" is GB200-NVL72), case ignored."""
    return _find(catalogue.systems, "system", name, where)


def _find(things: Mapping[str, Thing], kind: str, name: str, where: Where | None) -> Thing:
    if name in things:
        return things[name]
    folded = name.strip().casefold()
    for known in things:
        if known.casefold() == folded:
            return things[known]
    short = shorthands().get((kind, folded), "")
    if short in things:
        return things[short]
    raise UnknownName(kind, name, things, where=where)


def _model_names(models: Iterable[Model]) -> list[str]:
    # A hub id is offered under its own spelling; "Qwen/Qwen3-8B" helps whoever typed "qwen/qwen3".
    names = [model.name for model in models]
    return names + [model.hf_id for model in models if model.hf_id]
