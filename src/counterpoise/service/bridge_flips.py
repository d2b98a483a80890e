"""Where a bridge's advice flips: at which prices, rents and elasticity."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from counterpoise.analysis.conditions import later, under
from counterpoise.analysis.flips import flip
from counterpoise.analysis.policies import BUY_NOW, RENT, Followed, cost_again
from counterpoise.market.scenarios import mean, probabilities_given
from counterpoise.service.bridge_market import conditions
from counterpoise.service.bridged import SAME, Bridged, Say

Document = dict[str, Any]
PRICE_FACTORS, RENT_FACTORS = (0.4, 2.0), (0.25, 3.5)
"""Where flips are looked for: the ranges that the links believe in."""


def flips(bridged: Bridged, say: Say) -> list[Document]:
    """Where the advice flips: prices and rents after the first quarter, and the elasticity of demand."""
    by_name = {f.policy: f for f in bridged.named if f.base is not None}
    wait = next((f for p, f in by_name.items() if p.opens > 0), None)
    buy, rent = by_name.get(BUY_NOW), by_name.get(RENT)
    found = []
    if buy and wait:
        say("looking for the price of systems at which waiting and buying now cost the same")
        found.append(_flip_of(bridged, "price", wait, buy, PRICE_FACTORS))
    if buy and rent:
        say("looking for the rent at which renting and buying now cost the same")
        found.append(_flip_of(bridged, "rent", rent, buy, RENT_FACTORS))
    return [*found, *_flips_by_input(bridged, "elasticity")]


_KNOBS = {
    "price": "prices of systems after the first quarter, over those expected",
    "rent": "rents after the first quarter, over those expected",
}


def _flip_of(
    bridged: Bridged, knob: str, one: Followed, other: Followed, limits: tuple[float, float]
) -> Document:
    """Factor on expected prices or rents, in the mean future, at which two policies cost the same."""
    assembled, solving = bridged.assembled, bridged.solving
    expected = conditions(assembled, mean(bridged.reduced.scenarios))
    seen: dict[float, float] = {}

    def difference(factor: float) -> float:
        if factor not in seen:
            changed = later(expected, price=factor) if knob == "price" else later(expected, rent=factor)
            problem = under(assembled.problem, changed)
            with ThreadPoolExecutor(max_workers=solving.workers) as executor:
                ours, theirs = executor.map(lambda f: cost_again(problem, f, solving), (one, other))
            seen[factor] = ours - theirs
        return seen[factor]

    found = flip(difference, *limits)

    def cheaper(usd: float) -> str:
        return one.policy.name if usd < 0 else other.policy.name

    return {
        "what": _KNOBS[knob],
        "unit": "x",
        "between": [one.policy.name, other.policy.name],
        "at": found.factor,
        "below": cheaper(found.below),
        "above": cheaper(found.above),
        "looked_from": limits[0],
        "looked_to": limits[1],
    }


def _flips_by_input(bridged: Bridged, name: str) -> list[Document]:
    """Values of a market input between which the policy of least expected cost changes.

    The scenarios' probabilities given the input, tenth by tenth of its draws; their costs stay.
    """
    drawn = bridged.market.paths.inputs.get(name)
    costs = np.array([f.costs_usd for f in bridged.named])
    rows = np.isfinite(costs).all(axis=1)
    if drawn is None or not rows.any():
        return []
    names = [f.policy.name for f, keep in zip(bridged.named, rows, strict=True) if keep]
    centres, shares = probabilities_given(drawn, bridged.reduced.part)
    given = costs[rows] @ shares.T
    # Policies that end in the same plans differ by rounding: the simplest, named first, stands for them.
    best = [names[int(i)] for i in np.argmax(given <= given.min(axis=0) * (1.0 + SAME), axis=0)]
    changes = [i for i in range(1, len(best)) if best[i] != best[i - 1]]
    common = {"what": name, "unit": "", "looked_from": float(centres[0]), "looked_to": float(centres[-1])}
    if not changes:
        return [common | {"between": names, "at": None, "below": best[0], "above": best[-1]}]
    return [
        common
        | {
            "between": [best[i - 1], best[i]],
            "at": float((centres[i - 1] + centres[i]) / 2),
            "below": best[i - 1],
            "above": best[i],
        }
        for i in changes
    ]
