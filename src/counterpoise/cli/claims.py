"""The command `claims`; like its neighbours it imports what it needs when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from counterpoise.cli.output import colour, say, say_json, width
from counterpoise.cli.values import written_date
from counterpoise.errors import BadInput, Where


def claims(
    ledger: Annotated[
        Path | None, typer.Argument(metavar="LEDGER", help="A YAML ledger, or a folder with a claims.yaml.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", metavar="DATE", help="Probabilities know nothing later; else the last claim's day."
        ),
    ] = None,
    judged_on: Annotated[
        str | None,
        typer.Option("--judged-on", metavar="DATE", help="Verdicts know nothing later; else today."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DATE", help="Which fact after this day moved which probability."),
    ] = None,
    facts: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Your own facts: a CSV of observations or statements, or a companyfacts.json.",
        ),
    ] = None,
    prices: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Daily prices, CSV; else a prices.csv beside the ledger."),
    ] = None,
    template: Annotated[bool, typer.Option("--template", help="Print a commented ledger and stop.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Judge dated claims: our probability then, the verdict by the data now, and every rival's score."""
    from counterpoise import service
    from counterpoise.report.claims import claim_lines

    if template and json:
        raise BadInput(
            "a ledger is YAML.", where=Where(field="--template"), hint="Leave out --json, or --template."
        )
    if template:
        from counterpoise.service.claims import template as commented

        say(commented().splitlines())
        return
    if ledger is None:
        raise BadInput(
            "which ledger?",
            where=Where(field="LEDGER"),
            hint="Name one; counterpoise claims --template prints one to start from.",
        )
    document = service.judge_claims(
        ledger,
        as_of=written_date(as_of, "--as-of"),
        judged_on=written_date(judged_on, "--judged-on"),
        since=written_date(since, "--since"),
        facts=facts,
        prices=prices,
    )
    if json:
        say_json(document)
    else:
        say(claim_lines(document, width(), colour=colour()))


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(claims)
