"""Capital spending as a picture: quarters by company and the fan of what comes, above growth and turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from counterpoise.report.charts import ITEM_COLOURS
from counterpoise.report.numbers import percent, significant

Document = Mapping[str, Any]
WIDTH, HEIGHT, GROWTH_HEIGHT = 640, 270, 130
_INK, _FAINT, _FAN = "#222222", "#555555", "#444444"
_SHOWN_QUARTERS = 32
"""Of the past: two cycles and a little, with bars that can still be told apart."""
_MONTH = {"1": "01", "2": "04", "3": "07", "4": "10"}
_QUARTERS = "timeFormat(datum.value, month(datum.value) == 0 ? '%Y' : '')"
_PERCENT = "datum.value == 0 ? '0%' : format(datum.value, '+.0%')"
_ROOM = 0.14
"""Of the span of growth, above and below: for the names of turns."""


def capex_svg(document: Document) -> str:
    """Return the spending of `document` as the text of an SVG file."""
    import altair
    import vl_convert

    chart = (
        altair.vconcat(_spending(document), _growth(document), spacing=16)
        .resolve_scale(x="shared", color="independent")
        .properties(
            background="white",
            title=altair.Title(_title(document), subtitle=_subtitle(document), anchor="start", offset=12),
        )
        .configure(font="Helvetica, Arial, sans-serif", padding=12)
        .configure_view(stroke=None)
        .configure_title(
            fontSize=15, color=_INK, subtitleFontSize=11.5, subtitleColor=_FAINT, subtitlePadding=5
        )
        .configure_legend(
            labelColor=_INK, labelFontSize=11.5, orient="top-left", title=None, symbolType="square", offset=6
        )
        .configure_axis(
            labelColor=_INK, titleColor=_INK, labelFontSize=11, titleFontSize=12, titleFontWeight="normal",
            gridColor="#dddddd", gridOpacity=0.7, domainColor="#888888", tickColor="#888888", titlePadding=8,
        )
    )  # fmt: skip
    spec: dict[str, Any] = chart.to_dict()
    return str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))


def _day(quarter: str) -> str:
    """Middle month's first day, so that a bar stands over its quarter's label."""
    year, number = quarter.split("Q")
    return f"{year}-{_MONTH[number]}-01"


def _x() -> Any:  # noqa: ANN401 - altair is untyped here
    import altair

    axis = altair.Axis(grid=False, labelExpr=_QUARTERS, tickCount={"interval": "month", "step": 3})
    return altair.X("day:T", title=None, axis=axis)


def _past(document: Document) -> Sequence[Document]:
    return list(document["history"])[-_SHOWN_QUARTERS:]


def _spending(document: Document) -> Any:  # noqa: ANN401
    """Bars by company, and the fan from the last quarter that all have reported."""
    import altair

    past, companies = _past(document), list(document["basket"])
    bars = [
        {"day": _day(row["quarter"]), "company": name, "usd_bn": value, "rank": companies.index(name)}
        for row in past
        for name, value in row["companies_usd_bn"].items()
    ]
    colours = [ITEM_COLOURS[n % len(ITEM_COLOURS)] for n in range(len(companies))]
    y = altair.Y("usd_bn:Q", title="bn USD a quarter", axis=altair.Axis(tickCount=6))
    stacked = (
        altair.Chart(altair.Data(values=bars))
        .mark_bar(size=0.72 * WIDTH / (len(past) + len(document["forecast"]) + 1), stroke=None)
        .encode(
            x=_x(),
            y=y,
            color=altair.Color(
                "company:N", sort=companies, scale=altair.Scale(domain=companies, range=colours)
            ),
            order=altair.Order("rank:Q"),
        )
    )
    known = dict.fromkeys(("median_usd_bn", "low80_usd_bn", "high80_usd_bn"), past[-1]["capex_usd_bn"])
    last = {"quarter": past[-1]["quarter"], **known}
    fan = [dict(row) | {"day": _day(row["quarter"])} for row in (last, *document["forecast"])]
    base = altair.Chart(altair.Data(values=fan)).encode(x=_x())
    return altair.layer(
        stacked,
        base.mark_area(color=_FAN, opacity=0.18).encode(
            y=altair.Y("low80_usd_bn:Q", title="bn USD a quarter"), y2="high80_usd_bn:Q"
        ),
        base.mark_line(color=_FAN, strokeWidth=2, point={"color": _FAN, "size": 22}).encode(
            y=altair.Y("median_usd_bn:Q")
        ),
    ).properties(width=WIDTH, height=HEIGHT)


def _growth(document: Document) -> Any:  # noqa: ANN401
    """Growth over a year with its fan; turns are marked."""
    import altair

    past = [row for row in _past(document) if row["yoy_fraction"] is not None]
    line = [{"day": _day(row["quarter"]), "yoy": row["yoy_fraction"]} for row in past]
    ahead = [row for row in document["forecast"] if row["yoy_median_fraction"] is not None]
    fan = [
        {
            "day": _day(row["quarter"]),
            "yoy": row["yoy_median_fraction"],
            "low": row["yoy_low80_fraction"],
            "high": row["yoy_high80_fraction"],
        }
        for row in ahead
    ]
    if line:
        fan = [line[-1] | {"low": line[-1]["yoy"], "high": line[-1]["yoy"]}, *fan]
    ends = [point[key] for point in (*line, *fan) for key in ("yoy", "low", "high") if key in point] or [0.0]
    room = _ROOM * (max(ends) - min(ends))
    y = altair.Y(
        "yoy:Q",
        title="on a year before",
        axis=altair.Axis(labelExpr=_PERCENT, tickCount=5),
        scale=altair.Scale(domain=[min(ends) - room, max(ends) + room], nice=False),
    )
    known = altair.Chart(altair.Data(values=line)).encode(x=_x(), y=y)
    coming = altair.Chart(altair.Data(values=fan)).encode(x=_x())
    layers = [
        altair.Chart(altair.Data(values=[{"zero": 0}])).mark_rule(color="#888888").encode(y="zero:Q"),
        coming.mark_area(color=_FAN, opacity=0.18).encode(y=altair.Y("low:Q", title=None), y2="high:Q"),
        coming.mark_line(color=_FAN, strokeWidth=2).encode(y=y),
        known.mark_line(color=_INK, strokeWidth=2.2),
        *_turns(document, {row["quarter"] for row in past}),
    ]
    return altair.layer(*layers).properties(width=WIDTH, height=GROWTH_HEIGHT)


def _turns(document: Document, shown: set[str]) -> list[Any]:
    import altair

    turns = [t for t in document["cycle"].get("growth", {}).get("turns", ()) if t["quarter"] in shown]
    layers = []
    for kind, dy in (("peak", -9), ("trough", 12)):
        rows = [
            {"day": _day(t["quarter"]), "yoy": t["yoy_fraction"], "said": f"{t['kind']} {t['quarter']}"}
            for t in turns
            if t["kind"] == kind
        ]
        if not rows:
            continue
        base = altair.Chart(altair.Data(values=rows)).encode(x=_x(), y=altair.Y("yoy:Q"))
        layers += [
            base.mark_circle(color=_INK, size=48, opacity=1),
            base.mark_text(color=_INK, dy=dy, fontSize=11).encode(text="said:N"),
        ]
    return layers


def _title(document: Document) -> str:
    return f"Capital spending of {', '.join(document['basket'])}: {document['quarter']} and what comes next"


def _subtitle(document: Document) -> list[str]:
    first, last = document["forecast"][0], document["forecast"][-1]
    growth = document["yoy_fraction"]
    grown = "" if growth is None else f", {'+' * (growth > 0)}{percent(growth)} on a year before"
    some = f" ({', '.join(first['reported'])} reported)" if first["reported"] else ""
    return [
        f"As of {document['as_of']}. {significant(document['capex_usd_bn'])} bn USD in {document['quarter']}"
        f"{grown}; cash purchases of property and equipment.",
        f"Line and band: declared recipe {document['recipe']}, median and 80 %; {first['quarter']}{some} "
        f"{significant(first['low80_usd_bn'])} to {significant(first['high80_usd_bn'])}, {last['quarter']} "
        f"{significant(last['low80_usd_bn'])} to {significant(last['high80_usd_bn'])}.",
    ]
