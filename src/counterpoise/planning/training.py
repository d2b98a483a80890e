"""Deployments of training workloads: which layouts on which systems, at how many chips."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date

from counterpoise.catalogue.records import Catalogue, Chip, Model, System
from counterpoise.performance.training_calibration import TrainingCalibration
from counterpoise.performance.training_search import TrainingPoint, training_options
from counterpoise.planning.case import Case
from counterpoise.planning.deployments import ports, power_w
from counterpoise.planning.problem import Requirement, TrainingDemand, TrainingDeployment
from counterpoise.planning.supply import Refusal, Supply
from counterpoise.planning.techniques import Adoption, Techniques
from counterpoise.workload.records import Training, TrainingMethod

TEACHING_SEQUENCE = 4096
"""Sequence length of fine-tuning and distillation where the case does not say: assumed."""
RUNS_PER_QUARTER = {"once": 0.0, "month": 3.0, "quarter": 1.0}


@dataclass(frozen=True, slots=True)
class SizedTraining:
    """A training deployment the optimiser may run, with the facts behind it."""

    deployment: TrainingDeployment
    model: str
    chip: str
    system: str
    point: TrainingPoint


def training_demand(workload: Training, case: Case) -> TrainingDemand:
    """The work of a training workload over the case's periods.

    A run "once" lies in the periods from its start to its deadline; a recurring one in every period.
    """
    last = len(case.periods) - 1
    first_period = max(
        (t for t, p in enumerate(case.periods) if workload.start and p.start <= workload.start), default=0
    )
    last_period = max(
        (t for t, p in enumerate(case.periods) if workload.deadline and p.start < workload.deadline),
        default=last,
    )
    runs = RUNS_PER_QUARTER[workload.every]
    unserved = (
        math.inf if workload.unserved_usd_per_run is None else workload.unserved_usd_per_run / workload.tokens
    )
    return TrainingDemand(
        id=workload.id,
        tokens=workload.tokens,
        runs_per_period=runs,
        window_days=workload.within_days,
        first_period=first_period,
        last_period=last_period,
        unserved_usd_per_token=unserved,
    )


def teaching(adoption: Adoption, periods: int) -> tuple[Training, TrainingDemand]:
    """The training work that a fine-tuned or distilled variant needs: low rank for "fine-tune", else full.

    Only needed if the technique is adopted, and done before it is used.
    """
    tokens = adoption.effect("training_tokens")
    method: TrainingMethod = "lora" if adoption.technique.kind == "fine-tune" else "full"
    id_ = f"training for {adoption.id}"
    work = Training(id_, method, adoption.scope, tokens, "once", None, TEACHING_SEQUENCE)
    demand = TrainingDemand(id_, tokens, 0.0, None, 0, periods - 1, math.inf, optional=True)
    return work, demand


def chips_wanted(workload: Training, tokens_per_s_per_chip: float) -> int:
    """Chips that finish one run in half its window, at a given speed (no window: one quarter)."""
    days = workload.within_days or 90.0
    return max(1, math.ceil(workload.tokens / (tokens_per_s_per_chip * days * 86400.0)))


def size_training(
    workload: Training,
    model: Model,
    supply: Supply,
    catalogue: Catalogue,
    techniques: Techniques,
    *,
    software_date: date | None = None,
    calibration: TrainingCalibration | None = None,
) -> tuple[list[SizedTraining], list[Refusal]]:
    """Layouts of a training workload on each system that can be had, most efficient first.

    Per system the layout of most tokens/s per chip within one system, and, where a run needs more systems to
    end in its window, those at one, two and four times that number of chips.  `software_date`: no training
    software is newer (None: the newest that was measured).  `calibration` None: the one that ships.
    """
    kept: list[SizedTraining] = []
    refusals: list[Refusal] = []
    boxes: dict[str, list[str]] = {}
    for pool in supply.pools.values():
        boxes.setdefault(pool.system, []).append(pool.id)
    for name, pools in sorted(boxes.items()):
        system = supply.systems[pools[0]]
        chip = catalogue.chips[system.chip]
        ways = ports(chip, techniques)
        if isinstance(ways, str):
            refusals.append(Refusal(f"{workload.id} on {name}", ways))
            continue
        points, refused = _points(workload, model, system, chip, software_date, calibration)
        refusals += refused
        for point in points:
            for port, factor in ways:
                sized = _sized(workload, model, system, chip, point, port, factor)
                for pool_id in pools:
                    place = pool_id.rsplit("@", 1)[1].strip()
                    deployment = replace(
                        sized.deployment, pool=pool_id, id=f"{sized.deployment.id} @ {place}"
                    )
                    kept.append(replace(sized, deployment=deployment))
    return kept, refusals


def _points(
    workload: Training,
    model: Model,
    system: System,
    chip: Chip,
    software_date: date | None,
    calibration: TrainingCalibration | None,
) -> tuple[list[TrainingPoint], list[Refusal]]:
    points, refused = training_options(
        model,
        chip,
        scale_up_chips=system.scale_up_chips,
        chips_per_system=system.chips,
        method=workload.method,
        sequence_length=workload.sequence_length,
        precision=workload.precision,
        software_date=software_date,
        calibration=calibration,
    )
    refusals = [Refusal(f"{workload.id} on {system.name}: {r.what}", r.why) for r in refused]
    if chip.value("scale_out_bandwidth_bytes_per_s") is None:
        inside_only = [p for p in points if p.n_chips <= system.chips]
        if len(inside_only) < len(points):
            why = f"no network card of {chip.name} boxes is published to join several of them"
            refusals.append(Refusal(f"{workload.id} on several {system.name}", why))
        points = inside_only
    if not points:
        return [], refusals
    inside = [p for p in points if p.n_chips <= system.chips]
    chosen = {p.n_chips: p for p in sorted(inside, key=lambda p: p.tokens_per_s / p.n_chips)[-1:]}
    fastest = max(points, key=lambda p: p.tokens_per_s / p.n_chips)
    wanted = chips_wanted(workload, fastest.tokens_per_s / fastest.n_chips)
    if wanted > system.chips or not inside:
        larger = sorted((p for p in points if p.n_chips > system.chips), key=lambda p: p.n_chips)
        enough = [p for p in larger if p.n_chips >= wanted] or larger[-1:]
        chosen |= {p.n_chips: p for p in [*larger[:1], *enough[:3]]}
    return [chosen[n] for n in sorted(chosen)], refusals


def _sized(
    workload: Training,
    model: Model,
    system: System,
    chip: Chip,
    point: TrainingPoint,
    port: Requirement | None,
    factor: float,
) -> SizedTraining:
    systems = point.n_chips / system.chips
    per_system = 1.0 / systems if systems > 1 else float(system.chips // point.n_chips)
    layout = f"{point.n_chips}x(tp{point.tp} pp{point.pp} dp{point.dp} ep{point.ep})"
    need = f"{port.technique}>{port.lag_periods}" if port else ""
    deployment = TrainingDeployment(
        id=" | ".join(filter(None, [workload.id, model.name, point.precision, system.name, layout, need])),
        workload=workload.id,
        pool="",
        tokens_per_s=point.goodput_tokens_per_s * per_system * factor,
        power_w=power_w(system, chip, point.power_w / point.n_chips),
        replica_systems=systems,
        requires=(port,) if port else (),
    )
    return SizedTraining(deployment, model.name, system.chip, system.name, point)
