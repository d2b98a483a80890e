"""Which inputs drive the spread of a market run: racks and capex of its first years.

An effect is taken apart among the inputs that an output hangs on most; all of them would take minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from counterpoise.market.chain_result import ChainResult
from counterpoise.market.kinds import Array
from counterpoise.market.polynomial_chaos import ranks_of
from counterpoise.market.recipe import NAME as RECIPE
from counterpoise.market.sensitivity import effects_from_draws

SHOWN = 10
SCREENED = 16
"""Inputs that an output is taken apart by, of more than a hundred."""
DRAWS = 6_000
"""Draws that effects are told from: their noise is then about a percent."""


def drivers(run: ChainResult, budget_usd_bn: Array, year: int) -> list[dict[str, Any]]:
    """Return what drives the racks of `year` and of the year after, and the capex of `year`, as documents.

    `budget_usd_bn` (draws, quarters) is what the run was given; its sum over the horizon is one input.
    """
    last = run.quarters[-1].year
    outputs = {f"racks in {y}": run.racks_in(y) for y in (year, year + 1) if y <= last}
    outputs[f"capex of the four large clouds in {year}"] = run.in_year(run.capex_usd_bn, year)
    inputs = {**run.inputs, RECIPE: budget_usd_bn.sum(axis=1)}
    few = slice(DRAWS)
    made = []
    for name, output in outputs.items():
        likely = _screened({name: x[few] for name, x in inputs.items()}, output[few])
        found = effects_from_draws(likely, output[few]).document(name)
        found["inputs"] = found["inputs"][:SHOWN]
        found["basis"] += f", the {len(likely)} of {len(inputs)} inputs with the largest rank correlation"
        made.append(found)
    return made


def _screened(inputs: Mapping[str, Array], output: Array) -> dict[str, Array]:
    """The inputs that an output hangs on most, by rank correlation."""
    y = ranks_of(output)
    strength = {name: abs(float(np.corrcoef(ranks_of(x), y)[0, 1])) for name, x in inputs.items()}
    kept = sorted(strength, key=lambda name: (-strength[name], name))[:SCREENED]
    return {name: inputs[name] for name in kept}
