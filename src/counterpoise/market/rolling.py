"""Rolling origins: every forecaster run again at every quarter of the past, and scored on what came.

A forecaster is asked at an origin and knows nothing later; its interval comes from its own errors at
earlier origins whose targets were known by then.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from counterpoise.errors import Refused
from counterpoise.market.baskets import summed
from counterpoise.market.calendar import Quarter, quarters_between
from counterpoise.market.declarations import CURRENT, DECLARED, Declaration
from counterpoise.market.intervals import Scale, Spread, from_errors
from counterpoise.market.recipe import Histories, point_of_sum
from counterpoise.market.scores import (
    PairedTest,
    absolute_percentage_error,
    coverage,
    crps,
    log_interval_score,
    paired_test,
)
from counterpoise.market.simple_rules import Rule

Array = npt.NDArray[np.float64]
Path = Callable[[Quarter, int], Array]
"""From an origin and a number of quarters to the levels expected, shape (horizons,)."""
FIRST_ORIGIN = Quarter(2019, 4)
HORIZONS = (1, 2, 3, 4)
LEVEL = 0.8
_MIDDLES = (np.arange(400) + 0.5) / 400
"""Probabilities at which a distribution stands for its draws in the CRPS."""


@dataclass(frozen=True, slots=True)
class Forecaster:
    """A rule at an origin; its interval is of `scale` (see `intervals`), from `least_quarters` of history."""

    path: Path
    scale: Scale = CURRENT.scale
    least_quarters: int = CURRENT.least_quarters


@dataclass(frozen=True, slots=True)
class Scored:
    """One forecast and what came of it; levels in the unit of the series, `low` and `high` of 80 %."""

    forecaster: str
    origin: Quarter
    target: Quarter
    horizon: int
    forecast: float
    low: float
    high: float
    actual: float
    crps: float

    @property
    def log_error(self) -> float:
        """log(actual / forecast): above zero where more was spent than expected."""
        return math.log(self.actual / self.forecast)

    @property
    def inside(self) -> bool:
        """Whether the actual lies in the interval."""
        return self.low <= self.actual <= self.high

    @property
    def interval_score(self) -> float:
        """Log interval score of the 80 % band."""
        return log_interval_score(self.low, self.high, self.actual, LEVEL)


@dataclass(frozen=True, slots=True)
class Score:
    """A forecaster's scores at one horizon over `n` origins; `against` tests the recipe's errors against its.

    `mape` is a fraction; `crps` is in the unit of the series; `cover` has the standard error `cover_error`.
    """

    forecaster: str
    horizon: int
    n: int
    mape: float
    interval_score: float
    cover: float
    cover_error: float
    crps: float
    bias: float
    against: PairedTest | None


def of_rule(rule: Rule, history: Mapping[Quarter, float]) -> Forecaster:
    """Return a rule on one series as a forecaster."""

    def path(origin: Quarter, horizons: int) -> Array:
        return rule(np.array([v for q, v in history.items() if q <= origin]), horizons)

    return Forecaster(path)


def of_recipe(histories: Histories, declared: Declaration = CURRENT) -> Forecaster:
    """Return a declared recipe for the sum of several series, all known to the origin."""

    def path(origin: Quarter, horizons: int) -> Array:
        cut = {name: {q: v for q, v in h.items() if q <= origin} for name, h in histories.items()}
        return point_of_sum(cut, origin, horizons, declared)

    return Forecaster(path, declared.scale, declared.least_quarters)


def rolling_forecasts(
    history: Mapping[Quarter, float],
    forecasters: Mapping[str, Forecaster],
    first_origin: Quarter = FIRST_ORIGIN,
    horizons: Sequence[int] = HORIZONS,
) -> list[Scored]:
    """Return every forecast of every forecaster from `first_origin` on, scored on `history`.

    Origins before it teach the first intervals.  A forecaster that refuses an origin has none there; origins
    without an interval are left out.
    """
    return [
        scored
        for name, forecaster in forecasters.items()
        for scored in _one(name, forecaster, history, first_origin, horizons)
    ]


def _one(
    name: str,
    forecaster: Forecaster,
    history: Mapping[Quarter, float],
    first_origin: Quarter,
    horizons: Sequence[int],
) -> list[Scored]:
    last, far = max(history), max(horizons)
    paths: dict[Quarter, Array] = {}
    found: list[Scored] = []
    for origin in quarters_between(min(history) + (forecaster.least_quarters - 1), last + -1):
        try:
            paths[origin] = forecaster.path(origin, far)
        except Refused:
            continue
        if origin < first_origin:
            continue
        spread = _spread(paths, history, origin, far, forecaster.scale)
        if spread is None:
            continue
        found += [
            _scored(name, origin, h, float(paths[origin][h - 1]), history[origin + h], spread)
            for h in horizons
            if origin + h <= last
        ]
    return found


def _spread(
    paths: Mapping[Quarter, Array],
    history: Mapping[Quarter, float],
    origin: Quarter,
    far: int,
    scale: Scale,
) -> Spread | None:
    errors = [
        [math.log(history[then + h] / path[h - 1]) for then, path in paths.items() if then + h <= origin]
        for h in range(1, far + 1)
    ]
    try:
        return from_errors(errors, scale)
    except Refused:
        return None


def _scored(
    name: str, origin: Quarter, horizon: int, forecast: float, actual: float, spread: Spread
) -> Scored:
    def quantile(probability: float) -> float:
        return forecast * math.exp(float(spread.quantile(probability)[horizon - 1]))

    from scipy.special import stdtrit

    draws = forecast * np.exp(spread.scale[horizon - 1] * stdtrit(spread.degrees[horizon - 1], _MIDDLES))
    return Scored(
        forecaster=name,
        origin=origin,
        target=origin + horizon,
        horizon=horizon,
        forecast=forecast,
        low=quantile((1 - LEVEL) / 2),
        high=quantile((1 + LEVEL) / 2),
        actual=actual,
        crps=crps(draws, actual),
    )


def scores(forecasts: Sequence[Scored]) -> list[Score]:
    """Return the scores of scored forecasts by forecaster and horizon, in the order they come.

    The first forecaster is tested against every other.
    """
    groups: dict[tuple[str, int], dict[Quarter, Scored]] = {}
    for one in forecasts:
        groups.setdefault((one.forecaster, one.horizon), {})[one.origin] = one
    first = forecasts[0].forecaster if forecasts else ""
    return [
        _score(name, h, group, None if name == first else groups.get((first, h), {}))
        for (name, h), group in groups.items()
    ]


def _score(
    name: str, horizon: int, group: Mapping[Quarter, Scored], recipe: Mapping[Quarter, Scored] | None
) -> Score:
    made = list(group.values())
    cover, cover_error = coverage([one.inside for one in made], horizon)
    shared = [origin for origin in group if recipe and origin in recipe]
    against = None
    if recipe and len(shared) >= 2:
        ours = [recipe[origin].log_error for origin in shared]
        against = paired_test(ours, [group[origin].log_error for origin in shared], horizon)
    return Score(
        forecaster=name,
        horizon=horizon,
        n=len(made),
        mape=float(np.mean([absolute_percentage_error(one.forecast, one.actual) for one in made])),
        interval_score=float(np.mean([one.interval_score for one in made])),
        cover=cover,
        cover_error=cover_error,
        crps=float(np.mean([one.crps for one in made])),
        bias=float(np.mean([one.log_error for one in made])),
        against=against,
    )


def capex_forecasters(histories: Histories, rules: Mapping[str, Rule]) -> dict[str, Forecaster]:
    """Return the current recipe, the other declarations, and each rule on the sum, by name, in that order."""
    history = summed(histories)
    declared = (CURRENT, *(d for d in DECLARED if d is not CURRENT))
    recipes = {d.name: of_recipe(histories, d) for d in declared}
    return recipes | {name: of_rule(rule, history) for name, rule in rules.items()}
