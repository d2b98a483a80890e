"""Capital spending of the four large clouds and the vendor's revenue: what was known, the fan, what came."""

from __future__ import annotations

from collections.abc import Sequence

from counterpoise.report.charts import BLUE, GREEN, GREY, SKY, VERMILION, Figure, svg
from counterpoise.report.market_style import HEIGHT, INK, WIDTH, Document, Layer, on, quarter_axis, styled

_LINE, _BAND, _CAME = 2.0, 0.3, 56
_BEFORE = 12
"""Reported quarters of revenue that are drawn before the chain's."""


def spending(capex: Document, came: Sequence[Document] = ()) -> Figure:
    """Return spending by quarter in USD bn: bars where reported, median and 80 % where forecast.

    `capex` is that of an outlook; `came` what the replay saw later (`growth.came_by_quarter`).
    """
    import altair

    rows = capex["quarters"]
    ahead = [row for row in rows if not row["known"]]
    order = [row["quarter"] for row in rows]
    x = altair.X("quarter:O", sort=order, title=None, axis=quarter_axis(every_label=False))
    y = {"axis": altair.Axis(tickCount=6), "title": "USD bn a quarter"}
    layers: list[Layer] = [
        on([row for row in rows if row["known"]])
        .mark_bar(color=BLUE, size=11)
        .encode(x=x, y=altair.Y("usd_bn:Q", **y)),
        on(ahead)
        .mark_area(color=SKY, opacity=_BAND)
        .encode(x=x, y=altair.Y("low80_usd_bn:Q", **y), y2="high80_usd_bn:Q"),
        on(ahead).mark_line(color=SKY, strokeWidth=_LINE).encode(x=x, y=altair.Y("usd_bn:Q", **y)),
        *_dots(came, x, altair.Y("usd_bn:Q", **y)),
    ]
    names = ", ".join(capex["entities"])
    caption = f"Bars: reported by all four ({names}). Line and band: the declared recipe, middle and 80 %."
    if came:
        caption += " Green: what they reported later; the forecast does not know it."
    title = "Capital spending of the four large clouds"
    return Figure("spending", title, caption, svg(styled(layers, WIDTH, HEIGHT - 30), "spending"))


def vendor_revenue(seen: Document, came: Sequence[Document] = ()) -> Figure:
    """Return NVIDIA's data-centre revenue by quarter in USD bn: reported, and median and 80 % of the chain.

    `came` is what was reported after the as-of day, in a replay.
    """
    import altair

    reported = seen["vendor_revenue_reported"][-_BEFORE:]
    rows = [{"quarter": row["quarter"], **row["vendor_revenue_usd_bn"]} for row in seen["by_quarter"]]
    order = sorted({row["quarter"] for row in (*reported, *rows, *came)})
    x = altair.X("quarter:O", sort=order, title=None, axis=quarter_axis(every_label=False))
    y = {"axis": altair.Axis(tickCount=6), "title": "USD bn a quarter"}
    layers: list[Layer] = [
        on(reported).mark_bar(color=BLUE, size=13).encode(x=x, y=altair.Y("usd_bn:Q", **y)),
        on(rows).mark_area(color=SKY, opacity=_BAND).encode(x=x, y=altair.Y("p10:Q", **y), y2="p90:Q"),
        on(rows).mark_line(color=SKY, strokeWidth=_LINE).encode(x=x, y=altair.Y("median:Q", **y)),
        *_dots(came, x, altair.Y("usd_bn:Q", **y)),
    ]
    caption = (
        "Bars: as reported, NVIDIA's quarters by their calendar quarter. Line and band: the chain, median "
    )
    caption += "and 80 %."
    if came:
        caption += " Green: what it reported later; the forecast does not know it."
    figure = svg(styled(layers, WIDTH, HEIGHT - 30), "vendor-revenue")
    return Figure("vendor-revenue", "NVIDIA's data-centre revenue, bottom-up", caption, figure)


def growth(capex: Document, scored: Document | None = None) -> Figure:
    """Return growth over the year before, in percent, with the forecasts that others made of one quarter.

    `scored` is a replay's `growth`: rivals, simple rules and what came.
    """
    import altair

    rows = [
        {
            "quarter": row["quarter"],
            "yoy": 100 * row["yoy"],
            "low": 100 * row.get("low80_yoy", row["yoy"]),
            "high": 100 * row.get("high80_yoy", row["yoy"]),
            "known": row["known"],
        }
        for row in capex["quarters"]
        if row["yoy"] is not None
    ]
    known = [row for row in rows if row["known"]]
    ahead = [*known[-1:], *(row for row in rows if not row["known"])]
    came = [] if scored is None else [r for r in scored["came_by_quarter"] if r["yoy_percent"] is not None]
    order = [row["quarter"] for row in rows]
    x = altair.X("quarter:O", sort=order, title=None, axis=quarter_axis(every_label=False))
    y = {
        "axis": altair.Axis(labelExpr="datum.value + ' %'", tickCount=6),
        "title": "growth over the year before",
    }
    layers: list[Layer] = [
        on([{"zero": 0}]).mark_rule(color=INK, opacity=0.6).encode(y=altair.Y("zero:Q", **y)),
        on(ahead).mark_area(color=SKY, opacity=_BAND).encode(x=x, y=altair.Y("low:Q", **y), y2="high:Q"),
        on(ahead).mark_line(color=SKY, strokeWidth=_LINE).encode(x=x, y=altair.Y("yoy:Q", **y)),
        on(known).mark_line(color=INK, strokeWidth=_LINE).encode(x=x, y=altair.Y("yoy:Q", **y)),
        *_dots(came, x, altair.Y("yoy_percent:Q", **y)),
    ]
    caption = "Ink: reported. Line and band: the declared recipe, middle and 80 %."
    if scored is not None:
        layers += _others(scored, x, y)
        caption += f" In {scored['quarter']}: grey, the simple rules; orange, what others said."
    if came:
        caption += " Green: what came."
    title = "Growth of that spending: does it slow?"
    return Figure("growth", title, caption, svg(styled(layers, WIDTH, HEIGHT - 30), "growth"))


def _dots(came: Sequence[Document], x: Layer, y: Layer) -> list[Layer]:
    if not came:
        return []
    base = on(came).encode(x=x, y=y)
    return [
        base.mark_line(color=GREEN, strokeWidth=1.2, strokeDash=[3, 2]),
        base.mark_circle(color=GREEN, size=_CAME, opacity=1),
    ]


def _others(scored: Document, x: Layer, y: Document) -> list[Layer]:
    """What the simple rules and others said of the scored quarter; the others by name."""
    import altair

    rows = [
        {"quarter": scored["quarter"], "yoy": r["yoy_percent"], "said": str(r["name"]).split(" (")[0]}
        | {"kind": r["kind"]}
        for r in scored["forecasts"]
        if r["kind"] != "ours"
    ]
    base = on(rows).encode(x=x, y=altair.Y("yoy:Q", **y))
    rules = base.transform_filter("datum.kind == 'rule'")
    rivals = base.transform_filter("datum.kind == 'rival'")
    return [
        rules.mark_tick(color=GREY, thickness=2.5, size=16, opacity=1),
        rivals.mark_point(color=VERMILION, filled=True, shape="diamond", size=80, opacity=1),
        rivals.mark_text(color=INK, align="left", dx=9, dy=10, fontSize=10.5).encode(text="said:N"),
    ]
