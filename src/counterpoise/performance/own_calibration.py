"""A calibration that also knows a user's own runs: which it is nearest to, how far it errs, on what it rests.

Own effects are effects like any other (`ParameterSet.effects`); what is added here is that a deployment whose
engine nobody names is taken to be the one that the user ran.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from counterpoise.performance.calibration import (
    Calibration,
    Condition,
    Effects,
    ParameterSet,
    chip_key,
    model_key,
)
from counterpoise.performance.estimate import Array

OWN = "own runs"
"""Closeness of a condition whose model, chip and engine the user ran: a key of `Calibration.spread`."""
SHIPPED_RUNS = 10
"""Runs that the shipped interval counts for beside the user's own.

Chosen once, of 5, 10 and 20, on draws of 8, 20 and 50 runs of models and chips left out of the fit: the
intervals then hold 77 to 83 % of the other runs (docs/calibrate.md).
"""
Engine = tuple[str, str]
"""Engine and version."""


@dataclass(frozen=True, slots=True)
class OwnRuns:
    """What the user ran: counts by factor and level, the usual engine by model and chip, and when."""

    counts: Mapping[str, Mapping[str, int]]
    engines: Mapping[tuple[str, str], Engine]
    made: str
    total: int

    def engine_of(self, condition: Condition) -> Engine | None:
        """Engine that the user runs this model on this chip with, else this model, else on this chip."""
        model, chip = model_key(condition.model), chip_key(condition.chip)
        keys = ((model, chip), (model, ""), ("", chip))
        return next((self.engines[k] for k in keys if k in self.engines), None)

    def resolve(self, condition: Condition) -> Condition:
        """Fill in the engine ("generic") or its version ("") from what the user ran."""
        mine = self.engine_of(condition)
        if mine is None:
            return condition
        if condition.engine == "generic":
            return replace(condition, engine=mine[0], version=mine[1])
        if condition.engine == mine[0] and not condition.version:
            return replace(condition, version=mine[1])
        return condition

    def runs(self, factor: str, levels: Mapping[str, str]) -> int:
        """Own runs at a condition's level of a factor."""
        return self.counts.get(factor, {}).get(levels[factor], 0)


def own_runs(conditions: Sequence[Condition], made: str, factors: Iterable[str]) -> OwnRuns:
    """Count the conditions of the user's runs, one a run."""
    counts: dict[str, Counter[str]] = {factor: Counter() for factor in factors}
    engines: dict[tuple[str, str], Counter[Engine]] = {}
    for condition in conditions:
        levels = condition.levels()
        for factor, by in counts.items():
            if levels[factor]:
                by[levels[factor]] += 1
        model, chip = model_key(condition.model), chip_key(condition.chip)
        if condition.engine != "generic":
            for key in ((model, chip), (model, ""), ("", chip)):
                engines.setdefault(key, Counter())[condition.engine, condition.version] += 1
    return OwnRuns(
        {factor: dict(by) for factor, by in counts.items()},
        {key: by.most_common(1)[0][0] for key, by in engines.items()},
        made,
        len(conditions),
    )


@dataclass(frozen=True, slots=True)
class OwnParameterSet(ParameterSet):
    """Parameters with own effects; a condition that names no engine is that of the user's own runs."""

    own: OwnRuns
    shipped: ParameterSet

    def of(self, condition: Condition) -> ParameterSet:
        """The own fit where the user ran the model or the chip, else the shipped one that holds."""
        levels = self.own.resolve(condition).levels()
        ran = any(self.own.runs(f, levels) for f in ("model", "chip"))
        return self if ran else self.shipped.of(condition)

    def changed(self, change: Callable[[Effects], Effects]) -> ParameterSet:
        """The same with other effects, own and shipped."""
        return replace(self, effects=change(self.effects), shipped=self.shipped.changed(change))

    def logs(self, condition: Condition) -> dict[str, float]:
        """Logarithm of each parameter under a condition."""
        found = self.of(condition)
        if found is not self:
            return found.logs(condition)
        return ParameterSet.logs(self, self.own.resolve(condition))


@dataclass(frozen=True, slots=True)
class OwnCalibration(Calibration):
    """The shipped calibration with what the user's runs and accelerator taught, and words that say so.

    `device`: in words, what was measured of the accelerator, by the key of its chip.
    """

    own: OwnRuns
    device: Mapping[str, str]

    def closeness(self, condition: Condition) -> str:
        """How near a condition is to what was measured: `OWN`, or as the shipped runs have it."""
        condition = self.own.resolve(condition)
        if self.own.runs("engine model chip", condition.levels()):
            return OWN
        return Calibration.closeness(self, condition)

    def basis(self, condition: Condition) -> str:
        """What a prediction rests on, in words; own runs first."""
        resolved = self.own.resolve(condition)
        levels, own = resolved.levels(), self.own
        said = []
        here, model, chip = (own.runs(f, levels) for f in ("engine model chip", "model", "chip"))
        if here:
            what = f"this model, chip and engine ({resolved.engine})"
            said.append(f"fitted on {here} of your own runs of {what}, {own.made}")
        elif model or chip:
            count, what = (model, "this model") if model else (chip, resolved.chip.name)
            said.append(
                f"{Calibration.basis(self, condition)}, {count} of your own runs of {what} among them"
            )
        else:
            said.append(Calibration.basis(self, resolved))
        device = self.device.get(chip_key(resolved.chip))
        return "; ".join([*said, device] if device else said)


def with_own(
    base: Calibration,
    sets: Mapping[str, ParameterSet],
    own: OwnRuns,
    curves: Iterable[str],
    spread: Mapping[str, tuple[float, float]],
    device: Mapping[str, str],
) -> OwnCalibration:
    """Return `base` with `sets` in place of its own of the same name, own counts, curves and intervals."""
    counts = {
        factor: Counter(base.counts.get(factor, {})) + Counter(own.counts.get(factor, {}))
        for factor in {*base.counts, *own.counts}
    }
    held = {f.name: getattr(base, f.name) for f in fields(base) if f.name in Calibration.__dataclass_fields__}
    held |= {
        "sets": {
            **base.sets,
            **{n: OwnParameterSet(s.base, s.effects, own, base.sets[n]) for n, s in sets.items()},
        },
        "curves": base.curves | frozenset(curves),
        "counts": counts,
        "spread": {**base.spread, **({OWN: dict(spread)} if spread else {})},
    }
    return OwnCalibration(**held, own=own, device=device)


def own_interval(left_out: Array, shipped: tuple[float, float]) -> tuple[float, float]:
    """Factors on a prediction between which 80 % of runs like the user's fall.

    `left_out`: log predicted / measured of each own run by an update without it.  Their conformal 10 % and
    90 % quantiles (with the finite-sample correction of Lei et al. 2018), averaged in logarithm with the
    shipped interval of measured conditions, which counts as `SHIPPED_RUNS` runs.
    """
    n = len(left_out)
    if not n:
        return shipped
    tail = max(0.1 - 0.9 / n, 0.0)
    own = np.quantile(-left_out, [tail, 1.0 - tail])
    low, high = np.exp((n * own + SHIPPED_RUNS * np.log(shipped)) / (n + SHIPPED_RUNS))
    return float(low), float(high)
