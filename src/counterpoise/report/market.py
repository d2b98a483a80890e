"""A market run in a terminal: the answer, then the few tables that it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterpoise.report import market_tables as tables
from counterpoise.report.claims import claim_table
from counterpoise.report.layout import heading, table, wrap
from counterpoise.report.numbers import percent
from counterpoise.report.page_tables import Table

Document = Mapping[str, Any]
_DRIVERS_SHOWN = 4


def market_lines(document: Document, width: int, *, colour: bool = False) -> list[str]:
    """Return the lines of an outlook, at most `width` cells wide."""
    lines = wrap(str(document["answer"]), width)
    lines += wrap(_seen(document), width)
    parts = [
        ("Capital spending of MSFT, GOOGL, AMZN and META", tables.capex(document)),
        ("Shipments and revenue", tables.quarters(document)),
        ("What holds racks back: share of draws", tables.limits(document)),
        ("Chips shipped", tables.kinds(document)),
        ("Where the money goes", tables.tiers(document)),
    ]
    for title, shown in parts:
        lines += ["", *heading(title, width, colour=colour), *_table(shown, width)]
    lines += ["", *heading("What decides it", width, colour=colour)]
    for sentence in deciding(document):
        lines += wrap(sentence, width, "- ", "  ")
    return lines


def replay_lines(document: Document, width: int, *, colour: bool = False) -> list[str]:
    """Return the lines of a replay, at most `width` cells wide."""
    lines = wrap(str(document["answer"]), width)
    lines += wrap(
        f"Forecasts know nothing later than {document['case']['as_of']}; verdicts and scores what was "
        f"public on {document['judged_on']}.",
        width,
    )
    lines += ["", *heading("The article's figures, computed", width, colour=colour)]
    for sentence in article(document):
        lines += wrap(sentence, width, "- ", "  ")
    parts = [
        ("The claims", claim_table(document["claims"]["claims"])),
        (
            f"Racks in {document['racks']['year']}: forecasts of the day, scored alike",
            tables.racks(document["racks"]),
        ),
        (
            f"Growth of the four large clouds in {document['growth']['quarter']}",
            tables.growth(document["growth"]),
        ),
    ]
    for title, shown in parts:
        lines += ["", *heading(title, width, colour=colour), *_table(shown, width)]
    lines += ["", *heading("What decides it", width, colour=colour)]
    for sentence in deciding(document["outlook"]):
        lines += wrap(sentence, width, "- ", "  ")
    return lines


def article(document: Document) -> list[str]:
    """Return the article's figures as sentences, each with what it is computed from."""
    told = document["article"]
    said = []
    falls = (told.get("falls") or {}).get("tickers") or []
    for ticker in falls:
        said += [_fall(ticker, fall) for fall in ticker["falls"] if "low" not in fall["basis"]]
    explained = told.get("headline")
    if explained and explained["matches"]:
        pairs, best = explained["pairs"], explained["matches"][0]
        said.append(
            f'"{explained["headline"]["said"]}": {pairs["fall"]} pairs of days and bases here give '
            f"the fall, {pairs['value_too']} the value too: {best['basis']}, {best['peak_on']} to "
            f"{best['trough_on']}."
        )
    cut = told.get("cut")
    if cut:
        price = f"{cut['rack_price_low_usd_m']:.1f}-{cut['rack_price_high_usd_m']:.1f} M USD"
        effect = f"{cut['low_usd_bn']:.0f}-{cut['high_usd_bn']:.0f} bn USD"
        said.append(f"{cut['racks']:,.0f} racks x {price} = {effect} ({cut['by']}, {cut['known_on']}).")
    elif told.get("cut_refused"):
        said.append(f"Effect of the cut: {told['cut_refused']}")
    value = told.get("value") or {}
    if "implied" in value:
        said.append(str(value["implied"]["answer"]))
    if "refused" in value:
        said.append(f"Implied growth: {value['refused']}")
    return said


def deciding(seen: Document) -> list[str]:
    """Return what decides an outlook: the elasticity, the evidence on it, and what drives the spread."""
    rebound = seen["rebound"]
    said = [
        f"Hardware demand changes by g^(e - 1): below an elasticity of {rebound['break_even_elasticity']:g} "
        f"cheaper models shrink it, above they grow it. {rebound['answer']}"
    ]
    cut = rebound["cut"]
    if cut:
        needed = cut["elasticity_by_gain"]
        shown = ", ".join(f"{row['elasticity']:.2f} at {row['gain']:g}x" for row in needed)
        said.append(
            f"A cut from {cut['from_racks']:,.0f} to {cut['to_racks']:,.0f} racks by efficiency alone needs "
            f"an elasticity of {shown}."
        )
    said.append(str(seen["evidence"]["answer"]))
    for driver in seen["drivers"]:
        leads = ", ".join(
            f"{row['name']} {percent(row['shapley'])}" for row in driver["inputs"][:_DRIVERS_SHOWN]
        )
        said.append(f"Spread of {driver['output']}: {leads}.")
    return said


def _seen(document: Document) -> str:
    set_by_user = f" Set by you: {', '.join(document['set'])}." if document.get("set") else ""
    assumed = sum(p["kind"] == "assumed" for p in document["priors"])
    return (
        f"As of {document['as_of']}, {document['draws']:,} draws; {assumed} of {len(document['priors'])} "
        f"priors are judgements.{set_by_user}"
    )


def _fall(ticker: Document, fall: Document) -> str:
    peak = f"{fall['peak_price']['value']:.2f} on {fall['peak_on']}"
    trough = f"{fall['trough_price']['value']:.2f} on {fall['trough_on']}"
    words = f"{ticker['ticker']} {fall['change_percent']:.1f} %, {fall['basis']}: {peak} to {trough}"
    lost = []
    seen_currencies: set[str] = set()
    for one in fall["value_lost"]:
        if one["currency"] in seen_currencies:
            continue
        seen_currencies.add(one["currency"])
        amount = f"{one['value_bn'] / 1e3:.2f} tn" if one["value_bn"] >= 1e3 else f"{one['value_bn']:.1f} bn"
        rate = one["rate"]
        at = f" (at {rate['units_per_base']:.4f} of {rate['as_of']})" if rate else ""
        lost.append(f"{amount} {one['currency']}{at}")
    shares = ticker["shares"]
    counted = f" by {shares['shares_bn']:.2f} bn shares of {shares['as_of']}" if shares else ""
    return f"{words}; lost {', '.join(lost)}{counted}." if lost else f"{words}."


def _table(shown: Table, width: int) -> list[str]:
    rows = [*shown.rows, list(shown.total)] if shown.total else list(shown.rows)
    return table(shown.columns, rows, width)
