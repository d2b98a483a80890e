"""Learning from a user's own training runs, as `own_runs` does from serving runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from counterpoise.performance.calibration import chip_key
from counterpoise.performance.estimate import Array
from counterpoise.performance.map_update import Update, update
from counterpoise.performance.own_calibration import OWN, own_interval
from counterpoise.performance.own_runs import effects_of, known_levels, moved
from counterpoise.performance.training_calibration import (
    TrainingCalibration,
    TrainingCondition,
    TrainingParameters,
)
from counterpoise.performance.training_fit import NOISE, predicted_log
from counterpoise.performance.training_parameters import PARAMETERS
from counterpoise.performance.training_rows import TrainingRun
from counterpoise.performance.training_table import TrainingTable, condition_of, training_table

Framework = tuple[str, str]
"""Framework and version."""
PLACE = ("chip", "model", "framework")
"""What an own run must share with a condition for the condition to be one that the user ran."""


@dataclass(frozen=True, slots=True)
class OwnTrainingRuns:
    """What the user trained: runs by (chip, model, framework), the usual framework by chip, and when."""

    runs: Mapping[tuple[str, ...], int]
    frameworks: Mapping[str, Framework]
    made: str

    def resolve(self, condition: TrainingCondition) -> TrainingCondition:
        """Fill in the framework ("generic") from what the user ran on the chip."""
        mine = self.frameworks.get(chip_key(condition.chip))
        if mine is None or condition.framework != "generic":
            return condition
        return replace(condition, framework=mine[0], version=mine[1])

    def at(self, condition: TrainingCondition) -> int:
        """Own runs of this model, chip and framework."""
        return self.runs.get(_place(condition), 0)


def _place(condition: TrainingCondition) -> tuple[str, ...]:
    levels = condition.levels()
    return tuple(levels[f] for f in PLACE)


@dataclass(frozen=True, slots=True)
class OwnTrainingParameters(TrainingParameters):
    """Parameters with own effects; a condition that names no framework is that of the user's own runs."""

    own: OwnTrainingRuns

    def efficiencies(self, condition: TrainingCondition) -> dict[str, Array]:
        """Value of each parameter under a condition, as arrays of no dimension."""
        return TrainingParameters.efficiencies(self, self.own.resolve(condition))


@dataclass(frozen=True, slots=True)
class OwnTrainingCalibration(TrainingCalibration):
    """The shipped training calibration with what the user's own runs taught, and words that say so."""

    own: OwnTrainingRuns
    device: Mapping[str, str]

    def interval(self, condition: TrainingCondition) -> tuple[float, float]:
        """Factors on predicted tokens per second between which 80 % of runs fall."""
        resolved = self.own.resolve(condition)
        return self.spread[OWN] if self.own.at(resolved) else TrainingCalibration.interval(self, resolved)

    def basis(self, condition: TrainingCondition) -> str:
        """What a prediction rests on, in words; own runs first."""
        resolved = self.own.resolve(condition)
        here = self.own.at(resolved)
        if here:
            what = f"this model, chip and framework ({resolved.framework})"
            said = f"fitted on {here} of your own training runs of {what}, {self.own.made}"
        else:
            said = TrainingCalibration.basis(self, resolved)
        device = self.device.get(chip_key(condition.chip))
        return f"{said}; {device}" if device else said


@dataclass(frozen=True, slots=True)
class LearntTraining:
    """What training runs taught; errors are log predicted / measured tokens per second.

    `refused`: run -> why it taught nothing.
    """

    calibration: OwnTrainingCalibration
    before: Array
    left_out: Array
    runs: int
    refused: Mapping[str, str]


def measured_table(runs: list[TrainingRun]) -> tuple[TrainingTable | None, dict[str, str]]:
    """Table of the runs that print tokens per second or a step time, in one target; and refusals."""
    blank = {
        r.id: "no tokens per second or step time"
        for r in runs
        if not r.refusal and not (r.measured_tokens_per_s_per_chip or r.measured_step_s)
    }
    table, refused = training_table([r for r in runs if r.id not in blank])
    told = {r.id: why for r, why in refused} | blank
    if table is None:
        return None, told
    steps = np.array([r.measured_step_s or np.nan for r in table.runs])
    by_step = np.log(table.work.tokens / table.chips / steps)
    return replace(table, target=np.where(np.isnan(table.target), by_step, table.target)), told


def learn_training(
    runs: list[TrainingRun],
    shipped: TrainingCalibration,
    *,
    made: str,
    by_fold: bool = False,
    device: Mapping[str, str] | None = None,
) -> LearntTraining | None:
    """Update `shipped` by the user's `runs`, measured on the day `made`; None where none can be predicted.

    `by_fold` also updates the sets of the folds, each by the runs outside its fold, so that `accuracy` never
    predicts a run by itself.
    """
    table, refused = measured_table(runs)
    if table is None:
        return None
    counted = _counted([condition_of(r) for r in table.runs], made)
    whole, found = _updated(table, shipped.sets["all"])
    sets = {"all": whole}
    if by_fold:
        fold = np.array([str(r.fold) for r in table.runs])
        for name in (n for n in shipped.sets if n != "all"):
            rest = np.flatnonzero(fold != name)
            prior = shipped.sets[name]
            sets[name] = _updated(table.take(rest), prior)[0] if len(rest) else prior
    held = {n: OwnTrainingParameters(p.base, p.effects, counted) for n, p in sets.items()}
    counts = {
        factor: Counter(shipped.counts.get(factor, {}))
        + Counter(row[factor] for row in table.levels if row[factor])
        for factor in {*shipped.counts, *table.levels[0]}
    }
    spread = {OWN: own_interval(found.left_out, shipped.spread["measured"])}
    known = {r.condition for r in table.runs} if by_fold else set()
    base = replace(shipped, conditions=shipped.conditions | known)
    calibration = with_own_training(base, held, counted, counts, spread, device or {})
    return LearntTraining(calibration, found.before, found.left_out, len(table.runs), refused)


def _updated(table: TrainingTable, prior: TrainingParameters) -> tuple[TrainingParameters, Update]:
    """Move what `prior` has not seen, and every parameter for the model in its framework."""
    names, known = list(PARAMETERS), known_levels(prior.effects)
    fresh = [{f: lv for f, lv in row.items() if lv and lv not in known.get(f, ())} for row in table.levels]
    factors = ["model framework" if row["model framework"] else "model family" for row in table.levels]
    own = [{f: row[f]} for f, row in zip(factors, table.levels, strict=True)]
    effects = list(effects_of(PARAMETERS, fresh, own))
    values = [prior.efficiencies(condition_of(r)) for r in table.runs]
    logs = np.log([[float(v[name]) for v in values] for name in names])

    def observe(at: Array, index: NDArray[np.intp]) -> Array:
        part = table.take(index)
        return predicted_log(part.work, part.chips, dict(zip(names, at, strict=True)))[:, None]

    n = len(table.runs)
    found = update(
        observe, logs, table.target, np.full(n, NOISE), np.arange(n), np.zeros(n, np.intp), effects
    )
    return TrainingParameters(prior.base, moved(prior.effects, names, effects, found.values)), found


def with_own_training(
    shipped: TrainingCalibration,
    sets: Mapping[str, TrainingParameters],
    own: OwnTrainingRuns,
    counts: Mapping[str, Mapping[str, int]],
    spread: Mapping[str, tuple[float, float]],
    device: Mapping[str, str],
) -> OwnTrainingCalibration:
    """Return `shipped` with `sets` and `spread` added to its own, and counts that hold the user's runs."""
    held = {f.name: getattr(shipped, f.name) for f in fields(TrainingCalibration)}
    held |= {
        "sets": {**shipped.sets, **sets},
        "counts": counts,
        "spread": {**shipped.spread, **spread},
    }
    return OwnTrainingCalibration(**held, own=own, device=device)


def _counted(conditions: list[TrainingCondition], made: str) -> OwnTrainingRuns:
    by_chip: dict[str, Counter[Framework]] = {}
    for c in conditions:
        if c.framework != "generic":
            by_chip.setdefault(chip_key(c.chip), Counter())[c.framework, c.version] += 1
    return OwnTrainingRuns(
        dict(Counter(_place(c) for c in conditions)),
        {chip: by.most_common(1)[0][0] for chip, by in by_chip.items()},
        made,
    )
