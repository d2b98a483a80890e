"""A replay: what was said of the market on a day, and what came, each figure computed from dated facts.

Everything that is forecast here knows only what was public on the as-of day; everything that scores knows
what was public on the day of judgement.  No verdict and no outcome is written down anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from counterpoise.errors import Refused
from counterpoise.market import implied, rack_forecasts
from counterpoise.market.baskets import TOP4, total, year_on_year
from counterpoise.market.calendar import Quarter
from counterpoise.market.chain import NAME as BOTTOM_UP
from counterpoise.market.drawdown import Fall, value_lost
from counterpoise.market.facts import MarketFacts, Statement
from counterpoise.market.kinds import Array
from counterpoise.market.outlook import Outlook, quantiles, revenue_reported
from counterpoise.market.published import outcome
from counterpoise.market.rack_statements import latest_cut
from counterpoise.market.recipe import NAME as RECIPE
from counterpoise.market.rival_racks import Rival, rivals, scores
from counterpoise.market.scores import crps
from counterpoise.market.shares import ShareCount
from counterpoise.market.simple_rules import RULES

Document = dict[str, Any]


def racks_scored(seen: Outlook, facts: MarketFacts, judged_on: date) -> Document:
    """Return every forecast of the year's racks public on the day and the chain's, scored in one way.

    Scores are there where an outcome was public on `judged_on`; `published` is None, with the reason, where
    nobody had forecast the year by the day.
    """
    year = seen.day.year
    found: tuple[Rival, ...] = ()
    published, why_none = None, None
    try:
        found = rivals(seen.facts.statements, year, seen.day, seed=seen.seed)
        published = rack_forecasts.question(
            facts, year, seen.day, judged_on=judged_on, draws=20_000, seed=seen.seed
        )
    except Refused as reason:
        why_none = str(reason)
    own = seen.chain.racks_in(year)
    low, high = (float(v) for v in np.quantile(own, [0.1, 0.9]))
    chain = Rival(BOTTOM_UP, low, high, seen.day, own, own)
    came = outcome(facts.as_of(judged_on).statements, year, judged_on)
    by_name = {s.name: s for s in scores((*found, chain), came)} if came is not None else {}
    rows = [
        {
            "name": one.name,
            "known_on": one.known_on,
            "stated_low_racks": one.low_racks,
            "stated_high_racks": one.high_racks,
            **{f"{key}_racks": value for key, value in quantiles(one.samples).items()},
            "crps_racks": by_name[one.name].crps_racks if by_name else None,
            "crps_as_stated_racks": by_name[one.name].crps_as_stated_racks if by_name else None,
            "median_error": by_name[one.name].median_error if by_name else None,
        }
        for one in (chain, *found)
    ]
    rows.sort(key=lambda row: (row["crps_racks"] is None, row["crps_racks"]))
    return {
        "year": year,
        "forecasts": rows,
        "outcome": came and _said(came),
        "published": published,
        "published_refused": why_none,
    }


def growth_scored(seen: Outlook, facts: MarketFacts, judged_on: date, quarter: Quarter) -> Document:
    """Return forecasts of the four clouds' growth over the year before in one quarter, scored in one way.

    CRPS in percentage points; that of a single figure is its absolute error.  Rivals are the simple rules on
    what all four had reported, and statements of that growth public on the day.
    """
    known = total(seen.facts, TOP4)
    ours = _growth_draws(seen, known, quarter)
    later = year_on_year(total(facts.as_of(judged_on), TOP4))
    came = None if quarter not in later else 100 * later[quarter]
    low, high = (float(v) for v in np.quantile(ours, [0.1, 0.9]))
    rows: list[Document] = [
        {
            "name": RECIPE,
            "kind": "ours",
            "yoy_percent": float(np.median(ours)),
            "low80_percent": low,
            "high80_percent": high,
            "crps_points": None if came is None else crps(ours, came),
        }
    ]
    values = np.array(list(known.values()))
    ahead = quarter - max(known)
    for name, rule in RULES.items():
        try:
            path = rule(values, ahead)
        except Refused:
            continue
        before = known.get(quarter + -4, float(path[ahead - 5]) if ahead >= 5 else np.nan)
        growth = 100 * (float(path[ahead - 1]) / before - 1)
        rows.append(_single(name, "rule", growth, came))
    rows += [
        _single(said.by, "rival", _at_most(said), came) | {"source": said.source}
        for said in _growth_statements(seen.facts, quarter)
    ]
    rows.sort(key=lambda row: (row["crps_points"] is None, row["crps_points"]))
    return {
        "quarter": str(quarter),
        "entities": list(TOP4),
        "forecasts": rows,
        "probability_below_10_percent": float(np.mean(ours < 10.0)),
        "came_percent": came,
        "came_by_quarter": _came(known, facts.as_of(judged_on), seen.chain.quarters[-1]),
    }


def revenue_came(seen: Outlook, facts: MarketFacts, judged_on: date) -> list[Document]:
    """Return NVIDIA's data-centre revenue of the quarters that were reported between the two days."""
    then = {row["quarter"] for row in revenue_reported(seen.facts)}
    last = str(seen.chain.quarters[-1])
    return [
        row
        for row in revenue_reported(facts.as_of(judged_on))
        if row["quarter"] not in then and row["quarter"] <= last
    ]


def cut_effect(facts: MarketFacts, year: int) -> Document:
    """Return what the latest cut of a published forecast is worth: racks x the published price of a rack.

    Racks are the middle of the forecast before less that after; the price is the range public by the day.
    Raises `Refused` where no house had cut its forecast of `year`, or no price was public.
    """
    cut = latest_cut(facts.statements, year)
    if cut is None:
        raise Refused(f"no house had cut its forecast of racks in {year} by then.")
    racks = cut[0].mid - cut[1].mid
    said = [s for s in facts.said("rack_price") if s.low is not None and s.unit.startswith("M USD")]
    if not said:
        raise Refused("no price of a rack was public by then.")
    latest = said[-1]
    low, high = float(latest.low or 0.0), float(latest.high or 0.0)
    return {
        "racks": racks,
        "low_usd_bn": racks * low / 1e3,
        "high_usd_bn": racks * high / 1e3,
        "rack_price_low_usd_m": low,
        "rack_price_high_usd_m": high,
        "known_on": latest.known_on,
        "by": latest.by,
        "source": latest.source,
    }


def value_document(
    facts: MarketFacts, falls: Sequence[Fall], count: ShareCount, seen: Outlook, seed: int
) -> Document:
    """Return what growth the price implied at the peak and at the trough of the first fall, and value lost.

    The value under the chain's own draws of revenue takes the data centre's share of all revenue as it was.
    """
    fall = falls[0]
    prices = (fall.peak_price, fall.trough_price)
    made: Document = {
        "implied": implied.implied_by_prices(facts, prices, count.shares_bn, seed=seed),
        "lost_usd_bn": value_lost(fall, count.shares_bn),
    }
    path = seen.chain.revenue_usd_bn / _datacenter_share(facts)
    _, made["under_draws"] = implied.value_under_paths(facts, path, prices, count.shares_bn, seed=seed)
    return made


def _datacenter_share(facts: MarketFacts) -> float:
    """Share of the data centre in NVIDIA's revenue over the last four quarters known."""
    all_revenue = facts.series("revenue", "NVDA")
    part = facts.series("datacenter_revenue", "NVDA")
    last = [q for q in all_revenue if q in part][-4:]
    if len(last) < 4:
        raise Refused("fewer than four quarters of NVIDIA's revenue were public.")
    return sum(part[q].value for q in last) / sum(all_revenue[q].value for q in last)


def _growth_draws(seen: Outlook, known: Mapping[Quarter, float], quarter: Quarter) -> Array:
    before = quarter + -4
    base = known[before] if before in known else seen.capex.at(before)
    return np.asarray(100 * (seen.capex.at(quarter) / base - 1))


def _growth_statements(facts: MarketFacts, quarter: Quarter) -> list[Statement]:
    written = f"{quarter.number}Q{quarter.year % 100}"
    return [
        s
        for s in facts.said("rival_forecast")
        if "YoY" in s.about and written in (s.period, *s.about.split()) and s.high is not None
    ]


def _came(known: Mapping[Quarter, float], later: MarketFacts, last: Quarter) -> list[Document]:
    """What the four spent in each quarter after those known then, up to `last`, as far as all reported it."""
    spent = total(later, TOP4)
    growth = year_on_year(spent)
    return [
        {"quarter": str(q), "usd_bn": value, "yoy_percent": 100 * growth[q] if q in growth else None}
        for q, value in spent.items()
        if max(known) < q <= last
    ]


def _at_most(said: Statement) -> float:
    """A bound is read as said at its edge: the reading most favourable to a growth that came out above."""
    return float(said.high if said.low is None else said.mid) if said.high is not None else np.nan


def _single(name: str, kind: str, value: float, came: float | None) -> Document:
    return {
        "name": name,
        "kind": kind,
        "yoy_percent": value,
        "low80_percent": None,
        "high80_percent": None,
        "crps_points": None if came is None else abs(value - came),
    }


def _said(one: Statement) -> Document:
    return {
        "low_racks": one.low,
        "high_racks": one.high,
        "by": one.by,
        "known_on": one.known_on,
        "source": one.source,
        "note": one.note,
    }
