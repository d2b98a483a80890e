"""A table of operating points: what is asked of a deployment, by layout, load and lengths."""

from __future__ import annotations

from dataclasses import dataclass, fields

from numpy.typing import ArrayLike

from counterpoise.performance.estimate import Array
from counterpoise.performance.table_parts import column


@dataclass(frozen=True, slots=True)
class Points:
    """Operating points as equal float arrays (points,); `load`: users or requests a second in all.

    `length_cv`: coefficient of variation of the lengths.  `max_sequences`: most requests of an attention
    replica.  `draft_tokens`, `accepted_tokens`: verified and gained in one step.
    """

    tp: Array
    pp: Array
    dp: Array
    ep: Array
    cp: Array
    load: Array
    input_tokens: Array
    output_tokens: Array
    cached_share: Array
    length_cv: Array
    max_sequences: Array
    draft_tokens: Array
    accepted_tokens: Array

    def at(self, part: slice) -> Points:
        """Points `part`."""
        return Points(**{f.name: getattr(self, f.name)[part] for f in fields(self)})


def points(shape: tuple[int, ...], **values: ArrayLike) -> Points:
    """Broadcast `values` to `shape` and flatten."""
    return Points(**{name: column(v, shape) for name, v in values.items()})
