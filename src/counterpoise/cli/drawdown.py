"""The command `drawdown`: how far a share fell and what that cost, or how a headline about it came about."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from counterpoise.cli.output import progress, say, say_json, width
from counterpoise.cli.values import written_date
from counterpoise.errors import BadInput, Where

WAYS = 10
"""Ways to come to a headline that are listed where nobody says how many."""


def drawdown(
    tickers: Annotated[list[str], typer.Argument(metavar="TICKER", help="As in the price file.")],
    prices: Annotated[
        Path,
        typer.Option(metavar="FILE", help="CSV with date, ticker, close, high, low; best with currency too."),
    ],
    start: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day looked at.")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day looked at.")] = None,
    peak: Annotated[str | None, typer.Option(metavar="DATE", help="Day of the peak, with --trough.")] = None,
    trough: Annotated[str | None, typer.Option(metavar="DATE", help="Day of the trough.")] = None,
    shares: Annotated[
        list[str] | None,
        typer.Option(metavar="COUNT", help="As 24.49bn@2024-11-15, or NVDA=24.49bn; else a stated one."),
    ] = None,
    currency: Annotated[str, typer.Option(metavar="CODE", help="The loss in this money too.")] = "CNY",
    rate: Annotated[
        str | None, typer.Option(metavar="RATE", help="Of that money, as 7.25@2025-02-03; else the market's.")
    ] = None,
    explain: Annotated[
        str | None, typer.Option(metavar="HEADLINE", help='How it came about, as "-23.8% 893.1bn".')
    ] = None,
    headline_date: Annotated[
        str | None, typer.Option(metavar="DATE", help="When the headline was printed.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", help="Ways to come to a headline to list; else 10.", min=1)
    ] = None,
    real_move: Annotated[
        list[str] | None, typer.Option(metavar="DATE", help="A move like a split that was none; repeatable.")
    ] = None,
    chart: Annotated[Path | None, typer.Option(metavar="FILE.svg", help="Draw it as a new SVG file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Say how far a share fell from its peak on every basis, and what that cost; or explain a headline."""
    from counterpoise import service
    from counterpoise.report.drawdown import drawdown_lines
    from counterpoise.report.headline import headline_lines

    _refuse_what_is_not_heeded(explain, headline_date, limit, chart, peak or trough)
    if chart is not None:
        _require_svg(chart)
        service.require_new(chart, "--chart")
    answer = service.drawdown_of(
        tickers,
        prices,
        start=written_date(start, "--from"),
        end=written_date(end, "--to"),
        peak=written_date(peak, "--peak"),
        trough=written_date(trough, "--trough"),
        shares=tuple(shares or ()),
        currency=currency,
        rate=rate,
        moved_on=tuple(day for text in real_move or () if (day := written_date(text, "--real-move"))),
        headline=explain,
        headline_date=written_date(headline_date, "--headline-date"),
        series=chart is not None,
    )
    if chart is not None:
        from counterpoise.report.drawdown_chart import drawdown_svg

        service.write_new(chart, drawdown_svg(answer), "--chart")
    if json:
        say_json(answer)
    elif explain is None:
        say(drawdown_lines(answer, width()))
    else:
        say(headline_lines(answer, width(), limit or WAYS))
    if chart is not None:
        progress(f"wrote {chart}")


def _refuse_what_is_not_heeded(
    explain: str | None, headline_date: str | None, limit: int | None, chart: Path | None, days: str | None
) -> None:
    for given, option in ((headline_date, "--headline-date"), (limit, "--limit")):
        if explain is None and given is not None:
            raise BadInput(
                "there is no headline.", where=Where(field=option), hint='Add --explain "-23.8% 893.1bn".'
            )
    if explain is not None and chart is not None:
        raise BadInput(
            "a headline has no chart.", where=Where(field="--chart"), hint="Leave out --explain, or --chart."
        )
    if explain is not None and days is not None:
        raise BadInput(
            "the days are what --explain looks for.",
            where=Where(field="--peak"),
            hint="Narrow it with --from and --to.",
        )


def _require_svg(chart: Path) -> None:
    if chart.suffix.lower() != ".svg":
        raise BadInput(
            f'"{chart}" is no SVG file.', where=Where(field="--chart"), hint=f"Write {chart.stem}.svg."
        )


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(drawdown)
