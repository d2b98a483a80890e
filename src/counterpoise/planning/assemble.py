"""From a case and the facts known to it, to the optimiser's problem and all that stands behind it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from counterpoise.catalogue import find_model
from counterpoise.catalogue.records import ApiPrice, Catalogue
from counterpoise.planning.case import Case
from counterpoise.planning.deployments import Sized, Sizer, size_serving
from counterpoise.planning.own_predictions import SHIPPED, OwnPredictions
from counterpoise.planning.problem import (
    Block,
    Limits,
    Period,
    Problem,
    Requirement,
    ServingDemand,
    Substitute,
    TrainingDemand,
)
from counterpoise.planning.quality import grades, scores_of
from counterpoise.planning.supply import Refusal, Supply, supply
from counterpoise.planning.techniques import Adoption, Techniques
from counterpoise.planning.training import SizedTraining, size_training, teaching, training_demand
from counterpoise.planning.variants import (
    ANSWER_CACHE,
    ROUTED,
    TAUGHT,
    below_the_floor,
    candidates,
    request_classes,
)
from counterpoise.workload.assumption import Assumption
from counterpoise.workload.demand import mean_to_peak, peak_requests_per_s
from counterpoise.workload.records import Serving

TOKENS_PER_PRICE = 1e6


@dataclass(frozen=True, slots=True)
class Assembled:
    """A problem, and the records behind its ids."""

    problem: Problem
    supply: Supply
    serving: Mapping[str, Sized]
    training: Mapping[str, SizedTraining]
    apis: Mapping[str, ApiPrice]
    adoptions: Mapping[str, Adoption]
    refusals: tuple[Refusal, ...]
    assumptions: tuple[Assumption, ...]


def assemble(
    case: Case,
    catalogue: Catalogue,
    *,
    flagship: bool = False,
    keep: frozenset[str] = frozenset(),
    measured: OwnPredictions = SHIPPED,
) -> Assembled:
    """Build the problem of a case.

    `catalogue` must already be restricted to the case's as-of date and hold the case's own rows.
    With `flagship`: the counterfactual, which buys flagship systems at list price, at once, in native
    precision, with no limits, no techniques and no API.  It is hypothetical and is called so.
    `keep` names offers that stay in the problem though another beats them.  `measured` predicts speeds in
    place of the calibrations that ship.
    """
    techniques = Techniques((), {}) if flagship else Techniques.of(catalogue, case.techniques_excluded)
    had = supply(case, catalogue, flagship_only=flagship, keep=keep)
    sizer = Sizer(catalogue, techniques, case.engineers.usd_per_week, measured.serving)
    refusals = list(had.refusals)
    serving: dict[str, Sized] = {}
    training: dict[str, SizedTraining] = {}
    substitutes: dict[str, Substitute] = {}
    apis: dict[str, ApiPrice] = {}
    serving_demand: dict[str, ServingDemand] = {}
    training_demand_: dict[str, TrainingDemand] = {}
    for workload in sorted(case.workloads, key=lambda w: w.id):
        if isinstance(workload, Serving):
            variants, refused = candidates(workload, catalogue, techniques)
            sized, not_sized = size_serving(workload, variants, had, sizer)
            router = _router(techniques)
            serving |= {s.deployment.id: s for s in (_routed(s, router) for s in sized)}
            refusals += [*refused, *not_sized]
            if not flagship:
                own, used, out = _apis(workload, case, catalogue, router)
                substitutes |= own | _answer_cache(workload, case, techniques)
                apis |= used
                refusals += out
            serving_demand[workload.id] = _serving_demand(workload, case, techniques)
        else:
            model = find_model(catalogue, workload.base)
            sized_training, refused = size_training(
                workload,
                model,
                had,
                catalogue,
                techniques,
                software_date=case.as_of,
                calibration=measured.training,
            )
            training |= {s.deployment.id: s for s in sized_training}
            refusals += refused
            training_demand_[workload.id] = training_demand(workload, case)
    work_of: dict[str, str] = {}
    for adoption in sorted(techniques.asked.values(), key=lambda a: a.id):
        if adoption.technique.kind in TAUGHT:
            work = teaching(adoption, len(case.periods))
            sized_training, refused = size_training(
                work[0],
                find_model(catalogue, work[0].base),
                had,
                catalogue,
                techniques,
                software_date=case.as_of,
                calibration=measured.training,
            )
            training |= {s.deployment.id: s for s in sized_training}
            refusals += refused
            training_demand_[work[1].id] = work[1]
            work_of[adoption.id] = work[1].id
    needing = [s.deployment.requires for s in serving.values()]
    needing += [s.deployment.requires for s in training.values()]
    needing += [s.requires for s in substitutes.values()]
    used_techniques = {r.technique for requires in needing for r in requires}
    problem = Problem(
        periods=tuple(Period(p.label, p.days, p.discount) for p in case.periods),
        blocks=tuple(Block(b.label, b.hours) for b in case.blocks),
        pools=had.pools,
        buys=had.buys,
        reserves=had.reserves,
        rents=had.rents,
        serving={k: s.deployment for k, s in sorted(serving.items())},
        training={k: s.deployment for k, s in sorted(training.items())},
        substitutes=dict(sorted(substitutes.items())),
        techniques=techniques.options(work_of, used_techniques),
        serving_demand=serving_demand,
        training_demand=training_demand_,
        limits=_no_limits(case) if flagship else _limits(case),
        pue=case.site.pue,
        electricity_usd_per_kwh=case.site.electricity_usd_per_kwh,
        engineer_usd_per_week=case.engineers.usd_per_week,
    )
    return Assembled(
        problem=problem,
        supply=had,
        serving=serving,
        training=training,
        apis=apis,
        adoptions={k: a for k, a in sorted(techniques.asked.items()) if k in used_techniques},
        refusals=tuple(dict.fromkeys(refusals)),
        assumptions=(
            *case.assumptions,
            *had.assumptions,
            *_technique_assumptions(techniques.asked.values(), used_techniques),
            *PERFORMANCE_ASSUMPTIONS,
            *measured.assumptions,
        ),
    )


PERFORMANCE_ASSUMPTIONS = (
    Assumption(
        "performance.engines",
        "as measured",
        "",
        "assumed",
        "Counterpoise, measured tables in performance/measurements",
        None,
        "speeds are fitted on engines measured until 2026-04: an earlier case may count on a faster engine "
        "than its day had, but trains with the software of its as-of date; no price, chip, model or rule is "
        "taken from after that date",
    ),
)


def _technique_assumptions(adoptions: Iterable[Adoption], used: Collection[str]) -> list[Assumption]:
    """Costs and effects of the techniques on offer that are no list figures."""
    found: dict[str, Assumption] = {}
    for adoption in adoptions:
        for name, figure in adoption.technique.figures.items():
            known = figure.provenance
            if adoption.id in used and known.kind in ("assumed", "derived"):
                field = f"technique {adoption.technique.name}: {name}"
                note = f"{figure.low:g} to {figure.high:g}; {known.note}".rstrip("; ")
                found[field] = Assumption(
                    field, figure.mid, figure.unit, known.kind, known.source, known.as_of, note
                )
    return [found[field] for field in sorted(found)]


def _router(techniques: Techniques) -> Adoption | None:
    technique = techniques.find("routing")
    return techniques.adopt(technique, "") if technique else None


def _routed(sized: Sized, router: Adoption | None) -> Sized:
    """A deployment of a routed class also needs the router."""
    if sized.deployment.share_group != ROUTED or router is None:
        return sized
    requires = (*sized.deployment.requires, router.requirement)
    return replace(sized, deployment=replace(sized.deployment, requires=requires))


def _serving_demand(workload: Serving, case: Case, techniques: Techniques) -> ServingDemand:
    caps: dict[str, float] = {}
    if workload.routing is not None:
        caps[ROUTED] = workload.routing.share
    cache = techniques.find("answer-cache", names=(workload.use_case,))
    if cache is not None and workload.repeat_share > 0:
        caps[ANSWER_CACHE] = workload.repeat_share * techniques.adopt(cache, "").effect("hit_rate")
    unserved = workload.unserved_usd_per_request
    return ServingDemand(
        id=workload.id,
        peak_requests_per_s=peak_requests_per_s(workload, case.periods, case.blocks),
        mean_to_peak=mean_to_peak(workload, case.blocks),
        input_tokens=workload.input_tokens,
        output_tokens=workload.output_tokens,
        reserve_margin=workload.reserve_margin,
        unserved_usd_per_request=math.inf if unserved is None else unserved,
        share_caps=caps,
    )


def _answer_cache(workload: Serving, case: Case, techniques: Techniques) -> dict[str, Substitute]:
    technique = techniques.find("answer-cache", names=(workload.use_case,))
    if technique is None or workload.repeat_share <= 0:
        return {}
    adoption = techniques.adopt(technique, "")
    id_ = f"{workload.id} | answer cache"
    free = (0.0,) * len(case.periods)
    return {id_: Substitute(id_, workload.id, free, (adoption.requirement,), ANSWER_CACHE)}


def usd_per_request(price: ApiPrice, workload: Serving) -> float:
    """Mid price of a request by API, with the workload's prefix hits at the provider's cache price."""
    hits = workload.input_tokens * workload.cached_prefix
    misses = workload.input_tokens - hits
    return (
        misses * price.input_usd_per_m.mid
        + hits * price.cached_input_usd_per_m.mid
        + workload.output_tokens * price.output_usd_per_m.mid
    ) / TOKENS_PER_PRICE


def _apis(
    workload: Serving, case: Case, catalogue: Catalogue, router: Adoption | None
) -> tuple[dict[str, Substitute], dict[str, ApiPrice], list[Refusal]]:
    """API offers that may answer a workload's requests, the cheapest per model and class."""
    found: dict[str, Substitute] = {}
    used: dict[str, ApiPrice] = {}
    refusals: list[Refusal] = []
    region = case.site.region
    for price in sorted(catalogue.api_prices, key=lambda p: (usd_per_request(p, workload), p.name)):
        what = f"{price.model} API from {price.provider} for {workload.id}"
        if not workload.api_allowed:
            refusals.append(Refusal(f"any API for {workload.id}", "the case forbids it"))
            break
        if price.regions and not any(region == r or region.startswith(r + " ") for r in price.regions):
            refusals.append(Refusal(what, f"not sold in {region}"))
            continue
        if price.off_peak:
            refusals.append(Refusal(what, "its off-peak hours do not cover the workload's day"))
            continue
        group_or_why = _api_class(workload, price, catalogue)
        if group_or_why not in ("", ROUTED):
            refusals.append(Refusal(what, group_or_why))
            continue
        id_ = f"{workload.id} | {group_or_why or 'all'} | API {price.model}"
        if id_ in found:
            refusals.append(Refusal(what, f"dearer than {used[id_].provider} for the same model"))
            continue
        cost = usd_per_request(price, workload)
        requires: tuple[Requirement, ...] = (router.requirement,) if group_or_why and router else ()
        prices = tuple(
            cost if price.valid_to is None or p.start < price.valid_to else math.inf for p in case.periods
        )
        found[id_] = Substitute(id_, workload.id, prices, requires, group_or_why or None)
        used[id_] = price
    return found, used, refusals


def _api_class(workload: Serving, price: ApiPrice, catalogue: Catalogue) -> str:
    """Return "" where the API's model meets the full floor, "routed", or the reason why it meets none."""
    model = catalogue.models.get(price.model)
    if model is None:
        return "its model is not in the catalogue"
    if workload.models and model.name not in workload.models:
        return "not among the models that the case allows"
    why = ""
    for group, floors in request_classes(workload):
        result = grades(scores_of(catalogue, model.name), model, model.native_precision, floors, None)
        if isinstance(result, str):
            why = why or result
        elif all(g.met for g in result):
            return group or ""
        else:
            why = why or below_the_floor(result)
    return why or "no floor met"


def _limits(case: Case) -> Limits:
    return Limits(
        capex_usd=case.limits.capex_usd,
        capex_usd_per_period=case.limits.capex_usd_per_period,
        opex_usd=case.limits.opex_usd,
        opex_usd_per_period=case.limits.opex_usd_per_period,
        power_w=case.site.power_w,
        systems=case.limits.systems,
        engineer_weeks_per_period=case.engineers.weeks_per_period,
    )


def _no_limits(case: Case) -> Limits:
    none = (math.inf,) * len(case.periods)
    return Limits(math.inf, none, math.inf, none, none, {}, none)
