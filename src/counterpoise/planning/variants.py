"""Variants: which open models, at which precision, meet a workload's floor, and which are needless.

For each request class (all requests, and the share that may be routed to a lesser model): models whose score,
less what quantisation costs, reaches the floor; else those that training lifts to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from counterpoise.catalogue.counting import parameters
from counterpoise.catalogue.records import Catalogue, Model
from counterpoise.planning.quality import Grade, grades, scores_of
from counterpoise.planning.supply import Refusal
from counterpoise.planning.techniques import Adoption, Techniques, applies, precisions
from counterpoise.workload.records import Serving

ROUTED = "routed"
ANSWER_CACHE = "answer-cache"
TAUGHT = ("fine-tune", "distil")
"""Techniques whose training must itself be run before the variant can serve."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A model at a precision, with the adoption that needs (None: as released), for one request class."""

    model: Model
    precision: str
    adoption: Adoption | None
    grades: tuple[Grade, ...]
    share_group: str | None


def request_classes(workload: Serving) -> list[tuple[str | None, Mapping[str, float]]]:
    """Quality floors of a workload by share group: None for all requests, "routed" for a share of them."""
    classes: list[tuple[str | None, Mapping[str, float]]] = [(None, workload.quality)]
    if workload.routing is not None and workload.routing.share > 0:
        classes.append((ROUTED, workload.routing.quality))
    return classes


def candidates(
    workload: Serving, catalogue: Catalogue, techniques: Techniques
) -> tuple[list[Variant], list[Refusal]]:
    """Variants of open models that meet each class's floor; a model that a smaller one makes needless is out.

    A routed variant that meets the full floor as well is left to the full class.
    """
    variants: list[Variant] = []
    refusals: list[Refusal] = []
    for group, floors in request_classes(workload):
        found: dict[str, list[Variant]] = {}
        for model in sorted(catalogue.models.values(), key=lambda m: m.name):
            if workload.models and model.name not in workload.models:
                continue
            made = _variants(model, floors, group, catalogue, techniques)
            if isinstance(made, str):
                if scores_of(catalogue, model.name):
                    refusals.append(Refusal(f"{model.name} for {_class_name(workload, group)}", made))
            elif made:
                found[model.name] = made
        as_released = {name for name, made in found.items() if any(v.adoption is None for v in made)}
        for name, winner in needless((v[0].model for v in found.values()), as_released).items():
            why = f"meets the floor, as {winner} does, which is smaller in every respect"
            refusals.append(Refusal(f"{name} for {_class_name(workload, group)}", why))
            del found[name]
        variants += [v for group_ in found.values() for v in group_]
    return variants, refusals


def _class_name(workload: Serving, group: str | None) -> str:
    return workload.id if group is None else f"{workload.id} ({group} share)"


def _variants(
    model: Model, floors: Mapping[str, float], group: str | None, catalogue: Catalogue, techniques: Techniques
) -> list[Variant] | str:
    """Variants of a model that meet `floors`, or why there is none."""
    scores = scores_of(catalogue, model.name)
    if not model.open_weights or not model.layers:
        return "its weights are not public" if not model.open_weights else "its architecture is not public"
    made, why = [], ""
    for precision, adoption in precisions(techniques, model).items():
        result = grades(scores, model, precision, floors, adoption.recovery if adoption else None)
        if isinstance(result, str):
            why = why or result
        elif all(g.met for g in result):
            made.append(Variant(model, precision, adoption, tuple(result), group))
        else:
            why = why or below_the_floor(result, precision)
    return made or _taught(model, floors, group, catalogue, techniques) or why


def _taught(
    model: Model, floors: Mapping[str, float], group: str | None, catalogue: Catalogue, techniques: Techniques
) -> list[Variant]:
    """Variants of a model below the floor that training lifts to it: fine-tuned, or taught by another model.

    The score is that of the model itself (fine-tune) or of the teacher (distil), times the technique's
    recovery; it is never called measured.
    """
    made = []
    for technique in techniques.known:
        if technique.kind not in TAUGHT or not applies(technique, model.name, model.family):
            continue
        pupil_of = catalogue.models.get(technique.to, model) if technique.kind == "distil" else model
        recovery = technique.figures.get("score_recovery")
        scores = scores_of(catalogue, pupil_of.name)
        result = grades(scores, pupil_of, "taught", floors, recovery)
        if not isinstance(result, str) and all(g.met for g in result):
            adoption = techniques.adopt(technique, model.name)
            made.append(Variant(model, model.native_precision, adoption, tuple(result), group))
    return made


def below_the_floor(result: list[Grade], precision: str = "") -> str:
    """Say which floor is missed by most."""
    worst = min(result, key=lambda g: g.score_pct - g.floor_pct)
    at = f" at {precision}" if precision else ""
    return f"{worst.benchmark} {worst.score_pct:.1f} %{at}, floor {worst.floor_pct:g} %"


def needless(models: Iterable[Model], as_released: Collection[str]) -> dict[str, str]:
    """Models for which another, usable as released, is no larger.

    No larger: no more weights, no more active weights and no more KV cache per token.
    """
    sizes = {m.name: (*parameters(m), kv_numbers_per_token(m)) for m in models}
    beaten: dict[str, str] = {}
    for name, size in sorted(sizes.items()):
        for other, smaller in sorted(sizes.items(), key=lambda item: (item[1], item[0])):
            no_larger = all(b <= a for a, b in zip(size, smaller, strict=True))
            if other != name and other in as_released and no_larger and (smaller != size or other < name):
                beaten[name] = other
                break
    return beaten


def kv_numbers_per_token(model: Model) -> int:
    """Numbers cached per token over all layers (windowed layers counted whole)."""
    total = 0
    for group in model.layers:
        a = group.attention
        if a is None or a.kind in ("linear", "mamba"):
            continue
        if a.kind in ("mla", "sparse_mla"):
            total += group.count * (a.kv_lora_rank + a.qk_rope_head_dim + a.index_dim)
        else:
            total += group.count * a.kv_heads * (a.head_dim + a.value_head_dim)
    return total
