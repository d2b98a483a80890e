"""The balance of training and inference: who holds the chips, hour by hour, and how many are flagship."""

from __future__ import annotations

from dataclasses import dataclass

from counterpoise.planning.plan import ChipHours, Plan
from counterpoise.planning.problem import Problem


@dataclass(frozen=True, slots=True)
class BlockBalance:
    """Chip-hours of one period and block over all pools: `Plan.chip_hours`, with their labels."""

    period: str
    block: str
    serving_chip_hours: float
    training_chip_hours: float
    idle_chip_hours: float


@dataclass(frozen=True, slots=True)
class Balance:
    """Chip-hours of the plan, and how well training fills what serving leaves.

    `night_blocks`: the blocks in which serving's demand is below its mean over the day, hours weighted.
    `night_filled_share`: in them, of the chip-hours that serving leaves free (training and idle), the share
    that training fills; None where serving leaves none or nothing is trained.  `flagship_chips`: most
    flagship chips held at any time.  `busy_share`: of all chip-hours held, those in use.
    """

    serving_chip_hours: float
    training_chip_hours: float
    idle_chip_hours: float
    night_blocks: tuple[str, ...]
    night_filled_share: float | None
    flagship_chips: float
    busy_share: float | None
    blocks: tuple[BlockBalance, ...]


def balance(problem: Problem, plan: Plan) -> Balance:
    """Add up the chip-hours of a plan by period and block."""
    parts: dict[tuple[int, int], ChipHours] = {
        (t, b): plan.chip_hours(period=t, block=b)
        for t in range(len(problem.periods))
        for b in range(len(problem.blocks))
    }
    night = night_blocks(problem)
    at_night = [hours for (_, b), hours in parts.items() if b in night]
    training = sum(h.training for h in at_night)
    free = training + sum(h.idle for h in at_night)
    total = ChipHours(
        sum(h.serving for h in parts.values()),
        sum(h.training for h in parts.values()),
        sum(h.idle for h in parts.values()),
    )
    held = total.serving + total.training + total.idle
    return Balance(
        serving_chip_hours=total.serving,
        training_chip_hours=total.training,
        idle_chip_hours=total.idle,
        night_blocks=tuple(problem.blocks[b].label for b in night),
        night_filled_share=training / free if free > 0 and total.training > 0 else None,
        flagship_chips=flagship_chips(problem, plan),
        busy_share=(total.serving + total.training) / held if held > 0 else None,
        blocks=tuple(
            BlockBalance(problem.periods[t].label, problem.blocks[b].label, h.serving, h.training, h.idle)
            for (t, b), h in parts.items()
        ),
    )


def night_blocks(problem: Problem) -> tuple[int, ...]:
    """Blocks whose serving demand, as a share of each workload's peak, is below its mean over the day.

    All of them where nothing is served; none where demand is flat.
    """
    if not problem.serving_demand:
        return tuple(range(len(problem.blocks)))
    load = [0.0] * len(problem.blocks)
    for demand in problem.serving_demand.values():
        most = max((x for row in demand.peak_requests_per_s for x in row), default=0.0)
        for row in demand.peak_requests_per_s:
            for b, x in enumerate(row):
                load[b] += x * demand.mean_to_peak[b] / most if most > 0 else 0.0
    hours = [block.hours for block in problem.blocks]
    mean = sum(x * h for x, h in zip(load, hours, strict=True)) / sum(hours)
    return tuple(b for b, x in enumerate(load) if x < mean * (1.0 - 1e-9))


def flagship_chips(problem: Problem, plan: Plan) -> float:
    """Most flagship chips owned, reserved and rented at any one time."""
    most = 0.0
    for t in range(len(problem.periods)):
        for b in range(len(problem.blocks)):
            chips = sum(
                (use.owned[t] + use.reserved[t] + use.rented[t][b]) * problem.pools[pool].chips_per_system
                for pool, use in plan.pools.items()
                if problem.pools[pool].flagship
            )
            most = max(most, chips)
    return most
