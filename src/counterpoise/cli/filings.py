"""The command `quarters`: filed facts by calendar quarter, from a file, the SEC or what is shipped."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from counterpoise.cli.output import progress, say, say_json, width
from counterpoise.cli.values import written_date
from counterpoise.errors import BadInput, Where


def quarters(
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help="A companyfacts.json; with --shipped or --download a ticker."),
    ] = "",
    shipped: Annotated[
        bool, typer.Option("--shipped", help="Show the facts that ship; all, or a ticker's.")
    ] = False,
    download: Annotated[
        bool, typer.Option("--download", help="Ask the SEC for the company's facts; needs --contact.")
    ] = False,
    contact: Annotated[str, typer.Option(metavar="EMAIL", help="Sent to the SEC, which asks for it.")] = "",
    keep: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --download: keep what came as a new file.")
    ] = None,
    ticker: Annotated[
        str, typer.Option(metavar="NAME", help="Name the company of the file so; else by its CIK.")
    ] = "",
    series: Annotated[
        str, typer.Option(metavar="NAME", help="capex, lease, revenue or datacenter; all if not given.")
    ] = "",
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Only what was public on this day.")
    ] = None,
    vintages: Annotated[bool, typer.Option("--vintages", help="Restated figures too, oldest first.")] = False,
    csv: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write every vintage as a new CSV for the market commands."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Turn figures as filed into single calendar quarters; refuse what would be a guess, and say why."""
    from counterpoise import service
    from counterpoise.report.filings import quarter_lines

    _refuse_half_asked(source, shipped, download, contact, keep, ticker)
    for path, option in ((csv, "--csv"), (keep, "--keep")):
        if path is not None:
            service.require_new(path, option)
    answer = service.quarters(
        source,
        how="shipped" if shipped else "download" if download else "file",
        contact=contact,
        keep=keep,
        ticker=ticker,
        table=csv,
        as_of=written_date(as_of),
        series=series,
        vintages=vintages,
    )
    if json:
        say_json(answer)
    else:
        say(quarter_lines(answer, width()))
    for path in (keep, csv):
        if path is not None:
            progress(f"wrote {path}")


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(quarters)


def _refuse_half_asked(
    source: str, shipped: bool, download: bool, contact: str, keep: Path | None, ticker: str
) -> None:
    if shipped and download:
        raise BadInput("--shipped and --download exclude each other.", hint="Give one of them.")
    if not source and not shipped:
        raise BadInput(
            "quarters of what?",
            where=Where(field="SOURCE"),
            hint="Write: counterpoise quarters companyfacts.json, or: counterpoise quarters --shipped",
        )
    if not download and (contact or keep is not None):
        option = "--contact" if contact else "--keep"
        raise BadInput(f"{option} goes with --download.", where=Where(field=option), hint="Add --download.")
    if ticker and (shipped or download):
        raise BadInput(
            "--ticker names the company of a file.", where=Where(field="--ticker"), hint="Write it as SOURCE."
        )
    if download and not contact:
        raise BadInput(
            "the SEC asks every program for a contact.",
            where=Where(field="--contact"),
            hint="Give your address, as --contact me@example.org; it is sent to the SEC only.",
        )
    looks_like_file = any(sign in source for sign in "./\\")
    if not (shipped or download or looks_like_file or Path(source).exists()):
        raise BadInput(
            f"there is no file {source}.",
            where=Where(field="SOURCE"),
            hint=f"Is it a ticker? Then add --shipped, or --download --contact EMAIL: "
            f"counterpoise quarters {source} --shipped",
        )
