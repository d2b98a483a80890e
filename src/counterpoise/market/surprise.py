"""What was spent against what was expected: by the simple rules, the recipe, companies and analysts.

Companies call different things capex, and a figure is held only against an expectation on its own basis;
where none is known on that basis, the comparison is refused and says so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from counterpoise.errors import BadInput, Refused
from counterpoise.market.baskets import CAPEX
from counterpoise.market.calendar import Period, Quarter, quarters_between
from counterpoise.market.facts import MarketFacts, Statement
from counterpoise.market.recipe import Histories, forecast_sum
from counterpoise.market.simple_rules import Rule

Basis = Literal["cash", "with lease principal", "with leased assets", "net of proceeds"]
TOPICS = ("capex_guidance", "capex_consensus")
OWN_BASIS: Mapping[str, Basis] = {
    "MSFT": "with leased assets",
    "GOOGL": "cash",
    "AMZN": "net of proceeds",
    "META": "with lease principal",
}
"""What each company's own word "capital expenditures" counts, by its releases."""
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FISCAL = re.compile(r"\(([a-z]{3})(\d{2})-([a-z]{3})(\d{2})\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a rule expected of a quarter, one quarter before, and what came; USD bn.

    `surprise` is actual / expected - 1.  `probability_below` is the recipe's probability of less than the
    actual (None for rules, which give no distribution).  `refused` says why there is none.
    """

    by: str
    expected_usd_bn: float | None
    surprise: float | None
    probability_below: float | None = None
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """A statement held against what was spent; `actual_usd_bn` is of the whole period on the same basis.

    `surprise` is actual / middle of the range - 1.  `reported_usd_bn` is what is known of a period that
    is not over.  `refused` says why there is no comparison.
    """

    statement: Statement
    basis: str
    actual_usd_bn: float | None = None
    surprise: float | None = None
    reported_usd_bn: float | None = None
    refused: str = ""


def against_rules(histories: Histories, quarter: Quarter, rules: Mapping[str, Rule]) -> list[Expected]:
    """Return what the recipe and each rule expected of the sum in `quarter` from the quarters before it."""
    before = {name: {q: v for q, v in h.items() if q < quarter} for name, h in histories.items()}
    actual = sum(history[quarter] for history in histories.values())
    found = [_by_recipe(before, actual)]
    starts = max(min(history) for history in before.values())
    sums = np.array([sum(h[q] for h in before.values()) for q in quarters_between(starts, quarter + -1)])
    for name, rule in rules.items():
        try:
            expected = float(rule(sums, 1)[0])
        except Refused as refusal:
            found.append(Expected(name, None, None, refused=str(refusal)))
        else:
            found.append(Expected(name, expected, actual / expected - 1.0))
    return found


def _by_recipe(before: Histories, actual: float) -> Expected:
    try:
        made = forecast_sum(before, 1, draws=1)
    except Refused as refusal:
        return Expected("recipe", None, None, refused=str(refusal))
    expected = float(made.point[0])
    below = float(made.spread.probability_below(math.log(actual / expected))[0])
    return Expected("recipe", expected, actual / expected - 1.0, below)


def against_statements(facts: MarketFacts, entities: Sequence[str], since: Quarter) -> list[Held]:
    """Return every guidance and consensus on the companies whose period ends in `since` or later.

    Statements on a group of companies are listed and refused: their sources add bases that differ.
    """
    held = []
    for statement in (s for topic in TOPICS for s in facts.said(topic)):
        if statement.by not in entities and statement.by in OWN_BASIS:
            continue
        quarters = quarters_of(statement.period)
        if quarters is not None and quarters[-1] < since:
            continue
        held.append(_held(facts, statement, quarters))
    return sorted(held, key=lambda h: (h.statement.known_on, h.statement.by))


def quarters_of(period: str) -> list[Quarter] | None:
    """Return the quarters of "4Q24", "CY2025" or "FY2025 (Jul24-Jun25)"; None for anything else."""
    text = period.strip()
    if fiscal := _FISCAL.search(text):
        first, last = (_month(fiscal[n], fiscal[n + 1]) for n in (1, 3))
        return quarters_between(first, last) if first and last else None
    try:
        return Period.read(text).quarters
    except BadInput:
        return None


def _month(name: str, year: str) -> Quarter | None:
    if name.casefold() not in _MONTHS:
        return None
    return Quarter(2000 + int(year), _MONTHS.index(name.casefold()) // 3 + 1)


def basis_of(statement: Statement) -> Basis | None:
    """Return what a statement on one company counts: what its words say, else the company's own basis."""
    words = statement.about.casefold()
    if "lease" in words:
        return "with lease principal" if "principal" in words else "with leased assets"
    if "cash" in words:
        return "cash"
    return OWN_BASIS.get(statement.by)


def _held(facts: MarketFacts, statement: Statement, quarters: list[Quarter] | None) -> Held:
    basis = basis_of(statement)
    words = _not_comparable(statement, basis)
    if words or basis is None:
        return Held(statement, basis or "not known", refused=words)
    if statement.low is None or not statement.mid > 0:
        return Held(statement, basis, refused="it gives no figure above 0")
    if quarters is None:
        return Held(statement, basis, refused=f'no quarters can be read from "{statement.period}"')
    spent = _spent(facts, statement.by, basis)
    known = [spent[q] for q in quarters if q in spent]
    if not known:
        return Held(statement, basis, refused=f"no quarter of the period is known {basis}")
    if len(known) < len(quarters):
        return Held(statement, basis, reported_usd_bn=sum(known), refused="the period is not over")
    return Held(statement, basis, sum(known), sum(known) / statement.mid - 1.0)


def _not_comparable(statement: Statement, basis: Basis | None) -> str:
    """Why a statement cannot be held against a figure by its own words; "" where it can."""
    if statement.by not in OWN_BASIS or basis is None:
        return "its source adds up companies whose bases differ"
    if statement.topic == "capex_consensus" and basis == "net of proceeds":
        return "analysts count it gross or net, and the source does not say"
    if statement.topic == "capex_guidance" and "capex" not in statement.about.casefold():
        return "it is of a part of spending, not of all"
    return ""


def _spent(facts: MarketFacts, entity: str, basis: Basis) -> dict[Quarter, float]:
    """One company's spending by quarter on a basis; empty where no figure is held on it."""
    cash = {q: o.value for q, o in facts.series(CAPEX, entity).items()}
    if basis == "cash":
        return cash
    if basis == "net of proceeds":
        return {}
    filed = {q: o.value for q, o in facts.series("capex_with_leases", entity).items()}
    if basis == "with leased assets":
        return filed
    principal = facts.series("finance_lease_principal", entity)
    return {q: v + principal[q].value for q, v in cash.items() if q in principal} | filed
