"""The five pictures of a plan, as SVG text to stand inside the page.

One family: one width that a telephone can show, one palette that colour-blind readers can tell apart
(Okabe and Ito, 2008), ink that follows the page (currentColor), values that the tables repeat in figures.
A chart whose data the document lacks is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from counterpoise.report.numbers import money
from counterpoise.report.schedule import HOW_HAD, busiest_period, held, in_use, item_in_words

Document = Mapping[str, Any]
Spec = dict[str, Any]

WIDTH, HEIGHT = 300, 190
_THOUSANDS = (
    "abs(datum.value) < 1000 ? format(datum.value, '~f') : replace(format(datum.value, '~s'), 'G', 'B')"
)
"""Axis labels as the texts have them: k, M and B."""
_INK = "#123456"
"""Stands for the page's own ink until the SVG is written; no palette colour equals it."""
BLUE, ORANGE, GREEN, SKY, VERMILION, PURPLE, YELLOW, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#56B4E9", "#D55E00", "#CC79A7", "#D8C62C", "#A6A6A6",
)  # fmt: skip
ITEM_COLOURS = (BLUE, ORANGE, GREEN, SKY, VERMILION, PURPLE, YELLOW, GREY)
_HOW_COLOURS = {"bought": BLUE, "reserved": SKY, "rented": ORANGE}
_WORK_COLOURS = {"serving": BLUE, "training": ORANGE, "idle": GREY}


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture with its title and what it says in words, for readers who cannot see it."""

    name: str
    title: str
    caption: str
    svg: str


def figures(document: Document) -> list[Figure]:
    """Return the charts of a plan that its document has data for, in reading order."""
    made = (build(document) for build in (_capacity, _day, _cost_by_period, _against_flagship, _by_chip))
    return [figure for figure in made if figure is not None]


def svg(spec: Spec, name: str) -> str:
    """Return a Vega-Lite specification as SVG whose ink is the page's and whose ids are its own."""
    import vl_convert

    text = str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))
    text = text.replace(_INK, "currentColor")
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", text)
    text = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', text)
    sized = re.search(r'<svg[^>]*?\bwidth="([\d.]+)"', text)
    limit = f' style="max-width:{float(sized[1]) * 1.35:.0f}px"' if sized else ""
    return re.sub(r'(<svg[^>]*?) width="[\d.]+" height="[\d.]+"', rf"\1{limit}", text, count=1)


def _chart(layers: Sequence[Any]) -> Spec:
    """Layers as one specification in the family's style."""
    import altair

    chart = altair.layer(*layers) if len(layers) > 1 else layers[0]
    label = {"labelColor": _INK, "titleColor": _INK, "labelFontSize": 11, "titleFontSize": 11}
    font = "Helvetica, Arial, sans-serif"
    styled = (
        chart.properties(width=WIDTH, height=HEIGHT, background="transparent")
        .configure(font=font, padding=4)
        .configure_view(stroke=None)
        .configure_axis(
            **label,
            titleFontWeight="normal",
            domainColor=_INK,
            tickColor=_INK,
            gridColor=_INK,
            gridOpacity=0.12,
        )
        .configure_legend(
            **label,
            orient="top",
            title=None,
            columns=3,
            symbolType="square",
            columnPadding=10,
            labelLimit=170,
        )
    )
    spec: Spec = styled.to_dict()
    return spec


def _bars(
    rows: Sequence[Document], x: str, y: str, series: str, order: Sequence[str], colours: Sequence[str]
) -> Any:  # noqa: ANN401 - altair is untyped here
    """Stacked bars of `y` by `series`, in the order given from the bottom."""
    import altair

    ranked = [dict(row) | {"rank": list(order).index(str(row[series]))} for row in rows]
    return (
        altair.Chart(altair.Data(values=ranked))
        .mark_bar(stroke="white", strokeWidth=0.5)
        .encode(
            x=altair.X(
                f"{x}:N", sort=None, title=None, axis=altair.Axis(labelAngle=0 if x == "block" else -40)
            ),
            y=altair.Y(f"sum({y}):Q", title=None, axis=altair.Axis(tickCount=5, labelExpr=_THOUSANDS)),
            color=altair.Color(
                f"{series}:N", sort=list(order), scale=altair.Scale(domain=list(order), range=list(colours))
            ),
            order=altair.Order("rank:Q"),
        )
    )


def _capacity(document: Document) -> Figure | None:
    import altair

    rows = held(document)
    if not rows:
        return None
    order = [how for how in HOW_HAD if any(row["how"] == how for row in rows)]
    bars = _bars(
        _each_period(document, rows, "how", order, "chips"),
        "period",
        "chips",
        "how",
        order,
        [_HOW_COLOURS[h] for h in order],
    )
    layers = [bars]
    use = in_use(document)
    if use:
        busiest = [{"period": period, "chips": chips} for period, chips in use.items()]
        layers.append(
            altair.Chart(altair.Data(values=busiest))
            .mark_tick(color=_INK, thickness=3, width=0.7 * WIDTH / len(busiest), opacity=1)
            .encode(x=altair.X("period:N", sort=None), y=altair.Y("chips:Q"))
        )
    caption = "Chips held, by how they are had (rented: the most at a time)"
    caption += "; the line across a bar is what runs in the busiest block." if use else "."
    return Figure("capacity", "Chips by quarter", caption, svg(_chart(layers), "capacity"))


def _day(document: Document) -> Figure | None:
    period = busiest_period(document)
    balance = document.get("balance") or {}
    here = [row for row in balance.get("by_period_block") or () if str(row["period"]) == period]
    rows = [
        {"block": row["block"], "work": work, "chips": row[f"{work}_chips"]}
        for row in here
        for work in _WORK_COLOURS
    ]
    if not rows:
        return None
    spec = _chart([_bars(rows, "block", "chips", "work", list(_WORK_COLOURS), list(_WORK_COLOURS.values()))])
    caption = (
        f"Mean chips at work in each block of hours of the day, {period}, the quarter in which most run."
    )
    return Figure("day", "A day's work", caption, svg(spec, "day"))


def _cost_by_period(document: Document) -> Figure | None:
    rows = [
        dict(row) | {"item": item_in_words(row["item"])}
        for row in document.get("cost_by_period") or ()
        if row["value"]
    ]
    if not rows:
        return None
    currency = str(document["cost"]["currency"])
    totals: dict[str, float] = {}
    for row in rows:
        totals[str(row["item"])] = totals.get(str(row["item"]), 0.0) + abs(row["value"])
    order = sorted(totals, key=lambda item: -totals[item])
    kept = order[: len(ITEM_COLOURS) - 1] if len(order) > len(ITEM_COLOURS) else order
    named = [dict(row) | {"item": row["item"] if row["item"] in kept else "other"} for row in rows]
    order = kept if len(kept) == len(order) else [*kept, "other"]
    bars = _bars(
        _each_period(document, named, "item", order, "value"),
        "period",
        "value",
        "item",
        order,
        ITEM_COLOURS[: len(order)],
    )
    spec = _chart([bars])
    spec["config"]["legend"]["columns"] = 2
    return Figure(
        "cost", f"Cost by quarter, {currency}", "Where the money goes and when, by item.", svg(spec, "cost")
    )


def _against_flagship(document: Document) -> Figure | None:
    import altair

    flagship = document.get("counterfactual") or {}
    if flagship.get("cost") is None:
        return None
    cost = document["cost"]
    currency = str(cost["currency"])
    plan, other = "this plan", "flagship (hypothetical)"
    rows = [
        {"what": plan, "value": cost["value"], "said": money(cost["value"], currency)},
        {"what": other, "value": flagship["cost"], "said": money(flagship["cost"], currency)},
    ]
    base = altair.Chart(altair.Data(values=rows)).encode(
        y=altair.Y("what:N", sort=None, title=None, axis=altair.Axis(labelLimit=150)),
        x=altair.X("value:Q", title=currency, axis=altair.Axis(labelExpr=_THOUSANDS, tickCount=4)),
    )
    colour = altair.Color("what:N", scale=altair.Scale(domain=[plan, other], range=[BLUE, GREY]), legend=None)
    layers = [base.mark_bar(height=30).encode(color=colour)]
    if cost.get("low80") is not None and cost.get("high80") is not None:
        span = altair.Data(values=[{"what": plan, "low": cost["low80"], "high": cost["high80"]}])
        layers.append(
            altair.Chart(span)
            .mark_rule(color=_INK, strokeWidth=2.5)
            .encode(y=altair.Y("what:N", sort=None), x=altair.X("low:Q"), x2="high:Q")
        )
    layers.append(
        base.mark_text(align="left", dx=4, dy=-22, color=_INK, fontSize=11).encode(
            text="said:N", x=altair.value(0)
        )
    )
    spec = _chart(layers)
    spec["width"], spec["height"] = 190, 120
    what = str(flagship.get("what") or "flagship systems at list price").removeprefix("hypothetical: ")
    caption = f"Hypothetical: {what}."
    if len(layers) > 2:
        caption += " The line is the 80 % interval of the plan's cost."
    return Figure("flagship", "What it would cost on flagship systems", caption, svg(spec, "flagship"))


def _by_chip(document: Document) -> Figure | None:
    most: dict[tuple[str, str], float] = {}
    for row in held(document):
        key = (row["chip"], row["how"])
        most[key] = max(most.get(key, 0.0), row["chips"])
    if len({chip for chip, _ in most}) < 2:
        return None
    rows = [{"chip": chip, "how": how, "chips": chips} for (chip, how), chips in most.items()]
    order = [how for how in HOW_HAD if any(row["how"] == how for row in rows)]
    spec = _chart([_bars(rows, "chip", "chips", "how", order, [_HOW_COLOURS[h] for h in order])])
    return Figure("chips", "Chips by kind", "The most held of each kind at a time.", svg(spec, "chips"))


def _each_period(
    document: Document, rows: Sequence[Document], series: str, order: Sequence[str], value: str
) -> list[dict[str, Any]]:
    """Rows with a zero for every period that has none, so that an empty quarter is seen as empty."""
    periods = [str(p) for p in document["case"].get("periods", ())]
    zeros = [{"period": period, series: order[0], value: 0.0} for period in periods]
    return sorted([*zeros, *map(dict, rows)], key=lambda row: str(row["period"]))
