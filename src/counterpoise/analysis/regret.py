"""Regret of policies: what each costs beyond the cheapest of them once the future is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A policy's figures over all futures, in the money of its costs; inf where some future has no plan."""

    name: str
    expected_cost: float
    expected_regret: float
    largest_regret: float


def regrets(costs: Array) -> Array:
    """Cost less the least cost over policies in the same future, shape (policies, futures).

    Savage (1951).  inf where a policy has no plan; nan in a future in which none has one.
    """
    least = costs.min(axis=0)
    with np.errstate(invalid="ignore"):
        return np.asarray(costs - least)


def ranked(names: Sequence[str], costs: Array, probabilities: Sequence[float]) -> list[Ranked]:
    """Return each policy's expected cost, expected regret and largest regret, in the order given."""
    weights = np.asarray(probabilities)
    regret = regrets(costs)
    return [
        Ranked(name, float(costs[i] @ weights), float(regret[i] @ weights), float(regret[i].max()))
        for i, name in enumerate(names)
    ]


def least_expected(policies: Sequence[Ranked], same: float = 1e-9) -> Ranked:
    """Return the policy of least expected cost; of those that cost the same, the first given."""
    least = min(p.expected_cost for p in policies)
    return next(p for p in policies if p.expected_cost <= least * (1.0 + same))


def least_worst(policies: Sequence[Ranked], same: float = 1e-9) -> Ranked:
    """Return the policy whose largest regret is least; of those alike, the one cheaper in expectation."""
    least = min(p.largest_regret for p in policies)
    alike = [p for p in policies if p.largest_regret <= least + same * max(p.expected_cost, 1.0)]
    return least_expected(alike)
