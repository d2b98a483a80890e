"""What a problem must be before it is laid out: every name known, every number there."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from counterpoise.errors import BadInput, UnknownName, Where
from counterpoise.planning.problem import Problem

OVER_PERIODS = ("price_usd", "price_usd_per_h", "supply", "usd_per_request")
"""Fields with one entry a period."""


def check(problem: Problem) -> None:
    """Refuse a problem that names what it does not hold, or lacks a number.

    Raises
    ------
    UnknownName
        If a record names a pool, workload or technique that the problem does not hold.
    BadInput
        If a number is negative or missing where none may be, or an array has not one entry a period.
    """
    _names(problem)
    if both := set(problem.serving) & set(problem.training):
        raise BadInput(f'"{min(both)}" names a serving and a training deployment.', hint="Rename one.")
    for kind in ("buys", "reserves", "rents", "substitutes"):
        for field, record in _fields(problem, kind, OVER_PERIODS):
            _row(getattr(record, field), len(problem.periods), f"{kind}.{record.id}.{field}")
    for kind, fields in (
        ("serving", ("requests_per_s", "replica_systems")),
        ("training", ("tokens_per_s", "replica_systems")),
        ("training_demand", ("tokens",)),
        ("pools", ("availability",)),
    ):
        for field, record in _fields(problem, kind, fields):
            if not 0 < getattr(record, field) < math.inf:
                where = Where(field=f"{kind}.{record.id}.{field}")
                raise BadInput("must be positive and finite.", where=where, hint=f"Leave {record.id} out.")
    for asked in problem.serving_demand.values():
        field = f"serving_demand.{asked.id}.peak_requests_per_s"
        if len(asked.peak_requests_per_s) != len(problem.periods):
            raise BadInput("has not one entry a period.", where=Where(field=field), hint="Correct it.")
        for row in asked.peak_requests_per_s:
            _row(row, len(problem.blocks), field, finite=True)


def _names(problem: Problem) -> None:
    serving, training = problem.serving_demand, problem.training_demand
    for kind, field, what, known in (
        *((k, "pool", "pool", problem.pools) for k in ("buys", "reserves", "rents", "serving", "training")),
        ("serving", "workload", "workload", serving),
        ("training", "workload", "workload", training),
        ("substitutes", "workload", "workload", serving),
        ("techniques", "training", "training workload", training),
    ):
        for _, record in _fields(problem, kind, (field,)):
            name = getattr(record, field)
            if name is not None and name not in known:
                raise UnknownName(what, name, known, where=Where(field=f"{kind}.{record.id}.{field}"))
    for kind in ("serving", "training", "substitutes"):
        for _, record in _fields(problem, kind, ("requires",)):
            for need in record.requires:
                if need.technique not in problem.techniques:
                    where = Where(field=f"{kind}.{record.id}.requires")
                    raise UnknownName("technique", need.technique, problem.techniques, where=where)


def _fields(problem: Problem, kind: str, fields: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Each of the fields that the records of a kind have, with the record."""
    records: Mapping[str, Any] = getattr(problem, kind)
    for record in records.values():
        for field in fields:
            if hasattr(record, field):
                yield field, record


def _row(values: tuple[float, ...], count: int, field: str, *, finite: bool = False) -> None:
    if len(values) != count:
        raise BadInput(f"has {len(values)} entries.", where=Where(field=field), hint=f"Give {count}.")
    if any(math.isnan(v) or v < 0 or (finite and math.isinf(v)) for v in values):
        raise BadInput("holds a negative or missing number.", where=Where(field=field), hint="Correct it.")
