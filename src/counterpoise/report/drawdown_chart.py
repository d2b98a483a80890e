"""A fall as a picture: the price with its peaks and troughs, and beside it what each basis makes of them.

The bars at the right stand on the price's own axis: each reaches from the trough to the peak of its basis, so
that one sees how much of a headline is the choice between a day's high and its close.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from counterpoise.report.charts import BLUE, GREY, ORANGE, SKY, VERMILION
from counterpoise.report.drawdown import billions, change, price, shares

Document = Mapping[str, Any]
WIDTH, BARS_WIDTH, HEIGHT = 470, 330, 300
_INK, _FAINT = "#222222", "#555555"
_COLOURS = {
    "high to close": VERMILION,
    "close to close": BLUE,
    "high to low": ORANGE,
    "close to low": SKY,
}
_MONTHS = "timeFormat(datum.value, month(datum.value) == 0 ? '%b %Y' : '%b')"
_ROOM_ABOVE, _ROOM_BELOW = 0.16, 0.08
"""Of the span of prices: above for the labels of the bars, below for that of a trough."""
_LINE = 0.05
"""Of the span of prices: between two labels at least."""


def drawdown_svg(document: Document) -> str:
    """Return the falls of `document` (asked with `series`) as the text of an SVG file, a row a ticker."""
    import altair
    import vl_convert

    rows = [_row(ticker) for ticker in document["tickers"]]
    chart = (
        altair.vconcat(*rows, spacing=34)
        .resolve_scale(color="shared")
        .properties(background="white")
        .configure(font="Helvetica, Arial, sans-serif", padding=12)
        .configure_view(stroke=None)
        .configure_title(
            fontSize=15, color=_INK, subtitleFontSize=11.5, subtitleColor=_FAINT, subtitlePadding=5
        )
        .configure_axis(
            labelColor=_INK, titleColor=_INK, labelFontSize=11, titleFontSize=12, titleFontWeight="normal",
            gridColor="#dddddd", gridOpacity=0.7, domainColor="#888888", tickColor="#888888", titlePadding=8,
        )
    )  # fmt: skip
    spec: dict[str, Any] = chart.to_dict()
    return str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))


def _row(ticker: Document) -> Any:  # noqa: ANN401 - altair is untyped here
    import altair

    series, found = ticker["series"], ticker["falls"]
    low, high = min(series["low"]), max(series["high"])
    scale = altair.Scale(
        domain=[low - _ROOM_BELOW * (high - low), high + _ROOM_ABOVE * (high - low)], nice=False
    )
    parts = [_prices(ticker, scale)]
    if found:
        parts.append(_bars(found, scale))
    return altair.hconcat(*parts, spacing=14).properties(
        title=altair.Title(_title(ticker), subtitle=_subtitle(ticker), anchor="start", offset=12)
    )


def _prices(ticker: Document, scale: Any) -> Any:  # noqa: ANN401
    """The band of each day's low and high, the close, and a mark at every peak and trough."""
    import altair

    series = ticker["series"]
    days = [
        {"day": day, "close": close, "high": high, "low": low}
        for day, close, high, low in zip(
            series["day"], series["close"], series["high"], series["low"], strict=True
        )
    ]
    x = altair.X(
        "day:T",
        title=None,
        axis=altair.Axis(grid=False, labelExpr=_MONTHS, tickCount={"interval": "month", "step": _step(days)}),
    )
    y = {"scale": scale, "title": f"{ticker['price_currency']} a share"}
    base = altair.Chart(altair.Data(values=days)).encode(x=x)
    layers = [
        base.mark_area(color=GREY, opacity=0.35).encode(y=altair.Y("low:Q", **y), y2="high:Q"),
        base.mark_line(color=_INK, strokeWidth=1.4).encode(y=altair.Y("close:Q", **y)),
    ]
    ends = _ends(ticker)
    if ends:
        points = altair.Chart(altair.Data(values=ends)).encode(x="day:T", y=altair.Y("price:Q", **y))
        layers.append(points.mark_point(filled=True, size=46, color=_INK, opacity=1))
        for align, dx in (("right", -7), ("left", 7)):
            layers.append(
                points.transform_filter(f"datum.align == '{align}'")
                .mark_text(align=align, dx=dx, baseline="middle", fontSize=10.5, color=_INK)
                .encode(y=altair.Y("label_at:Q", **y), text="said:N")
            )
    return altair.layer(*layers).properties(width=WIDTH, height=HEIGHT)


def _ends(ticker: Document) -> list[dict[str, Any]]:
    """Each peak and trough once, with its words where there is room: inside the picture, none on another."""
    series = ticker["series"]
    span = max(series["high"]) - min(series["low"])
    ends: dict[tuple[str, str], dict[str, Any]] = {}
    for end, outwards in (("peak", 1.0), ("trough", -1.0)):
        found = {(f[f"{end}_column"], f[f"{end}_on"]): f[f"{end}_price"]["value"] for f in ticker["falls"]}
        at: float | None = None
        for (column, day), value in sorted(found.items(), key=lambda item: outwards * item[1]):
            at = value if at is None else outwards * max(outwards * value, outwards * at + _LINE * span)
            early = series["day"].index(day) < 0.45 * len(series["day"])
            ends[(column, day)] = {
                "day": day,
                "price": value,
                "label_at": at,
                "said": f"{column} {value:,.2f}, {day}",
                "align": "left" if early else "right",
            }
    return list(ends.values())


def _bars(found: Sequence[Document], scale: Any) -> Any:  # noqa: ANN401
    """A bar a basis, from trough to peak, with the change and the loss above it."""
    import altair

    rows = [
        {
            "basis": fall["basis"],
            "peak": fall["peak_price"]["value"],
            "trough": fall["trough_price"]["value"],
            "change": change(fall["change_percent"]),
            "lost": _lost(fall),
        }
        for fall in found
    ]
    order = [row["basis"] for row in rows]
    colours = altair.Scale(domain=list(_COLOURS), range=list(_COLOURS.values()))
    base = altair.Chart(altair.Data(values=rows)).encode(
        x=altair.X(
            "basis:N",
            sort=order,
            title=None,
            axis=altair.Axis(labelAngle=0, labelLimit=90, domain=False, ticks=False, labelPadding=6),
        )
    )
    y = altair.Y("peak:Q", scale=scale, title=None, axis=altair.Axis(labels=False, ticks=False, domain=False))
    bar = base.mark_bar(size=26).encode(
        y=y, y2="trough:Q", color=altair.Color("basis:N", scale=colours, legend=None)
    )
    said = base.mark_text(dy=-22, fontSize=13, fontWeight="bold", color=_INK).encode(y=y, text="change:N")
    lost = base.mark_text(dy=-8, fontSize=10.5, color=_INK).encode(y=y, text="lost:N")
    return altair.layer(bar, said, lost).properties(width=BARS_WIDTH, height=HEIGHT)


def _lost(fall: Document) -> str:
    if not fall["value_lost"]:
        return ""
    lost = fall["value_lost"][0]
    return f"-{lost['value_bn']:,.1f} bn {lost['currency']}"


def _title(ticker: Document) -> str:
    if not ticker["falls"]:
        return f"{ticker['ticker']}: no fall from {ticker['from']} to {ticker['to']}"
    lead = ticker["falls"][0]
    lost = "".join(f", -{billions(one)}" for one in lead["value_lost"][:1])
    other = next((one for one in lead["value_lost"] if one["currency"] != ticker["price_currency"]), None)
    elsewhere = f" (-{billions(other)})" if other else ""
    return f"{ticker['ticker']}: {change(lead['change_percent'])}{lost}{elsewhere}, {lead['basis']}"


def _subtitle(ticker: Document) -> list[str]:
    lines = []
    if ticker["falls"]:
        lead = ticker["falls"][0]
        lines.append(
            f"{lead['peak_column']} of {price(lead['peak_price'])} on {lead['peak_on']} to "
            f"{lead['trough_column']} of {price(lead['trough_price'])} on {lead['trough_on']}"
        )
    count = ticker["shares"]
    if count is None:
        lines.append("Value lost not known: no share count.")
    else:
        day = f" of {count['as_of']}" if count["as_of"] else ""
        lines.append(
            f"Value lost at {shares(count)} shares ({count['kind']}{day}). Grey: low to high of a day."
        )
    return lines


def _step(days: Sequence[Mapping[str, Any]]) -> int:
    """Months between the marks of the axis: about eight marks."""
    return max(1, round(len(days) / 21 / 8))
