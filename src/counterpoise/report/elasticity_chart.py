"""The fan of hardware demand over an efficiency gain and the elasticity of compute demand."""

from __future__ import annotations

import math
from collections.abc import Sequence

from counterpoise.report.charts import BLUE, ORANGE, SKY, VERMILION, Figure, svg
from counterpoise.report.market_style import INK, Document, Layer, on, styled
from counterpoise.report.numbers import percent

_RATIOS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_GAINS = (1, 2, 3, 5, 10, 20, 40)
_POINT = 1e-6
"""A spread below which a prior is one value, set by the user."""
SHOWN_ELASTICITIES = (0.5, 0.8, 1.0, 1.1, 1.5)


def elasticity_fan(document: Document, evidence: str = "") -> Figure:
    """Return the fan of hardware demand over gain and elasticity (`market.break_even.question`).

    `evidence` is a sentence on what was public of the elasticity, said in the caption.
    """
    import altair

    widest = float(document["by_gain"][-1]["gain"])
    x = altair.X(
        "gain:Q",
        title="efficiency gain (times)",
        scale=altair.Scale(type="log", domain=[1, widest], nice=False),
        axis=altair.Axis(values=list(_GAINS), labelExpr="datum.value + 'x'", grid=False),
    )
    y = altair.Scale(type="log", domain=[_RATIOS[0], _RATIOS[-1]], nice=False, clamp=True)
    axis = altair.Axis(values=list(_RATIOS), labelExpr="datum.value + 'x'")
    title = "hardware demand against what was expected"
    band = on(document["by_gain"]).encode(x=x)
    layers: list[Layer] = [
        band.mark_area(color=SKY, opacity=0.25).encode(
            y=altair.Y("p10:Q", scale=y, axis=axis, title=title), y2="p90:Q"
        ),
        band.mark_area(color=SKY, opacity=0.35).encode(y=altair.Y("p25:Q", scale=y), y2="p75:Q"),
        *_elasticity_lines(widest, y),
    ]
    cut = document["cut"]
    if cut is not None:
        said = (
            f"the cut: {cut['from_racks']:,.0f} to {cut['to_racks']:,.0f} racks, {cut['demand_ratio']:.2f}x"
        )
        at = [{"gain": widest, "ratio": cut["demand_ratio"], "said": said}]
        rule = on(at).encode(y=altair.Y("ratio:Q", scale=y))
        layers.append(rule.mark_rule(color=VERMILION, strokeDash=[5, 4], strokeWidth=1.5))
        layers.append(
            rule.mark_text(color=VERMILION, align="right", dx=-4, dy=-8, fontSize=11).encode(
                x="gain:Q", text="said:N"
            )
        )
    layers += _cases(document["cases"], y)
    layers += _gain_range(document["gain_quantiles"], y)
    caption = f"Hardware demand changes by gain^(elasticity - 1). {_in_words(document)} {evidence}".strip()
    title_said = "Does an efficiency gain cut demand for hardware? Break-even is an elasticity of 1"
    return Figure("elasticity-fan", title_said, caption, svg(styled(layers), "elasticity-fan"))


def _in_words(document: Document) -> str:
    """What the bands are, and the fan over both priors; the one figure where nothing varies."""
    fan = document["fan"]["quantiles_demand_ratio"]
    if fan["p90"] - fan["p10"] < _POINT:
        return f"With the elasticity and the gain set, {fan['p50']:.3f}x."
    band = document["elasticity_quantiles"]
    told = (
        f"Elasticity set to {band['p50']:g}; over the gain"
        if band["p90"] - band["p10"] < _POINT
        else "Dark and light: 50 and 80 % of the elasticity's prior; over elasticity and gain together"
    )
    return (
        f"{told} 80 % lie between {fan['p10']:.2f}x and {fan['p90']:.2f}x and demand falls in "
        f"{percent(document['fan']['probability_demand_falls'])} of the draws."
    )


def _elasticity_lines(widest: float, y: Layer) -> list[Layer]:
    """A line an elasticity, named at its right end; the break-even in ink."""
    import altair

    ends = [
        {"e": e, "gain": g, "ratio": g ** (e - 1.0), "break_even": e == 1.0}
        for e in SHOWN_ELASTICITIES
        for g in (1.0, widest)
    ]
    named = [
        {**row, "said": "break-even: 1" if row["break_even"] else f"{row['e']:g}"}
        for row in ends
        if row["gain"] > 1
    ]
    lines = on(ends).encode(x="gain:Q", y=altair.Y("ratio:Q", scale=y), detail="e:N")
    text = on(named).encode(x="gain:Q", y=altair.Y("ratio:Q", scale=y), text="said:N")
    return [
        lines.transform_filter("!datum.break_even").mark_line(color=BLUE, strokeWidth=1.1, opacity=0.8),
        lines.transform_filter("datum.break_even").mark_line(color=INK, strokeWidth=2.2),
        text.transform_filter("!datum.break_even").mark_text(color=BLUE, align="left", dx=4, fontSize=11),
        text.transform_filter("datum.break_even").mark_text(
            color=INK, align="left", dx=4, fontSize=11, fontWeight="bold"
        ),
    ]


def _gain_range(quantiles: Document, y: Layer) -> list[Layer]:
    """The middle 80 % of the gain's prior, along the foot of the picture."""
    import altair

    point = quantiles["p90"] - quantiles["p10"] < _POINT
    rows = [{"low": quantiles["p10"], "high": quantiles["p90"], "mid": quantiles["p50"], "ratio": 0.115}]
    at = on(rows).encode(y=altair.Y("ratio:Q", scale=y))
    if point:
        said = f"gain set to {quantiles['p50']:g}x"
        return [
            on(rows).mark_rule(color=ORANGE, strokeWidth=2).encode(x="mid:Q"),
            at.mark_text(color=INK, align="left", dx=5, fontSize=11).encode(
                x="mid:Q", text=altair.value(said)
            ),
        ]
    said = "80 % of the gain's prior"
    return [
        at.mark_rule(color=ORANGE, strokeWidth=5).encode(x="low:Q", x2="high:Q"),
        at.mark_text(color=INK, dy=-10, fontSize=11).encode(x="mid:Q", text=altair.value(said)),
    ]


def _cases(cases: Sequence[Document], y: Layer) -> list[Layer]:
    """The (gain, elasticity) that the case asks for by name, as rings with the ratio."""
    import altair

    rows = [
        {
            "gain": c["gain"],
            "ratio": c["demand_ratio"],
            "said": f"{c['demand_ratio']:.3f}x",
            "up": c["demand_ratio"] > 1,
        }
        for c in cases
        if abs(math.log(c["demand_ratio"])) > 1e-9
    ]
    at = on(rows).encode(x="gain:Q", y=altair.Y("ratio:Q", scale=y))
    ring = at.mark_point(color=INK, filled=False, size=60, strokeWidth=1.8, opacity=1)
    said = {"color": INK, "fontSize": 11, "align": "right", "dx": -8}
    return [
        ring,
        at.transform_filter("datum.up").mark_text(**said, dy=-9).encode(text="said:N"),
        at.transform_filter("!datum.up").mark_text(**said, dy=10).encode(text="said:N"),
    ]
