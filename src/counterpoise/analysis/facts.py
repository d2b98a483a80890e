"""The facts a plan rests on, as numbers that can be wrong: what each changes, and how wrong it may be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from counterpoise.analysis.changes import scale_demand, scale_electricity, scale_prices, scale_speed
from counterpoise.planning.problem import Problem

Target = Literal["speed", "price", "demand", "growth", "electricity"]
FactKind = Literal["list", "quoted", "measured", "derived", "assumed"]

NORMAL_90 = 1.2815515655446004
"""90th percentile of the standard normal distribution."""

SPREAD: Mapping[str, float] = {
    "list": 0.0,
    "measured": 0.05,
    "quoted": 0.10,
    "derived": 0.20,
    "assumed": 0.30,
}
"""Least half-width of the 80 % interval, by how a fact is known: assumed, a judgement and no measurement, so
that a fact which came without a range is not taken for certain.  A wider range that is known takes its
place.
"""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: what the problem holds is its mid value, `low` and `high` are factors on it.

    `target` with `ids` says which numbers it is: "speed" of those deployments, "price" of those offers or
    substitutes, "demand" or "growth" of those workloads, "electricity" (no ids).  `low` <= 1 <= `high` bound
    the 80 % interval and are at least as wide as SPREAD says for the `kind`.  `growth_per_period` is the
    growth that a "growth" fact scales (0.15: 15 % a period).  `kind` and `basis` say how the fact is known.
    """

    id: str
    words: str
    kind: FactKind
    basis: str
    target: Target
    ids: frozenset[str] = frozenset()
    low: float = 1.0
    high: float = 1.0
    growth_per_period: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 < self.low <= 1.0 <= self.high < math.inf:
            raise ValueError(f"{self.id}: factors must be 0 < low <= 1 <= high, got {self.low}, {self.high}")
        least = SPREAD[self.kind]
        object.__setattr__(self, "low", min(self.low, 1.0 - least))
        object.__setattr__(self, "high", max(self.high, 1.0 + least))

    @property
    def worse_is_lower(self) -> bool:
        """Whether a lower value makes the plan dearer (a speed) or a higher one does (all else)."""
        return self.target == "speed"

    @property
    def bad_end(self) -> float:
        """The end of the 80 % interval that makes the plan dearer, as a factor."""
        return self.low if self.worse_is_lower else self.high

    @property
    def spread(self) -> float:
        """How far the bad end lies from what is believed, as a share: 0.25 for a speed 25 % lower."""
        return abs(self.bad_end - 1.0)

    def worse(self, change: float) -> float:
        """Return the factor of a value worse by `change` (0.2: 20 %)."""
        return 1.0 - change if self.worse_is_lower else 1.0 + change

    def changed(self, problem: Problem, factor: float) -> Problem:
        """Return the problem with this fact `factor` times what it holds."""
        if self.target == "speed":
            return scale_speed(problem, self.ids, factor)
        if self.target == "price":
            return scale_prices(problem, self.ids, factor)
        if self.target == "electricity":
            return scale_electricity(problem, factor)
        periods = range(len(problem.periods))
        if self.target == "demand":
            return scale_demand(problem, self.ids, tuple(factor for _ in periods))
        base, new = 1.0 + self.growth_per_period, 1.0 + self.growth_per_period * factor
        return scale_demand(problem, self.ids, tuple((new / base) ** t for t in periods))

    def quantile(self, z: float) -> float:
        """Factor at `z` standard normal deviations: median 1, log-normal with its own spread on each side.

        `low` and `high` are its 10th and 90th percentiles.
        """
        end = self.high if z > 0 else self.low
        return math.exp(abs(z) / NORMAL_90 * math.log(end))
