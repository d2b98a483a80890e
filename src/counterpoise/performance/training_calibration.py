"""What a training condition resolves to: efficiencies, interval, and the basis in words.

As in `calibration`: log θ = base + Σ effects, each effect drawn towards zero with its stated spread.  A chip
that nobody measured takes its family's value, a family that nobody measured the global one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from counterpoise.catalogue.records import Chip, Model
from counterpoise.performance.calibration import architecture, chip_key, model_key
from counterpoise.performance.estimate import Array
from counterpoise.performance.training_parameters import PARAMETERS
from counterpoise.performance.training_software import Software

FAMILY_RUNS = 5
"""Runs from which a chip family counts as measured."""


@dataclass(frozen=True, slots=True)
class TrainingCondition:
    """What the effects depend on; `framework` "generic" and `version` "" have no effect of their own."""

    chip: Chip
    model: Model
    framework: str
    version: str
    number_format: str
    method: str

    def levels(self) -> dict[str, str]:
        """Level of each factor; "" has no effect."""
        framework = "" if self.framework == "generic" else self.framework
        family, model = self.chip.family, shape_key(self.model)
        return {
            "family": family,
            "chip": chip_key(self.chip),
            "framework": framework,
            "framework family": _join(framework, family),
            "version": self.version if framework else "",
            "architecture": architecture(self.model),
            "model": model,
            "format": self.number_format,
            "format family": _join(self.number_format, family),
            "method": self.method,
            "method framework": _join(self.method, framework),
            "model framework": _join(model, framework),
            "model family": _join(model, family),
        }


def shape_key(model: Model) -> str:
    """Shape of a model: two releases of one architecture are one model, whatever their names."""
    widths = "+".join(f"{g.feed_forward.intermediate}" for g in model.layers if g.feed_forward is not None)
    return f"{model_key(model)}, {widths} inside, {model.vocab} words"


def kind_of(model: Model) -> str:
    """Kind of a model, "dense" or "experts": the errors of the latter are larger."""
    sparse = any(g.feed_forward is not None and g.feed_forward.experts for g in model.layers)
    return "experts" if sparse else "dense"


def _join(*parts: str) -> str:
    return " | ".join(parts) if all(parts) else ""


@dataclass(frozen=True, slots=True)
class TrainingParameters:
    """Bases and effects of one fit: parameter -> log value; parameter -> factor -> level -> log effect."""

    base: Mapping[str, float]
    effects: Mapping[str, Mapping[str, Mapping[str, float]]]

    def efficiencies(self, condition: TrainingCondition) -> dict[str, Array]:
        """Value of each parameter under a condition, as arrays of no dimension."""
        levels = condition.levels()
        found = {}
        for name in PARAMETERS:
            effects = self.effects.get(name, {})
            log = self.base[name] + math.fsum(by.get(levels[factor], 0.0) for factor, by in effects.items())
            found[name] = np.asarray(math.exp(log))
        return found


@dataclass(frozen=True, slots=True)
class TrainingCalibration:
    """All that a fit left.

    `sets`: "all" and "0".."4", each fitted without the conditions of its fold.  `conditions`: keys of the
    fitted conditions.  `counts`: factor -> level -> fitted runs.  `spread`: closeness -> (low, high) factors
    on tokens per second that bound 80 % of measurements left out; "measured, nemo dense" is of one framework
    and kind of model.  `software`: what dates say.
    """

    made: str
    sets: Mapping[str, TrainingParameters]
    conditions: frozenset[str]
    counts: Mapping[str, Mapping[str, int]]
    spread: Mapping[str, tuple[float, float]]
    report: Mapping[str, object]
    software: Software

    def parameters(self, condition_key: str = "") -> TrainingParameters:
        """Parameters for a condition: its fold's where it was fitted, so that no run predicts itself."""
        return self.sets[str(int(condition_key[:8], 16) % 5) if condition_key in self.conditions else "all"]

    def _runs(self, condition: TrainingCondition, factor: str) -> int:
        return self.counts.get(factor, {}).get(condition.levels()[factor], 0)

    def closeness(self, condition: TrainingCondition) -> str:
        """How near a condition is to what was measured: a key of `spread`."""
        if self._runs(condition, "family") < FAMILY_RUNS:
            return "family never measured"
        if not self._runs(condition, "chip"):
            return "chip never measured"
        return "measured" if self._runs(condition, "model") else "model never measured"

    def interval(self, condition: TrainingCondition) -> tuple[float, float]:
        """Factors on predicted tokens per second between which 80 % of runs fall.

        The widest of what a measured condition, this chip and model, and an untold framework cost.
        """
        return self.interval_as(self.closeness(condition), condition)

    def interval_as(self, closeness: str, condition: TrainingCondition) -> tuple[float, float]:
        """The same, were the condition as near to what was measured as `closeness` says."""
        kind = kind_of(condition.model)
        cases = [self._case("measured", f"{condition.framework} {kind}", kind)]
        if closeness != "measured":
            cases.append(self._case(closeness, kind))
        if not self._runs(condition, "framework"):
            cases.append(self._case("framework not given", kind))
        return min(self.spread[c][0] for c in cases), max(self.spread[c][1] for c in cases)

    def _case(self, case: str, *finer: str) -> str:
        """Key of `spread` for a case, of the first finer class that has one of its own."""
        return next((f"{case}, {f}" for f in finer if f"{case}, {f}" in self.spread), case)

    def basis(self, condition: TrainingCondition) -> str:
        """What a prediction rests on, in words."""
        untold = "" if self._runs(condition, "framework") else ", framework not given"
        return self._basis(condition) + untold

    def _basis(self, condition: TrainingCondition) -> str:
        chip, family = condition.chip.name, condition.chip.family
        closeness = self.closeness(condition)
        if closeness == "family never measured":
            some = self._runs(condition, "family")
            few = (
                f"measured in {some} training run{'s' * (some > 1)} only"
                if some
                else "never measured in training"
            )
            return f"chip family {few} ({family}): global efficiencies"
        if closeness == "chip never measured":
            return (
                f"chip never measured in training: {family} family ({self._runs(condition, 'family')} runs)"
            )
        runs = self._runs(condition, "chip")
        if closeness == "model never measured":
            return f"fitted on {runs} training runs of {chip}, other models"
        return f"fitted on {runs} training runs of {chip} and {self._runs(condition, 'model')} of this model"


@cache
def shipped_training_calibration() -> TrainingCalibration:
    """Return the calibration that comes with the product."""
    path = resources.files("counterpoise.performance") / "parameters_training.json"
    return read_training_calibration(json.loads(path.read_text(encoding="utf-8")))


def read_training_calibration(stored: Mapping[str, object]) -> TrainingCalibration:
    """Build a calibration from the object that `write_training_calibration` made."""
    sets, counts, spread = stored["sets"], stored["counts"], stored["spread"]
    conditions, report, software = stored["conditions"], stored["report"], stored["software"]
    if not (
        isinstance(sets, dict)
        and isinstance(counts, dict)
        and isinstance(spread, dict)
        and isinstance(conditions, list)
        and isinstance(report, dict)
        and isinstance(software, dict)
    ):
        raise TypeError("a training calibration has sets, counts, spread, conditions, report and software")
    return TrainingCalibration(
        made=str(stored["made"]),
        sets={name: TrainingParameters(s["base"], s["effects"]) for name, s in sets.items()},
        conditions=frozenset(conditions),
        counts=counts,
        spread={case: (low, high) for case, (low, high) in spread.items()},
        report=report,
        software=Software(software["families"], float(software["newest"])),
    )


def write_training_calibration(calibration: TrainingCalibration) -> dict[str, object]:
    """Return a calibration as plain objects for JSON, numbers rounded to what they mean."""

    def rounded(p: TrainingParameters) -> dict[str, object]:
        effects = {
            name: {
                f: {lv: round(x, 4) for lv, x in sorted(by.items()) if abs(x) >= 5e-4}
                for f, by in sorted(fs.items())
            }
            for name, fs in p.effects.items()
        }
        return {"base": {k: round(v, 5) for k, v in p.base.items()}, "effects": effects}

    return {
        "made": calibration.made,
        "parameters": {name: p.meaning for name, p in PARAMETERS.items()},
        "report": calibration.report,
        "spread": {k: [round(x, 4) for x in v] for k, v in calibration.spread.items()},
        "software": {"families": calibration.software.families, "newest": calibration.software.newest},
        "counts": calibration.counts,
        "sets": {name: rounded(p) for name, p in calibration.sets.items()},
        "conditions": sorted(calibration.conditions),
    }
