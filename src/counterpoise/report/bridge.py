"""What `bridge` answers: buy now, wait or rent, what each may be regretted by, and when that flips."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterpoise.report.charts import _THOUSANDS, BLUE, GREEN, GREY, ORANGE, Figure, _chart, svg
from counterpoise.report.layout import Column, table, wrap
from counterpoise.report.numbers import count, money, percent, significant

Document = Mapping[str, Any]
_COLOURS = {"rent": ORANGE, "wait": GREEN, "buy now": BLUE, "free": GREY}
FREE_WORDS = "planner's choice"


def answer(document: Document) -> str:
    """Return the answer in one sentence."""
    currency = str(document["currency"])
    best = next(p for p in document["policies"] if p["policy"] == document["advised"])
    said = [f"{str(best['policy']).capitalize()}: expected {money(best['expected_cost'], currency)}"]
    for row in document["policies"]:
        if row["policy"] in (best["policy"], "free"):
            continue
        said.append(_against(row, best, currency))
    free = next(p for p in document["policies"] if p["policy"] == "free")
    saved = best["expected_cost"] - (free["expected_cost"] or best["expected_cost"])
    if saved > best["open"] + free["open"]:
        said.append(
            f"buying in stages, as the planner would, costs {money(saved, currency)} less than any of them"
        )
    return "; ".join(said) + "."


def _against(row: Document, best: Document, currency: str) -> str:
    name = str(row["policy"])
    if row["expected_cost"] is None:
        return f"{name}: {row['why'] or 'no plan'}"
    more, worst = row["more_expected"], row["more_at_worst"]
    if abs(more) <= 1e-6 * abs(best["expected_cost"]):
        return f"{name} comes to the same"
    unsure = " (within the solver's gap)" if abs(more) <= row["open"] + best["open"] else ""
    at_worst = f", {money(worst, currency)} more at worst" if worst > 0 else ""
    return f"{name} costs {money(more, currency)} more in expectation{unsure}{at_worst}"


def bridge_lines(document: Document, width: int) -> list[str]:
    """Return the answer, what each policy costs and may be regretted by, and where the advice flips."""
    lines = wrap(answer(document), width)
    if document["least_worst_regret"] != document["advised"]:
        lines += wrap(f"Least regret at worst: {document['least_worst_regret']}.", width)
    lines += ["", *_policies(document, width), "", *_by_scenario(document, width)]
    lines += ["", *_scenarios(document, width), ""]
    lines += [line for flip in document["flips"] for line in wrap(flip_words(flip), width)]
    foresight = document["with_foresight"]
    worth = money(foresight["worth"], foresight["currency"]) if foresight["worth"] >= 0.5 else "nothing"
    worth = f"Knowing the scenario now would be worth {worth}."
    return [*lines, *wrap(worth, width), *wrap(rests_on(document), width)]


def _policies(document: Document, width: int) -> list[str]:
    columns = (
        Column("policy"),
        Column("expected", right=True),
        Column("regret, expected", right=True),
        Column("at worst", right=True),
        Column("orders of the first quarter", text=True),
    )
    currency = str(document["currency"])
    rows = [
        [
            _name(row["policy"]),
            _money(row["expected_cost"], currency),
            _money(row["expected_regret"], currency),
            _money(row["largest_regret"], currency),
            _orders(row["first_orders"]) if row["expected_cost"] is not None else str(row["why"]),
        ]
        for row in document["policies"]
    ]
    return table(columns, rows, width)


def _by_scenario(document: Document, width: int) -> list[str]:
    names, chances = _scenario_names(document)
    policies = [str(p["policy"]) for p in document["policies"]]
    cost = {(o["policy"], o["scenario"]): o["cost"] for o in document["outcomes"]}
    currency = str(document["currency"])
    columns = (
        Column("scenario", text=True),
        Column("chance", right=True),
        *(Column(_name(p), right=True) for p in policies),
    )
    rows = [
        [name, percent(chances[name]), *(_money(cost[p, name], currency) for p in policies)] for name in names
    ]
    return table(columns, rows, width)


def _scenarios(document: Document, width: int) -> list[str]:
    columns = (
        Column("scenario", text=True),
        Column("chips"),
        Column("by"),
        Column("systems", right=True),
        Column("rents", right=True),
        Column("delivery", right=True),
    )
    last, told = str(document["case"]["periods"][-1]), document["told_apart_by"]
    rows = [
        [
            str(row["scenario"]),
            str(row["kind"]),
            last,
            _change(row["price_factor"]),
            _change(row["rent_factor"]),
            _weeks(row["extra_weeks"]),
        ]
        for row in document["scenarios"]
        if row["quarter"] == last and (not told or row["kind"] in told)
    ]
    return table(columns, rows, width)


def flip_words(flip: Document) -> str:
    """Return where advice flips as a sentence."""
    what, at = str(flip["what"]), flip["at"]
    subject = f"{what[:1].upper()}{what[1:]}"
    if at is None:
        ends = " to ".join(_level(flip, flip[end]) for end in ("looked_from", "looked_to"))
        return f"{subject}: {flip['below']} costs least from {ends}."
    return f"{subject}: {flip['below']} below {_level(flip, at)}, {flip['above']} above."


def _level(flip: Document, value: float) -> str:
    return _change(value) if flip["unit"] == "x" else significant(value, 2)


def rests_on(document: Document) -> str:
    """Return what the answer rests on, the weakest first."""
    market, kept = document["market"], document["spread_kept"]
    held = f" with {', '.join(market['set'])}" if market["set"] else ""
    said = (
        "Rests on: the links from the market to a buyer's prices, rents and delivery (derived or assumed, "
        f"wide; --json lists them), and the market as of {market['as_of']}{held}. The scenarios keep "
        f"{percent(kept['rent'])} of the spread of rents and {percent(kept['price'])} of that of prices: "
        "regrets are larger in truth."
    )
    if market["as_known"]:
        said += f" Prices of {', '.join(market['as_known'])} and of APIs stay as known."
    return said


def _scenario_names(document: Document) -> tuple[list[str], dict[str, float]]:
    chances = {str(o["scenario"]): float(o["probability"]) for o in document["outcomes"]}
    return list(chances), chances


def _name(policy: object) -> str:
    return FREE_WORDS if policy == "free" else str(policy)


def _money(value: float | None, currency: str) -> str:
    return "no plan" if value is None else money(value, currency)


def _change(factor: float) -> str:
    change = round(100 * (factor - 1))
    return f"{change:+d} %" if change else "0 %"


def _weeks(weeks: float) -> str:
    whole = round(weeks)
    return f"{whole:+d} week{'' if abs(whole) == 1 else 's'}" if whole else "0 weeks"


def _orders(orders: list[Document]) -> str:
    if not orders:
        return "none"
    return ", ".join(
        f"{o['how']} {count(o['systems'])} x {str(o['offer']).removeprefix(str(o['how'])).strip()}"
        for o in orders
    )


def figure(document: Document) -> Figure:
    """Return the chart: the cost of each policy in each scenario, widths as likely as the scenario."""
    import altair

    currency = str(document["currency"])
    names, chances = _scenario_names(document)
    policies = [str(p["policy"]) for p in document["policies"] if p["policy"] != "free"]
    shown = {name: f"{name} ({percent(chances[name])})" for name in names}
    rows = [
        {"scenario": shown[str(o["scenario"])], "policy": str(o["policy"]), "value": o["cost"]}
        for o in document["outcomes"]
        if o["policy"] in policies and o["cost"] is not None
    ]
    colours = [next(c for k, c in _COLOURS.items() if p.startswith(k)) for p in policies]
    bars = (
        altair.Chart(altair.Data(values=rows))
        .mark_bar()
        .encode(
            y=altair.Y(
                "scenario:N",
                sort=list(shown.values()),
                title=None,
                axis=altair.Axis(labelLimit=150),
                scale=altair.Scale(paddingInner=0.25),
            ),
            yOffset=altair.YOffset("policy:N", sort=policies),
            x=altair.X("value:Q", title=currency, axis=altair.Axis(labelExpr=_THOUSANDS, tickCount=4)),
            color=altair.Color("policy:N", sort=policies, scale=altair.Scale(domain=policies, range=colours)),
        )
    )
    spec = _chart([bars])
    caption = (
        "Present value of each policy's cost in each scenario of rents, prices and delivery, with the "
        "scenario's chance. What is ordered in the first quarter is the same in all of them."
    )
    return Figure("bridge", f"Rent, wait or buy now, {currency}", caption, svg(spec, "bridge"))
