"""The catalogue as plain rows: what `counterpoise catalogue` lists and shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

from counterpoise.catalogue.counting import parameters
from counterpoise.catalogue.lookup import find_chip, find_model, find_system
from counterpoise.catalogue.records import Catalogue, Figure, Provenance
from counterpoise.errors import CounterpoiseError, UnknownName

Record = dict[str, Any]
_ANYWHERE = "everywhere"


def rows(catalogue: Catalogue, kind: str, filters: Mapping[str, str] | None = None) -> list[Record]:
    """Return the facts of a kind as plain rows, those that pass every filter.

    Parameters
    ----------
    catalogue : all facts, or those of a day (`as_of`).
    kind : a key of `KINDS`.
    filters : field -> text.  A field passes where it holds the text, case ignored; `region` where the
        fact reaches that region; `chip`, `system` and `model` also by their shorthands and hub ids.

    Raises UnknownName for a kind or a field there is not.
    """
    if kind not in KINDS:
        raise UnknownName("kind of fact", kind, KINDS)
    found = KINDS[kind](catalogue)
    for field, wanted in (filters or {}).items():
        found = [row for row in found if _passes(catalogue, kind, row, field, wanted)]
    return found


def show(catalogue: Catalogue, name: str) -> Record:
    """Return one chip, system, model, technique or use case with every figure, its source and its date.

    A chip comes with the systems it stands in, its offers and the export rules on it; a system with its
    offers; a model with its scores and API prices.  UnknownName offers the nearest names.
    """
    for finder in (_chip, _system, _model):
        try:
            return finder(catalogue, name)
        except UnknownName:
            continue
    for kind in ("techniques", "use-cases"):
        for row in KINDS[kind](catalogue):
            if str(row["name"]).casefold() == name.casefold():
                return row
    known = [*catalogue.chips, *catalogue.systems, *catalogue.models, *catalogue.techniques]
    raise UnknownName("fact", name, [*known, *catalogue.use_cases])


def plain(value: Any) -> Any:  # noqa: ANN401 - any field of a record
    """Return a record as dictionaries, lists, texts and numbers; a figure with its provenance beside it."""
    if isinstance(value, Figure):
        return {
            "mid": value.mid,
            "low": value.low,
            "high": value.high,
            "unit": value.unit,
            **plain(value.provenance),
        }
    if isinstance(value, Provenance):
        told = {"kind": value.kind, "as_of": value.as_of.isoformat(), "source": value.source}
        return {**told, "note": value.note} if value.note else told
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [plain(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value


def _flat(record: Any) -> Record:  # noqa: ANN401 - any record
    """A record with its figures and its provenance beside its other fields."""
    row: Record = plain(record)
    provenance = row.pop("provenance", {})
    return {**row, **row.pop("figures", {}), **provenance}


def _offers(catalogue: Catalogue) -> list[Record]:
    found = []
    for offer in catalogue.offers:
        row = plain(offer)
        price = row["price_usd"]
        system = catalogue.systems.get(offer.system)
        chip = offer.chip or (system.chip if system else "")
        row |= {
            "offer": row.pop("kind"),
            "chip": chip,
            "vendor": catalogue.chips[chip].vendor if chip in catalogue.chips else "",
            "regions": list(offer.regions) or [_ANYWHERE],
        }
        found.append({**row, **{key: price.get(key, "") for key in ("kind", "as_of", "source", "note")}})
    return found


def _techniques(catalogue: Catalogue) -> list[Record]:
    return [{**_flat(t), "technique": t.kind} for t in catalogue.techniques.values()]


def _api(catalogue: Catalogue) -> list[Record]:
    return [{**_flat(p), "regions": list(p.regions) or [_ANYWHERE]} for p in catalogue.api_prices]


def _models(catalogue: Catalogue) -> list[Record]:
    found = []
    for model in catalogue.models.values():
        row = _flat(model)
        row.pop("layers")
        if model.layers:
            total, active = parameters(model)
            row = {"name": model.name, "parameters": total, "active_parameters": active, **row}
        found.append(row)
    return found


KINDS: Mapping[str, Callable[[Catalogue], list[Record]]] = {
    "chips": lambda c: [_flat(x) for x in c.chips.values()],
    "systems": lambda c: [_flat(x) for x in c.systems.values()],
    "models": _models,
    "offers": _offers,
    "api": _api,
    "techniques": _techniques,
    "scores": lambda c: [_flat(x) for x in c.scores],
    "sites": lambda c: [{"region": s.region, "item": s.item, "figure": plain(s.figure)} for s in c.sites],
    "rules": lambda c: [_flat(x) for x in c.export_rules],
    "exchange": lambda c: [plain(x) for x in c.exchange_rates],
    "use-cases": lambda c: [_flat(x) for x in c.use_cases.values()],
}
"""Kinds of fact that can be listed."""


def _passes(catalogue: Catalogue, kind: str, row: Record, field: str, wanted: str) -> bool:
    if field == "region" and "regions" in row:
        return any(part in (_ANYWHERE, wanted) or wanted.startswith(f"{part} ") for part in row["regions"])
    thing = field
    if field == kind.removesuffix("s") and "name" in row:
        field = "name"
    if field not in row:
        # A figure that one fact has and another lacks is a field of the kind all the same.
        known = sorted({name for other in KINDS[kind](catalogue) for name in other})
        if field not in known:
            raise UnknownName(f"field of {kind}", field, known)
        return False
    name = _called(catalogue, thing, wanted)
    if name is not None:
        return bool(row[field] == name)
    value = row[field]["mid"] if isinstance(row[field], dict) else row[field]
    parts = value if isinstance(value, list) else [value]
    return any(wanted.casefold() in str(part).casefold() for part in parts)


def _called(catalogue: Catalogue, thing: str, name: str) -> str | None:
    """Full name of the chip, system or model that people call `name`; None where it is no such name."""
    finders: Mapping[str, Callable[[Catalogue, str], Any]] = {
        "chip": find_chip,
        "system": find_system,
        "model": find_model,
    }
    try:
        return str(finders[thing](catalogue, name).name) if thing in finders else None
    except UnknownName:
        return None


def _chip(catalogue: Catalogue, name: str) -> Record:
    chip = find_chip(catalogue, name)
    systems = [s.name for s in catalogue.systems.values() if s.chip == chip.name]
    return {
        "kind": "chip",
        **plain(chip),
        "systems": systems,
        "offers": _named(KINDS["offers"](catalogue), chip=chip.name),
        "export_rules": [_flat(rule) for rule in catalogue.export_rules if chip.name in rule.chips],
    }


def _system(catalogue: Catalogue, name: str) -> Record:
    system = find_system(catalogue, name)
    return {
        "kind": "system",
        **plain(system),
        "offers": _named(KINDS["offers"](catalogue), system=system.name),
    }


def _model(catalogue: Catalogue, name: str) -> Record:
    model = find_model(catalogue, name)
    row: Record = {"kind": "model", **plain(model)}
    try:
        row["parameters"], row["active_parameters"] = parameters(model)
    except CounterpoiseError as error:
        row["parameters"] = str(error)
    row["scores"] = _named(KINDS["scores"](catalogue), model=model.name)
    row["api"] = _named(KINDS["api"](catalogue), model=model.name)
    return row


def _named(found: Iterable[Record], **wanted: str) -> list[Record]:
    return [row for row in found if all(row[field] == name for field, name in wanted.items())]
