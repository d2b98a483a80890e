"""The catalogue that ships with the product: tables of facts, each line with its source."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from counterpoise.catalogue import architecture, hardware, prices
from counterpoise.catalogue.records import Catalogue
from counterpoise.catalogue.table import Row, rows

FIGURE = hardware.FIGURE_VALUES
TABLES: dict[str, tuple[str, ...]] = {
    "aliases": ("kind", "alias", "name"),
    "api_prices": prices.API_COLUMNS,
    "benchmarks": prices.BENCHMARK_COLUMNS,
    "chip_figures": ("chip", *FIGURE),
    "chips": hardware.CHIP_COLUMNS,
    "exchange_rates": prices.EXCHANGE_COLUMNS,
    "export_rules": prices.EXPORT_COLUMNS,
    "model_layers": architecture.LAYER_COLUMNS,
    "models": architecture.MODEL_COLUMNS,
    "offers": prices.OFFER_COLUMNS,
    "scores": prices.SCORE_COLUMNS,
    "sites": prices.SITE_COLUMNS,
    "system_figures": ("system", *FIGURE),
    "systems": hardware.SYSTEM_COLUMNS,
    "technique_figures": ("technique", *FIGURE),
    "techniques": hardware.TECHNIQUE_COLUMNS,
    "use_case_figures": ("use_case", *FIGURE),
    "use_cases": hardware.USE_CASE_COLUMNS,
}
"""Every table of the catalogue and its columns; a case's own `catalogue/` folder has the same."""


def shipped(table: str) -> list[Row]:
    """Return the lines of a table that ships with the product."""
    name = f"{table}.csv"
    data = files("counterpoise.catalogue").joinpath("data", name).read_bytes()
    return list(rows(data, name, TABLES[table], TABLES[table]))


@lru_cache(maxsize=1)
def load() -> Catalogue:
    """Return every fact of the catalogue, whenever it became known.

    Offers, API prices, exchange rates and site figures hold their whole history, newest first; `as_of`
    picks what a day knew.
    The result is shared: its records are frozen and its mappings must not be written to.
    """
    return Catalogue(
        chips=hardware.chips(
            shipped("chips"), hardware.figures(shipped("chip_figures"), "chip", hardware.CHIP_UNITS)
        ),
        systems=hardware.systems(
            shipped("systems"), hardware.figures(shipped("system_figures"), "system", hardware.SYSTEM_UNITS)
        ),
        models=architecture.models(shipped("models"), architecture.layers(shipped("model_layers"))),
        techniques=hardware.techniques(
            shipped("techniques"),
            hardware.figures(shipped("technique_figures"), "technique", hardware.TECHNIQUE_UNITS),
        ),
        scores=prices.scores(shipped("scores"), questions()),
        offers=prices.offers(shipped("offers")),
        api_prices=prices.api_prices(shipped("api_prices")),
        sites=prices.sites(shipped("sites")),
        export_rules=prices.export_rules(shipped("export_rules")),
        exchange_rates=prices.exchange_rates(shipped("exchange_rates")),
        use_cases=hardware.use_cases(
            shipped("use_cases"),
            hardware.figures(shipped("use_case_figures"), "use_case", hardware.USE_CASE_UNITS),
        ),
    )


@lru_cache(maxsize=1)
def questions() -> dict[str, int]:
    """Return the number of questions of each benchmark."""
    return prices.benchmarks(shipped("benchmarks"))


@lru_cache(maxsize=1)
def shorthands() -> dict[tuple[str, str], str]:
    """Return what short names stand for: (kind, folded alias) -> name, for chips and systems."""
    return {(row.name("kind"), row.name("alias").casefold()): row.name("name") for row in shipped("aliases")}
