"""`quote`: what to do with each offer on the table."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from counterpoise.analysis.changes import without_offers
from counterpoise.analysis.quote import QuoteAnswer, review
from counterpoise.analysis.replan import around
from counterpoise.analysis.resolve import Solver
from counterpoise.catalogue import in_dollars, read_offers
from counterpoise.catalogue.records import Offer
from counterpoise.errors import BadInput, NoPlan, Where
from counterpoise.planning.assemble import Assembled, assemble
from counterpoise.planning.case import Case
from counterpoise.planning.solve import solve
from counterpoise.service.cases import read_case

Document = dict[str, Any]


def review_quotes(case_path: Path, offers_path: Path) -> Document:
    """Plan the case with and without each quote and decide on it; see `analysis.quote`."""
    folder = read_case(case_path)
    case, catalogue = folder.case, folder.catalogue
    rates = {rate.currency: rate for rate in catalogue.exchange_rates}
    quotes = [in_dollars(o, rates) for o in read_offers(offers_path, catalogue)]
    if not quotes:
        raise BadInput("the file has no quote.", where=Where(str(offers_path)), hint="One row an offer.")
    names = {q.name for q in quotes}
    others = tuple(o for o in catalogue.offers if o.name not in names)
    offered = replace(catalogue, offers=(*quotes, *others))
    assembled = assemble(case, offered, keep=frozenset(names), measured=folder.measured)

    problem = assembled.problem
    open_ = [n for n in sorted(names) if n in problem.buys or n in problem.reserves or n in problem.rents]
    without = without_offers(problem, open_)
    solver: Solver
    try:
        solver = around(solve(without, gap=case.gap, time_limit_s=case.time_limit_s))[1]
    except NoPlan:
        # Without any quote there is no plan to stay near: each quote is planned from nothing.
        solver = partial(solve, gap=case.gap, time_limit_s=case.time_limit_s)
    answers = {a.quote: a for a in review(problem, open_, solver)}
    rows = [
        _row(answers[q.name], assembled, case) if q.name in answers else _refused(q, assembled, case)
        for q in quotes
    ]
    return {"quotes": rows}


def _refused(quote: Offer, assembled: Assembled, case: Case) -> Document:
    why = next((r.why for r in assembled.refusals if r.offer == quote.name), "it cannot be used in this case")
    return _decision(quote.name, "refuse", 0.0, case) | {"haggle_to": None, "why": why}


def _decision(name: str, decision: str, saving_usd: float | None, case: Case) -> Document:
    value = None if saving_usd is None else saving_usd * case.units_per_usd
    return {"quote": name, "decision": decision, "saving": {"value": value, "currency": case.currency}}


def _row(answer: QuoteAnswer, assembled: Assembled, case: Case) -> Document:
    haggle = None
    if answer.haggle_factor is not None:
        offer = assembled.supply.offers[answer.quote]
        per = "system" if offer.kind == "buy" else "chip and hour"
        haggle = {
            "value": offer.price_usd.mid * answer.haggle_factor * case.units_per_usd,
            "currency": case.currency,
            "per": per,
        }
    return _decision(answer.quote, answer.decision, answer.saving_usd, case) | {
        "systems": answer.systems,
        "haggle_to": haggle,
        "why": answer.why,
    }
