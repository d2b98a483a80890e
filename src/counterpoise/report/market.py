"""A market run in a terminal: the answer, then the few tables that it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from counterpoise.report import market_tables as tables
from counterpoise.report import replay_tables
from counterpoise.report.claims import claim_table
from counterpoise.report.layout import heading, table, wrap
from counterpoise.report.market_words import prior_in_words
from counterpoise.report.numbers import percent
from counterpoise.report.page_tables import Table

Document = Mapping[str, Any]
_DRIVERS_SHOWN = 4
_OLD_DAYS = 365
_ASSUMPTIONS = {
    "fcf_margin": "free-cash-flow margin",
    "net_cash_usd_bn": "net cash",
    "growth_after": "growth after the path",
}


def market_lines(document: Document, width: int, *, colour: bool = False) -> list[str]:
    """Return the lines of an outlook, at most `width` cells wide."""
    lines = wrap(str(document["answer"]), width)
    lines += wrap(_seen(document), width)
    lines += [line for sentence in warnings(document) for line in wrap(f"Warning: {sentence}", width)]
    lines += _titled("What decides it", deciding(document), width, colour)
    parts = [
        (f"Capital spending of {_names(document)}", tables.capex(document)),
        ("Shipments and revenue, bottom-up", tables.quarters(document)),
        ("What holds racks back: share of draws", tables.limits(document)),
        ("What more of a limit would ship in the first four quarters", tables.worth(document)),
        ("Chips shipped, means over draws", tables.kinds(document)),
        ("Where the money goes, means over draws", tables.tiers(document)),
    ]
    for title, shown in parts:
        lines += ["", *heading(title, width, colour=colour), *_table(shown, width)]
    lines += _titled("What drives the spread", spreads(document), width, colour)
    return lines


def replay_lines(document: Document, width: int, *, colour: bool = False) -> list[str]:
    """Return the lines of a replay, at most `width` cells wide."""
    lines = wrap(str(document["answer"]), width)
    lines += wrap(
        f"Forecasts know nothing later than {document['case']['as_of']}; verdicts and scores what was "
        f"public on {document['judged_on']}.",
        width,
    )
    seen = document["outlook"]
    lines += wrap(_seen(seen), width)
    lines += [line for sentence in warnings(seen) for line in wrap(f"Warning: {sentence}", width)]
    lines += _titled("The article's figures, computed", article(document), width, colour)
    parts = [
        ("The claims", claim_table(document["claims"]["claims"])),
        (
            f"Racks in {document['racks']['year']}: forecasts of the day, scored alike",
            replay_tables.racks(document["racks"]),
        ),
        (
            f"Growth of the four large clouds in {document['growth']['quarter']}",
            replay_tables.growth(document["growth"]),
        ),
    ]
    for title, shown in parts:
        lines += ["", *heading(title, width, colour=colour), *_table(shown, width)]
        if shown is parts[0][1]:
            lines += [line for note in document["claims"]["notes"] for line in wrap(note, width)]
    lines += _titled("What decides it", deciding(seen), width, colour)
    lines += _titled("What drives the spread", spreads(seen), width, colour)
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


def refusals(document: Document) -> list[str]:
    """Return what of the article could not be computed, and why."""
    told = document["article"]
    said = []
    if told.get("cut_refused"):
        said.append(f"Effect of the cut: {told['cut_refused']}")
    if "refused" in (told.get("value") or {}):
        said.append(f"Implied growth: {told['value']['refused']}")
    return said


def valuing(document: Document) -> list[str]:
    """Return what the value of a share rests on: method, what was published, and the assumptions."""
    implied = ((document.get("article") or {}).get("value") or {}).get("implied")
    if implied is None:
        return []
    method = str(implied["method"])
    said = [f"{method[:1].upper()}{method[1:]}; {implied['shares_bn']:.2f} bn shares."]
    published = [
        f"{one['by']} {one['usd_per_share']:.0f} USD ({one['known_on']})"
        for one in implied["published_values"]
    ]
    if published:
        said.append(f"Published values of a share: {', '.join(published)}.")
    assumed = [
        f"{_ASSUMPTIONS.get(one['name'], one['name'].replace('_', ' '))} {_span(one)}"
        for one in implied["assumptions"]
    ]
    return [*said, f"Assumed, 10 to 90 %: {'; '.join(assumed)}."]


def _span(one: Document) -> str:
    low, high, unit = one["low_p10"], one["high_p90"], str(one["unit"])
    if unit.startswith("fraction"):
        return f"{100 * low:.0f} to {100 * high:.0f} %{unit.removeprefix('fraction').replace('per', 'a')}"
    return f"{low:g} to {high:g} {unit}"


def deciding(seen: Document) -> list[str]:
    """Return what decides an outlook: the elasticity, what a cut would need, and the evidence on it."""
    rebound = seen["rebound"]
    said = [
        f"Hardware demand changes by gain^(elasticity - 1): below an elasticity of "
        f"{rebound['break_even_elasticity']:g} cheaper models shrink it, above they grow it. "
        f"{_fan(rebound)}"
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
    return said


def spreads(seen: Document) -> list[str]:
    """Return what drives the spread of each output, the largest first, in words."""
    said = []
    for driver in seen["drivers"]:
        leads = ", ".join(
            f"{prior_in_words(row['name'])} {percent(row['shapley'])}"
            for row in driver["inputs"][:_DRIVERS_SHOWN]
        )
        output = str(driver["output"])
        said.append(f"{output[:1].upper()}{output[1:]}: {leads} of the variance.")
    return said


def basis(seen: Document) -> str:
    """Return how many priors are of which kind."""
    kinds = [str(p["kind"]) for p in seen["priors"]]
    words = {"set": "set by you", "assumed": "judgements", "derived": "derived", "sourced": "published"}
    told = ", ".join(f"{kinds.count(kind)} {said}" for kind, said in words.items() if kind in kinds)
    return f"{len(kinds)} priors: {told}"


def warnings(seen: Document) -> list[str]:
    """Return what should keep a reader from using an outlook as it is: old priors, revenue that it misses."""
    day = date.fromisoformat(str(seen["as_of"]))
    known = [date.fromisoformat(str(p["known_on"])) for p in seen["priors"] if p["kind"] != "set"]
    old = sum((day - one).days > _OLD_DAYS for one in known)
    said = []
    if old > len(known) / 2:
        said.append(
            f"{old} of {len(seen['priors'])} priors were known more than a year before {day}. The levels of "
            "the chain rest on them: set your own (--set), or take a day near theirs."
        )
    reported = {row["quarter"]: row["usd_bn"] for row in seen["vendor_revenue_reported"]}
    missed = [
        (row["quarter"], reported[row["quarter"]], row["vendor_revenue_usd_bn"])
        for row in seen["by_quarter"]
        if row["quarter"] in reported
        and not row["vendor_revenue_usd_bn"]["p10"]
        <= reported[row["quarter"]]
        <= row["vendor_revenue_usd_bn"]["p90"]
    ]
    if missed:
        quarter, came, ours = missed[0]
        said.append(
            f"The chain misses what was reported already: NVIDIA's data-centre revenue of {quarter} was "
            f"{came:.1f} bn USD, the chain says {ours['median']:.1f} (80 %: {ours['p10']:.0f} to "
            f"{ours['p90']:.0f})."
        )
    return said


def _fan(rebound: Document) -> str:
    """The fan of demand in a sentence: one figure where nothing varies."""
    fan = rebound["fan"]["quantiles_demand_ratio"]
    if fan["p90"] - fan["p10"] < 1e-6:
        return f"With the elasticity and the gain set, demand is {fan['p50']:.3f} of what was expected."
    return str(rebound["answer"])


def _seen(document: Document) -> str:
    set_by_user = f" Set by you: {', '.join(document['set'])}." if document.get("set") else ""
    return f"As of {document['as_of']}, {document['draws']:,} draws; {basis(document)}.{set_by_user}"


def _names(document: Document) -> str:
    names = document["capex"]["entities"]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _fall(ticker: Document, fall: Document) -> str:
    peak = f"{fall['peak_price']['value']:.2f} on {fall['peak_on']}"
    trough = f"{fall['trough_price']['value']:.2f} {fall['trough_price']['currency']} on {fall['trough_on']}"
    words = f"{ticker['ticker']} {fall['change_percent']:.1f} %, {fall['basis']}: {peak} to {trough}"
    lost = []
    for one in replay_tables.first_of_each_currency(fall["value_lost"]):
        rate = one["rate"]
        at = f" (at {rate['units_per_base']:.4f} of {rate['as_of']})" if rate else ""
        lost.append(f"{replay_tables.amount_bn(one)}{at}")
    shares = ticker["shares"]
    counted = f" by {shares['shares_bn']:.2f} bn shares of {shares['as_of']}" if shares else ""
    return f"{words}; lost {', '.join(lost)}{counted}." if lost else f"{words}."


def _titled(title: str, sentences: list[str], width: int, colour: bool) -> list[str]:
    lines = ["", *heading(title, width, colour=colour)]
    for sentence in sentences:
        lines += wrap(sentence, width, "- ", "  ")
    return lines


def _table(shown: Table, width: int) -> list[str]:
    rows = [*shown.rows, list(shown.total)] if shown.total else list(shown.rows)
    return table(shown.columns, rows, width)
