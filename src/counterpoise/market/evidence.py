"""What was public about the elasticity of compute demand and about the gain, on a day; and what is neither.

A statement bears on a parameter by its topic, by a rule written here once; what a statement says never
decides whether it counts.  Growth of use or of spending while prices fell gives a *reading* of the
elasticity that puts down all growth to price: an upper bound, since much of it would have come anyway.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from counterpoise.market.facts import MarketFacts, Statement

BearsOn = Literal["elasticity", "gain", "neither"]

TOPICS: dict[str, tuple[BearsOn, str]] = {
    "elasticity": (
        "elasticity",
        "answer of the tokens bought to their price within months on one market; long-run demand, training "
        "and the compute behind a token are not in it",
    ),
    "token_elasticity": (
        "neither",
        "users move between hosts of the same open model when one is cheaper; all hosts together need not "
        "serve a token more: substitution, not the market's rebound",
    ),
    "tokens_per_month": (
        "elasticity",
        "use grew while prices fell; an upper bound where all growth is put down to price",
    ),
    "enterprise_spend": (
        "elasticity",
        "the bill grew while prices fell; an upper bound where all growth is put down to price",
    ),
    "efficiency": ("gain", "how fast the compute or the price for a fixed level of performance falls"),
    "api_price": ("gain", "list prices of two models: margins, subsidies and quality are in their ratio"),
    "training_cost": ("gain", "one training run at a stated rent, without research, failed runs or staff"),
}  # fmt: skip
"""Topic of a statement -> (what it bears on, why and how far)."""

_PRICE_FALL_UNIT = "x per year"
_PERIOD = re.compile(r"\d{4}(-\d{2}(\D.*)?)?", re.ASCII)
_SERIES: dict[str, Literal["spend", "quantity"]] = {
    "enterprise_spend": "spend",
    "tokens_per_month": "quantity",
}
"""Topics that are a series in time: spending (price x quantity) or quantity."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A public statement, what it bears on and why."""

    statement: Statement
    bears_on: BearsOn
    why: str


@dataclass(frozen=True, slots=True)
class Reading:
    """Elasticity read from growth between two figures of one origin, all growth put down to price.

    `low` and `high` belong to the fastest and the slowest price fall public by then (`price_fall_per_year`, a
    factor a year).  An upper bound at that fall, not an estimate.
    """

    about: str
    growth: float
    years: float
    price_fall_per_year: tuple[float, float]
    low: float
    high: float
    sources: tuple[str, ...]


def evidence(facts: MarketFacts) -> tuple[Evidence, ...]:
    """Return what bears on the elasticity, then on the gain, then what seems to and does not; by date.

    `facts` are those of the day (`MarketFacts.as_of`).
    """
    found = [Evidence(s, *TOPICS[s.topic]) for s in facts.statements if s.topic in TOPICS]
    order = ("elasticity", "gain", "neither")
    return tuple(sorted(found, key=lambda e: (order.index(e.bears_on), e.statement.known_on)))


def readings(facts: MarketFacts) -> tuple[Reading, ...]:
    """Return the elasticities that growth of use and of spending would amount to, were price its only cause.

    Where the price falls to 1/g, spending grows by g^(e-1) and quantity by g^e, so that
    e = 1 + ln(spending) / ln(g) and e = ln(quantity) / ln(g).  Empty where no price fall was public.
    """
    falls = [s for s in facts.said("efficiency") if s.unit == _PRICE_FALL_UNIT]
    ends = [end for s in falls for end in (s.low, s.high) if end is not None and end > 1.0]
    if not ends:
        return ()
    slowest, fastest = min(ends), max(ends)
    sources = tuple(s.source for s in falls)
    return tuple(
        _reading(topic, first, last, (slowest, fastest), sources)
        for topic in _SERIES
        for first, last in _first_and_last(facts.said(topic))
    )


def _reading(
    topic: str, a: Statement, b: Statement, falls: tuple[float, float], sources: tuple[str, ...]
) -> Reading:
    growth, years = b.mid / a.mid, _year(b.period) - _year(a.period)
    bounds = []
    for fall in falls:
        log_gain = years * math.log(fall)
        rest = math.log(growth) / log_gain
        bounds.append(1.0 + rest if _SERIES[topic] == "spend" else rest)
    about = f"{b.about}, {a.period} to {b.period}"
    return Reading(about, growth, years, falls, min(bounds), max(bounds), (a.source, b.source, *sources))


def _first_and_last(said: Sequence[Statement]) -> list[tuple[Statement, Statement]]:
    """Oldest and newest period of each origin: figures of two scopes are never divided.

    Only years and months of the calendar are times here; a statement on any other period is no reading.
    """
    by_origin: dict[str, list[Statement]] = {}
    for s in said:
        if s.origin and s.low is not None and s.low > 0 and _PERIOD.fullmatch(s.period):
            by_origin.setdefault(s.origin, []).append(s)
    ordered = [sorted(group, key=lambda s: _year(s.period)) for group in by_origin.values()]
    return [(group[0], group[-1]) for group in ordered if _year(group[-1].period) > _year(group[0].period)]


def _year(period: str) -> float:
    """Return a period such as 2024 or 2024-05 as a time in years."""
    year, month = period[:4], period[5:7]
    return float(year) + (float(month) - 1.0) / 12.0 if month else float(year)


def summary(facts: MarketFacts) -> dict[str, Any]:
    """Return the evidence as a plain document whose `answer` says in one line what it is worth."""
    found, read = evidence(facts), readings(facts)
    measured = [e for e in found if e.statement.topic == "elasticity"]
    gains = [e for e in found if e.bears_on == "gain"]
    return {
        "answer": _answer(measured, read, len(gains)),
        "measured_elasticities": len(measured),
        "statements": [
            {
                "bears_on": e.bears_on,
                "by": e.statement.by,
                "about": e.statement.about,
                "low": e.statement.low,
                "high": e.statement.high,
                "unit": e.statement.unit,
                "known_on": e.statement.known_on.isoformat(),
                "dated": e.statement.dated,
                "source": e.statement.source,
                "why": e.why,
            }
            for e in found
        ],
        "upper_readings": [
            {
                "about": r.about,
                "growth_factor": r.growth,
                "years": r.years,
                "price_fall_per_year_factor": list(r.price_fall_per_year),
                "elasticity_at_most_if_fastest_fall": r.low,
                "elasticity_at_most_if_slowest_fall": r.high,
            }
            for r in read
        ],
    }


def _answer(measured: Sequence[Evidence], read: Sequence[Reading], gains: int) -> str:
    if measured:
        low = min(e.statement.mid for e in measured)
        high = max(e.statement.mid for e in measured)
        said = f"{len(measured)} public estimates of the elasticity of token demand, {low:g} to {high:g}"
        return f"{said}: short-run and of single markets, so the prior stays wide."
    bound = (
        f"; growth of spending and use bounds it from above only, at {max(r.high for r in read):.1f}"
        if read
        else ""
    )
    about_gain = f"{gains} statements bear on the gain" if gains else "nothing bears on the gain either"
    said = f"No measured elasticity of compute demand was public{bound}. {about_gain}."
    return f"{said} The prior is wide for that reason."
