"""Every payment of a plan as a table of charges, and the objective: their expected present value.

A charge is paid per unit of one variable, in one period.  The same table prices the plan, bounds its capex
and opex, and itemises its cost afterwards, so that the three cannot disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from counterpoise.planning.possible import HOURS_PER_DAY, in_use
from counterpoise.planning.rows import ABSENT, Labels
from counterpoise.planning.tables import Array, Index, Tables
from counterpoise.planning.variables import Variables

W_PER_KW = 1000.0
ALL_SCENARIOS = -1

PURCHASE, SALVAGE, MAINTENANCE, RESERVE, RENT = "purchase", "salvage", "maintenance", "reserve", "rent"
ENERGY, SUBSTITUTE, TECHNIQUE, ENGINEERS, UNSERVED = (
    "energy", "substitute", "technique", "engineers", "unserved",
)  # fmt: skip
ITEMS = (
    PURCHASE, SALVAGE, MAINTENANCE, RESERVE, RENT, ENERGY, SUBSTITUTE, TECHNIQUE, ENGINEERS, UNSERVED,
)  # fmt: skip

if TYPE_CHECKING:
    from linopy import Model
"""Items of cost.  `purchase` is capex; salvage and the price put on unserved work are no cash within the
horizon and count in no limit; all others are opex."""
CAPEX_ITEMS = (PURCHASE,)
OPEX_ITEMS = (MAINTENANCE, RESERVE, RENT, ENERGY, SUBSTITUTE, TECHNIQUE, ENGINEERS)


@dataclass(frozen=True, slots=True)
class Charges:
    """Payments, one entry each: `usd` of period `period` per unit of variable `label`, not discounted.

    `item` is a position in ITEMS, `id` one in `ids`; `scenario` is ALL_SCENARIOS for decisions here and now.
    """

    ids: tuple[str, ...]
    item: Index
    id: Index
    period: Index
    scenario: Index
    label: Labels
    usd: Array

    def of(self, items: Sequence[str]) -> Charges:
        """Only the charges of some items."""
        keep = np.isin(self.item, [ITEMS.index(i) for i in items])
        return Charges(
            self.ids, self.item[keep], self.id[keep], self.period[keep],
            self.scenario[keep], self.label[keep], self.usd[keep],
        )  # fmt: skip


class _Ledger:
    """Collects charges of one item at a time, broadcasting them over the axes of their variable."""

    def __init__(self) -> None:
        self.ids: dict[str, int] = {}
        self.parts: list[tuple[Index, ...]] = []

    def add(
        self,
        item: str,
        ids: Sequence[str],
        labels: Labels,
        period: ArrayLike,
        usd: ArrayLike,
        scenario: ArrayLike = ALL_SCENARIOS,
    ) -> None:
        numbers = np.array([self.ids.setdefault(i, len(self.ids)) for i in ids], dtype=np.int64)
        numbers = numbers.reshape((-1,) + (1,) * (labels.ndim - 1))
        label, number, when, where, money = np.broadcast_arrays(
            labels, numbers, np.asarray(period), np.asarray(scenario), np.asarray(usd, dtype=np.float64)
        )
        keep = (label != ABSENT) & (money != 0.0)
        kind = np.full(int(keep.sum()), ITEMS.index(item), dtype=np.int64)
        self.parts.append((kind, number[keep], when[keep], where[keep], label[keep], money[keep]))

    def charges(self) -> Charges:
        item, id_, period, scenario, label, usd = (
            np.concatenate(part) for part in zip(*self.parts, strict=True)
        )
        return Charges(tuple(self.ids), item, id_, period, scenario, label, usd)


def charges(v: Variables) -> Charges:
    """Everything that is paid, in periods of the horizon.

    - purchase: on ordering.  Salvage: `salvage_share` of the price per period of life left at the end of the
      horizon, at most the price, at the discount of the last period.
    - maintenance: per period in use.  A reservation: per period of its term within the horizon.
    - rent: by the hour and block; rent for the windows of training only on those days.
    - energy: of systems on site, idle power for every hour they are there, and what running adds.  A serving
      deployment's addition follows the mean load of a block (`mean_to_peak`, without the reserve margin);
      training's is drawn on its days.
    - substitutes and unserved requests: by volume, at the mean load and without the reserve margin, which
      sizes capacity and is not asked.
    """
    ledger = _Ledger()
    _orders(ledger, v)
    _rents(ledger, v)
    _running(ledger, v)
    _requests(ledger, v)
    _techniques(ledger, v)
    return ledger.charges()


def _orders(ledger: _Ledger, v: Variables) -> None:
    t = v.tables
    n = len(t.days)
    when = np.arange(n)
    if t.buys:
        labels = v.of("buy", (len(t.buys), n))
        price = _finite(t.values("buys", "price_usd"))
        ledger.add(PURCHASE, t.buys, labels, when, price)
        lead, life = (t.values("buys", f)[:, None] for f in ("lead_periods", "life_periods"))
        left = np.clip(when + lead + life - n, 0.0, life)
        share = np.minimum(1.0, left * t.values("buys", "salvage_share")[:, None])
        ledger.add(SALVAGE, t.buys, labels, n - 1, -price * share)
        used = in_use(t, "buys")
        upkeep = t.values("buys", "opex_usd_per_period")[:, None, None] * used
        ledger.add(MAINTENANCE, t.buys, labels[:, :, None], when, upkeep)
    if t.reserves:
        labels = v.of("reserve", (len(t.reserves), n))
        price = _finite(t.values("reserves", "price_usd"))
        ledger.add(RESERVE, t.reserves, labels[:, :, None], when, price[:, :, None] * in_use(t, "reserves"))
    for kind, name in (("buys", "buy"), ("reserves", "reserve")):
        ids = getattr(t, kind)
        if ids:
            pools = t.pool_of(kind)
            idle_usd = idle_w(t)[pools][:, None, None] * usd_per_w_h(t) * HOURS_PER_DAY * t.days
            names = [t.pools[p] for p in pools]
            ledger.add(ENERGY, names, v.of(name, (len(ids), n))[:, :, None], when, idle_usd * in_use(t, kind))


def _rents(ledger: _Ledger, v: Variables) -> None:
    t = v.tables
    n, b, s = t.size
    if not t.rents:
        return
    when, scenario = np.arange(n)[:, None, None], np.arange(s)
    hours = (t.days[:, None] * t.hours)[:, :, None]
    price = _finite(t.values("rents", "price_usd_per_h"))[:, :, None, None]
    idle = (idle_w(t)[t.pool_of("rents")] * usd_per_w_h(t))[:, None, None, None]
    places = [t.pools[p] for p in t.pool_of("rents")]
    labels = v.of("rent", (len(t.rents), n, b, s))
    ledger.add(RENT, t.rents, labels, when, price * hours, scenario)
    ledger.add(ENERGY, places, labels, when, idle * hours, scenario)
    if not v.window_rents:
        return
    rental = np.array([w.rental for w in v.window_rents])
    share = t.windows.share[[w.workload for w in v.window_rents]][:, :, None, None]
    labels = v.of("window_rent", (len(rental), n, b, s))
    ids = [t.rents[r] for r in rental]
    ledger.add(RENT, ids, labels, when, (price[rental] * hours * share), scenario)
    ledger.add(ENERGY, [places[r] for r in rental], labels, when, idle[rental] * hours * share, scenario)


def _running(ledger: _Ledger, v: Variables) -> None:
    t = v.tables
    n, b, s = t.size
    labels = v.of("run", (len(t.runs), n, b, s))
    added = added_w(t)[:, None, None] * usd_per_w_h(t)
    hours = t.days[:, None] * t.hours
    serving = t.volume_s[t.workload_of("serving")] / 3600.0
    training = t.windows.share[t.workload_of("training")][:, :, None] * hours
    usd = added * np.concatenate([serving.reshape(-1, n, b), training.reshape(-1, n, b)])
    ledger.add(ENERGY, t.runs, labels, np.arange(n)[:, None, None], usd[:, :, :, None], np.arange(s))


def _requests(ledger: _Ledger, v: Variables) -> None:
    t = v.tables
    n, b, s = t.size
    when, scenario = np.arange(n)[:, None, None], np.arange(s)
    price = _finite(t.values("substitutes", "usd_per_request"))[:, :, None, None]
    volume = t.volume_s[t.workload_of("substitutes")][:, :, :, None]
    labels = v.of("substitute", (len(t.substitutes), n, b, s))
    ledger.add(SUBSTITUTE, t.substitutes, labels, when, price * volume, scenario)
    asked = [t.problem.serving_demand[w] for w in t.served]
    penalty = _finite(np.array([d.unserved_usd_per_request for d in asked])).reshape(-1, 1, 1, 1)
    labels = v.of("unserved", (len(t.served), n, b, s))
    ledger.add(UNSERVED, t.served, labels, when, penalty * t.volume_s[:, :, :, None], scenario)
    works = [t.problem.training_demand[w] for w in t.trained]
    per_token = _finite(np.array([d.unserved_usd_per_token for d in works])).reshape(-1, 1)
    usd = (per_token * t.windows.need_tokens[:, None] * t.windows.runs)[:, :, None]
    labels = v.of("untrained", (len(t.trained), n, s))
    ledger.add(UNSERVED, t.trained, labels, np.arange(n)[:, None], usd, scenario)


def _techniques(ledger: _Ledger, v: Variables) -> None:
    t = v.tables
    n = len(t.days)
    if not t.techniques:
        return
    labels, when = v.of("adopt", (len(t.techniques), n)), np.arange(n)
    ledger.add(TECHNIQUE, t.techniques, labels, when, t.values("techniques", "cost_usd")[:, None])
    from_then = (when[None, :] >= when[:, None]).astype(np.float64)
    running = t.values("techniques", "opex_usd_per_period")[:, None, None] * from_then
    ledger.add(TECHNIQUE, t.techniques, labels[:, :, None], when, running)
    weeks = t.values("techniques", "engineer_weeks")[:, None]
    ledger.add(ENGINEERS, t.techniques, labels, when, weeks * t.problem.engineer_usd_per_week)


def usd_per_w_h(t: Tables) -> float:
    """US dollars for a watt of a system over an hour, at the meter."""
    return t.problem.pue * t.problem.electricity_usd_per_kwh / W_PER_KW


def idle_w(t: Tables) -> Array:
    """Watts that a system draws for being there, by pool; 0 where it does not stand on the site."""
    pools = [t.problem.pools[p] for p in t.pools]
    return np.array([p.idle_w if p.on_site else 0.0 for p in pools])


def added_w(t: Tables) -> Array:
    """Watts that a deployment adds to an idle system of the site, by deployment; never below 0."""
    powers = np.concatenate([t.values("serving", "power_w"), t.values("training", "power_w")])
    on_site = np.array([t.problem.pools[t.pools[p]].on_site for p in t.pool_of("runs")], dtype=bool)
    return np.where(on_site, np.maximum(0.0, powers - idle_w(t)[t.pool_of("runs")]), 0.0)


def _finite(values: Array) -> Array:
    """Prices with 0 for what cannot be had: there is no variable that pays it."""
    return np.where(np.isfinite(values), values, 0.0)


def present_usd(c: Charges, t: Tables) -> Array:
    """Expected present value of each charge per unit of its variable, US dollars of the first period."""
    chance = np.where(c.scenario == ALL_SCENARIOS, 1.0, t.probability[c.scenario])
    return c.usd * t.discount[c.period] * chance


def money_scale(c: Charges) -> float:
    """US dollars that count as 1 in the objective and in rows of money.

    A hundredth of the median price of purchases and rents (of all charges, where there are none): the
    solver's tolerances are absolute, so the unit of money must not matter to them.
    """
    prices = np.abs(c.of((PURCHASE, RESERVE, RENT)).usd)
    prices = prices if prices.size else np.abs(c.usd)
    return float(np.median(prices)) / 100.0 if prices.size else 1.0


def minimise(v: Variables, c: Charges) -> None:
    """Set the model's objective: the expected present value of all charges, in `money_scale` dollars."""
    coefficients = np.bincount(c.label, weights=present_usd(c, v.tables), minlength=v.columns)
    set_objective(v.model, coefficients / money_scale(c))


def set_objective(model: Model, coefficients: Array) -> None:
    """Minimise `coefficients` times the variables of those labels."""
    import xarray as xr
    from linopy import LinearExpression

    labels = np.flatnonzero(coefficients)
    if not labels.size:
        return
    terms = {"coeffs": (("_term",), coefficients[labels]), "vars": (("_term",), labels)}
    model.add_objective(LinearExpression(xr.Dataset(terms), model))
