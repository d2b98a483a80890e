"""Learning from a user's own serving runs: twenty of them count at once.

What the shipped tables taught stays as it is.  The user's runs move what those tables could not know: levels
that they never saw (a new model, chip, version, ...), each drawn towards zero by the spread that `PARAMETERS`
states, and an own deviation of every parameter for the model on its engine and for the condition.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from counterpoise.performance.calibration import Calibration, Condition, ParameterSet, TwoFits
from counterpoise.performance.estimate import Array
from counterpoise.performance.fit import SHORT, wanted
from counterpoise.performance.map_update import Effect, Update, update
from counterpoise.performance.measured_runs import fold_of
from counterpoise.performance.own_calibration import OwnCalibration, own_interval, own_runs, with_own
from counterpoise.performance.parameters import NEAR, PARAMETERS, Parameter
from counterpoise.performance.run_table import METRICS, RunTable, logs_for, predict

OWN_SHARE = 0.5
"""Spread of an own deviation, over the whole spread of a parameter between conditions.

Chosen once, on two dense models, a mixture of experts and a chip left out of the fit, and verified on two
other models and two other chips (docs/calibrate.md); from 0.3 to 0.8 the errors differ by a tenth.
"""
COUNTED = ("family", "chip", "model", "engine", "engine chip", "engine model chip")
"""Factors whose runs are counted, as the fit counts them."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What runs taught: the calibration, and errors of their predictions, log predicted / measured by metric.

    `before`: by the shipped parameters; `left_out`: by an update without the run itself.
    """

    calibration: OwnCalibration
    before: Mapping[str, Array]
    left_out: Mapping[str, Array]
    runs: int


def learn(
    table: RunTable,
    shipped: Calibration,
    *,
    made: str,
    by_fold: bool = False,
    device: Mapping[str, str] | None = None,
) -> Learnt:
    """Update `shipped` by the runs of `table`, measured on the day `made`.

    `by_fold` also updates the sets of the folds, each by the runs outside its fold, so that `accuracy` never
    predicts a run by itself; without it they stay as they are.
    """
    use = wanted(table).any(axis=1)
    table = table.take(np.flatnonzero(use))
    fold = np.array([str(fold_of(k)) for k in table.keys])
    known = shipped.sets["all"]
    # Where any of the runs is of what nobody measured, the fit that holds there is what they correct.
    held = [known.of(c) for c in table.conditions]
    strange = next((s for s in held if isinstance(known, TwoFits) and s is known.far), None)
    found, whole = _updated(table, strange or held[0])
    sets = {"all": found}
    if by_fold:
        for name in (n for n in shipped.sets if n != "all"):
            rest = np.flatnonzero(fold != name)
            prior = strange or shipped.sets[name]
            sets[name] = _updated(table.take(rest), prior)[0] if len(rest) else prior
    _, metric = observations(table)
    before, left_out, spread = {}, {}, {}
    for j, name in enumerate(METRICS):
        inside = metric == j
        if inside.any():
            before[name], left_out[name] = whole.before[inside], whole.left_out[inside]
    for name, short in SHORT.items():
        spread[short] = own_interval(left_out.get(name, np.empty(0)), shipped.spread["measured"][short])
    own = own_runs(table.conditions, made, COUNTED)
    curves = table.keys if by_fold else ()
    calibration = with_own(shipped, sets, own, curves, spread, device or {})
    return Learnt(calibration, before, left_out, len(table.runs))


def observations(table: RunTable) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Run and metric of each measurement that teaches something."""
    run, metric = np.nonzero(wanted(table))
    return run, metric


def _updated(table: RunTable, prior: ParameterSet) -> tuple[ParameterSet, Update]:
    run, metric = observations(table)
    effects = own_effects(table.conditions, prior)

    def observe(logs: Array, runs: NDArray[np.intp]) -> Array:
        return np.asarray(np.log(np.maximum(predict(table.take(runs), logs), 1e-12)))

    found = update(
        observe,
        logs_for(table, prior),
        np.log(table.measured[run, metric]),
        np.array([NEAR.noise[m] for m in METRICS])[metric],
        run,
        metric,
        effects,
    )
    return ParameterSet(prior.base, moved(prior.effects, list(PARAMETERS), effects, found.values)), found


def own_effects(conditions: Sequence[Condition], prior: ParameterSet) -> list[Effect]:
    """Effects that the runs may move: levels new to `prior`, and own deviations of every parameter."""
    levels = [c.levels() for c in conditions]
    known = known_levels(prior.effects)
    fresh = [
        {f: level for f, level in row.items() if level and level not in known.get(f, ())} for row in levels
    ]
    own = [_own_levels(row, new) for row, new in zip(levels, fresh, strict=True)]
    return list(effects_of(PARAMETERS, fresh, own))


def _own_levels(levels: Mapping[str, str], fresh: Mapping[str, str]) -> dict[str, str]:
    """Factors by which every parameter may deviate: the model on its engine and the condition.

    Where the shipped tables know the model on that engine, on this chip only: what the user measured on one
    chip says little against what others measured on another.
    """
    if not levels["engine"]:
        return {"model": levels["model"]}
    pair = "engine model" if "engine model" in fresh else "engine model chip"
    return {pair: levels[pair], "condition": levels["condition"]}


def effects_of(
    parameters: Mapping[str, Parameter],
    fresh: Sequence[Mapping[str, str]],
    own: Sequence[Mapping[str, str]],
) -> Iterator[Effect]:
    """Effects of the new levels, by the parameters' own spreads, and of the own levels, on all parameters.

    `fresh`, `own`: factor -> level of each run.
    """

    def members(rows: Sequence[Mapping[str, str]]) -> dict[tuple[str, str], NDArray[np.bool_]]:
        pairs = sorted({pair for row in rows for pair in row.items()})
        return {(f, lv): np.array([row.get(f) == lv for row in rows]) for f, lv in pairs}

    new, mine = members(fresh), members(own)
    for k, p in enumerate(parameters.values()):
        for (factor, level), member in new.items():
            if factor in p.effects:
                yield Effect(k, factor, level, p.effects[factor], member)
        whole = math.sqrt(sum(s * s for s in p.effects.values()))
        for (factor, level), member in mine.items():
            if whole:
                yield Effect(k, factor, level, OWN_SHARE * whole, member)


def known_levels(effects: Mapping[str, Mapping[str, Mapping[str, float]]]) -> dict[str, set[str]]:
    """Levels of each factor that a fit has seen."""
    known: dict[str, set[str]] = {}
    for by_factor in effects.values():
        for factor, by_level in by_factor.items():
            known.setdefault(factor, set()).update(by_level)
    return known


def moved(
    before: Mapping[str, Mapping[str, Mapping[str, float]]],
    names: Sequence[str],
    effects: Sequence[Effect],
    values: Array,
) -> dict[str, dict[str, dict[str, float]]]:
    """Add deviations to the effects of a fit; `names` are the parameters in order."""
    found = {p: {f: dict(by) for f, by in fs.items()} for p, fs in before.items()}
    for effect, value in zip(effects, values, strict=True):
        by_level = found.setdefault(names[effect.parameter], {}).setdefault(effect.factor, {})
        by_level[effect.level] = by_level.get(effect.level, 0.0) + float(value)
    return found
