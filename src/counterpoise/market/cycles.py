"""Turning points of a quarterly series, by Bry and Boschan's rule with a depth, and how late they are known.

Bry and Boschan (1971) in the quarterly form of Harding and Pagan (2002): a peak is the highest of the two
quarters before and after it; peaks and troughs alternate; a phase lasts two quarters at least, a cycle five.
The first and the last turn must be more extreme than everything before and after them.  The depth is ours: a
phase shallower than it does not count, the open one at the end included.  A turn at t is not known before
t + 2, and later where the depth takes longer to be reached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from counterpoise.market.calendar import Quarter

NEIGHBOURS, LEAST_PHASE, LEAST_CYCLE = 2, 2, 5
LEVEL_DEPTH, GROWTH_DEPTH = 0.05, 0.10
"""Least depth of a phase: of the level in logarithms, of growth over a year in points (0.10: ten)."""
Kind = Literal["peak", "trough"]


@dataclass(frozen=True, slots=True)
class Turn:
    """A turning point; `depth`: how far the series moved to it from the turn before (None for the first)."""

    kind: Kind
    quarter: Quarter
    value: float
    depth: float | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """Where a series stands: since which turn it rises or falls, and from when on that is open.

    `name` is "rising", "falling" or "not known" (no turn yet).  `open_from` is the first quarter that
    may still turn out to be a turn.
    """

    name: str
    since: Turn | None
    quarters: int
    open_from: Quarter


@dataclass(frozen=True, slots=True)
class Detection:
    """When a turn was first seen: with data to `seen_at`, so many quarters after it happened."""

    turn: Turn
    seen_at: Quarter
    lag_quarters: int


def turns(series: Mapping[Quarter, float], depth: float = 0.0) -> list[Turn]:
    """Return the turning points of an unbroken series in order of time.

    Give logarithms for the cycle of a level, growth for the growth cycle; `depth` is in the same measure.
    """
    quarters, values = list(series), list(series.values())
    found = _settled(_extremes(values), values, depth)
    made: list[Turn] = []
    for n, (at, kind) in enumerate(found):
        moved = abs(values[at] - values[found[n - 1][0]]) if n else None
        made.append(Turn(kind, quarters[at], values[at], moved))
    return made


def phase(series: Mapping[Quarter, float], depth: float = 0.0) -> Phase:
    """Return where a series stands at its end, by the turns known then."""
    found, last = turns(series, depth), max(series)
    open_from = last + (1 - NEIGHBOURS)
    if not found:
        return Phase("not known", None, 0, open_from)
    name = "falling" if found[-1].kind == "peak" else "rising"
    return Phase(name, found[-1], last - found[-1].quarter, open_from)


def detections(series: Mapping[Quarter, float], depth: float = 0.0) -> tuple[list[Detection], list[Turn]]:
    """Return when each turn of the whole series was first seen, and the turns once seen that did not stay.

    The rule is run again at every quarter on what was known then (the last vintage of each figure).
    """
    quarters, final = list(series), turns(series, depth)
    first: dict[tuple[Kind, Quarter], tuple[Quarter, Turn]] = {}
    for end in range(1, len(quarters) + 1):
        for turn in turns({q: series[q] for q in quarters[:end]}, depth):
            first.setdefault((turn.kind, turn.quarter), (quarters[end - 1], turn))
    stayed = {(turn.kind, turn.quarter) for turn in final}
    seen = [first[turn.kind, turn.quarter][0] for turn in final]
    kept = [Detection(turn, at, at - turn.quarter) for turn, at in zip(final, seen, strict=True)]
    return kept, [turn for key, (_, turn) in first.items() if key not in stayed]


_Found = list[tuple[int, Kind]]


def _extremes(values: Sequence[float]) -> _Found:
    """Local extremes; of equal neighbours the first counts."""
    found: _Found = []
    for at in range(NEIGHBOURS, len(values) - NEIGHBOURS):
        before, after = values[at - NEIGHBOURS : at], values[at + 1 : at + 1 + NEIGHBOURS]
        if values[at] > max(before) and values[at] >= max(after):
            found.append((at, "peak"))
        elif values[at] < min(before) and values[at] <= min(after):
            found.append((at, "trough"))
    return found


def _settled(found: _Found, values: Sequence[float], depth: float) -> _Found:
    """Apply the rules until all hold; each step takes turns away, so it ends."""
    while True:
        found = _within_ends(_alternating(found, values), values, depth)
        spoilt = _too_short(found) or _too_shallow(found, values, depth)
        if spoilt is None:
            cycle = _short_cycle(found, values)
            if cycle is None:
                return found
            found = [turn for turn in found if turn not in cycle]
            continue
        found = _without_phase(found, values, spoilt)


def _higher(kind: Kind, a: float, b: float) -> bool:
    """Whether a is the more extreme of two turns of a kind."""
    return a >= b if kind == "peak" else a <= b


def _alternating(found: _Found, values: Sequence[float]) -> _Found:
    kept: _Found = []
    for at, kind in found:
        if not kept or kept[-1][1] != kind:
            kept.append((at, kind))
        elif not _higher(kind, values[kept[-1][0]], values[at]):
            kept[-1] = (at, kind)
    return kept


def _within_ends(found: _Found, values: Sequence[float], depth: float) -> _Found:
    """Without end turns that something beyond them exceeds, or that the series has not left by `depth`."""
    while found:
        (at, kind), beyond = found[-1], values[found[-1][0] + 1 :]
        sign = 1.0 if kind == "peak" else -1.0
        passed = max(sign * v for v in beyond) > sign * values[at]
        left = sign * values[at] - min(sign * v for v in beyond)
        if not passed and left >= depth:
            break
        found = found[:-1]
    while found:
        (at, kind), sign = found[0], 1.0 if found[0][1] == "peak" else -1.0
        if all(sign * v <= sign * values[at] for v in values[:at]):
            break
        found = found[1:]
    return found


def _too_short(found: _Found) -> int | None:
    short = [n for n in range(len(found) - 1) if found[n + 1][0] - found[n][0] < LEAST_PHASE]
    return short[0] + 1 if short else None  # counted from 1, so that the first phase is not falsy


def _too_shallow(found: _Found, values: Sequence[float], depth: float) -> int | None:
    if len(found) < 2:
        return None
    moved = [abs(values[found[n + 1][0]] - values[found[n][0]]) for n in range(len(found) - 1)]
    least = min(range(len(moved)), key=moved.__getitem__)
    return least + 1 if moved[least] < depth else None


def _without_phase(found: _Found, values: Sequence[float], number: int) -> _Found:
    """Take one phase away: both its turns inside the series, the outer one at an end."""
    n = number - 1
    if len(found) == 2:
        return found[1:]
    if n == 0:
        return found[1:]
    if n == len(found) - 2:
        return found[:-1]
    (start, kind), (later, _) = found[n], found[n + 2]
    if not _higher(kind, values[later], values[start]):
        return found[: n + 1] + found[n + 3 :]
    (earlier, other), (end, _) = found[n - 1], found[n + 1]
    if not _higher(other, values[earlier], values[end]):
        return found[: n - 1] + found[n + 1 :]
    return found[:n] + found[n + 2 :]


def _short_cycle(found: _Found, values: Sequence[float]) -> set[tuple[int, Kind]] | None:
    """The lesser of two turns of a kind that stand too near, with the turn between them."""
    for n in range(len(found) - 2):
        (a, kind), between, (b, _) = found[n], found[n + 1], found[n + 2]
        if b - a < LEAST_CYCLE:
            return {between, (b, kind) if _higher(kind, values[a], values[b]) else (a, kind)}
    return None
