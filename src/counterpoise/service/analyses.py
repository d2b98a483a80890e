"""The second half of a plan document: what needs more solves, asked of the plan and put in its currency."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from counterpoise.analysis.balance import balance
from counterpoise.analysis.counterfactual import flagship
from counterpoise.analysis.levers import levers
from counterpoise.analysis.limits import worth
from counterpoise.analysis.not_chosen import not_chosen
from counterpoise.analysis.resolve import Difference, Solver
from counterpoise.analysis.rests_on import facts
from counterpoise.analysis.sensitivity import WORSE, cost_interval, weakest
from counterpoise.analysis.unit_costs import unit_costs
from counterpoise.analysis.whynot import Reason, grouped, most_interesting
from counterpoise.planning.assemble import Assembled
from counterpoise.planning.case import Case
from counterpoise.planning.plan import Plan
from counterpoise.planning.problem import Problem

Document = dict[str, Any]
Money = Callable[[float], float]
WORKERS = 2
WHY_NOT_SHOWN = 10
LEVERS_NOT_ADOPTED, FACTS_SOLVED, FACTS_AT_BOTH_ENDS = 2, 3, 2
"""How many are planned again: the demo has ten seconds in all."""


def with_analyses(
    document: Document,
    case: Case,
    assembled: Assembled,
    plan: Plan,
    flagship_problem: Problem,
    *,
    solver: Solver,
    relaxed: Solver,
    seed: int,
) -> Document:
    """Return the plan document with interval, limits, levers, counterfactual, weakest fact and why-not."""
    problem = assembled.problem

    def money(usd: float) -> float:
        return usd * case.units_per_usd

    known = facts(assembled, plan, case)
    interval = cost_interval(
        problem, plan, known, relaxed, solved=FACTS_AT_BOTH_ENDS, seed=seed, workers=WORKERS
    )
    worst = weakest(problem, plan, known, solver, solved=FACTS_SOLVED, workers=WORKERS)
    lever_rows = levers(problem, plan, solver, not_adopted=LEVERS_NOT_ADOPTED, workers=WORKERS)
    added: Document = {
        "cost": document["cost"] | {"low80": money(interval.low80_usd), "high80": money(interval.high80_usd)},
        "unit_costs": [
            {
                "workload": u.workload,
                "per": u.per,
                "value": None if u.usd_per_unit is None else money(u.usd_per_unit),
                "currency": case.currency,
            }
            for u in unit_costs(problem, plan)
        ],
        "balance": balance_row(problem, plan),
        "limits": [
            {
                "limit": w.limit,
                "unit": case.currency if w.unit == "USD" else w.unit,
                "value": money(w.value) if w.unit == "USD" else w.value,
                "used": money(w.used) if w.unit == "USD" else w.used,
                "binds": w.binds,
                "more": f"{w.more.split(',')[0]}, {money(w.step):,.0f} {case.currency}"
                if w.unit == "USD"
                else w.more,
                "saving": _money_of(w.saving, money),
                "note": w.saving.note if w.saving else "",
            }
            for w in worth(problem, plan, solver, workers=WORKERS)
        ],
        "counterfactual": _counterfactual(plan, flagship_problem, solver, money),
        "levers": [
            {
                "technique": x.technique,
                "adopted": x.adopted,
                "own_cost": money(x.own_cost_usd),
                "saving": _money_of(x.saving, money),
                "note": x.saving.note,
            }
            for x in lever_rows
        ],
        "why_not": [{"what": w.what, "why": w.why} for w in why_not(assembled, plan)],
    }
    if worst:
        weak = worst[0]
        added["weakest_fact"] = {
            "fact": weak.fact.words,
            "basis": weak.fact.basis,
            "kind": weak.fact.kind,
            "change_pct": round(100 * WORSE),
            "direction": "lower" if weak.fact.worse_is_lower else "higher",
            "cost_change": None if weak.change.usd is None else money(weak.change.usd),
            "effect": in_words(weak.effect, assembled),
        }
        added["sensitivity"] = [
            {
                "fact": s.fact.words,
                "kind": s.fact.kind,
                "basis": s.fact.basis,
                "low": s.fact.low,
                "high": s.fact.high,
                "cost_change": None if s.change.usd is None else money(s.change.usd),
                "effect": in_words(s.effect, assembled),
            }
            for s in worst
        ]
    by_lever = {x.technique: _money_of(x.saving, money) for x in lever_rows if x.adopted}
    added["techniques"] = [
        row
        | {
            "saving": by_lever.get(row["technique"]),
            "why": _why_adopted(by_lever.get(row["technique"]), case),
        }
        for row in document["techniques"]
    ]
    return document | added


def _money_of(change: Difference | None, money: Money) -> float | None:
    return None if change is None or change.usd is None or not change.is_sure else money(change.usd)


def _why_adopted(saving: float | None, case: Case) -> str:
    return "" if saving is None else f"saves {saving:,.0f} {case.currency}"


def _counterfactual(plan: Plan, problem: Problem, solver: Solver, money: Money) -> Document:
    found = flagship(plan, problem, solver)
    return {
        "hypothetical": found.hypothetical,
        "cost": None if found.cost_usd is None else money(found.cost_usd),
        "saving": None if found.saving_usd is None else money(found.saving_usd),
        "what": found.what,
        "systems": found.systems,
        "why": found.why,
    }


def balance_row(problem: Problem, plan: Plan) -> Document:
    """Chip-hours of serving, training and idling, in all and by period and block."""
    found = balance(problem, plan)
    hours = {b.label: b.hours for b in problem.blocks}
    days = {p.label: p.days for p in problem.periods}
    return {
        "serving_chip_hours": found.serving_chip_hours,
        "training_chip_hours": found.training_chip_hours,
        "idle_chip_hours": found.idle_chip_hours,
        "night_filled_share": found.night_filled_share,
        "flagship_chips": found.flagship_chips,
        "night_blocks": list(found.night_blocks),
        "busy_share": found.busy_share,
        "by_period_block": [
            {
                "period": row.period,
                "block": row.block,
                "hours": hours[row.block],
                "serving_chips": row.serving_chip_hours / (hours[row.block] * days[row.period]),
                "training_chips": row.training_chip_hours / (hours[row.block] * days[row.period]),
                "idle_chips": row.idle_chip_hours / (hours[row.block] * days[row.period]),
            }
            for row in found.blocks
        ],
    }


def why_not(assembled: Assembled, plan: Plan) -> list[Any]:
    """The refusals and the feasible deployments not chosen, grouped, the most telling first."""
    problem = assembled.problem

    def name(id_: str) -> str:
        return name_of(id_, assembled)

    reasons = [*not_chosen(problem, plan, name=name), *(Reason(r.what, r.why) for r in assembled.refusals)]
    return list(most_interesting(grouped(reasons), WHY_NOT_SHOWN))


def in_words(effect: str, assembled: Assembled) -> str:
    """An effect with names in place of ids."""
    for id_ in sorted(assembled.problem.substitutes, key=len, reverse=True):
        effect = effect.replace(id_, name_of(id_, assembled))
    return effect.replace(" @ cloud", " rented").replace(" @ site", " owned")


def name_of(id_: str, assembled: Assembled) -> str:
    """What a person calls a deployment or a substitute."""
    problem = assembled.problem
    sized = assembled.serving.get(id_)
    if sized is not None:
        place = "owned" if problem.pools[sized.deployment.pool].on_site else "rented"
        words = f"{sized.model} {sized.precision} on {sized.system}, {place}"
        return f"{words}, for {sized.deployment.workload}"
    trained = assembled.training.get(id_)
    if trained is not None:
        return f"{trained.deployment.workload} on {trained.system}"
    api = assembled.apis.get(id_)
    workload = problem.substitutes[id_].workload
    return f"{api.model} API from {api.provider} for {workload}" if api else id_.replace(" | ", ": ")
