"""What drives the spread of an output, and the spread of the value per share with the prices in it."""

from __future__ import annotations

from collections.abc import Mapping

from counterpoise.report.charts import BLUE, GREY, ORANGE, SKY, VERMILION, Figure, svg
from counterpoise.report.market_style import HEIGHT, INK, WIDTH, Document, on, styled
from counterpoise.report.numbers import percent

MOST_INPUTS, LEAST_SHARE = 10, 0.005
_BAR_STEP = 24


def sensitivities(document: Document, names: Mapping[str, str] | None = None) -> Figure:
    """Return what drives the spread of an output (`market.sensitivity.Effects.document`), largest first.

    `names` says an input in words.
    """
    import altair

    count = sum(i["shapley"] >= LEAST_SHARE for i in document["inputs"][:MOST_INPUTS])
    shown = document["inputs"][: max(count, 1)]
    rest = sum(i["shapley"] for i in document["inputs"][len(shown) :])
    rows = [
        {
            "name": (names or {}).get(i["name"], i["name"].replace("_", " ")),
            "share": i["shapley"],
            "low": max(i["shapley"] - 1.28 * i["shapley_standard_error"], 0.0),
            "high": i["shapley"] + 1.28 * i["shapley_standard_error"],
            "first": i["first_order"],
            "kind": "input",
        }
        for i in shown
    ]
    extra = (("all other inputs", rest), ("more than two together, noise", document["unexplained"]))
    rows += [{"name": name, "share": share, "kind": "rest"} for name, share in extra if share >= LEAST_SHARE]
    order = [r["name"] for r in rows]
    y = altair.Y(
        "name:N", sort=order, title=None, axis=altair.Axis(labelLimit=260, ticks=False, domain=False)
    )
    x = altair.X("share:Q", title="share of the variance", axis=altair.Axis(format="%", tickCount=4))
    base = on(rows).encode(y=y)
    colour = altair.Color(
        "kind:N", scale=altair.Scale(domain=["input", "rest"], range=[BLUE, GREY]), legend=None
    )
    inputs = base.transform_filter("datum.kind == 'input'")
    layers = [
        base.mark_bar(height=0.6 * _BAR_STEP).encode(x=x, color=colour),
        inputs.mark_rule(color=INK, strokeWidth=1.6).encode(x=altair.X("low:Q"), x2="high:Q"),
        inputs.mark_tick(color=ORANGE, thickness=2.5, opacity=1, height=0.6 * _BAR_STEP).encode(
            x=altair.X("first:Q")
        ),
    ]
    caption = (
        f"Bars: Shapley effects with 80 % sampling intervals; orange: the input alone (first-order Sobol "
        f"index). By {document['basis']}."
    )
    spec = styled(layers, width=WIDTH - 190, height=_BAR_STEP * len(rows))
    title = f"What drives the spread of {document['output']}"
    return Figure("sensitivities", title, caption, svg(spec, "sensitivities"))


def value_distribution(document: Document, implied: Document | None = None) -> Figure:
    """Return the value per share under each draw (`market.implied.value_under_paths`) with the prices marked.

    `implied` (`market.implied.implied_by_prices`) adds the growth that each price implies.
    """
    import altair

    bins = document["histogram"]
    tallest = max(b["share"] for b in bins)
    furthest = max([bins[-1]["to_usd"], *(1.12 * p["price_usd"] for p in document["prices"])])
    scale = altair.Scale(domain=[0, furthest], nice=False)
    x = altair.X("from_usd:Q", scale=scale, title="USD a share", axis=altair.Axis(grid=False, tickCount=8))
    y = altair.Scale(domain=[0, 1.3 * tallest], nice=False)
    quiet = altair.Axis(labels=False, ticks=False, domain=False, grid=False)
    foot = [dict(b) | {"foot": 0.0} for b in bins]
    bars = (
        on(foot)
        .mark_rect(color=SKY, stroke="white", strokeWidth=0.5)
        .encode(x=x, x2="to_usd:Q", y=altair.Y("share:Q", scale=y, axis=quiet, title="draws"), y2="foot:Q")
    )
    growth = (
        {} if implied is None else {p["price_usd"]: p["implied_growth_per_year"] for p in implied["prices"]}
    )
    marks = []
    for place, p in enumerate(sorted(document["prices"], key=lambda p: -p["price_usd"])):
        price = p["price_usd"]
        said = f"{price:.2f}: {percent(p['probability_worth_more'])} of draws are worth more"
        if price in growth:
            said += f"; implies {percent(growth[price])} a year"
        marks.append({"price": price, "said": said, "top": (1.26 - 0.1 * place) * tallest})
    at = on(marks).encode(x=altair.X("price:Q", scale=scale))
    layers = [
        bars,
        at.mark_rule(color=VERMILION, strokeWidth=1.8).encode(
            y=altair.Y("top:Q", scale=y), y2=altair.value(HEIGHT)
        ),
        at.mark_text(color=INK, align="right", dx=-5, fontSize=11).encode(
            y=altair.Y("top:Q", scale=y), text="said:N"
        ),
    ]
    centre = document["value_per_share_usd"]
    caption = (
        f"Discounted cash flow under each draw of revenue and assumptions: median {centre['median']:.0f} "
        f"USD, 80 % between {centre['p10']:.0f} and {centre['p90']:.0f}; the highest 1 % of draws is not "
        "shown."
    )
    share = document.get("share_of_variance_from_the_path")
    if share is not None:
        caption += f" The revenue path makes {percent(share)} of the variance, the assumptions the rest."
    title = "What a share is worth, and its prices"
    return Figure("value", title, caption, svg(styled(layers), "value"))
