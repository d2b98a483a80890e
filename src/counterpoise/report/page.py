"""The report: one HTML file that needs no network, no script and no other file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from counterpoise.report import answer, page_tables
from counterpoise.report.charts import Figure, figures
from counterpoise.report.listing import ASSUMPTION_COLUMNS, assumption_rows
from counterpoise.report.numbers import count, money, scaled
from counterpoise.report.page_tables import Table
from counterpoise.report.schedule import busiest_period
from counterpoise.report.terminal import relaxed, taken, worse

if TYPE_CHECKING:
    from jinja2 import Environment

Document = Mapping[str, Any]
_TIMES = re.compile(r"(?<=\d) x (?=\S)")


def page(document: Document, about: Mapping[str, Any] | None = None) -> str:
    """Return the report of a plan as the text of one HTML file.

    `about` is what the run says of itself (versions, hashes of the inputs), shown at the foot.
    """
    currency = str(document["cost"]["currency"])
    drawn = {figure.name: figure for figure in figures(document)}
    period = busiest_period(document)
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            document=document,
            case=document["case"],
            sentences=[*answer.plan_sentences(document), *answer.analysis_sentences(document)],
            gap=answer.gap_in_words(document),
            key_figures=_key_figures(document, currency),
            weakest=document.get("weakest_fact"),
            worse=worse(document),
            binding=_binding(document, currency),
            limits=page_tables.limits(document, currency),
            why_not=document.get("why_not") or [],
            warnings=document.get("warnings") or [],
            purchases=page_tables.purchases(document, currency),
            rentals=page_tables.rentals(document, currency),
            techniques=page_tables.techniques(document, currency),
            levers=page_tables.levers(document, currency),
            sensitivity=page_tables.sensitivity(document, currency),
            period=period,
            running=page_tables.running(document, period),
            bases=page_tables.bases(document, period),
            all_running=page_tables.all_running(document),
            costs=page_tables.costs(document, currency),
            unit_costs=page_tables.unit_costs(document),
            assumptions=Table(ASSUMPTION_COLUMNS, assumption_rows(document.get("assumptions") or [])),
            drawn=drawn,
            figure_of=_figure_of(drawn),
            about=about or {},
        )
    )


@cache
def environment() -> Environment:
    """Return where every page's template is found, with the product's own filters."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("counterpoise.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["typeset"] = lambda words: _TIMES.sub(" × ", str(words))
    return made


def _figure_of(drawn: Mapping[str, Figure]) -> Any:  # noqa: ANN401 - a function of the template
    return lambda *names: [drawn[name] for name in names if name in drawn]


def _key_figures(document: Document, currency: str) -> list[tuple[str, str, str]]:
    """Title, figure and remark of the numbers at the head of the page."""
    cost = document["cost"]
    quarters = f"over {cost['quarters']} quarters, " if cost.get("quarters") else ""
    told = [("Cost", money(cost["value"], currency), f"{quarters}money of {cost.get('year')}")]
    if answer.interval(document):
        span = f"{scaled(cost['low80'])} to {scaled(cost['high80'])}"
        told.append(("80 % interval", span, f"{currency}, of this plan's cost"))
    flagship = document.get("counterfactual") or {}
    if flagship.get("cost") is not None:
        told.append(("On flagship systems", money(flagship["cost"], currency), "hypothetical: limits lifted"))
    orders = document.get("purchases") or []
    if orders:
        spent = sum(float(row["cost"]) for row in orders)
        told.append(
            ("To be ordered", money(spent, currency), f"{count(sum(r['systems'] for r in orders))} systems")
        )
    return told


def _binding(document: Document, currency: str) -> list[tuple[str, str]]:
    return [
        (
            taken(row, currency),
            relaxed(row, currency),
        )
        for row in document.get("limits") or []
        if row["binds"]
    ]
