"""Other conditions of supply: what offers cost and when they deliver, quarter by quarter.

Planning holds today's prices over the horizon.  Here a future says otherwise: each purchase and rent has a
factor on its price in every period, and each purchase its own delivery time by the period of its order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from counterpoise.planning.problem import Buy, Problem, Rent, Reserve

DIGITS = 9
"""Orders whose delivery and fall of resale price agree to so many decimals are one offer."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """A future of the offers, by offer id and period; an id that is missing stays as it is.

    `price[id][t]` multiplies the price of a purchase ordered in t.  `rent[id][t]` multiplies the price of an
    hour in t, or of a reservation signed in t.  `lead_periods[id][t]` is the time from an order in t to use.
    """

    price: Mapping[str, tuple[float, ...]]
    rent: Mapping[str, tuple[float, ...]]
    lead_periods: Mapping[str, tuple[int, ...]]


def under(problem: Problem, conditions: Conditions) -> Problem:
    """Return the problem under other conditions.

    A system's price falls evenly over its life, and beside that with the market: one ordered at `price[t]`
    sells at the end of the horizon for its share of `price[last]`, whatever was paid for it.  Upkeep follows
    the price paid.  Orders that differ in delivery or in that fall become offers of their own
    (`order_id`), so that nothing is averaged.
    """
    buys: dict[str, Buy] = {}
    for id_, one in problem.buys.items():
        labels = [p.label for p in problem.periods]
        factors = conditions.price.get(id_, (1.0,) * len(labels))
        leads = conditions.lead_periods.get(id_, (one.lead_periods,) * len(labels))
        buys |= _ordered(one, factors, leads, labels)
    return replace(
        problem,
        buys=buys,
        rents={k: _rented(r, conditions.rent.get(k)) for k, r in problem.rents.items()},
        reserves={k: _reserved(r, conditions.rent.get(k)) for k, r in problem.reserves.items()},
    )


def order_id(offer: str, label: str) -> str:
    """Id of an offer's orders from period `label` on, where they differ from those of the first period."""
    return f"{offer}, ordered {label}"


def offer_of(id_: str) -> str:
    """Return the offer that an order belongs to."""
    return id_.rpartition(", ordered ")[0] or id_


def later(conditions: Conditions, *, price: float = 1.0, rent: float = 1.0) -> Conditions:
    """The same with all prices and rents after the first period multiplied."""

    def times(rows: Mapping[str, tuple[float, ...]], factor: float) -> dict[str, tuple[float, ...]]:
        return {k: (row[0], *(x * factor for x in row[1:])) for k, row in rows.items()}

    return Conditions(times(conditions.price, price), times(conditions.rent, rent), conditions.lead_periods)


def _ordered(
    one: Buy, factors: Sequence[float], leads: Sequence[int], labels: Sequence[str]
) -> dict[str, Buy]:
    """The purchase as one offer per group of periods that share delivery and fall of price."""
    groups: dict[tuple[int, float], list[int]] = {}
    for t, (factor, lead) in enumerate(zip(factors, leads, strict=True)):
        groups.setdefault((lead, round(factors[-1] / factor, DIGITS)), []).append(t)
    found: dict[str, Buy] = {}
    for (lead, fall), members in groups.items():
        id_ = one.id if members[0] == 0 else order_id(one.id, labels[members[0]])
        paid = sum(factors[t] for t in members) / len(members)
        found[id_] = replace(
            one,
            id=id_,
            price_usd=tuple(
                p * factors[t] if t in members else math.inf for t, p in enumerate(one.price_usd)
            ),
            lead_periods=lead,
            salvage_share=one.salvage_share * fall,
            opex_usd_per_period=one.opex_usd_per_period * paid,
        )
    return found


def _rented(rent: Rent, factors: Sequence[float] | None) -> Rent:
    if factors is None:
        return rent
    prices = zip(rent.price_usd_per_h, factors, strict=True)
    return replace(rent, price_usd_per_h=tuple(p * f for p, f in prices))


def _reserved(reserve: Reserve, factors: Sequence[float] | None) -> Reserve:
    if factors is None:
        return reserve
    return replace(reserve, price_usd=tuple(p * f for p, f in zip(reserve.price_usd, factors, strict=True)))
