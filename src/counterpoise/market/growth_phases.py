"""Lengths of the completed phases of growth over a year, in one history or in many paths of it.

A phase runs from one dated turn to the next (`cycles.turns`, quarterly Bry-Boschan with a depth of ten
points); the open one at the end has no length yet.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from counterpoise.market.baskets import year_on_year
from counterpoise.market.calendar import Quarter
from counterpoise.market.cycles import GROWTH_DEPTH, turns

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class GrowthPhase:
    """A completed rise or fall of growth, from one turn to the next."""

    rise: bool
    start: Quarter
    end: Quarter

    @property
    def quarters(self) -> int:
        """Its length."""
        return self.end - self.start


def phases(history: Mapping[Quarter, float]) -> tuple[GrowthPhase, ...]:
    """Return the completed phases of growth of an unbroken history of levels, in order of time."""
    dated = turns(year_on_year(history), GROWTH_DEPTH)
    return tuple(
        GrowthPhase(first.kind == "trough", first.quarter, second.quarter)
        for first, second in itertools.pairwise(dated)
    )


def median_length(found: Sequence[GrowthPhase], *, rise: bool) -> float:
    """Return the median length of the rises, or of the falls; not-a-number where none is complete."""
    lengths = [one.quarters for one in found if one.rise == rise]
    return float(statistics.median(lengths)) if lengths else float("nan")


def median_lengths(quarters: Sequence[Quarter], paths: Array) -> tuple[Array, Array]:
    """Return the median length of rises and of falls in each path; `paths` are levels (draws, quarters)."""
    lengths = np.array(
        [
            [median_length(found, rise=True), median_length(found, rise=False)]
            for found in (phases(dict(zip(quarters, path, strict=True))) for path in paths.tolist())
        ]
    )
    return lengths[:, 0], lengths[:, 1]
