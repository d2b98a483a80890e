"""`accuracy`: predictions held against a measured table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from counterpoise.errors import BadInput, Where
from counterpoise.performance.accuracy import accuracy

Document = dict[str, Any]


def accuracy_of(
    file: Path, *, kind: str, all_rows: bool, predictions: Path | None, profile: Path | None = None
) -> Document:
    """Answer `counterpoise accuracy`; see `performance.accuracy`.

    With a `profile` the answer says in "notes" what was learnt from it.  Raises `BadInput` where the profile
    teaches nothing of the `kind` of table.
    """
    if profile is None:
        return dict(accuracy(file, kind, all_rows=all_rows, predictions=predictions))
    if kind == "memory":
        raise BadInput(
            "a profile says nothing of memory.",
            where=Where(field="--profile"),
            hint="Leave it out, or ask of a serving, inference or training table.",
        )
    from counterpoise.service.own_measurements import load_profile

    own = load_profile(profile, by_fold=True)
    answer = accuracy(
        file,
        kind,
        all_rows=all_rows,
        predictions=predictions,
        calibration=own.serving,
        training_calibration=own.training,
    )
    return dict(answer) | {"notes": list(own.notes)}
