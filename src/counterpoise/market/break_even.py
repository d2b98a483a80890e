"""The one line that decides the article: a gain in efficiency changes hardware demand by g^(e-1).

A gain g lets one unit of hardware do g times the work, so the effective price of work falls to 1/g.  With a
constant elasticity e the work asked for grows by g^e, and the hardware that does it by g^e / g.  Above e = 1
cheaper work needs more hardware (rebound, Jevons' paradox), below it less.

Source: Jevons (1865), chapter VII; in this form Saunders (1992), "The Khazzoom-Brookes postulate and
neoclassical growth", The Energy Journal 13(4), for a constant price elasticity of the service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from counterpoise.errors import BadInput

Array = NDArray[np.float64]

BREAK_EVEN = 1.0
"""Elasticity at which a gain leaves hardware demand as it was, whatever the gain."""
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
SHOWN_GAINS = (2.0, 3.0, 10.0, 30.0)
WIDEST_GAIN = 40.0
"""Right end of the fan: beyond the ratio of the two list prices that started the argument (27)."""
ARTICLE_CASES = ((10.0, 0.8), (10.0, 1.0), (10.0, 1.1))
"""(gain, elasticity) that the case asks for by name."""


def demand_ratio(gain: Array | float, elasticity: Array | float, other_growth: Array | float = 1.0) -> Array:
    """Hardware demand after the gain over demand before: other_growth x gain^(elasticity - 1).

    Shapes broadcast.  `other_growth` is the factor by which demand grows over the horizon for every other
    reason (1: none).  Raises `BadInput` where a gain or a growth is not above 0.
    """
    g = _above_zero("gain", gain)
    h = _above_zero("other_growth", other_growth)
    return np.asarray(h * g ** (np.asarray(elasticity, dtype=float) - 1.0), dtype=float)


def elasticity_for(ratio: Array | float, gain: Array | float, other_growth: Array | float = 1.0) -> Array:
    """Elasticity at which hardware demand changes by `ratio`: 1 + ln(ratio / other_growth) / ln(gain).

    Raises `BadInput` for a gain of 1, which changes nothing at any elasticity.
    """
    g = _above_zero("gain", gain)
    if np.any(g == 1.0):
        raise BadInput("a gain of 1 changes nothing, at any elasticity.", hint="Give a gain such as 10.")
    change = _above_zero("ratio", ratio) / _above_zero("other_growth", other_growth)
    return np.asarray(1.0 + np.log(change) / np.log(g), dtype=float)


def flat_elasticity(gain: Array | float, other_growth: Array | float = 1.0) -> Array:
    """Elasticity at which demand over the horizon is flat: 1 - ln(other_growth) / ln(gain)."""
    return elasticity_for(1.0, gain, other_growth)


@dataclass(frozen=True, slots=True)
class Fan:
    """What hardware demand becomes under uncertain gain and elasticity, as a ratio to demand before.

    `quantiles`: level -> ratio.  `probability_falls`: share of draws below 1.  `probability_below_cut`: share
    at or below `cut`, the ratio a stated cut amounts to (None: no cut stated).
    """

    quantiles: Mapping[float, float]
    probability_falls: float
    cut: float | None
    probability_below_cut: float | None
    draws: int


def fan(
    elasticity: Array, gain: Array, *, other_growth: Array | float = 1.0, cut: float | None = None
) -> Fan:
    """Return the distribution of the demand ratio over draws of elasticity and gain, both (draws,)."""
    ratio = np.broadcast_to(
        demand_ratio(gain, elasticity, other_growth),
        np.broadcast_shapes(np.shape(elasticity), np.shape(gain)),
    )
    if ratio.size == 0:
        raise BadInput("no draws of elasticity and gain.", hint="Draw at least one.")
    levels = dict(zip(QUANTILES, map(float, np.quantile(ratio, QUANTILES)), strict=True))
    below = None if cut is None else float(np.mean(ratio <= cut))
    return Fan(levels, float(np.mean(ratio < 1.0)), cut, below, int(ratio.size))


def question(
    elasticity: Array,
    gain: Array,
    *,
    other_growth: float = 1.0,
    cut_from_racks: float | None = None,
    cut_to_racks: float | None = None,
) -> dict[str, Any]:
    """Return the answer as a plain document: break-even, what a stated cut needs, and the fan.

    `elasticity`, `gain` (draws,) are draws of their priors.  `cut_from_racks` and `cut_to_racks` are the
    middles of a forecast before and after it was cut; the forecast before holds every other growth already,
    so the cut is compared without `other_growth`.
    """
    cut = None
    if cut_from_racks is not None and cut_to_racks is not None:
        cut = float(_above_zero("cut_to_racks", cut_to_racks) / _above_zero("cut_from_racks", cut_from_racks))
    # The fan is of the change against what was expected: other growth is in the expectation on both sides.
    spread = fan(elasticity, gain, cut=cut)
    document: dict[str, Any] = {
        "formula": "hardware demand changes by gain^(elasticity - 1)",
        "answer": _answer(spread),
        "break_even_elasticity": BREAK_EVEN,
        "other_growth_factor": other_growth,
        "flat_elasticity_by_gain": [
            {"gain": g, "elasticity": float(flat_elasticity(g, other_growth))} for g in SHOWN_GAINS
        ],
        "cases": [
            {"gain": g, "elasticity": e, "demand_ratio": float(demand_ratio(g, e))} for g, e in ARTICLE_CASES
        ],
        "cut": None,
        "fan": {
            "quantiles_demand_ratio": {f"p{100 * q:.0f}": v for q, v in spread.quantiles.items()},
            "probability_demand_falls": spread.probability_falls,
            "probability_at_or_below_cut": spread.probability_below_cut,
            "draws": spread.draws,
        },
        "by_gain": _by_gain(elasticity),
        "elasticity_quantiles": _levels(elasticity),
        "gain_quantiles": _levels(gain),
    }
    if cut is not None:
        document["cut"] = {
            "from_racks": cut_from_racks,
            "to_racks": cut_to_racks,
            "demand_ratio": cut,
            "elasticity_by_gain": [
                {"gain": g, "elasticity": float(elasticity_for(cut, g))} for g in SHOWN_GAINS
            ],
        }
    return document


def _by_gain(elasticity: Array) -> list[dict[str, float]]:
    """Quantiles of the demand ratio over draws of the elasticity, along the gain: the fan of the chart."""
    at = {q: float(v) for q, v in zip(QUANTILES, np.quantile(elasticity, QUANTILES), strict=True)}
    return [
        {"gain": float(g), **{f"p{100 * q:.0f}": float(demand_ratio(g, e)) for q, e in at.items()}}
        for g in np.geomspace(1.0, WIDEST_GAIN, 41)
    ]


def _levels(draws: Array) -> dict[str, float]:
    return {
        f"p{100 * q:.0f}": float(v) for q, v in zip(QUANTILES, np.quantile(draws, QUANTILES), strict=True)
    }


def _answer(spread: Fan) -> str:
    low, high = spread.quantiles[0.1], spread.quantiles[0.9]
    odds = f"Demand for hardware falls in {100 * spread.probability_falls:.0f} % of the draws"
    return f"{odds}; 80 % of them lie between {low:.2f} and {high:.2f} of what was expected."


def _above_zero(name: str, value: Array | float) -> Array:
    array = np.asarray(value, dtype=float)
    if not np.all(np.isfinite(array) & (array > 0)):
        raise BadInput(f"{name} is not above 0.", hint="Write a factor, such as 10 for ten times.")
    return array
