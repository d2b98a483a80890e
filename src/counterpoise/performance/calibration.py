"""Fitted parameters: what they are, how they are shrunken, and what a condition resolves to.

Each parameter is a logarithm, log θ = base + Σ effects.  An effect belongs to a level of a factor (this
chip, its family, this engine, ...) and is drawn towards zero with the spread that `PARAMETERS` states, so a
chip that nobody measured takes its family's value and a family that nobody measured the global one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

import numpy as np

from counterpoise.catalogue.records import Chip, Model
from counterpoise.performance.estimate import Array
from counterpoise.performance.measured_runs import fold_of
from counterpoise.performance.parameters import MAINSTREAM, PARAMETERS, SERVING_CAMPAIGNS
from counterpoise.performance.precision import compute_precision


def chip_key(chip: Chip) -> str:
    """Name and facts of a chip: a chip renamed, or changed, is another that nobody measured."""
    peak = (chip.value("peak_bf16_flops_per_s") or 0.0) / 1e12
    bandwidth = (chip.value("memory_bandwidth_bytes_per_s") or 0.0) / 1e12
    return f"{chip.name} {peak:.0f} TF {bandwidth:.2f} TB/s"


def model_key(model: Model) -> str:
    """Shape of a model: two releases of one architecture are one model here, whatever their names."""
    layers = "+".join(
        f"{g.count}{(g.attention.kind if g.attention else '-')}"
        f"/{(g.feed_forward.experts or 'dense') if g.feed_forward else '-'}"
        for g in model.layers
    )
    return f"{model.hidden} wide, {layers}"


def architecture(model: Model) -> str:
    """Class of a model: kinds of its attention, dense or experts."""
    kinds = sorted({g.attention.kind for g in model.layers if g.attention is not None})
    sparse = any(g.feed_forward is not None and g.feed_forward.experts for g in model.layers)
    return f"{'+'.join(kinds)} {'experts' if sparse else 'dense'}"


@dataclass(frozen=True, slots=True)
class Condition:
    """What the effects depend on: chip, model, engine with version, precision of the weights.

    `campaign`: who measured and how, where that is known; "" for a prediction.
    """

    chip: Chip
    model: Model
    engine: str
    version: str
    weight_precision: str
    campaign: str = ""

    def levels(self) -> dict[str, str]:
        """Level of each factor; an engine called "generic" has none of its own."""
        engine = "" if self.engine == "generic" else self.engine
        version = self.version if engine and self.version not in ("", engine) else ""
        family, chip = self.chip.family, chip_key(self.chip)
        model, kind = model_key(self.model), architecture(self.model)
        precision = f"{self.weight_precision} in {compute_precision(self.chip, self.weight_precision)}"
        if kind.endswith("experts") and self.weight_precision == "fp8":
            precision += " blocks"  # one scale for 128 weights, as such checkpoints are released
        condition = _join(engine, model, chip, precision)
        return {
            "vendor": self.chip.vendor,
            "family": family,
            "chip": chip,
            "engine": engine,
            "engine vendor": _join(engine, self.chip.vendor),
            "campaign": self.campaign,
            "engine campaign": _join(engine, self.campaign),
            "engine campaign experts": _join(engine, self.campaign, kind.rsplit(" ", 1)[1]),
            "version": version,
            "precision": precision,
            "precision family": _join(precision, family),
            "architecture": kind,
            "model": model,
            "engine family": _join(engine, family),
            "engine chip": _join(engine, chip),
            "engine architecture": _join(engine, kind),
            "engine model": _join(engine, model),
            "precision engine": _join(engine, precision),
            "precision engine family": _join(engine, precision, family),
            "precision model": _join(precision, model),
            "engine model chip": _join(engine, model, chip),
            "condition": condition,
            "condition version": _join(condition, version),
        }


def _join(*parts: str) -> str:
    return " | ".join(parts) if all(parts) else ""


Effects = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Parameter -> factor -> level -> log effect."""


@dataclass(frozen=True, slots=True)
class ParameterSet:
    """Bases and effects of one fit: parameter -> log value; parameter -> factor -> level -> log effect."""

    base: Mapping[str, float]
    effects: Effects

    def logs(self, condition: Condition) -> dict[str, float]:
        """Logarithm of each parameter under a condition.

        An engine called "generic" is the mean of the three that serve most: their effects, averaged.  Where
        nobody measured, the engine is as the two campaigns that measured serving found it, on average.
        """
        if not condition.campaign:
            parts = [self.logs(replace(condition, campaign=name)) for name in SERVING_CAMPAIGNS]
            return {name: math.fsum(p[name] for p in parts) / len(parts) for name in PARAMETERS}
        if condition.engine == "generic":
            parts = [self.logs(replace(condition, engine=name, version="")) for name in MAINSTREAM]
            return {name: math.fsum(p[name] for p in parts) / len(parts) for name in PARAMETERS}
        levels = condition.levels()
        return {
            name: self.base[name]
            + math.fsum(
                by_level.get(levels[factor], 0.0) for factor, by_level in self.effects.get(name, {}).items()
            )
            for name in PARAMETERS
        }

    def of(self, condition: Condition) -> ParameterSet:
        """The parameters of one fit that hold for `condition`: these, whatever it is."""
        del condition
        return self

    def changed(self, change: Callable[[Effects], Effects]) -> ParameterSet:
        """The same with other effects."""
        return replace(self, effects=change(self.effects))

    def efficiencies(self, condition: Condition, points: int) -> dict[str, Array]:
        """Value of each parameter under a condition, repeated for `points` points."""
        return {name: np.full(points, math.exp(value)) for name, value in self.logs(condition).items()}


@dataclass(frozen=True, slots=True)
class TwoFits(ParameterSet):
    """A fit for what was measured, and one for models and chips that never were.

    The first may follow each condition closely; the second is held near its priors, since what one model
    needs another does not.  `measured`: levels of "model" and "chip" with runs.
    """

    far: ParameterSet
    measured: frozenset[str]

    def of(self, condition: Condition) -> ParameterSet:
        """The fit of measured conditions, or that of models and chips never measured."""
        known = {model_key(condition.model), chip_key(condition.chip)} <= self.measured
        return ParameterSet(self.base, self.effects) if known else self.far

    def changed(self, change: Callable[[Effects], Effects]) -> ParameterSet:
        """The same with other effects in both fits."""
        return replace(self, effects=change(self.effects), far=self.far.changed(change))

    def logs(self, condition: Condition) -> dict[str, float]:
        """Logarithm of each parameter under a condition."""
        return self.of(condition).logs(condition)


BROADER = {"batch ttft": "ttft", "prefill rate": "rate"}
"""Interval that stands in for a finer one."""
FAR = "far"
"""Name of the fit for what was never measured, in a parameter file."""
START = ParameterSet({name: math.log(p.start) for name, p in PARAMETERS.items()}, {})
"""Parameters before any fit."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """All that a fit left: parameters of the whole and of each fold, what was measured, and how far it erred.

    `sets`: "all" and "0".."4", each fitted without the curves of its fold.  `curves`: keys of the measured
    conditions.  `counts`: factor -> level -> fitted runs.  `spread`: case -> metric -> (low, high) factors on
    a prediction that bound 80 % of out-of-fold measurements.
    """

    made: str
    sets: Mapping[str, ParameterSet]
    curves: frozenset[str]
    counts: Mapping[str, Mapping[str, int]]
    spread: Mapping[str, Mapping[str, tuple[float, float]]]
    report: Mapping[str, object]

    @property
    def tails(self) -> dict[str, float]:
        """Log spread over requests of "ttft" and "tpot"."""
        tails = self.report["tails"]
        if not isinstance(tails, dict):
            raise TypeError("the calibration's report has no tails")
        return {name: float(value) for name, value in tails.items()}

    def set_for(self, key: str) -> str:
        """Name of the set for a condition: that of its fold where it was fitted, else the full one."""
        return str(fold_of(key)) if key in self.curves else "all"

    def closeness(self, condition: Condition) -> str:
        """How near a condition is to what was measured: a key of `spread`."""
        levels = condition.levels()

        def runs(factor: str) -> int:
            return self.counts.get(factor, {}).get(levels[factor], 0)

        if not runs("family"):
            return "family never measured"
        if not runs("chip"):
            return "chip never measured"
        if not runs("model"):
            return "model never measured"
        return "measured" if runs("engine model chip") else "measured apart"

    def interval(self, condition: Condition, metric: str = "tpot") -> tuple[float, float]:
        """Factors on a predicted `metric` ("tpot" | "ttft" | "rate" | ...) between which 80 % of runs fall.

        Of one batch and of prefill alone those of serving stand in where own runs left none.
        """
        by = self.spread[self.closeness(condition)]
        return by[metric] if metric in by else by[BROADER[metric]]

    def basis(self, condition: Condition) -> str:
        """What a prediction rests on, in words."""
        levels = condition.levels()

        def runs(factor: str) -> int:
            return self.counts.get(factor, {}).get(levels[factor], 0)

        chip, family, engine = condition.chip.name, condition.chip.family, condition.engine
        closeness = self.closeness(condition)
        if closeness == "family never measured":
            return f"chip family never measured ({family}): global efficiencies"
        if closeness == "chip never measured":
            return f"chip never measured: {family} family ({runs('family')} runs)"
        if closeness == "model never measured":
            return f"model never measured: fitted on {runs('chip')} runs of {chip}"
        if closeness == "measured":
            return f"fitted on {runs('engine model chip')} runs of this model, chip and engine ({engine})"
        if engine == "generic":
            return (
                f"fitted on {runs('chip')} runs of this chip and {runs('model')} of this model, all engines"
            )
        return f"fitted on {runs('engine chip')} runs of this chip and engine ({engine}), other models"


@cache
def shipped_calibration() -> Calibration:
    """Return the calibration that comes with the product."""
    path = resources.files("counterpoise.performance") / "parameters.json"
    return read_calibration(json.loads(path.read_text(encoding="utf-8")))


def read_calibration(stored: Mapping[str, object]) -> Calibration:
    """Build a calibration from the object that `write_calibration` made."""
    data: dict[str, object] = dict(stored)
    sets = data["sets"]
    spread = data["spread"]
    counts = data["counts"]
    curves = data["curves"]
    report = data["report"]
    if not (
        isinstance(sets, dict)
        and isinstance(spread, dict)
        and isinstance(counts, dict)
        and isinstance(curves, list)
        and isinstance(report, dict)
    ):
        raise TypeError("a calibration has sets, spread, counts, curves and report")
    fits = {name: ParameterSet(s["base"], s["effects"]) for name, s in sets.items()}
    far = fits.pop(FAR, None)
    if far is not None:
        measured = frozenset([*counts.get("model", {}), *counts.get("chip", {})])
        fits["all"] = TwoFits(fits["all"].base, fits["all"].effects, far, measured)
    return Calibration(
        made=str(data["made"]),
        sets=fits,
        curves=frozenset(curves),
        counts=counts,
        spread={c: {m: (v[0], v[1]) for m, v in by.items()} for c, by in spread.items()},
        report=report,
    )


def _far(whole: ParameterSet) -> tuple[tuple[str, ParameterSet], ...]:
    return ((FAR, whole.far),) if isinstance(whole, TwoFits) else ()


def write_calibration(calibration: Calibration) -> dict[str, object]:
    """Return a calibration as plain objects for JSON, numbers rounded to what they mean."""
    return {
        "made": calibration.made,
        "parameters": {name: p.meaning for name, p in PARAMETERS.items()},
        "report": calibration.report,
        "spread": {c: {m: list(v) for m, v in by.items()} for c, by in calibration.spread.items()},
        "counts": calibration.counts,
        "sets": {
            name: {
                "base": {k: round(v, 5) for k, v in s.base.items()},
                "effects": {
                    p: {
                        f: {lv: round(x, 4) for lv, x in by.items() if abs(x) >= 5e-4} for f, by in fs.items()
                    }
                    for p, fs in s.effects.items()
                },
            }
            for name, s in (*calibration.sets.items(), *_far(calibration.sets["all"]))
        },
        "curves": sorted(calibration.curves),
    }
