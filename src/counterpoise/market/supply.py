"""What can be made, powered and connected: five limits by quarter, and what a chip uses of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from counterpoise.market.kinds import KINDS, LIMITS, OFF_GRID, POOLS, Array

_MONTHS = 3.0
_LOGISTIC_10_90 = 2.0 * np.log(9.0)
"""Width of a logistic curve from 10 to 90 %, in its own time constant."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """Supply by quarter, arrays (quarters, draws).

    `packaging`: wafers by pool (Huawei's pool: chips); `hbm_gb`; `racks`; `power_mw` energised for AI outside
    China; `modules` of 800G or their equal.
    """

    packaging: Mapping[str, Array]
    hbm_gb: Array
    racks: Array
    power_mw: Array
    modules: Array


@dataclass(frozen=True, slots=True)
class Usage:
    """Use per chip by kind, arrays (quarters or 1, draws or 1); a kind that is missing does not use it."""

    wafers: Mapping[str, Array]
    hbm_gb: Mapping[str, Array]
    power_mw: Mapping[str, Array]
    modules: Mapping[str, Array]


def between(start: Array, end: Array, growth_after: Array, start_year: float, years: Array) -> Array:
    """Grow by equal ratios from `start` to `end` in the year after `start_year`, then by `growth_after`."""
    ahead = years - start_year
    before = np.log(end / start) * np.minimum(ahead, 1.0)
    return np.asarray(start * np.exp(before + np.log(growth_after) * np.maximum(ahead - 1.0, 0.0)))


def ramp(full: Array, middle_year: Array, years_10_90: Array, years: Array) -> Array:
    """Logistic ramp to `full`, half of it at `middle_year`."""
    return np.asarray(full / (1.0 + np.exp((middle_year - years) * (_LOGISTIC_10_90 / years_10_90))))


def capacity(p: Mapping[str, Array], mid_quarters: Array, loosened: Mapping[str, float]) -> Capacity:
    """Return supply by quarter; `mid_quarters` (quarters, 1) are decimal years.

    `loosened` multiplies a limit, by its name in `LIMITS`; packaging is TSMC's, Huawei's own stays.  Wafers
    count when their chips are systems, a lag later.  Annual figures of HBM and network stand at the middle of
    their year.
    """
    looser = {limit: loosened.get(limit, 1.0) for limit in LIMITS}
    wafers = between(
        p["cowos_end_2024"], p["cowos_end_2025"], p["cowos_growth_after_2025"],
        2025.0, mid_quarters - p["packaging_lag_years"],
    ) * (_MONTHS * looser["packaging"])  # fmt: skip
    names = ("nvidia", "broadcom", "amd", "marvell", "others")
    total = sum((p[f"cowos_share.{name}"] for name in names), np.zeros(1))
    pools = {pool: wafers * (p[f"cowos_share.{pool}"] / total) for pool in POOLS if pool in names}
    own = p["ascend_per_year"] * p["ascend_growth"] ** (mid_quarters - 2025.5) / 4.0
    pools["huawei"] = own
    hbm_usd_bn = between(
        p["hbm_market_2024"], p["hbm_market_2025"], p["hbm_growth_after_2025"], 2024.5, mid_quarters
    )
    hbm_gb = hbm_usd_bn * (1e9 / 4.0 * p["hbm_usable_share"] / p["hbm_usd_per_gb"] * looser["hbm"])
    growth = p["rack_growth_after_2025"] ** np.maximum(mid_quarters - 2026.0, 0.0)
    full = p["rack_assembly_per_year"] * (growth * looser["rack assembly"] / 4.0)
    gigawatts = p["power_us_gw_per_year"] * p["power_world_ratio"] * p["power_ai_share"] / 4.0
    modules = between(
        p["network_modules_2024"], p["network_modules_2025"], p["network_growth_after_2025"],
        2024.5, mid_quarters,
    )  # fmt: skip
    return Capacity(
        packaging=pools,
        hbm_gb=hbm_gb,
        racks=ramp(full, p["rack_ramp_mid_year"], p["rack_ramp_years"], mid_quarters),
        power_mw=np.broadcast_to(1e3 * gigawatts * looser["power"], (len(mid_quarters), gigawatts.size)),
        modules=modules * (looser["network"] / 4.0),
    )


def usage(p: Mapping[str, Array], mid_quarters: Array) -> Usage:
    """Return what a chip of each kind uses of each limit; `mid_quarters` (quarters, 1) in decimal years.

    HGX boxes turn from Hopper to Blackwell, whose packages take more of a wafer and more memory.  A chip in
    an HGX box never uses more of a limit than one in a rack does, so that a package meant for a rack fits
    an HGX box whatever binds (`shipments.ship` leans on it).
    """
    per_kw = p["power_rating_used"] * p["pue"] / 1e3
    blackwell = ramp(np.ones(1), p["hgx_blackwell_mid_year"], p["hgx_blackwell_years"], mid_quarters)
    wafers = {
        kind: 1.0 / (p[f"packages_per_wafer.{kind}"] * p["package_yield.other"])
        for kind in KINDS
        if f"packages_per_wafer.{kind}" in p
    }
    wafers["flagship"] = 1.0 / (p["packages_per_wafer.flagship"] * p["package_yield.blackwell"])
    hopper_wafers = 1.0 / (p["packages_per_wafer.hopper"] * p["package_yield.other"])
    wafers["hgx"] = hopper_wafers + blackwell * (wafers["flagship"] - hopper_wafers)
    wafers["ascend"] = np.ones(1)
    hbm_gb = {kind: p[f"hbm_gb.{kind}"] for kind in KINDS if f"hbm_gb.{kind}" in p}
    hbm_gb["hgx"] = p["hbm_gb.hopper"] + blackwell * (hbm_gb["flagship"] - p["hbm_gb.hopper"])
    power_mw = {kind: p[f"power_kw.{kind}"] * per_kw for kind in KINDS if kind not in OFF_GRID}
    modules = {kind: p[f"network_modules.{kind}"] * p["network_need"] for kind in KINDS}
    return Usage(*(_at_most_rack(part) for part in (wafers, hbm_gb, power_mw, modules)))


def _at_most_rack(part: Mapping[str, Array]) -> dict[str, Array]:
    return {**part, "hgx": np.minimum(part["hgx"], part["flagship"])}
