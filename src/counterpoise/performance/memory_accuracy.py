"""Memory rows predicted for the `accuracy` report, each without its own model's measurements."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.catalogue.engines import ENGINES, engine_name
from counterpoise.catalogue.records import Catalogue, Chip, Model
from counterpoise.errors import BadInput, Refused, UnknownName, Where
from counterpoise.performance.accuracy import Prediction, RowResult
from counterpoise.performance.estimate import MemoryEstimate
from counterpoise.performance.measured_runs import number, whole
from counterpoise.performance.memory import GIB, MemoryConstants, estimate_memory, visible_memory_bytes
from counterpoise.performance.operators import BYTES_PER_KV, BYTES_PER_WEIGHT

FOLDS = 5
NEEDED = ("model", "chip", "precision", "tp", "max_model_len", "gpu_memory_utilization")
SCORED: dict[str, Callable[[MemoryEstimate], float]] = {
    "kv_cache_tokens": lambda e: float(e.kv_tokens[()]),
    "kv_cache_gib_per_chip": lambda e: float(e.kv_cache_bytes[()]) / GIB,
    "weights_gib_per_chip": lambda e: float(e.weights_bytes[()]) / GIB,
    "activation_peak_gib": lambda e: float(e.activation_bytes[()]) / GIB,
    "max_concurrency": lambda e: float(e.sequences[()]),
}
UNSEEN = 3.0
"""Factor on the log width of intervals for chips and engines that were not measured.  Assumed."""
UNSEEN_FAMILY = 2.0
"""The same for families of models that were not measured.  Assumed."""
Rows = Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class MemoryFit:
    """Constants of all rows ("all") and without each fold of models.

    `spread`: column -> (low, high) factors that bound 80 % of measurements out of fold.
    """

    made: str
    sets: Mapping[str, MemoryConstants]
    models: frozenset[str]
    chips: frozenset[str]
    spread: Mapping[str, tuple[float, float]]
    report: Mapping[str, object]

    def constants(self, model: Model) -> MemoryConstants:
        """Constants for a model: those of its fold where it was measured, so that no row predicts itself."""
        return self.sets[str(fold_of_model(model.name)) if model.name in self.models else "all"]


def fold_of_model(model: str) -> int:
    """Fold 0..4 of a model, the same on every machine."""
    return int(hashlib.sha256(model.encode()).hexdigest()[:8], 16) % FOLDS


@cache
def shipped_memory_fit() -> MemoryFit:
    """Return the fit that comes with the product."""
    path = resources.files("counterpoise.performance") / "parameters_memory.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    return MemoryFit(
        made=stored["made"],
        sets={name: MemoryConstants(**values) for name, values in stored["sets"].items()},
        models=frozenset(stored["models"]),
        chips=frozenset(stored["chips"]),
        spread={name: (low, high) for name, (low, high) in stored["spread"].items()},
        report=stored["report"],
    )


def memory_predictions(
    rows: Rows,
    *,
    file: str | None = None,
    catalogue: Catalogue | None = None,
    fitted: MemoryFit | None = None,
) -> list[RowResult]:
    """Predict the memory columns of `rows`, each without its own model's measurements.

    Raises `BadInput` for a missing column or a figure that is not a number.
    """
    table = list(rows)
    missing = [c for c in NEEDED if table and c not in table[0]]
    if missing:
        raise BadInput(
            f"the memory table has no column {', '.join(missing)}.",
            where=Where(file, 1, missing[0]),
            hint=f"It needs {', '.join(NEEDED)} and the measured columns.",
        )
    facts, fit = catalogue or load(), fitted or shipped_memory_fit()
    return [_result(row, facts, fit, Where(file, line)) for line, row in enumerate(table, start=2)]


def _limit(row: Mapping[str, str], column: str, where: Where) -> int | None:
    """Limit of an engine that a row may print (`max_batch_tokens`, `max_sequences`); None: its default."""
    value = number(row, column, where)
    return None if value is None else int(value)


def _result(row: Mapping[str, str], facts: Catalogue, fit: MemoryFit, where: Where) -> RowResult:
    try:
        model, chip = find_model(facts, row["model"].strip()), find_chip(facts, row["chip"].strip())
        estimate = estimate_row(row, model, chip, fit.constants(model), where)
    except (UnknownName, Refused) as error:
        return RowResult({}, refusal=str(error))
    if not float(estimate.kv_tokens[()]):
        return RowResult({}, refusal=_does_not_fit(estimate, chip))
    widen, basis = _closeness(row, model, chip, fit, facts)
    found = {}
    for column, read in SCORED.items():
        measured = number(row, column, where)
        if measured is None or measured <= 0:
            continue
        predicted = read(estimate)
        low, high = fit.spread[column]
        if widen > 1:
            low, high = low**widen, max(high, 1 / low) ** widen
        found[column] = Prediction(measured, predicted, low * predicted, high * predicted)
    if not found:
        return RowResult({}, refusal="the row has no measured figure that is scored")
    return RowResult(found, basis)


def _closeness(
    row: Mapping[str, str], model: Model, chip: Chip, fit: MemoryFit, facts: Catalogue
) -> tuple[float, str]:
    """Factor on the log width of the intervals, and the basis in words."""
    engine = engine_name(row.get("framework") or "vllm")
    if engine != "vllm":
        own = engine in ENGINES
        return UNSEEN, f"{'its own rules' if own else 'the accounting of vLLM'}; {engine} never measured"
    if chip.name not in fit.chips:
        return UNSEEN, f"fitted on vLLM; {chip.name} never measured"
    families = {facts.models[name].family for name in fit.models if name in facts.models}
    if model.family not in families:
        return UNSEEN_FAMILY, f"fitted on vLLM on {chip.name}; the {model.family or model.name} family never"
    return 1.0, f"fitted on vLLM on {chip.name}, other models"


def _does_not_fit(estimate: MemoryEstimate, chip: Chip) -> str:
    """Why there is no cache, with the figures that do not fit."""
    parts = (estimate.weights_bytes, estimate.activation_bytes, estimate.other_bytes)
    weights, step, other = (float(part[()]) / GIB for part in parts)
    return (
        f"no room for a cache on {chip.name}: weights {weights:.1f} GiB, largest step {step:.1f} GiB and "
        f"libraries {other:.1f} GiB of {visible_memory_bytes(chip) / GIB:.1f} GiB"
    )


def estimate_row(
    row: Mapping[str, str], model: Model, chip: Chip, constants: MemoryConstants, where: Where
) -> MemoryEstimate:
    """Estimate of a row; raises `Refused` for a precision that is not modelled."""
    precision = row["precision"].strip().casefold()
    cache_precision = (row.get("kv_precision") or "bf16").strip().casefold()
    if precision not in BYTES_PER_WEIGHT or cache_precision not in BYTES_PER_KV:
        raise Refused(f'precision "{precision}" with cache "{cache_precision}" is not modelled')
    return estimate_memory(
        model,
        chip,
        weight_precision=precision,
        kv_precision=cache_precision,
        tp=whole(row, "tp", where, 1),
        pp=whole(row, "pp", where, 1),
        dp=whole(row, "dp", where, 1),
        max_model_len=whole(row, "max_model_len", where, 8192),
        utilisation=number(row, "gpu_memory_utilization", where),
        engine=engine_name(row.get("framework") or "vllm"),
        version=(row.get("framework_version") or "").strip(),
        max_batch_tokens=_limit(row, "max_batch_tokens", where),
        max_sequences=_limit(row, "max_sequences", where),
        constants=constants,
    )
