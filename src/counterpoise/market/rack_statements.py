"""What was said of a year's racks: forecasts, what replaced them, past errors of such forecasts, outcomes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from counterpoise.market.facts import Statement

FORECAST, REPLACED, OUTCOME, PACKAGES, PAST_ERROR = (
    "racks", "racks_replaced", "racks_outcome", "gpu_packages", "forecast_error",
)  # fmt: skip
"""Topics: forecasts of racks, forecasts that their own source says were replaced, outcomes, forecasts of
packages, and past forecasts of such things with what came."""

PACKAGES_PER_RACK = 72.0
"""GPU packages of an NVL72 rack, by its name."""
FALLBACK_SIGMA = 0.3
"""Log error a year ahead where fewer than two past errors were public (assumed)."""
_FEWEST_ERRORS = 2


@dataclass(frozen=True, slots=True)
class PastError:
    """One past forecast error or revision, |ln(later / earlier)|, with where it comes from."""

    what: str
    log_error: float
    source: str


def forecasts_of(public: Iterable[Statement], year: int) -> list[Statement]:
    """Return the forecasts of racks (and of packages for racks) in exactly the calendar year `year`.

    A fiscal year or a half year is another period and is left out.
    """
    return [
        s
        for s in public
        if s.period == str(year)
        and s.low is not None
        and (s.topic == FORECAST or (s.topic == PACKAGES and s.about.startswith("GB200")))
    ]


def past_errors(public: Iterable[Statement], year: int) -> tuple[PastError, ...]:
    """Return what forecasters of such things had missed by, and how far forecasts of `year` had moved.

    Errors are the topic "forecast_error" (actual / forecast, one an origin); moves are a house's forecast
    against the one that replaced it.  Each is one |log change|; their directions are not used.
    """
    public = list(public)
    found = [
        PastError(s.about, abs(math.log(math.sqrt(s.low * s.high))), s.source)
        for s in public
        if s.topic == PAST_ERROR and s.low is not None and s.high is not None and s.low > 0
    ]
    for before, after in revisions(public, year):
        what = f"{after.by}, forecast of {year} moved on {after.known_on}"
        found.append(PastError(what, abs(math.log(_middle(after) / _middle(before))), after.source))
    return tuple(found)


def revisions(public: Iterable[Statement], year: int) -> list[tuple[Statement, Statement]]:
    """Return (before, after) of each forecast of `year` that was replaced by its own house, oldest first.

    A forecast that its source only quotes as replaced (topic "racks_replaced") goes with the one of the same
    house or origin that is public on the same day; the first such one, so that an origin counts once.
    """
    said = list(public)
    forecasts = sorted(forecasts_of(said, year), key=lambda s: s.known_on)
    found: list[tuple[Statement, Statement]] = []
    last: dict[str, Statement] = {}
    for s in (s for s in map(in_racks, forecasts) if s is not None):
        if s.by in last:
            found.append((last[s.by], s))
        last[s.by] = s
    for old in (s for s in said if s.topic == REPLACED and s.period == str(year) and s.low and s.low > 0):
        new = [
            s
            for s in forecasts
            if s.known_on == old.known_on and (s.by == old.by or (s.origin and s.origin == old.origin))
        ]
        found += [(old, s) for s in new[:1]]
    return sorted(found, key=lambda pair: pair[1].known_on)


def latest_cut(public: Iterable[Statement], year: int) -> tuple[Statement, Statement] | None:
    """Return (before, after) of the last forecast of `year` that its own house lowered, if any was."""
    cuts = [(before, after) for before, after in revisions(public, year) if after.mid < before.mid]
    return cuts[-1] if cuts else None


def year_ahead_sigma(public: Iterable[Statement], year: int) -> float:
    """Return the root mean square of past log errors and moves; `FALLBACK_SIGMA` where fewer than two."""
    errors = [e.log_error for e in past_errors(public, year)]
    if len(errors) < _FEWEST_ERRORS:
        return FALLBACK_SIGMA
    return math.sqrt(sum(e * e for e in errors) / len(errors))


def in_racks(s: Statement) -> Statement | None:
    """Return the statement in racks; None where it has no figure above 0."""
    if s.low is None or s.high is None or s.low <= 0:
        return None
    if s.topic != PACKAGES:
        return s
    return replace(s, low=s.low / PACKAGES_PER_RACK, high=s.high / PACKAGES_PER_RACK, unit="racks")


def _middle(s: Statement) -> float:
    """Geometric middle: ranges of factors are symmetric in logs."""
    return math.sqrt(float(s.low or 0.0) * float(s.high or 0.0))
