"""The report of a market run: one HTML file that needs no network, no script and no other file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterpoise.report import market, market_tables
from counterpoise.report.charts import Figure
from counterpoise.report.market_charts import (
    elasticity_fan,
    published_forecasts,
    sensitivities,
    value_distribution,
)
from counterpoise.report.numbers import percent
from counterpoise.report.page import environment
from counterpoise.report.page_tables import Table

Document = Mapping[str, Any]


def page(document: Document, about: Mapping[str, Any] | None = None) -> str:
    """Return the report of an outlook or a replay as the text of one HTML file."""
    seen = document.get("outlook", document)
    drawn = {figure.name: figure for figure in figures(document)}
    return (
        environment()
        .get_template("market.html.j2")
        .render(
            document=document,
            case=document["case"],
            seen=seen,
            replayed=document["kind"] == "replay",
            key_figures=_key_figures(document, seen),
            article=market.article(document) if document["kind"] == "replay" else [],
            deciding=market.deciding(seen),
            tables=_tables(document, seen),
            drawn=drawn,
            figure_of=lambda *names: [drawn[name] for name in names if name in drawn],
            about=about or {},
        )
    )


def figures(document: Document) -> list[Figure]:
    """Return the pictures that a document has data for."""
    seen = document.get("outlook", document)
    made = [elasticity_fan(seen["rebound"], str(seen["evidence"]["answer"]))]
    made.append(
        published_forecasts(
            document["racks"]["published"] if document["kind"] == "replay" else seen["racks"]["published"]
        )
    )
    for number, driver in enumerate(seen["drivers"]):
        drawn = sensitivities(driver)
        made.append(Figure(f"drivers-{number}", drawn.title, drawn.caption, drawn.svg))
    value = (document.get("article") or {}).get("value") or {}
    if "under_draws" in value:
        made.append(value_distribution(value["under_draws"], value["implied"]))
    return made


def _tables(document: Document, seen: Document) -> dict[str, Table]:
    made = {
        "capex": market_tables.capex(seen),
        "quarters": market_tables.quarters(seen),
        "limits": market_tables.limits(seen),
        "kinds": market_tables.kinds(seen),
        "tiers": market_tables.tiers(seen),
        "priors": market_tables.priors(seen),
    }
    if document["kind"] == "replay":
        made["claims"] = market_tables.claims(document["claims"])
        made["racks"] = market_tables.racks(document["racks"])
        made["growth"] = market_tables.growth(document["growth"])
    return made


def _key_figures(document: Document, seen: Document) -> list[tuple[str, str, str]]:
    """Title, figure and remark of the numbers at the head of the page."""
    racks, pooled = seen["racks"]["bottom_up_racks"], seen["racks"]["published"]["racks"]
    year = seen["racks"]["year"]
    told = [
        (
            f"Racks in {year}, bottom-up",
            f"{racks['median']:,.0f}",
            f"80 %: {racks['p10']:,.0f} to {racks['p90']:,.0f}",
        ),
        (
            f"Racks in {year}, published",
            f"{pooled['median']:,.0f}",
            f"80 %: {pooled['p10']:,.0f} to {pooled['p90']:,.0f}",
        ),
    ]
    falls = seen["rebound"]["fan"]["probability_demand_falls"]
    told.append(("Cheaper models shrink demand", percent(falls), "of draws; break-even elasticity 1"))
    if document["kind"] == "replay":
        growth, summary = document["growth"], document["claims"]["summary"]
        if growth["came_percent"] is not None:
            ours = next(row for row in growth["forecasts"] if row["kind"] == "ours")
            told.append(
                (
                    f"Capex growth in {growth['quarter']}",
                    f"{growth['came_percent']:+.0f} %",
                    f"recipe: {ours['yoy_percent']:+.0f} %, {ours['low80_percent']:+.0f} to "
                    f"{ours['high80_percent']:+.0f}",
                )
            )
        if summary["brier"] is not None:
            told.append(
                ("Our Brier score", f"{summary['brier']:.2f}", "0.25 for always 50 %; smaller is better")
            )
    return told
