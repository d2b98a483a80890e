"""The report of a market run: one HTML file that needs no network, no script and no other file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterpoise.report import market, market_tables, replay_tables
from counterpoise.report import market_charts as charts
from counterpoise.report.charts import Figure
from counterpoise.report.market_figures import key_figures
from counterpoise.report.market_words import prior_in_words
from counterpoise.report.page import environment
from counterpoise.report.page_tables import Table

Document = Mapping[str, Any]


def page(document: Document, about: Mapping[str, Any] | None = None) -> str:
    """Return the report of an outlook or a replay as the text of one HTML file.

    `about` is what the run says of itself (versions, hashes of the inputs), shown at the foot.
    """
    seen = document.get("outlook", document)
    replayed = document["kind"] == "replay"
    drawn = {figure.name: figure for figure in figures(document)}
    return (
        environment()
        .get_template("market.html.j2")
        .render(
            document=document,
            case=document["case"],
            title=document["case"]["name"] if replayed else f"The market for AI compute from {seen['as_of']}",
            seen=seen,
            replayed=replayed,
            key_figures=key_figures(document),
            refusals=market.refusals(document) if replayed else [],
            warnings=market.warnings(seen),
            valuing=market.valuing(document),
            sources=list(dict.fromkeys(c["source"] for c in document["claims"]["claims"]))
            if replayed
            else [],
            deciding=market.deciding(seen),
            spreads=market.spreads(seen),
            basis=market.basis(seen),
            tables=_tables(document, seen),
            drawn=drawn,
            figure_of=lambda *names: [drawn[name] for name in names if name in drawn],
            drivers=[name for name in drawn if name.startswith("drivers-")],
            about=about or {},
        )
    )


def figures(document: Document) -> list[Figure]:
    """Return the pictures that a document has data for, in reading order."""
    seen = document.get("outlook", document)
    made: list[Figure | None] = []
    if document["kind"] == "replay":
        tickers = (document["article"].get("falls") or {}).get("tickers") or []
        made += [charts.price_fall(ticker) for ticker in tickers[:1] if ticker["falls"]]
        made.append(charts.claims_strip(document["claims"]))
        made.append(charts.scored_forecasts(document["racks"]))
    published = (document if document["kind"] == "replay" else seen)["racks"]["published"]
    if published is not None:
        made.append(charts.published_forecasts(published))
    made += [
        charts.elasticity_fan(seen["rebound"]),
        charts.racks_by_quarter(seen),
        charts.limits_that_bind(seen, "racks"),
        charts.limits_that_bind(seen, "orders"),
        charts.spending(seen["capex"], (document.get("growth") or {}).get("came_by_quarter", ())),
        charts.growth(seen["capex"], document.get("growth")),
        charts.chips_by_kind(seen),
        charts.vendor_revenue(seen, document.get("vendor_revenue_came", ())),
        charts.money_by_tier(seen["money"]),
        charts.cut_by_tier(seen["money"]),
    ]
    value = (document.get("article") or {}).get("value") or {}
    if "under_draws" in value:
        made.append(charts.value_distribution(value["under_draws"], value["implied"]))
    for number, driver in enumerate(seen["drivers"]):
        words = {row["name"]: prior_in_words(row["name"]) for row in driver["inputs"]}
        drawn = charts.sensitivities(driver, words)
        title = drawn.title.removeprefix("What drives the spread of ")
        made.append(Figure(f"drivers-{number}", title[:1].upper() + title[1:], "", _named(drawn, number)))
    return [figure for figure in made if figure is not None]


def _named(figure: Figure, number: int) -> str:
    """The picture with ids of its own: several of one kind stand on a page."""
    return figure.svg.replace(f"{figure.name}-", f"{figure.name}-{number}-")


def _tables(document: Document, seen: Document) -> dict[str, Table]:
    made = {
        "capex": market_tables.capex(seen),
        "quarters": market_tables.quarters(seen),
        "limits": market_tables.limits(seen),
        "worth": market_tables.worth(seen),
        "kinds": market_tables.kinds(seen),
        "tiers": market_tables.tiers(seen),
        "priors": market_tables.priors(seen),
    }
    if document["kind"] == "replay":
        made["article"] = replay_tables.article(document["article"], seen["money"]["cut"])
        made["claims"] = replay_tables.claims(document["claims"])
        made["readings"] = replay_tables.readings(document["claims"])
        made["racks"] = replay_tables.racks(document["racks"])
        made["growth"] = replay_tables.growth(document["growth"])
    return made
