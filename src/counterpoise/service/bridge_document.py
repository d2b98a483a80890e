"""A bridge as one plain document, in the case's currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from counterpoise.analysis.conditions import offer_of
from counterpoise.analysis.policies import FREE, Followed
from counterpoise.analysis.regret import Ranked, least_expected, least_worst, ranked, regrets
from counterpoise.errors import NoPlan
from counterpoise.market.priors import Prior
from counterpoise.market.scenarios import SupplyScenario
from counterpoise.planning.case import Case
from counterpoise.planning.plan import Plan
from counterpoise.planning.warm import adopted
from counterpoise.service.bridge_market import MarketAsked, kinds_of_pools, outside_the_chain
from counterpoise.service.bridged import SAME, Bridged

Document = dict[str, Any]
Costs = np.ndarray[Any, np.dtype[np.float64]]


def bridge_document(bridged: Bridged, asked: MarketAsked, flips: list[Document]) -> Document:
    """Return what a bridge found: the advice, each policy, each scenario, flips and what it rests on.

    Raises NoPlan where no policy has a plan in every scenario.
    """
    case, reduced = bridged.case, bridged.reduced
    probabilities = reduced.probabilities
    costs = np.array([f.costs_usd for f in bridged.followed]) * case.units_per_usd
    names = [f.policy.name for f in bridged.followed]
    figures = ranked(names, costs, probabilities)
    choices = [r for r, f in zip(figures, bridged.followed, strict=True) if f.policy != FREE]
    possible = [r for r in choices if np.isfinite(r.expected_cost)]
    if not possible:
        raise NoPlan("; ".join(dict.fromkeys(f"{f.policy.name}: {f.why}" for f in bridged.named)))
    best, safest = least_expected(possible, SAME), least_worst(possible, SAME)
    free = next(f for f in bridged.followed if f.policy == FREE)
    foreseen = float(np.dot(free.foreseen_usd, probabilities)) * case.units_per_usd
    return {
        "question": "bridge",
        "case": _case(case),
        "currency": case.currency,
        "advised": best.name,
        "least_worst_regret": safest.name,
        "policies": [
            _policy_row(f, r, costs[i], costs[names.index(best.name)], case, probabilities)
            for i, (f, r) in enumerate(zip(bridged.followed, figures, strict=True))
        ],
        "outcomes": _outcomes(bridged, costs, regrets(costs)),
        "scenarios": [row for s in reduced.scenarios for row in _scenario_rows(s, bridged)],
        "told_apart_by": list(bridged.told_apart_by),
        "spread_kept": dict(reduced.kept),
        "with_foresight": {
            "expected_cost": foreseen,
            "worth": figures[names.index(FREE.name)].expected_cost - foreseen,
            "currency": case.currency,
        },
        "flips": flips,
        "market": {
            "as_of": case.as_of.isoformat(),
            "set": list(asked.sets),
            "draws": len(bridged.market.paths.tightness),
            "seed": asked.seed,
            "basis": bridged.market.basis,
            "as_known": list(outside_the_chain(bridged.assembled)),
        },
        "assumptions": [_link_row(name, prior) for name, prior in sorted(bridged.market.links.items())],
    }


def _case(case: Case) -> Document:
    return {
        "name": case.name,
        "as_of": case.as_of.isoformat(),
        "currency": case.currency,
        "periods": [p.label for p in case.periods],
    }


def _policy_row(
    followed: Followed,
    figures: Ranked,
    costs: Costs,
    best: Costs,
    case: Case,
    probabilities: Sequence[float],
) -> Document:
    possible = followed.base is not None and bool(np.isfinite(costs).all())
    open_usd = float(np.dot(followed.open_usd, probabilities))
    return {
        "policy": followed.policy.name,
        "expected_cost": figures.expected_cost if possible else None,
        "open": open_usd * case.units_per_usd,
        "more_expected": float(np.dot(costs - best, probabilities)) if possible else None,
        "more_at_worst": float(np.max(costs - best)) if possible else None,
        "expected_regret": figures.expected_regret if possible else None,
        "largest_regret": figures.largest_regret if possible else None,
        "currency": case.currency,
        "first_orders": [
            {"how": kind, "offer": offer, "systems": systems} for kind, offer, systems in followed.orders
        ],
        "techniques": sorted(adopted(followed.base)) if followed.base else [],
        "why": followed.why,
    }


def _outcomes(bridged: Bridged, costs: Costs, regret: Costs) -> list[Document]:
    case, rows = bridged.case, []
    for i, followed in enumerate(bridged.followed):
        for s, scenario in enumerate(bridged.reduced.scenarios):
            plan = followed.plans[s]
            rows.append(
                {
                    "policy": followed.policy.name,
                    "scenario": scenario.name,
                    "probability": scenario.probability,
                    "cost": float(costs[i, s]) if plan else None,
                    "open": followed.open_usd[s] * case.units_per_usd,
                    "regret": float(regret[i, s]) if plan else None,
                    "currency": case.currency,
                    "bought": _bought(plan, case) if plan else [],
                }
            )
    return rows


def _bought(plan: Plan, case: Case) -> list[Document]:
    return [
        {"offer": offer_of(id_), "period": case.periods[t].label, "systems": count}
        for id_, row in sorted(plan.buy.items())
        for t, count in enumerate(row)
        if count > 1e-6
    ]


def _scenario_rows(scenario: SupplyScenario, bridged: Bridged) -> list[Document]:
    shown = kinds_of_pools(bridged.assembled, bridged.assembled.problem.pools)
    return [
        {
            "scenario": scenario.name,
            "probability": scenario.probability,
            "kind": kind,
            "quarter": str(bridged.reduced.first + t),
            "price_factor": scenario.price[kind][t],
            "rent_factor": scenario.rent[kind][t],
            "extra_weeks": scenario.extra_weeks[kind][t],
        }
        for kind in shown
        for t in range(len(scenario.price[kind]))
    ]


def _link_row(name: str, prior: Prior) -> Document:
    return {
        "field": f"link: {name}",
        "low": prior.low,
        "mid": prior.mid,
        "high": prior.high,
        "unit": prior.unit,
        "kind": prior.kind,
        "source": prior.source,
        "known_on": prior.known_on.isoformat(),
        "note": prior.note,
    }


def tables(document: Mapping[str, Any]) -> dict[str, list[Document]]:
    """The long tables of a run, by name."""
    flat = [{k: v for k, v in row.items() if k != "bought"} for row in document["outcomes"]]
    return {"outcomes": flat, "scenarios": list(document["scenarios"])}
