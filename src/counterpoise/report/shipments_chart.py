"""What the chain ships: racks by quarter, chips by kind, and how often each limit binds."""

from __future__ import annotations

from counterpoise.report import market_words
from counterpoise.report.charts import BLUE, ITEM_COLOURS, SKY, Figure, svg
from counterpoise.report.market_style import HEIGHT, INK, WIDTH, Document, Layer, on, quarter_axis, styled
from counterpoise.report.numbers import percent

_TOGETHER = ("mtia", "maia")
"""Kinds too few to be told apart in a picture; the table has them."""
_CELL = 30
_DARKEST = 0.62
"""Opacity of a limit that always binds: the page's ink stays readable on it, dark or light."""


def racks_by_quarter(seen: Document) -> Figure:
    """Return flagship racks shipped by quarter in the bottom-up chain, median and 80 %."""
    import altair

    rows = [{"quarter": row["quarter"], **row["racks"]} for row in seen["by_quarter"]]
    x = altair.X("quarter:O", sort=seen["quarters"], title=None, axis=quarter_axis())
    y = {"title": "racks a quarter", "axis": altair.Axis(format=",d", tickCount=6)}
    base = on(rows).encode(x=x)
    layers: list[Layer] = [
        base.mark_area(color=SKY, opacity=0.3).encode(y=altair.Y("p10:Q", **y), y2="p90:Q"),
        base.mark_line(color=BLUE, strokeWidth=2, point={"color": BLUE, "size": 34}).encode(
            y=altair.Y("median:Q", **y)
        ),
    ]
    years = "; ".join(
        f"{row['year']} {row['median']:,.0f} ({row['p10']:,.0f} to {row['p90']:,.0f})"
        for row in seen["racks"]["by_year"]
    )
    caption = f"Line and band: median and 80 % of {seen['draws']:,} draws. By year: {years}."
    return Figure(
        "racks-by-quarter",
        "Flagship racks by quarter, bottom-up",
        caption,
        svg(styled(layers, WIDTH, HEIGHT - 40), "racks-by-quarter"),
    )


def chips_by_kind(seen: Document) -> Figure:
    """Return chips shipped by kind and quarter, thousands, means over draws."""
    import altair

    rows = []
    for row in seen["kinds"]:
        kind = "other own chips" if row["kind"] in _TOGETHER else market_words.KINDS[row["kind"]]
        for quarter, chips in zip(seen["quarters"], row["shipped_mean_chips"], strict=True):
            rows.append({"quarter": quarter, "kind": kind, "thousands": chips / 1e3})
    kinds = list(dict.fromkeys(row["kind"] for row in rows))
    for one in rows:
        one["rank"] = kinds.index(one["kind"])
    bars = (
        on(rows)
        .mark_bar(stroke="white", strokeWidth=0.5, size=24)
        .encode(
            x=altair.X("quarter:O", sort=seen["quarters"], title=None, axis=quarter_axis()),
            y=altair.Y("sum(thousands):Q", title="thousand chips a quarter", axis=altair.Axis(tickCount=6)),
            color=altair.Color(
                "kind:N",
                scale=altair.Scale(domain=kinds, range=list(ITEM_COLOURS[: len(kinds)])),
                legend=altair.Legend(columns=4, title=None, orient="top", symbolType="square"),
            ),
            order=altair.Order("rank:Q"),
        )
    )
    caption = "Means over draws. A chip of one kind does not do the work of a chip of another."
    return Figure(
        "chips-by-kind",
        "Chips shipped, by kind",
        caption,
        svg(styled([bars], WIDTH, HEIGHT - 40), "chips-by-kind"),
    )


def limits_that_bind(seen: Document, of: str = "racks") -> Figure:
    """Return how often each limit keeps orders waiting, by quarter: those `of` racks, or of any kind."""
    import altair

    key = "probability_binds_racks" if of == "racks" else "probability_binds"
    rows = [
        {
            "quarter": quarter,
            "limit": market_words.LIMITS[row["limit"]],
            "share": share,
            "said": f"{100 * share:.0f}",
        }
        for row in seen["limits"]
        for quarter, share in zip(seen["quarters"], row[key], strict=True)
    ]
    base = on(rows).encode(
        x=altair.X("quarter:O", sort=seen["quarters"], title=None, axis=quarter_axis()),
        y=altair.Y(
            "limit:N",
            sort=[market_words.LIMITS[row["limit"]] for row in seen["limits"]],
            title=None,
            axis=altair.Axis(ticks=False, domain=False, grid=False),
        ),
    )
    opacity = altair.Opacity(
        "share:Q", scale=altair.Scale(domain=[0, 1], range=[0.03, _DARKEST]), legend=None
    )
    layers: list[Layer] = [
        base.mark_rect(color=BLUE).encode(opacity=opacity),
        base.mark_text(color=INK, fontSize=11).encode(text="said:N"),
    ]
    most = max(seen["limits"], key=lambda row: sum(row[key][:4]))
    share = sum(most[key][:4]) / len(most[key][:4])
    what = "racks" if of == "racks" else "orders of any kind"
    name = market_words.LIMITS[most["limit"]]
    caption = (
        f"Percent of draws in which the limit keeps {what} waiting. {name[:1].upper()}{name[1:]} does most: "
        f"{percent(share)} of draws over the first four quarters."
    )
    spec = styled(layers, width=WIDTH - 60, height=_CELL * len(seen["limits"]))
    return Figure(f"limits-{of}", f"What holds {what} back", caption, svg(spec, f"limits-{of}"))
