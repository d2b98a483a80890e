"""Tokens per second from FLOP/s, where a table states how it counted the FLOPs."""

from __future__ import annotations

from collections.abc import Callable

from counterpoise.catalogue import parameters
from counterpoise.catalogue.records import Model


def flops_per_token(convention: str, model: Model, sequence_length: float) -> float | None:
    """FLOPs that a stated convention counts for a token; None for one that is not known.

    The two that the tables print beside FLOP/s without tokens: Narayanan et al. 2021 (arXiv 2104.04473,
    eq. 3), with full recomputation and both halves of the scores; and 6 a weight plus the causal half of the
    scores, forward and backward (6 s² d h L a sequence).
    """
    text = convention.replace(" ", "")
    return next((count(model, sequence_length) for start, count in _COUNTS if text.startswith(start)), None)


def _narayanan(model: Model, s: float) -> float:
    depth, h = sum(g.count for g in model.layers), model.hidden
    return 96.0 * depth * h * h * (1 + s / (6 * h) + model.vocab / (16 * depth * h))


def _causal(model: Model, s: float) -> float:
    widths = sum(
        g.count * g.attention.heads * g.attention.head_dim for g in model.layers if g.attention is not None
    )
    return 6.0 * parameters(model)[0] + 6.0 * s * widths


_COUNTS: tuple[tuple[str, Callable[[Model, float], float]], ...] = (
    ("hardwareFLOPs:96*B*s*l*h^2*(1+s/6h+V/16lh)", _narayanan),
    ("modelFLOPs,causalattention", _causal),
)
