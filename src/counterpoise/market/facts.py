"""Facts of the market: figures by quarter, and what was said; each with the first day anyone could read it.

A replay closes the book on a day: `MarketFacts.as_of` forgets what became public later, and nothing else in
this package looks at a fact except through it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from counterpoise.market.calendar import Quarter

Status = Literal["filed", "derived", "reposted", "unverified"]
"""filed: in a filing's own data; derived: by arithmetic on filed figures; reposted: copied from a page that
quotes one; unverified: from memory or a single weak page."""

Dated = Literal["sourced", "assumed"]
"""Whether the first public day is itself a fact with a source, or follows from a rule (see the docs)."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One figure of one entity for one calendar quarter.

    `series`: capex_cash, capex_with_leases, finance_lease_principal, revenue, datacenter_revenue, ...
    `value` is in `unit` ("USD bn").  `basis` is what the figure counts, in words.  `filed_in` is the document
    (an accession number), where known.
    """

    series: str
    entity: str
    quarter: Quarter
    value: float
    unit: str
    basis: str
    status: Status
    known_on: date
    dated: Dated
    source: str
    note: str = ""
    filed_in: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody said of a period: a forecast, a guidance, a price, a capacity, a share.

    `topic` groups statements of one kind (racks, capex_guidance, cowos_wafers, rack_price, ...); `period` is
    written as its source wrote it ("2025", "2025Q4", "end-2025").  `low` and `high` are equal for a single
    figure and None for words alone.  Statements with the same `origin` repeat one source and count once.
    """

    topic: str
    by: str
    about: str
    period: str
    low: float | None
    high: float | None
    unit: str
    known_on: date
    dated: Dated
    source: str
    note: str = ""
    origin: str = ""

    @property
    def mid(self) -> float:
        """Middle of the range; raises ValueError for words alone."""
        if self.low is None or self.high is None:
            raise ValueError(f"{self.topic} by {self.by}: words, no figure")
        return (self.low + self.high) / 2


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """All that is known of the market on a day."""

    observations: tuple[Observation, ...]
    statements: tuple[Statement, ...]

    def as_of(self, day: date) -> MarketFacts:
        """Return what was public on `day`: facts first published later do not exist.

        Where a figure was published more than once, the latest vintage public by then stands.
        """
        public = [o for o in self.observations if o.known_on <= day]
        return replace(
            self,
            observations=tuple(latest_vintages(public)),
            statements=tuple(s for s in self.statements if s.known_on <= day),
        )

    def series(self, series: str, entity: str) -> dict[Quarter, Observation]:
        """Return one entity's figures by quarter, in order of time."""
        found = [o for o in self.observations if o.series == series and o.entity == entity]
        return {o.quarter: o for o in sorted(found, key=lambda o: (o.quarter, o.known_on))}

    def said(self, topic: str) -> tuple[Statement, ...]:
        """Return the statements of a topic, oldest first."""
        return tuple(sorted((s for s in self.statements if s.topic == topic), key=lambda s: s.known_on))


def latest_vintages(observations: Iterable[Observation]) -> list[Observation]:
    """Keep, of each (series, entity, quarter), the vintage published last."""
    kept: dict[tuple[str, str, Quarter], Observation] = {}
    for one in observations:
        key = (one.series, one.entity, one.quarter)
        if key not in kept or one.known_on >= kept[key].known_on:
            kept[key] = one
    return list(kept.values())
