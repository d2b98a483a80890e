"""Why a model or chip never seen is predicted worse: levels of whole cells, and what is left inside them.

A cell is a model on a chip with an engine in one precision.  The logarithm of predicted / measured of a row
is its cell's level plus what remains.  A level that is off says that a fact of the cell is missing (a setting
of the engine, a kernel, drafts); what remains is about lengths, users and layouts.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from counterpoise.performance.campaign_recipes import settings
from counterpoise.performance.measured_runs import INFERENCEMAX, campaign_of, engine_of
from counterpoise.report.accuracy_tables import METRIC_WORDS, NONE, PARTS, table
from counterpoise.report.noise import VERSION, Noise, Pair, noise
from counterpoise.report.numbers import percent
from counterpoise.report.scored import SPLITS, Row, Scored, figures

CELL = ("model", "chip", "engine", "precision")
"""Labels that rows of one cell share."""
FEWEST = 5
"""Rows from which a cell is listed; all count in the summary."""
WORST = 12
SHOWN = (
    ("model", "tpot_mean_ms"),
    ("chip", "tpot_mean_ms"),
    ("model", "ttft_mean_ms"),
    ("chip", "ttft_mean_ms"),
)
"""Split and measure whose levels the page takes apart."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Rows of one cell: `level` is the mean of ln(predicted / measured), `within` its standard deviation."""

    name: str
    rows: int
    level: float
    within: float


@dataclass(frozen=True, slots=True)
class Levels:
    """Errors of a split and what would be left of them, as fractions; spreads are deviations of logarithms.

    `level_sd` is weighted by rows, `within_sd` the median over rows of their cell's.  `known_median`,
    `known_mean`: errors if every cell's level were known from its other rows.  `level_median`: if nothing but
    the levels were wrong.  `versions`: how far runs differ whose engine's version alone does.
    """

    rows: int
    median: float
    mean: float
    level_sd: float
    within_sd: float
    known_median: float
    known_mean: float
    level_median: float
    versions: Noise | None
    cells: tuple[Cell, ...]


def levels(found: Sequence[Scored], pairs: Sequence[Pair] = ()) -> Levels:
    """Take the errors of `found` (one metric of one split, at least one row) apart.

    `pairs`: runs that differ in the engine's version alone, of the same table.
    """
    groups: dict[str, list[Scored]] = defaultdict(list)
    for s in found:
        groups[", ".join(s.labels[label] for label in CELL)].append(s)
    cells, level, within, known = [], [], [], []
    for name, members in groups.items():
        logs = np.array([math.log(s.prediction.predicted / s.prediction.measured) for s in members])
        n = len(logs)
        cells.append(Cell(name, n, float(logs.mean()), float(logs.std())))
        level += [float(logs.mean())] * n
        within += [float(logs.std())] * n
        # The level that the other rows tell; a row alone in its cell keeps its error.
        others = (logs.sum() - logs) / (n - 1) if n > 1 else np.zeros(1)
        known += list(logs - others)
    errors = figures(found)
    return Levels(
        rows=len(found),
        median=errors["median_ape"],
        mean=errors["mean_ape"],
        level_sd=float(np.sqrt(np.mean(np.square(level)))),
        within_sd=float(np.median(within)),
        known_median=float(np.median(np.abs(np.expm1(known)))),
        known_mean=float(np.mean(np.abs(np.expm1(known)))),
        level_median=float(np.median(np.abs(np.expm1(level)))),
        versions=noise(pairs, found[0].metric, VERSION),
        cells=tuple(sorted(cells, key=lambda c: -c.rows * abs(c.level))),
    )


def summary_table(taken: Sequence[tuple[str, Levels]]) -> list[str]:
    """A line for each (name, levels)."""
    rows = []
    for name, x in taken:
        shares = [percent(each) for each in (x.median, x.mean, x.known_median, x.known_mean, x.level_median)]
        v = x.versions
        floor = NONE if v is None else f"{percent(v.floor)} ({v.pairs} pairs)"
        spreads = [f"{x.level_sd:.2f}", f"{x.within_sd:.2f}"]
        rows.append([name, f"{x.rows:,}", str(len(x.cells)), *shares[:2], *spreads, *shares[2:], floor])
    heads = ("left out", "rows", "cells", "median", "mean", "spread of levels", "spread inside")
    known = ("median, levels known", "mean, levels known", "median of levels alone", "version unknown")
    return table((*heads, *known), rows)


def cells_table(taken: Levels, most: int = WORST) -> list[str]:
    """The cells whose levels cost most, by rows times level."""
    shown = [c for c in taken.cells if c.rows >= FEWEST][:most]
    rows = [[c.name, str(c.rows), f"{c.level:+.2f}", f"{c.within:.2f}"] for c in shown]
    return table(("cell", "rows", "level", "spread inside"), rows)


def alike(pairs: Sequence[Pair], rows: Sequence[Row]) -> list[Pair]:
    """Pairs of runs of `rows` for which scripts set the same: a draft is no change of version."""

    def known(row: Row) -> dict[str, str]:
        if campaign_of(row.get("source") or "") != INFERENCEMAX:
            return {}
        return settings(row, engine_of(row.get("framework") or ""))

    return [p for p in pairs if known(rows[p.ids[0]]) == known(rows[p.ids[1]])]


def level_lines(found: Sequence[Scored], pairs: Sequence[Pair], rows: Sequence[Row]) -> list[str]:
    """Section of the accuracy page; nothing where only held-out conditions were predicted.

    `pairs`: runs of one condition of serving.csv, `rows`.
    """
    part = PARTS[0]
    taken = []
    for split, metric in SHOWN:
        members = [s for s in part.of(found) if s.split == split and s.metric == metric]
        if members:
            taken.append((f"{SPLITS[split]}, {METRIC_WORDS[metric]}", levels(members, alike(pairs, rows))))
    if not taken:
        return []
    lines = [
        "## Levels of what was never seen",
        "",
        f"ln(predicted / measured) of a row of {part.name}, is the level of its cell (model, chip, engine, "
        "precision) and what remains. Were the levels known, from the other rows of the cell, errors "
        'would be those under "levels known". "Version unknown": the difference, over √2, of two runs '
        "that differ in their engine's version and in no setting that is known. "
        "`python scripts/accuracy_levels.py` prints every cell.",
        "",
        *summary_table(taken),
        "",
    ]
    for name, x in taken[:2]:
        lines += [f"Cells that cost most, {name} (above 0: predicted too slow):", "", *cells_table(x), ""]
    return lines
