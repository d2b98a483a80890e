"""A ledger judged: our probability then, the verdict by the data now, the score, and what moved us."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, get_args

import numpy as np

from counterpoise.errors import BadInput, Refused, Where
from counterpoise.market.claim_draws import draws_of
from counterpoise.market.claim_forecasts import Desk, Forecasts
from counterpoise.market.claim_moves import moves
from counterpoise.market.claim_probabilities import Probability, probability
from counterpoise.market.claim_scores import Score, scores
from counterpoise.market.claim_series import SERIES
from counterpoise.market.facts import MarketFacts
from counterpoise.market.ledger import Claim, Ledger, as_written
from counterpoise.market.observed import Book, Figure, book_on
from counterpoise.market.prices import PriceSeries
from counterpoise.market.rates import ReferenceRates
from counterpoise.market.scores import brier
from counterpoise.market.verdicts import Judged, State, judge_test, verdict

Document = dict[str, Any]
ALWAYS_HALF = 0.25
"""Brier score of always saying 50 %."""


def judge(
    ledger: Ledger,
    facts: MarketFacts,
    as_of: date,
    judged_on: date,
    forecasts: Forecasts,
    *,
    prices: Mapping[str, PriceSeries] | None = None,
    rates: ReferenceRates | None = None,
    since: date | None = None,
) -> Document:
    """Return a ledger's claims with probability as of one day and verdict as of another, as a plain document.

    `facts` are all there are: probabilities use those public on `as_of`, verdicts those public on
    `judged_on`, and a fact published later changes neither.  `since` adds which facts public after it and by
    `as_of` moved each probability.  Raises `BadInput` where the days are out of order.
    """
    _check_days(as_of, judged_on, since)
    known_prices, known_rates = prices or {}, rates or ReferenceRates({})
    desk = Desk(book_on(facts, as_of, known_prices, known_rates), forecasts, ledger)
    judged_by = book_on(facts, judged_on, known_prices, known_rates)
    found = [_claim(claim, desk, judged_by) for claim in ledger.claims]
    document: Document = {
        "ledger": ledger.name,
        "as_of": as_of,
        "judged_on": judged_on,
        "claims": found,
        "summary": _summary(found),
        "notes": _notes(ledger, as_of, found, desk),
    }
    if since is not None:
        document["since"] = since
        document["moves"] = moves(ledger, facts, since, desk)
    return document


def _check_days(as_of: date, judged_on: date, since: date | None) -> None:
    if judged_on < as_of:
        raise BadInput(
            f"{judged_on} is before {as_of}, the as-of day.",
            where=Where(field="--judged-on"),
            hint="Judge on that day or later.",
        )
    if since is not None and since >= as_of:
        raise BadInput(
            f"{since} is not before {as_of}, the as-of day.",
            where=Where(field="--since"),
            hint="Give an earlier day.",
        )


def _claim(claim: Claim, desk: Desk, book: Book) -> Document:
    state, judged = verdict(claim, book)
    expected = probability(claim, desk)
    happened = {"holds": True, "fails": False}.get(state)
    ours = expected.ours
    scored = None if happened is None or ours is None or expected.known else brier(ours, happened)
    return {
        "id": claim.name,
        "who": claim.who,
        "said_on": claim.said_on,
        "text": claim.text,
        "basis": claim.basis,
        "reading": claim.reading,
        "deadline": claim.deadline,
        "source": claim.source,
        "url": claim.url,
        "verdict": state,
        "why": "; ".join(dict.fromkeys(one.why for one in judged if one.state == state and one.why)),
        "probability": _probability(expected),
        "brier": scored,
        "brier_by": _brier_by(expected, happened),
        "claimant_brier": None if happened is None or expected.known else brier(1.0, happened),
        "tests": [_test(one, claim, desk, book) for one in judged],
    }


def _brier_by(expected: Probability, happened: bool | None) -> Document:
    if happened is None or expected.known:
        return {}
    return {name: brier(p, happened) for name, (p, _) in expected.by.items()}


def _probability(found: Probability) -> Document:
    return {
        "value": found.ours,
        "standard_error": found.standard_error,
        "known_already": found.known,
        "by": {name: {"value": p, "standard_error": error} for name, (p, error) in found.by.items()},
        "basis": list(found.basis),
        "why_none": found.why,
    }


def _test(one: Judged, claim: Claim, desk: Desk, book: Book) -> Document:
    test, seen, reference = one.test, one.seen, one.reference
    observed = {"low": seen.low, "high": seen.high, "unit": test.unit} if seen.seen else None
    measured_from = (
        {"period": str(test.against), "low": reference.low, "high": reference.high, "unit": test.unit}
        if test.against is not None and reference.seen
        else None
    )
    return as_written(test) | {
        "title": SERIES[test.series].title,
        "verdict": one.state,
        "why": one.why,
        "observed": observed,
        "reference": measured_from,
        "figures": [_figure(f) for f in (*seen.figures, *reference.figures)],
        "missing": [{"what": m.what, "due": m.due} for m in (*seen.missing, *reference.missing)],
        "expected": _expected(one, claim, desk),
        "scores": [_score(s) for s in scores(test, claim, seen, reference, desk)],
        "path": _path(one, claim, book),
    }


def _expected(one: Judged, claim: Claim, desk: Desk) -> Document | None:
    """Median and 80 % interval of our draws; None where there are none."""
    try:
        drawn = next(iter(draws_of(one.test, claim, desk).values()))
    except Refused:
        return None
    values = drawn.values[np.isfinite(drawn.values)]
    if not len(values):
        return None
    low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
    return {"p10": float(low), "median": float(middle), "p90": float(high), "unit": one.test.unit}


def _path(one: Judged, claim: Claim, book: Book) -> list[Document]:
    """What a direction came to in every quarter on the way: a deadline may pick a lucky one."""
    test = one.test
    if test.against is None or test.period is None or test.period.span != "quarter":
        return []
    steps = []
    for back in range(test.period.first - test.against.first - 1, -1, -1):
        period = test.period + -back
        step = judge_test(test, claim, book, period)
        if step.seen.seen:
            steps.append(
                {"period": str(period), "value": step.seen.low, "unit": test.unit, "verdict": step.state}
            )
    return steps


def _figure(one: Figure) -> Document:
    return {
        "what": one.what,
        "value": one.value,
        "unit": one.unit,
        "source": one.source,
        "known_on": one.known_on,
    }


def _score(one: Score) -> Document:
    return {
        "name": one.name,
        "kind": one.kind,
        "forecast": one.forecast,
        "error": one.error,
        "crps": one.crps,
        "says_claim_holds": one.says,
        "note": one.note,
    }


def _summary(found: Iterable[Document]) -> Document:
    claims = list(found)
    counts = {state: sum(c["verdict"] == state for c in claims) for state in get_args(State)}
    briers = [c["brier"] for c in claims if c["brier"] is not None]
    others = dict.fromkeys(name for c in claims if c["brier"] is not None for name in list(c["brier_by"])[1:])
    claimants = [c["claimant_brier"] for c in claims if c["brier"] is not None]
    return {
        "claims": len(claims),
        "verdicts": counts,
        "scored_probabilities": len(briers),
        "brier": sum(briers) / len(briers) if briers else None,
        "brier_with": {
            name: sum(c["brier_by"].get(name, c["brier"]) for c in claims if c["brier"] is not None)
            / len(briers)
            for name in others
        },
        "brier_always_50_percent": ALWAYS_HALF,
        "brier_claims_taken_as_certain": sum(claimants) / len(claimants) if claimants else None,
    }


def _notes(ledger: Ledger, as_of: date, found: Iterable[Document], desk: Desk) -> list[str]:
    claims = list(found)
    notes = [
        "Claims made in one place on one day share their facts, so their scores are fewer than their number."
    ]
    late = [c.name for c in ledger.claims if c.said_on > as_of]
    if late:
        notes.append(f"Said after {as_of}, so nobody had made them yet: {', '.join(late)}.")
    read = [c.name for c in ledger.claims if c.reading]
    if read:
        notes.append(f"Words turned into a test by the ledger, not by who said them: {', '.join(read)}.")
    known = [c["id"] for c in claims if c["probability"]["known_already"]]
    if known:
        notes.append(f"Public on {as_of} already, so neither forecast nor scored: {', '.join(known)}.")
    if any(t["series"].startswith("rack") for c in claims for t in c["tests"]):
        notes.append(
            "No count of racks is audited: verdicts rest on the range that was published afterwards."
        )
    notes += [f"The rule {name} was not run: {why}" for name, why in desk.rules_refused.items()]
    return notes
