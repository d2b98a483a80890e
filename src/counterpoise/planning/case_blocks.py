"""The blocks of a case's day: as written, or cut to fit the profiles of its workloads."""

from __future__ import annotations

import re

from counterpoise.catalogue.tree import Sequence
from counterpoise.errors import BadInput, Where
from counterpoise.planning.case_defaults import Assumed
from counterpoise.planning.case_section import Section
from counterpoise.workload.calendar import HOURS, DayBlock, block_of
from counterpoise.workload.demand import day_blocks
from counterpoise.workload.records import Serving, Workload

_RANGE = re.compile(r"(\d{1,2})(?::00)?\s*-\s*(\d{1,2})(?::00)?")


def read_blocks(case: Section, workloads: tuple[Workload, ...], assumed: Assumed) -> tuple[DayBlock, ...]:
    """Blocks as the case writes them, or as many as it asks for, cut to fit the profiles."""
    if isinstance(case.node.fields.get("blocks"), Sequence):
        return _own_blocks(case)
    count = case.whole("blocks", 1, HOURS)
    return day_blocks(
        (w for w in workloads if isinstance(w, Serving)),
        int(assumed.stated("blocks")) if count is None else count,
    )


def _own_blocks(case: Section) -> tuple[DayBlock, ...]:
    """Hours of each block, "07-12"; together they are the day, each hour once."""
    blocks: list[DayBlock] = []
    owner: dict[int, str] = {}
    for text, where in case.names("blocks"):
        match = _RANGE.fullmatch(text)
        first, end = (int(match[1]), int(match[2])) if match else (HOURS, 0)
        if first >= HOURS or end > HOURS:
            raise BadInput(f'"{text}" is not a range of hours.', where=where, hint='Write "07-12".')
        hours = tuple(h % HOURS for h in range(first, end if end > first else end + HOURS))
        for hour in hours:
            if hour in owner:
                raise _overlap(hour, owner[hour], where)
            owner[hour] = text
        blocks.append(block_of(hours))
    missing = [h for h in range(HOURS) if h not in owner]
    if missing:
        raise case.bad(
            "blocks", f"the hour from {missing[0]:02d} is in no block.", "Cover all 24 hours once."
        )
    return tuple(sorted(blocks, key=lambda b: b.hours_of_day[0]))


def _overlap(hour: int, other: str, where: Where) -> BadInput:
    return BadInput(
        f"the hour from {hour:02d} is in {other} too.", where=where, hint="Cover all 24 hours once."
    )
