"""What predictions use where a profile is named: the shipped calibrations, and a user's measurements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.catalogue.hf import model_from_config
from counterpoise.catalogue.records import Catalogue, Chip, Model
from counterpoise.errors import BadInput, Where
from counterpoise.performance.accelerator_shares import SERVING, TRAINING, Step, step, with_step
from counterpoise.performance.calibration import Calibration, chip_key, shipped_calibration
from counterpoise.performance.measured_runs import Run, runs
from counterpoise.performance.own_calibration import OwnRuns, with_own
from counterpoise.performance.own_runs import Learnt, learn
from counterpoise.performance.own_training import (
    LearntTraining,
    OwnTrainingCalibration,
    OwnTrainingRuns,
    learn_training,
    with_own_training,
)
from counterpoise.performance.parameters import PARAMETERS
from counterpoise.performance.run_table import run_table
from counterpoise.performance.training_calibration import TrainingCalibration, shipped_training_calibration
from counterpoise.performance.training_parameters import PARAMETERS as TRAINING_PARAMETERS
from counterpoise.performance.training_rows import TrainingRun, training_runs
from counterpoise.service.own_rows import OwnFile
from counterpoise.service.profile_file import DEFAULT_NAME, Profile, read_profile

LENGTHS_VARY = "Lengths of own runs are taken to vary in 80 to 100 % of input_len and output_len."
ABSURD = 1e8
"""Users or tokens of a request that are a slip of the pen."""
FindModel = Callable[[str], Model]
FindChip = Callable[[str], Chip]
Row = TypeVar("Row", Run, TrainingRun)


@dataclass(frozen=True, slots=True)
class OwnMeasurements:
    """What predictions use in place of the shipped calibrations, and what must be said of it.

    `serving_learnt`, `training_learnt`: errors before and after, None without such runs; `refused`: reason ->
    runs that taught nothing; `notes`: sentences for the assumptions of an answer.
    """

    serving: Calibration
    training: TrainingCalibration
    serving_learnt: Learnt | None
    training_learnt: LearntTraining | None
    step: Step | None
    refused: Mapping[str, int]
    notes: tuple[str, ...]


def load_profile(path: Path, catalogue: Catalogue | None = None, *, by_fold: bool = False) -> OwnMeasurements:
    """Read a profile and learn from it.

    Parameters
    ----------
    path : the file that `counterpoise calibrate` wrote.
    catalogue : facts, with the case's own chips and models among them; None: the shipped ones.
    by_fold : learn each fold apart too, so that `accuracy` never predicts a run by itself.

    Raises `BadInput` for a file that is no profile, and where none of its runs can be predicted.
    """
    return measurements(read_profile(path), catalogue or load(), by_fold=by_fold, name=path.name)


def measurements(
    profile: Profile, catalogue: Catalogue, *, by_fold: bool = False, name: str = DEFAULT_NAME
) -> OwnMeasurements:
    """Learn from a profile."""
    models = {n: model_from_config(config, n, where=Where(name)) for n, config in profile.models.items()}

    def model_of(wanted: str) -> Model:
        return models[wanted] if wanted in models else find_model(catalogue, wanted)

    def chip_of(wanted: str) -> Chip:
        return find_chip(catalogue, wanted)

    serving, training = shipped_calibration(), shipped_training_calibration()
    taken, device, chip = None, {}, ""
    record = profile.accelerator
    if record is not None and record.chip:
        found = chip_of(record.chip)
        taken, chip = step(record.measured, found), chip_key(found)
        device = {chip: taken.words(record.made)} if taken.ratio else {}
        serving = _stepped(serving, taken, chip)
        training = _stepped_training(training, taken, chip)
    refused: dict[str, int] = {}
    learnt, trained = None, None
    own = _usable([r for f in profile.files if f.table != "training" for r in serving_runs(f)], refused)
    table, why = run_table(own, model_of, chip_of) if own else (None, {})
    _count(refused, why.values())
    if table is not None:
        learnt = learn(table, serving, made=profile.made, by_fold=by_fold, device=device)
    rows = _usable(
        [r for f in profile.files if f.table == "training" for r in _training_runs(f, model_of, chip_of)],
        refused,
    )
    if rows:
        trained = learn_training(rows, training, made=profile.made, by_fold=by_fold, device=device)
        _count(refused, trained.refused.values() if trained else [r.refusal or "not predicted" for r in rows])
    for file in profile.files:
        for reason, count in file.refused.items():
            refused[reason] = refused.get(reason, 0) + count
    if profile.files and learnt is None and trained is None:
        reason = max(refused, key=lambda r: refused[r], default="no runs")
        raise BadInput(
            "none of the runs can be predicted, so nothing is learnt.",
            where=Where(name),
            hint=f"The reason most often: {reason}",
        )
    nothing = OwnRuns({}, {}, profile.made, 0)
    return OwnMeasurements(
        serving=learnt.calibration if learnt else with_own(serving, {}, nothing, (), {}, device),
        training=trained.calibration if trained else _without_runs(training, profile.made, device),
        serving_learnt=learnt,
        training_learnt=trained,
        step=taken,
        refused=refused,
        notes=tuple(_notes(profile, own, learnt, trained, device, name)),
    )


def _notes(
    profile: Profile,
    own: Sequence[Run],
    learnt: Learnt | None,
    trained: LearntTraining | None,
    device: Mapping[str, str],
    name: str,
) -> list[str]:
    said = []
    if learnt:
        said.append(
            f"Serving predictions learn from {learnt.runs} of your own runs ({name}, {profile.made})."
        )
    if trained:
        said.append(
            f"Training predictions learn from {trained.runs} of your own runs ({name}, {profile.made})."
        )
    strange = sorted({r.row.get("framework", "") for r in own if r.engine == "generic"} - {"", "generic"})
    if learnt and strange:
        said.append(f"No engine is known by the name {', '.join(strange)}: its runs are learnt without one.")
    if learnt and any(f.lengths == "drawn" and f.table == "serving" for f in profile.files):
        said.append(LENGTHS_VARY)
    return [*said, *(f"{words[0].upper()}{words[1:]}." for words in device.values())]


def _usable(found: list[Row], refused: dict[str, int]) -> list[Row]:
    """Runs but those that their own file calls contradictory."""
    kept = [r for r in found if r.quality.upper() != "C"]
    _count(refused, ["quality C: contradictory or unexplained"] * (len(found) - len(kept)))
    return kept


def _count(refused: dict[str, int], reasons: Iterable[str]) -> None:
    for reason in reasons:
        refused[reason] = refused.get(reason, 0) + 1


def _stepped(calibration: Calibration, taken: Step, chip: str) -> Calibration:
    sets = {
        n: s.changed(lambda effects: with_step(effects, taken, chip, SERVING, PARAMETERS))
        for n, s in calibration.sets.items()
    }
    return replace(calibration, sets=sets)


def _stepped_training(calibration: TrainingCalibration, taken: Step, chip: str) -> TrainingCalibration:
    sets = {
        n: replace(s, effects=with_step(s.effects, taken, chip, TRAINING, TRAINING_PARAMETERS))
        for n, s in calibration.sets.items()
    }
    return replace(calibration, sets=sets)


def _without_runs(
    training: TrainingCalibration, made: str, device: Mapping[str, str]
) -> OwnTrainingCalibration:
    return with_own_training(training, {}, OwnTrainingRuns({}, {}, made), training.counts, {}, device)


def serving_runs(file: OwnFile) -> list[Run]:
    """Runs of a file, with the lengths and cache precision that it means."""
    found = []
    for run in runs(file.rows, file.table, file.file):
        kv = (run.row.get("kv_precision") or "").strip() if file.table == "serving" else ""
        changed = replace(run, kv_precision=kv) if kv else run
        if file.table == "serving" and file.lengths == "exact" and not run.refusal:
            lengths = {
                "input_tokens": float(run.row["input_len"]),
                "output_tokens": float(run.row["output_len"]),
            }
            changed = replace(changed, **lengths)  # type: ignore[arg-type]
        if max(run.users, run.input_tokens, run.output_tokens) > ABSURD and file.table == "serving":
            changed = replace(changed, refusal=f"users or tokens above {ABSURD:g}")
        found.append(changed)
    return found


def _training_runs(file: OwnFile, model_of: FindModel, chip_of: FindChip) -> list[TrainingRun]:
    return training_runs(file.rows, model_of, chip_of, file=file.file)
