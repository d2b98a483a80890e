"""The declared recipe: what spending comes next, with an interval; declared in `docs/market/recipe.md`.

The mean of four members in logarithms, of each company and of the basket's sum.  Nothing here is fitted to
the errors of a forecast except the width of its interval, and that to past errors only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from counterpoise.errors import Refused
from counterpoise.market.baskets import CAPEX, summed, unbroken, values
from counterpoise.market.calendar import Quarter
from counterpoise.market.declarations import CURRENT, Declaration
from counterpoise.market.facts import MarketFacts
from counterpoise.market.intervals import LEAST_ERRORS, Spread, from_errors
from counterpoise.market.members import mean_path

Array = npt.NDArray[np.float64]
Histories = Mapping[str, Mapping[Quarter, float]]
DRAWS = 20_000
NAME = "capex recipe"
"""How documents and scores call it."""


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """What comes after `origin`, in the unit of the history.

    `samples` has shape (draws, horizons), `point` (horizons,) is the median.  `spread` is the distribution
    the samples are drawn from: log(actual / point).  `reported` says which quarters hold figures of some
    companies already.  `basis` says in words what it rests on.
    """

    origin: Quarter
    quarters: tuple[Quarter, ...]
    samples: Array
    point: Array
    basis: str
    spread: Spread
    reported: Mapping[Quarter, tuple[str, ...]]

    def interval(self, level: float = 0.8) -> tuple[Array, Array]:
        """Return low and high of the central interval, each (horizons,)."""
        tail = (1.0 - level) / 2.0
        low, high = self.spread.quantile(tail), self.spread.quantile(1.0 - tail)
        return self.point * np.exp(low), self.point * np.exp(high)

    def at(self, quarter: Quarter) -> Array:
        """Return the draws of one quarter; raises KeyError where it is not forecast."""
        if quarter not in self.quarters:
            raise KeyError(str(quarter))
        return np.asarray(self.samples[:, self.quarters.index(quarter)])

    def over(self, quarters: Sequence[Quarter], known: Mapping[Quarter, float]) -> Array:
        """Return draws of several quarters, (draws, quarters): what is known in each draw, the rest drawn.

        Raises KeyError for a quarter that is neither known nor forecast.
        """
        count = len(self.samples)
        return np.column_stack([np.full(count, known[q]) if q in known else self.at(q) for q in quarters])


def path(history: npt.ArrayLike, horizons: int, declared: Declaration = CURRENT) -> Array:
    """Return the point forecast of one series from its history, oldest first; shape (horizons,)."""
    logs = np.log(np.asarray(history, np.float64))
    if len(logs) < declared.least_quarters:
        raise Refused(f"the recipe needs {declared.least_quarters} quarters; {len(logs)} are known.")
    return np.asarray(np.exp(mean_path(declared.members, logs, horizons)), np.float64)


def forecast(
    history: Mapping[Quarter, float], horizons: int, *, draws: int = DRAWS, seed: int = 0
) -> Forecast:
    """Forecast one series `horizons` quarters ahead from its own history.

    Raises `Refused` for a gap, a figure not above zero, or fewer than 16 quarters.
    """
    return forecast_sum({"the series": history}, horizons, draws=draws, seed=seed)


def forecast_basket(
    facts: MarketFacts,
    entities: Sequence[str],
    quarters_ahead: int,
    *,
    series: str = CAPEX,
    draws: int = DRAWS,
    seed: int = 0,
) -> Forecast:
    """Forecast the sum of a series over companies, in USD bn; `facts` are cut to the as-of day already.

    The origin is the last quarter that all have reported.  A company that has reported a later quarter enters
    it with what it reported.  Raises `Refused` as `forecast` does, naming the company.
    """
    histories = {entity: values(facts, entity, series) for entity in entities}
    return forecast_sum(histories, quarters_ahead, draws=draws, seed=seed)


def forecast_sum(
    histories: Histories,
    horizons: int,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    declared: Declaration = CURRENT,
) -> Forecast:
    """Forecast the sum of several series whose last quarters may differ."""
    if horizons < 1:
        raise ValueError("at least one quarter is forecast")
    known = {name: unbroken(history, name) for name, history in histories.items()}
    least = declared.least_quarters + LEAST_ERRORS
    for name, history in known.items():
        if len(history) < least:
            raise Refused(
                f"{name}: {len(history)} quarters are known; a forecast with an interval needs {least}."
            )
    origin = min(max(history) for history in known.values())
    quarters = tuple(origin + n for n in range(1, horizons + 1))
    point = point_of_sum(known, origin, horizons, declared)
    spread = from_errors(past_errors(known, origin, horizons, declared), declared.scale)
    reported = {q: tuple(n for n, h in known.items() if q in h) for q in quarters}
    return Forecast(
        origin=origin,
        quarters=quarters,
        samples=point * np.exp(spread.draws(draws, seed)),
        point=point,
        basis=_basis(known, origin, spread, declared),
        spread=spread,
        reported={q: names for q, names in reported.items() if names},
    )


def point_of_sum(
    histories: Histories, origin: Quarter, horizons: int, declared: Declaration = CURRENT
) -> Array:
    """Return the expected sum of the quarters after `origin`, shape (horizons,).

    Bottom up: what is reported and, where it is not, each series' own forecast.  With both levels, the sum's
    own forecast starts after the last quarter that any has reported (missing ones filled bottom up), and from
    there the two are averaged in logarithms.
    """
    started = _in_window(histories, declared)
    bottom_up = np.sum([_company(h, origin, horizons, declared) for h in started.values()], axis=0)
    filled = min(max(max(h) for h in started.values()) - origin, horizons)
    if not declared.both_levels or len(started) == 1 or filled == horizons:
        return np.asarray(bottom_up)
    upto = [value for quarter, value in summed(started).items() if quarter <= origin]
    on_the_sum = path([*upto, *bottom_up[:filled]], horizons - filled, declared)
    return np.concatenate([bottom_up[:filled], np.sqrt(bottom_up[filled:] * on_the_sum)])


def _company(
    history: Mapping[Quarter, float], origin: Quarter, horizons: int, declared: Declaration
) -> Array:
    ahead = max(history) - origin
    reported = [history[origin + n] for n in range(1, min(ahead, horizons) + 1)]
    coming = horizons - len(reported)
    expected = path(list(history.values()), coming, declared) if coming else np.empty(0)
    return np.concatenate([reported, expected])


def _in_window(histories: Histories, declared: Declaration) -> dict[str, dict[Quarter, float]]:
    start = max(min(history) for history in histories.values()) if declared.one_window else Quarter(1, 1)
    return {name: {q: v for q, v in h.items() if q >= start} for name, h in histories.items()}


def past_errors(
    histories: Histories, origin: Quarter, horizons: int, declared: Declaration = CURRENT
) -> list[list[float]]:
    """Return log errors of the sum by horizon, made at every earlier origin with the same quarters missing.

    The list of a horizon is in order of time; an error counts where every series has the target quarter by
    `origin`.
    """
    started = _in_window(histories, declared)
    first = max(min(history) for history in started.values())
    errors: list[list[float]] = [[] for _ in range(horizons)]
    back = min(len(history) for history in started.values()) - declared.least_quarters
    for shift in range(back, 0, -1):
        then = origin + -shift
        if then < first:
            continue
        cut = {n: {q: v for q, v in h.items() if q <= max(h) + -shift} for n, h in started.items()}
        for h, expected in enumerate(point_of_sum(cut, then, min(horizons, shift), declared), 1):
            actual = sum(history[then + h] for history in started.values())
            errors[h - 1].append(math.log(actual / expected))
    return errors


def _basis(histories: Histories, origin: Quarter, spread: Spread, declared: Declaration) -> str:
    ahead = [f"{name} to {max(h)}" for name, h in histories.items() if max(h) > origin]
    known = f"reported to {origin}" + (f" ({', '.join(ahead)})" if ahead else "")
    levels = ", of each company and of their sum" if declared.both_levels and len(histories) > 1 else ""
    return (
        f"Declared recipe {declared.number} (docs/market/recipe.md): mean in logarithms of "
        f"{', '.join(declared.members)}{levels}; {known}; interval from {spread.errors[0]} past errors one "
        "quarter ahead."
    )
