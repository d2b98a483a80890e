"""The tables of the report page: headings and cells as text, from the plan document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from counterpoise.report import schedule
from counterpoise.report.decisions import joined
from counterpoise.report.layout import Column
from counterpoise.report.numbers import count, duration, money, money_exact, percent, quantity, text
from counterpoise.report.schedule import rentals_in_all
from counterpoise.report.terminal import relaxed

Document = Mapping[str, Any]
_LAYOUT = ("tp", "pp", "dp", "ep")


@dataclass(frozen=True, slots=True)
class Table:
    """A table ready for the page: headings, rows of text, and a last row that sums them up (or none)."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    total: Sequence[str] = ()


def limits(document: Document, currency: str) -> Table:
    """Return every limit, how much of it is used, and what more of it would save."""
    columns = [
        Column("limit"),
        Column("at most", right=True),
        Column("used", right=True),
        Column("binds"),
        Column("if relaxed"),
    ]
    rows = [
        [
            str(row["limit"]),
            quantity(row["value"], str(row["unit"]), currency),
            quantity(row["used"], str(row["unit"]), currency),
            "yes" if row["binds"] else "no",
            relaxed(row, currency) or "-",
        ]
        for row in document.get("limits") or []
    ]
    return told(Table(columns, rows))


def purchases(document: Document, currency: str) -> Table:
    """Return the orders with exact prices and their total."""
    columns = [
        Column("order in"),
        Column("system"),
        Column("chips", right=True),
        Column("systems", right=True),
        Column(f"price each, {currency}", right=True),
        Column(f"cost, {currency}", right=True),
        Column("usable from"),
        Column("offer"),
    ]
    orders = sorted(document.get("purchases") or [], key=lambda row: str(row["period"]))
    rows = [
        [
            str(row["period"]),
            str(row["system"]),
            f"{count(row['chips'])} x {row['chip']}",
            count(row["systems"]),
            money_exact(row.get("price_per_system")),
            money_exact(row["cost"]),
            str(row.get("arrives") or row["period"]),
            str(row["offer"]),
        ]
        for row in orders
    ]
    systems, cost = sum(float(r["systems"]) for r in orders), sum(float(r["cost"]) for r in orders)
    total = ["all orders", "", "", count(systems), "", money_exact(cost), "", ""]
    return Table(columns, rows, total if len(rows) > 1 else ())


def rentals(document: Document, currency: str) -> Table:
    """Return reservations and rentings by quarter, with their total."""
    columns = [
        Column("from"),
        Column("to"),
        Column("how"),
        Column("chips at most", right=True),
        Column("system"),
        Column("provider"),
        Column(f"cost, {currency}", right=True),
        Column("offer"),
    ]
    groups = rentals_in_all(document)
    rows = [
        [
            group["period"],
            group["until"],
            "reserve" if group["how"] == "reserve" else "rent by the hour",
            count(group["chips"]),
            group["system"],
            group["provider"] or "-",
            money_exact(group["cost"]),
            group["offer"],
        ]
        for group in groups
    ]
    total = ["in all", "", "", "", "", "", money_exact(sum(g["cost"] for g in groups)), ""]
    return Table(columns, rows, total if len(rows) > 1 else ())


def techniques(document: Document, currency: str) -> Table:
    """Return what is adopted, when, and at which cost."""
    columns = [
        Column("technique"),
        Column("what"),
        Column("adopt in"),
        Column("usable from"),
        Column("engineer-weeks", right=True),
        Column(f"cost, {currency}", right=True),
    ]
    rows = [
        [
            str(row["technique"]),
            str(row["what"]),
            str(row["period"]),
            str(row.get("usable_from") or row["period"]),
            text(row.get("engineer_weeks")),
            money_exact(row.get("cost")),
        ]
        for row in document.get("techniques") or []
    ]
    return told(Table(columns, rows))


def levers(document: Document, currency: str) -> Table:
    """Return what techniques are worth against chips, adopted or not."""
    columns = [
        Column("technique"),
        Column("adopted"),
        Column(f"its own cost, {currency}", right=True),
        Column("worth"),
    ]
    rows = []
    for row in document.get("levers") or []:
        adopted, saving = row.get("adopted", True), row.get("saving")
        if saving is None:
            worth = str(row.get("note") or "-")
        elif adopted:
            worth = f"without it the plan costs {money(saving, currency)} more"
        else:
            worth = f"saves {money(saving, currency)} at most, before its own cost"
        own = "-" if row.get("own_cost") is None else money_exact(row["own_cost"])
        rows.append([str(row["technique"]), text(adopted), own, worth])
    return told(Table(columns, rows))


def sensitivity(document: Document, currency: str) -> Table:
    """Return what each of the facts that matter most would change if it were worse."""
    columns = [
        Column("fact"),
        Column("kind"),
        Column("known from"),
        Column("range", right=True),
        Column("plan costs more by", right=True),
        Column("what changes"),
    ]
    rows = [
        [
            str(row["fact"]),
            str(row["kind"]),
            text(row.get("basis")),
            f"{percent(row['low'] - 1)} to +{percent(row['high'] - 1)}" if row.get("low") else "-",
            "-" if row.get("cost_change") is None else money(row["cost_change"], currency),
            text(row.get("effect")),
        ]
        for row in document.get("sensitivity") or []
    ]
    return told(Table(columns, rows))


def running(document: Document, period: str) -> Table:
    """Return what runs in `period` by hours of the day, with layout and latency."""
    labels = [str(block["label"]) for block in document["case"].get("blocks") or []]
    columns = [Column("workload"), Column("runs"), Column("on"), Column("layout")]
    columns += [Column("TTFT", right=True), Column("TPOT", right=True), *_hours(labels)]
    rows = [
        [
            str(row["workload"]),
            str(row.get("variant") or row["kind"]),
            schedule.place(row),
            _layout(row),
            "-" if row.get("ttft_s") is None else duration(row["ttft_s"]),
            "-" if row.get("tpot_s") is None else duration(row["tpot_s"]),
            *[_amount(row, label) for label in labels],
        ]
        for row in schedule.running(document, period)
    ]
    return told(Table(columns, rows))


def all_running(document: Document) -> Table:
    """Return what runs in every quarter by hours of the day."""
    labels = [str(block["label"]) for block in document["case"].get("blocks") or []]
    columns = [Column("quarter"), Column("workload"), Column("runs"), Column("on")]
    columns += _hours(labels)
    rows = [
        [
            str(period),
            str(row["workload"]),
            str(row.get("variant") or row["kind"]),
            schedule.place(row),
            *[_amount(row, label) for label in labels],
        ]
        for period in document["case"].get("periods") or []
        for row in schedule.running(document, str(period))
    ]
    return told(Table(columns, rows))


def bases(document: Document, period: str) -> list[tuple[str, str]]:
    """Return what each prediction and price of `period` rests on, once, after whom it is about."""
    about: dict[str, list[str]] = {}
    for row in schedule.running(document, period):
        if row.get("basis"):
            names = about.setdefault(str(row["basis"]), [])
            name = f"{row.get('variant') or row['kind']} on {row.get('system') or row['kind']}"
            if name not in names:
                names.append(name)
    return [(joined(names), basis) for basis, names in about.items()]


def told(table: Table) -> Table:
    """Leave out columns that say nothing in any row."""
    kept = [i for i in range(len(table.columns)) if any(row[i] not in {"", "-"} for row in table.rows)]
    return Table(
        [table.columns[i] for i in kept],
        [[row[i] for i in kept] for row in table.rows],
        [table.total[i] for i in kept] if table.total else (),
    )


def _hours(labels: Sequence[str]) -> list[Column]:
    return [Column(f"{label} h" if label[-1:].isdigit() else label, right=True) for label in labels]


def _layout(row: Document) -> str:
    layout = row.get("parallelism") or {}
    return " ".join(f"{key.upper()}{layout[key]}" for key in _LAYOUT if (layout.get(key) or 1) > 1) or "-"


def _amount(row: Document, label: str) -> str:
    amount = row["in_block"].get(label)
    if not amount:
        return "-"
    return count(amount) if row["kind"] in {"serving", "training"} else f"{count(amount)} req/s"


def costs(document: Document, currency: str) -> Table:
    """Return the cost by item, present value."""
    rows = [
        [schedule.item_in_words(row["item"]), money_exact(row["value"]), percent(row.get("share"))]
        for row in document.get("cost_items") or []
    ]
    columns = [Column("item"), Column(currency, right=True), Column("share", right=True)]
    return Table(columns, rows, ["total", money_exact(document["cost"]["value"]), ""])


def unit_costs(document: Document) -> Table:
    """Return money per unit of work."""
    rows = [
        [str(row["workload"]), money_exact(row["value"], str(row["currency"])), f"per {row['per']}"]
        for row in document.get("unit_costs") or []
    ]
    return Table([Column("workload"), Column("cost", right=True), Column("of what")], rows)
