"""Small ledgers, made-up facts and forecasts with known answers, so that claims are tried alone."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from counterpoise.errors import Refused
from counterpoise.market.calendar import Quarter, quarters_between
from counterpoise.market.claim_forecasts import Forecasts
from counterpoise.market.facts import MarketFacts, Observation, Statement
from counterpoise.market.intervals import from_errors
from counterpoise.market.ledger_file import read_ledger
from counterpoise.market.recipe import Forecast

FIRST, LAST = Quarter(2019, 1), Quarter(2025, 4)
SAID = date(2025, 2, 3)


def observation(entity: str, quarter: Quarter, value: float, **given) -> Observation:
    """A made-up filing, public 45 days after its quarter."""
    known_on = given.pop("known_on", quarter.end + timedelta(days=45))
    series = given.pop("series", "capex_cash")
    return Observation(
        series, entity, quarter, value, "USD bn", "cash", "filed", known_on, "assumed", f"10-Q of {entity}"
    )


def statement(
    topic: str, by: str, low: float | None, high: float | None, known_on: date, **given
) -> Statement:
    """Something somebody said of 2025."""
    about, period = given.get("about", topic), given.get("period", "2025")
    return Statement(
        topic, by, about, period, low, high, given.get("unit", "racks"), known_on, "sourced", f"page of {by}"
    )


def growing(
    entity: str, by_year_pct: float, first: Quarter = FIRST, last: Quarter = LAST
) -> list[Observation]:
    """Spending of 10 that grows by the same share every year, within a year not at all."""
    return [
        observation(entity, q, 10.0 * (1 + by_year_pct / 100) ** ((q - first) // 4))
        for q in quarters_between(first, last)
    ]


def facts(*parts) -> MarketFacts:
    """Facts from observations and statements, in lists or alone."""
    flat = [one for part in parts for one in (part if isinstance(part, list) else [part])]
    return MarketFacts(
        tuple(o for o in flat if isinstance(o, Observation)),
        tuple(s for s in flat if isinstance(s, Statement)),
    )


def forecasts(*, racks=None, draws: int = 1_000) -> Forecasts:
    """Spending stays at its last figure, times 0.5 to 1.5 evenly; racks as given."""

    def spending(known: MarketFacts, entities: tuple[str, ...], ahead: int, series: str) -> Forecast:
        histories = [known.series(series, entity) for entity in entities]
        origin = min(max(history) for history in histories)
        last = sum(history[origin].value for history in histories)
        factors = np.linspace(0.5, 1.5, draws)[:, None]
        samples = np.tile(last * factors, (1, ahead))
        quarters = tuple(origin + n for n in range(1, ahead + 1))
        spread = from_errors([[0.1] * 8] * ahead)
        return Forecast(origin, quarters, samples, np.full(ahead, last), "as before", spread, {})

    def none(_facts, _period, _day):
        raise Refused("nobody forecasts racks here.")

    given = {"pool": lambda f, p, d: np.asarray(racks, np.float64)} if racks is not None else {"pool": none}
    return Forecasts(
        spending=spending, racks=given, rules={"naive": lambda h, n: np.full(n, h[-1])}, draws=draws
    )


def ledger(*claims: str, name: str = "ledger.yaml"):
    """A ledger of claims, each the lines of its test; the rest of a claim is filled in."""
    text = "claims:\n"
    for number, lines in enumerate(claims, 1):
        fields = {
            "id": f"c{number}", "who": "A", "said_on": "2025-02-03", "text": "It will.", "basis": "cash",
            "deadline": "2026-12-31", "source": "a page",
        }  # fmt: skip
        own = lines.strip().splitlines()
        for field, value in fields.items():
            if not any(line.strip().startswith(f"{field}:") for line in own):
                own.append(f"{field}: {value}")
        text += "  - " + "\n    ".join(own) + "\n"
    return read_ledger(text.encode(), name)
