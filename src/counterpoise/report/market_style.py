"""What the market's pictures share: size, ink, and how layers become one specification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from counterpoise.report.charts import _INK

Document = Mapping[str, Any]
Layer = Any
"""An altair chart: altair is untyped here."""

WIDTH, HEIGHT = 420, 260
INK = _INK
"""The page's own ink."""


def on(rows: Sequence[Document]) -> Layer:
    """Return a chart that stands on plain rows."""
    import altair

    return altair.Chart(altair.Data(values=[dict(row) for row in rows]))


def quarter_axis(every_label: bool = True) -> Layer:
    """Return the axis of quarters such as 2025Q1: each by number with its year below the first, or years."""
    import altair

    first = "substring(datum.value, 5) == '1'"
    year, number = "substring(datum.value, 0, 4)", "substring(datum.value, 4)"
    label = f"{first} ? [{number}, {year}] : {number}" if every_label else f"{first} ? {year} : ''"
    return altair.Axis(labelExpr=label, labelAngle=0, grid=False, labelOverlap=False, labelPadding=5)


def styled(layers: Sequence[Layer], width: int = WIDTH, height: int = HEIGHT) -> dict[str, Any]:
    """Return layers as one specification in the family's style."""
    import altair

    label = {"labelColor": INK, "titleColor": INK, "labelFontSize": 11, "titleFontSize": 11}
    spec: dict[str, Any] = (
        altair.layer(*layers)
        .properties(width=width, height=height, background="transparent")
        .configure(font="Helvetica, Arial, sans-serif", padding=4)
        .configure_view(stroke=None)
        .configure_axis(
            **label, titleFontWeight="normal", domainColor=INK, tickColor=INK, gridColor=INK, gridOpacity=0.12
        )
        .configure_legend(
            **label, orient="top", title=None, symbolType="circle", columnPadding=10, labelLimit=200
        )
        # Pictures are built of constants alone: to validate each against the schema doubles the time.
        .to_dict(validate=False)
    )
    return spec
