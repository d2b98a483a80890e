"""Serving deployments: latency and throughput of a model on chips, for users or for a rate.

One call answers a table of points of one model on one chip.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from counterpoise.catalogue.records import Chip, Model
from counterpoise.errors import BadInput, Refused, Where
from counterpoise.performance.calibration import Calibration, Condition, ParameterSet, shipped_calibration
from counterpoise.performance.capacity import UTILISATION
from counterpoise.performance.estimate import Array, ServingEstimate
from counterpoise.performance.layout_work import LayoutWork
from counterpoise.performance.operating_points import Points, points
from counterpoise.performance.percentiles import log_variation
from counterpoise.performance.serving_points import FIGURES, RATE_FIGURES, ServingPoints
from counterpoise.performance.table_parts import each_part


def has_experts(model: Model) -> bool:
    """Whether any layer is a mixture of experts."""
    return any(g.feed_forward is not None and g.feed_forward.experts for g in model.layers)


def accepted_tokens(speculative: tuple[ArrayLike, ArrayLike] | None) -> tuple[Array, Array]:
    """Return (drafted, gained) tokens of a step for (acceptance rate, draft tokens); shapes broadcast.

    Each drafted token is accepted with probability a if all before it were:
    (1 - a^(d+1)) / (1 - a) tokens a step (Leviathan et al. 2023, eq. 1).
    """
    rate, drafted = np.broadcast_arrays(*(np.asarray(x, float) for x in speculative or (0.0, 0.0)))
    if not ((rate >= 0) & (rate <= 1) & (drafted >= 0)).all():
        raise Refused("an acceptance rate lies between 0 and 1, and drafted tokens are at least 0.")
    # expm1 keeps the quotient exact where the rate is next to 1.
    log_rate = np.log(np.clip(rate, 1e-300, 1.0))
    per_token = np.expm1(np.where(log_rate < 0, log_rate, -1.0))
    gained = np.where(log_rate < 0, np.expm1((drafted + 1) * log_rate) / per_token, drafted + 1)
    return drafted, gained


def estimate_serving(
    model: Model,
    chip: Chip,
    *,
    weight_precision: str,
    kv_precision: str,
    tp: ArrayLike,
    pp: ArrayLike = 1,
    dp: ArrayLike = 1,
    ep: ArrayLike = 1,
    cp: ArrayLike = 1,
    concurrency: ArrayLike | None = None,
    rate_per_s: ArrayLike | None = None,
    input_tokens: ArrayLike,
    output_tokens: ArrayLike,
    cached_share: ArrayLike = 0.0,
    length_cv: ArrayLike | None = None,
    max_sequences: ArrayLike = np.inf,
    scale_up_chips: int,
    percentile: float = 50.0,
    engine: str = "generic",
    version: str = "",
    speculative: tuple[ArrayLike, ArrayLike] | None = None,
    calibration: Calibration | None = None,
    parameters: ParameterSet | None = None,
    threads: int | None = None,
) -> ServingEstimate:
    """Steady state of tp · cp · pp · dp chips; `tp` .. `max_sequences` and `speculative` broadcast.

    Of `concurrency`, constant users of the whole deployment, and `rate_per_s`, Poisson arrivals to it,
    exactly one is given.  For a mixture of experts `dp` counts attention replicas that share the experts; for
    a dense model, independent replicas.  `cp` chips (times tp) of a replica share its tokens in prefill and
    its cache in decode (`step_work`); experts are sharded over them too.  `cached_share` (0-1) of the
    input is found in the prefix cache.
    `length_cv`: coefficient of variation of the requests' lengths, used with a rate only; None takes the mix
    that the measured spread of TTFT implies.  `max_sequences`: most requests an attention replica holds,
    whatever its cache.  `speculative`: (acceptance rate, draft tokens).  `parameters` replaces the
    calibration's full set (folds).  `threads` None: a thread a core where the table is large; the figures are
    the same with any number.
    A rate that the deployment cannot sustain is not feasible; its figures are those of the largest it can.
    Raises `BadInput` unless one load is given and positive, `Refused` where a fact that the answer needs is
    unknown.
    """
    known = calibration or shipped_calibration()
    load = _load(concurrency, rate_per_s)
    drafted, gained = accepted_tokens(speculative)
    asked = {
        "tp": tp, "pp": pp, "dp": dp, "ep": ep, "cp": cp, "load": load, "input_tokens": input_tokens,
        "output_tokens": output_tokens, "cached_share": cached_share,
        "length_cv": log_variation(known.tails["ttft"]) if length_cv is None else length_cv,
        "max_sequences": max_sequences, "draft_tokens": drafted, "accepted_tokens": gained,
    }  # fmt: skip
    shape = np.broadcast_shapes(*(np.shape(x) for x in asked.values()))
    table = points(shape, **asked)
    condition = Condition(chip, model, engine, version, weight_precision)
    some = ServingPoints(
        LayoutWork(model, chip, weight_precision, kv_precision, scale_up_chips),
        has_experts(model),
        engine,
        percentile,
        rate_per_s is not None,
        (parameters or known.sets["all"]).efficiencies(condition, 1),
        known.tails,
    )
    figures = {name: np.empty(shape) for name in (RATE_FIGURES if some.by_rate else FIGURES)}
    reason = np.full(table.tp.size, "", object)

    def answer(part: slice) -> None:
        found, reason[part] = some.answer(table.at(part))
        for name, values in found.items():
            figures[name].reshape(-1)[part] = values

    each_part(table.tp.size, answer, threads=threads)
    low, high = known.interval(condition)
    return ServingEstimate(
        **figures,
        low80=low,
        high80=high,
        feasible=~reason.astype(bool).reshape(shape),
        reason=tuple(reason.tolist()),
        basis=known.basis(condition),
    )


def _load(concurrency: ArrayLike | None, rate_per_s: ArrayLike | None) -> ArrayLike:
    """Return the one of users and rate that is given."""
    given = [x for x in (concurrency, rate_per_s) if x is not None]
    if len(given) != 1:
        raise BadInput(
            "a load is a number of users or a rate of requests.",
            where=Where(field="concurrency, rate_per_s"),
            hint="Give exactly one of the two.",
        )
    if not (np.asarray(given[0], float) > 0).all():
        raise BadInput(
            "a load must be above 0.",
            where=Where(field="concurrency" if rate_per_s is None else "rate_per_s"),
            hint="Give users, or requests a second, of the whole deployment.",
        )
    return given[0]


__all__ = ["UTILISATION", "Points", "accepted_tokens", "estimate_serving", "has_experts", "points"]
