"""SVG files that stand alone: each brings its own ground and ink, for light and for dark readers.

The style is that of `charts`; points are drawn as one path, so that thousands of them stay small.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

from counterpoise.report.charts import BLUE, GREEN, PURPLE, VERMILION

Drawn = Any
"""A chart or a part of one; Altair has no types here."""
INK, _GROUND = "#123456", "#654321"
"""Stand for ink and ground until the SVG is written; no palette colour equals them."""
MANY = 2000
"""Points of a picture from which they are drawn to the pixel."""
ROW = 16
"""Height of a row of a chart, in pixels."""
_ON_DARK = {BLUE: "#4FA8DE", GREEN: "#2FC79B", VERMILION: "#F0803C", PURPLE: "#D993B8"}
"""Colours of the palette that are too dark for a dark ground -> what they are there."""
_STYLE = (
    "<style>svg{color:#24292f;background:#fff}"
    "@media (prefers-color-scheme:dark){svg{color:#d7dde3;background:#161b22}"
    + "".join(f'[fill="{c}"]{{fill:{d}}}[stroke="{c}"]{{stroke:{d}}}' for c, d in _ON_DARK.items())
    + "}</style>"
)
_NOT_SEEN = re.compile(r' (?:aria-[a-z]+|role|class|xmlns:xlink|pointer-events|stroke-miterlimit)="[^"]*"')
"""Attributes that change nothing of what is seen, and make most of the file."""
_POINT = re.compile(
    r'(?:<path transform="translate\([^)]*\)" d="M[\d.]+,0A[^"]*" fill="(#[0-9A-Fa-f]{6})"'
    r'(?: stroke-width="[\d.]+")? opacity="([\d.]+)"/>\s*){20,}'
)
_CLIP = re.compile(r"\bclip\d+\b")
_PLACE = re.compile(r'translate\((-?[\d.]+),(-?[\d.]+)\)[^>]*?fill="(#[0-9A-Fa-f]{6})"')


@dataclass(frozen=True, slots=True)
class Sheet:
    """A picture in the making: its title, and the data of its charts, which Altair need not look through."""

    title: str
    datasets: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)

    def chart(self, rows: Sequence[Mapping[str, Any]]) -> Drawn:
        """Return an Altair chart of `rows`."""
        import altair

        name = f"rows{len(self.datasets)}"
        self.datasets[name] = list(rows)
        return altair.Chart(altair.NamedData(name=name))

    def key(self, told: Mapping[str, str], bar: str = "") -> Drawn:
        """Return what each colour (and the upright bar) stands for, in one line."""
        import altair

        words = [*told, *([bar] if bar else [])]
        ends = np.cumsum([0, *[22 + 5.6 * len(word) for word in words]])
        rows = [{"x": float(x), "word": w} for x, w in zip(ends[:-1], words, strict=True)]
        x = altair.X(
            "x:Q", axis=None, scale=altair.Scale(domain=[0, float(ends[-1])], nice=False, zero=False)
        )
        marks = [
            self.chart(rows)
            .mark_text(align="left", dx=8, color=INK, fontSize=10.5)
            .encode(x=x, text="word:N"),
            self.chart([{**r, "colour": told[str(r["word"])]} for r in rows if r["word"] in told])
            .mark_circle(size=52, opacity=0.9)
            .encode(x=x, color=altair.Color("colour:N", scale=None, legend=None)),
        ]
        if bar:
            upright = self.chart([rows[-1]])
            marks.append(upright.mark_tick(color=INK, thickness=2.5, height=ROW - 4, opacity=1).encode(x=x))
        return altair.layer(*marks).properties(width=float(ends[-1]), height=ROW)

    def svg(self, chart: Drawn) -> str:
        """Return `chart` as an SVG file: readable on light and dark, titled, small."""
        import vl_convert

        spec = {**_styled(chart), "datasets": self.datasets}
        text = str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))
        text = _NOT_SEEN.sub("", text)
        text = _POINT.sub(_one_path, text)
        # Vega counts its clips through the process; a file has its own count.
        names = {name: f"clip{i}" for i, name in enumerate(dict.fromkeys(_CLIP.findall(text)))}
        text = _CLIP.sub(lambda m: names[m[0]], text)
        text = re.sub(r"(\d+\.\d\d)\d+", r"\1", text)
        text = text.replace(f'fill="{_GROUND}"', 'fill="none"').replace(INK, "currentColor")
        head = f"<title>{escape(self.title)}</title>{_STYLE}"
        return re.sub(r"(<svg[^>]*>)", lambda m: m[1] + head, text, count=1) + "\n"


def _styled(chart: Drawn) -> dict[str, Any]:
    """Return a chart as a specification in the page's style."""
    label = {"labelColor": INK, "titleColor": INK, "labelFontSize": 11, "titleFontSize": 11}
    drawn = chart.properties(background=_GROUND, padding=10)
    spec: dict[str, Any] = (
        drawn.configure(font="Helvetica, Arial, sans-serif")
        .configure_title(color=INK, fontWeight="normal")
        .configure_view(stroke=None)
        .configure_axis(
            **label,
            titleFontWeight="normal",
            domainColor=INK,
            tickColor=INK,
            gridColor=INK,
            gridOpacity=0.13,
        )
        .to_dict()
    )
    return spec


def _one_path(points: re.Match[str]) -> str:
    """Return neighbouring equal circles as one path a colour: a dot is a line of no length, round."""
    size = re.search(r'd="M([\d.]+),0A', points[0])
    radius = float(size[1]) if size else 1.0
    found = _PLACE.findall(points[0])
    places: dict[str, dict[str, None]] = {}
    # To half a pixel (a whole one where they are many), and each place once: what another hides is not seen.
    grid = 0.5 if len(found) < MANY else 1.0
    for x, y, colour in found:
        place = (grid * round(float(x) / grid), grid * round(float(y) / grid))
        places.setdefault(colour, {})[f"M{place[0]:g} {place[1]:g}h0"] = None
    return "".join(
        f'<path d="{"".join(each)}" stroke="{colour}" stroke-width="{2 * radius:.1f}" '
        f'stroke-linecap="round" stroke-opacity="{points[2]}" fill="none"/>'
        for colour, each in places.items()
    )
