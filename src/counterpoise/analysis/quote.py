"""A quote on the table: accept it, haggle (to which price), or refuse it, each with the reason.

The case is planned without any quote, then with each alone.  A quote that the plan takes and that saves
money is accepted.  For one that it does not take, the break-even price is found by planning again: at a
price factor f the plan pays f·E for what it takes of the offer and costs Z(f) in all, so the same plan would
break even with the base Z0 at f + (Z0 − Z(f)) / E.  Z is concave in f, so repeating this climbs to the
dearest price at which the plan still gains from the offer, in a few solves, and from below.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from counterpoise.analysis.changes import known_offer, scale_prices, with_offer, without_offers
from counterpoise.analysis.levelised import offer_usd_per_h, usd_per_unit
from counterpoise.analysis.replan import Around
from counterpoise.analysis.resolve import Outcome, Solver, open_usd, resolve
from counterpoise.analysis.use import deployments
from counterpoise.planning.objective import MAINTENANCE, PURCHASE, RENT, RESERVE, SALVAGE
from counterpoise.planning.plan import Plan
from counterpoise.planning.problem import Buy, Problem, Rent, Reserve

Decision = Literal["accept", "haggle", "refuse"]

LARGEST_DISCOUNT = 0.30
"""Deepest discount still worth asking for: assumed; street prices of servers lie 10 to 30 % below list."""
MARGIN = 0.005
"""What is asked below the break-even price, so that the bargain is worth more than the paper."""
MOST_STEPS = 6
OFFER_ITEMS = (PURCHASE, SALVAGE, MAINTENANCE, RESERVE, RENT)


@dataclass(frozen=True, slots=True)
class QuoteAnswer:
    """What to do with a quote, alone on the table.

    `saving_usd`: present value over the horizon, at the asked price (accept) or at `haggle_factor` times
    it (haggle); None where the case has no plan without the quote.  `systems`: taken over the horizon, for a
    rent the most at any time.  `haggle_price` is in the quote's own unit (per system bought, per system and
    period reserved, per system-hour rented), of the first period it can be taken.
    """

    quote: str
    decision: Decision
    saving_usd: float | None
    uncertain_usd: float
    systems: float
    price: float
    haggle_factor: float | None
    haggle_price: float | None
    why: str


def review(
    problem: Problem,
    quotes: Collection[str],
    solver: Solver,
    *,
    largest_discount: float = LARGEST_DISCOUNT,
) -> tuple[QuoteAnswer, ...]:
    """Decide on each quote.

    Parameters ---------- problem : the case with the quotes among its offers, and the pools and deployments
    they bring. quotes : ids of the offers (purchases, reservations, rents) that are on the table. solver :
    plans a problem; its gap bounds what can be told apart.  `replan.Around` the plan without the quotes is
    quick; the techniques that a quote's systems need are opened then. largest_discount : a quote that pays
    only at a deeper discount is refused.

    Raises `UnknownName` for an id that is no offer.
    """
    offers = {id_: known_offer(problem, id_) for id_ in sorted(quotes)}
    without = without_offers(problem, offers)
    (base,) = resolve([without], solver)
    answers = []
    for id_, offer in offers.items():
        alone = with_offer(without, offer)
        answers.append(_decide(id_, alone, base, _open_to(solver, alone, offer), largest_discount))
    return tuple(answers)


def _open_to(solver: Solver, problem: Problem, offer: Buy | Reserve | Rent) -> Solver:
    """Around a plan: leave open the techniques that systems of the offer would need."""
    if not isinstance(solver, Around):
        return solver
    runs = deployments(problem).values()
    return solver.opening(r.technique for d in runs if d.pool == offer.pool for r in d.requires)


def _decide(
    id_: str, problem: Problem, base: Outcome, solver: Solver, largest_discount: float
) -> QuoteAnswer:
    offer = known_offer(problem, id_)
    answer = QuoteAnswer(id_, "refuse", 0.0, 0.0, 0.0, first_price(offer), None, None, "")
    impossible = why_useless(problem, offer)
    if impossible:
        return replace(answer, why=impossible)
    (asked,) = resolve([problem], solver)
    if asked.plan is None:
        return replace(answer, saving_usd=None, why=asked.why)
    taken = systems_taken(asked.plan, offer)
    if base.plan is None:
        answer = replace(answer, saving_usd=None, systems=taken)
        return replace(answer, decision="accept", why="without it the case has no plan")
    saving = base.plan.objective_usd - asked.plan.objective_usd
    uncertain = max(open_usd(base.plan), open_usd(asked.plan))
    answer = replace(answer, uncertain_usd=uncertain)
    if taken > 0 and saving > uncertain:
        why = f"the plan takes it and costs {saving:,.0f} USD less"
        return replace(answer, decision="accept", saving_usd=saving, systems=taken, why=why)
    return _haggle(answer, problem, base.plan, solver, largest_discount)


def _haggle(
    answer: QuoteAnswer, problem: Problem, base: Plan, solver: Solver, largest_discount: float
) -> QuoteAnswer:
    offer = known_offer(problem, answer.quote)
    factor = 1.0 - largest_discount
    best: tuple[float, Plan] | None = None
    for _ in range(MOST_STEPS):
        (outcome,) = resolve([scale_prices(problem, [offer.id], factor)], solver)
        plan = outcome.plan
        if plan is None:
            break
        saving = base.objective_usd - plan.objective_usd
        paid = offer_usd(plan, offer.id)
        if systems_taken(plan, offer) <= 0 or paid <= 0 or saving <= max(open_usd(base), open_usd(plan)):
            break
        best = factor, plan
        break_even = factor * (1.0 + saving / paid)
        step = min(break_even * (1.0 - MARGIN), 1.0)
        if step <= factor * (1.0 + MARGIN):
            break
        factor = step
    if best is None:
        why = f"even {largest_discount:.0%} below the asked price the plan gains nothing from it"
        return replace(answer, why=f"{why}{_rival(problem, offer)}")
    factor, plan = best
    return replace(
        answer,
        decision="haggle",
        saving_usd=base.objective_usd - plan.objective_usd,
        uncertain_usd=max(open_usd(base), open_usd(plan)),
        systems=systems_taken(plan, offer),
        haggle_factor=factor,
        haggle_price=answer.price * factor,
        why=f"it pays from {1.0 - factor:.1%} below the asked price",
    )


def first_price(offer: Buy | Reserve | Rent) -> float:
    """Price of the first period in which an offer can be taken, in its own unit; inf where in none."""
    prices = offer.price_usd_per_h if isinstance(offer, Rent) else offer.price_usd
    return next(
        (p for p, s in zip(prices, offer.supply, strict=True) if s > 0 and math.isfinite(p)), math.inf
    )


def offer_usd(plan: Plan, offer: str) -> float:
    """Present value that a plan pays for an offer: price less salvage, upkeep, rent.  Linear in its price."""
    return sum(c.present_usd for c in plan.costs if c.id == offer and c.item in OFFER_ITEMS)


def systems_taken(plan: Plan, offer: Buy | Reserve | Rent) -> float:
    """Systems bought or reserved over the horizon; for a rent, the most at any time."""
    if isinstance(offer, Rent):
        rows = (*plan.rent.get(offer.id, ()), *plan.window_rent.get(offer.id, ()))
        taken = max((x for row in rows for x in row), default=0.0)
    else:
        values: Mapping[str, tuple[float, ...]] = plan.buy if isinstance(offer, Buy) else plan.reserve
        taken = sum(values.get(offer.id, ()))
    return taken if taken > 1e-6 else 0.0


def why_useless(problem: Problem, offer: Buy | Reserve | Rent) -> str:
    """Return why no plan could take an offer, "" where one could."""
    pool = problem.pools[offer.pool]
    if not math.isfinite(first_price(offer)):
        return "it cannot be taken in any period of the horizon"
    if isinstance(offer, Buy):
        opens = next(t for t, s in enumerate(offer.supply) if s > 0 and math.isfinite(offer.price_usd[t]))
        if opens + offer.lead_periods >= len(problem.periods):
            return f"it would arrive {offer.lead_periods} periods after the order, beyond the horizon"
    if not any(d.pool == pool.id for d in deployments(problem).values()):
        return f"none of the workloads can run on {pool.system}"
    least_w = pool.idle_w * problem.pue
    if pool.on_site and least_w > max(problem.limits.power_w):
        most_kw = max(problem.limits.power_w) / 1000.0
        return f"one {pool.system} draws {least_w / 1000.0:,.1f} kW when idle, the site has {most_kw:,.1f} kW"
    return ""


def _rival(problem: Problem, offer: Buy | Reserve | Rent) -> str:
    """Words on what does the same work for less, on always busy systems; "" where nothing does."""
    without = without_offers(problem, [offer.id])
    hour_usd = offer_usd_per_h(problem, offer)
    runs = deployments(problem).values()
    beaten: list[str] = []
    for workload in sorted({d.workload for d in runs if d.pool == offer.pool}):
        own = min(
            usd_per_unit(problem, d, hour_usd)
            for d in runs
            if d.workload == workload and d.pool == offer.pool
        )
        others = [
            (usd_per_unit(without, d), problem.pools[d.pool].id) for d in runs if d.workload == workload
        ]
        # A share of the requests only (a cache, a routed API) is no rival for all of them.
        others += [
            (min(s.usd_per_request), s.id)
            for s in problem.substitutes.values()
            if s.workload == workload and s.share_group is None
        ]
        least, name = min(others)
        if least < own:
            beaten.append(f"{workload} costs {own / least:.3g} x as much as on {name}")
    return f"; on busy systems {', '.join(beaten)}" if beaten else ""
