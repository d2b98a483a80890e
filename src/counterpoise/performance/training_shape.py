"""How well a model's shape fits a chip's tiles and a pipeline's stages."""

from __future__ import annotations

import numpy as np

from counterpoise.catalogue.records import Model
from counterpoise.performance.estimate import Array
from counterpoise.performance.training_layout import Layout

TILE = 64.0
"""Numbers a width should be a multiple of: 128 bytes in 16 bits (NVIDIA, Deep Learning Performance guide,
matrix multiplication, "Tensor Core requirements")."""
HEAD_TILE = 8
"""The same for the width of a head, below which the products leave the tensor cores."""


def misfit(model: Model, t: Layout) -> Array:
    """How badly dense widths fill tiles: 1 where hidden / TP is no multiple of 64, 2 more for odd heads.

    Shape of the layouts; 0 where all fit.  The fitted share `misfit` turns it into time.
    """
    width = model.hidden / t.tp / TILE
    off = np.where(np.abs(width - np.round(width)) > 1e-6, 1.0, 0.0)
    odd = any(
        g.attention is not None and g.attention.head_dim % HEAD_TILE
        for g in model.layers
        if g.attention is not None and g.attention.kind in ("full", "window")
    )
    return off + (2.0 if odd else 0.0)


def slowest_stage(t: Layout, depth: float, head: Array) -> Array:
    """Time of the slowest pipeline stage over the mean, by the best split into whole layers.

    The output head stands on the last stage and takes the time of `head` layers; the last stage gives up to
    seven layers to the others for it.  Shape of the layouts; 1 without a pipeline.
    """
    mean = depth / t.pp
    last = np.maximum(np.floor(mean)[:, None] + 1.0 - np.arange(8.0), 0.0)
    others = np.ceil((depth - last) / np.maximum(t.pp - 1.0, 1.0)[:, None] - 1e-9)
    best = np.maximum(others, last + head[:, None]).min(axis=1)
    return np.where(t.pp > 1, np.maximum(best / ((depth + head) / t.pp), 1.0), 1.0)
