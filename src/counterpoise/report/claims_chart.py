"""Claims as a strip: the probability that we gave each one, beside what became of it."""

from __future__ import annotations

from textwrap import wrap

from counterpoise.report.charts import BLUE, GREEN, SKY, VERMILION, Figure, svg
from counterpoise.report.market_style import INK, WIDTH, Document, Layer, on, styled

_STEP, _LETTERS, _BREAK = 31, 32, "|"
"""Height of a row, and letters of a claim in each of the two lines that stand beside it."""


def claims_strip(judged: Document) -> Figure | None:
    """Return our probabilities beside the verdicts; None where no probability can be scored yet."""
    import altair

    scored = [c for c in judged["claims"] if c["brier"] is not None]
    if not scored:
        return None
    rows = []
    for claim in scored:
        held = claim["verdict"] == "holds"
        row = {"claim": _words(claim), "came": 1.0 if held else 0.0}
        rows.append(row | {"kind": "it held" if held else "it failed", "at": row["came"]})
        rows.append(row | {"kind": "we said", "at": claim["probability"]["value"]})
        rows += [
            row | {"kind": "another of our forecasts", "at": other["value"]}
            for name, other in claim["probability"]["by"].items()
            if name != claim["probability"]["basis"][0]
        ]
    kinds = {"we said": BLUE, "another of our forecasts": SKY, "it held": GREEN, "it failed": VERMILION}
    base = on(rows).encode(
        y=altair.Y(
            "claim:N",
            sort=[_words(c) for c in scored],
            title=None,
            axis=altair.Axis(
                ticks=False,
                domain=False,
                grid=True,
                labelLimit=230,
                labelPadding=11,
                labelExpr=f"split(datum.value, '{_BREAK}')",
            ),
        ),
        x=altair.X(
            "at:Q",
            title="probability that the claim holds",
            scale=altair.Scale(domain=[0, 1]),
            axis=altair.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1], grid=False),
        ),
    )
    colour = altair.Color(
        "kind:N",
        scale=altair.Scale(domain=list(kinds), range=list(kinds.values())),
        legend=altair.Legend(title=None, orient="top", columns=2),
    )
    ours = base.transform_filter("datum.kind == 'we said'")
    layers: list[Layer] = [
        on([{"half": 0.5}]).mark_rule(color=INK, opacity=0.5, strokeDash=[2, 3]).encode(x="half:Q"),
        ours.mark_rule(color=INK, strokeWidth=1.3).encode(x2="came:Q"),
        base.transform_filter("indexof(datum.kind, 'it ') == 0")
        .mark_point(shape="square", filled=True, size=110, opacity=1)
        .encode(color=colour),
        base.transform_filter("datum.kind == 'another of our forecasts'")
        .mark_circle(size=55, opacity=1)
        .encode(color=colour),
        ours.mark_circle(size=90, opacity=1).encode(color=colour),
    ]
    summary = judged["summary"]
    caption = (
        f"The line from our dot to the square is our error. Brier {summary['brier']:.2f} over "
        f"{summary['scored_probabilities']} claims, {summary['brier_always_50_percent']:.2f} for always "
        f"50 %, {summary['brier_claims_taken_as_certain']:.2f} for the claims taken as certain. Claims of "
        "one day share their facts, so this is little evidence of skill."
    )
    spec = styled(layers, width=WIDTH - 150, height=_STEP * len(scored))
    return Figure("claims", "What we said of each claim, and what became of it", caption, svg(spec, "claims"))


def _words(claim: Document) -> str:
    """The claim in at most two lines, as the axis splits them."""
    lines = wrap(f"{claim['id']}. {str(claim['text']).rstrip('.')}", _LETTERS)
    return _BREAK.join(lines[:2]) + (" ..." if len(lines) > 2 else "")
