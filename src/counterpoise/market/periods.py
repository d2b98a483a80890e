"""How long a filed period is, which begin a fiscal year, and to which calendar quarter one belongs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal

from counterpoise.market.calendar import Quarter
from counterpoise.market.filings import FiledFact

Length = Literal["quarter", "half year", "nine months", "year"]
Period = tuple[date, date]
Chain = dict[Length, Period]
"""Periods that begin on one day, by length: the year to date, quarter by quarter."""

LENGTHS: Mapping[Length, tuple[int, int]] = {
    "quarter": (84, 98),
    "half year": (175, 189),
    "nine months": (266, 280),
    "year": (357, 371),
}
"""Days from and to: calendar periods, and 12 to 14, 25 to 27, 38 to 40, 51 to 53 weeks."""
STEPS: tuple[Length, ...] = ("quarter", "half year", "nine months", "year")


def length_of(days: int) -> Length | None:
    """Return the usual length of a period of so many days; None for any other."""
    return next((name for name, (least, most) in LENGTHS.items() if least <= days <= most), None)


def quarter_of(start: date, end: date) -> Quarter:
    """Return the calendar quarter that holds the midpoint of a fiscal one."""
    return Quarter.of(start + (end - start) / 2)


def written(period: Period) -> str:
    """Return a period as a person reads it."""
    return f"{period[0]} to {period[1]}"


def chains(facts: Iterable[FiledFact]) -> tuple[dict[date, Chain], dict[str, str]]:
    """Return the periods of one concept by first day, and what was refused: period -> why.

    Twelve months are a fiscal year only where a yearly report states them, or where a half year or nine
    months begin on the same day; else they are a trailing year, which some companies tag in every quarterly
    report (Amazon did from 2015 to 2017), and which gives no quarter.
    """
    periods: dict[Period, list[FiledFact]] = {}
    for fact in facts:
        periods.setdefault((fact.start, fact.end), []).append(fact)
    refused: dict[str, str] = {}
    found: dict[date, Chain] = {}
    annual: dict[Period, bool] = {}
    for period, stated in sorted(periods.items()):
        length = length_of(stated[0].days)
        if length is None:
            refused[written(period)] = (
                f"{stated[0].days} days are no quarter, half year, nine months or year."
            )
            continue
        chain = found.setdefault(period[0], {})
        if length in chain:
            why = (
                f"two periods of one {length} begin on {period[0]}: to {chain[length][1]} and to {period[1]}."
            )
            refused[written(period)] = refused[written(chain[length])] = why
        chain[length] = period
        annual[period] = any(fact.annual_form for fact in stated)
    for chain in found.values():
        year = chain.get("year")
        if year and not annual[year] and not {"half year", "nine months"} & chain.keys():
            refused[written(year)] = (
                "a trailing twelve months, not a fiscal year: no yearly report states it."
            )
            del chain["year"]
        for length in [name for name, period in chain.items() if written(period) in refused]:
            del chain[length]
    return found, refused
