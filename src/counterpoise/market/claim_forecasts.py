"""Who forecasts what claims speak of, and the desk of one day that asks each once; nothing later enters."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import numpy as np
import numpy.typing as npt

from counterpoise.errors import Refused
from counterpoise.market.baskets import CAPEX, total
from counterpoise.market.calendar import Period, Quarter, quarters_between
from counterpoise.market.claim_series import SERIES
from counterpoise.market.facts import MarketFacts
from counterpoise.market.growth_phases import median_lengths
from counterpoise.market.ledger import Ledger, Test
from counterpoise.market.observed import Book
from counterpoise.market.recipe import NAME as RECIPE
from counterpoise.market.recipe import Forecast
from counterpoise.market.simple_rules import Rule

Array = npt.NDArray[np.float64]
PHASE_DRAWS = 2_000
"""Draws whose turning points are dated; each is a path of its own."""


class Spending(Protocol):
    """Forecast of the sum of a series over companies, as `recipe.forecast_basket`."""

    def __call__(
        self, facts: MarketFacts, entities: tuple[str, ...], quarters_ahead: int, series: str
    ) -> Forecast:
        """Return the next quarters; `facts` are cut to the day."""
        ...


Racks = Callable[[MarketFacts, Period, date], Array]
"""Draws of the racks of a period, (draws,), from facts cut to the day; raises `Refused` where it has none."""
Demand = Callable[[date], tuple[Array, Array]]
"""Draws of (elasticity, gain) known on a day, each (draws,)."""


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Who forecasts what.

    `racks` by name, the first of which is ours and the others are shown beside it; `rules` are the simple
    rules that ours is held against; `draws` how many draws every one of them returns.
    """

    spending: Spending
    racks: Mapping[str, Racks]
    rules: Mapping[str, Rule]
    draws: int
    seed: int = 0
    revenue: Mapping[str, Racks] = field(default_factory=dict)
    demand: Demand | None = None
    spending_name: str = RECIPE


@dataclass(slots=True)
class Desk:
    """Forecasts as of one day; a forecast that several claims rest on is made once."""

    book: Book
    forecasts: Forecasts
    ledger: Ledger
    rules_refused: dict[str, str] = field(default_factory=dict)
    _spending: dict[tuple[str, tuple[str, ...]], Forecast] = field(default_factory=dict)
    _lengths: dict[tuple[tuple[str, ...], Quarter], tuple[Array, Array, str]] = field(default_factory=dict)
    _rules: dict[tuple[str, tuple[str, ...], Quarter], dict[str, dict[Quarter, float]]] = field(
        default_factory=dict
    )
    _racks: dict[Period, dict[str, Array]] = field(default_factory=dict)

    def spending(self, series: str, entities: tuple[str, ...]) -> Forecast:
        """Return the forecast of a sum, as far ahead as any claim of the ledger asks."""
        key = (series, entities)
        if key not in self._spending:
            known = total(self.book.facts, entities, series)
            asked = [
                p.last
                for c in self.ledger.claims
                for t in c.tests
                if t.of == entities and t.period is not None
                for p in (t.period, t.against)
                if p is not None
            ]
            ahead = max(max(asked, default=max(known)) - max(known), 1)
            self._spending[key] = self.forecasts.spending(self.book.facts, entities, ahead, series)
        return self._spending[key]

    def sum_of(self, test: Test, period: Period) -> Array:
        """Return draws of a sum over a period, USD bn: what all have reported is known, the rest is drawn."""
        series = SERIES[test.series].adds_up
        known = total(self.book.facts, test.of, series)
        parts = []
        for quarter in period.quarters:
            if quarter in known:
                parts.append(np.full(1, known[quarter]))
                continue
            if quarter < max(known):
                raise Refused(f"{series} of {', '.join(test.of)} is not known for {quarter}.")
            parts.append(self.spending(series, test.of).at(quarter))
        return np.asarray(sum(parts[1:], parts[0]), np.float64)

    def growth_of(self, test: Test, period: Period) -> Array:
        """Return draws of growth over a year, percent."""
        return np.asarray(100 * (self.sum_of(test, period) / self.sum_of(test, period + -4) - 1))

    def phase_lengths(self, entities: tuple[str, ...], last: Quarter) -> tuple[Array, Array, str]:
        """Return draws of the median rise and fall of growth in paths to `last`, and their basis."""
        if (entities, last) not in self._lengths:
            known = {q: v for q, v in total(self.book.facts, entities, CAPEX).items() if q <= last}
            if not known:
                raise Refused(f"no {CAPEX} of {', '.join(entities)} is known by {last}.")
            ahead = quarters_between(max(known) + 1, last)
            forecast = self.spending(CAPEX, entities)
            draws = min(PHASE_DRAWS, self.forecasts.draws)
            past = np.tile(list(known.values()), (draws, 1))
            paths = np.hstack([past, *(forecast.at(q)[:draws, None] for q in ahead)])
            rises, falls = median_lengths([*known, *ahead], paths)
            basis = f"turning points dated in each of {draws:,} paths; {forecast.basis}"
            self._lengths[entities, last] = rises, falls, basis
        return self._lengths[entities, last]

    def rule_paths(self, test: Test, last: Quarter) -> dict[str, dict[Quarter, float]]:
        """Return what each simple rule makes of the totals that all have reported, to `last`."""
        series = SERIES[test.series].adds_up
        key = (series, test.of, last)
        if key not in self._rules:
            known = total(self.book.facts, test.of, series)
            ahead = quarters_between(max(known) + 1, last)
            made: dict[str, dict[Quarter, float]] = {}
            for name, rule in self.forecasts.rules.items():
                try:
                    path = rule(np.array(list(known.values())), len(ahead))
                except Refused as reason:
                    self.rules_refused[name] = str(reason)
                    continue
                made[name] = known | dict(zip(ahead, path.tolist(), strict=True))
            self._rules[key] = made
        return self._rules[key]

    def racks(self, period: Period) -> dict[str, Array]:
        """Return draws of the racks of a period by forecast; raises `Refused` where none speaks of it."""
        if period not in self._racks:
            found, refused = {}, []
            for name, forecast in self.forecasts.racks.items():
                try:
                    found[name] = forecast(self.book.facts, period, self.book.day)
                except Refused as reason:
                    refused.append(f"{name}: {reason}")
            if not found:
                raise Refused("; ".join(refused) or "nobody forecasts racks here.")
            self._racks[period] = found
        return self._racks[period]

    def generator(self, purpose: str) -> np.random.Generator:
        """Return a generator of its own for a purpose, so that no two forecasts share their draws."""
        return np.random.Generator(np.random.PCG64([self.forecasts.seed, zlib.crc32(purpose.encode())]))
