"""A pool of published forecasts of flagship racks: what those who publish said, as one distribution.

It is a forecast apart from the bottom-up chain and is scored apart.  Rules, declared before it was scored
(docs/market/published.md): a house's latest forecast stands; forecasts of one origin count once; one loses
half its weight every three months and is dropped after twelve; a stated range is read as the middle half of
what its house holds possible; and every forecast is spread further by what forecasters of such things missed
by, and by how far they moved, as far as that was public on the day.
"""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from counterpoise.errors import Refused
from counterpoise.market.facts import Statement
from counterpoise.market.rack_statements import (
    OUTCOME,
    PastError,
    forecasts_of,
    in_racks,
    past_errors,
    year_ahead_sigma,
)

Array = NDArray[np.float64]
Kind = Literal["range", "point", "lower bound"]

NAME = "pool of published forecasts"
"""How documents and scores call it."""

HALF_LIFE_MONTHS = 3.0
OLDEST_MONTHS = 12.0
"""Forecasts are renewed every quarter of reporting; one older than a year is of another cycle (assumed)."""
MIDDLE_HALF_SIGMAS = 2 * 0.6744897501960817
"""Width of the middle half of a normal distribution in standard deviations.

Stated ranges are too narrow: of experts' 98 % ranges 57 % held (Alpert and Raiffa 1982), of 80 % ranges about
half or fewer (Soll and Klayman 2004).  So a range without a stated probability is read as the middle half."""
LOWER_BOUND_REACH = 1.5
""""Over 30,000" is read as 30,000 to 1.5 times that (assumed)."""
_DAYS_PER_MONTH = 365.25 / 12
RACK_BANDS = (20_000.0, 25_000.0, 30_000.0, 35_000.0)


@dataclass(frozen=True, slots=True)
class Member:
    """One house's standing forecast as a lognormal, `median_racks` and `log_sigma`; `weight`: its share.

    `low_racks` and `high_racks` are as stated (packages divided by 72); `age_months` on the pool's day.
    """

    by: str
    kind: Kind
    low_racks: float
    high_racks: float
    median_racks: float
    log_sigma: float
    age_months: float
    weight: float
    statement: Statement

    def quantiles(self, levels: Array) -> Array:
        """Return the racks at levels strictly between 0 and 1."""
        from scipy.special import ndtri

        return np.asarray(self.median_racks * np.exp(self.log_sigma * ndtri(levels)), dtype=float)


@dataclass(frozen=True, slots=True)
class Pool:
    """Draws of a year's racks, (draws,), the members with their weights, and the rules in words."""

    samples: Array
    members: tuple[Member, ...]
    left_out: tuple[tuple[str, str], ...]
    past_errors: tuple[PastError, ...]
    basis: str


def pool(statements: Iterable[Statement], year: int, day: date, draws: int = 20_000, seed: int = 0) -> Pool:
    """Return the pool of forecasts of racks in `year` that were public on `day`.

    A mixture of the members by weight (linear opinion pool, Stone 1961).  Draws are the quantiles of each
    member at even levels in an order drawn from `seed`.  Raises `Refused` where nothing was public.
    """
    public = [s for s in statements if s.known_on <= day]
    members, left_out = standing(public, year, day)
    if not members:
        raise Refused(f"no forecast of racks in {year} was public on {day}.")
    weights = np.array([m.weight for m in members])
    counts = _shares(weights, draws)
    parts = [m.quantiles((np.arange(n) + 0.5) / n) for m, n in zip(members, counts, strict=True) if n]
    samples = np.concatenate(parts)
    np.random.Generator(np.random.PCG64([seed, zlib.crc32(b"published pool")])).shuffle(samples)
    errors = past_errors(public, year)
    basis = (
        f"{len(members)} forecasts public on {day}, one an origin, half weight every {HALF_LIFE_MONTHS:g} "
        f"months; a range is the middle half; spread by {len(errors)} past errors and revisions, "
        f"{math.exp(year_ahead_sigma(public, year)) - 1:.0%} a year ahead"
    )
    return Pool(samples, members, left_out, errors, basis)


def standing(
    public: Sequence[Statement], year: int, day: date
) -> tuple[tuple[Member, ...], tuple[tuple[str, str], ...]]:
    """Return the members on `day`, oldest first, and (forecast, why it is left out) for the others."""
    sigma = year_ahead_sigma(public, year)
    forecasts = [s for s in map(in_racks, forecasts_of(public, year)) if s is not None]
    latest: dict[str, Statement] = {}
    left_out = []
    for s in sorted(forecasts, key=lambda s: s.known_on):
        if s.by in latest:
            left_out.append((_named(latest[s.by]), f"replaced by the same house on {s.known_on}"))
        latest[s.by] = s
    by_origin: dict[str, Statement] = {}
    for s in latest.values():
        origin = s.origin or s.by
        if origin in by_origin:
            left_out.append((_named(s), f"one source with {by_origin[origin].by}"))
        else:
            by_origin[origin] = s
    fresh = {o: s for o, s in by_origin.items() if _months(s.known_on, day) <= OLDEST_MONTHS}
    left_out += [(_named(s), "older than twelve months") for o, s in by_origin.items() if o not in fresh]
    total = sum(_freshness(s, day) for s in fresh.values())
    members = [
        replace(member(s, year, day, sigma), weight=_freshness(s, day) / total) for s in fresh.values()
    ]
    return tuple(sorted(members, key=lambda m: (m.statement.known_on, m.by))), tuple(left_out)


def member(statement: Statement, year: int, day: date, sigma_a_year_ahead: float) -> Member:
    """Return one forecast (in racks) as a distribution, by the same rule for every house; weight 1.

    Log variance = (width of the range as its middle half)^2 + (past error)^2 x the years that were still to
    come when the forecast was made, one month at least: errors shrink as the year is seen (a random walk of
    what is known).
    """
    low, high = float(statement.low or 0.0), float(statement.high or 0.0)
    kind: Kind = "lower bound" if "over" in statement.unit else "range" if high > low else "point"
    reach = low * LOWER_BOUND_REACH if kind == "lower bound" else high
    of_range = math.log(reach / low) / MIDDLE_HALF_SIGMAS
    return Member(
        by=statement.by,
        kind=kind,
        low_racks=low,
        high_racks=high,
        median_racks=math.sqrt(low * reach),
        log_sigma=math.hypot(of_range, sigma_a_year_ahead * math.sqrt(years_ahead(year, statement.known_on))),
        age_months=_months(statement.known_on, day),
        weight=1.0,
        statement=statement,
    )


def years_ahead(year: int, day: date) -> float:
    """Return the years from `day` to the end of `year`, a month at least: what a forecast may still miss."""
    return max((date(year, 12, 31) - day).days / 365.25, 1.0 / 12)


def outcome(statements: Iterable[Statement], year: int, judged_on: date) -> Statement | None:
    """Return the latest outcome of `year` public on `judged_on` (a range), None where there is none yet."""
    known = [
        s for s in statements if s.topic == OUTCOME and s.period == str(year) and s.known_on <= judged_on
    ]
    return max(known, key=lambda s: s.known_on) if known else None


def bands(samples: Array, edges: Sequence[float] = RACK_BANDS) -> dict[str, float]:
    """Return the probability of each band: "below 20,000", "20,000 to 25,000", ..., "35,000 or more"."""
    places = np.searchsorted(np.asarray(edges), samples, side="right")
    names = [f"below {edges[0]:,.0f}"]
    names += [f"{a:,.0f} to {b:,.0f}" for a, b in itertools.pairwise(edges)]
    names.append(f"{edges[-1]:,.0f} or more")
    counts = np.bincount(places, minlength=len(names)) / len(samples)
    return dict(zip(names, map(float, counts), strict=True))


def summary(found: Pool) -> Mapping[str, float]:
    """Return mean, median and the ends of the 50 % and 80 % intervals, in racks."""
    levels = {"p10": 0.1, "p25": 0.25, "median": 0.5, "p75": 0.75, "p90": 0.9}
    values = np.quantile(found.samples, list(levels.values()))
    return {"mean": float(found.samples.mean()), **dict(zip(levels, map(float, values), strict=True))}


def _named(s: Statement) -> str:
    figures = f"{s.low:,.0f}" if s.low == s.high else f"{s.low:,.0f} to {s.high:,.0f}"
    return f"{s.by}, {figures} racks, {s.known_on}"


def _months(since: date, day: date) -> float:
    return (day - since).days / _DAYS_PER_MONTH


def _freshness(s: Statement, day: date) -> float:
    return float(0.5 ** (_months(s.known_on, day) / HALF_LIFE_MONTHS))


def _shares(weights: Array, draws: int) -> list[int]:
    """Split `draws` by weight, largest remainders first."""
    exact = weights * draws
    counts = np.floor(exact).astype(int)
    for place in np.argsort(counts - exact, kind="stable")[: draws - int(counts.sum())]:
        counts[place] += 1
    return [int(n) for n in counts]
