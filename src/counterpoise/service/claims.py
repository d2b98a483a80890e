"""`claims`: a ledger judged by dated facts, the shipped ones and the user's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

from counterpoise.catalogue.table import decode, read_bytes, rows
from counterpoise.errors import BadInput, Where
from counterpoise.market.claim_series import SERIES
from counterpoise.market.facts import MarketFacts
from counterpoise.market.ledger import Ledger
from counterpoise.market.ledger_file import read_ledger
from counterpoise.market.prices import COLUMNS, REQUIRED, PriceSeries, check, read_prices

Document = dict[str, Any]
DRAWS = 20_000
PRICE_SERIES = ("price_fall", "value_lost", "value_lost_cny", "price_change")
_LARGEST_LEDGER_BYTES = 1_000_000


def judge_claims(
    path: Path,
    *,
    as_of: date | None = None,
    judged_on: date | None = None,
    since: date | None = None,
    facts: Path | None = None,
    prices: Path | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Document:
    """Judge the ledger in `path` (a file, or a folder with a claims.yaml).

    `as_of` is the last day on which a claim was made, and `judged_on` today, where they are not given.
    `facts` adds a user's own table to the shipped facts; prices come from `prices`, else from a prices.csv
    beside the ledger.
    """
    from counterpoise.market.claims import judge
    from counterpoise.market.declared_forecasts import declared
    from counterpoise.service.price_file import reference_rates

    file = path / "claims.yaml" if path.is_dir() else path
    known = known_facts(facts)
    ledger = read_ledger(read_bytes(file, _LARGEST_LEDGER_BYTES), str(file), companies(known))
    beside = file.parent / "prices.csv"
    price_file = prices if prices is not None else beside if beside.is_file() else None
    document = judge(
        ledger,
        known,
        as_of or ledger.last_said,
        judged_on or date.today(),
        declared(draws, seed),
        prices={} if price_file is None else ledger_prices(ledger, price_file),
        rates=reference_rates(),
        since=since,
    )
    inputs = {"ledger": str(file), "facts": facts and str(facts), "prices": price_file and str(price_file)}
    return document | {"inputs": inputs, "draws": draws, "seed": seed}


def template() -> str:
    """Return a commented ledger to start from."""
    return (resources.files("counterpoise.market") / "data" / "claims_template.yaml").read_text("utf-8")


def known_facts(own: Path | None) -> MarketFacts:
    """Return the shipped facts, and a user's own table beside them: observations or statements by its header.

    An own figure stands in the place of the shipped one of the same series, company, quarter and day.
    """
    from counterpoise.market import load

    shipped = load.shipped()
    if own is None:
        return shipped
    data, file = read_bytes(own), str(own)
    header = next((line for line in decode(data, file).splitlines() if line and line[0] != "#"), "")
    nothing = {name: ",".join(columns).encode() for name, columns in (
        ("observations", load.OBSERVATION_COLUMNS), ("statements", load.STATEMENT_COLUMNS))}  # fmt: skip
    if "topic" in [cell.strip() for cell in header.split(",")]:
        said = load.facts(nothing["observations"], file, data, file).statements
        return replace(shipped, statements=(*shipped.statements, *said))
    seen = load.facts(data, file, nothing["statements"], file).observations
    own_keys = {(o.series, o.entity, o.quarter, o.known_on) for o in seen}
    kept = (o for o in shipped.observations if (o.series, o.entity, o.quarter, o.known_on) not in own_keys)
    return replace(shipped, observations=(*kept, *seen))


def companies(facts: MarketFacts) -> dict[str, frozenset[str]]:
    """Return which companies a claim may name, by series."""
    counted = {"datacenter_revenue": "datacenter_revenue"}
    spending = [name for name, one in SERIES.items() if one.of in ("companies", "company")]
    return {
        name: frozenset(o.entity for o in facts.observations if o.series == counted.get(name, "capex_cash"))
        for name in spending
        if name not in PRICE_SERIES
    }


def ledger_prices(ledger: Ledger, path: Path) -> dict[str, PriceSeries]:
    """Return the checked prices of the companies that a ledger's claims name and the file has."""
    from counterpoise.service.price_file import listed_in

    wanted = {m for claim in ledger.claims for t in claim.tests if t.series in PRICE_SERIES for m in t.of}
    if not wanted:
        return {}
    data = read_bytes(path)
    held = _tickers(data, str(path))
    found = read_prices(data, str(path), sorted(wanted & held), listed_in()) if wanted & held else ()
    for one in found:
        if len(one) < 2:
            raise BadInput(f"one price of {one.ticker}; two are needed.", where=Where(str(path)))
        check(one)
    return {one.ticker: one for one in found}


def _tickers(data: bytes, file: str) -> set[str]:
    table: Iterable[Mapping[str, str]] = (row.cells for row in rows(data, file, COLUMNS, REQUIRED))
    return {cells.get("ticker", "") for cells in table}
