"""Draws of a claim's series as of a day, by each forecast of it, ours first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from counterpoise.errors import Refused
from counterpoise.market.break_even import demand_ratio
from counterpoise.market.calendar import Period
from counterpoise.market.claim_forecasts import Array, Desk
from counterpoise.market.claim_series import SERIES
from counterpoise.market.ledger import Claim, Test
from counterpoise.market.observed import Outcome, ends, needed
from counterpoise.market.observed_prices import seen
from counterpoise.market.observed_racks import forecast_before, rack_price_range
from counterpoise.market.price_walk import mean_change_pct

NO_REFERENCE = np.full(1, np.nan)
"""Of a test that is not measured against another period."""
_BN_PER_M = 1e-3


@dataclass(frozen=True, slots=True)
class Draws:
    """Draws of a series, and of the reference of a direction; each (draws,) or one value."""

    values: Array
    reference: Array
    basis: str


def draws_of(test: Test, claim: Claim, desk: Desk) -> dict[str, Draws]:
    """Return the draws of a test by forecast, ours first; raises `Refused` where nobody forecasts it."""
    return DRAWN[test.series](desk, test, claim)


def _total(desk: Desk, test: Test, _claim: Claim) -> dict[str, Draws]:
    return _spent(desk, test, desk.sum_of)


def _growth(desk: Desk, test: Test, _claim: Claim) -> dict[str, Draws]:
    return _spent(desk, test, desk.growth_of)


def _spent(desk: Desk, test: Test, read: Callable[[Test, Period], Array]) -> dict[str, Draws]:
    values = read(test, needed(test.period))
    reference = NO_REFERENCE if test.against is None else read(test, test.against)
    basis = desk.spending(SERIES[test.series].adds_up, test.of).basis
    return {desk.forecasts.spending_name: Draws(values, reference, basis)}


def _revenue(desk: Desk, test: Test, _claim: Claim) -> dict[str, Draws]:
    found = _spent(desk, test, desk.sum_of)
    reference = next(iter(found.values())).reference
    for name, forecast in desk.forecasts.revenue.items() if test.of == ("NVDA",) else ():
        try:
            values = forecast(desk.book.facts, needed(test.period), desk.book.day)
        except Refused:
            continue
        found[name] = Draws(values, reference, name)
    return found


def _phases(desk: Desk, test: Test, _claim: Claim) -> dict[str, Draws]:
    rises, falls, basis = desk.phase_lengths(test.of, needed(test.period).last)
    lengths = rises if test.series == "growth_rise_quarters" else falls
    return {desk.forecasts.spending_name: Draws(lengths, NO_REFERENCE, basis)}


def _racks(desk: Desk, test: Test, _claim: Claim) -> dict[str, Draws]:
    return {
        name: Draws(values, NO_REFERENCE, name) for name, values in desk.racks(needed(test.period)).items()
    }


def _cut_value(desk: Desk, test: Test, claim: Claim) -> dict[str, Draws]:
    period = needed(test.period)
    before = forecast_before(desk.book.facts, test.of[0], period, claim.said_on)
    if before is None:
        raise Refused(
            f"no rack forecast of {test.of[0]} for {period} dated before {claim.said_on} was public."
        )
    low, high, whose = rack_price_range(desk.book, claim, test, before)
    generator = desk.generator("rack cut")
    forecast_racks = generator.uniform(*ends(before), desk.forecasts.draws)
    price = generator.uniform(low, high, desk.forecasts.draws)
    return {
        name: Draws(
            np.maximum(forecast_racks - racks, 0.0) * price * _BN_PER_M,
            NO_REFERENCE,
            f"{name}; forecast of {before.by} ({before.known_on}) and {whose}, {low:g} to {high:g} M USD, "
            "each uniform",
        )
        for name, racks in desk.racks(period).items()
    }


def _demand(desk: Desk, _test: Test, _claim: Claim) -> dict[str, Draws]:
    if desk.forecasts.demand is None:
        raise Refused("no priors of elasticity and gain were given.")
    elasticity, gain = desk.forecasts.demand(desk.book.day)
    ratio = demand_ratio(gain, elasticity)
    return {"priors": Draws(ratio, NO_REFERENCE, "gain ^ (elasticity - 1) over their priors")}


def _price_change(desk: Desk, test: Test, _claim: Claim) -> dict[str, Draws]:
    covered = seen(test, replace(desk.book, day=date.max))
    if isinstance(covered, Outcome):
        raise Refused(covered.refused)
    if test.first_day is None or test.last_day is None:
        raise Refused("this series needs its first and its last day.")
    days, generator = (test.first_day, test.last_day), desk.generator("prices")
    values, basis = mean_change_pct(covered, days, desk.book.day, generator, desk.forecasts.draws)
    return {"random walk": Draws(values, NO_REFERENCE, basis)}


def _nobody(_desk: Desk, test: Test, _claim: Claim) -> dict[str, Draws]:
    raise Refused(f"nobody forecasts {test.series} here.")


DRAWN: Mapping[str, Callable[[Desk, Test, Claim], dict[str, Draws]]] = {
    "racks_year": _racks,
    "racks_half": _racks,
    "rack_cut_value": _cut_value,
    "capex_total": _total,
    "capex_yoy": _growth,
    "growth_rise_quarters": _phases,
    "growth_fall_quarters": _phases,
    "datacenter_revenue": _revenue,
    "hardware_demand": _demand,
    "price_fall": _nobody,
    "value_lost": _nobody,
    "value_lost_cny": _nobody,
    "price_change": _price_change,
    "stated": _nobody,
}
"""Who draws each series, by its name."""
