"""`size --train`: the answer in the form that was asked for: a table, JSON or CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from counterpoise.cli.output import progress, say, say_json, width


def size_run(model: str, asked: dict[str, Any], *, csv: Path | None, as_json: bool) -> None:
    """Ask the service and show what it answers; the file is checked before the work, written after it."""
    from counterpoise import service

    if csv is not None:
        service.require_new(csv, "--csv")
    answer = service.size_training(model, **asked)
    if csv is not None:
        from counterpoise.report.sizing_csv import training_size_csv

        service.write_new(csv, training_size_csv(answer), "--csv")
    if as_json:
        say_json(answer)
    else:
        from counterpoise.report.training_sizing import training_size_lines

        say(training_size_lines(answer, width()))
    if csv is not None:
        progress(f"wrote {csv}")
