"""`capex`: what a basket of companies spends, against what was expected, and what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from counterpoise.errors import BadInput, Refused, Where
from counterpoise.market.bases import breaks
from counterpoise.market.baskets import CAPEX, members, summed, values, year_on_year
from counterpoise.market.calendar import Quarter
from counterpoise.market.declarations import CURRENT
from counterpoise.market.facts import MarketFacts
from counterpoise.market.recipe import Forecast, Histories, forecast_sum
from counterpoise.market.simple_rules import RULES
from counterpoise.market.surprise import Expected, Held, against_rules, against_statements
from counterpoise.service.capex_cycle import cycle, said_of_the_cycle
from counterpoise.service.capex_record import record
from counterpoise.service.claims import known_facts
from counterpoise.service.filings import Asked, in_filed_form, quarters_of_file

Document = dict[str, Any]
MOST_HORIZONS = 20
_USUALLY_REPORTED_DAYS = 92 + 45
"""After a quarter's end the next one is over and reported."""


def capex_of(
    basket: str,
    *,
    as_of: date | None = None,
    horizons: int = 8,
    scored: bool = False,
    facts: Path | None = None,
    draws: int = 20_000,
    seed: int = 0,
) -> Document:
    """Answer `counterpoise capex` for a basket ("top4" or tickers), with what was public on `as_of`.

    `facts` adds a user's own observations; `scored` adds the record of the recipe at rolling origins.
    Raises `BadInput`, `UnknownName`, and `Refused` where a history is too short or has a gap.
    """
    if not 1 <= horizons <= MOST_HORIZONS:
        raise BadInput(
            f"{horizons} quarters cannot be forecast.",
            where=Where(field="--horizons"),
            hint=f"Give 1 to {MOST_HORIZONS}.",
        )
    day = as_of or date.today()
    known = known_facts(facts, day).as_of(day)
    entities = members(basket, known)
    histories = {entity: values(known, entity) for entity in entities}
    total = summed(histories)
    if not total:
        raise Refused(f"no quarter is known of all of {', '.join(entities)}.")
    made = forecast_sum(histories, horizons, draws=draws, seed=seed)
    document: Document = {
        "as_of": day.isoformat(),
        "basket": list(entities),
        "series": CAPEX,
        "quarter": str(made.origin),
        "capex_usd_bn": total[made.origin],
        "yoy_fraction": year_on_year(total).get(made.origin),
        "companies": [_company(known, entity, histories[entity]) for entity in entities],
        "history": _history(histories, total),
        "forecast": _forecast(made, total),
        "years": _years(made, total),
        "recipe": CURRENT.number,
        "basis": made.basis,
        "surprise": _surprises(histories, total),
        "guidance": [_held(one) for one in against_statements(known, entities, made.origin + -3)],
        "cycle": cycle(total),
        "said_of_the_cycle": said_of_the_cycle(known, entities, year_on_year(total)),
        "notes": [*_notes(known, entities, made, day), *_refused(facts, day)],
        "seed": seed,
    }
    if scored:
        document |= record(histories, total)
    return document


def _company(facts: MarketFacts, entity: str, history: Mapping[Quarter, float]) -> Document:
    last = max(history)
    figure = facts.series(CAPEX, entity)[last]
    return {
        "company": entity,
        "quarter": str(last),
        "capex_usd_bn": figure.value,
        "yoy_fraction": year_on_year(history).get(last),
        "basis": figure.basis,
        "status": figure.status,
        "known_on": figure.known_on.isoformat(),
        "dated": figure.dated,
        "source": figure.source,
    }


def _history(histories: Histories, total: Mapping[Quarter, float]) -> list[Document]:
    growth = year_on_year(total)
    return [
        {
            "quarter": str(quarter),
            "capex_usd_bn": value,
            "yoy_fraction": growth.get(quarter),
            "companies_usd_bn": {entity: history[quarter] for entity, history in histories.items()},
        }
        for quarter, value in total.items()
    ]


def _forecast(made: Forecast, total: Mapping[Quarter, float]) -> list[Document]:
    low, high = made.interval(0.8)
    rows = []
    for n, quarter in enumerate(made.quarters):
        growth = _growth(made, total, n)
        rows.append(
            {
                "quarter": str(quarter),
                "horizon_quarters": n + 1,
                "median_usd_bn": float(made.point[n]),
                "low80_usd_bn": float(low[n]),
                "high80_usd_bn": float(high[n]),
                "yoy_median_fraction": growth[0],
                "yoy_low80_fraction": growth[1],
                "yoy_high80_fraction": growth[2],
                "reported": list(made.reported.get(quarter, ())),
                "past_errors": made.spread.errors[n],
            }
        )
    return rows


def _growth(made: Forecast, total: Mapping[Quarter, float], n: int) -> list[float | None]:
    """Median, low and high of growth over a year; beyond four quarters both ends of the ratio are drawn."""
    before = made.quarters[n] + -4
    if before in total:
        ends = (made.point[n], made.interval(0.8)[0][n], made.interval(0.8)[1][n])
        return [float(end / total[before] - 1.0) for end in ends]
    if before not in made.quarters:
        return [None, None, None]
    drawn = made.samples[:, n] / made.at(before) - 1.0
    return [float(np.quantile(drawn, p)) for p in (0.5, 0.1, 0.9)]


def _years(made: Forecast, total: Mapping[Quarter, float]) -> list[Document]:
    """Calendar years of which a quarter is forecast and every other known or forecast too."""
    rows = []
    for year in sorted({q.year for q in made.quarters}):
        quarters = [Quarter(year, n) for n in (1, 2, 3, 4)]
        if any(q not in total and q not in made.quarters for q in quarters):
            continue
        drawn = sum((made.at(q) for q in quarters if q in made.quarters), np.zeros(len(made.samples)))
        drawn = drawn + sum(total[q] for q in quarters if q not in made.quarters)
        middle, low, high = (float(np.quantile(drawn, p)) for p in (0.5, 0.1, 0.9))
        rows.append({"year": year, "median_usd_bn": middle, "low80_usd_bn": low, "high80_usd_bn": high})
    return rows


def _surprises(histories: Histories, total: Mapping[Quarter, float]) -> list[Document]:
    """Of each company's last quarter and of the basket's: actual against the recipe and every rule."""
    cases = [(entity, {entity: history}, max(history)) for entity, history in histories.items()]
    if len(histories) > 1:
        cases.append(
            (
                "basket",
                {e: {q: v for q, v in h.items() if q in total} for e, h in histories.items()},
                max(total),
            )
        )
    return [
        {
            "of": name,
            "quarter": str(quarter),
            "capex_usd_bn": sum(history[quarter] for history in of.values()),
            "expected": [_expected(one) for one in against_rules(of, quarter, RULES)],
        }
        for name, of, quarter in cases
    ]


def _expected(one: Expected) -> Document:
    return {
        "by": one.by,
        "expected_usd_bn": one.expected_usd_bn,
        "surprise_fraction": one.surprise,
        "probability_below": one.probability_below,
        "refused": one.refused or None,
    }


def _held(one: Held) -> Document:
    said = one.statement
    return {
        "by": said.by,
        "topic": said.topic,
        "about": said.about,
        "period": said.period,
        "low_usd_bn": said.low,
        "high_usd_bn": said.high,
        "known_on": said.known_on.isoformat(),
        "source": said.source,
        "basis": one.basis,
        "actual_usd_bn": one.actual_usd_bn,
        "surprise_fraction": one.surprise,
        "reported_usd_bn": one.reported_usd_bn,
        "refused": one.refused or None,
    }


def _notes(facts: MarketFacts, entities: tuple[str, ...], made: Forecast, day: date) -> list[str]:
    notes = []
    if (day - made.origin.end).days > _USUALLY_REPORTED_DAYS:
        notes.append(
            f"The facts at hand end with {made.origin} for at least one company, though later quarters "
            f"should be public by {day}: add them with --facts."
        )
    own = [o for o in facts.observations if o.series == CAPEX and o.entity in entities]
    notes += [
        f"{found.entity} counts {found.before} to {found.last_before} and {found.after} from "
        f"{found.first_after}: growth across it is not like for like."
        for found in breaks(own)
    ]
    weak = sorted(
        {o.entity for o in own if o.status in ("reposted", "unverified") and o.quarter == made.origin}
    )
    if weak:
        notes.append(f"{', '.join(weak)}: the last figure is copied from a page, not read from the filing.")
    return notes


def _refused(facts: Path | None, day: date) -> list[str]:
    """Say that a user's companyfacts file gave no quarter for some periods."""
    if facts is None or not in_filed_form(facts.read_bytes()):
        return []
    refused = quarters_of_file(facts, Asked(as_of=day, series="capex"))["refused"]
    if not refused:
        return []
    return [
        f"{facts}: no quarter is taken from {len(refused)} of its periods; "
        f"counterpoise quarters {facts} --series capex says why."
    ]
