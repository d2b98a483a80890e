"""Money by tier of the supply chain: by year, and what a cut of racks takes from each, gross and net."""

from __future__ import annotations

from counterpoise.report import market_words
from counterpoise.report.charts import BLUE, ORANGE, SKY, Figure, svg
from counterpoise.report.market_style import INK, WIDTH, Document, Layer, on, styled

_STEP = 34
_YEAR_COLOURS = (BLUE, SKY, ORANGE)


def money_by_tier(money: Document) -> Figure:
    """Return mean spending on AI systems by tier and year, USD bn."""
    import altair

    years = [str(row["year"]) for row in money["systems_usd_bn_by_year"]][: len(_YEAR_COLOURS)]
    rows = [
        {"tier": market_words.TIERS[row["tier"]], "year": year, "usd_bn": row[f"mean_{year}_usd_bn"]}
        for row in money["by_tier"]
        for year in years
    ]
    bars = (
        on(rows)
        .mark_bar()
        .encode(
            x=altair.X("usd_bn:Q", title="USD bn a year", axis=altair.Axis(tickCount=4)),
            y=_tiers(money),
            yOffset=altair.YOffset("year:N", sort=years),
            color=altair.Color(
                "year:N",
                scale=altair.Scale(domain=years, range=list(_YEAR_COLOURS[: len(years)])),
                legend=altair.Legend(title=None, orient="top", symbolType="square"),
            ),
        )
    )
    whole = "; ".join(
        f"{row['year']} {row['median']:.0f} ({row['p10']:.0f} to {row['p90']:.0f})"
        for row in money["systems_usd_bn_by_year"]
    )
    caption = f"Means over draws; they add up. All AI systems, USD bn, median and 80 %: {whole}."
    spec = styled([bars], width=WIDTH - 130, height=_STEP * len(money["by_tier"]))
    return Figure("money-by-tier", "Where the money goes", caption, svg(spec, "money-by-tier"))


def cut_by_tier(money: Document) -> Figure | None:
    """Return what the published cut of racks takes from each tier, gross and net; None without a cut."""
    import altair

    cut = money["cut"]
    if cut is None:
        return None
    kinds = ("gross", "net of GPUs that ship in boxes")
    rows = [
        {"tier": market_words.TIERS[row["tier"]], "kind": kind, "usd_bn": row[key]}
        for row in cut["by_tier"]
        for kind, key in zip(kinds, ("gross_mean_usd_bn", "net_mean_usd_bn"), strict=True)
    ]
    y = _tiers(money)
    colour = altair.Color(
        "kind:N",
        scale=altair.Scale(domain=list(kinds), range=[SKY, BLUE]),
        legend=altair.Legend(title=None, orient="top", symbolType="square"),
    )
    base = on(rows).encode(
        x=altair.X("usd_bn:Q", title="USD bn taken from the tier", axis=altair.Axis(tickCount=6)),
        y=y,
        color=colour,
    )
    layers: list[Layer] = [
        base.transform_filter(f"datum.kind == '{kinds[0]}'").mark_bar(height=22),
        base.transform_filter(f"datum.kind == '{kinds[1]}'").mark_bar(height=10),
        on([{"zero": 0}]).mark_rule(color=INK).encode(x="zero:Q"),
    ]
    gross, net = cut["gross_usd_bn"], cut["net_usd_bn"]
    caption = (
        f"Gross {gross['median']:.0f} USD bn (80 %: {gross['p10']:.0f} to {gross['p90']:.0f}): racks at the "
        f"price of a rack. Net {net['median']:.0f} ({net['p10']:.0f} to {net['p90']:.0f}): part of the GPUs "
        "ship in HGX boxes instead, how many is a judgement."
    )
    title = f"What {cut['racks']:,.0f} racks fewer take from each tier"
    spec = styled(layers, width=WIDTH - 130, height=_STEP * len(money["by_tier"]))
    return Figure("cut-by-tier", title, caption, svg(spec, "cut-by-tier"))


def _tiers(money: Document) -> Layer:
    import altair

    return altair.Y(
        "tier:N",
        sort=[market_words.TIERS[row["tier"]] for row in money["by_tier"]],
        title=None,
        axis=altair.Axis(ticks=False, domain=False, grid=False, labelLimit=190),
    )
