"""What the program filled in where the buyer said nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Assumption:
    """One default: the field of the case it fills, its value and unit, and who says so.

    `kind` is how well it is known, in the catalogue's words (list, quoted, measured, derived, assumed).
    `as_of` is the day of the fact, None for a rule of the program.  `note` says why this one.
    """

    field: str
    value: float | str
    unit: str
    kind: str
    source: str
    as_of: date | None = None
    note: str = ""
