"""The facts that a plan rests on, read off what was assembled: speeds, prices, growth, electricity.

Only what the plan uses is listed: a fact about a system that nobody buys cannot make the plan wrong.
"""

from __future__ import annotations

from collections.abc import Mapping

from counterpoise.analysis.facts import Fact
from counterpoise.catalogue.records import Figure
from counterpoise.planning.assemble import Assembled
from counterpoise.planning.case import Case
from counterpoise.planning.deployments import Sized
from counterpoise.planning.plan import Plan
from counterpoise.planning.training import SizedTraining
from counterpoise.workload.records import Serving

USED = 1e-9


def facts(assembled: Assembled, plan: Plan, case: Case) -> tuple[Fact, ...]:
    """Facts behind a plan; speeds scale every deployment of the same model and chip, used or not."""
    return (
        *_speeds(assembled, plan),
        *_prices(assembled, plan),
        *_growth(case),
        *_electricity(assembled, plan),
    )


def used_deployments(plan: Plan) -> set[str]:
    """Ids of the deployments that run at any time."""
    return {
        id_ for id_, periods in plan.run.items() if any(any(x > USED for x in blocks) for blocks in periods)
    }


def _speeds(assembled: Assembled, plan: Plan) -> list[Fact]:
    used = used_deployments(plan)
    groups: dict[tuple[str, str, str], set[str]] = {}
    groups_of: Mapping[str, Mapping[str, Sized | SizedTraining]] = {
        "serving": assembled.serving,
        "training": assembled.training,
    }
    for kind, sized in groups_of.items():
        for id_, s in sized.items():
            groups.setdefault((kind, s.model, s.chip), set()).add(id_)
    found = []
    for (kind, model, chip), ids in sorted(groups.items()):
        running = sorted(ids & used)
        if not running:
            continue
        behind: Mapping[str, Sized | SizedTraining] = groups_of[kind]
        point = behind[running[0]].point
        # A serving interval bounds times, a training interval bounds tokens per second.
        serving = kind == "serving"
        low, high = (1 / point.high80, 1 / point.low80) if serving else (point.low80, point.high80)
        found.append(
            Fact(
                id=f"speed {kind} {model} {chip}",
                words=f"speed of {model} on {chip}" + (" in training" if kind == "training" else ""),
                kind="derived",
                basis=point.basis,
                target="speed",
                ids=frozenset(ids),
                low=min(1.0, low),
                high=max(1.0, high),
            )
        )
    return found


def _price(id_: str, words: str, figure: Figure) -> Fact:
    mid = figure.mid
    return Fact(
        id=f"price {id_}",
        words=words,
        kind=figure.provenance.kind,
        basis=f"{figure.provenance.source}, {figure.provenance.as_of}",
        target="price",
        ids=frozenset([id_]),
        low=min(1.0, figure.low / mid) if mid > 0 and figure.low > 0 else 1.0,
        high=max(1.0, figure.high / mid) if mid > 0 else 1.0,
    )


def _prices(assembled: Assembled, plan: Plan) -> list[Fact]:
    found = []
    ways = {"buy": "purchase", "reserve": "reserved", "on_demand": "on-demand", "spot": "spot"}
    taken = {id_ for id_, counts in (*plan.buy.items(), *plan.reserve.items()) if sum(counts) > USED}
    rented = (*plan.rent.items(), *plan.window_rent.items())
    taken |= {id_ for id_, rows in rented if any(x > USED for row in rows for x in row)}
    for id_ in sorted(taken):
        offer = assembled.supply.offers[id_]
        words = f"{ways[offer.kind]} price of {offer.system or offer.chip} ({offer.provider})"
        found.append(_price(id_, words, offer.price_usd))
    for id_, rows in sorted(plan.substitute.items()):
        if id_ in assembled.apis and any(x > USED for row in rows for x in row):
            api = assembled.apis[id_]
            words = f"price of the {api.model} API ({api.provider})"
            found.append(_price(id_, words, api.output_usd_per_m))
    return found


def _growth(case: Case) -> list[Fact]:
    return [
        Fact(
            id=f"growth {w.id}",
            words=f"growth of {w.id}, {w.growth_per_quarter:.0%} a quarter",
            kind="quoted",
            basis="the case says so",
            target="growth",
            ids=frozenset([w.id]),
            growth_per_period=w.growth_per_quarter,
        )
        for w in sorted(case.workloads, key=lambda w: w.id)
        if isinstance(w, Serving) and w.growth_per_quarter > 0
    ]


def _electricity(assembled: Assembled, plan: Plan) -> list[Fact]:
    if not any(sum(counts) > USED for counts in plan.buy.values()):
        return []
    return [
        Fact(
            id="electricity",
            words="price of electricity",
            kind="quoted",
            basis=f"{assembled.problem.electricity_usd_per_kwh:.3f} USD/kWh held over the horizon",
            target="electricity",
        )
    ]
