"""Single forecasts of racks as distributions and their scores: every rival is scored as the pool is."""

from __future__ import annotations

import math
import statistics
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from counterpoise.errors import Refused
from counterpoise.market.facts import Statement
from counterpoise.market.published import (
    MIDDLE_HALF_SIGMAS,
    Array,
    Member,
    member,
    pool,
    standing,
    years_ahead,
)
from counterpoise.market.published import NAME as POOL
from counterpoise.market.rack_statements import FORECAST, forecasts_of, year_ahead_sigma
from counterpoise.market.scores import crps

CONSENSUS = "consensus of the day"
STALE_MONTHS = 6.0
"""Older forecasts are no part of a day's consensus (assumed)."""
_OUTCOME_POINTS = 41


@dataclass(frozen=True, slots=True)
class Rival:
    """One forecast: `samples` by the common rule; `as_stated` takes its range at its word (uniform)."""

    name: str
    low_racks: float
    high_racks: float
    known_on: date
    samples: Array
    as_stated: Array


@dataclass(frozen=True, slots=True)
class Score:
    """CRPS in racks, averaged over the outcome's range: by the common rule and as stated; lower is better.

    `median_error` is the median over the middle of the outcome, less 1.
    """

    name: str
    crps_racks: float
    crps_as_stated_racks: float
    median_error: float


def rivals(
    statements: Iterable[Statement], year: int, day: date, draws: int = 20_000, seed: int = 0
) -> tuple[Rival, ...]:
    """Return the pool, the consensus and every single forecast of `year` public on `day`, replaced ones too.

    Each single forecast is spread by the same rule as a member of the pool; one that repeats a member's
    source is not there twice.  Raises `Refused` where nothing was public.
    """
    public = [s for s in statements if s.known_on <= day]
    pooled = pool(public, year, day, draws, seed)
    members, _ = standing(public, year, day)
    sigma = year_ahead_sigma(public, year)
    low, high = min(m.low_racks for m in members), max(m.high_racks for m in members)
    found = [Rival(POOL, low, high, day, pooled.samples, pooled.samples)]
    agreed = _consensus(members, day, year, sigma)
    if agreed is not None:
        found.append(_rival(agreed, CONSENSUS, draws, seed))
    stand = {(m.statement.by, m.statement.known_on) for m in members}
    for s in sorted(forecasts_of(public, year), key=lambda s: s.known_on, reverse=True):
        repeats = any(s.origin and s.origin == m.statement.origin and s.by != m.by for m in members)
        if s.topic != FORECAST or "over" in s.unit or repeats:
            continue
        name = s.by if (s.by, s.known_on) in stand else f"{s.by}, {s.known_on} (replaced)"
        found.append(_rival(member(s, year, day, sigma), name, draws, seed))
    return tuple(found)


def _consensus(members: Sequence[Member], day: date, year: int, sigma: float) -> Member | None:
    """Median of the standing forecasts' middles; their spread stands for the range."""
    fresh = [m for m in members if m.age_months <= STALE_MONTHS]
    if not fresh:
        return None
    middle = statistics.median(m.median_racks for m in fresh)
    logs = np.log([m.median_racks for m in fresh])
    quarter, three = (float(v) for v in np.quantile(logs, [0.25, 0.75]))
    return replace(
        fresh[-1],
        by=CONSENSUS,
        low_racks=middle,
        high_racks=middle,
        median_racks=middle,
        log_sigma=math.hypot(
            (three - quarter) / MIDDLE_HALF_SIGMAS, sigma * math.sqrt(years_ahead(year, day))
        ),
    )


def _rival(one: Member, name: str, draws: int, seed: int) -> Rival:
    levels = (np.arange(draws) + 0.5) / draws
    np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())])).shuffle(levels)
    stated = one.low_racks + (one.high_racks - one.low_racks) * levels
    return Rival(name, one.low_racks, one.high_racks, one.statement.known_on, one.quantiles(levels), stated)


def scores(found: Sequence[Rival], outcome: Statement) -> tuple[Score, ...]:
    """Return the score of each rival against an outcome known as a range, best first.

    The outcome is taken as uniform over its range and the CRPS averaged over it (Gneiting and Raftery 2007;
    the mean of a proper score over an uncertain outcome keeps it proper).  Raises `Refused` for an outcome
    without figures.
    """
    if outcome.low is None or outcome.high is None:
        raise Refused(f"the outcome of {outcome.period} is words, no figure.")
    made = [
        Score(
            r.name,
            crps_over_range(r.samples, outcome.low, outcome.high),
            crps_over_range(r.as_stated, outcome.low, outcome.high),
            float(np.median(r.samples)) / outcome.mid - 1.0,
        )
        for r in found
    ]
    return tuple(sorted(made, key=lambda s: s.crps_racks))


def crps_over_range(samples: Array, low: float, high: float) -> float:
    """Return the CRPS of `samples` (draws,), averaged over an outcome uniform on [low, high]."""
    x = np.sort(samples)
    outcomes = [low] if low == high else np.linspace(low, high, 2 * _OUTCOME_POINTS + 1)[1::2]
    return float(np.mean([crps(x, float(y)) for y in outcomes]))
