"""Changes to a problem: the "what if" that an analysis re-solves, each a new value, the old one untouched."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace

from counterpoise.errors import UnknownName
from counterpoise.planning.problem import (
    Buy,
    Problem,
    Rent,
    Requirement,
    Reserve,
    ServingDeployment,
    Substitute,
    TechniqueOption,
    TrainingDeployment,
)


def scale_speed(problem: Problem, deployments: Collection[str], factor: float) -> Problem:
    """Deployments named do `factor` times the requests/s or tokens/s per system, at the same power."""
    return replace(
        problem,
        serving={
            k: replace(d, requests_per_s=d.requests_per_s * factor) if k in deployments else d
            for k, d in problem.serving.items()
        },
        training={
            k: replace(d, tokens_per_s=d.tokens_per_s * factor) if k in deployments else d
            for k, d in problem.training.items()
        },
    )


def scale_prices(problem: Problem, offers: Collection[str], factor: float) -> Problem:
    """Offers named (buy, reserve, rent, API) cost `factor` times as much; maintenance goes with the price."""
    return replace(
        problem,
        buys={
            k: replace(
                b,
                price_usd=_times(b.price_usd, factor),
                opex_usd_per_period=b.opex_usd_per_period * factor,
            )
            if k in offers
            else b
            for k, b in problem.buys.items()
        },
        reserves={
            k: replace(r, price_usd=_times(r.price_usd, factor)) if k in offers else r
            for k, r in problem.reserves.items()
        },
        rents={
            k: replace(r, price_usd_per_h=_times(r.price_usd_per_h, factor)) if k in offers else r
            for k, r in problem.rents.items()
        },
        substitutes={
            k: replace(s, usd_per_request=_times(s.usd_per_request, factor)) if k in offers else s
            for k, s in problem.substitutes.items()
        },
    )


def scale_demand(problem: Problem, workloads: Collection[str], factors: tuple[float, ...]) -> Problem:
    """Demand of the workloads named is `factors[t]` times as large in period t (training once: the first)."""
    return replace(
        problem,
        serving_demand={
            k: replace(
                d,
                peak_requests_per_s=tuple(
                    _times(row, f) for row, f in zip(d.peak_requests_per_s, factors, strict=True)
                ),
            )
            if k in workloads
            else d
            for k, d in problem.serving_demand.items()
        },
        training_demand={
            k: replace(d, tokens=d.tokens * factors[0]) if k in workloads else d
            for k, d in problem.training_demand.items()
        },
    )


def scale_electricity(problem: Problem, factor: float) -> Problem:
    """Electricity costs `factor` times as much."""
    return replace(problem, electricity_usd_per_kwh=problem.electricity_usd_per_kwh * factor)


def without_technique(problem: Problem, technique: str) -> Problem:
    """Forbid a technique, and so every deployment and substitute that needs it."""
    known_technique(problem, technique)

    def kept(requires: tuple[Requirement, ...]) -> bool:
        return all(r.technique != technique for r in requires)

    return replace(
        problem,
        serving={k: d for k, d in problem.serving.items() if kept(d.requires)},
        training={k: d for k, d in problem.training.items() if kept(d.requires)},
        substitutes={k: s for k, s in problem.substitutes.items() if kept(s.requires)},
        techniques={k: t for k, t in problem.techniques.items() if k != technique},
    )


def with_free_technique(problem: Problem, technique: str) -> Problem:
    """Give a technique at no cost, adopted when it first may be; its lead time remains."""
    option = known_technique(problem, technique)

    def ready(requires: tuple[Requirement, ...]) -> int:
        lags = [r.lag_periods for r in requires if r.technique == technique]
        return option.first_period + max(lags) if lags else 0

    def rest(requires: tuple[Requirement, ...]) -> tuple[Requirement, ...]:
        return tuple(r for r in requires if r.technique != technique)

    def serving(d: ServingDeployment) -> ServingDeployment:
        return replace(d, requires=rest(d.requires), first_period=max(d.first_period, ready(d.requires)))

    def training(d: TrainingDeployment) -> TrainingDeployment:
        return replace(d, requires=rest(d.requires), first_period=max(d.first_period, ready(d.requires)))

    def substitute(s: Substitute) -> Substitute:
        prices = tuple(p if t >= ready(s.requires) else math.inf for t, p in enumerate(s.usd_per_request))
        return replace(s, requires=rest(s.requires), usd_per_request=prices)

    return replace(
        problem,
        serving={k: serving(d) for k, d in problem.serving.items()},
        training={k: training(d) for k, d in problem.training.items()},
        substitutes={k: substitute(s) for k, s in problem.substitutes.items()},
        techniques={k: t for k, t in problem.techniques.items() if k != technique},
    )


def known_technique(problem: Problem, technique: str) -> TechniqueOption:
    """Return the adoption decision of that id; UnknownName if there is none."""
    if technique not in problem.techniques:
        raise UnknownName("technique", technique, problem.techniques)
    return problem.techniques[technique]


def with_offer(problem: Problem, offer: Buy | Reserve | Rent) -> Problem:
    """Add an offer, or put it in the place of the one with its id."""
    if isinstance(offer, Buy):
        return replace(problem, buys={**problem.buys, offer.id: offer})
    if isinstance(offer, Reserve):
        return replace(problem, reserves={**problem.reserves, offer.id: offer})
    return replace(problem, rents={**problem.rents, offer.id: offer})


def _times(values: tuple[float, ...], factor: float) -> tuple[float, ...]:
    return tuple(v * factor for v in values)


def without_offers(problem: Problem, offers: Collection[str]) -> Problem:
    """Take offers off the table."""
    return replace(
        problem,
        buys={k: b for k, b in problem.buys.items() if k not in offers},
        reserves={k: r for k, r in problem.reserves.items() if k not in offers},
        rents={k: r for k, r in problem.rents.items() if k not in offers},
    )


def known_offer(problem: Problem, offer: str) -> Buy | Reserve | Rent:
    """Return the purchase, reservation or rent of that id; UnknownName if there is none."""
    found = problem.buys.get(offer) or problem.reserves.get(offer) or problem.rents.get(offer)
    if found is None:
        raise UnknownName("offer", offer, [*problem.buys, *problem.reserves, *problem.rents])
    return found
