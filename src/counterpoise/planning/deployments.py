"""Deployments of serving workloads: enumerate variants on systems, size them, prune, keep why-not.

For each workload and request class (all requests, and the share that may be routed to a lesser model):
models that meet the floor -> precisions and add-ons, each with the techniques it needs -> systems that can be
had -> the operating point of best goodput under the SLO.  What another deployment beats on the same system
with no more techniques is dropped with that reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from counterpoise.catalogue.records import Catalogue, Chip, Model, System
from counterpoise.performance.calibration import Calibration
from counterpoise.performance.power import system_power_w
from counterpoise.performance.sizing import EngineFeatures, OperatingPoint, serving_options_each
from counterpoise.planning.problem import Requirement, ServingDeployment
from counterpoise.planning.quality import Grade
from counterpoise.planning.supply import Refusal, Supply
from counterpoise.planning.techniques import Adoption, Techniques
from counterpoise.planning.variants import Variant
from counterpoise.workload.records import Serving

LEAST_GAIN = 0.02
"""A technique more must bring at least this share of requests more: less is lost in the prediction."""
STEP = 0.05
"""On one system, each deployment that takes more effort must give this share of requests more."""


@dataclass(frozen=True, slots=True)
class Sized:
    """A deployment the optimiser may run, with the facts behind it."""

    deployment: ServingDeployment
    model: str
    precision: str
    kv_precision: str
    chip: str
    system: str
    point: OperatingPoint
    grades: tuple[Grade, ...]


class Sizer:
    """Sizes variants on systems, each question asked of the performance model once.

    `calibration` None: the one that ships.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        techniques: Techniques,
        engineer_usd_per_week: float,
        calibration: Calibration | None = None,
    ) -> None:
        self.catalogue, self.techniques = catalogue, techniques
        self.engineer_usd_per_week = engineer_usd_per_week
        self.calibration = calibration
        self._answers: dict[tuple[object, ...], list[tuple[list[OperatingPoint], list[Refusal]]]] = {}

    def effort_usd(self, requires: tuple[Requirement, ...]) -> float:
        """What adopting all of `requires` costs, engineers included."""
        asked = (self.techniques.asked[r.technique] for r in requires)
        return sum(
            a.figure("cost_usd", 0.0) + a.figure("engineer_weeks", 0.0) * self.engineer_usd_per_week
            for a in asked
        )

    def points(
        self,
        workload: Serving,
        model: Model,
        system: System,
        precisions_: tuple[str, ...],
        kv_precision: str,
        features: tuple[EngineFeatures, ...],
    ) -> list[tuple[list[OperatingPoint], list[Refusal]]]:
        """Operating points under the workload's SLO for each of `features`, and what does not fit.

        Replicas within one system; only where none serves so, replicas that span up to four.
        """
        key = (
            model.name, system.chip, system.chips, system.scale_up_chips, precisions_, kv_precision, features,
            workload.input_tokens, workload.output_tokens,
            workload.ttft_s, workload.tpot_s, workload.percentile,
        )  # fmt: skip
        if key not in self._answers:
            for most in (system.chips, 4 * system.chips):
                answers = serving_options_each(
                    model,
                    self.catalogue.chips[system.chip],
                    features=features,
                    scale_up_chips=system.scale_up_chips,
                    chips_per_system=system.chips,
                    input_tokens=workload.input_tokens,
                    output_tokens=workload.output_tokens,
                    ttft_s=workload.ttft_s,
                    tpot_s=workload.tpot_s,
                    percentile=workload.percentile,
                    precisions=precisions_,
                    kv_precisions=(kv_precision,),
                    max_chips=most,
                    calibration=self.calibration,
                )
                if any(points for points, _ in answers) or most > 64:
                    break
            self._answers[key] = [(p, [Refusal(r.what, r.why) for r in out]) for p, out in answers]
        return self._answers[key]


@dataclass(frozen=True, slots=True)
class _AddOns:
    """Engine features of a deployment: what they change in the question, and what must be adopted."""

    features: EngineFeatures
    kv_precision: str
    adoptions: tuple[Adoption, ...]


def worthwhile(chip: Chip, precision: str) -> bool:
    """Whether a precision can pay on a chip: INT8 only where there is no FP8, which loses less."""
    return precision != "int8" or chip.peak_flops_per_s("fp8") is None


def _add_ons(workload: Serving, model: Model, chip: Chip, techniques: Techniques) -> Iterator[_AddOns]:
    """Every combination of prefix cache, speculative decoding and KV precision that is open.

    An FP8 KV cache needs a chip that converts FP8.
    """
    names = (model.name, model.family, workload.use_case)
    prefix = techniques.find("prefix-cache", names=names) if workload.cached_prefix > 0 else None
    speculative = techniques.find("speculative", names=names)
    has_fp8 = chip.peak_flops_per_s("fp8") is not None
    kv = techniques.find("quantise-kv", to="fp8", names=names) if has_fp8 else None
    for use_prefix in (False, True) if prefix else (False,):
        for use_draft in (False, True) if speculative else (False,):
            for use_kv in (False, True) if kv else (False,):
                adoptions: list[Adoption] = []
                draft = None
                cached_share = 0.0
                if use_prefix and prefix is not None:
                    adoptions.append(techniques.adopt(prefix, ""))
                    # Not every repeated prefix is still in the cache when it comes again.
                    cached_share = workload.cached_prefix * adoptions[-1].effect("hit_rate")
                if use_draft and speculative is not None:
                    adoption = techniques.adopt(speculative, model.name)
                    adoptions.append(adoption)
                    draft = (adoption.effect("acceptance_rate"), adoption.effect("draft_tokens"))
                if use_kv and kv is not None:
                    adoptions.append(techniques.adopt(kv, model.name))
                features = EngineFeatures(cached_share, draft)
                yield _AddOns(features, "fp8" if use_kv else "bf16", tuple(adoptions))


def ports(chip: Chip, techniques: Techniques) -> list[tuple[Requirement | None, float]] | str:
    """How a chip's software is reached: (requirement, factor on goodput), fresh and mature; or why not."""
    if chip.software == "cuda":
        return [(None, 1.0)]
    technique = techniques.find("port", to=chip.software)
    if technique is None:
        return f"no port to its software ({chip.software}) is known or allowed"
    adoption = techniques.adopt(technique, "")
    mature = adoption.figure("efficiency_factor", 1.0)
    ways: list[tuple[Requirement | None, float]] = [
        (Requirement(adoption.id, adoption.mature_lag_periods), mature)
    ]
    if adoption.mature_lag_periods > adoption.lag_periods:
        ways.append((adoption.requirement, adoption.figure("immature_factor", mature)))
    return ways


def size_serving(
    workload: Serving, variants: list[Variant], supply: Supply, sizer: Sizer
) -> tuple[list[Sized], list[Refusal]]:
    """Put each variant on each system that can be had; keep what nothing beats, and why the rest is out."""
    kept: list[Sized] = []
    refusals: list[Refusal] = []
    boxes: dict[str, list[str]] = {}
    for pool in supply.pools.values():
        boxes.setdefault(pool.system, []).append(pool.id)
    for name, pools in sorted(boxes.items()):
        system = supply.systems[pools[0]]
        chip = sizer.catalogue.chips[system.chip]
        ways = ports(chip, sizer.techniques)
        if isinstance(ways, str):
            refusals.append(Refusal(f"{workload.id} on {name}", ways))
            continue
        found: list[Sized] = []
        for model in {v.model.name: v.model for v in variants}.values():
            mine = [v for v in variants if v.model.name == model.name]
            made, refused = _on_system(workload, model, mine, system, chip, ways, sizer)
            found += made
            refusals += refused
        survivors, beaten = undominated(found)
        refusals += beaten
        fewer = thinned(survivors, sizer.effort_usd)
        kept += [_in_pool(s, place) for place in pools for s in fewer]
    return kept, refusals


def _in_pool(sized: Sized, pool: str) -> Sized:
    place = pool.rsplit("@", 1)[1].strip()
    deployment = replace(sized.deployment, pool=pool, id=f"{sized.deployment.id} @ {place}")
    return replace(sized, deployment=deployment)


def _on_system(
    workload: Serving,
    model: Model,
    variants: list[Variant],
    system: System,
    chip: Chip,
    ways: list[tuple[Requirement | None, float]],
    sizer: Sizer,
) -> tuple[list[Sized], list[Refusal]]:
    wanted = tuple(p for p in sorted({v.precision for v in variants}) if worthwhile(chip, p))
    found: list[Sized] = []
    refusals: dict[tuple[str, str], Refusal] = {}
    every = list(_add_ons(workload, model, chip, sizer.techniques))
    for kv in sorted({a.kv_precision for a in every}):
        mine = [a for a in every if a.kv_precision == kv]
        answers = sizer.points(workload, model, system, wanted, kv, tuple(a.features for a in mine))
        for add_ons, (points, refused) in zip(mine, answers, strict=True):
            for r in refused:
                refusals.setdefault((r.what, r.why), Refusal(f"{r.what} for {workload.id}", r.why))
            for variant in variants:
                adoptions = (*([variant.adoption] if variant.adoption else []), *add_ons.adoptions)
                for point in _best(points, variant.precision, system):
                    for port, factor in ways:
                        needs = {*(a.requirement for a in adoptions), *([port] if port else [])}
                        requires = tuple(sorted(needs, key=_by_id))
                        found.append(_sized(workload, variant, system, chip, point, requires, factor))
    return found, list(refusals.values())


def _by_id(requirement: Requirement) -> tuple[str, int]:
    return requirement.technique, requirement.lag_periods


def _replicas(point: OperatingPoint, system: System) -> tuple[float, float]:
    """Replicas in one system, and systems that one replica takes."""
    if point.n_chips <= system.chips:
        per_system = float(system.chips // point.n_chips)
        return per_system, 1.0 / per_system
    systems = float(math.ceil(point.n_chips / system.chips))
    return 1.0 / systems, systems


def _best(points: list[OperatingPoint], precision: str, system: System) -> list[OperatingPoint]:
    """The point of most requests per system, that of the smallest replica, and the best within one system."""
    mine = [p for p in points if p.precision == precision]
    if not mine:
        return []

    def rate(p: OperatingPoint) -> tuple[float, int]:
        return p.requests_per_s * _replicas(p, system)[0], -p.n_chips

    best = max(mine, key=rate)
    smallest = min(mine, key=lambda p: (p.n_chips, -p.requests_per_s))
    inside = max((p for p in mine if p.n_chips <= system.chips), key=rate, default=best)
    return list(dict.fromkeys((best, inside, smallest)))


def _sized(
    workload: Serving,
    variant: Variant,
    system: System,
    chip: Chip,
    point: OperatingPoint,
    requires: tuple[Requirement, ...],
    factor: float,
) -> Sized:
    per_system, replica_systems = _replicas(point, system)
    layout = f"{point.n_chips}x(tp{point.tp} pp{point.pp} dp{point.dp} ep{point.ep})"
    needs = "+".join(f"{r.technique}>{r.lag_periods}" for r in requires)
    group = variant.share_group
    variant_name = f"{variant.model.name} {variant.precision} kv-{point.kv_precision}"
    id_ = " | ".join(filter(None, [workload.id, group or "all", variant_name, system.name, layout, needs]))
    deployment = ServingDeployment(
        id=id_,
        workload=workload.id,
        pool="",
        requests_per_s=point.requests_per_s * per_system * factor,
        power_w=power_w(system, chip, point.power_w / point.n_chips),
        replica_systems=replica_systems,
        requires=requires,
        share_group=group,
    )
    model, precision, kv = variant.model.name, variant.precision, point.kv_precision
    return Sized(deployment, model, precision, kv, chip.name, system.name, point, variant.grades)


def power_w(system: System, chip: Chip, chip_w: float) -> float:
    """Power of a system whose chips draw `chip_w` each, hosts and fans included, before PUE."""
    rated = system.figures.get("power_max_w")
    return float(system_power_w(chip, system.chips, chip_w, rated_w=rated.mid if rated else None))


def undominated(sized: list[Sized]) -> tuple[list[Sized], list[Refusal]]:
    """Deployments of one workload on one system that no other beats.

    Another beats one if it serves at least its request class, asks for no technique more and none earlier,
    gives no fewer requests/s per system (`LEAST_GAIN` fewer, where it asks for fewer techniques), draws no
    more power per request and takes no larger a replica.
    """
    order = sorted(sized, key=_most_requests_first)
    kept: list[Sized] = []
    refusals: list[Refusal] = []
    for place, one in enumerate(order):
        # Of two that beat each other (equals), the first in the order stays.
        winner = next(
            (
                rival
                for i, rival in enumerate(order)
                if i != place and _beats(rival, one) and (i < place or not _beats(one, rival))
            ),
            None,
        )
        if winner is None:
            kept.append(one)
        elif (winner.model, winner.precision) != (one.model, one.precision):
            what = f"{one.model} {one.precision} for {one.deployment.workload} on {one.system}"
            ratio = winner.deployment.requests_per_s / max(one.deployment.requests_per_s, 1e-12)
            why = f"{winner.model} {winner.precision} serves {ratio:.2g} x as many requests there"
            refusals.append(Refusal(what, why))
    return kept, list(dict.fromkeys(refusals))


def thinned(
    sized: list[Sized],
    effort_usd: Callable[[tuple[Requirement, ...]], float],
    *,
    step: float = STEP,
) -> list[Sized]:
    """Fewer deployments of a workload on one system: each next in effort must give `step` more requests.

    Within a request class, a stage of a port (fresh or mature) and a size of replica, from the least effort
    to the most: a smaller replica leaves more of a system to others, and by the hour is less to rent.  What
    is left out costs the plan at most that step of goodput on that system, and saves most of the solve.
    """
    kept: list[Sized] = []
    best: dict[tuple[object, ...], float] = {}
    for one in sorted(sized, key=lambda s: (effort_usd(s.deployment.requires), *_most_requests_first(s))):
        d = one.deployment
        stages = tuple(r for r in d.requires if r.technique.startswith("port"))
        key = (d.share_group, stages, d.replica_systems)
        if d.requests_per_s >= best.get(key, 0.0) * (1.0 + step):
            best[key] = d.requests_per_s
            kept.append(one)
    return kept


def _most_requests_first(sized: Sized) -> tuple[float, int, str]:
    deployment = sized.deployment
    return -deployment.requests_per_s, len(deployment.requires), deployment.id


def _beats(a: Sized, b: Sized) -> bool:
    x, y = a.deployment, b.deployment
    lags = {r.technique: r.lag_periods for r in y.requires}
    return (
        x.share_group in (None, y.share_group)
        and all(lags.get(r.technique, -1) >= r.lag_periods for r in x.requires)
        and x.requests_per_s * (1.0 + LEAST_GAIN if len(x.requires) < len(y.requires) else 1.0)
        >= y.requests_per_s
        and x.power_w / x.requests_per_s <= 1.02 * y.power_w / y.requests_per_s
        and x.replica_systems <= y.replica_systems
    )
