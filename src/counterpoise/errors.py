"""Every error the product raises on purpose.

::

    CounterpoiseError
    ├── BadInput        exit 2   something the user wrote is wrong; says where and what to do
    │   └── UnknownName          a name that is not known; carries the nearest known ones
    ├── NoPlan          exit 3   the case has no plan; carries the limits that clash
    ├── Refused                  a question the model will not answer, with the reason (never a guess)
    └── RunFailed       exit 4   the solver or the run failed
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Where:
    """Place of a mistake: file, 1-based line, dotted field; each may be unknown."""

    file: str | None = None
    line: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        line = None if self.line is None else f"line {self.line}"
        return ", ".join(part for part in (self.file, line, self.field) if part)


class CounterpoiseError(Exception):
    """Root of the tree; `exit_status` is what the command line returns."""

    exit_status = 4


class BadInput(CounterpoiseError):
    """Something the user wrote is wrong: `where: problem hint`.

    `problem` says what is wrong, `hint` what to write instead; both are whole sentences.
    """

    exit_status = 2

    def __init__(self, problem: str, *, where: Where | None = None, hint: str = "") -> None:
        self.problem, self.where, self.hint = problem, where or Where(), hint
        place = str(self.where)
        super().__init__(f"{place + ': ' if place else ''}{problem}{' ' + hint if hint else ''}")


class UnknownName(BadInput):
    """A name that is not among `known`; the message offers the nearest."""

    def __init__(self, what: str, name: str, known: Iterable[str], *, where: Where | None = None) -> None:
        self.name, self.nearest = name, nearest(name, known)
        hint = f"Did you mean {' or '.join(self.nearest)}?" if self.nearest else ""
        super().__init__(f'unknown {what} "{name}".', where=where, hint=hint)


class NoPlan(CounterpoiseError):
    """The case has no plan; the message names the limits that clash and the least relaxation of each."""

    exit_status = 3


class Refused(CounterpoiseError):
    """A question the model will not answer; the message is the reason."""

    exit_status = 2


class RunFailed(CounterpoiseError):
    """The solver or the run failed."""

    exit_status = 4


def nearest(name: str, known: Iterable[str], count: int = 2) -> list[str]:
    """Return up to `count` names of `known` that look like `name`, best first, case ignored."""
    by_folded = {k.casefold(): k for k in known}
    folded = name.casefold()
    close = difflib.get_close_matches(folded, by_folded, n=count, cutoff=0.5)
    inside = [k for k in by_folded if folded and folded in k and k not in close]
    return [by_folded[k] for k in (close + sorted(inside, key=len))[:count]]
