"""The fall of a share price on the page: the price by day, and beside it what two bases make of the fall."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from counterpoise.report.charts import BLUE, GREY, VERMILION, Figure, svg
from counterpoise.report.market_style import HEIGHT, INK, WIDTH, Document, Layer, on, styled

_COLOURS = {"high to close": VERMILION, "close to close": BLUE}
_ROOM = 0.85
"""Of the days shown, to the right: for the falls and their words."""
_ABOVE, _BELOW = 0.06, 0.05


def price_fall(ticker: Document) -> Figure:
    """Return the price of a ticker (a document of falls with its series) with its falls beside it."""
    import altair

    series = ticker["series"]
    falls = [f for f in ticker["falls"] if f["basis"] in _COLOURS]
    first, last = (date.fromisoformat(str(series["day"][i])) for i in (0, -1))
    end = last + timedelta(days=int(_ROOM * (last - first).days))
    low, high = min(series["low"]), max(series["high"])
    span = high - low
    y_scale = altair.Scale(domain=[low - _BELOW * span, high + _ABOVE * span], nice=False)
    x = altair.X(
        "day:T",
        title=None,
        scale=altair.Scale(domain=[str(first), str(end)]),
        axis=altair.Axis(
            grid=False,
            labelExpr="timeFormat(datum.value, month(datum.value) == 0 ? '%b %Y' : '%b')",
            values=[altair.DateTime(year=y, month=m, date=1) for y, m in _months(first, last)],
        ),
    )
    title = f"{ticker['price_currency']} a share"
    columns = (series["day"], series["close"], series["high"], series["low"])
    days = [{"day": str(d), "close": c, "high": h, "low": lo} for d, c, h, lo in zip(*columns, strict=True)]
    base = on(days).encode(x=x)
    layers: list[Layer] = [
        base.mark_area(color=GREY, opacity=0.4).encode(
            y=altair.Y("low:Q", scale=y_scale, title=title), y2="high:Q"
        ),
        base.mark_line(color=INK, strokeWidth=1.5).encode(y=altair.Y("close:Q", scale=y_scale, title=title)),
        *_drops(falls, last, (end - last).days, y_scale),
    ]
    lead = falls[0]
    shares = ticker["shares"]
    counted = f" Value lost by {shares['shares_bn']:.2f} bn shares of {shares['as_of']}." if shares else ""
    caption = (
        f"Line: close; grey: low to high of a day. A headline may mix a day's high with another's close "
        f"({lead['basis']}: {lead['change_percent']:.1f} %).{counted}"
    )
    name = f"{ticker['ticker']}: one fall, {len(falls)} bases"
    return Figure("price-fall", name, caption, svg(styled(layers, WIDTH, HEIGHT - 20), "price-fall"))


def _months(first: date, last: date) -> list[tuple[int, int]]:
    """Year and number of each month that begins between two days."""
    count = (last.year - first.year) * 12 + last.month - first.month
    counted = (divmod(first.year * 12 + first.month - 1 + n, 12) for n in range(count + 1))
    return [(year, month + 1) for year, month in counted if first <= date(year, month + 1, 1) <= last]


def _drops(falls: Sequence[Document], last: date, room: int, scale: Layer) -> list[Layer]:
    """A bar a basis from its peak to its trough, right of the last day, with the change and the value."""
    import altair

    rows = []
    for place, fall in enumerate(falls):
        peak, trough = fall["peak_price"]["value"], fall["trough_price"]["value"]
        lost = next(iter(fall["value_lost"]), None)
        at = str(last + timedelta(days=int(room * (0.08 + 0.48 * place))))
        rows.append(
            {
                "at": at,
                "peak": peak,
                "trough": trough,
                "peak_on": str(fall["peak_on"]),
                "basis": fall["basis"],
                "change": f"{fall['change_percent']:.1f} %",
                "lost": "" if lost is None else f"-{lost['value_bn']:,.1f} bn {lost['currency']}",
                "centre": trough + (0.62 - 0.12 * place) * (peak - trough),
            }
        )
    colour = altair.Color(
        "basis:N",
        scale=altair.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())),
        legend=None,
    )
    base = on(rows).encode(color=colour)
    peak = altair.Y("peak:Q", scale=scale)
    words = on(rows).encode(x=altair.X("at:T"), y=altair.Y("centre:Q", scale=scale))
    layers = [
        base.mark_rule(strokeDash=[2, 3]).encode(x=altair.X("peak_on:T"), x2="at:T", y=peak),
        base.mark_rule(strokeWidth=9).encode(x=altair.X("at:T"), y=peak, y2="trough:Q"),
    ]
    for dy, field, size, weight in (
        (-9, "change", 13, "bold"),
        (6, "basis", 11, "normal"),
        (20, "lost", 11, "normal"),
    ):
        layers.append(
            words.mark_text(color=INK, align="left", dx=8, dy=dy, fontSize=size, fontWeight=weight).encode(
                text=f"{field}:N"
            )
        )
    return layers
