"""Time of a collective over a fabric, by the alpha-beta model, on one level of interconnect or two.

Thakur, Rabenseifner, Gropp, "Optimization of Collective Communication Operations in MPICH", International
Journal of High Performance Computing Applications 19(1), 2005: sections 3 and 4, the cost of a message of n
bytes is alpha + n beta, here `latency_s` + n / `bandwidth_bytes_per_s`.  All functions broadcast and return
seconds, 0 where one chip takes part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from counterpoise.catalogue.records import Chip
from counterpoise.errors import Refused
from counterpoise.performance.estimate import Array

SCALE_UP_LATENCY_S = 1.0e-6
"""Per hop inside a scale-up domain.  Assumed: NVLink and xGMI small-message hops are 1 to 2 microseconds."""
SCALE_OUT_LATENCY_S = 5.0e-6
"""Per hop between systems.  Assumed: RDMA through one or two switches is 3 to 7 microseconds."""


@dataclass(frozen=True, slots=True)
class Fabric:
    """One level of interconnect.  `latency_s` per hop; `bandwidth_bytes_per_s` per chip and direction."""

    latency_s: float
    bandwidth_bytes_per_s: float


def fabrics(chip: Chip) -> tuple[Fabric, Fabric]:
    """Return the fabrics of `chip` inside and between scale-up domains.

    A chip without a scale-up fabric of its own (a PCIe card) uses the network for both.  Raises `Refused`
    where neither bandwidth was published.
    """
    inside = chip.value("scale_up_bandwidth_bytes_per_s")
    between = chip.value("scale_out_bandwidth_bytes_per_s")
    if not inside and not between:
        raise Refused(f"{chip.name} has no published interconnect bandwidth, so work over chips is unknown.")
    return (
        Fabric(SCALE_UP_LATENCY_S, inside or between or 0.0),
        Fabric(SCALE_OUT_LATENCY_S, between or inside or 0.0),
    )


def point_to_point_s(message_bytes: ArrayLike, fabric: Fabric) -> Array:
    """One message of `message_bytes` between two chips: alpha + n beta; 0 for no bytes."""
    n = np.asarray(message_bytes, float)
    return np.asarray(np.where(n > 0, fabric.latency_s + n / fabric.bandwidth_bytes_per_s, 0.0))


def all_gather_s(message_bytes: ArrayLike, chips: ArrayLike, fabric: Fabric) -> Array:
    """All-gather after which each of `chips` chips holds all of `message_bytes`.

    The faster of ring, (p-1) steps, and recursive doubling, log2(p) steps; both send n (p-1)/p bytes
    (2005, section 4.1).
    """
    n, p = np.asarray(message_bytes, float), np.maximum(np.asarray(chips, float), 1.0)
    return np.asarray(np.ceil(np.log2(p)) * fabric.latency_s + n * (p - 1) / p / fabric.bandwidth_bytes_per_s)


def reduce_scatter_s(message_bytes: ArrayLike, chips: ArrayLike, fabric: Fabric) -> Array:
    """Reduce-scatter of `message_bytes` held by each chip: the mirror of an all-gather (2005, section 4.3).

    The sum itself runs at memory speed beside the transfer and is left out.
    """
    return all_gather_s(message_bytes, chips, fabric)


def all_reduce_s(message_bytes: ArrayLike, chips: ArrayLike, fabric: Fabric) -> Array:
    """All-reduce of `message_bytes` on each of `chips` chips.

    Rabenseifner's algorithm, a reduce-scatter and an all-gather, 2 log2(p) alpha + 2 n (p-1)/p beta; or, if
    faster, a tree of whole messages, log2(p) (alpha + n beta) (2005, section 4.5, equations for
    recursive doubling and for Rabenseifner).
    """
    n, p = np.asarray(message_bytes, float), np.maximum(np.asarray(chips, float), 1.0)
    halves = reduce_scatter_s(n, p, fabric) + all_gather_s(n, p, fabric)
    hops = np.ceil(np.log2(p))
    tree = hops * (fabric.latency_s + n / fabric.bandwidth_bytes_per_s)
    return np.asarray(np.minimum(halves, tree))


def all_to_all_s(message_bytes: ArrayLike, chips: ArrayLike, fabric: Fabric) -> Array:
    """All-to-all in which each chip holds `message_bytes` for all, 1/p of them for each.

    Pairwise exchange sends n (p-1)/p bytes with p-1 messages in flight, whose latencies overlap but for
    one start per doubling (2005, section 4.2: log2(p) alpha for short messages, n beta for long ones).
    """
    n, p = np.asarray(message_bytes, float), np.maximum(np.asarray(chips, float), 1.0)
    return np.asarray(np.ceil(np.log2(p)) * fabric.latency_s + n * (p - 1) / p / fabric.bandwidth_bytes_per_s)


def split(chips: ArrayLike, domain_chips: ArrayLike) -> tuple[Array, Array]:
    """Split a group of `chips` in (chips inside one scale-up domain, domains that the group spans)."""
    p = np.maximum(np.asarray(chips, float), 1.0)
    inside = np.minimum(p, np.maximum(np.asarray(domain_chips, float), 1.0))
    return inside, np.ceil(p / inside)


def two_level_all_gather_s(
    message_bytes: ArrayLike, chips: ArrayLike, domain_chips: ArrayLike, inside: Fabric, between: Fabric
) -> Array:
    """All-gather over domains of `domain_chips`: each chip gathers its slice between, then all inside.

    Equals the one-level time where one domain holds the group.
    """
    n = np.asarray(message_bytes, float)
    local, domains = split(chips, domain_chips)
    return all_gather_s(n / local, domains, between) + all_gather_s(n, local, inside)


def two_level_reduce_scatter_s(
    message_bytes: ArrayLike, chips: ArrayLike, domain_chips: ArrayLike, inside: Fabric, between: Fabric
) -> Array:
    """Reduce-scatter over domains of `domain_chips`: inside first, then each chip's slice between."""
    return two_level_all_gather_s(message_bytes, chips, domain_chips, inside, between)


def two_level_all_reduce_s(
    message_bytes: ArrayLike, chips: ArrayLike, domain_chips: ArrayLike, inside: Fabric, between: Fabric
) -> Array:
    """All-reduce over domains: reduce-scatter inside, all-reduce of the slices between, all-gather inside.

    Equals the one-level time where one domain holds the group.
    """
    n = np.asarray(message_bytes, float)
    local, domains = split(chips, domain_chips)
    slices = all_reduce_s(n / local, domains, between)
    nested = reduce_scatter_s(n, local, inside) + slices + all_gather_s(n, local, inside)
    return np.asarray(np.where(domains > 1, nested, all_reduce_s(n, local, inside)))


def two_level_all_to_all_s(
    message_bytes: ArrayLike, chips: ArrayLike, domain_chips: ArrayLike, inside: Fabric, between: Fabric
) -> Array:
    """All-to-all over domains: what leaves the domain and what stays travel at once on their own fabric.

    Of `message_bytes`, (p - local)/p leave the domain and (local - 1)/p stay in it.
    """
    n = np.asarray(message_bytes, float)
    local, domains = split(chips, domain_chips)
    stays = all_to_all_s(n / domains, local, inside)
    leaves = all_to_all_s(n, domains, between)
    return np.maximum(stays, leaves)
