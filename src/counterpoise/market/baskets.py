"""Baskets of companies: which capex is added up, and the total where every member is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from counterpoise.errors import BadInput, Refused, UnknownName, Where
from counterpoise.market.calendar import Quarter, quarters_between
from counterpoise.market.facts import MarketFacts

TOP4 = ("MSFT", "GOOGL", "AMZN", "META")
"""The four large US clouds; cash purchases of property and equipment (`capex_cash`)."""
NAMED = {"top4": TOP4}
CAPEX = "capex_cash"


def members(
    written: str, facts: MarketFacts, series: str = CAPEX, option: str = "--basket"
) -> tuple[str, ...]:
    """Return the companies of a basket written as "top4" or as tickers: "MSFT,META".

    Both may be mixed, and case is ignored.  Raises `UnknownName` or `BadInput` for a company without figures
    of `series`, for none, and for one twice.
    """
    where = Where(field=option)
    parts = [part.strip() for part in written.replace(";", ",").split(",") if part.strip()]
    if not parts:
        raise BadInput("a basket holds at least one company.", where=where, hint="Write top4 or MSFT,META.")
    known = {o.entity.casefold(): o.entity for o in facts.observations if o.series == series}
    found: list[str] = []
    for part in parts:
        name = part.casefold()
        if name not in known and name not in NAMED:
            raise _unknown(part, known.values(), series, where)
        found += NAMED[name] if name in NAMED else (known[name],)
    for ticker in found:
        if found.count(ticker) > 1:
            raise BadInput(f"{ticker} is in the basket twice.", where=where, hint="Name each company once.")
    return tuple(found)


def _unknown(part: str, known: Iterable[str], series: str, where: Where) -> BadInput:
    error = UnknownName("company or basket", part, [*known, *NAMED], where=where)
    if error.nearest:
        return error
    return BadInput(
        f'no {series} of "{part}" is known.',
        where=where,
        hint=f"There is some of {', '.join(sorted(known)) or 'nobody'}; --facts adds your own.",
    )


def values(facts: MarketFacts, entity: str, series: str = CAPEX) -> dict[Quarter, float]:
    """Return one company's figures by quarter, in USD bn; refuses a gap or another unit."""
    found = facts.series(series, entity)
    for one in found.values():
        if one.unit != "USD bn":
            raise Refused(
                f"{series} of {entity} for {one.quarter} is in {one.unit}, not in USD bn ({one.source}). "
                "Convert it, and say the rate in its note."
            )
    return unbroken({q: o.value for q, o in found.items()}, f"{series} of {entity}")


def unbroken(history: Mapping[Quarter, float], name: str) -> dict[Quarter, float]:
    """Return a history in order of time; raises `Refused` where a quarter is missing or not positive."""
    if not history:
        raise Refused(f"nothing is known of {name}.")
    for quarter in quarters_between(min(history), max(history)):
        if quarter not in history:
            raise Refused(f"{name}: {quarter} is missing between {min(history)} and {max(history)}.")
        if not history[quarter] > 0:
            raise Refused(
                f"{name}: {history[quarter]:g} for {quarter} is no spending; growth needs it above 0."
            )
    return dict(sorted(history.items()))


def summed(histories: Mapping[str, Mapping[Quarter, float]]) -> dict[Quarter, float]:
    """Return the sum by quarter, for the quarters that every company has."""
    shared = set.intersection(*(set(history) for history in histories.values()))
    return {q: sum(history[q] for history in histories.values()) for q in sorted(shared)}


def total(facts: MarketFacts, entities: Sequence[str], series: str = CAPEX) -> dict[Quarter, float]:
    """Return the sum of a series over companies, USD bn, for the quarters that all have reported.

    Raises `Refused` where a company has reported nothing, or no quarter is known of all.
    """
    found = summed({entity: values(facts, entity, series) for entity in entities})
    if not found:
        raise Refused(f"no quarter of {series} is known of all of {', '.join(entities)}.")
    return found


def known_to_all(facts: MarketFacts, entities: Sequence[str], series: str = CAPEX) -> Quarter | None:
    """Return the last quarter that every company has reported; None where one has reported nothing."""
    last = [max(facts.series(series, entity), default=None) for entity in entities]
    return None if None in last else min(q for q in last if q is not None)


def year_on_year(history: Mapping[Quarter, float]) -> dict[Quarter, float]:
    """Return growth over the same quarter a year before, as a fraction, where both are known."""
    return {q: value / history[q + -4] - 1.0 for q, value in history.items() if q + -4 in history}
