"""The command `capex`: what large buyers spend, what was expected, and what comes next."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from counterpoise.cli.output import progress, say, say_json, width
from counterpoise.cli.values import written_date
from counterpoise.errors import BadInput, Where


def capex(
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Forget what became public later.")
    ] = None,
    basket: Annotated[
        str, typer.Option(metavar="NAME", help="top4 (MSFT, GOOGL, AMZN, META), tickers, or both: top4,ORCL.")
    ] = "top4",
    horizons: Annotated[int, typer.Option(metavar="N", help="Quarters to forecast.")] = 8,
    scores: Annotated[
        bool,
        typer.Option("--scores", help="Add the recipe's record against simple rules and library models."),
    ] = False,
    chart: Annotated[Path | None, typer.Option(metavar="FILE.svg", help="Draw it as a new SVG file.")] = None,
    facts: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Your own facts: a CSV of observations or statements, or a companyfacts.json.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Of the draws.", min=0)] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Say what the large buyers of chips spend, what was expected of them, and what comes next."""
    from counterpoise import service
    from counterpoise.report.capex import capex_lines

    if chart is not None:
        if chart.suffix.lower() != ".svg":
            raise BadInput(
                f'"{chart}" is no SVG file.', where=Where(field="--chart"), hint=f"Write {chart.stem}.svg."
            )
        service.require_new(chart, "--chart")
    if scores:
        progress("scoring every forecaster at every origin ...")
    answer = service.capex_of(
        basket, as_of=written_date(as_of, "--as-of"), horizons=horizons, scored=scores, facts=facts, seed=seed
    )
    if chart is not None:
        from counterpoise.report.capex_chart import capex_svg

        service.write_new(chart, capex_svg(answer), "--chart")
    if json:
        say_json(answer)
    else:
        say(capex_lines(answer, width()))
    if chart is not None:
        progress(f"wrote {chart}")


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(capex)
