"""The recipes as they were declared, each before its score was known; see `docs/market/recipe.md`."""

from __future__ import annotations

from dataclasses import dataclass

from counterpoise.market.intervals import Scale


@dataclass(frozen=True, slots=True)
class Declaration:
    """One declared recipe.

    `members` are averaged with equal weights in logarithms.  `both_levels`: the sum's own forecast is
    averaged with the sum of the companies'.  `one_window`: every company's history starts where the
    shortest does.  `least_quarters` of history for a point; `scale` of the interval from past log errors.
    """

    number: int
    declared_on: str
    members: tuple[str, ...]
    both_levels: bool
    one_window: bool
    least_quarters: int
    scale: Scale

    @property
    def name(self) -> str:
        """How the records call it."""
        return f"recipe {self.number}"


FIRST = Declaration(
    number=1,
    declared_on="2026-11-24",
    members=("growth rule", "drift", "damped trend", "theta"),
    both_levels=False,
    one_window=False,
    least_quarters=8,
    scale="root mean square",
)
SECOND = Declaration(
    number=2,
    declared_on="2026-11-24",
    members=("growth rule", "drift", "damped trend", "airline"),
    both_levels=True,
    one_window=True,
    least_quarters=12,
    scale="mean absolute",
)
THIRD = Declaration(
    number=3,
    declared_on="2026-11-24",
    members=("drift", "adjusted drift", "smoothed drift", "theta"),
    both_levels=True,
    one_window=True,
    least_quarters=12,
    scale="mean absolute",
)
DECLARED = (FIRST, SECOND, THIRD)
CURRENT = THIRD
"""The one that forecasts."""
