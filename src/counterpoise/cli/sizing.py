"""`size`: the answer in the form that was asked for: a table, JSON, CSV, a chart, a launch command."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from counterpoise.cli.output import progress, say, say_json, width
from counterpoise.errors import BadInput, Where


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deployment of the list is meant, and what is wanted of it and of the list."""

    choose: int | None
    why: bool
    export: str | None
    image: str
    to: Path | None
    chart: Path | None
    csv: Path | None
    json: bool


def arrivals(rate: str | None) -> float | None:
    """Return requests a second; "20/s" needs no noun, since nothing but requests can be meant."""
    from counterpoise.units import quantity

    if rate is None:
        return None
    number, slash, time = rate.partition("/")
    bare = slash and number.strip().replace(".", "", 1).isdigit()
    text = f"{number.strip()} requests/{time.strip()}" if bare else rate
    return quantity(text, "request rate", write="requests/s", where=Where(field="--rate"))


def speculative(draft: int | None, acceptance: str | None) -> tuple[float, float] | None:
    """Return (acceptance rate, draft tokens); both are given or neither, since no default is honest."""
    from counterpoise.units import quantity

    if draft is None and acceptance is None:
        return None
    if draft is None or acceptance is None:
        raise BadInput(
            "drafting is known by two numbers, and one is missing.",
            where=Where(field="--acceptance" if acceptance is None else "--draft"),
            hint='Write both, as --draft 1 --acceptance "80%".',
        )
    return quantity(acceptance, "share", where=Where(field="--acceptance")), float(draft)


def size_serving(model: str, asked: dict[str, Any], given: dict[str, Any], w: Wanted) -> None:
    """Ask the service and show what it answers; files are checked before the work and written after it."""
    from counterpoise import service

    _refuse_half_questions(w)
    files = [(path, option) for path, option in ((w.to, "--to"), (w.chart, "--chart"), (w.csv, "--csv"))]
    for path, option in files:
        if path is not None:
            service.require_new(path, option)
    answer = service.size(
        model, **asked, **given, choose=w.choose, why=w.why, export=w.export or "", image=w.image
    )
    wrote = _write(answer, w)
    if w.json:
        say_json(answer)
    elif w.export and w.to is None:
        say(_export_text(answer).splitlines())
    else:
        from counterpoise.report.sizing import size_lines

        say(size_lines(answer, width()))
    for path in wrote:
        progress(f"wrote {path}")


def _refuse_half_questions(w: Wanted) -> None:
    if w.export is not None:
        from counterpoise.report.launch import EXPORTS

        if w.export not in EXPORTS:
            raise BadInput(
                f'"{w.export}" is not written here.',
                where=Where(field="--export"),
                hint=f"Choose from {', '.join(EXPORTS)}.",
            )
    if w.to is not None and not w.export:
        raise BadInput(
            "nothing is exported.",
            where=Where(field="--to"),
            hint="Add --export vllm, sglang, trtllm or kubernetes.",
        )
    if w.image and w.export != "kubernetes":
        raise BadInput(
            "a container image is of a manifest.",
            where=Where(field="--image"),
            hint="Add --export kubernetes.",
        )
    if w.chart is not None and w.chart.suffix.lower() != ".svg":
        raise BadInput(
            f'"{w.chart}" is no SVG file.', where=Where(field="--chart"), hint=f"Write {w.chart.stem}.svg."
        )


def _write(answer: dict[str, Any], w: Wanted) -> list[Path]:
    from counterpoise import service

    wrote = []
    if w.export and w.to is not None:
        service.write_new(w.to, _export_text(answer), "--to")
        wrote.append(w.to)
    if w.chart is not None:
        from counterpoise.report.sizing_chart import frontier_svg

        service.write_new(w.chart, frontier_svg(answer), "--chart")
        wrote.append(w.chart)
    if w.csv is not None:
        from counterpoise.report.sizing_csv import size_csv

        service.write_new(w.csv, size_csv(answer), "--csv")
        wrote.append(w.csv)
    return wrote


def _export_text(answer: dict[str, Any]) -> str:
    if not answer.get("export"):
        raise BadInput(
            "no deployment meets these targets, so there is none to launch.",
            where=Where(field="--export"),
            hint="Ask without --export to see what was refused and why.",
        )
    return str(answer["export"]["text"])
