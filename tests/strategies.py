"""Hypothesis strategies for small problems of the optimiser, and problems built by hand that tests share.

Figures are round and made up: they try the optimiser and say nothing about any chip or price.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from counterpoise.planning.problem import (
    Block,
    Buy,
    Limits,
    Period,
    Pool,
    Problem,
    Rent,
    Requirement,
    Reserve,
    ServingDemand,
    ServingDeployment,
    Substitute,
    TechniqueOption,
    TrainingDemand,
    TrainingDeployment,
)

INF = math.inf


def no_limits(periods: int, **given: Any) -> Limits:
    """Limits that never bind, except those given."""
    none = (INF,) * periods
    return replace(Limits(INF, none, INF, none, none), **given)


def problem(periods: int = 2, **given: Any) -> Problem:
    """One pool on site to buy for, one in a cloud to rent, one serving workload; `given` replaces fields."""
    site = Pool("box @ site", "box", "chip", 8, True, 500.0, 0.95)
    cloud = Pool("box @ cloud", "box", "chip", 8, False, 0.0, 1.0)
    blocks = (Block("night", 12.0), Block("day", 12.0))
    base = Problem(
        periods=tuple(Period(f"2025Q{t + 1}", 90.0, 0.98**t) for t in range(periods)),
        blocks=blocks,
        pools={p.id: p for p in (site, cloud)},
        buys={"buy": Buy("buy", site.id, (100e3,) * periods, 0, 20, 0.05, 1e3, (INF,) * periods)},
        reserves={},
        rents={"rent": Rent("rent", cloud.id, (25.0,) * periods, (INF,) * periods)},
        serving={
            "app on site": ServingDeployment("app on site", "app", site.id, 2.0, 4000.0, 0.5),
            "app in cloud": ServingDeployment("app in cloud", "app", cloud.id, 2.0, 4000.0, 0.5),
        },
        training={},
        substitutes={},
        techniques={},
        serving_demand={
            "app": ServingDemand("app", ((2.0, 5.0),) * periods, (0.8, 0.8), 800.0, 1000.0, 0.0, INF)
        },
        training_demand={},
        limits=no_limits(periods),
        pue=1.3,
        electricity_usd_per_kwh=0.1,
        engineer_usd_per_week=2e3,
    )
    return replace(base, **given)


def money_times(p: Problem, rate: float) -> Problem:
    """The same problem with every amount of money in another currency."""

    def times(values: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(v * rate for v in values)

    limits = p.limits
    return replace(
        p,
        buys={
            k: replace(b, price_usd=times(b.price_usd), opex_usd_per_period=b.opex_usd_per_period * rate)
            for k, b in p.buys.items()
        },
        reserves={k: replace(r, price_usd=times(r.price_usd)) for k, r in p.reserves.items()},
        rents={k: replace(r, price_usd_per_h=times(r.price_usd_per_h)) for k, r in p.rents.items()},
        substitutes={
            k: replace(s, usd_per_request=times(s.usd_per_request)) for k, s in p.substitutes.items()
        },
        techniques={
            k: replace(t, cost_usd=t.cost_usd * rate, opex_usd_per_period=t.opex_usd_per_period * rate)
            for k, t in p.techniques.items()
        },
        serving_demand={
            k: replace(d, unserved_usd_per_request=d.unserved_usd_per_request * rate)
            for k, d in p.serving_demand.items()
        },
        training_demand={
            k: replace(d, unserved_usd_per_token=d.unserved_usd_per_token * rate)
            for k, d in p.training_demand.items()
        },
        limits=replace(
            limits,
            capex_usd=limits.capex_usd * rate,
            capex_usd_per_period=times(limits.capex_usd_per_period),
            opex_usd=limits.opex_usd * rate,
            opex_usd_per_period=times(limits.opex_usd_per_period),
        ),
        electricity_usd_per_kwh=p.electricity_usd_per_kwh * rate,
        engineer_usd_per_week=p.engineer_usd_per_week * rate,
    )


def _between(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers of three digits: a solver's tolerance is no part of the properties tried."""
    return st.integers(0, 999).map(lambda k: low + (high - low) * k / 999)


@st.composite
def problems(draw: st.DrawFn, *, periods: int | None = None, training: bool = True) -> Problem:
    """Small problems with a plan: unserved demand and untrained work have a price."""
    n = periods or draw(st.integers(1, 3))
    blocks = (Block("night", 10.0), Block("day", 14.0))
    pools: dict[str, Pool] = {}
    buys: dict[str, Buy] = {}
    reserves: dict[str, Reserve] = {}
    rents: dict[str, Rent] = {}
    for kind in ("a", "b")[: draw(st.integers(1, 2))]:
        site, cloud = f"{kind} @ site", f"{kind} @ cloud"
        availability = draw(_between(0.8, 1.0))
        pools[site] = Pool(site, kind, kind, 8, True, draw(_between(100.0, 900.0)), availability)
        pools[cloud] = Pool(cloud, kind, kind, 8, False, 0.0, availability)
        price = draw(_between(40e3, 300e3))
        supply = draw(st.sampled_from((INF, 1.0, 2.0, 4.0)))
        lead, life = draw(st.integers(0, 1)), draw(st.sampled_from((1, 2, 20)))
        buys[f"buy {kind}"] = Buy(
            f"buy {kind}", site, (price,) * n, lead, life, 0.5 / life, 0.01 * price, (supply,) * n
        )
        if draw(st.booleans()):
            quarter = draw(_between(10e3, 50e3))
            reserves[f"reserve {kind}"] = Reserve(
                f"reserve {kind}", cloud, (quarter,) * n, draw(st.integers(1, 2)), (supply,) * n
            )
        rents[f"rent {kind}"] = Rent(
            f"rent {kind}",
            cloud,
            (draw(_between(10.0, 90.0)),) * n,
            (draw(st.sampled_from((INF, 1.0, 3.0))),) * n,
        )
    techniques = {"fp8": TechniqueOption("fp8", draw(_between(0.0, 50e3)), 4.0, 500.0)}
    serving, demand, substitutes = _serving(draw, n, pools)
    runs: dict[str, TrainingDeployment] = {}
    works: dict[str, TrainingDemand] = {}
    if training and draw(st.booleans()):
        runs, works = _training(draw, n, pools)
    capex = draw(st.sampled_from((INF, 0.0, 150e3, 400e3)))
    opex = draw(st.sampled_from((INF, 200e3)))
    power = draw(st.sampled_from((INF, 3e3, 8e3)))
    return Problem(
        periods=tuple(Period(f"2025Q{t + 1}", 90.0 + t, 0.98**t) for t in range(n)),
        blocks=blocks,
        pools=pools,
        buys=buys,
        reserves=reserves,
        rents=rents,
        serving=serving,
        training=runs,
        substitutes=substitutes,
        techniques=techniques,
        serving_demand=demand,
        training_demand=works,
        limits=no_limits(
            n,
            capex_usd=capex,
            opex_usd=opex,
            power_w=(power,) * n,
            systems=draw(st.sampled_from(({}, {"a": 3.0}))),
            engineer_weeks_per_period=draw(st.sampled_from(((), (4.0,) * n))),
        ),
        pue=1.2,
        electricity_usd_per_kwh=draw(_between(0.0, 0.2)),
        engineer_usd_per_week=3e3,
    )


def _serving(
    draw: st.DrawFn, n: int, pools: dict[str, Pool]
) -> tuple[dict[str, ServingDeployment], dict[str, ServingDemand], dict[str, Substitute]]:
    serving: dict[str, ServingDeployment] = {}
    demand: dict[str, ServingDemand] = {}
    substitutes: dict[str, Substitute] = {}
    for workload in ("app", "docs")[: draw(st.integers(1, 2))]:
        peak, growth = draw(_between(0.5, 8.0)), draw(_between(0.9, 1.6))
        demand[workload] = ServingDemand(
            id=workload,
            peak_requests_per_s=tuple((0.4 * peak * growth**t, peak * growth**t) for t in range(n)),
            mean_to_peak=(0.7, 0.9),
            input_tokens=1000.0,
            output_tokens=500.0,
            reserve_margin=draw(st.sampled_from((0.0, 0.1))),
            unserved_usd_per_request=draw(_between(0.01, 0.1)),
            share_caps={"routed": draw(_between(0.1, 0.6))},
        )
        for pool in pools.values():
            rate = draw(_between(0.5, 4.0))
            id_ = f"{workload} on {pool.id}"
            spans = draw(st.sampled_from((0.25, 1.0, 2.0)))
            serving[id_] = ServingDeployment(id_, workload, pool.id, rate, 3000.0, spans)
            if draw(st.booleans()):
                need = (Requirement("fp8", draw(st.integers(0, 1))),)
                serving[f"{id_} fp8"] = ServingDeployment(
                    f"{id_} fp8", workload, pool.id, 1.7 * rate, 3100.0, 0.25, need
                )
            if draw(st.booleans()):
                serving[f"{id_} small"] = ServingDeployment(
                    f"{id_} small", workload, pool.id, 3.0 * rate, 2500.0, 0.125, (), "routed"
                )
        if draw(st.booleans()):
            id_ = f"{workload} by API"
            substitutes[id_] = Substitute(id_, workload, (draw(_between(0.001, 0.02)),) * n)
    return serving, demand, substitutes


def _training(
    draw: st.DrawFn, n: int, pools: dict[str, Pool]
) -> tuple[dict[str, TrainingDeployment], dict[str, TrainingDemand]]:
    runs_per_period = draw(st.sampled_from((0.0, 1.0, 3.0)))
    window = draw(st.sampled_from((None, 3.0, 45.0)))
    work = TrainingDemand(
        id="tuning",
        tokens=draw(_between(1e9, 20e9)),
        runs_per_period=runs_per_period,
        window_days=window,
        first_period=0,
        last_period=n - 1,
        unserved_usd_per_token=draw(_between(1e-6, 2e-5)),
    )
    runs: dict[str, TrainingDeployment] = {}
    for pool in pools.values():
        id_ = f"tuning on {pool.id}"
        spans = draw(st.sampled_from((0.5, 1.0, 3.0)))
        runs[id_] = TrainingDeployment(id_, "tuning", pool.id, draw(_between(2e3, 30e3)), 4500.0, spans)
    return runs, {"tuning": work}
