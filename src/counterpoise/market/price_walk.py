"""Change of prices to a day that has not come: a random walk without drift, companies moving as before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt

from counterpoise.errors import BadInput, Refused
from counterpoise.market.prices import PriceSeries

Array = npt.NDArray[np.float64]
VOLATILITY_DAYS = 60
"""Trading days whose moves the walk repeats in size; half of them must be known."""


def mean_change_pct(
    prices: Sequence[PriceSeries],
    days: tuple[date, date],
    known_to: date,
    generator: np.random.Generator,
    draws: int,
) -> tuple[Array, str]:
    """Return draws (draws,) of the mean change in percent between two days, and their basis.

    Prices later than `known_to` are not looked at.  What passed of the days is fixed; what is left is normal
    in logarithms, with mean zero and the companies' own covariance of the last days.  Holidays count as
    trading days.  Raises `Refused` for too short a past.
    """
    try:
        known = [one.window(None, known_to) for one in prices]
    except BadInput as error:
        raise Refused(error.problem) from None
    first, last = days
    paths = [one.by_column["close"][-VOLATILITY_DAYS - 1 :] for one in known]
    shortest = min(map(len, paths))
    if shortest < VOLATILITY_DAYS // 2:
        raise Refused(f"a volatility needs {VOLATILITY_DAYS // 2} trading days before {known_to}.")
    moves = np.diff(np.log([path[-shortest:] for path in paths]), axis=1)
    ahead = max(int(np.busday_count(known[0].days[-1], last)), 0)
    past = np.array([_so_far(one, first) for one in known])
    steps = _together(generator, moves, draws) * np.sqrt(ahead)
    values = 100 * (past[:, None] * np.exp(steps) - 1).mean(axis=0)
    basis = f"random walk without drift, {ahead} trading days, volatility of the last {shortest - 1}"
    return np.asarray(values), basis


def _so_far(prices: PriceSeries, start: date) -> float:
    before = [i for i, day in enumerate(prices.days) if day <= start]
    closes = prices.by_column["close"]
    return float(closes[-1] / closes[before[-1] if before else 0])


def _together(generator: np.random.Generator, moves: Array, draws: int) -> Array:
    """Normal moves of one day with the covariance of `moves`, shape (companies, draws)."""
    spread = moves - moves.mean(axis=1, keepdims=True)
    drawn = generator.standard_normal((moves.shape[1], draws))
    return np.asarray(spread @ drawn / np.sqrt(moves.shape[1] - 1))
