"""What was seen of a series: a value or a range with its sources, or what is missing and when it is due."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from counterpoise.errors import Refused
from counterpoise.market.calendar import Period
from counterpoise.market.facts import MarketFacts, Statement
from counterpoise.market.ledger import Claim, Test
from counterpoise.market.prices import PriceSeries
from counterpoise.market.rates import ReferenceRates


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure that an outcome rests on."""

    what: str
    value: float
    unit: str
    source: str
    known_on: date


@dataclass(frozen=True, slots=True)
class Missing:
    """A fact that is not there yet, and the day it is due, where that is known."""

    what: str
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was seen: a range (equal ends for one figure), or what is missing, or why nothing can be seen."""

    low: float = float("nan")
    high: float = float("nan")
    figures: tuple[Figure, ...] = ()
    missing: tuple[Missing, ...] = ()
    refused: str = ""

    @property
    def seen(self) -> bool:
        """Whether there is a value."""
        return not self.missing and not self.refused


@dataclass(frozen=True, slots=True)
class Book:
    """All that is known on `day`.

    `facts` are cut to it by whoever makes the book (`book_on`); prices and exchange rates are dated
    themselves and are read up to `day` only.
    """

    facts: MarketFacts
    day: date
    prices: Mapping[str, PriceSeries] = field(default_factory=dict)
    rates: ReferenceRates = field(default_factory=lambda: ReferenceRates({}))


def book_on(facts: MarketFacts, day: date, prices: Mapping[str, PriceSeries], rates: ReferenceRates) -> Book:
    """Return what was known on a day; nothing published later is in it."""
    return Book(facts.as_of(day), day, prices, rates)


Observe = Callable[[Test, Claim, Book, Period | None], Outcome]
"""Reads an outcome off a book, for the period given (None for a series without one)."""


def needed(period: Period | None) -> Period:
    """Return the period of a series that has one."""
    if period is None:
        raise Refused("this series needs a period.")
    return period


def ends(one: Statement) -> tuple[float, float]:
    """Return low and high of a statement that gives figures."""
    if one.low is None or one.high is None:
        raise Refused(f"{one.topic} by {one.by} for {one.period} is words, no figure.")
    return one.low, one.high


def figures_of(one: Statement) -> tuple[Figure, ...]:
    """Return the figures of a statement: one, or both ends of its range."""
    return tuple(
        Figure(f"{one.about} ({one.by})", value, one.unit, one.source, one.known_on)
        for value in dict.fromkeys(ends(one))
    )


def stated(one: Statement) -> Outcome:
    """Return a statement's range as an outcome."""
    low, high = ends(one)
    return Outcome(low, high, figures_of(one))
