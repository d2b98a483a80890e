"""The plan in a terminal: the answer, what it rests on, what binds, what was not chosen; then the tables.

Pure text: a document in, lines out, at most `width` cells wide.  The caller prints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from counterpoise.report import answer
from counterpoise.report.decisions import times
from counterpoise.report.layout import Column, heading, table, wrap
from counterpoise.report.listing import ASSUMPTION_COLUMNS, assumption_rows
from counterpoise.report.numbers import count, money, money_exact, percent, quantity, text
from counterpoise.report.schedule import busiest_period, item_in_words, place, rentals_in_all, running

Document = Mapping[str, Any]
_SHOWN_REASONS = 8
_SHOWN_ASSUMPTIONS = 8
_SHOWN_LIMITS = 6
_LONGEST_VALUE = 32


def plan_lines(document: Document, width: int, *, colour: bool = False) -> list[str]:
    """Return the headline, known as soon as the plan is solved: title and answer."""
    case = document["case"]
    periods = case.get("periods") or []
    span = f", {periods[0]} to {periods[-1]}" if periods else ""
    title = f"{case['name']} (as of {case['as_of']}, {case['currency']}, {case['region']}{span})"
    lines = heading(title, width, colour=colour)
    for sentence in answer.plan_sentences(document):
        lines += wrap(sentence, width)
    return [*lines, *wrap(answer.gap_in_words(document), width)]


def analysis_lines(document: Document, width: int, *, colour: bool = False, case: str = "CASE") -> list[str]:
    """Return all that follows the headline, in the order a buyer reads; `case` is for what to type next."""
    lines: list[str] = []
    bounds = answer.interval(document)
    first = [f"Cost, {bounds}."] if bounds else []
    for sentence in [*first, *answer.analysis_sentences(document)]:
        lines += wrap(sentence, width)
    for title, body in (
        ("Weakest fact", _weakest(document, width)),
        ("What binds", _limits(document, width)),
        ("Not chosen, and why", _why_not(document, width)),
        ("Warnings", _bullets([str(w) for w in document.get("warnings", ())], width)),
        ("Purchases and rentals", _purchases(document, width)),
        ("Techniques", _techniques(document, width)),
        (_running_title(document), _running(document, width)),
        ("Cost by item", _costs(document, width)),
        ("Money per unit of work", _unit_costs(document, width)),
        ("Assumptions, worst kinds first", _assumptions(document, width, case)),
    ):
        if body:
            lines += ["", *heading(title, width, colour=colour), *body]
    return lines


def _weakest(document: Document, width: int) -> list[str]:
    fact = document.get("weakest_fact")
    if not fact:
        return []
    lines = wrap(f"{fact['fact']}: {fact['basis']} ({fact['kind']}).", width)
    return lines + wrap(worse(document), width)


def worse(document: Document) -> str:
    """Return what an error in the weakest fact would change, "" where nobody computed it."""
    fact = document.get("weakest_fact") or {}
    change = fact.get("cost_change")
    if change is None:
        return ""
    sign = "+" if change >= 0 else "-"
    effect = f", {fact['effect']}" if fact.get("effect") else ""
    cost = money(abs(change), str(document["cost"]["currency"]))
    way = fact.get("direction") or "worse"
    return f"If it is {text(fact['change_pct'])} % {way}: {sign}{cost}{effect}."


def _limits(document: Document, width: int) -> list[str]:
    if "limits" not in document:
        return []
    currency = str(document["cost"]["currency"])
    binding = [row for row in document["limits"] if row["binds"]]
    if not binding:
        return ["No limit binds."]
    lines = []
    for row in binding[:_SHOWN_LIMITS]:
        worth = relaxed(row, currency)
        lines += wrap(f"{taken(row, currency)}{'; ' if worth else ''}{worth}.", width, "- ", "  ")
    hidden = len(binding) - _SHOWN_LIMITS
    return lines + ([f"- and {hidden} more (--json lists them)"] if hidden > 0 else [])


def taken(row: Document, currency: str) -> str:
    """Return a limit with how much of it is used: "power: 148 kW of 150 kW used"."""
    used, most = (quantity(row[key], str(row["unit"]), currency) for key in ("used", "value"))
    return f"{row['limit']}: {'all' if used == most else used} of {most} used"


def relaxed(row: Document, currency: str) -> str:
    """Return what more of a binding limit is worth, "" where it does not bind or nobody asked."""
    if not row["binds"] or not row.get("more"):
        return ""
    return f"{row['more']} {saved(row.get('saving'), currency)}"


def saved(saving: float | str | None, currency: str) -> str:
    """Return what a relaxed limit is worth: a saving, nothing, or the words of the analysis."""
    if saving is None:
        return "saves less than the solver's gap can tell"
    if isinstance(saving, str):
        return saving
    return f"saves {money(saving, currency)}" if saving > 0 else "saves nothing"


def _why_not(document: Document, width: int) -> list[str]:
    reasons = document.get("why_not", ())
    lines = _bullets([f"{row['what']}: {row['why']}" for row in reasons[:_SHOWN_REASONS]], width)
    hidden = len(reasons) - _SHOWN_REASONS
    return lines + ([f"- and {hidden} more (in the report)"] if hidden > 0 else [])


def _bullets(texts: Sequence[str], width: int) -> list[str]:
    return [line for text_ in texts for line in wrap(text_, width, "- ", "  ")]


def _purchases(document: Document, width: int) -> list[str]:
    currency = str(document["cost"]["currency"])
    rows = [
        [
            str(row["period"]),
            "buy",
            times(row["systems"], str(row["system"])),
            str(row.get("arrives") or row["period"]),
            money_exact(row["cost"]),
            str(row["offer"]),
        ]
        for row in document.get("purchases", ())
    ]
    rows += [
        [
            group["period"],
            group["how"],
            times(group["systems"], group["system"]) if group["how"] == "reserve" else _chips(group),
            group["until"],
            money_exact(group["cost"]),
            group["offer"],
        ]
        for group in rentals_in_all(document)
    ]
    columns = [
        Column("quarter"),
        Column("how"),
        Column("what", text=True),
        Column("usable/until"),
        Column(f"cost, {currency}", right=True),
        Column("offer", text=True),
    ]
    return table(columns, sorted(rows, key=lambda row: row[0]), width) or ["Nothing is bought or rented."]


def _chips(group: Mapping[str, Any]) -> str:
    return times(group["chips"], group["chip"] or f"chips of {group['system']}")


def _techniques(document: Document, width: int) -> list[str]:
    currency = str(document["cost"]["currency"])
    savings = {row["technique"]: lever_worth(row) for row in document.get("levers", ())}
    rows = [
        [
            str(row["technique"]),
            str(row["what"]),
            str(row["period"]),
            text(row.get("engineer_weeks")),
            money_exact(row.get("cost")),
            savings.get(row["technique"], "-"),
        ]
        for row in document.get("techniques", ())
    ]
    columns = [
        Column("technique", text=True),
        Column("what", text=True),
        Column("adopt in"),
        Column("weeks", right=True),
        Column(f"cost, {currency}", right=True),
        Column("plan is cheaper by", right=True),
    ]
    lines = table(columns, rows, width)
    for row in document.get("levers", ()):
        if not row.get("adopted", True) and row.get("saving") is not None:
            cost, most = money(row.get("own_cost"), currency), money(row["saving"], currency)
            lines += wrap(f"Not adopted: {row['technique']} costs {cost} and saves {most} at most.", width)
    return lines


def lever_worth(row: Document) -> str:
    """Return what an adopted technique saves, "below gap" where that is less than the solver can tell."""
    if row.get("saving") is not None:
        return money_exact(row["saving"])
    return "below gap" if "gap" in str(row.get("note")) else str(row.get("note") or "-")


def _running_title(document: Document) -> str:
    return f"What runs where, {busiest_period(document)} (systems in use; API in requests/s)"


def _running(document: Document, width: int) -> list[str]:
    labels = [str(block["label"]) for block in document["case"].get("blocks", ())]
    rows = [
        [
            str(row["workload"]),
            str(row.get("variant") or row["kind"]),
            place(row),
            *[count(row["in_block"].get(label)) if label in row["in_block"] else "-" for label in labels],
        ]
        for row in running(document, busiest_period(document))
    ]
    columns = [Column("workload", text=True), Column("runs", text=True), Column("on", text=True)]
    return table([*columns, *[Column(label, right=True) for label in labels]], rows, width)


def _costs(document: Document, width: int) -> list[str]:
    currency = str(document["cost"]["currency"])
    rows = [
        [item_in_words(row["item"]), money_exact(row["value"]), percent(row.get("share"))]
        for row in document.get("cost_items", ())
    ]
    rows.append(["total", money_exact(document["cost"]["value"]), ""])
    return table(
        [Column("item", text=True), Column(currency, right=True), Column("share", right=True)], rows, width
    )


def _unit_costs(document: Document, width: int) -> list[str]:
    rows = [
        [str(row["workload"]), f"{money_exact(row['value'], str(row['currency']))} per {row['per']}"]
        for row in document.get("unit_costs", ())
    ]
    return table([Column("workload", text=True), Column("cost", text=True)], rows, width)


def _assumptions(document: Document, width: int, case: str) -> list[str]:
    assumptions = document.get("assumptions", ())
    if not assumptions:
        return []
    lines = table(
        ASSUMPTION_COLUMNS, assumption_rows(assumptions, longest=_LONGEST_VALUE)[:_SHOWN_ASSUMPTIONS], width
    )
    hidden = len(assumptions) - _SHOWN_ASSUMPTIONS
    more = f"{hidden} more: " if hidden > 0 else "All of them: "
    return lines + wrap(f"{more}counterpoise assumptions {case}", width)
