"""Value of a chip vendor by discounted cash flow, and the growth that a price implies (the same, reversed).

Revenue of the last four quarters grows at one rate for five years, fades in a straight line to growth
without end over the next five, and turns into free cash flow at one margin; flows fall in the middle of
their year and what follows year ten is a growing perpetuity (Gordon and Shapiro 1956; reverse discounted
cash flow after Rappaport and Mauboussin, Expectations Investing, 2001).  Money in USD bn, rates a year.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from counterpoise.errors import BadInput, Refused
from counterpoise.market.calendar import Quarter
from counterpoise.market.facts import MarketFacts, Statement

Array = NDArray[np.float64]

YEARS, CONSTANT_YEARS = 10, 5
"""Explicit years, and those of them with the same growth (a convention, stated with every answer)."""
GROWTH_FLOOR, GROWTH_CEILING = -0.9, 5.0
"""Growth a year that the inverse looks between: -90 % to +500 %."""
TAIL_SIGMAS = 2.0
"""Assumptions are normal, cut off here, so that no draw leaves what was held possible (growth over rate)."""
_TEN_NINETY_SIGMAS = 2 * 1.2815515655446004
_BISECTIONS = 52


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What turns revenue into value; each a number or draws (draws,).

    `discount_rate`, `terminal_growth`, `growth_after` are fractions a year (`growth_after`: in the first year
    beyond a forecast path), `fcf_margin` free cash flow over revenue, `net_cash_usd_bn` added at the end.
    Raises `BadInput` where growth without end is not below the discount rate.
    """

    discount_rate: Array | float
    terminal_growth: Array | float
    fcf_margin: Array | float
    net_cash_usd_bn: Array | float
    growth_after: Array | float

    def __post_init__(self) -> None:
        if not np.all(np.asarray(self.discount_rate) > np.asarray(self.terminal_growth)):
            raise BadInput(
                "growth without end is not below the discount rate, so the value has no end.",
                hint="Raise the discount rate or lower the terminal growth.",
            )
        if not np.all(np.asarray(self.fcf_margin) > 0):
            raise BadInput("the margin is not above 0.", hint="Write a fraction, such as 0.4.")


@dataclass(frozen=True, slots=True)
class AssumptionRange:
    """One assumption's statement: `low` and `high` are its 10 % and 90 % points."""

    name: str
    low: float
    high: float
    statement: Statement


def assumption_ranges(facts: MarketFacts) -> tuple[AssumptionRange, ...]:
    """Return the latest public range of every assumption (topics "valuation_...").

    Raises `Refused` where one was not public.
    """
    found = []
    for field in fields(Assumptions):
        name = field.name.removesuffix("_usd_bn")
        said = facts.said(f"valuation_{name}")
        if not said or said[-1].low is None or said[-1].high is None:
            raise Refused(f"no {name.replace('_', ' ')} was public by then, so there is no value.")
        found.append(AssumptionRange(field.name, said[-1].low, said[-1].high, said[-1]))
    return tuple(found)


def middle(of: Sequence[AssumptionRange]) -> Assumptions:
    """Return every assumption at the middle of its range."""
    return Assumptions(**{p.name: (p.low + p.high) / 2 for p in of})


def drawn(of: Sequence[AssumptionRange], draws: int, seed: int = 0) -> Assumptions:
    """Return draws of every assumption, each from a stream of its own, (draws,).

    Normal through the 10 % and 90 % points, cut at `TAIL_SIGMAS`; one draw in each of `draws` even slices.
    """
    from scipy.special import ndtr, ndtri

    inside = ndtr(TAIL_SIGMAS)
    columns = {}
    for p in of:
        stream = np.random.Generator(np.random.PCG64([seed, zlib.crc32(p.name.encode())]))
        level = (stream.permutation(draws) + stream.random(draws)) / draws
        z = ndtri((1.0 - inside) + level * (2.0 * inside - 1.0))
        columns[p.name] = (p.low + p.high) / 2 + z * (p.high - p.low) / _TEN_NINETY_SIGMAS
    return Assumptions(**columns)


def growth_path(first: Array | float, last: Array | float) -> Array:
    """Return growth by year, (..., YEARS): `first` for `CONSTANT_YEARS`, then a straight line to `last`."""
    step = np.clip(np.arange(1, YEARS + 1) - CONSTANT_YEARS, 0, None) / (YEARS - CONSTANT_YEARS)
    first, last = np.asarray(first, dtype=float)[..., None], np.asarray(last, dtype=float)[..., None]
    return np.asarray(first + (last - first) * step, dtype=float)


def value_usd_bn(revenue_usd_bn: Array | float, growth: Array | float, under: Assumptions) -> Array:
    """Value of equity, from revenue of the last four quarters and growth in the first years.

    Shapes broadcast; USD bn.
    """
    path = growth_path(growth, under.terminal_growth)
    revenue = np.asarray(revenue_usd_bn, dtype=float)[..., None] * np.cumprod(1.0 + path, axis=-1)
    return _present(
        np.asarray(revenue, dtype=np.float64), np.asarray(np.arange(YEARS) + 0.5, dtype=np.float64), under
    )


def value_of_path_usd_bn(path_usd_bn: Array, under: Assumptions) -> Array:
    """Value of equity for a forecast of revenue by quarter, (draws, quarters) -> (draws,).

    After the path, revenue of its last four quarters grows by `growth_after`, which fades in a straight line
    to growth without end by year ten from now (five years at least).  Raises `BadInput` for fewer than four
    quarters or revenue below 0.
    """
    path = np.atleast_2d(np.asarray(path_usd_bn, dtype=float))
    if path.shape[-1] < 4 or not np.all(path >= 0):
        raise BadInput(
            "a revenue path needs four quarters or more, none below 0.", hint="Give USD bn by quarter."
        )
    quarters = path.shape[-1]
    after = max(YEARS - quarters // 4, CONSTANT_YEARS)
    fade = np.arange(after) / (after - 1)
    first = np.broadcast_to(np.asarray(under.growth_after, dtype=float), path.shape[:1])[:, None]
    last = np.broadcast_to(np.asarray(under.terminal_growth, dtype=float), path.shape[:1])[:, None]
    later = path[:, -4:].sum(axis=-1, keepdims=True) * np.cumprod(
        1.0 + first + (last - first) * fade, axis=-1
    )
    rate = np.broadcast_to(np.asarray(under.discount_rate, dtype=float), path.shape[:1])[:, None]
    near = np.sum(path * (1.0 + rate) ** -((np.arange(quarters) + 0.5) / 4), axis=-1)
    far = _present(later, quarters / 4 + np.arange(after) + 0.5, under)
    return np.asarray(np.asarray(under.fcf_margin) * near + far, dtype=float)


def _present(revenue: Array, years: Array, under: Assumptions) -> Array:
    """Present value of flows at `years`, of the perpetuity after the last, and net cash."""
    rate = np.asarray(under.discount_rate, dtype=float)[..., None]
    end = np.asarray(under.terminal_growth, dtype=float)
    discount = (1.0 + rate) ** -years
    flows = np.sum(revenue * discount, axis=-1)
    perpetuity = revenue[..., -1] * discount[..., -1] * (1.0 + end) / (rate[..., 0] - end)
    margin = np.asarray(under.fcf_margin, dtype=float)
    return np.asarray(margin * (flows + perpetuity) + np.asarray(under.net_cash_usd_bn), dtype=float)


def implied_growth(value_bn: Array | float, revenue_usd_bn: float, under: Assumptions) -> Array:
    """Growth a year over the first five years at which the value is `value_bn` (USD bn): the inverse.

    Value rises with growth, so the root is single; bisection to the last bit.  Raises `Refused` where no
    growth between `GROWTH_FLOOR` and `GROWTH_CEILING` gives the value.
    """
    shape = np.broadcast_shapes(
        np.shape(value_bn), *(np.shape(getattr(under, f.name)) for f in fields(under))
    )
    wanted = np.broadcast_to(np.asarray(value_bn, dtype=float), shape)
    low, high = np.full(shape, GROWTH_FLOOR), np.full(shape, GROWTH_CEILING)
    if np.any(value_usd_bn(revenue_usd_bn, low, under) > wanted) or np.any(
        value_usd_bn(revenue_usd_bn, high, under) < wanted
    ):
        raise Refused("no growth between -90 % and +500 % a year gives this value.")
    for _ in range(_BISECTIONS):
        mid = (low + high) / 2
        above = value_usd_bn(revenue_usd_bn, mid, under) > wanted
        low, high = np.where(above, low, mid), np.where(above, mid, high)
    return np.asarray((low + high) / 2, dtype=float)


def last_four_quarters(facts: MarketFacts, series: str, entity: str) -> tuple[float, Quarter]:
    """Return a series' sum over its last four public quarters, USD bn, and the last of them.

    Raises `Refused` where fewer than four in a row are public.
    """
    known = facts.series(series, entity)
    if not known:
        raise Refused(f"no {series} of {entity} was public by then.")
    last = max(known)
    missing = [str(last + -n) for n in (3, 2, 1) if last + -n not in known]
    if missing:
        raise Refused(f"{series} of {entity} lacks {', '.join(missing)}.")
    return sum(known[last + -n].value for n in range(4)), last
