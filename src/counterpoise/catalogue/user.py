"""A case's own facts: the folder `catalogue/` (the same tables as the product's) and `offers.csv` (quotes).

Own rows come first: an own chip, model or figure replaces the shipped one of that name, own offers, scores
and rates are looked at before the others.  A config.json of Hugging Face in the folder is a model too, by the
name of its file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TypeVar

from counterpoise.catalogue import architecture, hardware, prices
from counterpoise.catalogue.hf import OWN_RELEASE, model_from_config
from counterpoise.catalogue.load import TABLES, questions
from counterpoise.catalogue.quotes import read_offers
from counterpoise.catalogue.records import Catalogue, Chip, Model, System, Technique
from counterpoise.catalogue.table import Row, read_bytes, rows
from counterpoise.errors import BadInput, UnknownName, Where

CATALOGUE_FOLDER = "catalogue"
OFFERS_FILE = "offers.csv"
_REQUIRED: dict[str, tuple[str, ...]] = {
    "chips": ("name", "vendor", "family", "software", "available_from", "as_of", "kind", "source"),
    "systems": ("name", "vendor", "chip", "chips", "available_from", "as_of", "kind", "source"),
    "models": ("name", "hidden", "vocab", "native_precision", "as_of", "kind", "source"),
    "model_layers": ("model", "count", "attention", "feed_forward"),
    "offers": ("name", "offer", "provider", "mid", "unit", "valid_from", "kind", "source"),
    "scores": ("model", "benchmark", "score_pct", "as_of", "kind", "source"),
}
"""Columns an own table must have; of tables not named here, those that are not obviously optional."""
_OPTIONAL = frozenset(
    ("note", "low", "high", "valid_to", "end_known_from", "to", "applies_to", "regions", "off_peak")
)
_KNOWN_FROM = ("as_of", "available_from", "released", "valid_from", "known_from")
_REFERENCES = (
    ("chip", "chip_figures", "chip"),
    ("chip", "systems", "chip"),
    ("chip", "offers", "chip"),
    ("system", "system_figures", "system"),
    ("system", "offers", "system"),
    ("technique", "technique_figures", "technique"),
    ("model", "model_layers", "model"),
    ("model", "scores", "model"),
)
"""Which column of which own table names a thing of which kind."""
Thing = TypeVar("Thing")
Bearer = TypeVar("Bearer", Chip, System, Technique)


def with_own_rows(catalogue: Catalogue, folder: Path, day: date | None = None) -> Catalogue:
    """Return `catalogue` with the rows of a case folder before its own.

    Parameters
    ----------
    catalogue : the shipped facts (`load`).
    folder : the case; it need not have own rows.
    day : the as-of date: rows known only later are read, checked and left out, so that they cannot
        replace a fact that was known.  None: none is left out.

    Raises BadInput, with file, line and column, for a table that is unknown, too large or wrong.
    """
    own = folder / CATALOGUE_FOLDER
    if own.is_dir():
        catalogue = _merged(catalogue, own, day)
    if (folder / OFFERS_FILE).is_file():
        catalogue = replace(catalogue, offers=read_offers(folder / OFFERS_FILE, catalogue) + catalogue.offers)
    return catalogue


def _merged(catalogue: Catalogue, folder: Path, day: date | None) -> Catalogue:
    own: dict[str, list[Row]] = {name: [] for name in TABLES}
    configs: dict[str, Model] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix == ".json":
            configs[path.stem] = read_config(path)
        elif path.suffix == ".csv":
            if path.stem not in TABLES:
                raise UnknownName("table", path.name, (f"{t}.csv" for t in TABLES), where=Where(str(path)))
            own[path.stem] = _read(path)
    _check_names(catalogue, own)
    own = {table: [row for row in rows_ if not _is_late(row, day)] for table, rows_ in own.items()}
    layers = architecture.layers(own["model_layers"])
    models = {n: _released(m) for n, m in architecture.models(own["models"], layers).items()}
    asked = {**questions(), **prices.benchmarks(own["benchmarks"])}
    chips = _own_first(hardware.chips(own["chips"], {}), catalogue.chips)
    systems = _own_first(hardware.systems(own["systems"], {}), catalogue.systems)
    techniques = _own_first(hardware.techniques(own["techniques"], {}), catalogue.techniques)
    lengths = hardware.figures(own["use_case_figures"], "use_case", hardware.USE_CASE_UNITS)
    return replace(
        catalogue,
        chips=_with_figures(chips, own["chip_figures"], "chip", hardware.CHIP_UNITS),
        systems=_with_figures(systems, own["system_figures"], "system", hardware.SYSTEM_UNITS),
        techniques=_with_figures(techniques, own["technique_figures"], "technique", hardware.TECHNIQUE_UNITS),
        models=_own_first({**configs, **models}, catalogue.models),
        scores=prices.scores(own["scores"], asked) + catalogue.scores,
        offers=prices.offers(own["offers"]) + catalogue.offers,
        api_prices=prices.api_prices(own["api_prices"]) + catalogue.api_prices,
        sites=prices.sites(own["sites"]) + catalogue.sites,
        export_rules=prices.export_rules(own["export_rules"]) + catalogue.export_rules,
        exchange_rates=prices.exchange_rates(own["exchange_rates"]) + catalogue.exchange_rates,
        use_cases=_own_first(hardware.use_cases(own["use_cases"], lengths), catalogue.use_cases),
    )


def _is_late(row: Row, day: date | None) -> bool:
    """Whether a row became known after `day`: by the latest of the dates that say when it did."""
    return day is not None and any(row.day(c) > day for c in _KNOWN_FROM if row.text(c))


def _check_names(catalogue: Catalogue, own: Mapping[str, list[Row]]) -> None:
    """Refuse a figure, system or layer of a thing that neither the catalogue nor the case has."""
    shipped: Mapping[str, Mapping[str, object]] = {
        "chip": catalogue.chips,
        "system": catalogue.systems,
        "technique": catalogue.techniques,
        "model": catalogue.models,
    }
    for column, table, of in _REFERENCES:
        known = {*shipped[column], *(row.text("name") for row in own[f"{column}s"])}
        for row in own[table]:
            if row.text(of):
                row.one_of(of, known)


def _read(path: Path) -> list[Row]:
    columns = TABLES[path.stem]
    required = _REQUIRED.get(path.stem, tuple(c for c in columns if c not in _OPTIONAL))
    return list(rows(read_bytes(path), str(path), columns, required))


def read_config(path: Path, name: str = "") -> Model:
    """Return the model of a Hugging Face config.json, called `name` or by its file."""
    where = Where(str(path))
    try:
        config = json.loads(read_bytes(path).decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadInput("the file is not UTF-8.", where=where) from None
    except json.JSONDecodeError as error:
        raise BadInput(f"not JSON ({error.msg}).", where=Where(str(path), error.lineno)) from None
    except RecursionError:
        raise BadInput("the file nests too deeply.", where=where) from None
    if not isinstance(config, dict):
        raise BadInput("not a config.json: the file holds no object.", where=where)
    return model_from_config(config, name or path.stem, where=where)


def _released(model: Model) -> Model:
    return model if model.released is not None else replace(model, released=OWN_RELEASE)


def _own_first(own: Mapping[str, Thing], shipped: Mapping[str, Thing]) -> dict[str, Thing]:
    return {**own, **{name: thing for name, thing in shipped.items() if name not in own}}


def _with_figures(
    things: dict[str, Bearer], rows_: list[Row], column: str, units: Mapping[str, str]
) -> dict[str, Bearer]:
    own = hardware.figures(rows_, column, units)
    return {
        name: replace(thing, figures={**thing.figures, **own[name]}) if name in own else thing
        for name, thing in things.items()
    }
