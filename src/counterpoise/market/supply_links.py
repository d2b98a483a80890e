"""From how tight supply is to what a buyer meets: price of systems, price of hours, time of delivery.

Tightness is what is wanted of a kind of chip in a quarter, backlog included, over what ships in it.
A buyer's offers are of the first quarter, so everything is relative to that quarter: a market as tight as
then changes nothing but the drift.  With r the tightness over that of the first quarter, t years after it,

    price factor = r^a exp(b t)        rent factor = r^c exp(d t)
    extra weeks  = 13 e (max(tightness, 1) - max(tightness of the first quarter, 1))

the last by Little's law: an order waits for the backlog before it, at the rate at which orders ship.  The
five parameters are priors with source and date (`data/supply_links.csv`), drawn with the market's draws.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from counterpoise.errors import BadInput
from counterpoise.market.calendar import Quarter
from counterpoise.market.priors import Prior, Priors, Vintages, read
from counterpoise.market.sampling import sample

Array = NDArray[np.float64]
WEEKS_PER_QUARTER = 13.0
TIGHTNESS_RANGE = (0.25, 4.0)
"""Tightness counts within these only: an index of one chip between 2023 and 2025 says nothing beyond."""
PRICE_RANGE, RENT_RANGE = (0.4, 2.0), (0.25, 3.5)
"""Factors stay within these: from 2023-04 to 2025-01 an hour of an H100 fell from 8 to 2.4 USD (by 3.3); no
system of offers.csv rose or fell by half in two years.  Beyond, the power laws are not believed."""
FASTEST_WEEKS, SLOWEST_WEEKS = -13.0, 52.0
"""Range of the extra weeks: no delivery in 2023 to 2025 was quoted more than a year later than normal."""


@dataclass(frozen=True, slots=True)
class MarketPaths:
    """What a market run says of supply: `tightness`, shape (draws, quarters, kinds), from quarter `first` on.

    `inputs`: draws of the run's own inputs by name (the elasticity, say), shape (draws,), for questions of
    the form "where does the advice flip".  `basis`: in words, which run it is.
    """

    first: Quarter
    kinds: tuple[str, ...]
    tightness: Array
    basis: str
    inputs: Mapping[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.tightness.ndim != 3 or self.tightness.shape[2] != len(self.kinds):
            raise BadInput(
                f"tightness of shape {self.tightness.shape}: draws, quarters, {len(self.kinds)} are needed.",
                hint="Give one number per draw, quarter and kind of chip.",
            )
        if not np.isfinite(self.tightness).all() or (self.tightness < 0).any():
            raise BadInput("tightness must be finite and at least 0.", hint="Where nothing ships, give 4.")

    @classmethod
    def of_orders(
        cls,
        first: Quarter,
        kinds: tuple[str, ...],
        *,
        orders: Array,
        backlog: Array,
        shipments: Array,
        basis: str,
        inputs: Mapping[str, Array] | None = None,
    ) -> MarketPaths:
        """Make paths of chips ordered, waiting at the end and shipped, each (draws, quarters, kinds).

        What was wanted in a quarter is what shipped and what still waits after it (what was cancelled no
        longer is).  Where nothing ships, tightness is at its largest if anything waits, else 1.
        """
        if not orders.shape == backlog.shape == shipments.shape:
            raise BadInput(f"orders, backlog and shipments differ in shape: {orders.shape}, {backlog.shape}.")
        wanted = shipments + backlog
        most = TIGHTNESS_RANGE[1]
        ships = shipments > 0
        ratio = np.where(ships, wanted / np.where(ships, shipments, 1.0), np.where(wanted > 0, most, 1.0))
        return cls(first, kinds, np.minimum(ratio, most), basis, dict(inputs or {}))

    def window(self, first: Quarter, quarters: int) -> MarketPaths:
        """Return the paths over `quarters` from `first` on; BadInput where the run does not reach so far."""
        start = first - self.first
        if start < 0 or start + quarters > self.tightness.shape[1]:
            last = self.first + (self.tightness.shape[1] - 1)
            raise BadInput(
                f"the market run covers {self.first} to {last}; the case needs {first} to "
                f"{first + (quarters - 1)}.",
                hint="Run the market over the quarters of the case.",
            )
        part = self.tightness[:, start : start + quarters]
        return MarketPaths(first, self.kinds, part, self.basis, self.inputs)


@dataclass(frozen=True, slots=True)
class Effects:
    """What a buyer meets in each draw, shape (draws, quarters, kinds); 1 and 0 in the first quarter.

    `price` and `rent` are factors on the first quarter's; `extra_weeks` are added to its delivery time.
    """

    price: Array
    rent: Array
    extra_weeks: Array


@functools.cache
def shipped_links() -> Vintages:
    """Return the links that ship with the product, all vintages."""
    file = resources.files("counterpoise.market") / "data" / "supply_links.csv"
    return read(file.read_bytes(), "supply_links.csv")


def links_as_of(day: date) -> dict[str, Prior]:
    """Return the links as known on `day`; raises Refused where one was not yet."""
    return shipped_links().as_of(day)


def effects(paths: MarketPaths, links: Priors, *, seed: int = 0) -> Effects:
    """Return price, rent and delivery in each draw of the market and of the links.

    Everything is relative to the paths' first quarter.  Same seed, same bytes.
    """
    draws, quarters, _ = paths.tightness.shape
    drawn = {k: v[:, None, None] for k, v in sample(links, draws, seed).items()}
    tight = np.clip(paths.tightness, *TIGHTNESS_RANGE)
    relative = np.log(tight / tight[:, :1])
    years = (np.arange(quarters) / 4.0)[None, :, None]
    waiting = np.maximum(tight, 1.0)
    extra = WEEKS_PER_QUARTER * drawn["delivery_response"] * (waiting - waiting[:, :1])
    return Effects(
        price=_within(drawn["price_response"] * relative + drawn["price_drift"] * years, PRICE_RANGE),
        rent=_within(drawn["rent_response"] * relative + drawn["rent_drift"] * years, RENT_RANGE),
        extra_weeks=np.clip(extra, FASTEST_WEEKS, SLOWEST_WEEKS),
    )


def _within(logs: Array, limits: tuple[float, float]) -> Array:
    factors: Array = np.clip(np.exp(logs), *limits)
    return factors
