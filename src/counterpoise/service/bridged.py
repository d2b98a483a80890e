"""What a bridge found, before it is put in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from counterpoise.analysis.policies import FREE, Followed, Solving
from counterpoise.market.scenarios import Reduced
from counterpoise.planning.assemble import Assembled
from counterpoise.planning.case import Case
from counterpoise.service.bridge_market import Market

Say = Callable[[str], None]
SAME = 1e-6
"""Costs closer than this share are those of the same plan."""


@dataclass(frozen=True, slots=True)
class Bridged:
    """Everything a bridge found, before it is put in words."""

    case: Case
    assembled: Assembled
    market: Market
    reduced: Reduced
    told_apart_by: tuple[str, ...]
    followed: Sequence[Followed]
    solving: Solving

    @property
    def named(self) -> list[Followed]:
        """The policies that a person chooses between, simplest first."""
        return [f for f in self.followed if f.policy != FREE]
