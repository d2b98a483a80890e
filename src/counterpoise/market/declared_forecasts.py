"""The forecasts that claims are given a probability from, as the product declares them.

Scored as ours are, of racks, the pool of published forecasts and, of revenue, the capex recipe on that
series; the bottom-up chain is shown and scored beside them.  That was written down before the chain first
ran, by people who knew what had come of 2025.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from counterpoise.errors import Refused
from counterpoise.market import chain, priors, published, sampling
from counterpoise.market.baskets import CAPEX, TOP4, total
from counterpoise.market.calendar import Period, Quarter, quarters_between
from counterpoise.market.chain_result import ChainResult
from counterpoise.market.claim_forecasts import Array, Forecasts
from counterpoise.market.facts import MarketFacts
from counterpoise.market.recipe import Forecast, forecast_basket
from counterpoise.market.simple_rules import RULES


def declared(draws: int, seed: int = 0) -> Forecasts:
    """Return the capex recipe, the pool of published rack forecasts, the chain and the simple rules."""
    made = _Declared(draws, seed)
    return Forecasts(
        spending=made.spending,
        racks={published.NAME: made.pool, chain.NAME: made.chain_racks},
        revenue={chain.NAME: made.chain_revenue},
        rules=RULES,
        draws=draws,
        seed=seed,
        demand=made.demand,
    )


@dataclass(frozen=True, slots=True)
class _Declared:
    draws: int
    seed: int
    runs: dict[tuple[date, Quarter, int, bytes], ChainResult] = field(default_factory=dict)

    def spending(
        self, facts: MarketFacts, entities: tuple[str, ...], quarters_ahead: int, series: str
    ) -> Forecast:
        return forecast_basket(
            facts, entities, quarters_ahead, series=series, draws=self.draws, seed=self.seed
        )

    def pool(self, facts: MarketFacts, period: Period, day: date) -> Array:
        if period.span != "year":
            raise Refused("published forecasts of a half year are too few to pool.")
        return published.pool(facts.statements, period.first.year, day, self.draws, self.seed).samples

    def chain_racks(self, facts: MarketFacts, period: Period, day: date) -> Array:
        run = self._run(facts, period, day)
        return _over(run.racks, run, period)

    def chain_revenue(self, facts: MarketFacts, period: Period, day: date) -> Array:
        run = self._run(facts, period, day)
        return _over(run.revenue_usd_bn, run, period)

    def demand(self, day: date) -> tuple[Array, Array]:
        known = priors.as_of(day)
        names = ("elasticity", "efficiency_shock")
        drawn = sampling.sample({name: known[name] for name in names}, self.draws, self.seed)
        return drawn["elasticity"], drawn["efficiency_shock"]

    def _run(self, facts: MarketFacts, period: Period, day: date) -> ChainResult:
        """The chain over the period's year, on budgets drawn by the capex recipe."""
        known = priors.as_of(day)
        first = Quarter(period.first.year, 1)
        reported = total(facts, TOP4)
        if first < max(reported):
            raise Refused(
                f"the chain starts after the last quarter reported, {max(reported)}, not in {first}."
            )
        ahead = quarters_between(first, period.last)
        forecast = self.spending(facts, TOP4, max(period.last - max(reported), 1), CAPEX)
        budget = forecast.over(ahead, reported)
        key = (day, first, len(ahead), budget[:1].tobytes())
        if key not in self.runs:
            self.runs[key] = chain.run(
                known,
                budget_usd_bn=budget,
                first=first,
                quarters=len(ahead),
                draws=self.draws,
                seed=self.seed,
            )
        return self.runs[key]


def _over(values: Array, run: ChainResult, period: Period) -> Array:
    places = [i for i, quarter in enumerate(run.quarters) if quarter in period.quarters]
    return np.asarray(values[:, places].sum(axis=1))
