"""Buy now, wait or rent: what each costs in each future of prices and delivery.

A policy says when systems may be bought.  Its orders of the first quarter, and which techniques it adopts
when, are decided before the future is known and are the same in all futures; the rest (rents, APIs, later
purchases, what runs where) follows when the future is known, after the first quarter.

Technique schedules come from a few plans solved from nothing: at today's prices, in the mean future, and in
the mean future with renting only.  Around each of them (`analysis.replan`) every future is planned under
every policy, which proposes orders of the first quarter; each proposal is held in every future, and the one
of least expected cost stands.  A cost is that of a plan that can be followed: above the best two-stage
plan's by what nobody proposed and by what the solver's gap leaves open.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from counterpoise.analysis.conditions import offer_of
from counterpoise.analysis.replan import held
from counterpoise.analysis.resolve import Outcome, open_usd, resolve
from counterpoise.errors import NoPlan, RunFailed
from counterpoise.planning.plan import Plan
from counterpoise.planning.problem import Problem
from counterpoise.planning.reading import read
from counterpoise.planning.solve import formulate, solve
from counterpoise.planning.warm import adopted, optimise_from

Orders = tuple[tuple[str, str, float], ...]
"""Orders of the first quarter: ("buy" | "reserve", offer, systems), sorted; what is not named is 0."""
DIMS = {"buy": "purchase", "reserve": "reservation"}
LEAST_ORDER = 1e-6


@dataclass(frozen=True, slots=True)
class Policy:
    """When systems may be bought: from period `opens` to before `closes`; some at once, if `buys_now`."""

    name: str
    opens: int = 0
    closes: float = math.inf
    buys_now: bool = False

    def holds(self, other: Policy) -> bool:
        """Whether every purchase that the other policy allows is allowed here."""
        return other.closes <= other.opens or (self.opens <= other.opens and other.closes <= self.closes)


BUY_NOW = Policy("buy now", closes=1, buys_now=True)
RENT = Policy("rent", closes=0)
FREE = Policy("free")
"""The planner's own choice: it may buy at any time, or never."""


def waiting(periods: int) -> Policy:
    """No purchase in the first `periods` quarters; afterwards one is made where it pays."""
    return Policy(f"wait {periods} quarter{'s' if periods != 1 else ''}", opens=periods)


@dataclass(frozen=True, slots=True)
class Solving:
    """How policies are solved: from nothing to `gap`, around a plan to `again_gap`; `workers` at a time.

    The limits in seconds end what does not end; solves that meet their gap do not depend on them.
    """

    gap: float = 1e-2
    time_limit_s: float = 60.0
    again_gap: float = 2e-3
    again_time_limit_s: float = 20.0
    workers: int = 1


@dataclass(frozen=True, slots=True)
class Followed:
    """A policy followed into every future.

    `plans[s]` is None where it has no plan in future s, and then `why` says so.  `orders` are those of the
    first quarter; `base` is the plan whose techniques it keeps.  `foreseen_usd[s]`: what the policy costs if
    its orders are chosen for future s alone.
    """

    policy: Policy
    orders: Orders
    base: Plan | None
    plans: tuple[Plan | None, ...]
    foreseen_usd: tuple[float, ...]
    why: str = ""

    @property
    def costs_usd(self) -> tuple[float, ...]:
        """Present value of its cost in each future; inf where it has no plan."""
        return tuple(math.inf if p is None else p.objective_usd for p in self.plans)

    @property
    def open_usd(self) -> tuple[float, ...]:
        """What the solver's gap leaves open in each future."""
        return tuple(0.0 if p is None else open_usd(p) for p in self.plans)

    def expected_usd(self, probabilities: Sequence[float]) -> float:
        """Expected present value; inf where some future has no plan."""
        return sum(p * c for p, c in zip(probabilities, self.costs_usd, strict=True))


def restricted(problem: Problem, policy: Policy) -> Problem:
    """The problem with purchases open in the policy's periods only."""
    return replace(
        problem,
        buys={
            k: replace(
                b,
                price_usd=tuple(
                    p if policy.opens <= t < policy.closes else math.inf for t, p in enumerate(b.price_usd)
                ),
            )
            for k, b in problem.buys.items()
        },
    )


def first_plans(today: Problem, mean: Problem, solving: Solving) -> list[Plan]:
    """Plans solved from nothing, whose techniques and orders the policies start from.

    Of `today`'s prices and of the mean future; of the mean future with renting only too, where that of the
    mean future buys.  Raises NoPlan if neither of the first two has a plan.
    """
    cold = partial(solve, gap=solving.gap, time_limit_s=solving.time_limit_s)
    outcomes = resolve([today, mean], cold, workers=solving.workers)
    plans = [o.plan for o in outcomes if o.plan is not None]
    if not plans:
        raise NoPlan(outcomes[0].why.removeprefix("no plan: "))
    if any(map(any, plans[-1].buy.values())):
        (rented,) = resolve([restricted(mean, RENT)], cold)
        plans += [rented.plan] if rented.plan is not None else []
    return plans


def follow(
    plans: Sequence[Plan],
    futures: Sequence[Problem],
    probabilities: Sequence[float],
    policies: Sequence[Policy],
    solving: Solving,
    *,
    on_policy: Callable[[Followed], None] = lambda _: None,
) -> list[Followed]:
    """Follow each policy into every future, with the techniques of whichever of `plans` suits it best.

    `FREE` takes the orders of another policy if they cost less in expectation: it could have chosen them.
    `on_policy` is called as each ends, the least restricted first.
    """
    search = _Search(plans, futures, probabilities, solving)
    found: dict[Policy, Followed] = {}
    for policy in sorted(policies, key=lambda p: (p.buys_now, -p.closes, p.opens)):
        found[policy] = search.follow(policy)
        on_policy(found[policy])
    followed = [found[p] for p in policies]
    best = min(followed, key=lambda f: f.expected_usd(probabilities))
    foreseen = tuple(min(f.foreseen_usd[s] for f in followed) for s in range(len(futures)))
    return [
        replace(best, policy=FREE, foreseen_usd=foreseen)
        if f.policy == FREE and best.expected_usd(probabilities) < f.expected_usd(probabilities)
        else f
        for f in followed
    ]


def cost_again(problem: Problem, followed: Followed, solving: Solving) -> float:
    """Cost of a policy as followed, in another future; inf where it has no plan."""
    if followed.base is None:
        return math.inf
    narrowed = restricted(problem, followed.policy)
    outcome = planned_again(narrowed, followed.base, followed.orders, solving)
    return math.inf if outcome.plan is None else outcome.plan.objective_usd


def planned_again(problem: Problem, base: Plan, orders: Orders | None, solving: Solving) -> Outcome:
    """Plan a problem around a plan, its techniques held; the first quarter's orders too, where given."""
    f = formulate(held(problem, adopted(base)))
    if orders is not None and not _fix(f.v.model, orders):
        return Outcome(None, "what is ordered in the first quarter cannot be had")
    try:
        values = optimise_from(
            f, base, gap=solving.again_gap, time_limit_s=solving.again_time_limit_s, integers=True
        )
    except RunFailed as error:
        return Outcome(None, f"not solved: {error}")
    if values is None:
        return Outcome(None, "no plan meets the demand within the limits")
    return Outcome(read(f, values, gap=solving.again_gap, integers=True))


def orders_of(plan: Plan) -> Orders:
    """What a plan orders in the first quarter, by offer."""
    named: dict[tuple[str, str], float] = {}
    for kind in DIMS:
        rows: Mapping[str, Sequence[float]] = getattr(plan, kind)
        for id_, row in rows.items():
            if row[0] > LEAST_ORDER:
                key = (kind, offer_of(id_))
                named[key] = named.get(key, 0.0) + round(row[0], 6)
    return tuple((kind, id_, n) for (kind, id_), n in sorted(named.items()))


Question = tuple[int, int, Orders | None]
"""A plan to start from, a future, and the first quarter's orders (None: free)."""


@dataclass(slots=True)
class _Search:
    """What has been planned again, so that nothing is planned twice."""

    plans: Sequence[Plan]
    futures: Sequence[Problem]
    probabilities: Sequence[float]
    solving: Solving
    solved: dict[Question, list[tuple[Policy, Outcome]]] = field(default_factory=dict)

    def follow(self, policy: Policy) -> Followed:
        """Ask each future for its proposal, then hold proposals in every future, best bound first."""
        bases, futures = range(len(self.plans)), range(len(self.futures))
        alone = self.answers(policy, [(b, s, None) for b in bases for s in futures])
        usd = {k: math.inf if o.plan is None else o.plan.objective_usd for k, o in alone.items()}
        foreseen = tuple(min(usd[b, s, None] for b in bases) for s in futures)
        proposed = {(b, orders_of(self.plans[b])) for b in bases if within(self.plans[b], policy, first=True)}
        proposed |= {(b, orders_of(o.plan)) for (b, _, _), o in alone.items() if o.plan is not None}
        if policy.buys_now:
            proposed = {(b, orders) for b, orders in proposed if any(kind == "buy" for kind, _, _ in orders)}
            proposed = proposed or self.one_system(policy)
        bounds = {
            (b, orders): math.fsum(p * usd[b, s, None] for s, p in enumerate(self.probabilities))
            for b, orders in proposed
        }
        best = Followed(policy, (), None, (None,) * len(futures), foreseen, _why_none(alone.values()))
        for b, orders in sorted(proposed, key=lambda k: (bounds[k], k)):
            if bounds[b, orders] >= best.expected_usd(self.probabilities):
                break
            outcomes = list(self.answers(policy, [(b, s, orders) for s in futures]).values())
            why = next((o.why for o in outcomes if o.plan is None), "")
            found = Followed(policy, orders, self.plans[b], tuple(o.plan for o in outcomes), foreseen, why)
            if found.expected_usd(self.probabilities) < best.expected_usd(self.probabilities):
                best = found
        return best

    def one_system(self, policy: Policy) -> set[tuple[int, Orders]]:
        """The least purchase that costs least in the likeliest future: what buying now takes at least.

        Where no future calls for a purchase, a policy of buying has to be priced all the same.
        """
        likeliest = int(np.argmax(self.probabilities))
        offers = {
            offer_of(id_)
            for id_, buy in self.futures[likeliest].buys.items()
            if math.isfinite(buy.price_usd[0]) and buy.supply[0] >= 1.0
        }
        asked: list[Question] = [(0, likeliest, (("buy", offer, 1.0),)) for offer in sorted(offers)]
        found = self.answers(policy, asked)
        usd = {orders: o.plan.objective_usd for (_, _, orders), o in found.items() if o.plan and orders}
        return {(0, min(usd, key=lambda orders: (usd[orders], orders)))} if usd else set()

    def answers(self, policy: Policy, questions: Sequence[Question]) -> dict[Question, Outcome]:
        """Plan again what no earlier solve answers, `solving.workers` at a time."""
        known = {q: self.known(policy, q) for q in questions}
        open_ = [q for q, outcome in known.items() if outcome is None]

        def one(question: Question) -> Outcome:
            b, s, orders = question
            return planned_again(restricted(self.futures[s], policy), self.plans[b], orders, self.solving)

        if self.solving.workers > 1:
            with ThreadPoolExecutor(max_workers=self.solving.workers) as executor:
                outcomes = list(executor.map(one, open_))
        else:
            outcomes = [one(q) for q in open_]
        for question, outcome in zip(open_, outcomes, strict=True):
            self.solved.setdefault(question, []).append((policy, outcome))
        fresh = dict(zip(open_, outcomes, strict=True))
        return {q: outcome or fresh[q] for q, outcome in known.items()}

    def known(self, policy: Policy, question: Question) -> Outcome | None:
        """An answer under a wider policy that holds here: its plan keeps to this policy, or it has none.

        With free orders, an answer whose own orders are those asked for holds too.
        """
        b, s, orders = question
        for (other_b, other_s, other), solved in self.solved.items():
            if (other_b, other_s) != (b, s) or other not in (orders, None):
                continue
            for wider, outcome in solved:
                if not wider.holds(policy):
                    continue
                if outcome.plan is None:
                    return outcome
                if within(outcome.plan, policy) and (other == orders or orders_of(outcome.plan) == orders):
                    return outcome
        return None


def within(plan: Plan, policy: Policy, *, first: bool = False) -> bool:
    """Whether a plan buys in the policy's periods only; `first`: judged by the first quarter alone."""
    return all(
        policy.opens <= t < policy.closes or x <= LEAST_ORDER
        for row in plan.buy.values()
        for t, x in enumerate(row[:1] if first else row)
    )


def _why_none(outcomes: Iterable[Outcome]) -> str:
    nothing = "no purchase in the first quarter can be made"
    return next((o.why for o in outcomes if o.plan is None), nothing)


def _fix(model: Any, orders: Orders) -> bool:  # noqa: ANN401 - linopy is untyped
    """Hold the first quarter's orders at these; False where one of them cannot be made."""
    for kind, dim in DIMS.items():
        wanted = {id_: n for k, id_, n in orders if k == kind}
        if kind not in set(model.variables):
            if wanted:
                return False
            continue
        first = model.variables[kind].isel(period=0)
        for id_, label in zip(first.indexes[dim], first.labels.values, strict=True):
            count = wanted.pop(str(id_), 0.0)
            if label >= 0:
                row = first.sel({dim: id_})
                model.add_constraints(row == count, name=f"first {kind}: {id_}")
            elif count:
                return False
        if wanted:
            return False
    return True
