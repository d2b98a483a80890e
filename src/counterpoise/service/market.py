"""`market` and `replay`: an outlook from dated facts and priors; a ledger, prices and rivals against it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from counterpoise.errors import BadInput, Refused, Where
from counterpoise.market import chain, outlook, priors, published, replay
from counterpoise.market.facts import MarketFacts
from counterpoise.market.priors import Prior
from counterpoise.service.market_run import write
from counterpoise.service.replay_folder import ReplayFolder, read_replay

Document = dict[str, Any]


def look(
    *,
    as_of: date | None = None,
    assignments: Sequence[str] = (),
    facts: Path | None = None,
    quarters: int = outlook.QUARTERS,
    draws: int = outlook.DRAWS,
    seed: int = 0,
    runs_dir: Path | None = None,
    html: bool = True,
) -> Document:
    """Return the market's outlook as of a day (today where None), and write its run where asked.

    `assignments`: what the user believes, as "elasticity=0.8"; a prior so set is a point.
    """
    started = time.perf_counter()
    day = as_of or date.today()
    known = all_facts(facts, day)
    believed = beliefs(day, assignments)
    seen = outlook.look_ahead(known, believed, day, quarters=quarters, draws=draws, seed=seed)
    document: Document = {
        "kind": "market",
        "case": {"name": "market", "as_of": day},
        "set": list(assignments),
        **outlook.document(seen),
    }
    files = {} if facts is None else {facts.name: facts.read_bytes()}
    settings = {"draws": draws, "quarters": quarters, "set": list(assignments)}
    return write(document, known, day, files, settings, seed, runs_dir, html, started)


def replay_of(
    path: Path,
    *,
    judged_on: date | None = None,
    facts: Path | None = None,
    draws: int | None = None,
    runs_dir: Path | None = None,
    html: bool = True,
    on_stage: Callable[[str, Document], None] | None = None,
) -> Document:
    """Replay a folder: the outlook as of its day, the claims of its ledger judged, every forecast scored.

    `on_stage` is called with ("outlook", document) as soon as the forecasts are made.
    """
    from counterpoise.service.claims import judge_claims

    started = time.perf_counter()
    folder = read_replay(path)
    day, judged = folder.as_of, judged_on or folder.judged_on or date.today()
    if judged < day:
        raise BadInput(f"{judged} is before {day}, the as-of day.", where=Where(field="judged_on"))
    known = all_facts(facts, day, judged)
    count = draws or folder.draws
    seen = outlook.look_ahead(known, beliefs(day, folder.assignments), day, draws=count, seed=folder.seed)
    document: Document = {
        "kind": "replay",
        "case": {"name": folder.name, "as_of": day},
        "judged_on": judged,
        "set": list(folder.assignments),
        "outlook": outlook.document(seen),
    }
    if on_stage is not None:
        on_stage("outlook", document)
    document["racks"] = replay.racks_scored(seen, known, judged)
    document["growth"] = replay.growth_scored(seen, known, judged, folder.growth_quarter)
    document["vendor_revenue_came"] = replay.revenue_came(seen, known, judged)
    document["claims"] = judge_claims(
        folder.claims,
        as_of=day,
        judged_on=judged,
        facts=facts,
        prices=folder.prices,
        seed=folder.seed,
    )
    document["article"] = _article(folder, seen)
    document["answer"] = _answer(document)
    settings = {"draws": count, "judged_on": str(judged), "set": list(folder.assignments)}
    return write(document, known, judged, folder.files, settings, folder.seed, runs_dir, html, started)


def beliefs(day: date, assignments: Sequence[str]) -> dict[str, Prior]:
    """Return the priors known on a day, with what the user sets in their place."""
    believed = priors.as_of(day)
    for assignment in assignments:
        believed = priors.set(believed, assignment)
    return believed


def all_facts(own: Path | None, *days: date) -> MarketFacts:
    """Return the shipped facts and the user's own: a table, or filed facts in the SEC's form."""
    from counterpoise.service.claims import known_facts

    return known_facts(own, *days)


def _article(folder: ReplayFolder, seen: outlook.Outlook) -> Document:
    """The figures of the article, each computed: the fall, the value lost, the effect of the cut."""
    from counterpoise.service.drawdown import Question, tell_falls
    from counterpoise.service.headline import explain_headline

    made: Document = {}
    try:
        made["cut"] = replay.cut_effect(seen.facts, folder.as_of.year)
    except Refused as reason:
        made["cut_refused"] = str(reason)
    if folder.prices is None:
        return made
    asked = Question((folder.ticker,), end=folder.as_of, currency=folder.currency, series=True)
    made["falls"] = tell_falls(folder.prices, asked)
    if folder.headline:
        made["headline"] = explain_headline(
            folder.prices, Question((folder.ticker,)), folder.headline, folder.headline_date
        )
    made["value"] = _value(folder, folder.prices, seen)
    return made


def _value(folder: ReplayFolder, path: Path, seen: outlook.Outlook) -> Document:
    from counterpoise.market.drawdown import falls
    from counterpoise.market.shares import count_for, stated_counts
    from counterpoise.service.price_file import read_series

    (prices,) = read_series(path, (folder.ticker,), None, folder.as_of)
    found = falls(prices)
    if not found:
        return {"refused": f"the price of {folder.ticker} never fell by {folder.as_of}."}
    count = count_for(stated_counts(seen.facts, prices), found[0].trough_on)
    if count is None:
        return {"refused": f"no share count of {folder.ticker} was public by {folder.as_of}."}
    try:
        return replay.value_document(seen.facts, found, count, seen, folder.seed)
    except Refused as reason:
        return {"refused": str(reason)}


def _answer(document: Document) -> str:
    """One paragraph: what came of the claims, and of the two that the article turns on."""
    summary, racks, growth = document["claims"]["summary"], document["racks"], document["growth"]
    words = {"holds": "hold", "fails": "fail"}
    counted = [f"{n} {words.get(state, state)}" for state, n in summary["verdicts"].items() if n]
    parts = [
        f"Of {summary['claims']} claims {', '.join(counted)}, by what was public on {document['judged_on']}."
    ]
    came = racks["outcome"]
    best = racks["forecasts"][0]
    if came is not None:
        pooled = (
            "" if racks["published"] is None else f"by published forecasts {_median(racks, published.NAME)}, "
        )
        parts.append(
            f"Racks in {racks['year']}: {came['low_racks']:,.0f} to {came['high_racks']:,.0f}; nearest by "
            f"CRPS was {best['name']}, ours {pooled}bottom-up {_median(racks, chain.NAME)}."
        )
    if growth["came_percent"] is not None:
        ours = next(row for row in growth["forecasts"] if row["kind"] == "ours")
        parts.append(
            f"Growth of the four large clouds in {growth['quarter']}: {growth['came_percent']:+.0f} %; the "
            f"recipe said {ours['yoy_percent']:+.0f} % (80 %: {ours['low80_percent']:+.0f} to "
            f"{ours['high80_percent']:+.0f}) and gave single digits "
            f"{100 * growth['probability_below_10_percent']:.0f} %."
        )
    return " ".join(parts)


def _median(racks: Document, name: str) -> str:
    return next(f"{row['median_racks']:,.0f}" for row in racks["forecasts"] if row["name"] == name)
