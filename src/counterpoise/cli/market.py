"""The commands `market` and `replay`; they import what they need when they run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from counterpoise.cli.output import colour, progress, say, say_json, width
from counterpoise.cli.values import written_date

_Facts = Annotated[
    Path | None,
    typer.Option("--facts", metavar="FILE", help="Your own observations, statements or filings."),
]
_Runs = Annotated[Path, typer.Option("--runs", metavar="DIR", help="Where run folders are written.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
_Html = Annotated[bool, typer.Option("--html/--no-html", help="Write the one-file report.")]


def market(
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Know nothing later; today if not given.")
    ] = None,
    assign: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="What you believe: elasticity=0.8; repeatable."),
    ] = None,
    facts: _Facts = None,
    quarters: Annotated[int, typer.Option(metavar="N", min=4, max=20, help="How many to look ahead.")] = 12,
    draws: Annotated[int, typer.Option(metavar="N", min=1000, max=1_000_000, help="Draws.")] = 100_000,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Same seed, same numbers.")] = 0,
    runs: _Runs = Path("runs"),
    html: _Html = True,
    json: _Json = False,
) -> None:
    """Forecast shipments, money and value from efficiency, spending and limits, as of a day."""
    from counterpoise import service
    from counterpoise.report.market import market_lines
    from counterpoise.runs import require_writable

    require_writable(runs)
    started = time.perf_counter()
    document = service.outlook(
        as_of=written_date(as_of),
        assignments=assign or (),
        facts=facts,
        quarters=quarters,
        draws=draws,
        seed=seed,
        runs_dir=runs,
        html=html,
    )
    if json:
        say_json(document)
    else:
        say(market_lines(document, width(), colour=colour()))
    _where(document, runs, html, started)


def replay(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder with a replay.yaml.")],
    judged_on: Annotated[
        str | None, typer.Option("--judged-on", metavar="DATE", help="Verdicts know nothing later.")
    ] = None,
    facts: _Facts = None,
    draws: Annotated[
        int | None, typer.Option(metavar="N", min=1000, max=1_000_000, help="Draws; else the folder's.")
    ] = None,
    runs: _Runs = Path("runs"),
    html: _Html = True,
    json: _Json = False,
) -> None:
    """Replay what was said of the market on a day: forecasts then, verdicts now, every score."""
    from counterpoise import service
    from counterpoise.report.market import replay_lines
    from counterpoise.runs import require_writable

    require_writable(runs)
    started = time.perf_counter()
    progress(f"[1/2] replaying {folder} ...")
    document = service.replay(
        folder,
        judged_on=written_date(judged_on, "--judged-on"),
        facts=facts,
        draws=draws,
        runs_dir=runs,
        html=html,
    )
    if json:
        say_json(document)
    else:
        say(replay_lines(document, width(), colour=colour()))
    _where(document, runs, html, started, "[2/2] ")


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(market)
    app.command()(replay)


def _where(document: dict[str, object], runs: Path, html: bool, started: float, step: str = "") -> None:
    folder = runs / str(document["run"])
    written = f"report: {folder / 'report.html'}" if html else f"run: {folder}"
    progress(f"{step}{written} ({time.perf_counter() - started:.1f} s)")
