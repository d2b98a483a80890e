"""`plan`: the answer as soon as it is solved, the analyses when they are there, then where the report is."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from counterpoise.cli.output import colour, progress, say, say_json, width

REPORT_FILE = "report.html"


def plan_case(case: Path, runs: Path, *, as_json: bool, html: bool, demo: bool) -> None:
    """Plan `case` and show it.

    With `demo` the lines count on from the installation's [1/3], as `make demo` prints it.
    """
    from counterpoise import service
    from counterpoise.runs import require_writable

    require_writable(runs)
    started = time.perf_counter()
    first = 2 if demo else 1
    progress(f"[{first}/3] planning {case} ...")

    def on_stage(stage: str, document: dict[str, Any]) -> None:
        seconds = time.perf_counter() - started
        if stage == "plan":
            about = document["case"]
            progress(f"[{first}/3] planned as of {about['as_of']} in {about['currency']}: {seconds:.1f} s")
            if not demo:
                progress("[2/3] asking what it rests on ...")
        _show_stage(stage, document, case, as_json=as_json)

    document = service.plan(case, runs_dir=runs, on_stage=on_stage, html=html)
    folder = runs / str(document.get("run"))
    if as_json:
        say_json(document)
    else:
        say([""])
    result = f"report: {folder / REPORT_FILE}" if html else f"run: {folder}"
    progress(f"[3/3] {result} ({time.perf_counter() - started:.1f} s in all)")
    if demo:
        progress("Your own case: counterpoise init mycase --template chat-api")
    else:
        progress(f"Next: counterpoise assumptions {case}; counterpoise quote {case} offers.csv")


def _show_stage(stage: str, document: dict[str, Any], case: Path, *, as_json: bool) -> None:
    if as_json:
        return
    from counterpoise.report.terminal import analysis_lines, plan_lines

    if stage == "plan":
        say([*plan_lines(document, width(), colour=colour()), ""])
    elif stage == "analysis":
        say(analysis_lines(document, width(), colour=colour(), case=str(case)))
