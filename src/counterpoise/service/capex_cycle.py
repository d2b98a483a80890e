"""The cycle in `capex`: where level and growth stand, when each turn was seen, and what was said of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from counterpoise.errors import BadInput
from counterpoise.market import cycles
from counterpoise.market.baskets import known_to_all, year_on_year
from counterpoise.market.calendar import Quarter
from counterpoise.market.facts import MarketFacts

Document = dict[str, Any]
LEAST_QUARTERS = 5
"""A turn has two neighbours on either side."""


def cycle(total: Mapping[Quarter, float]) -> Document:
    """Return phase and turning points of the level and of growth over a year, and when each was first seen.

    A series of fewer than `LEAST_QUARTERS` quarters is left out.
    """
    logs = {quarter: math.log(value) for quarter, value in total.items()}
    growth = year_on_year(total)
    found = {}
    for name, series, depth, unit in (
        ("level", logs, cycles.LEVEL_DEPTH, "log"),
        ("growth", growth, cycles.GROWTH_DEPTH, "fraction"),
    ):
        if len(series) < LEAST_QUARTERS:
            continue
        now = cycles.phase(series, depth)
        seen, withdrawn = cycles.detections(series, depth)
        found[name] = {
            "phase": now.name,
            "since": str(now.since.quarter) if now.since else None,
            "quarters": now.quarters,
            "open_from": str(now.open_from),
            f"least_depth_{unit}": depth,
            "turns": [
                {
                    "kind": one.turn.kind,
                    "quarter": str(one.turn.quarter),
                    "capex_usd_bn": total[one.turn.quarter],
                    "yoy_fraction": growth.get(one.turn.quarter),
                    "seen_at": str(one.seen_at),
                    "lag_quarters": one.lag_quarters,
                }
                for one in seen
            ],
            "withdrawn": [{"kind": turn.kind, "quarter": str(turn.quarter)} for turn in withdrawn],
        }
    return found


def said_of_the_cycle(
    facts: MarketFacts, entities: tuple[str, ...], growth: Mapping[Quarter, float]
) -> list[Document]:
    """Return what was said of the cycle, beside growth known then and in the first quarter that it names.

    `growth` over a year, as fractions.
    """
    rows = []
    for said in facts.said("cycle"):
        named = _named_quarter(said.period)
        then = known_to_all(facts.as_of(said.known_on), entities)
        rows.append(
            {
                "by": said.by,
                "said": said.about,
                "known_on": said.known_on.isoformat(),
                "period": said.period,
                "yoy_when_said_fraction": growth.get(then) if then else None,
                "named_quarter": str(named) if named else None,
                "yoy_in_named_quarter_fraction": growth.get(named) if named else None,
                "yoy_a_year_after_it_fraction": growth.get(named + 4) if named else None,
                "source": said.source,
            }
        )
    return rows


def _named_quarter(period: str) -> Quarter | None:
    try:
        return Quarter.read(period.split(" to ", maxsplit=1)[0])
    except BadInput:
        return None
