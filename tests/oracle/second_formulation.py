"""The planning problem written a second time, by another hand, straight into a sparse matrix.

Of the product it knows the records of `planning.problem` alone.  It decides in other quantities than the
product's model does: orders and adoptions as running totals, serving as shares of demand.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection

from counterpoise.planning.problem import Problem
from oracle.demand import Demand
from oracle.sparse_program import Minimum, Program, minimise, minus, total


def oracle_objective(
    problem: Problem, *, fractional: Collection[str] = (), gap: float = 0.0, time_limit_s: float = 300.0
) -> float:
    """Least expected present value of a problem, US dollars; inf where it has no plan.

    `fractional`: pools whose orders are counted in fractions of a system, a plan's `relaxed_integers`.
    """
    found = minimise(Formulation(problem, fractional).program, gap=gap, time_limit_s=time_limit_s)
    return math.inf if found is None else found.cost


def solve_bare(
    problem: Problem, *, fractional: Collection[str] = (), gap: float = 0.0
) -> tuple[float, dict[tuple[object, ...], float]]:
    """Return the least cost and every column that is not 0, by its name; (inf, {}) where there is no plan."""
    program = Formulation(problem, fractional).program
    found = minimise(program, gap=gap)
    if found is None:
        return math.inf, {}
    return found.cost, named(program, found)


def named(program: Program, found: Minimum) -> dict[tuple[object, ...], float]:
    """Values of the columns that are not 0, by name."""
    return {name: float(v) for name, v in zip(program.names, found.values, strict=True) if abs(v) > 1e-9}


class Formulation(Demand):
    """The whole programme of a problem."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.orders()
        self.adoptions()
        self.rents()
        self.serving()
        self.training()
        self.capacity()
        self.limits()

    def capacity(self) -> None:
        """What runs fits the systems there, on days of every kind.

        Training days coincide, the fewer within the more: a day has no training, or that of the most days, or
        that of the two with the most, and so on.  What is rented for a workload's days is there only on them.
        """
        for id_, pool in self.problem.pools.items():
            for at in self.moments:
                t = at[0]
                held = {c: n * pool.availability for c, n in self.held[id_, t].items()}
                spare = total(held, self.daily[id_, at], minus(self.load[None, id_, at]))
                trained: dict[float, list[str]] = defaultdict(list)
                for workload, plan in self.calendars.items():
                    trained[plan.days_busy[t]].append(workload)
                every_day = self.problem.periods[t].days
                for workload in trained.pop(every_day, []):
                    spare = total(spare, minus(self.load[workload, id_, at]))
                self.program.at_least(spare, 0.0)
                for days in sorted(trained, reverse=True):
                    for workload in trained[days]:
                        rented = self.at_times[workload, id_, at]
                        spare = total(spare, rented, minus(self.load[workload, id_, at]))
                    self.program.at_least(spare, 0.0)

    def limits(self) -> None:
        """Money, power, systems of a kind and engineers."""
        p, limits, n = self.problem, self.problem.limits, len(self.periods)
        none = (math.inf,) * n
        self.program.at_most(total(*(self.spent["capex", t] for t in self.periods)), limits.capex_usd)
        for s in range(len(p.scenarios)):
            self.program.at_most(total(*(self.opex[t, s] for t in self.periods)), limits.opex_usd)
            for t in self.periods:
                self.program.at_most(self.opex[t, s], (limits.opex_usd_per_period or none)[t])
        for t in self.periods:
            self.program.at_most(self.spent["capex", t], (limits.capex_usd_per_period or none)[t])
            self.program.at_most(self.spent["weeks", t], (limits.engineer_weeks_per_period or none)[t])
        for at in self.moments:
            idle = [
                {c: k * pool.idle_w for c, k in self.held[id_, at[0]].items()}
                for id_, pool in p.pools.items()
                if pool.on_site
            ]
            kilowatts = {c: w * p.pue / 1e3 for c, w in total(*idle, self.watts[at]).items()}
            self.program.at_most(kilowatts, limits.power_w[at[0]] / 1e3)
            for system, most in limits.systems.items():
                pools = [id_ for id_, pool in p.pools.items() if pool.system == system]
                times = [self.at_times[w, i, at] for i in pools for w in p.training_demand]
                there = [x for i in pools for x in (self.held[i, at[0]], self.daily[i, at])]
                self.program.at_most(total(*there, *times), most)
