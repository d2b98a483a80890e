"""The command `bridge`; like its neighbours it imports what it needs when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from counterpoise.cli.output import progress, say, say_json, width
from counterpoise.errors import BadInput, Where


def bridge(
    case: Annotated[Path, typer.Argument(metavar="CASE", help="The folder of a case (or its case.yaml).")],
    market: Annotated[
        Path | None, typer.Option(metavar="RUN", help="A run folder of the market, whose settings are used.")
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="What you believe of the market. Repeatable."),
    ] = None,
    scenarios: Annotated[int, typer.Option(metavar="N", help="How many scenarios.")] = 4,
    wait: Annotated[int, typer.Option(metavar="N", help="Quarters that the waiting policy waits.")] = 2,
    unit_cost: Annotated[
        str,
        typer.Option(metavar="MODEL", help="Price the market's chip mix by what this model costs on each."),
    ] = "",
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of the market's draws.")] = 0,
    chart: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Write a chart here; never over another file.")
    ] = None,
    runs: Annotated[Path, typer.Option("--runs", metavar="DIR", help="Where run folders are kept.")] = Path(
        "runs"
    ),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Buy now, wait or rent: each under the market's scenarios, with its regret."""
    from counterpoise import service
    from counterpoise.report.bridge import bridge_lines, figure
    from counterpoise.runs import require_writable

    if market is not None and (assignments or seed):
        raise BadInput(
            "a run of the market has its own beliefs and seed.",
            where=Where(field="--set" if assignments else "--seed"),
            hint="Leave it out, or leave --market out.",
        )
    require_writable(runs)
    if chart is not None:
        service.require_new(chart, "--chart")
    document = service.bridge(
        case,
        market=market,
        sets=tuple(assignments or ()),
        scenarios=scenarios,
        wait=wait,
        unit_cost_of=unit_cost,
        seed=seed,
        runs_dir=runs,
        say=progress,
    )
    if chart is not None:
        service.write_new(chart, figure(document).svg, "--chart")
    if json:
        say_json(document)
    else:
        say(bridge_lines(document, width()))
    progress(f"run: {runs / str(document['run'])}")


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(bridge)
