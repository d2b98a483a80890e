"""What buyers want to spend on AI systems: efficiency, rebound, and budgets.

Hardware demand changes by g^(eps - 1) where everybody becomes g times more efficient: each unit of work needs
1/g of the hardware, and g^eps times as much work is asked for at the lower effective price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from counterpoise.market.baskets import TOP4
from counterpoise.market.kinds import BUYERS, GROUPS, Array

BASE_YEAR = 2025.0
"""End of the quarter that levels stand for, 2024Q4."""

_MEMBERS: Mapping[str, tuple[str, ...]] = {"top4": TOP4}


def hardware_factor(efficiency: Array | float, elasticity: Array | float) -> Array:
    """Hardware demand over what it was before a gain in efficiency: efficiency ** (elasticity - 1).

    `elasticity` is that of demand for compute to its effective price.  At 1 the factor is 1 whatever the
    gain; a gain of 10 gives 0.631 at 0.8 and 1.259 at 1.1.  Shapes broadcast.
    """
    return np.asarray(np.power(efficiency, np.subtract(elasticity, 1.0)), dtype=float)


def adoption(years: Array, start_year: Array, time_constant_years: Array) -> Array:
    """Share of the work done in the new way: 0 before `start_year`, then 1 - exp(-years since / constant).

    A quarter counts from its end: what was adopted within it is in it.
    """
    since = np.maximum(years - start_year, 0.0)
    return -np.expm1(-since / time_constant_years)


def demand_factor(elasticity: Array, adopted: Array, shock: Array, trend_gap: Array, years: Array) -> Array:
    """Hardware demand over plan, one kind of work: (1 - a + a g^(eps-1)) (trend / planned)^((eps-1) years).

    Those who adopted (share a) have each become g times as efficient, the others not, so the factor is
    linear in a.  A gain of A = g^a for all would overstate early rebound and understate the early loss.
    Plans contain the expected trend; `trend_gap` is the log of the trend over it, so that only surprise
    moves demand.
    """
    adopters = hardware_factor(shock, elasticity) - 1.0
    return (1.0 + adopted * adopters) * np.exp((elasticity - 1.0) * trend_gap * years)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Orders in money: `by_buyer` (buyers, quarters, draws), and capex of the top four, USD bn a quarter.

    `factor` (groups, quarters, draws) is demand over plan.  Capex is as wanted: budgets and what demand
    adds to or takes from them, with the buildings that go with systems.
    """

    by_buyer: Array
    top4_capex: Array
    factor: Array


def wanted(p: Mapping[str, Array], budget: Array, quarter_ends: Array, start_year: float) -> Wanted:
    """Return what buyers order, in USD bn: demand, capped by what budgets allow.

    `budget` (quarters, draws) is capex of the top four in USD bn; `quarter_ends` (quarters, 1) are decimal
    years, `start_year` the beginning of the first quarter.  AI systems keep the share of capex that they
    had in 2024Q4, so that the level rests on what NVIDIA reported.  Demand before the shock is budget times
    `demand_over_budget`; budgets follow demand above plan with the elasticity `budget_response`, up to a
    ceiling (what the clouds earn), and lost demand is not spent.
    """
    adopted = adoption(quarter_ends, p["efficiency_shock_year"], p["efficiency_adoption_years"])
    gap = np.log(p["efficiency_trend"] / p["efficiency_trend_planned"])
    years = quarter_ends - start_year
    training, serving = (
        demand_factor(
            p["elasticity"] + p[f"elasticity_{work}_offset"], adopted, p["efficiency_shock"], gap, years
        )
        for work in ("training", "serving")
    )
    systems = budget * (p["top4_systems_usd_bn"] / p["top4_capex_usd_bn"])
    shape = np.broadcast_shapes(systems.shape, training.shape)
    factor = np.empty((len(GROUPS), *shape))
    by_buyer = np.empty((len(BUYERS), *shape))
    top4_capex = budget
    for i, group in enumerate(GROUPS):
        share = p[f"serving_share.{group}"]
        factor[i] = training + share * (serving - training)
        # exp(b log F) is several times as fast as F ** b.
        raised = np.exp(p["budget_response"] * np.log(np.maximum(factor[i], 1.0)))
        allowed = np.minimum(raised, p["budget_ceiling"])
        spending = np.minimum(p["demand_over_budget"] * factor[i], allowed)
        if group == "top4":
            # Buildings and power go with systems, so the whole of AI capex moves with them.
            top4_capex = budget * (1.0 + p["ai_share"] * (spending - 1.0))
            for cloud in TOP4:
                by_buyer[BUYERS.index(cloud)] = p[f"cloud_share.{cloud}"] * systems * spending
        else:
            by_buyer[BUYERS.index(group)] = p[f"spending_ratio.{group}"] * systems * spending
    return Wanted(by_buyer, np.broadcast_to(top4_capex, shape), factor)


def budgets(p: Mapping[str, Array], quarter_ends: Array) -> Array:
    """Return capex of the top four (quarters, draws) in USD bn by priors, for want of a forecast.

    From the level of 2024Q4, one growth for a year, another from then on.
    """
    ahead = quarter_ends - BASE_YEAR
    first = np.log1p(np.maximum(p["top4_capex_growth"], -0.9)) * np.minimum(ahead, 1.0)
    later = np.log1p(np.maximum(p["top4_capex_growth_later"], -0.9)) * np.maximum(ahead - 1.0, 0.0)
    return np.asarray(p["top4_capex_usd_bn"] * np.exp(first + later), dtype=float)


def by_group(by_buyer: Array) -> Array:
    """Sum buyers (first axis) to groups."""
    firsts = [BUYERS.index(_MEMBERS.get(group, (group,))[0]) for group in GROUPS]
    return np.asarray(np.add.reduceat(by_buyer, firsts, axis=0))
