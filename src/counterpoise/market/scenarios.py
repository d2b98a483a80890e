"""A few scenarios in place of many draws: price, rent and delivery by quarter and kind of chip.

Draws are split in two along the first principal component of all that a buyer meets (log price, log rent,
weeks; each of the three scaled to the same spread), at the mean; then the part with the most spread is split
along its own, and so on (principal direction divisive partitioning: Boley 1998).  A scenario is the mean of
its part and as likely as the part is large.  So probabilities sum to 1, the mean over scenarios is the mean
over draws, and nothing is random.  What is lost is the spread within parts; `kept` says how much remains.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from counterpoise.errors import BadInput, Where
from counterpoise.market.calendar import Quarter
from counterpoise.market.supply_links import WEEKS_PER_QUARTER, Array, Effects

FEWEST, MOST = 1, 9
SAME = 1e-12
"""Parts with less spread than this are not split."""
NAMES: Mapping[int, tuple[str, ...]] = {
    1: ("mean",),
    2: ("low rents", "high rents"),
    3: ("low rents", "middling rents", "high rents"),
    4: ("lowest rents", "low rents", "high rents", "highest rents"),
    5: ("lowest rents", "low rents", "middling rents", "high rents", "highest rents"),
}
"""By the mean factor on rents over quarters and kinds, lowest first."""


@dataclass(frozen=True, slots=True)
class SupplyScenario:
    """A future of supply: by kind of chip, one figure a quarter.

    `price` and `rent` are factors on the first quarter's prices, `extra_weeks` are added to its delivery.
    """

    name: str
    probability: float
    price: Mapping[str, tuple[float, ...]]
    rent: Mapping[str, tuple[float, ...]]
    extra_weeks: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Reduced:
    """Scenarios from the lowest rents to the highest, and what they stand for.

    `part[d]` is the scenario that draw d belongs to.  `kept`: share of the variance of "price", "rent"
    and "extra_weeks" that lies between scenarios, over all quarters and kinds.
    """

    first: Quarter
    scenarios: tuple[SupplyScenario, ...]
    part: NDArray[np.int64]
    kept: Mapping[str, float]

    @property
    def probabilities(self) -> tuple[float, ...]:
        """Of the scenarios; they sum to 1."""
        return tuple(s.probability for s in self.scenarios)


def reduce(
    first: Quarter,
    kinds: tuple[str, ...],
    met: Effects,
    scenarios: int = 4,
    *,
    by: Collection[str] = (),
) -> Reduced:
    """Reduce draws to `scenarios` scenarios, fewer where draws differ in fewer ways; deterministic.

    `by`: kinds of chip whose futures tell the scenarios apart (and whose spread `kept` is of); all if empty.
    BadInput for a number that makes no sense.
    """
    draws = met.price.shape[0]
    if not FEWEST <= scenarios <= MOST or scenarios > draws:
        raise BadInput(
            f"{scenarios} scenarios of {draws} draws cannot be made.",
            where=Where(field="--scenarios"),
            hint=f"Write a number from {FEWEST} to {MOST}.",
        )
    at = [k for k, kind in enumerate(kinds) if not by or kind in by] or list(range(len(kinds)))
    told = Effects(met.price[:, :, at], met.rent[:, :, at], met.extra_weeks[:, :, at])
    part = _parts(_features(told), scenarios)
    count = int(part.max()) + 1
    rents = [float(told.rent[part == s].mean()) for s in range(count)]
    rank = np.argsort(np.argsort(rents, kind="stable"), kind="stable")
    part = rank[part]
    names = NAMES.get(count) or tuple(f"{s + 1} of {count}, lowest rents first" for s in range(count))
    found = tuple(_scenario(names[s], kinds, met, part == s) for s in range(count))
    quantities = {"price": told.price, "rent": told.rent, "extra_weeks": told.extra_weeks}
    return Reduced(first, found, part, {k: _kept(v, part, count) for k, v in quantities.items()})


def mean(scenarios: tuple[SupplyScenario, ...]) -> SupplyScenario:
    """Return the mean future: each figure's expectation."""

    def of(name: str) -> dict[str, tuple[float, ...]]:
        tables: list[Mapping[str, tuple[float, ...]]] = [getattr(s, name) for s in scenarios]
        weights = np.array([s.probability for s in scenarios])
        return {k: tuple(float(x) for x in weights @ np.array([t[k] for t in tables])) for k in tables[0]}

    return SupplyScenario("mean", 1.0, of("price"), of("rent"), of("extra_weeks"))


def probabilities_given(values: Array, part: NDArray[np.int64], bins: int = 10) -> tuple[Array, Array]:
    """How likely each scenario is, given an input: (mean of the input in each bin, (bins, scenarios)).

    Bins hold equally many draws, from the smallest values to the largest.
    """
    order = np.argsort(values, kind="stable")
    members = [m for m in np.array_split(order, bins) if m.size]
    scenarios = int(part.max()) + 1
    shares = np.array([np.bincount(part[m], minlength=scenarios) / m.size for m in members])
    return np.array([values[m].mean() for m in members]), shares


def _features(met: Effects) -> Array:
    """What a buyer meets in each draw, centred, one row a draw; each quantity with the same mean square."""
    columns = []
    for block in (np.log(met.price), np.log(met.rent), met.extra_weeks / WEEKS_PER_QUARTER):
        flat = block.reshape(len(block), -1)
        flat = flat - flat.mean(axis=0)
        spread = float(np.sqrt(np.mean(flat**2)))
        columns.append(flat / spread if spread > 0 else flat)
    return np.concatenate(columns, axis=1)


def _parts(features: Array, count: int) -> NDArray[np.int64]:
    """Return the part of each draw, after `count` - 1 splits of whichever part has the most spread."""
    part = np.zeros(len(features), dtype=np.int64)
    for new in range(1, count):
        scatter = [float(np.sum(_centred(features[part == p]) ** 2)) for p in range(new)]
        widest = int(np.argmax(scatter))
        if scatter[widest] <= SAME:
            break
        members = np.flatnonzero(part == widest)
        inside = _centred(features[members])
        _, vectors = np.linalg.eigh(inside.T @ inside)
        score = inside @ vectors[:, -1]
        score = score if vectors[:, -1].sum() >= 0 else -score
        part[members[score > 0]] = new
    return part


def _centred(rows: Array) -> Array:
    centre: Array = rows.mean(axis=0)
    return rows - centre


def _scenario(name: str, kinds: tuple[str, ...], met: Effects, members: NDArray[np.bool_]) -> SupplyScenario:
    def means(values: Array) -> dict[str, tuple[float, ...]]:
        table = values[members].mean(axis=0)
        return {kind: tuple(float(x) for x in table[:, k]) for k, kind in enumerate(kinds)}

    return SupplyScenario(
        name, float(members.mean()), means(met.price), means(met.rent), means(met.extra_weeks)
    )


def _kept(values: Array, part: NDArray[np.int64], scenarios: int) -> float:
    total = values.var(axis=0).sum()
    if total <= 0:
        return 1.0
    centre = values.mean(axis=0)
    between = sum(
        float((part == s).mean()) * (values[part == s].mean(axis=0) - centre) ** 2 for s in range(scenarios)
    )
    return float(np.sum(between) / total)
