"""The values a plan is made from: everything the optimiser sees, and nothing else.

Money is US dollars of the first period before discounting; time is periods (quarters) t and blocks b.
All collections are keyed by id; arrays over periods are tuples with one entry per period.
A *pool* is one kind of system in one place ("HGX-H20-8 @ site", "HGX-H20-8 @ cloud"): owned systems stand
on the site and use its power; reserved and rented ones stand elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Period:
    """A quarter: label "2025Q1", days, and the factor that discounts its money to the first period."""

    label: str
    days: float
    discount: float


@dataclass(frozen=True, slots=True)
class Block:
    """Hours of the representative day that are planned as one; `hours` sums to 24 over blocks."""

    label: str
    hours: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """A future: its probability, and factors on demand."""

    label: str = "base"
    probability: float = 1.0
    demand_factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Pool:
    """Systems of one kind in one place.

    `idle_w` is drawn by an owned system that is on and unused; `availability` is the usable share of
    its time.
    """

    id: str
    system: str
    chip: str
    chips_per_system: int
    on_site: bool
    idle_w: float
    availability: float
    flagship: bool = False


@dataclass(frozen=True, slots=True)
class Buy:
    """Systems for a pool, bought in a period, usable `lead_periods` later for `life_periods`.

    `price_usd[t]` is inf where it cannot be ordered.  `salvage_share` is the share of the price recovered per
    remaining period of life at the end of the horizon.  `opex_usd_per_period` is maintenance and space.
    `supply[t]` limits orders of a period, inf: no limit.
    """

    id: str
    pool: str
    price_usd: tuple[float, ...]
    lead_periods: int
    life_periods: int
    salvage_share: float
    opex_usd_per_period: float
    supply: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Reserve:
    """Systems for a pool, paid for `term_periods` from the period of signing, used or not.

    `price_usd[t]` is per system and period, fixed at signing in t; inf where it cannot be signed.
    """

    id: str
    pool: str
    price_usd: tuple[float, ...]
    term_periods: int
    supply: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Rent:
    """Systems for a pool by the hour: `price_usd_per_h[t]` per system; `supply[t]` systems at a time.

    `unit_systems` is the smallest part that is rented, in systems: the rent of a block, on all days or on
    training days, is a whole multiple of it.  0: any amount.
    """

    id: str
    pool: str
    price_usd_per_h: tuple[float, ...]
    supply: tuple[float, ...]
    unit_systems: float = 0.0


@dataclass(frozen=True, slots=True)
class Requirement:
    """A technique that must have been adopted at least `lag_periods` earlier."""

    technique: str
    lag_periods: int


@dataclass(frozen=True, slots=True)
class ServingDeployment:
    """A variant at one operating point on one kind of system, for one workload.

    Per system in use: `requests_per_s` (the rate at which the SLO holds) and `power_w`.
    `replica_systems` is what one replica takes: below 1 several fit in a system, above 1 it spans systems.
    `share_group`: only up to the workload's `share_caps[group]` of demand may be served so; None: all of it.
    """

    id: str
    workload: str
    pool: str
    requests_per_s: float
    power_w: float
    replica_systems: float
    requires: tuple[Requirement, ...] = ()
    share_group: str | None = None
    first_period: int = 0


@dataclass(frozen=True, slots=True)
class TrainingDeployment:
    """A parallel layout for one training workload; per system in use `tokens_per_s` and `power_w`.

    One run takes `replica_systems` at least at a time.
    """

    id: str
    workload: str
    pool: str
    tokens_per_s: float
    power_w: float
    replica_systems: float
    requires: tuple[Requirement, ...] = ()
    first_period: int = 0


@dataclass(frozen=True, slots=True)
class Substitute:
    """Requests answered without a system of the plan's: an API, or an answer cache.

    `usd_per_request[t]` is inf where it cannot be had.
    """

    id: str
    workload: str
    usd_per_request: tuple[float, ...]
    requires: tuple[Requirement, ...] = ()
    share_group: str | None = None


@dataclass(frozen=True, slots=True)
class TechniqueOption:
    """An adoption decision, once: what it costs.

    `engineer_weeks` are spent in the period of adoption (from the engineers available, at their cost).
    `training` names a training workload that must be complete before the technique can be used.
    """

    id: str
    cost_usd: float
    engineer_weeks: float
    opex_usd_per_period: float = 0.0
    training: str | None = None
    first_period: int = 0


@dataclass(frozen=True, slots=True)
class ServingDemand:
    """Requests/s at the busiest hour of each period and block, `peak_requests_per_s[t][b]`.

    `mean_to_peak[b]` turns the peak rate of a block into its mean, for volumes and money.
    """

    id: str
    peak_requests_per_s: tuple[tuple[float, ...], ...]
    mean_to_peak: tuple[float, ...]
    input_tokens: float
    output_tokens: float
    reserve_margin: float
    unserved_usd_per_request: float
    share_caps: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrainingDemand:
    """Tokens to train.

    Recurring (`runs_per_period` > 0): in each period `runs_per_period` runs of `tokens`, each within
    `window_days`, using the systems only on those days.  Once (`runs_per_period` = 0): `tokens` in all
    between `first_period` and `last_period`; `window_days` (None: no limit) bounds how fast it must go.
    `optional`: only needed if a technique that names it is adopted.
    """

    id: str
    tokens: float
    runs_per_period: float
    window_days: float | None
    first_period: int
    last_period: int
    unserved_usd_per_token: float
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """inf: no limit.  Money per period and in all, US dollars; power per period, watts at the meter."""

    capex_usd: float
    capex_usd_per_period: tuple[float, ...]
    opex_usd: float
    opex_usd_per_period: tuple[float, ...]
    power_w: tuple[float, ...]
    systems: Mapping[str, float] = field(default_factory=dict)
    engineer_weeks_per_period: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """A case as the optimiser sees it."""

    periods: tuple[Period, ...]
    blocks: tuple[Block, ...]
    pools: Mapping[str, Pool]
    buys: Mapping[str, Buy]
    reserves: Mapping[str, Reserve]
    rents: Mapping[str, Rent]
    serving: Mapping[str, ServingDeployment]
    training: Mapping[str, TrainingDeployment]
    substitutes: Mapping[str, Substitute]
    techniques: Mapping[str, TechniqueOption]
    serving_demand: Mapping[str, ServingDemand]
    training_demand: Mapping[str, TrainingDemand]
    limits: Limits
    pue: float
    electricity_usd_per_kwh: float
    engineer_usd_per_week: float
    scenarios: tuple[Scenario, ...] = (Scenario(),)


Relation = Literal["<=", ">=", "=="]
