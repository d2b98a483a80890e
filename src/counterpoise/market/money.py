"""Where the money goes: spending by tier of the supply chain, and what the vendor books.

System spending is chips times their system price.  A kind's class (rack, server, own chip) splits it over the
tiers by shares that sum to 1, so that tiers add up to spending.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from counterpoise.market.kinds import CHIPS_PER_RACK, CLASSES, KINDS, NVIDIA, TIERS, Array, places

USD_BN_PER_USD_K = 1e-6


@dataclass(frozen=True, slots=True)
class CutEffect:
    """What a cut in racks takes from each tier (tiers, draws), USD bn: `gross`, and `net` of freed parts."""

    gross: Array
    net: Array


def prices_usd_bn(p: Mapping[str, Array]) -> list[Array]:
    """Return the system price per chip of each kind, USD bn, each (draws,) or (1,)."""
    return [p[f"chip_price.{kind}"] * USD_BN_PER_USD_K for kind in KINDS]


def tier_shares(p: Mapping[str, Array]) -> dict[str, Array]:
    """Return shares of the system price by class, (tiers, draws); each column sums to 1."""
    shares = {}
    for name in CLASSES:
        weights = np.stack(np.broadcast_arrays(*(p[f"tier.{name}.{tier}"] for tier in TIERS)))
        shares[name] = weights / weights.sum(axis=0)
    return shares


def spending_by_class(shipped: Array, prices: list[Array]) -> dict[str, Array]:
    """Return system spending by class in USD bn, shape of one kind's shipments."""
    return {
        name: sum((shipped[k] * prices[k] for k in places(kinds)), np.zeros(shipped.shape[1:]))
        for name, kinds in CLASSES.items()
    }


def by_tier(spending: Mapping[str, Array], shares: Mapping[str, Array]) -> Array:
    """Return spending by tier (tiers, ...) of spending by class (..., draws); tiers sum to all spending."""
    total: Array = np.zeros(1)
    for name, amount in spending.items():
        share = shares[name].reshape(len(TIERS), *(1,) * (amount.ndim - 1), -1)
        total = total + share * amount
    return total


def vendor_revenue(p: Mapping[str, Array], shipped: Array, prices: list[Array]) -> Array:
    """Return NVIDIA's data-centre revenue in USD bn: its part of the price of what shipped."""
    total = np.zeros(shipped.shape[1:])
    for kind in NVIDIA:
        k = KINDS.index(kind)
        part = "rack" if kind == "flagship" else "server"
        total += shipped[k] * (prices[k] * p[f"vendor_share.{part}"])
    return total


def cut_effect(p: Mapping[str, Array], racks: float) -> CutEffect:
    """Return what the supply chain loses where `racks` fewer racks are built.

    Gross is racks x 72 x price by the tiers of a rack.  Net: `freed_parts_reused` of the GPUs ship in HGX
    boxes, which earn by the tiers of a server.  10,000 racks at 3.0-3.5 M USD are 30-35 USD bn gross.
    """
    shares = tier_shares(p)
    chips = racks * CHIPS_PER_RACK
    gross = shares["rack"] * (chips * p["chip_price.flagship"] * USD_BN_PER_USD_K)
    back = shares["server"] * (chips * p["freed_parts_reused"] * p["chip_price.hgx"] * USD_BN_PER_USD_K)
    return CutEffect(gross, gross - back)
