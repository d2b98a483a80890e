"""Power of chips, systems and the site that holds them, from how busy compute and memory are.

The shares below put the model through the figures of performance/measurements: an 8 x H100 node peaks at
8.4 kW, 82 % of its 10.2 kW rating, while it trains with its GPUs near full use (arXiv 2412.08602, IEEE Access
2025); sustained decode draws 400 to 550 W of an H100's 700 W; the idle node draws about 1.9 kW (reported, not
found in a stored source: assumed).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from counterpoise.catalogue.records import Chip
from counterpoise.errors import Refused
from counterpoise.performance.estimate import Array
from counterpoise.performance.steps import Blocks

IDLE_SHARE = 0.12
"""Of TDP, drawn by a chip that waits.  Assumed: 70 to 90 W of an H100's 700 W."""
COMPUTE_WEIGHT = 1.25
"""TDP added per share of the matrix peak in use: at 45 % of peak and half its bandwidth a chip is at 96 %."""
MEMORY_WEIGHT = 0.55
"""TDP added per share of the bandwidth in use: decode at 90 % of bandwidth and 5 % of peak draws 0.68."""
HOST_IDLE_SHARE = 0.27
"""Of what a system is rated beyond its chips (hosts, switches, fans), drawn at idle: 1.2 of 4.6 kW."""
HOST_BUSY_SHARE = 0.61
"""The same at full load: 2.8 of 4.6 kW, so that the node peaks at 82 % of its rating."""
RATED_PER_TDP = 1.82
"""Rating of a system over the TDP of its chips where nobody published it: that of the 10.2 kW H100 node."""


def busy_seconds(
    b: Blocks,
    *,
    decode: Array,
    context: Array,
    prefill_per_step: Array,
    prefill_context: Array,
    draft_tokens: Array | float = 0.0,
) -> tuple[Array, Array]:
    """Compute and memory time of a step at data-sheet peak, seconds, shape (points,).

    `decode` sequences of `context` cached tokens advance; `prefill_per_step` new tokens, each attending to
    `prefill_context`, share the step on average; cp chips divide these tokens and the contexts.  As
    `steps.ideal_seconds`, on the operators that the step
    time is computed from.
    """
    sequences = decode / b.work.pp
    rows = sequences * (1 + draft_tokens)
    extra = prefill_per_step / b.work.pp / b.work.cp
    m = rows + extra - b.head * extra
    seen = np.minimum(context, b.window) / b.work.cp
    own = np.minimum(prefill_context, b.window)
    compute = (b.token_s * m).sum(axis=0)
    compute += (rows * seen * b.decode_pair_s + extra * own * b.prefill_pair_s).sum(axis=0)
    memory = (b.weight_s + b.activation_s * m).sum(axis=0)
    memory += (sequences * (seen * b.pair_s + b.state_s)).sum(axis=0)
    if len(b.expert_token_s):
        everyone = (rows + extra * b.work.cp) * b.work.dp
        reached = b.experts_here * -np.expm1(everyone * b.miss)
        compute += b.expert_token_s.sum(axis=0) * everyone
        memory += (b.expert_weight_s * reached + b.expert_activation_s * everyone).sum(axis=0)
    return np.asarray(compute), np.asarray(memory)


def chip_power_w(chip: Chip, compute_share: ArrayLike, memory_share: ArrayLike) -> Array:
    """Mean power of one chip, watts; shares (0-1) of its matrix peak and memory bandwidth in use broadcast.

    Linear in both between idle and TDP, where the chip throttles.  Raises `Refused` where no TDP was
    published.
    """
    tdp = chip.value("tdp_w")
    if not tdp:
        raise Refused(f"{chip.name} has no published power, so its consumption is unknown.")
    compute, memory = np.asarray(compute_share, float), np.asarray(memory_share, float)
    share = IDLE_SHARE + COMPUTE_WEIGHT * compute + MEMORY_WEIGHT * memory
    return np.asarray(tdp * np.minimum(share, 1.0))


def system_power_w(
    chip: Chip, chips: ArrayLike, chip_w: ArrayLike, *, rated_w: ArrayLike | None = None, pue: float = 1.0
) -> Array:
    """Power at the meter of a system of `chips` chips that draw `chip_w` each, watts; shapes broadcast.

    Hosts, switches and fans draw between an idle and a busy share of what the system is rated beyond its
    chips, in proportion to the chips' load.  `pue` adds cooling and conversion of the site.
    """
    tdp = chip.value("tdp_w")
    if not tdp:
        raise Refused(f"{chip.name} has no published power, so its consumption is unknown.")
    count, each = np.asarray(chips, float), np.asarray(chip_w, float)
    rated = np.asarray(RATED_PER_TDP * tdp * count if rated_w is None else rated_w, float)
    load = np.clip((each / tdp - IDLE_SHARE) / (1 - IDLE_SHARE), 0.0, 1.0)
    share = HOST_IDLE_SHARE + (HOST_BUSY_SHARE - HOST_IDLE_SHARE) * load
    return np.asarray(pue * (count * each + share * np.maximum(rated - count * tdp, 0.0)))
