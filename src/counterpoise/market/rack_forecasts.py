"""The published forecasts of a year's racks as one plain document: the pool then, who is in it, what came."""

from __future__ import annotations

from datetime import date
from typing import Any

from counterpoise.market.facts import MarketFacts, Statement
from counterpoise.market.published import Pool, bands, outcome, pool, summary
from counterpoise.market.rack_statements import FORECAST, REPLACED, forecasts_of
from counterpoise.market.rival_racks import rivals, scores

PATH_DRAWS = 2_000


def question(
    facts: MarketFacts,
    year: int,
    day: date,
    *,
    judged_on: date | None = None,
    draws: int = 20_000,
    seed: int = 0,
) -> dict[str, Any]:
    """Return the pool of `year` as of `day`, and, where `judged_on` is given, what came and the scores.

    `facts` may hold facts of any date; the forecast uses those public on `day`, the rest those public on
    `judged_on`.  Raises `Refused` where no forecast was public on `day`.
    """
    then = facts.as_of(day)
    found = pool(then.statements, year, day, draws, seed)
    shown = summary(found)
    document: dict[str, Any] = {
        "answer": f"{shown['median']:,.0f} racks in {year} "
        f"({shown['p10']:,.0f} to {shown['p90']:,.0f}, 80 %), by {len(found.members)} published forecasts.",
        "year": year,
        "as_of": day.isoformat(),
        "racks": dict(shown),
        "probability": bands(found.samples),
        "basis": found.basis,
        "members": _members(found),
        "left_out": [{"forecast": what, "why": why} for what, why in found.left_out],
        "past_errors": [
            {"what": e.what, "log_error": e.log_error, "source": e.source} for e in found.past_errors
        ],
        "outcome": None,
        "scores": None,
    }
    known = facts.as_of(judged_on or day)
    document["forecasts"] = _forecasts(known, year, day)
    document["pool_by_month"] = _path(known, year, day, judged_on or day, seed)
    came = None if judged_on is None else outcome(known.statements, year, judged_on)
    if came is not None:
        document["outcome"] = {
            "low_racks": came.low,
            "high_racks": came.high,
            "known_on": came.known_on.isoformat(),
            "by": came.by,
            "source": came.source,
            "note": came.note,
        }
        document["scores"] = [
            {
                "name": s.name,
                "crps_racks": s.crps_racks,
                "crps_as_stated_racks": s.crps_as_stated_racks,
                "median_error": s.median_error,
            }
            for s in scores(rivals(then.statements, year, day, draws, seed), came)
        ]
    return document


def _members(found: Pool) -> list[dict[str, Any]]:
    return [
        {
            "by": m.by,
            "kind": m.kind,
            "low_racks": m.low_racks,
            "high_racks": m.high_racks,
            "median_racks": m.median_racks,
            "log_sigma": m.log_sigma,
            "age_months": m.age_months,
            "weight": m.weight,
            "known_on": m.statement.known_on.isoformat(),
            "dated": m.statement.dated,
            "source": m.statement.source,
            "note": m.statement.note,
        }
        for m in found.members
    ]


def _forecasts(known: MarketFacts, year: int, day: date) -> list[dict[str, Any]]:
    """Every published figure by date, marked where it came after `day` or was replaced when quoted."""
    said = [s for s in forecasts_of(known.statements, year) if s.topic == FORECAST]
    said += [s for s in known.said(REPLACED) if s.period == str(year)]
    return [_forecast(s, day) for s in sorted(said, key=lambda s: (s.known_on, s.by))]


def _forecast(s: Statement, day: date) -> dict[str, Any]:
    return {
        "by": s.by,
        "low_racks": s.low,
        "high_racks": s.high,
        "known_on": s.known_on.isoformat(),
        "later_than_as_of": s.known_on > day,
        "replaced_when_quoted": s.topic == REPLACED,
        "lower_bound": "over" in s.unit,
        "source": s.source,
    }


def _path(known: MarketFacts, year: int, day: date, until: date, seed: int) -> list[dict[str, Any]]:
    """The pool on `day` and at month ends, from the first forecast to `until` or the end of the year."""
    said = forecasts_of(known.statements, year)
    last = min(until, date(year, 12, 31))
    ends = _month_ends(min(s.known_on for s in said), last)
    rows = []
    for d in sorted({*(d for d in ends if d <= last), day, last}):
        shown = summary(pool(known.statements, year, d, PATH_DRAWS, seed))
        rows.append(
            {"day": d.isoformat(), "p10": shown["p10"], "median": shown["median"], "p90": shown["p90"]}
        )
    return rows


def _month_ends(first: date, last: date) -> list[date]:
    months = range(12 * first.year + first.month, 12 * last.year + last.month + 1)
    return [date.fromordinal(date(m // 12, m % 12 + 1, 1).toordinal() - 1) for m in months]
