"""How the chips of a training run are divided, and the weights that leaves on each."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from counterpoise.catalogue.counting import layer_parameters
from counterpoise.catalogue.records import Layers, Model
from counterpoise.performance.estimate import Array

NONE, SELECTIVE, FULL = 0.0, 1.0, 2.0
RECOMPUTE = {"none": NONE, "selective": SELECTIVE, "full": FULL}


@dataclass(frozen=True, slots=True)
class Layout:
    """How a step is divided over chips; arrays of one shape, a layout each.

    `micro_batch` and `global_batch` are sequences; `interleave` is pipeline chunks per stage; `zero_stage`
    0-3 shards optimiser, gradients and weights over data-parallel chips (`shard` of them; 0: all);
    `recompute` is one of `RECOMPUTE`; between "selective" and "full" it is the share of layers in full.
    """

    chips: Array
    tp: Array
    pp: Array
    dp: Array
    ep: Array
    cp: Array
    interleave: Array
    micro_batch: Array
    global_batch: Array
    zero_stage: Array
    recompute: Array
    shard: Array

    @property
    def micro_batches(self) -> Array:
        """Micro-batches of a step on each pipeline; at least one."""
        return np.maximum(np.ceil(self.global_batch / (self.dp * self.micro_batch)), 1.0)

    @property
    def expert_tp(self) -> Array:
        """Chips that share one expert's weights: the tensor-parallel ones that expert parallelism leaves."""
        return np.minimum(np.maximum(self.tp * self.dp * self.cp / self.ep, 1.0), self.tp)

    @property
    def shards(self) -> Array:
        """Chips over which ZeRO shards: data and context parallel ones."""
        return np.where(self.shard > 0, self.shard, self.dp * self.cp)

    def at(self, index: ArrayLike) -> Layout:
        """Layouts `index` of the table."""
        rows = np.asarray(index)
        return Layout(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def layout(
    chips: ArrayLike,
    tp: ArrayLike = 1,
    pp: ArrayLike = 1,
    dp: ArrayLike | None = None,
    ep: ArrayLike = 1,
    cp: ArrayLike = 1,
    interleave: ArrayLike = 1,
    micro_batch: ArrayLike = 1,
    global_batch: ArrayLike | None = None,
    zero_stage: ArrayLike = 1,
    recompute: ArrayLike = NONE,
    shard: ArrayLike = 0,
) -> Layout:
    """Build a `Layout` from values that broadcast.

    `dp` None is what the chips leave; `global_batch` None is one micro-batch a replica and pipeline stage.
    """
    n = np.asarray(chips, float)
    left = n / (np.asarray(tp, float) * np.asarray(pp, float) * np.asarray(cp, float))
    replicas = left if dp is None else np.asarray(dp, float)
    batch = (
        replicas * np.asarray(micro_batch, float) * np.asarray(pp, float)
        if global_batch is None
        else global_batch
    )
    given = (n, tp, pp, replicas, ep, cp, interleave, micro_batch, batch, zero_stage, recompute, shard)
    table = np.broadcast_arrays(*(np.atleast_1d(np.asarray(x, float)) for x in given))
    return Layout(*(np.ascontiguousarray(x) for x in table))


def trained_layers(model: Model) -> tuple[Layers, ...]:
    """Return the layers of a step; modules for multi-token prediction repeat the last (DeepSeek-V3, 2.2)."""
    if not model.mtp_layers:
        return model.layers
    last = model.layers[-1]
    return (*model.layers, Layers(model.mtp_layers, last.attention, last.feed_forward))


def stage_weights(model: Model, t: Layout) -> tuple[Array, Array]:
    """Weights on one chip of a stage before ZeRO: (all but experts, experts)."""
    dense = np.zeros(t.tp.shape)
    experts = np.zeros(t.tp.shape)
    for g in trained_layers(model):
        p = layer_parameters(model.hidden, g.attention, g.feed_forward)
        dense = dense + g.count * float(p.total - p.experts * p.expert) / t.tp
        experts = experts + g.count * float(p.experts * p.expert) / (t.ep * t.expert_tp)
    ends = float(model.hidden * model.vocab) * (1 if model.tie_embeddings else 2) / t.tp
    return (dense + ends) / t.pp, experts / t.pp


def owned_weights(t: Layout, weights: tuple[Array, Array]) -> Array:
    """Weights whose optimiser state a chip holds."""
    dense, experts = weights
    group = np.where(t.zero_stage >= 1, t.shards, 1.0)
    replicas = np.where(t.zero_stage >= 1, np.maximum(t.dp * t.cp / t.ep, 1.0), 1.0)
    return dense / group + experts / np.minimum(replicas, np.maximum(group, 1.0))
