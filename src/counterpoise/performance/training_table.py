"""Runs of the training table as arrays: work, conditions and measurements, a row each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from counterpoise.catalogue.records import Chip, Model
from counterpoise.errors import Refused
from counterpoise.performance.estimate import Array
from counterpoise.performance.training_calibration import TrainingCondition, shipped_training_calibration
from counterpoise.performance.training_layout import FULL, NONE, SELECTIVE, Layout
from counterpoise.performance.training_memory import fits, training_memory
from counterpoise.performance.training_rows import TrainingRun
from counterpoise.performance.training_software import Software
from counterpoise.performance.training_work import TrainingWork, join, training_work

TIGHT = 1.03
"""A measured run fitted in memory, so what is estimated up to 3 % above it is taken to fit."""


@dataclass(frozen=True, slots=True)
class TrainingTable:
    """Runs that can be predicted; `target` is log of measured tokens per second per chip, NaN where blank.

    `software`: what dates were read by.
    """

    runs: tuple[TrainingRun, ...]
    work: TrainingWork
    chips: Array
    levels: tuple[dict[str, str], ...]
    target: Array
    software: Software

    def take(self, index: NDArray[np.intp]) -> TrainingTable:
        """Rows `index`."""
        return TrainingTable(
            tuple(self.runs[i] for i in index),
            self.work.at(index),
            self.chips[index],
            tuple(self.levels[i] for i in index),
            self.target[index],
            self.software,
        )


def training_table(
    runs: Iterable[TrainingRun], software: Software | None = None
) -> tuple[TrainingTable | None, list[tuple[TrainingRun, str]]]:
    """Return the table of the runs that can be predicted, and the others with their reasons.

    A blank recomputation becomes the least that fits, a blank date that of the newest of `software` (None:
    the shipped calibration's).  The table is None where no run can be predicted.
    """
    known = software or shipped_training_calibration().software
    kept: list[TrainingRun] = []
    works: list[TrainingWork] = []
    refused: list[tuple[TrainingRun, str]] = []
    for run in runs:
        if run.refusal or run.model is None or run.chip is None or run.layout is None:
            refused.append((run, run.refusal))
            continue
        table = run.layout if run.recompute_known else least_recompute(run, run.model, run.chip, run.layout)
        try:
            works.append(
                training_work(
                    run.model,
                    run.chip,
                    table,
                    sequence_length=run.sequence_length,
                    precision=run.precision,
                    method=run.method,
                    scale_up_chips=run.chip.value("scale_up_chips") or 1.0,
                    scale_out_bytes_per_s=run.scale_out_bytes_per_s,
                    fused=known.fused(run.software_year),
                    age_years=known.age_years(run.chip, run.software_year),
                    offloaded=run.offloaded,
                )
            )
        except Refused as reason:
            refused.append((run, str(reason)))
            continue
        kept.append(replace(run, layout=table))
    if not kept:
        return None, refused
    measured = np.array([r.measured_tokens_per_s_per_chip or np.nan for r in kept])
    return (
        TrainingTable(
            tuple(kept),
            join(works),
            np.array([r.layout.chips[0] for r in kept if r.layout]),
            tuple(condition_of(r).levels() for r in kept),
            np.log(measured),
            known,
        ),
        refused,
    )


def condition_of(run: TrainingRun) -> TrainingCondition:
    """Condition of a run that is not refused."""
    if run.chip is None or run.model is None:
        raise ValueError(f"run {run.id} is refused: {run.refusal}")
    return TrainingCondition(run.chip, run.model, run.framework, run.version, run.number_format, run.method)


def least_recompute(run: TrainingRun, model: Model, chip: Chip, table: Layout) -> Layout:
    """Layout with the least recomputation that fits: people recompute only what memory forces them to."""
    codes = np.array([NONE, *np.linspace(SELECTIVE, FULL, 9)])
    tried = replace(table.at(np.zeros(codes.size, int)), recompute=codes)
    memory = training_memory(
        model,
        tried,
        sequence_length=run.sequence_length,
        precision=run.precision,
        method=run.method,
        offloaded=run.offloaded,
    )
    fitting = np.flatnonzero(fits(memory, chip, TIGHT))
    return tried.at([fitting[0] if fitting.size else codes.size - 1])
