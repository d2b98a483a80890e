"""Published forecasts of racks by the day they were public, the pool of them, and what came."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from counterpoise.report.charts import BLUE, GREY, ORANGE, SKY, Figure, svg
from counterpoise.report.market_style import INK, WIDTH, Document, Layer, on, styled

_OURS = ("bottom-up chain", "pool of published forecasts")
_NAMES, _ROW = 120, 26
"""Room for the names of forecasts at the left, and the height of a row."""
_THOUSANDS = "datum.value == 0 ? '0' : format(datum.value / 1000, '~f') + 'k'"


def published_forecasts(document: Document) -> Figure:
    """Return the forecasts by date with the pool and what came (`market.rack_forecasts.question`)."""
    import altair

    kinds = {
        "public then": BLUE,
        "later": GREY,
        "already replaced when quoted": ORANGE,
    }
    named = _named(document["forecasts"], document["as_of"])
    rows = [
        {
            **named.get(place, {"name": "", "left": False}),
            "day": f["known_on"],
            "low": f["low_racks"],
            "high": f["high_racks"],
            "mid": math.sqrt(f["low_racks"] * f["high_racks"]),
            "kind": "already replaced when quoted"
            if f["replaced_when_quoted"]
            else "later"
            if f["later_than_as_of"]
            else "public then",
        }
        for place, f in enumerate(document["forecasts"])
    ]
    top = max(
        [r["high"] for r in rows]
        + [p["p90"] for p in document["pool_by_month"] if p["day"] >= document["as_of"]]
    )
    scale = altair.Scale(domain=[0, 10_000 * math.ceil(top / 10_000)], nice=False)
    x = altair.X(
        "day:T",
        title=None,
        axis=altair.Axis(
            grid=False,
            labelExpr="timeFormat(datum.value, month(datum.value) == 0 ? '%b %Y' : '%b')",
            tickCount={"interval": "month", "step": 3},
        ),
    )
    y_axis = altair.Axis(labelExpr=_THOUSANDS, tickCount=6)
    path = on(document["pool_by_month"]).encode(x=x)
    colour = altair.Color(
        "kind:N", scale=altair.Scale(domain=list(kinds), range=list(kinds.values())), title=None
    )
    marks = on(rows).encode(x=x, color=colour)
    y = altair.Y("low:Q", scale=scale, axis=y_axis, title=f"racks in {document['year']}")
    layers: list[Layer] = []
    came = document["outcome"]
    if came is not None:
        box = [{"low": came["low_racks"], "high": came["high_racks"]}]
        layers.append(on(box).mark_rect(color="#009E73", opacity=0.35).encode(y=y, y2="high:Q"))
    layers += [
        path.mark_area(color=SKY, opacity=0.22, clip=True).encode(
            y=altair.Y("p10:Q", scale=scale), y2="p90:Q"
        ),
        path.mark_line(color=SKY, strokeWidth=2, clip=True).encode(y=altair.Y("median:Q", scale=scale)),
        marks.mark_rule(strokeWidth=3).encode(y=y, y2="high:Q"),
        marks.mark_circle(size=42, opacity=1).encode(y=altair.Y("mid:Q", scale=scale)),
        *(
            marks.transform_filter(f"datum.name != '' && datum.left == {str(left).lower()}")
            .mark_text(color=INK, align=align, dx=dx, fontSize=9.5)
            .encode(y=altair.Y("mid:Q", scale=scale), text="name:N", color=altair.value(INK))
            for left, align, dx in ((True, "right", -6), (False, "left", 6))
        ),
    ]
    at = [{"day": document["as_of"], "said": f"as of {document['as_of']}", "top": scale.domain[1]}]
    when = on(at).encode(x="day:T")
    layers.append(when.mark_rule(color=INK, strokeDash=[3, 3]))
    layers.append(
        when.mark_text(color=INK, align="left", dx=5, dy=6, fontSize=11).encode(
            y=altair.Y("top:Q", scale=scale), text="said:N"
        )
    )
    racks = document["racks"]
    caption = (
        f"Bars: ranges as published, by the day they were public. Line and band: median and 80 % of "
        f"the pool, on {document['as_of']} {racks['median']:,.0f} "
        f"({racks['p10']:,.0f} to {racks['p90']:,.0f})."
    )
    if came is not None:
        caption += (
            f" Green: the best available outcome, {came['low_racks']:,.0f} to {came['high_racks']:,.0f}; "
            "nobody audits a count of racks."
        )
    title = f"Racks in {document['year']}: what was published, and when"
    return Figure("published-racks", title, caption, svg(styled(layers), "published-racks"))


def scored_forecasts(document: Document) -> Figure:
    """Return the forecasts of a year's racks side by side: 80 % as scored, the range as said, what came.

    `document` is that of `market.replay.racks_scored`.
    """
    import altair

    rows = [
        {
            "name": row["name"],
            "low": row["p10_racks"],
            "high": row["p90_racks"],
            "mid": row["median_racks"],
            "said_low": row["stated_low_racks"],
            "said_high": row["stated_high_racks"],
            "ours": row["name"] in _OURS,
            "score": "" if row["crps_racks"] is None else f"{row['crps_racks']:,.0f}",
        }
        for row in document["forecasts"]
    ]
    top = 10_000 * math.ceil(max(row["high"] for row in rows) / 10_000)
    x = altair.Scale(domain=[0, 1.16 * top], nice=False)
    axis = altair.Axis(labelExpr=_THOUSANDS, values=list(range(0, top + 1, 20_000)))
    y = altair.Y(
        "name:N",
        sort=[row["name"] for row in rows],
        title=None,
        axis=altair.Axis(ticks=False, domain=False, grid=False, labelLimit=230),
    )
    base = on(rows).encode(y=y)
    colour = altair.condition("datum.ours", altair.value(ORANGE), altair.value(BLUE))
    title = f"racks in {document['year']}"
    layers: list[Layer] = []
    came = document["outcome"]
    if came is not None:
        box = [{"low": came["low_racks"], "high": came["high_racks"]}]
        layers.append(
            on(box)
            .mark_rect(color="#009E73", opacity=0.35)
            .encode(x=altair.X("low:Q", scale=x, axis=axis, title=title), x2="high:Q")
        )
    layers += [
        base.mark_rule(strokeWidth=1.6).encode(
            x=altair.X("low:Q", scale=x, axis=axis, title=title), x2="high:Q", color=colour
        ),
        base.mark_rule(strokeWidth=7, opacity=0.55).encode(
            x=altair.X("said_low:Q", scale=x), x2="said_high:Q", color=colour
        ),
        base.mark_circle(size=58, opacity=1).encode(x=altair.X("mid:Q", scale=x), color=colour),
        base.mark_text(color=INK, align="right", fontSize=11).encode(
            x=altair.value(WIDTH - _NAMES), text="score:N"
        ),
    ]
    caption = "Dot and line: median and 80 % by one rule of spread; thick: the range as said; orange: ours."
    if came is not None:
        caption += (
            f" Green: what came, {came['low_racks']:,.0f} to {came['high_racks']:,.0f}. At the right CRPS in "
            "racks, smaller is better; best first."
        )
    spec = styled(layers, width=WIDTH - _NAMES, height=_ROW * len(rows))
    return Figure(
        "scored-racks", f"Racks in {document['year']}: who was near", caption, svg(spec, "scored-racks")
    )


def _named(forecasts: Sequence[Document], as_of: str) -> dict[int, dict[str, Any]]:
    """Place of a forecast -> its house in short and the side of its name.

    Of a house's later forecasts only the last is named, and of two equal figures on one day the first.
    """
    named: dict[int, dict[str, Any]] = {}
    seen: set[tuple[str, float, float]] = set()
    houses: set[str] = set()
    for place in reversed(range(len(forecasts))):
        f = forecasts[place]
        spot = (f["known_on"], f["low_racks"], f["high_racks"])
        again = f["later_than_as_of"] and f["by"] in houses
        if not (f["replaced_when_quoted"] or again or spot in seen):
            left = f["known_on"] <= as_of and f["known_on"][:7] >= forecasts[0]["known_on"][:4] + "-12"
            named[place] = {"name": str(f["by"]).split(" (")[0], "left": left}
            houses.add(f["by"])
        seen.add(spot)
    return named
