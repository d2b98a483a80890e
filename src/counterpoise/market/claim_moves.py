"""Which new fact moved which probability: each is dropped in turn, and the rest computed again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from counterpoise.market.claim_forecasts import Desk
from counterpoise.market.claim_probabilities import probability
from counterpoise.market.claim_series import uses_observation, uses_statement
from counterpoise.market.facts import MarketFacts, Observation, Statement
from counterpoise.market.ledger import Claim, Ledger
from counterpoise.market.observed import book_on

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class News:
    """New facts that are dropped together, and their name.

    Quarters of one company's series go together: dropping one from the middle would leave a gap that no
    forecast accepts.
    """

    name: str
    known_on: date
    observations: frozenset[Observation] = frozenset()
    statements: frozenset[Statement] = frozenset()

    def bears_on(self, claim: Claim) -> bool:
        """Whether any test of a claim rests on one of these facts."""
        return any(uses_observation(t, o) for t in claim.tests for o in self.observations) or any(
            uses_statement(t, s) for t in claim.tests for s in self.statements
        )

    def without(self, facts: MarketFacts) -> MarketFacts:
        """Return the facts without these; an earlier vintage stands again."""
        return replace(
            facts,
            observations=tuple(o for o in facts.observations if o not in self.observations),
            statements=tuple(s for s in facts.statements if s not in self.statements),
        )


def moves(ledger: Ledger, facts: MarketFacts, since: date, desk: Desk) -> list[Document]:
    """Return, claim by claim, the probability on `since` and now, and how far each new fact moved it.

    A move is the probability now less the one without the fact.  Moves need not add up to the change: facts
    act together, and time passes; the remainder says by how much.  Largest changes first.
    """
    then = _on(since, facts, desk)
    fresh = new_facts(facts, since, desk.book.day)
    now = {claim.name: probability(claim, desk).ours for claim in ledger.claims}
    moved: dict[str, list[tuple[News, float | None]]] = {claim.name: [] for claim in ledger.claims}
    for news in fresh:
        touched = [claim for claim in ledger.claims if news.bears_on(claim)]
        if not touched:
            continue
        without = _on(desk.book.day, news.without(facts), desk)
        for claim in touched:
            moved[claim.name].append((news, _less(now[claim.name], probability(claim, without).ours)))
    found = [
        _document(claim, probability(claim, then).ours, now[claim.name], moved[claim.name])
        for claim in ledger.claims
    ]
    return sorted(found, key=lambda m: -abs(m["change"] or 0.0))


def new_facts(facts: MarketFacts, since: date, day: date) -> list[News]:
    """Return the facts public after `since` and by `day`, in order of the day they became public."""
    by_series: dict[tuple[str, str], list[Observation]] = {}
    for one in facts.observations:
        if since < one.known_on <= day:
            by_series.setdefault((one.entity, one.series), []).append(one)
    found = [
        News(_named(entity, series, some), max(o.known_on for o in some), observations=frozenset(some))
        for (entity, series), some in by_series.items()
    ]
    by_origin: dict[tuple[str, str, date], list[Statement]] = {}
    for said in facts.statements:
        if since < said.known_on <= day:
            by_origin.setdefault((said.topic, said.origin or said.by, said.known_on), []).append(said)
    found += [
        News(f"{some[0].by}: {_figures(some)}", known_on, statements=frozenset(some))
        for (_, _, known_on), some in by_origin.items()
    ]
    return sorted(found, key=lambda news: (news.known_on, news.name))


def _named(entity: str, series: str, some: Iterable[Observation]) -> str:
    quarters = sorted({o.quarter for o in some})
    span = str(quarters[0]) if len(quarters) == 1 else f"{quarters[0]} to {quarters[-1]}"
    return f"{entity} {series.replace('_', ' ')} {span}"


def _figures(some: Iterable[Statement]) -> str:
    said = [f"{s.about} {_range(s)}".strip() for s in some]
    return "; ".join(dict.fromkeys(said))


def _range(one: Statement) -> str:
    if one.low is None or one.high is None:
        return ""
    return f"{one.low:,g}" if one.low == one.high else f"{one.low:,g} to {one.high:,g}"


def _on(day: date, facts: MarketFacts, desk: Desk) -> Desk:
    return Desk(book_on(facts, day, desk.book.prices, desk.book.rates), desk.forecasts, desk.ledger)


def _less(now: float | None, without: float | None) -> float | None:
    return None if now is None or without is None else now - without


def _document(
    claim: Claim, then: float | None, now: float | None, moved: list[tuple[News, float | None]]
) -> Document:
    change = _less(now, then)
    known = [move for _, move in moved if move is not None]
    ordered = sorted(moved, key=lambda one: -abs(one[1] or 0.0))
    return {
        "id": claim.name,
        "then": then,
        "now": now,
        "change": change,
        "moves": [{"fact": news.name, "known_on": news.known_on, "change": move} for news, move in ordered],
        "remainder": None if change is None else change - sum(known),
    }
