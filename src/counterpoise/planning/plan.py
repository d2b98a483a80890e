"""A plan: what is bought, reserved, rented, adopted and run, what it costs, and how near its limits it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from counterpoise.planning.problem import Problem

if TYPE_CHECKING:
    from linopy import Model

PerPeriod = tuple[float, ...]
PerBlock = tuple[tuple[float, ...], ...]
"""[period][block]; the expectation over scenarios where there are several."""


@dataclass(frozen=True, slots=True)
class CostItem:
    """A payment: item (one of `objective.ITEMS`), what for (offer, deployment, pool, ...), period.

    `usd` is the expected payment in money of its period; `present_usd` discounted to the first.  The latter
    sum to the plan's objective.
    """

    item: str
    id: str
    period: int
    usd: float
    present_usd: float


@dataclass(frozen=True, slots=True)
class LimitUse:
    """A finite limit and how much of it is used.

    `name`: capex, capex_per_period, opex, opex_per_period, power, supply, systems or engineers; `key`: the
    offer of a supply, the kind of system, else "".  `period` None: over the horizon.
    `binds` if less than a millionth is left; a limit can stop a whole system from fitting with more left.
    """

    name: str
    key: str
    period: int | None
    unit: str
    value: float
    used: float

    @property
    def slack(self) -> float:
        """What is left of the limit, in its unit."""
        return self.value - self.used

    @property
    def binds(self) -> bool:
        """Whether nothing is left."""
        return self.slack <= 1e-6 * max(abs(self.value), 1e-6)


@dataclass(frozen=True, slots=True)
class PoolUse:
    """Systems of a pool: held and used.

    `owned` and `reserved` per period (whole systems, before `availability`); `rented` per period and block,
    as a mean over the period's days where some are rented for training windows only.  `serving` at the peak
    of the block; `training` as a mean over the days; `fullest` both on a day on which all training runs.
    """

    owned: PerPeriod
    reserved: PerPeriod
    rented: PerBlock
    serving: PerBlock
    training: PerBlock
    fullest: PerBlock


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A time at which whole replicas would take more systems than are held, without sharing time."""

    pool: str
    period: int
    block: int
    systems_needed: float
    systems_held: float


@dataclass(frozen=True, slots=True)
class ChipHours:
    """Chip-hours over the horizon, or a part of it: allotted to serving, to training, and held but idle."""

    serving: float
    training: float
    idle: float


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer of the optimiser.

    `status` is "optimal" only if `gap`, the share of the cost that a better plan might save, is at most what
    was asked.  `objective_usd` is the expected present value of all `costs`, `bound_usd` what no plan can
    undercut.  Decisions by id: `buy`, `reserve`, `adopt` per period; `rent` (by the hour, every day) and
    `window_rent` (on training days only; by rental, summed over workloads) in systems per period and block;
    `run` in systems in use, of training on the days it runs (`training_days_share[workload][t]` of all);
    `substitute` and `unserved` in requests/s at the peak of the block, reserve margin included; `untrained`
    as a share of a run, or of a period's runs, per period.  `relaxed_integers`: pools planned in fractions of
    a system.  `unplaced`: where rounding replicas up would not fit.
    """

    problem: Problem
    status: Literal["optimal", "feasible"]
    objective_usd: float
    bound_usd: float
    gap: float
    buy: Mapping[str, PerPeriod]
    reserve: Mapping[str, PerPeriod]
    adopt: Mapping[str, PerPeriod]
    begin: Mapping[str, PerPeriod]
    rent: Mapping[str, PerBlock]
    window_rent: Mapping[str, PerBlock]
    run: Mapping[str, PerBlock]
    substitute: Mapping[str, PerBlock]
    unserved: Mapping[str, PerBlock]
    untrained: Mapping[str, PerPeriod]
    training_days_share: Mapping[str, PerPeriod]
    costs: tuple[CostItem, ...]
    pools: Mapping[str, PoolUse]
    power_w: PerBlock
    limits: tuple[LimitUse, ...]
    relaxed_integers: tuple[str, ...]
    unplaced: tuple[Unplaced, ...]
    integers: bool = True
    extra_constraints: Callable[[Any], None] | None = field(default=None, compare=False, repr=False)

    @property
    def model(self) -> Model:
        """The labelled linopy model of the plan's problem, built afresh, for a user to read and extend."""
        from counterpoise.planning.solve import build

        model = build(self.problem)
        if self.extra_constraints is not None:
            self.extra_constraints(model)
        return model

    def cost_usd(self, *items: str) -> float:
        """Present value of some items of cost; of all where none is named."""
        return sum(c.present_usd for c in self.costs if not items or c.item in items)

    def chip_hours(self, period: int | None = None, block: int | None = None) -> ChipHours:
        """Chip-hours of a period, of a block, of both, or of all.

        Systems held count for all their hours: what neither serves nor trains is idle, also what
        `availability` takes.
        """
        serving = training = held = 0.0
        for id_, use in self.pools.items():
            chips = self.problem.pools[id_].chips_per_system
            for t, p in enumerate(self.problem.periods):
                for b, hours in enumerate(x.hours for x in self.problem.blocks):
                    if period in (None, t) and block in (None, b):
                        chip_hours = chips * hours * p.days
                        serving += chip_hours * use.serving[t][b]
                        training += chip_hours * use.training[t][b]
                        held += chip_hours * (use.owned[t] + use.reserved[t] + use.rented[t][b])
        return ChipHours(serving, training, max(0.0, held - serving - training))
