"""The paragraph a buyer reads first: what to buy, reserve, rent, adopt, when; what runs where; its cost.

Every clause is read off the plan document; a fact that is not in the document makes no sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from counterpoise.report import decisions
from counterpoise.report.decisions import joined
from counterpoise.report.numbers import money, percent, quantity

Document = Mapping[str, Any]


_LEAST_GAP = 1e-6
"""What is said of a smaller gap, other than none."""


def paragraph(document: Document) -> str:
    """Return the answer as one paragraph."""
    return " ".join([*plan_sentences(document), *analysis_sentences(document)])


def plan_sentences(document: Document) -> list[str]:
    """Return what is known as soon as the plan is solved: decisions, what runs where, cost."""
    clauses = [*decisions.served(document), *decisions.trained(document)]
    left = decisions.unserved(document)
    sentences = [
        _decisions(document),
        _sentence(f"run {'; '.join(clauses)}") if clauses else "",
        _sentence(f"leave unserved {joined(left)}") if left else "",
        _cost(document),
    ]
    return [sentence for sentence in sentences if sentence]


def analysis_sentences(document: Document) -> list[str]:
    """Return what the analyses add: flagship systems, always called hypothetical, and the balance."""
    flagship = document.get("counterfactual") or {}
    sentences = []
    if flagship.get("cost") is not None:
        cost = money(flagship["cost"], str(document["cost"]["currency"]))
        sentences.append(f"On flagship systems, if they could be had: {cost} (hypothetical).")
    balance = _balance(document)
    return [*sentences, balance] if balance else sentences


def interval(document: Document) -> str:
    """Return the 80 % interval of the cost in words, empty where it was not computed."""
    cost = document["cost"]
    low, high = cost.get("low80"), cost.get("high80")
    if low is None or high is None:
        return ""
    currency = str(cost["currency"])
    return f"80 %: {money(low, currency)} to {money(high, currency)}"


def gap_in_words(document: Document) -> str:
    """Return how far the plan may be from the cheapest: never "optimal" while a gap is open."""
    gap = document.get("gap")
    if gap is None:
        return "The solver proved no gap."
    if gap <= 0:
        return "No cheaper plan exists (gap 0)."
    return f"No plan is more than {percent(max(gap, _LEAST_GAP))} cheaper (the solver's gap)."


def _decisions(document: Document) -> str:
    clauses = []
    for verb, things in (
        ("buy", decisions.bought(document)),
        ("reserve", decisions.reserved(document)),
        ("rent", decisions.rented(document)),
        ("adopt", decisions.adopted(document)),
    ):
        if things:
            clauses.append(f"{verb} {joined(things)}")
    if not document.get("purchases") and not document.get("rentals"):
        clauses.insert(0, "buy, reserve and rent nothing")
    return _sentence("; ".join(clauses))


def _cost(document: Document) -> str:
    cost = document["cost"]
    quarters, year = cost.get("quarters"), cost.get("year")
    span = f" over {quarters} quarter{'s' if quarters != 1 else ''}" if quarters else ""
    basis = f"present value, money of {year}" if year else "present value"
    details = "; ".join(part for part in (interval(document), basis) if part)
    return f"Cost {money(cost['value'], str(cost['currency']))}{span} ({details})."


def _balance(document: Document) -> str:
    balance = document.get("balance")
    if not balance:
        return ""
    parts = []
    hours = [balance.get(f"{kind}_chip_hours") for kind in ("serving", "training", "idle")]
    if balance.get("night_filled_share") is not None and hours[1]:
        filled = percent(balance["night_filled_share"])
        parts.append(f"training fills {filled} of what serving leaves free at night")
    if all(h is not None for h in hours) and sum(hours) > 0:
        parts.append(f"chip-hours serving : training : idle = {_ratio(hours)}")
    flagship = balance.get("flagship_chips")
    if flagship is not None:
        parts.append("no flagship chips" if not flagship else f"{quantity(flagship, 'flagship chips')}")
    return _sentence("; ".join(parts)) if parts else ""


def _ratio(hours: Iterable[float]) -> str:
    values = list(hours)
    total = sum(values)
    return " : ".join(f"{100 * value / total:.0f}" for value in values)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""
