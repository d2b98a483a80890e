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
from counterpoise.market.claim_series import PRICED, SERIES
from counterpoise.market.facts import MarketFacts
from counterpoise.market.ledger import Ledger
from counterpoise.market.ledger_file import read_ledger
from counterpoise.market.prices import COLUMNS, REQUIRED, PriceSeries, check, read_prices

Document = dict[str, Any]
DRAWS = 20_000
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
    judged = judged_on or date.today()
    data = read_bytes(file, _LARGEST_LEDGER_BYTES)
    ledger = read_ledger(data, str(file), companies(known_facts(facts, judged)))
    day = as_of or ledger.last_said
    beside = file.parent / "prices.csv"
    price_file = prices if prices is not None else beside if beside.is_file() else None
    document = judge(
        ledger,
        known_facts(facts, day, judged),
        day,
        judged,
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


def known_facts(own: Path | None, *days: date) -> MarketFacts:
    """Return the shipped facts, and a user's own beside them.

    `own` is a table of observations or of statements (its header says which), or a company's filed facts in
    the SEC's form.  Own figures stand in the place of shipped ones from their own day on.  Filed facts are
    worked out as of each of `days`, on which somebody will look at them: what was filed later must not even
    refuse a quarter that was known.
    """
    from counterpoise.market.load import shipped as shipped_facts
    from counterpoise.market.own_facts import own_observations, own_statements
    from counterpoise.market.quarters import with_own
    from counterpoise.service import filings

    shipped = shipped_facts()
    if own is None:
        return shipped
    data, file = read_bytes(own, filings.LARGEST_FILE_BYTES), str(own)
    if filings.in_filed_form(data):
        return with_own(shipped, filings.own_facts(data, file, *days))
    header = next((line for line in decode(data, file).splitlines() if line and line[0] != "#"), "")
    if "topic" in [cell.strip() for cell in header.split(",")]:
        return replace(shipped, statements=(*shipped.statements, *own_statements(data, file)))
    return with_own(shipped, own_observations(data, file))


def companies(facts: MarketFacts) -> dict[str, frozenset[str]]:
    """Return which companies a claim may name, by series."""
    return {
        name: frozenset(o.entity for o in facts.observations if o.series == one.adds_up)
        for name, one in SERIES.items()
        if one.adds_up
    }


def ledger_prices(ledger: Ledger, path: Path) -> dict[str, PriceSeries]:
    """Return the checked prices of the companies that a ledger's claims name and the file has."""
    from counterpoise.service.price_file import listed_in

    wanted = {m for claim in ledger.claims for t in claim.tests if t.series in PRICED for m in t.of}
    data = read_bytes(path)
    if not wanted:
        return {}
    held = _tickers(data, str(path))
    found = read_prices(data, str(path), sorted(wanted & held), listed_in()) if wanted & held else ()
    for one in found:
        if len(one) < 2:
            raise BadInput(f"one price of {one.ticker}; two are needed.", where=Where(str(path)))
        _check(one)
    return {one.ticker: one for one in found}


def _check(prices: PriceSeries) -> None:
    """As `check`, which advises what only `drawdown` can be told."""
    try:
        check(prices)
    except BadInput as error:
        hint = "Correct the file, or cut it to the days that the claims need and 60 trading days before."
        raise BadInput(error.problem, where=error.where, hint=hint) from None


def _tickers(data: bytes, file: str) -> set[str]:
    table: Iterable[Mapping[str, str]] = (row.cells for row in rows(data, file, COLUMNS, REQUIRED))
    return {cells.get("ticker", "") for cells in table}
