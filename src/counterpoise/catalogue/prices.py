"""What things cost and where they may go: offers, API prices, sites, exchange rates, export rules, scores."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import get_args

from counterpoise.catalogue.hardware import PROVENANCE
from counterpoise.catalogue.records import (
    ApiPrice,
    ExchangeRate,
    ExportRule,
    Figure,
    Offer,
    OfferKind,
    Score,
    SiteFact,
)
from counterpoise.catalogue.table import Row

OFFER_COLUMNS = (
    "name", "offer", "provider", "system", "chip", "regions", "low", "mid", "high", "unit", "valid_from",
    "valid_to", "minimum_chips", "term_months", "lead_low", "lead_mid", "lead_high",
    "available_per_quarter", "kind", "source", "note",
)  # fmt: skip
API_COLUMNS = (
    "name", "provider", "model", "regions", "input", "cached_input", "output", "off_peak", "valid_from",
    "valid_to", "kind", "source", "note",
)  # fmt: skip
SITE_COLUMNS = ("region", "item", "low", "mid", "high", "unit", *PROVENANCE)
EXCHANGE_COLUMNS = ("currency", "low", "mid", "high", "unit", *PROVENANCE)
EXPORT_COLUMNS = (
    *["name", "chips", "regions", "allowed", "valid_from", "valid_to", "known_from", "end_known_from"],
    *PROVENANCE,
)
SCORE_COLUMNS = ("model", "benchmark", "score_pct", "standard_error_pct", "precision", *PROVENANCE)
BENCHMARK_COLUMNS = ("benchmark", "questions", *PROVENANCE)


def offers(rows: Iterable[Row]) -> tuple[Offer, ...]:
    """Return offers, newest first; a price is known from the day it is valid from."""
    found = []
    for row in rows:
        kind = row.one_of("offer", get_args(OfferKind))
        unit = row.one_of("unit", ("USD/system",) if kind == "buy" else ("USD/chip-hour",))
        if bool(row.text("system")) == bool(row.text("chip")):
            raise row.bad("system", "an offer is of a system or of a chip, and not of both.")
        price = row.figure(unit, as_of="valid_from")
        available = row.count("available_per_quarter") if row.text("available_per_quarter") else None
        found.append(
            Offer(
                name=row.name("name"),
                kind=kind,  # type: ignore[arg-type]
                provider=row.name("provider"),
                system=row.text("system"),
                chip=row.text("chip"),
                regions=row.names("regions"),
                price_usd=price,
                valid_from=price.provenance.as_of,
                valid_to=row.day_or_none("valid_to"),
                minimum_chips=row.count("minimum_chips", 1),
                term_months=row.count("term_months", 0),
                lead_time_weeks=_lead_time(row, price),
                available_per_quarter=available,
            )
        )
    return tuple(sorted(found, key=lambda offer: offer.valid_from, reverse=True))


def _lead_time(row: Row, price: Figure) -> Figure | None:
    if not row.text("lead_mid"):
        return None
    mid = row.number("lead_mid")
    return Figure(mid, row.number("lead_low", mid), row.number("lead_high", mid), "weeks", price.provenance)


def api_prices(rows: Iterable[Row]) -> tuple[ApiPrice, ...]:
    """Return API prices, newest first, US dollars per million tokens; known once they are valid."""
    found = []
    for row in rows:
        provenance = row.provenance(as_of="valid_from")

        def price(column: str, row: Row = row) -> Figure:
            mid = row.number(column)
            return Figure(mid, mid, mid, "USD/M tokens", provenance)  # noqa: B023 - called at once

        found.append(
            ApiPrice(
                name=row.name("name"),
                provider=row.name("provider"),
                model=row.name("model"),
                regions=row.names("regions"),
                input_usd_per_m=price("input"),
                cached_input_usd_per_m=price("cached_input"),
                output_usd_per_m=price("output"),
                off_peak=row.flag("off_peak"),
                valid_from=provenance.as_of,
                valid_to=row.day_or_none("valid_to"),
                provenance=provenance,
            )
        )
    return tuple(sorted(found, key=lambda price: price.valid_from, reverse=True))


def sites(rows: Iterable[Row]) -> tuple[SiteFact, ...]:
    """Return the figures of regions, newest first."""
    found = (SiteFact(row.name("region"), row.name("item"), row.figure()) for row in rows)
    return tuple(sorted(found, key=lambda site: site.figure.provenance.as_of, reverse=True))


def exchange_rates(rows: Iterable[Row]) -> tuple[ExchangeRate, ...]:
    """Return units of a currency per US dollar, each on a day, newest first."""
    found = (ExchangeRate(row.name("currency"), row.figure()) for row in rows)
    return tuple(sorted(found, key=lambda rate: rate.units_per_usd.provenance.as_of, reverse=True))


def export_rules(rows: Iterable[Row]) -> tuple[ExportRule, ...]:
    """Return export rules; an end needs the day from which it was known."""
    found = []
    for row in rows:
        end, end_known = row.day_or_none("valid_to"), row.day_or_none("end_known_from")
        if (end is None) != (end_known is None):
            raise row.bad("end_known_from", "valid_to and end_known_from belong together.")
        found.append(
            ExportRule(
                name=row.name("name"),
                chips=row.names("chips"),
                regions=row.names("regions"),
                allowed=row.flag("allowed"),
                valid_from=row.day("valid_from"),
                valid_to=end,
                known_from=row.day("known_from"),
                end_known_from=end_known,
                provenance=row.provenance(),
            )
        )
    return tuple(found)


def benchmarks(rows: Iterable[Row]) -> dict[str, int]:
    """Return the number of questions of each benchmark."""
    return {row.name("benchmark"): row.count("questions") for row in rows if row.provenance()}


def standard_error_pct(score_pct: float, questions: int) -> float:
    """Return the standard error of a share of `questions` right, in percent points: sqrt(p (1-p) / n).

    Questions are the sample; drawing more answers to each narrows it less than more questions would, so
    this is an upper bound for a mean over several answers.  A perfect score is taken as half a question
    short (the rule of succession), since an error of zero would be false certainty.
    """
    share = min(max(score_pct / 100, 0.5 / questions), 1 - 0.5 / questions)
    return 100 * math.sqrt(share * (1 - share) / questions)


def scores(rows: Iterable[Row], questions: Mapping[str, int]) -> tuple[Score, ...]:
    """Return scores; an empty standard error is computed from the questions of the benchmark."""
    found = []
    for row in rows:
        benchmark = row.name("benchmark")
        score = row.number("score_pct")
        if score > 100:
            raise row.bad("score_pct", f"{score:g} is more than 100 %.")
        if row.text("standard_error_pct"):
            error = row.number("standard_error_pct")
        elif benchmark in questions:
            error = standard_error_pct(score, questions[benchmark])
        else:
            raise row.bad(
                "standard_error_pct",
                f"{benchmark} is not in benchmarks.csv, so the error cannot be computed.",
                "Write a standard error in percent points.",
            )
        found.append(
            Score(row.name("model"), benchmark, score, error, row.text("precision"), row.provenance())
        )
    return tuple(found)
