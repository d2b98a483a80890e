"""Hypothesis strategies for small problems in which everything a problem can hold is tried together.

Figures are made up and of few digits: they try two formulations against each other and say nothing else.
"""

from __future__ import annotations

import math
from typing import TypeVar

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
    Scenario,
    ServingDemand,
    ServingDeployment,
    Substitute,
    TechniqueOption,
    TrainingDemand,
    TrainingDeployment,
)

INF = math.inf
T = TypeVar("T")
PerPeriod = tuple[float, ...]


def figures(low: float, high: float) -> st.SearchStrategy[float]:
    """Hundred and one figures between two: a solver's tolerance is no part of what is compared."""
    return st.integers(0, 100).map(lambda k: round(low + (high - low) * k / 100, 9))


def rarely(usual: T, *others: T) -> st.SearchStrategy[T]:
    """The first of some values in two thirds of the draws."""
    return st.sampled_from((usual,) * (2 * len(others)) + others)


def over_periods(draw: st.DrawFn, n: int, each: st.SearchStrategy[float]) -> PerPeriod:
    """A figure for each period."""
    return tuple(draw(each) for _ in range(n))


@st.composite
def rich_problems(draw: st.DrawFn, *, rent_units: tuple[float, ...] = (0.0,)) -> Problem:
    """Problems of up to three quarters with all kinds of offers, techniques, training and limits."""
    n = draw(st.integers(1, 3))
    blocks = draw(st.sampled_from(((24.0,), (10.0, 14.0), (6.0, 10.0, 8.0))))
    pools = _pools(draw)
    techniques = _techniques(draw)
    works = _works(draw, n)
    demand = _demand(draw, n, len(blocks))
    return Problem(
        periods=tuple(Period(f"2025Q{t + 1}", 90.0 + t % 3, 0.97**t) for t in range(n)),
        blocks=tuple(Block(f"block {b}", hours) for b, hours in enumerate(blocks)),
        pools=pools,
        buys=_buys(draw, n, pools),
        reserves=_reserves(draw, n, pools),
        rents=_rents(draw, n, pools, rent_units),
        serving=_serving(draw, n, pools, demand),
        training=_training(draw, n, pools, works),
        substitutes=_substitutes(draw, n, demand),
        techniques=techniques,
        serving_demand=demand,
        training_demand=works,
        limits=_limits(draw, n),
        pue=1.3,
        electricity_usd_per_kwh=draw(figures(0.0, 0.3)),
        engineer_usd_per_week=2e3,
        scenarios=draw(
            st.sampled_from(
                (
                    (Scenario(),),
                    (Scenario("low", 0.4, 0.6), Scenario("high", 0.6, 1.3)),
                )
            )
        ),
    )


def _pools(draw: st.DrawFn) -> dict[str, Pool]:
    pools = {}
    for kind in ("a", "b")[: draw(st.integers(1, 2))]:
        availability = draw(figures(0.8, 1.0))
        pools[f"{kind} @ site"] = Pool(
            f"{kind} @ site", kind, kind, 8, True, draw(figures(100.0, 900.0)), availability
        )
        pools[f"{kind} @ cloud"] = Pool(f"{kind} @ cloud", kind, kind, 8, False, 0.0, availability)
    return pools


def _supply(draw: st.DrawFn, n: int) -> PerPeriod:
    return over_periods(draw, n, st.sampled_from((INF, INF, 0.0, 1.0, 2.5)))


def _buys(draw: st.DrawFn, n: int, pools: dict[str, Pool]) -> dict[str, Buy]:
    buys = {}
    for pool in pools.values():
        for id_ in (f"new {pool.id}", f"used {pool.id}")[: draw(rarely(1, 2, 0)) if pool.on_site else 0]:
            life = draw(st.sampled_from((1, 2, 3, 12)))
            price = draw(figures(30e3, 200e3))
            prices = tuple(price * draw(rarely(0.9**t, INF)) for t in range(n))
            salvage = draw(st.sampled_from((0.0, 0.05, 0.2, 0.6)))
            buys[id_] = Buy(
                id_, pool.id, prices, draw(st.integers(0, 2)), life, salvage, 0.02 * price, _supply(draw, n)
            )
    return buys


def _reserves(draw: st.DrawFn, n: int, pools: dict[str, Pool]) -> dict[str, Reserve]:
    reserves = {}
    for pool in pools.values():
        if not pool.on_site and draw(st.booleans()):
            id_ = f"reserve {pool.id}"
            prices = over_periods(draw, n, figures(8e3, 50e3))
            reserves[id_] = Reserve(id_, pool.id, prices, draw(st.integers(1, 3)), _supply(draw, n))
    return reserves


def _rents(draw: st.DrawFn, n: int, pools: dict[str, Pool], units: tuple[float, ...]) -> dict[str, Rent]:
    rents = {}
    for pool in pools.values():
        for id_ in (f"rent {pool.id}", f"spot {pool.id}")[: 0 if pool.on_site else draw(rarely(1, 2, 0))]:
            prices = over_periods(draw, n, st.one_of(figures(5.0, 60.0), figures(5.0, 60.0), st.just(INF)))
            supply = over_periods(draw, n, st.sampled_from((INF, INF, 0.0, 1.3, 4.0)))
            rents[id_] = Rent(id_, pool.id, prices, supply, draw(st.sampled_from(units)))
    return rents


def _techniques(draw: st.DrawFn) -> dict[str, TechniqueOption]:
    first, weeks = draw(st.integers(0, 1)), draw(figures(0.0, 8.0))
    port = TechniqueOption("port", draw(figures(0.0, 20e3)), weeks, 500.0, None, first)
    training = draw(rarely("teaching", None, "tuning"))
    distil = TechniqueOption("distil", draw(figures(0.0, 20e3)), 4.0, 0.0, training)
    return {"port": port, "distil": distil}


def _requires(draw: st.DrawFn) -> tuple[Requirement, ...]:
    names = draw(rarely((), ("port",), ("distil",), ("port", "distil")))
    return tuple(Requirement(name, draw(st.integers(0, 2))) for name in names)


def _demand(draw: st.DrawFn, n: int, blocks: int) -> dict[str, ServingDemand]:
    demand = {}
    for id_ in ("app", "docs")[: draw(rarely(1, 2, 0))]:
        peak = draw(figures(0.5, 8.0))
        shape = tuple(draw(st.sampled_from((0.0, 0.3, 0.7, 1.0))) for _ in range(blocks))
        growth = draw(figures(0.7, 1.5))
        demand[id_] = ServingDemand(
            id=id_,
            peak_requests_per_s=tuple(tuple(peak * growth**t * x for x in shape) for t in range(n)),
            mean_to_peak=tuple(draw(figures(0.4, 1.0)) for _ in range(blocks)),
            input_tokens=900.0,
            output_tokens=300.0,
            reserve_margin=draw(st.sampled_from((0.0, 0.15))),
            unserved_usd_per_request=draw(rarely(0.3, 0.01, 0.05, INF)),
            share_caps={"routed": draw(st.sampled_from((0.0, 0.3, 0.7, 1.0))), "cached": 0.2},
        )
    return demand


def _serving(
    draw: st.DrawFn, n: int, pools: dict[str, Pool], demand: dict[str, ServingDemand]
) -> dict[str, ServingDeployment]:
    serving = {}
    for workload in demand:
        for pool in pools:
            for k in range(draw(rarely(2, 1, 0))):
                id_ = f"{workload} {k} on {pool}"
                requires = _requires(draw)
                serving[id_] = ServingDeployment(
                    id=id_,
                    workload=workload,
                    pool=pool,
                    requests_per_s=draw(figures(0.4, 4.0)) * (3.0 if requires else 1.0),
                    power_w=draw(st.sampled_from((500.0, 3000.0, 5000.0))),
                    replica_systems=draw(st.sampled_from((0.125, 0.5, 1.0, 1.5, 2.0, 3.0))),
                    requires=requires,
                    share_group=draw(rarely(None, "routed")),
                    first_period=draw(rarely(0, 1)),
                )
    return serving


def _substitutes(draw: st.DrawFn, n: int, demand: dict[str, ServingDemand]) -> dict[str, Substitute]:
    substitutes = {}
    for workload in demand:
        for group in (None, "routed", "cached"):
            if draw(rarely(False, True)):
                id_ = f"{workload} by {group}"
                price = over_periods(draw, n, st.one_of(figures(0.0, 0.02), st.just(INF)))
                substitutes[id_] = Substitute(id_, workload, price, _requires(draw), group)
    return substitutes


def _works(draw: st.DrawFn, n: int) -> dict[str, TrainingDemand]:
    works = {}
    for id_, optional in (("tuning", False), ("pretraining", False), ("teaching", True)):
        if id_ == "pretraining" and not draw(st.booleans()):
            continue
        first = draw(st.integers(0, n - 1))
        recurring = (1.0, 2.0, 3.0) if optional else (0.5, 1.0, 3.0)
        works[id_] = TrainingDemand(
            id=id_,
            tokens=draw(figures(0.2e9, 20e9)),
            runs_per_period=draw(st.sampled_from((0.0, 0.0, 0.0, *recurring))),
            window_days=draw(st.sampled_from((None, 3.0, 30.0, 45.0, 91.0, 185.0))),
            first_period=first,
            last_period=draw(st.integers(first, n)),
            unserved_usd_per_token=draw(rarely(1e-4, 1e-6, 1e-5, INF)),
            optional=optional,
        )
    return works


def _training(
    draw: st.DrawFn, n: int, pools: dict[str, Pool], works: dict[str, TrainingDemand]
) -> dict[str, TrainingDeployment]:
    training = {}
    for workload in works:
        for pool in pools:
            if draw(rarely(True, False)):
                id_ = f"{workload} on {pool}"
                needs = () if workload == "teaching" else _requires(draw)
                # No technique waits for a run that itself waits for it.
                needs = tuple(r for r in needs if r.technique == "port")
                training[id_] = TrainingDeployment(
                    id=id_,
                    workload=workload,
                    pool=pool,
                    tokens_per_s=draw(figures(1e3, 30e3)),
                    power_w=draw(st.sampled_from((500.0, 4500.0))),
                    replica_systems=draw(st.sampled_from((0.5, 1.0, 2.0, 3.0))),
                    requires=needs,
                    first_period=draw(rarely(0, 1)),
                )
    return training


def _limits(draw: st.DrawFn, n: int) -> Limits:
    return Limits(
        capex_usd=draw(rarely(INF, 60e3, 300e3)),
        capex_usd_per_period=draw(rarely((INF,) * n, (150e3,) * n, ())),
        opex_usd=draw(rarely(INF, 150e3)),
        opex_usd_per_period=draw(rarely((INF,) * n, (70e3,) * n)),
        power_w=tuple(draw(rarely(INF, 900.0, 3e3)) for _ in range(n)),
        systems=draw(rarely({}, {"a": 2.0}, {"a": 3.5, "b": 1.0})),
        engineer_weeks_per_period=draw(rarely((), (4.0,) * n, tuple(6.0 * (t % 2) for t in range(n)))),
    )
