"""What a plan can have: systems ordered, reserved and rented, techniques adopted, and what each is paid."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from counterpoise.planning.problem import Buy, Problem, Requirement, Reserve
from oracle.sparse_program import Program, Terms, add
from oracle.training_calendar import calendar

Moment = tuple[int, int, int]
"""Period, block, scenario."""


@dataclass
class Supply:
    """Columns of what can be had; sums that several rows share are kept as coefficients by column."""

    problem: Problem
    fractional: Collection[str] = ()
    program: Program = field(default_factory=Program)

    def __post_init__(self) -> None:
        p = self.problem
        n, blocks, scenarios = len(p.periods), len(p.blocks), len(p.scenarios)
        self.periods = range(n)
        self.moments = [(t, b, s) for t in range(n) for b in range(blocks) for s in range(scenarios)]
        self.spent: dict[tuple[str, int], Terms] = defaultdict(dict)
        self.opex: dict[tuple[int, int], Terms] = defaultdict(dict)
        self.held: dict[tuple[str, int], Terms] = defaultdict(dict)
        self.adopted: dict[str, list[int | None]] = {}
        self.daily: dict[tuple[str, Moment], Terms] = defaultdict(dict)
        self.at_times: dict[tuple[str, str, Moment], Terms] = defaultdict(dict)
        self.load: dict[tuple[str | None, str, Moment], Terms] = defaultdict(dict)
        self.parts: dict[tuple[str, Moment], Terms] = defaultdict(dict)
        self.beside: dict[tuple[str, Moment], Terms] = defaultdict(dict)
        self.watts: dict[Moment, Terms] = defaultdict(dict)
        self.calendars = {w: calendar(p, d) for w, d in p.training_demand.items()}

    # -- money --

    def pay(
        self, column: int, t: int, usd: float, *, scenario: int | None = None, kind: str = "opex"
    ) -> None:
        """Charge `usd` of period t for each unit of a column; `kind` says which limits count it."""
        scenarios = self.problem.scenarios
        probability = 1.0 if scenario is None else scenarios[scenario].probability
        self.program.cost[column] += usd * self.problem.periods[t].discount * probability
        if kind == "capex":
            add(self.spent["capex", t], column, usd)
        if kind == "opex":
            for s in range(len(scenarios)) if scenario is None else (scenario,):
                add(self.opex[t, s], column, usd)

    def energy_usd(self, watts: float, hours: float) -> float:
        """Cost of watts of systems on the site over some hours, at the meter."""
        return watts * self.problem.pue * hours / 1e3 * self.problem.electricity_usd_per_kwh

    def hours(self, t: int, b: int) -> float:
        """Hours of a block over a period."""
        return self.problem.periods[t].days * self.problem.blocks[b].hours

    # -- orders and adoptions, as running totals --

    def orders(self) -> None:
        """Systems bought and reserved: what has been ordered so far, and what of it is held."""
        last = len(self.periods) - 1
        for buy in self.problem.buys.values():
            pool = self.problem.pools[buy.pool]
            for t, added in self.totals(buy, buy.lead_periods):
                remaining = min(buy.life_periods, max(0, t + buy.lead_periods + buy.life_periods - last - 1))
                salvage = min(1.0, buy.salvage_share * remaining) * buy.price_usd[t]
                idle_w = pool.idle_w if pool.on_site else 0.0
                in_use = range(t + buy.lead_periods, min(t + buy.lead_periods + buy.life_periods, last + 1))
                for column, sign in added.items():
                    self.pay(column, t, sign * buy.price_usd[t], kind="capex")
                    self.pay(column, last, -sign * salvage, kind="salvage")
                    for u in in_use:
                        self.pay(column, u, sign * buy.opex_usd_per_period)
                        self.pay(
                            column, u, sign * self.energy_usd(idle_w, 24.0 * self.problem.periods[u].days)
                        )
                        add(self.held[buy.pool, u], column, sign)
        for reserve in self.problem.reserves.values():
            self.refuse_on_site(reserve.pool)
            for t, added in self.totals(reserve, 0):
                for column, sign in added.items():
                    for u in range(t, min(t + reserve.term_periods, last + 1)):
                        self.pay(column, u, sign * reserve.price_usd[t])
                        add(self.held[reserve.pool, u], column, sign)

    def totals(self, offer: Buy | Reserve, lead: int) -> Iterator[tuple[int, Terms]]:
        """Periods in which an offer can be ordered, each with its order: the rise of the running total."""
        before: int | None = None
        whole = offer.pool not in self.fractional
        for t in self.periods:
            if not math.isfinite(offer.price_usd[t]) or t + lead >= len(self.periods) or offer.supply[t] <= 0:
                continue
            so_far = self.program.column("ordered", offer.id, t, whole=whole)
            rise = {so_far: 1.0} if before is None else {so_far: 1.0, before: -1.0}
            self.program.row(rise, 0.0, offer.supply[t])
            before = so_far
            yield t, rise

    def refuse_on_site(self, pool: str) -> None:
        """Refuse what the contract rules out: reserved and rented systems stand elsewhere."""
        if self.problem.pools[pool].on_site:
            raise ValueError(f"{pool} is on site and cannot be reserved or rented")

    def adoptions(self) -> None:
        """Techniques adopted so far: 0 or 1, and never less again."""
        for option in self.problem.techniques.values():
            so_far: list[int | None] = []
            for t in self.periods:
                before = so_far[-1] if so_far else None
                if t < option.first_period:
                    so_far.append(None)
                    continue
                now = self.program.column("adopted", option.id, t, upper=1.0, whole=True)
                rise = {now: 1.0} if before is None else {now: 1.0, before: -1.0}
                self.program.row(rise, 0.0, 1.0)
                for column, sign in rise.items():
                    weeks_usd = option.engineer_weeks * self.problem.engineer_usd_per_week
                    self.pay(column, t, sign * (option.cost_usd + weeks_usd))
                    add(self.spent["weeks", t], column, sign * option.engineer_weeks)
                self.pay(now, t, option.opex_usd_per_period)
                so_far.append(now)
            self.adopted[option.id] = so_far

    def adopted_before(self, need: Requirement, t: int) -> Terms:
        """1 if a technique was adopted at least its lag before period t."""
        then = t - need.lag_periods
        column = self.adopted[need.technique][then] if then >= 0 else None
        return {} if column is None else {column: 1.0}

    def only_if_adopted(self, terms: Terms, need: Requirement, t: int) -> None:
        """Add terms ≤ 1 where the technique is ready, ≤ 0 where it is not."""
        if terms:
            ready = dict.fromkeys(self.adopted_before(need, t), -1.0)
            self.program.at_most(terms | ready, 0.0)

    # -- rents --

    def rents(self) -> None:
        """Systems rented by the hour: on every day, and on the days of a training workload only."""
        users: dict[str, set[str]] = defaultdict(set)
        for deployment in self.problem.training.values():
            users[deployment.pool].add(deployment.workload)
        for rent in self.problem.rents.values():
            self.refuse_on_site(rent.pool)
            for at in self.moments:
                t, b, s = at
                if not math.isfinite(rent.price_usd_per_h[t]):
                    continue
                unit = rent.unit_systems or 1.0
                usd = rent.price_usd_per_h[t] * unit * self.problem.blocks[b].hours
                at_once: Terms = {}
                for workload in (None, *sorted(users[rent.pool])):
                    days = self.problem.periods[t].days
                    if workload is not None:
                        plan = self.calendars[workload]
                        if t not in plan.periods or plan.days_busy[t] >= days:
                            continue
                        days = plan.days_busy[t]
                    column = self.program.column("rent", rent.id, workload, *at, whole=rent.unit_systems > 0)
                    self.pay(column, t, usd * days, scenario=s)
                    at_once[column] = unit
                    if workload is None:
                        self.daily[rent.pool, at][column] = unit
                    else:
                        self.at_times[workload, rent.pool, at][column] = unit
                self.program.at_most(at_once, rent.supply[t])

    # -- what runs --

    def run(
        self,
        column: int,
        pool: str,
        power_w: float,
        systems: float,
        at: Moment,
        hours: float,
        trains: str | None = None,
    ) -> None:
        """Count the systems that a unit of a column takes: capacity, power, and energy over some hours.

        `trains`: the training workload on whose days it runs; None: on every day.
        """
        add(self.load[trains, pool, at], column, systems)
        site = self.problem.pools[pool]
        if site.on_site:
            added_w = max(0.0, power_w - site.idle_w) * systems
            add(self.watts[at], column, added_w)
            self.pay(column, at[0], self.energy_usd(added_w, hours), scenario=at[2])
