"""What a request or a token costs on a system that is always busy: a yardstick without solving.

Money is US dollars of the first period, not discounted.  The optimum differs where systems stand idle, where
a limit binds or where a technique must be paid; so these figures explain a plan and never decide one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from counterpoise.analysis.use import Deployment
from counterpoise.planning.problem import Buy, Problem, Rent, Reserve, ServingDeployment

HOURS_PER_DAY = 24.0
SECONDS_PER_HOUR = 3600.0
W_PER_KW = 1000.0


@dataclass(frozen=True, slots=True)
class SystemHour:
    """The cheapest way to have a usable system-hour of a pool: US dollars without energy, and the offer."""

    usd: float
    offer: str


def cheapest_system_hour(problem: Problem, pool: str) -> SystemHour | None:
    """Return the cheapest offer of a pool by usable hour over the horizon; None where it has no offer."""
    ways = [
        SystemHour(offer_usd_per_h(problem, offer), offer.id)
        for offers in (problem.buys, problem.reserves, problem.rents)
        for offer in offers.values()
        if offer.pool == pool
    ]
    open_ways = [w for w in ways if math.isfinite(w.usd)]
    return min(open_ways, key=lambda w: (w.usd, w.offer)) if open_ways else None


def offer_usd_per_h(problem: Problem, offer: Buy | Reserve | Rent) -> float:
    """US dollars per usable system-hour of an offer taken when it costs least; inf where it cannot be taken.

    A purchase: price less salvage, plus upkeep, over its periods in use within the horizon.
    """
    pool = problem.pools[offer.pool]
    days = [p.days for p in problem.periods]
    if isinstance(offer, Rent):
        prices = [p for p, s in zip(offer.price_usd_per_h, offer.supply, strict=True) if s > 0]
        return min(prices, default=math.inf)
    best = math.inf
    for t, (price, supply) in enumerate(zip(offer.price_usd, offer.supply, strict=True)):
        if supply <= 0 or not math.isfinite(price):
            continue
        if isinstance(offer, Reserve):
            used = days[t : t + offer.term_periods]
            money = price * len(used)
        else:
            arrives = t + offer.lead_periods
            used = days[arrives : arrives + offer.life_periods]
            left = max(0, arrives + offer.life_periods - len(days))
            money = price * (1.0 - offer.salvage_share * left) + offer.opex_usd_per_period * len(used)
        if used:
            best = min(best, money / (sum(used) * HOURS_PER_DAY * pool.availability))
    return best


def energy_usd_per_h(problem: Problem, pool: str, power_w: float) -> float:
    """US dollars of electricity of one system in use for an hour; 0 where the provider pays for it."""
    if not problem.pools[pool].on_site:
        return 0.0
    return power_w * problem.pue / W_PER_KW * problem.electricity_usd_per_kwh


def usd_per_unit(problem: Problem, deployment: Deployment, usd_per_h: float | None = None) -> float:
    """US dollars per request, or per token trained, on an always busy system; inf where none can be had.

    `usd_per_h` is the price of a usable system-hour; None: that of the pool's cheapest offer.
    """
    if usd_per_h is None:
        hour = cheapest_system_hour(problem, deployment.pool)
        usd_per_h = math.inf if hour is None else hour.usd
    rate = deployment.requests_per_s if isinstance(deployment, ServingDeployment) else deployment.tokens_per_s
    energy = energy_usd_per_h(problem, deployment.pool, deployment.power_w)
    return (usd_per_h + energy) / (rate * SECONDS_PER_HOUR)
