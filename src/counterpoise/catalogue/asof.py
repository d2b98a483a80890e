"""What was known on a day: no fact later than the as-of date may reach a plan.

Rules, one for each kind of fact:

- a chip or system is known once it is available, its figures once they are published;
- a technique once it is available and every one of its figures is known (a missing loss would be read as
  no loss);
- a model once it is released; one without a release date never (a benchmark shape, not a model to serve);
- a score, a site figure or an exchange rate from its day on, the latest of each;
- an offer once its price and its system or chip are known, the latest of each name and none older than two
  years; a quote in another currency is turned into US dollars at the rate of the as-of date;
- an API price while it is valid;
- an export rule once known; its end once that was known.

The case's own rows follow the same rules.  An own row that replaces a shipped one must not do so before its
day: `with_own_rows(..., day)` leaves such rows out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import TypeVar

from counterpoise.catalogue.quotes import in_dollars
from counterpoise.catalogue.records import (
    ApiPrice,
    Catalogue,
    Chip,
    ExportRule,
    Figure,
    Offer,
    Provenance,
    System,
    Technique,
)

STALE_AFTER = timedelta(days=92)
"""A price older than a quarter is flagged."""
FORGOTTEN_AFTER = timedelta(days=731)
"""A price older than two years is not offered any more: nobody would get it."""

Dated = TypeVar("Dated")


def is_stale(figure: Figure, day: date) -> bool:
    """Whether a price is older than a quarter on `day`."""
    return day - figure.provenance.as_of > STALE_AFTER


def as_of(catalogue: Catalogue, day: date) -> Catalogue:
    """Return the facts known on `day`, in the same order; see the module's rules."""
    rates = _first_known(
        catalogue.exchange_rates, day, lambda e: e.currency, lambda e: e.units_per_usd.provenance
    )
    per_usd = {rate.currency: rate for rate in rates}
    chips = {n: _with_known(c, day) for n, c in catalogue.chips.items() if c.available_from <= day}
    systems = {n: _with_known(s, day) for n, s in catalogue.systems.items() if s.available_from <= day}
    offers = [o for o in _offers(catalogue.offers, day) if o.system in systems or o.chip in chips]
    return Catalogue(
        chips=chips,
        systems=systems,
        models={n: m for n, m in catalogue.models.items() if m.released is not None and m.released <= day},
        techniques={n: t for n, t in catalogue.techniques.items() if _usable(t, day)},
        scores=tuple(s for s in catalogue.scores if s.provenance.as_of <= day),
        offers=tuple(in_dollars(offer, per_usd) for offer in offers),
        api_prices=tuple(_api_prices(catalogue.api_prices, day)),
        sites=_first_known(catalogue.sites, day, lambda s: (s.region, s.item), lambda s: s.figure.provenance),
        export_rules=tuple(_known_rule(r, day) for r in catalogue.export_rules if r.known_from <= day),
        exchange_rates=rates,
        use_cases={n: u for n, u in catalogue.use_cases.items() if u.profile_provenance.as_of <= day},
    )


Hardware = TypeVar("Hardware", Chip, System)


def _with_known(thing: Hardware, day: date) -> Hardware:
    figures = {n: f for n, f in thing.figures.items() if f.provenance.as_of <= day}
    return thing if len(figures) == len(thing.figures) else replace(thing, figures=figures)


def _usable(technique: Technique, day: date) -> bool:
    return technique.available_from <= day and _all_known(technique.figures, day)


def _all_known(figures: Mapping[str, Figure], day: date) -> bool:
    return all(figure.provenance.as_of <= day for figure in figures.values())


def _first_known(
    facts: Iterable[Dated],
    day: date,
    key: Callable[[Dated], object],
    provenance: Callable[[Dated], Provenance],
) -> tuple[Dated, ...]:
    """Return the first known fact of each key: facts stand own ones first, then newest first."""
    best: dict[object, Dated] = {}
    for fact in facts:
        if provenance(fact).as_of <= day:
            best.setdefault(key(fact), fact)
    return tuple(best.values())


def _offers(offers: Iterable[Offer], day: date) -> Iterable[Offer]:
    taken: set[str] = set()
    for offer in offers:
        known = offer.price_usd.provenance.as_of
        if known > day or day - known > FORGOTTEN_AFTER:
            continue
        if offer.valid_to is not None and offer.valid_to <= day:
            continue
        if offer.valid_from > day:  # announced: only a case's own quote is known before it is valid
            yield offer
        elif offer.name not in taken:
            taken.add(offer.name)
            yield offer


def _api_prices(prices: Iterable[ApiPrice], day: date) -> Iterable[ApiPrice]:
    taken: set[str] = set()
    for price in prices:
        valid = price.valid_from <= day and (price.valid_to is None or price.valid_to > day)
        if valid and price.name not in taken:
            taken.add(price.name)
            # When a list price would end was learnt afterwards: on the day it had no end.
            yield price if price.valid_to is None else replace(price, valid_to=None)


def _known_rule(rule: ExportRule, day: date) -> ExportRule:
    if rule.end_known_from is None or rule.end_known_from <= day:
        return rule
    return replace(rule, valid_to=None, end_known_from=None)
