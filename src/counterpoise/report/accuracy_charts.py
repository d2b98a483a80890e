"""Pictures of the accuracy page: predicted against measured, errors and coverage by group, a dot a split."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from counterpoise.report.accuracy_svg import INK, ROW, Drawn, Sheet
from counterpoise.report.charts import BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILION
from counterpoise.report.noise import Pair, own_noise
from counterpoise.report.scored import FEWEST, FOLD, SPLITS, Scored, by_label, by_split

SPLIT_COLOURS = {FOLD: BLUE, "model": ORANGE, "chip": GREEN, "family": PURPLE}
PLOT, ALONE, GAP = 230, 360, 50
"""Width of a plot beside another and alone, and the room between, in pixels."""
PANEL = 165
"""Side of a scatter plot, in pixels."""
MOST_LABEL, LETTER = 265, 6.1
"""Most room for the names of groups, and the width of a letter of them, in pixels."""
LEAST, MOST = 0.005, 2.0
"""Ends of the axis of errors; what is beyond stands at the end."""
ERROR_TICKS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
SHARE_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
BAND = (0.75, 0.85)
"""Share of measurements that an 80 % interval may hold."""
MOST_ROWS = 24
"""Groups of one kind in a picture, the largest; the tables of the page have all."""
Layers = list[Drawn]


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a plot of groups stands: its rows in order, heading, room for names, width; `first` has names."""

    order: Sequence[str]
    heading: str
    room: int
    width: int
    first: bool


def scatter(found: Sequence[Scored], title: str, unit: str) -> str:
    """Predicted against measured, one panel a split, both axes logarithmic; SVG text.

    The line is equality, the broken ones 20 % off.  A point outside its own 80 % interval has another colour;
    the axes leave out the outermost 0.1 % at each end.
    """
    import altair

    values = [v for s in found for v in (s.prediction.measured, s.prediction.predicted)]
    low, high = 0.8 * float(np.quantile(values, 0.001)), 1.25 * float(np.quantile(values, 0.999))
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    steps = (1, 2, 5) if high / low < 300 else (1,)
    ticks = [t for k in decades for m in steps if low <= (t := round(m * 10.0**k, 6)) <= high]
    scale = altair.Scale(type="log", domain=[low, high], nice=False)
    sheet = Sheet(title)
    axis = {
        "labelOverlap": True,
        "labelSeparation": 6,
        "values": ticks,
        "labelExpr": "format(datum.value, '~s')",
    }
    panels: list[Drawn] = []
    for split, members in by_split(found).items():
        first = not panels
        points = [
            {"x": s.prediction.measured, "y": s.prediction.predicted, "in": str(s.inside)} for s in members
        ]
        x = altair.X("x:Q", scale=scale, title=f"measured, {unit}", axis=altair.Axis(**axis))
        y_title = f"predicted, {unit}" if first else None
        y = altair.Y("y:Q", scale=scale, title=y_title, axis=altair.Axis(**axis, labels=first))
        lines = [
            sheet.chart([{"x": low, "y": low * f}, {"x": high, "y": high * f}])
            .mark_line(color=INK, strokeWidth=1, strokeDash=[1, 0] if f == 1 else [3, 3], clip=True)
            .encode(x=x, y=y)
            for f in (1.0, 1.2, 1 / 1.2)
        ]
        inside_or_not = altair.Scale(domain=["True", "False"], range=[BLUE, VERMILION])
        spots = (
            sheet.chart(points)
            .mark_circle(size=7, opacity=0.7, clip=True)
            .encode(x=x, y=y, color=altair.Color("in:N", scale=inside_or_not, legend=None))
        )
        share = np.mean([s.inside for s in members])
        about = [f"{SPLITS[split]}:", f"{len(members):,} rows, {100 * share:.0f} % inside"]
        panel = altair.layer(*lines, spots).properties(width=PANEL, height=PANEL)
        panels.append(panel.properties(title=altair.TitleParams(about, fontSize=11)))
    legend = sheet.key({"measured inside its 80 % interval": BLUE, "outside": VERMILION})
    return sheet.svg(altair.vconcat(legend, altair.hconcat(*panels, spacing=14), spacing=4))


def dots(
    found: Sequence[Scored],
    metrics: Mapping[str, str],
    kinds: Mapping[str, str],
    pairs: Sequence[Pair],
    title: str,
) -> str:
    """Median error of each group, a dot a split, with the floor by its own repeats as a bar; SVG text.

    `metrics`: column -> heading, side by side.  `kinds`: label -> heading, one below the other.
    """
    import altair

    def layers(sheet: Sheet, metric: str, label: str, frame: _Frame) -> Layers:
        groups = _members(found, metric, label, frame.order)
        rows = {name: max(map(len, splits.values()), default=0) for name, splits in groups.items()}
        points = _points(groups, lambda s: abs(s.error), np.median)
        floors = [
            {"group": name, "value": _clip(own.floor)}
            for name in frame.order
            if (own := own_noise(pairs, metric, {label: name}, rows[name]))
        ]
        scale = altair.Scale(type="log", domain=[LEAST, MOST], nice=False)
        x = altair.X("value:Q", title=None, scale=scale, axis=_percents(ERROR_TICKS))
        counts = [{"group": name, "n": f"{n:,}"} for name, n in rows.items()]
        y = _names(frame)
        drawn = [
            _spots(sheet, [{**p, "value": _clip(p["value"])} for p in points], x, y),
            sheet.chart(counts)
            .mark_text(align="left", dx=6, color=INK, fontSize=9)
            .encode(y=y, x=altair.value(frame.width), text="n:N"),
        ]
        if floors:
            bars = sheet.chart(floors)
            drawn.append(bars.mark_tick(color=INK, thickness=2.5, height=ROW - 4, opacity=1).encode(y=y, x=x))
        return drawn

    return _by_kind(found, metrics, kinds, layers, title, bar="floor by repeats")


def coverage(
    found: Sequence[Scored], metrics: Mapping[str, str], kinds: Mapping[str, str], title: str
) -> str:
    """Share of measurements inside their 80 % interval by group, a dot a split, over `BAND`; SVG text."""
    import altair

    def layers(sheet: Sheet, metric: str, label: str, frame: _Frame) -> Layers:
        groups = _members(found, metric, label, frame.order)
        x = altair.X("value:Q", title=None, scale=altair.Scale(domain=[0, 1]), axis=_percents(SHARE_TICKS))
        band = sheet.chart([{"value": BAND[0], "high": BAND[1]}])
        shares = _points(groups, lambda s: float(s.inside), np.mean)
        return [
            band.mark_rect(color=GREY, opacity=0.35).encode(x=x, x2="high:Q"),
            _spots(sheet, shares, x, _names(frame)),
        ]

    return _by_kind(found, metrics, kinds, layers, title)


def _by_kind(
    found: Sequence[Scored],
    metrics: Mapping[str, str],
    kinds: Mapping[str, str],
    layers: Callable[[Sheet, str, str, _Frame], Layers],
    title: str,
    bar: str = "",
) -> str:
    """A block of rows for each kind of group, a column for each metric."""
    import altair

    orders = {label: _order(found, next(iter(metrics)), label) for label in kinds}
    longest = max((len(name) for order in orders.values() for name in order), default=0)
    room = min(round(LETTER * longest) + 10, MOST_LABEL)
    sheet, width = Sheet(title), PLOT if len(metrics) > 1 else ALONE
    blocks: list[Drawn] = []
    for label, order in orders.items():
        if not order:
            continue
        row: list[Drawn] = []
        for metric, heading in metrics.items():
            frame = _Frame(order, kinds[label], room, width, first=not row)
            plot = altair.layer(*layers(sheet, metric, label, frame)).properties(
                width=width, height=ROW * len(order)
            )
            above = altair.TitleParams(heading, fontSize=12, offset=16)
            row.append(plot if blocks else plot.properties(title=above))
        blocks.append(altair.hconcat(*row, spacing=GAP, bounds="flush"))
    legend = sheet.key({SPLITS[s]: SPLIT_COLOURS[s] for s in by_split(found)}, bar)
    return sheet.svg(altair.vconcat(legend, *blocks, spacing=6))


def _members(
    found: Sequence[Scored], metric: str, label: str, order: Sequence[str]
) -> dict[str, dict[str, list[Scored]]]:
    groups = by_label((s for s in found if s.metric == metric), label)
    return {name: by_split(groups.get(name, ())) for name in order}


def _points(
    groups: Mapping[str, Mapping[str, Sequence[Scored]]],
    value: Callable[[Scored], float],
    middle: Callable[[list[float]], Any],
) -> list[dict[str, Any]]:
    """A point for each group and split of at least `FEWEST` rows."""
    return [
        {"group": name, "split": split, "value": float(middle([value(s) for s in members]))}
        for name, splits in groups.items()
        for split, members in splits.items()
        if len(members) >= FEWEST
    ]


def _order(found: Sequence[Scored], metric: str, label: str) -> list[str]:
    """Groups of at least `FEWEST` rows, worst first by the split that holds conditions out."""
    held = [s for s in found if s.metric == metric and s.split == FOLD]
    groups = {name: each for name, each in by_label(held, label).items() if len(each) >= FEWEST}
    if len(groups) < 2:
        return []
    largest = sorted(groups, key=lambda name: (-len(groups[name]), name))[:MOST_ROWS]
    return sorted(largest, key=lambda name: (-np.median([abs(s.error) for s in groups[name]]), name))


def _clip(error: float) -> float:
    return min(max(error, LEAST), MOST)


def _spots(sheet: Sheet, points: Sequence[Mapping[str, Any]], x: Drawn, y: Drawn) -> Drawn:
    import altair

    scale = altair.Scale(domain=list(SPLIT_COLOURS), range=list(SPLIT_COLOURS.values()))
    colour = altair.Color("split:N", scale=scale, legend=None)
    return sheet.chart(points).mark_circle(size=52, opacity=0.9).encode(y=y, x=x, color=colour)


def _percents(ticks: Sequence[float]) -> Drawn:
    import altair

    written = "format(100 * datum.value, '~r') + ' %'"
    return altair.Axis(values=list(ticks), labelExpr=written, labelFontSize=9)


def _names(frame: _Frame) -> Drawn:
    """Names of groups at the left; a heading that takes the same room in every column keeps these level."""
    import altair

    room = frame.room if frame.first else 0
    axis = altair.Axis(
        labels=frame.first,
        minExtent=room,
        maxExtent=room,
        labelLimit=frame.room - 4,
        ticks=False,
        domain=False,
        grid=True,
        title=frame.heading,
        titleOpacity=1.0 if frame.first else 0.0,
        titleAngle=0,
        titleAnchor="start",
        titleAlign="left",
        titleX=-room,
        titleY=-8,
        titleFontWeight="bold",
    )
    order = list(frame.order)
    return altair.Y("group:N", sort=order, axis=axis, scale=altair.Scale(domain=order))
