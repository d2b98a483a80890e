"""What is allowed to a plan: power, money, supply, systems of a kind, engineers.

These are the limits that a buyer can ask to have raised; each may be made elastic, one at a time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from counterpoise.planning.formulation import Formulation
from counterpoise.planning.objective import (
    ALL_SCENARIOS,
    CAPEX_ITEMS,
    OPEX_ITEMS,
    W_PER_KW,
    added_w,
    idle_w,
    money_scale,
)
from counterpoise.planning.variables import TIME_DIMS


def allow(f: Formulation) -> None:
    """Add the rows of all limits."""
    power(f)
    money(f, "capex", CAPEX_ITEMS, f.t.problem.limits.capex_usd, f.t.problem.limits.capex_usd_per_period)
    money(f, "opex", OPEX_ITEMS, f.t.problem.limits.opex_usd, f.t.problem.limits.opex_usd_per_period)
    systems(f)
    engineers(f)
    order_supply(f)


def power(f: Formulation) -> None:
    """power: pue · (Σ systems on site · idle_w + Σ run · (power_w - idle_w)) ≤ power_w, in kW at the meter.

    At the peak load of each block, on the fullest day.
    """
    t, problem = f.t, f.t.problem
    rows = f.grid("site", ["site"], *TIME_DIMS)
    kw = problem.pue / W_PER_KW
    watts = idle_w(t)
    f.held(rows, ((0, p, kw * watts[p]) for p in range(len(t.pools)) if watts[p]))
    f.rented(rows, ((0, p, kw * watts[p]) for p in range(len(t.pools)) if watts[p]))
    rows.add(rows.at[0], f.labels["run"], (kw * added_w(t))[:, None, None, None])
    f.loosen(rows, "power")
    f.add(rows, "power", "<=", np.array(problem.limits.power_w)[None, :, None, None] / W_PER_KW)


def money(f: Formulation, name: str, items: Sequence[str], total: float, per_period: Sequence[float]) -> None:
    """capex, opex: payments of a kind, not discounted, ≤ the limit in all and (`_per_period`) per period.

    In units of `money_scale`.  Payments that depend on the scenario keep the limit in each of them.
    """
    dims = ("scenario",) if name == "opex" else ()
    c, n = f.charges.of(items), len(f.t.days)
    scale = money_scale(f.charges)
    whole = f.grid("limit", [name], *dims)
    by_period = f.grid("limit", [name], "period", *dims)
    row, rows = whole.at.reshape(-1), by_period.at.reshape(n, -1)
    for s in range(row.size):
        mine = (c.scenario == ALL_SCENARIOS) | (c.scenario == s)
        whole.add(row[s], c.label[mine], c.usd[mine] / scale)
        by_period.add(rows[c.period[mine], s], c.label[mine], c.usd[mine] / scale)
    f.loosen(whole, name)
    f.loosen(by_period, f"{name}_per_period")
    f.add(whole, name, "<=", total / scale)
    bound = np.array(per_period or (math.inf,) * n).reshape(1, n, *(1 for _ in dims))
    f.add(by_period, f"{name}_per_period", "<=", bound / scale)


def systems(f: Formulation) -> None:
    """systems: those of a kind owned, reserved and rented at a time ≤ the most allowed."""
    t, caps = f.t, f.t.problem.limits.systems
    kinds = sorted(k for k in caps if math.isfinite(caps[k]))
    rows = f.grid("system", kinds, *TIME_DIMS)
    pools = [
        (row, i, 1.0)
        for row, kind in enumerate(kinds)
        for i, p in enumerate(t.pools)
        if t.problem.pools[p].system == kind
    ]
    f.held(rows, pools)
    f.rented(rows, pools)
    f.loosen(rows, "systems", kinds)
    f.add(rows, "systems", "<=", np.array([caps[k] for k in kinds]).reshape(-1, 1, 1, 1))


def engineers(f: Formulation) -> None:
    """engineers: weeks of work for the techniques adopted in a period ≤ those available."""
    t, limit = f.t, f.t.problem.limits.engineer_weeks_per_period
    if not limit or not t.techniques:
        return
    rows = f.grid("engineers", ["engineers"], "period")
    weeks = t.values("techniques", "engineer_weeks")
    rows.add(rows.at[0], f.labels["adopt"], weeks[:, None])
    f.loosen(rows, "engineers")
    f.add(rows, "engineers", "<=", np.array(limit)[None, :])


def order_supply(f: Formulation) -> None:
    """supply_buy, supply_reserve: orders of a period ≤ supply; a bound of the variables, a row if elastic."""
    if f.elastic is None or f.elastic.name != "supply":
        return
    t = f.t
    for kind, name in (("buys", "buy"), ("reserves", "reserve")):
        ids = getattr(t, kind)
        if f.elastic.key in ids:
            rows = f.grid("offer", ids, "period")
            rows.add(rows.at, f.labels[name], 1.0)
            f.loosen(rows, "supply", ids)
            f.add(rows, f"supply_{name}", "<=", np.floor(t.values(kind, "supply") + 1e-9))
