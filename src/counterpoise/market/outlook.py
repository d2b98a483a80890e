"""The market as seen on a day: spending -> the chain -> racks, limits and money, with what drives them.

One function of dated facts and priors.  It closes the book on its day first, so that nothing later can enter;
`replay.py` then holds what it said against what came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from counterpoise.errors import Refused
from counterpoise.market import break_even, chain, evidence, money, rack_forecasts, sampling
from counterpoise.market.baskets import TOP4, total, year_on_year
from counterpoise.market.calendar import Quarter, quarters_between
from counterpoise.market.chain_result import ChainResult
from counterpoise.market.drivers import drivers
from counterpoise.market.facts import MarketFacts
from counterpoise.market.kinds import GROUPS, KINDS, TIERS, Array
from counterpoise.market.limits_worth import limits_worth
from counterpoise.market.priors import Priors
from counterpoise.market.published import bands
from counterpoise.market.rack_statements import latest_cut
from counterpoise.market.recipe import Forecast, forecast_basket

Document = dict[str, Any]
QUARTERS = 12
DRAWS = 100_000
LEVELS = {"p10": 0.1, "median": 0.5, "p90": 0.9}
ONE_MORE_DRAWS = 4_000
"""Draws of the runs that loosen one limit each: the same draws before and after, so the noise cancels."""
HISTORY = 20
"""Quarters of reported capital spending that a document shows before the forecast."""


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """What is seen on `day`: the capex forecast of the four large clouds, and the chain's run over it.

    `facts` are those public on the day; `budget_usd_bn` (draws, quarters) is what the chain was given.
    """

    day: date
    facts: MarketFacts
    priors: Priors
    capex: Forecast
    budget_usd_bn: Array
    chain: ChainResult
    draws: int
    seed: int


def look_ahead(
    facts: MarketFacts,
    priors: Priors,
    day: date,
    *,
    quarters: int = QUARTERS,
    draws: int = DRAWS,
    seed: int = 0,
    unit_cost: Mapping[str, Array] | None = None,
    keep: tuple[str, ...] = (),
) -> Outlook:
    """Run the market as of `day`, from the first quarter of its year on.

    `facts` may hold facts of any date; `priors` are one vintage (`priors.as_of(day)`).  Capex that all four
    clouds have reported is known, the rest drawn by the declared recipe.  Raises `Refused` where too little
    was public.
    """
    public = facts.as_of(day)
    first = Quarter(day.year, 1)
    wanted = quarters_between(first, first + (quarters - 1))
    known = total(public, TOP4)
    ahead = max(wanted[-1] - max(known), 1)
    capex = forecast_basket(public, TOP4, ahead, draws=draws, seed=seed)
    budget = capex.over(wanted, known)
    run = chain.run(
        priors,
        budget_usd_bn=budget,
        first=first,
        quarters=quarters,
        draws=draws,
        seed=seed,
        unit_cost=unit_cost,
        keep=keep,
    )
    return Outlook(day, public, priors, capex, budget, run, draws, seed)


def document(seen: Outlook) -> Document:
    """Return an outlook as a plain document; every figure carries its unit in its key."""
    run, year = seen.chain, seen.day.year
    racks = run.racks_in(year)
    pooled, why_none = _published(seen)
    rebound = rebound_document(seen)
    made: Document = {
        "as_of": seen.day,
        "first_quarter": str(run.first),
        "quarters": [str(q) for q in run.quarters],
        "draws": seen.draws,
        "seed": seen.seed,
        "capex": _capex(seen),
        "racks": {
            "year": year,
            "bottom_up_racks": quantiles(racks),
            "bottom_up_probability": bands(racks),
            "by_year": [
                {"year": y, **quantiles(run.racks_in(y))} for y in dict.fromkeys(q.year for q in run.quarters)
            ],
            "published": pooled,
            "published_refused": why_none,
        },
        "by_quarter": _by_quarter(run),
        "vendor_revenue_reported": revenue_reported(seen.facts)[-HISTORY:],
        "limits": _limits(seen),
        "kinds": _kinds(run),
        "groups": [
            {"group": g, "orders_mean_usd_bn": run.mean_orders_usd_bn[:, i].tolist()}
            for i, g in enumerate(GROUPS)
        ],
        "money": _money(run) | {"cut": cut_by_tier(seen, rebound["cut"])},
        "rebound": rebound,
        "evidence": evidence.summary(seen.facts),
        "drivers": drivers(run, seen.budget_usd_bn, year),
        "priors": _priors(seen.priors),
    }
    made["answer"] = _answer(made)
    return made


def quantiles(draws: Array) -> dict[str, float]:
    """Return mean, median and the ends of the 80 % interval."""
    values = np.quantile(draws, list(LEVELS.values()))
    return {"mean": float(np.mean(draws)), **dict(zip(LEVELS, map(float, values), strict=True))}


def elasticity_and_gain(priors: Priors, draws: int, seed: int) -> tuple[Array, Array]:
    """Return draws of the elasticity and of the efficiency shock, each (draws,), as the chain draws them."""
    names = ("elasticity", "efficiency_shock")
    samples = sampling.sample({name: priors[name] for name in names}, draws, seed)
    elasticity, gain = (np.broadcast_to(samples[name], (draws,)) for name in names)
    return elasticity, gain


def rebound_document(seen: Outlook) -> Document:
    """Return the break-even elasticity and the fan, with the latest published cut as its mark, if any."""
    elasticity, gain = elasticity_and_gain(seen.priors, seen.draws, seen.seed)
    cut = latest_cut(seen.facts.statements, seen.day.year)
    before, after = (None, None) if cut is None else (cut[0].mid, cut[1].mid)
    return break_even.question(elasticity, gain, cut_from_racks=before, cut_to_racks=after)


def cut_by_tier(seen: Outlook, cut: Mapping[str, Any] | None) -> Document | None:
    """Return what a published cut of racks takes from each tier: gross, and net of GPUs that ship in boxes.

    `cut` is that of `rebound_document`; None where no house has cut its forecast by then.  Means over draws
    add up over the tiers.
    """
    if cut is None:
        return None
    racks = float(cut["from_racks"]) - float(cut["to_racks"])
    effect = money.cut_effect(sampling.sample(seen.priors, seen.draws, seen.seed), racks)
    return {
        "racks": racks,
        "gross_usd_bn": quantiles(effect.gross.sum(axis=0)),
        "net_usd_bn": quantiles(effect.net.sum(axis=0)),
        "by_tier": [
            {
                "tier": tier,
                "gross_mean_usd_bn": float(effect.gross[i].mean()),
                "net_mean_usd_bn": float(effect.net[i].mean()),
            }
            for i, tier in enumerate(TIERS)
        ],
    }


def revenue_reported(facts: MarketFacts) -> list[Document]:
    """Return NVIDIA's data-centre revenue by quarter, as far as it was reported in `facts`."""
    known = facts.series("datacenter_revenue", "NVDA")
    return [{"quarter": str(q), "usd_bn": known[q].value} for q in sorted(known)]


def _published(seen: Outlook) -> tuple[Document | None, str | None]:
    """The pool of published forecasts of the day's year, or None and why: the chain does not need it."""
    try:
        return rack_forecasts.question(
            seen.facts, seen.day.year, seen.day, draws=20_000, seed=seen.seed
        ), None
    except Refused as reason:
        return None, str(reason)


def _capex(seen: Outlook) -> Document:
    low, high = seen.capex.interval()
    known = total(seen.facts, TOP4)
    growth = year_on_year(known)
    rows: list[Document] = [
        {"quarter": str(q), "usd_bn": v, "yoy": growth.get(q), "known": True}
        for q, v in list(known.items())[-HISTORY:]
    ]
    for i, q in enumerate(seen.capex.quarters):
        before = known.get(q + -4)
        draws = seen.capex.at(q) / (before if before is not None else seen.capex.at(q + -4)) - 1
        rows.append(
            {
                "quarter": str(q),
                "usd_bn": float(seen.capex.point[i]),
                "low80_usd_bn": float(low[i]),
                "high80_usd_bn": float(high[i]),
                "yoy": float(np.median(draws)),
                "low80_yoy": float(np.quantile(draws, 0.1)),
                "high80_yoy": float(np.quantile(draws, 0.9)),
                "known": False,
                "reported_by": list(seen.capex.reported.get(q, ())),
            }
        )
    return {"entities": list(TOP4), "quarters": rows, "basis": seen.capex.basis}


def _by_quarter(run: ChainResult) -> list[Document]:
    rows = []
    for i, quarter in enumerate(run.quarters):
        rows.append(
            {
                "quarter": str(quarter),
                "racks": quantiles(run.racks[:, i]),
                "vendor_revenue_usd_bn": quantiles(run.revenue_usd_bn[:, i]),
                "systems_usd_bn": quantiles(run.systems_usd_bn[:, i]),
                "top4_capex_usd_bn": quantiles(run.capex_usd_bn[:, i]),
                "demand_factor": quantiles(run.demand_factor[:, i]),
            }
        )
    return rows


def _limits(seen: Outlook) -> list[Document]:
    """How likely each limit binds, by how much it would have to grow, and what one more of it would ship."""
    run, first_year = seen.chain, 4
    worth = limits_worth(
        seen.priors,
        first=run.first,
        quarters=first_year,
        budget_usd_bn=seen.budget_usd_bn[:ONE_MORE_DRAWS, :first_year],
        draws=min(ONE_MORE_DRAWS, seen.draws),
        seed=seen.seed,
    )
    return [
        {
            "limit": one.limit,
            "unit": one.unit,
            "probability_binds": run.binds[:, i].tolist(),
            "probability_binds_racks": run.binds_racks[:, i].tolist(),
            "growth_needed_mean": run.growth_needed[:, i].tolist(),
            "chips_for_one_more": one.chips,
            "racks_for_one_more": one.racks,
            "systems_usd_m_for_one_more": 1e3 * one.systems_usd_bn,
        }
        for i, one in enumerate(worth)
    ]


def _kinds(run: ChainResult) -> list[Document]:
    return [
        {
            "kind": kind,
            "shipped_mean_chips": run.mean_shipments[:, i].tolist(),
            "ordered_mean_chips": run.mean_orders[:, i].tolist(),
            "waiting_mean_chips": run.mean_backlog[:, i].tolist(),
        }
        for i, kind in enumerate(KINDS)
    ]


def _money(run: ChainResult) -> Document:
    """Spending on AI systems by tier of the supply chain; gross and net of rack parts that ship elsewhere."""
    years = list(dict.fromkeys(q.year for q in run.quarters))
    by_tier = [
        {
            "tier": tier,
            "horizon_usd_bn": quantiles(run.tiers_usd_bn[:, i]),
            **{
                f"mean_{y}_usd_bn": float(
                    sum(run.mean_tiers_usd_bn[n, i] for n, q in enumerate(run.quarters) if q.year == y)
                )
                for y in years
            },
        }
        for i, tier in enumerate(TIERS)
    ]
    return {
        "by_tier": by_tier,
        "systems_usd_bn_by_year": [
            {"year": y, **quantiles(run.in_year(run.systems_usd_bn, y))} for y in years
        ],
        "vendor_revenue_usd_bn_by_year": [
            {"year": y, **quantiles(run.in_year(run.revenue_usd_bn, y))} for y in years
        ],
        "freed_rack_parts_usd_bn_by_year": [
            {
                "year": y,
                "gross_mean_usd_bn": float(run.in_year(run.freed_usd_bn, y).mean()),
                "net_mean_usd_bn": float(run.in_year(run.lost_usd_bn, y).mean()),
            }
            for y in years
        ],
    }


def _priors(priors: Priors) -> list[Document]:
    return [
        {
            "name": p.name,
            "distribution": p.distribution,
            "low_p10": p.low,
            "mid_p50": p.mid,
            "high_p90": p.high,
            "unit": p.unit,
            "kind": p.kind,
            "known_on": p.known_on,
            "source": p.source,
            "note": p.note,
        }
        for p in priors.values()
    ]


def _answer(made: Document) -> str:
    year, racks, pooled = (made["racks"][key] for key in ("year", "bottom_up_racks", "published"))
    binding = max(made["limits"], key=lambda row: float(np.mean(row["probability_binds_racks"][:4])))
    share = float(np.mean(binding["probability_binds_racks"][:4]))
    fan = made["rebound"]["fan"]
    ratio = fan["quantiles_demand_ratio"]
    demand = (
        f"Hardware demand is {ratio['p50']:.3f} of what was expected"
        if ratio["p90"] - ratio["p10"] < 1e-6
        else f"Cheaper models lower hardware demand in {100 * fan['probability_demand_falls']:.0f} % of draws"
    )
    return (
        f"{racks['median']:,.0f} flagship racks in {year} bottom-up (80 %: {racks['p10']:,.0f} to "
        f"{racks['p90']:,.0f}), {_by_others(pooled)}. {binding['limit'].capitalize()} most often limits "
        f"racks ({100 * share:.0f} % of draws over the year). {demand}."
    )


def _by_others(pooled: Document | None) -> str:
    if pooled is None:
        return "none published by then"
    racks = pooled["racks"]
    return f"{racks['median']:,.0f} by the published forecasts ({racks['p10']:,.0f} to {racks['p90']:,.0f})"
