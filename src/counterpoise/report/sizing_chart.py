"""The frontier of `size` as a picture: speed for one user against throughput of a chip, with intervals.

Logarithmic on both axes, since a chip spans decades of both; each line is labelled where it begins, so that
no legend has to be matched by colour.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from counterpoise.errors import BadInput, Where
from counterpoise.report.charts import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, YELLOW
from counterpoise.report.numbers import duration, significant

Document = Mapping[str, Any]
WIDTH, HEIGHT = 640, 400
COLOURS = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, YELLOW, GREY)
_INK = "#222222"
_PLAIN = "datum.value < 1 ? format(datum.value, '~g') : format(datum.value, '~s')"
_LABEL_GAP = 15.0
"""Pixels between two labels at least."""
_USER, _CHIP = "output_tokens_per_s_per_user", "output_tokens_per_s_per_chip"


@dataclass(frozen=True, slots=True)
class Line:
    """The frontier of one chip in one precision, slowest point first."""

    name: str
    colour: str
    points: tuple[Document, ...]


def frontier_svg(document: Document) -> str:
    """Return the frontier of `document` (asked with `frontier`) as the text of an SVG file.

    Of each chip the precision of the release is drawn, or where no such point exists the best other.
    Raises `BadInput` where there is nothing to draw.
    """
    lines = _lines(document)
    if not lines:
        raise BadInput(
            "no point meets the TTFT target, so there is no frontier to draw.",
            where=Where(field="--chart"),
            hint="Ask without --chart to see what was refused and why.",
        )
    import vl_convert

    return str(vl_convert.vegalite_to_svg(_spec(document, lines), allowed_base_urls=[]))


def _lines(document: Document) -> list[Line]:
    native = document.get("native_precision")
    by_chip: dict[str, list[Document]] = {}
    for p in document.get("frontier", ()):
        by_chip.setdefault(str(p["chip"]), []).append(p)
    lines = []
    for chip, points in by_chip.items():
        best = max(points, key=lambda p: float(p[_CHIP]))
        precision = native if any(p["precision"] == native for p in points) else best["precision"]
        kept = _unbeaten([p for p in points if p["precision"] == precision])
        lines.append((f"{chip} {precision}", kept))
    lines.sort(key=lambda line: -max(float(p[_CHIP]) for p in line[1]))
    shown = lines[: len(COLOURS)]
    return [Line(name, colour, tuple(kept)) for (name, kept), colour in zip(shown, COLOURS, strict=False)]


def _unbeaten(points: Sequence[Document]) -> list[Document]:
    """Points that no other beats in both measures, slowest for the user first."""
    kept: list[Document] = []
    for p in sorted(points, key=lambda p: (-float(p[_USER]), -float(p[_CHIP]))):
        if not kept or p[_CHIP] > kept[-1][_CHIP]:
            kept.append(p)
    return kept[::-1]


def _spec(document: Document, lines: Sequence[Line]) -> dict[str, Any]:
    import altair

    asked = document["asked"]
    speeds = [float(p[_USER]) for line in lines for p in line.points]
    rates = [float(p[f"{side}80_{_CHIP}"]) for line in lines for p in line.points for side in ("low", "high")]
    # Half as slow as the slowest: room for the names of the lines.
    x_domain = [_floor(min(speeds) / 2), _ceiling(max(speeds))]
    y_domain = [_floor(min(rates)), _ceiling(max(rates))]
    scale = {"type": "log", "nice": False}
    x = altair.X(
        "x:Q",
        title="tokens/s for each user",
        scale=altair.Scale(domain=x_domain, **scale),
        axis=altair.Axis(values=_ticks(x_domain, (1, 1.5, 2, 3, 5, 7)), labelExpr=_PLAIN),
    )
    y = {
        "title": "output tokens/s for each chip",
        "scale": altair.Scale(domain=y_domain, **scale),
        "axis": altair.Axis(values=_ticks(y_domain, (1, 2, 5)), labelExpr=_PLAIN),
    }
    names, colours = [line.name for line in lines], [line.colour for line in lines]
    colour = altair.Color("line:N", legend=None, scale=altair.Scale(domain=names, range=colours))
    base = altair.Chart(altair.Data(values=_rows(lines))).encode(x=x, color=colour)
    layers = [
        base.mark_area(opacity=0.10, line=False).encode(y=altair.Y("low:Q", **y), y2="high:Q"),
        base.mark_line(strokeWidth=2.2).encode(y=altair.Y("y:Q", **y)),
        base.mark_circle(size=22, opacity=1).encode(y=altair.Y("y:Q", **y)),
    ]
    target = 1e3 / asked["tpot_ms"]
    if x_domain[0] < target < x_domain[1]:
        layers += _target_layers(target, f"TPOT {duration(asked['tpot_ms'] / 1e3)} asked", y_domain)
    layers += _answer_ring(document, x_domain, y_domain)
    layers.append(_labels(lines, colour, y_domain))
    chart = (
        altair.layer(*layers)
        .properties(
            width=WIDTH, height=HEIGHT, background="white",
            title=altair.Title(_title(document), subtitle=_subtitle(document), anchor="start", offset=14),
        )
        .configure(font="Helvetica, Arial, sans-serif", padding=10)
        .configure_view(stroke=None)
        .configure_title(
            fontSize=15, color=_INK, subtitleFontSize=11.5, subtitleColor="#555555", subtitlePadding=5
        )
        .configure_axis(
            labelColor=_INK, titleColor=_INK, labelFontSize=11, titleFontSize=12, titleFontWeight="normal",
            gridColor="#dddddd", gridOpacity=0.7, domainColor="#888888", tickColor="#888888", titlePadding=8,
        )
    )  # fmt: skip
    spec: dict[str, Any] = chart.to_dict()
    return spec


def _title(document: Document) -> str:
    return f"{document['model']}: speed for a user against throughput of a chip"


def _subtitle(document: Document) -> list[str]:
    asked, row = document["asked"], _answered(document)
    lines = [
        f"{significant(asked['input_tokens'], 6)} tokens in, {significant(asked['output_tokens'], 6)} out; "
        f"TTFT within {duration(asked['ttft_ms'] / 1e3)}, both times at p{asked['percentile']:g}; "
        f"engine: {asked['engine']}.",
        "Predicted; each dot is a layout and a number of users that no other beats. Bands: 80 % interval.",
    ]
    if row is not None:
        cost = row.get("usd_per_million_output_tokens")
        price = "no known price" if cost is None else f"{significant(cost)} USD per million output tokens"
        ring = f"Ring: {significant(row['n_chips'])} x {row['chip']} in {row['precision']}, {price}."
        lines.append(ring)
    return lines


def _target_layers(target: float, said: str, y_domain: Sequence[float]) -> list[Any]:
    import altair

    at = altair.Data(values=[{"x": target, "y": y_domain[0], "said": said}])
    rule = altair.Chart(at).mark_rule(color=_INK, strokeDash=[4, 4], strokeWidth=1.2).encode(x="x:Q")
    text = (
        altair.Chart(at)
        .mark_text(align="left", dx=5, dy=-8, color=_INK, fontSize=11)
        .encode(x="x:Q", y="y:Q", text="said:N")
    )
    return [rule, text]


def _answer_ring(document: Document, x_domain: Sequence[float], y_domain: Sequence[float]) -> list[Any]:
    """A ring round the deployment that the answer is about."""
    import altair

    row = _answered(document)
    if row is None:
        return []
    x, y = float(row[_USER]), float(row[_CHIP])
    if not (x_domain[0] <= x <= x_domain[1] and y_domain[0] <= y <= y_domain[1]):
        return []
    at = altair.Chart(altair.Data(values=[{"x": x, "y": y}]))
    return [at.mark_point(color=_INK, size=150, strokeWidth=1.8).encode(x="x:Q", y="y:Q")]


def _answered(document: Document) -> Document | None:
    rows = document.get("deployments") or ()
    return rows[(document.get("chosen") or 1) - 1] if rows else None


def _rows(lines: Sequence[Line]) -> list[dict[str, Any]]:
    return [
        {
            "line": line.name,
            "x": p[_USER],
            "y": p[_CHIP],
            "low": p[f"low80_{_CHIP}"],
            "high": p[f"high80_{_CHIP}"],
        }
        for line in lines
        for p in line.points
    ]


def _labels(lines: Sequence[Line], colour: Any, y_domain: Sequence[float]) -> Any:  # noqa: ANN401
    """Names left of where the lines begin; lines that begin near each other share one column of names."""
    import altair

    decades = math.log10(y_domain[1] / y_domain[0])
    starts = [(float(line.points[0][_USER]), float(line.points[0][_CHIP])) for line in lines]
    wanted = [HEIGHT * math.log10(y_domain[1] / rate) / decades for _, rate in starts]
    placed: list[float] = []
    for want in wanted:  # highest first, so that positions fall
        placed.append(max(want, placed[-1] + _LABEL_GAP) if placed else want)
    rows = []
    for line, (speed, _), at in zip(lines, starts, placed, strict=True):
        near = [s for (s, _), other in zip(starts, wanted, strict=True) if abs(other - at) < 2 * _LABEL_GAP]
        height = y_domain[1] / 10 ** (at * decades / HEIGHT)
        rows.append({"line": line.name, "x": min([speed, *near]), "y": height})
    return (
        altair.Chart(altair.Data(values=rows))
        .mark_text(align="right", dx=-8, fontSize=12, fontWeight="bold", baseline="middle")
        .encode(x="x:Q", y="y:Q", text="line:N", color=colour)
    )


def _steps(value: float) -> tuple[float, float]:
    """The values 1, 2, 5 x 10^n around `value`."""
    decade = 10.0 ** math.floor(math.log10(value))
    around = [decade * m for m in (1, 2, 5, 10)]
    return max(a for a in around if a <= value * (1 + 1e-9)), min(
        a for a in around if a >= value * (1 - 1e-9)
    )


def _floor(value: float) -> float:
    return _steps(value)[0]


def _ceiling(value: float) -> float:
    return _steps(value)[1]


def _ticks(domain: Sequence[float], digits: Sequence[float]) -> list[float]:
    low, high = domain
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every = [m * 10.0**n for n in range(first, last + 1) for m in digits]
    return [t for t in every if low * (1 - 1e-9) <= t <= high * (1 + 1e-9)]
