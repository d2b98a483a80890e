"""Who buys, what is bought, and what limits it: the tables that the chain's arrays are laid out by.

Kinds are roles, not parts: the flagship rack is the NVL72-class system of its day (GB200, then GB300).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from counterpoise.market.baskets import TOP4

Array = NDArray[np.float64]

KINDS = ("flagship", "hgx", "cut-down", "amd", "tpu", "trainium", "mtia", "maia", "ascend")
"""Kinds of chip: NVL72 rack (GB200, GB300); HGX (H100, H200, B200, eight a box); cut-down for export (H20);
AMD Instinct; Google TPU; AWS Trainium; Meta MTIA; Microsoft Maia; Huawei Ascend."""

GROUPS = ("top4", "neoclouds", "labs", "china", "enterprise")
"""Buyer groups: the four large US clouds; Oracle and neoclouds; model labs; Chinese clouds; enterprises and
small companies."""

BUYERS = (*TOP4, *GROUPS[1:])
"""The large clouds are told apart inside: an own chip is bought by its owner alone."""

MAY_BUY: Mapping[str, tuple[str, ...]] = {
    "MSFT": ("flagship", "hgx", "amd", "maia"),
    "GOOGL": ("flagship", "hgx", "tpu"),
    "AMZN": ("flagship", "hgx", "trainium"),
    "META": ("flagship", "hgx", "amd", "mtia"),
    "neoclouds": ("flagship", "hgx", "amd"),
    "labs": ("flagship", "hgx"),
    "china": ("cut-down", "ascend"),
    # A rack of 120 to 140 kW needs liquid cooling that company rooms lack.
    "enterprise": ("hgx", "amd"),
}
"""Kinds open to a buyer: export rules (Chinese clouds have no flagship) and own chips (owner only)."""

LIMITS = ("packaging", "hbm", "rack assembly", "power", "network")
LIMIT_UNITS: Mapping[str, str] = {
    "packaging": "wafers",
    "hbm": "GB",
    "rack assembly": "racks",
    "power": "MW",
    "network": "800G modules",
}

POOLS: Mapping[str, tuple[str, ...]] = {
    "nvidia": ("flagship", "hgx", "cut-down"),
    "amd": ("amd",),
    "broadcom": ("tpu",),
    "marvell": ("trainium", "maia"),
    "huawei": ("ascend",),
}
"""Who shares an allocation of packaging; MTIA has neither HBM nor an interposer.  Huawei's is not TSMC's."""

NVIDIA = ("flagship", "hgx", "cut-down")
OFF_GRID = ("cut-down", "ascend")
"""Kinds bought in China only; the power limit is that of the rest of the world."""

CLASSES: Mapping[str, tuple[str, ...]] = {
    "rack": ("flagship",),
    "server": ("hgx", "cut-down", "amd"),
    "asic": ("tpu", "trainium", "mtia", "maia", "ascend"),
}
"""Kinds whose money splits over the tiers in the same way."""

TIERS = ("gpu", "hbm", "packaging", "boards", "network", "power and cooling", "assembly")
"""Tiers of system spending: GPU or other accelerator with its vendor's margin, memory stacks, packaging,
boards and host CPUs, network, power and cooling, assembly and test."""

CHIPS_PER_RACK = 72


def places(kinds: tuple[str, ...]) -> list[int]:
    """Return where the named kinds stand among `KINDS`."""
    return [KINDS.index(kind) for kind in kinds]
