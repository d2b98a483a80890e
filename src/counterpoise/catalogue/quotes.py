"""A buyer's own quotes: offers.csv, written the way a quotation reads.

Columns: `kind` (buy, reserve, on_demand or spot), `system` or `chip`, `price` ("1.1M CNY", "55k CNY/month",
"$2.10/h"; per system where the row names a system, per chip where it names a chip) and `date` (of the quote)
must be there.  Optional: `name`, `provider`, `currency` (where the price has none), `low` and `high` (as the
price), `regions` (needed to rent: where the system stands), `valid_from`, `valid_to`, `term` ("12 months"),
`lead_time` ("8 weeks"), `available` (systems a quarter), `minimum_chips`, `source`, `note`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import get_args

from counterpoise.catalogue.lookup import find_chip, find_system
from counterpoise.catalogue.records import Catalogue, ExchangeRate, Figure, Offer, OfferKind, Provenance
from counterpoise.catalogue.table import Row, read_bytes, rows
from counterpoise.errors import BadInput
from counterpoise.units import TIME_S, Money, money, quantity

QUOTE_COLUMNS = (
    "name", "kind", "provider", "system", "chip", "price", "currency", "low", "high", "date", "regions",
    "valid_from", "valid_to", "term", "lead_time", "available", "minimum_chips", "source", "note",
)  # fmt: skip
QUOTE_REQUIRED = ("kind", "price", "date")


def read_offers(path: Path, catalogue: Catalogue) -> tuple[Offer, ...]:
    """Return the quotes of `path`; prices stay in the currency they were quoted in (see `in_dollars`).

    Raises BadInput with file, line and column; UnknownName for a system or chip the catalogue lacks.
    """
    quotes = [
        _offer(row, catalogue) for row in rows(read_bytes(path), str(path), QUOTE_COLUMNS, QUOTE_REQUIRED)
    ]
    return tuple(quotes)


def in_dollars(offer: Offer, rates: dict[str, ExchangeRate]) -> Offer:
    """Return `offer` with its price in US dollars at `rates` (one for each currency)."""
    currency, _, per = offer.price_usd.unit.partition("/")
    if currency == "USD":
        return offer
    if currency not in rates:
        raise BadInput(
            f"{offer.name}: no exchange rate of {currency} is known on the day of the case.",
            hint="Add it to catalogue/exchange_rates.csv, or quote in USD.",
        )
    rate = rates[currency].units_per_usd.mid
    price = offer.price_usd
    note = "; ".join(
        n for n in (price.provenance.note, f"{price.mid:,.10g} {currency} at {rate:g} {currency}/USD") if n
    )
    converted = Figure(
        price.mid / rate,
        price.low / rate,
        price.high / rate,
        f"USD/{per}",
        replace(price.provenance, note=note),
    )
    return replace(offer, price_usd=converted)


def _offer(row: Row, catalogue: Catalogue) -> Offer:
    kind = row.one_of("kind", get_args(OfferKind))
    system = chip = ""
    chips = 1
    if bool(row.text("system")) == bool(row.text("chip")):
        raise row.bad("system", "a quote is for a system or for a chip.", "Fill in one of the two columns.")
    if row.text("system"):
        found = find_system(catalogue, row.text("system"), where=row.where("system"))
        system, chips = found.name, found.chips
    elif kind == "buy":
        raise row.bad("chip", "a bare chip cannot be bought to run.", "Name the system it stands in.")
    else:
        chip = find_chip(catalogue, row.text("chip"), where=row.where("chip")).name
    if kind != "buy" and not row.text("regions"):
        raise row.bad(
            "regions", "a rented system stands somewhere.", 'Write the region it stands in, such as "CN".'
        )
    provider = row.text("provider") or "own quote"
    quoted = row.day("date")
    return Offer(
        name=row.text("name")
        or f"{kind} {system or chip} from {provider} ({Path(row.file).name}, line {row.line})",
        kind=kind,  # type: ignore[arg-type]
        provider=provider,
        system=system,
        chip=chip,
        regions=row.names("regions"),
        price_usd=_price(row, kind, 1 if kind == "buy" else chips, quoted),
        valid_from=row.day_or_none("valid_from") or quoted,
        valid_to=row.day_or_none("valid_to"),
        minimum_chips=row.count("minimum_chips", chips if system else 1),
        term_months=_term_months(row, kind),
        lead_time_weeks=_lead_time(row, quoted),
        available_per_quarter=row.count("available") if row.text("available") else None,
    )


def _provenance(row: Row, quoted: date) -> Provenance:
    return Provenance(
        row.text("source") or f"{Path(row.file).name}, line {row.line}", quoted, "quoted", row.text("note")
    )


def _price(row: Row, kind: str, chips: int, quoted: date) -> Figure:
    per = "" if kind == "buy" else "h"
    mid = _money(row, "price", per)
    if mid.amount <= 0:
        raise row.bad("price", f'"{row.text("price")}" is not a price.', "Write more than 0.")
    low, high = (_money(row, c, per) if row.text(c) else mid for c in ("low", "high"))
    if not low.amount <= mid.amount <= high.amount or {low.currency, high.currency} != {mid.currency}:
        raise row.bad("price", "low, price and high are out of order or in different currencies.")
    unit = f"{mid.currency}/{'system' if kind == 'buy' else 'chip-hour'}"
    values = (mid.amount / chips, low.amount / chips, high.amount / chips)
    return Figure(*values, unit, _provenance(row, quoted))


def _money(row: Row, column: str, per: str) -> Money:
    text = row.name(column)
    currency = row.text("currency")
    if currency and not any(c.isalpha() and c.isupper() and len(w) == 3 for w in text.split() for c in w[:1]):
        # "55k/month" with the currency in its own column reads "55k CNY/month".
        amount, slash, time = text.partition("/")
        text = f"{amount.strip()} {currency}{slash}{time}"
    return money(text, per, currency=currency or "CNY", where=row.where(column))


def _term_months(row: Row, kind: str) -> int:
    text = row.text("term")
    if kind != "reserve":
        if text:
            raise row.bad(
                "term", f"an offer of kind {kind} has no term.", "Leave it empty, or write kind reserve."
            )
        return 0
    if not text:
        raise row.bad("term", "a reservation needs its term.", 'Write "12 months".')
    return max(1, round(quantity(text, "time", write="months", where=row.where("term")) / TIME_S["month"]))


def _lead_time(row: Row, quoted: date) -> Figure | None:
    text = row.text("lead_time")
    if not text:
        return None
    weeks = quantity(text, "time", write="weeks", where=row.where("lead_time")) / TIME_S["week"]
    return Figure(weeks, weeks, weeks, "weeks", _provenance(row, quoted))
