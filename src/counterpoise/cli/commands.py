"""The commands.  Each imports what it needs when it runs, so that `--help` is at once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from counterpoise.cli.bridge import register as register_bridge
from counterpoise.cli.calibrate import register as register_calibrate
from counterpoise.cli.capex import register as register_capex
from counterpoise.cli.claims import register as register_claims
from counterpoise.cli.drawdown import register as register_drawdown
from counterpoise.cli.filings import register as register_quarters
from counterpoise.cli.market import register as register_market
from counterpoise.cli.output import progress, say, say_json, width
from counterpoise.cli.size import register as register_size
from counterpoise.cli.values import written_date
from counterpoise.errors import BadInput, Where

app = typer.Typer(
    name="counterpoise",
    help="Plan AI compute: which model, technique and chip; bought, reserved, rented or by API; when; why.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog="Start with: counterpoise init mycase --template chat-api; counterpoise plan mycase",
)


class MeasuredKind(StrEnum):
    """Kinds of measured table that predictions can be held against."""

    serving = "serving"
    inference = "inference"
    training = "training"
    memory = "memory"


JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
CaseArgument = Annotated[
    Path, typer.Argument(metavar="CASE", help="The folder of a case (or its case.yaml).")
]
RunsOption = Annotated[Path, typer.Option("--runs", metavar="DIR", help="Where run folders are kept.")]
AsOfOption = Annotated[
    str | None, typer.Option("--as-of", metavar="DATE", help="Forget facts later than this date.")
]


@app.command()
def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A new folder, or one without a case.yaml.")
    ],
    template: Annotated[
        str,
        typer.Option(metavar="NAME", help="sme-reasoning, chat-api, rag, code-assistant or training-run."),
    ] = "chat-api",
    json: JsonOption = False,
) -> None:
    """Write a commented case that plans at once; never overwrites."""
    from counterpoise import service

    files = service.init(directory, template)
    if json:
        say_json({"template": template, "files": files})
        return
    say([f"wrote {file}" for file in files])
    progress(f"Edit it, then: counterpoise plan {directory}")


@app.command()
def plan(
    case: CaseArgument,
    runs: RunsOption = Path("runs"),
    json: JsonOption = False,
    html: Annotated[bool, typer.Option("--html/--no-html", help="Write report.html into the run.")] = True,
    demo: Annotated[bool, typer.Option("--demo", hidden=True)] = False,
) -> None:
    """Plan a case: what to buy, reserve, rent, adopt, when; what runs where; what it costs; and why."""
    from counterpoise.cli.planning import plan_case

    plan_case(case, runs, as_json=json, html=html, demo=demo)


@app.command()
def quote(
    case: CaseArgument,
    offers: Annotated[Path, typer.Argument(metavar="OFFERS", help="A CSV of quotes (see docs/case.md).")],
    json: JsonOption = False,
) -> None:
    """Say of each quote: accept, haggle (to which price) or refuse."""
    from counterpoise import service
    from counterpoise.report.quotes import quote_lines

    _show(service.quote(case, offers), quote_lines, json)


register_size(app)


@app.command()
def accuracy(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A measured table, CSV.")],
    kind: Annotated[
        MeasuredKind, typer.Option(metavar="KIND", help="serving, inference, training or memory.")
    ],
    all_rows: Annotated[bool, typer.Option("--all", help="Score rows of quality C too.")] = False,
    predictions: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Write rows with predictions here.")
    ] = None,
    profile: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Predict with what calibrate learnt, too.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Hold predictions against a measured table; no run is predicted by itself."""
    from counterpoise import service
    from counterpoise.report.prediction_errors import accuracy_lines

    answer = service.accuracy(
        file, kind=kind.value, all_rows=all_rows, predictions=predictions, profile=profile
    )
    _show(answer, accuracy_lines, json)


register_calibrate(app)
register_capex(app)
register_claims(app)
register_drawdown(app)
register_quarters(app)
register_market(app)
register_bridge(app)


@app.command()
def catalogue(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND", help="chips, systems, models, offers, api, techniques, scores; or: show NAME."
        ),
    ] = "chips",
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="After show: a fact's name.")] = None,
    vendor: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this vendor.")] = None,
    region: Annotated[str | None, typer.Option(metavar="CODE", help="Only for this region.")] = None,
    chip: Annotated[str | None, typer.Option(metavar="NAME", help="Only with this chip.")] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this model.")] = None,
    where: Annotated[list[str] | None, typer.Option(metavar="FIELD=VALUE", help="Any field.")] = None,
    as_of: AsOfOption = None,
    json: JsonOption = False,
) -> None:
    """List the facts, or show one with its sources."""
    from counterpoise import service
    from counterpoise.report.listing import catalogue_lines, fact_lines

    if kind == "show":
        if name is None:
            raise BadInput(
                "show what?", where=Where(field="NAME"), hint="Write: counterpoise catalogue show H20"
            )
        _show(service.catalogue_show(name, written_date(as_of)), fact_lines, json)
        return
    if name is not None:
        raise BadInput(f'"{name}" is one word too many.', hint=f"Write: counterpoise catalogue show {name}")
    given = {"vendor": vendor, "region": region, "chip": chip, "model": model}
    filters = {field: value for field, value in given.items() if value is not None} | _filters(where or [])
    _show(service.catalogue(kind, filters=filters, as_of=written_date(as_of)), catalogue_lines, json)


@app.command()
def assumptions(case: CaseArgument, json: JsonOption = False) -> None:
    """List every default that the program fills into a case, with its source."""
    from counterpoise import service
    from counterpoise.report.listing import assumption_lines

    _show(service.assumptions(case), assumption_lines, json)


@app.command()
def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")], json: JsonOption = False
) -> None:
    """Write a run's report.html again, from the run alone."""
    from counterpoise.report.pages import page_of
    from counterpoise.runs import attach, read_run

    read = read_run(run)
    path = attach(read.path, "report.html", page_of(read.document, read.about).encode("utf-8"))
    if json:
        say_json({"run": read.document.get("run"), "report": path})
    else:
        say([str(path)])


def _show(document: dict[str, Any], lines: Any, as_json: bool) -> None:  # noqa: ANN401 - any of the readers
    if as_json:
        say_json(document)
    else:
        say(lines(document, width()))


def _filters(pairs: list[str]) -> dict[str, str]:
    filters = {}
    for pair in pairs:
        field, equals, value = pair.partition("=")
        if not equals or not field.strip():
            raise BadInput(
                f'"{pair}" is no filter.', where=Where(field="--where"), hint="Write --where vendor=NVIDIA."
            )
        filters[field.strip()] = value.strip()
    return filters
