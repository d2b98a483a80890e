"""Facts with a source and a date: chips, systems, models, techniques, prices, rules.

`load()` returns all of them, `as_of(catalogue, day)` what was known on a day.
"""

from counterpoise.catalogue.asof import as_of, is_stale
from counterpoise.catalogue.browse import KINDS, rows, show
from counterpoise.catalogue.counting import parameters
from counterpoise.catalogue.engines import engine_default, engine_versions, find_engine
from counterpoise.catalogue.hf import model_from_config
from counterpoise.catalogue.load import load
from counterpoise.catalogue.lookup import find_chip, find_model, find_system
from counterpoise.catalogue.quotes import in_dollars, read_offers
from counterpoise.catalogue.rules import may_buy
from counterpoise.catalogue.user import read_config, with_own_rows

__all__ = [
    "KINDS",
    "as_of",
    "engine_default",
    "engine_versions",
    "find_chip",
    "find_engine",
    "find_model",
    "find_system",
    "in_dollars",
    "is_stale",
    "load",
    "may_buy",
    "model_from_config",
    "parameters",
    "read_config",
    "read_offers",
    "rows",
    "show",
    "with_own_rows",
]
