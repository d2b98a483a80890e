"""Finding a model, chip or system by the names people use for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from counterpoise.catalogue.load import shorthands
from counterpoise.catalogue.records import Catalogue, Chip, Model, System
from counterpoise.catalogue.spellings import chip_form, folded, model_form
from counterpoise.errors import UnknownName, Where

Thing = TypeVar("Thing", Chip, System)


def find_model(catalogue: Catalogue, name: str, *, where: Where | None = None) -> Model:
    """Return the model called `name`: its catalogue name, Hugging Face id or an alias, case ignored.

    A hub id that differs only in how the weights were tuned or stored ("-Instruct", "-FP8") is the model too;
    its precision is asked for apart.  UnknownName offers the nearest names.
    """
    if name in catalogue.models:
        return catalogue.models[name]
    wanted = folded(name)
    for model in catalogue.models.values():
        if wanted == model.name.casefold():
            return model
    for model in catalogue.models.values():
        if wanted == model.hf_id.casefold() or wanted in (alias.casefold() for alias in model.aliases):
            return model
    alike = _spelt_alike(catalogue.models.values(), model_form(name))
    if alike is not None:
        return alike
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
    wanted = folded(name)
    for known in things:
        if known.casefold() == wanted:
            return things[known]
    short = shorthands().get((kind, wanted), "")
    if short in things:
        return things[short]
    form = chip_form(name)
    alike = {known for known in things if chip_form(known) == form}
    alike |= {full for (of, alias), full in shorthands().items() if of == kind and chip_form(alias) == form}
    known_alike = [full for full in alike if full in things]
    if len(known_alike) == 1:
        return things[known_alike[0]]
    raise UnknownName(kind, name, things, where=where)


def _spelt_alike(models: Iterable[Model], form: str) -> Model | None:
    """Return the model whose name has this form; None where none has, or several that differ."""
    found = [m for m in models if form and form in map(model_form, (m.name, m.hf_id, *m.aliases))]
    if not found or any((m.hidden, m.layers) != (found[0].hidden, found[0].layers) for m in found):
        return None
    return found[0]


def _model_names(models: Iterable[Model]) -> list[str]:
    # A hub id is offered under its own spelling; "Qwen/Qwen3-8B" helps whoever typed "qwen/qwen3".
    names = [model.name for model in models]
    return names + [model.hf_id for model in models if model.hf_id]
