"""Work of steps for a table of points, computed once for each layout among them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from counterpoise.catalogue.records import Chip, Model
from counterpoise.performance.estimate import Array
from counterpoise.performance.steps import Blocks, StepWork, blocks, step_work
from counterpoise.performance.table_parts import distinct

FEW_LAYOUTS = 64
"""Up to so many layouts in a part of a table their work is kept for the next, which often has the same."""


@dataclass(frozen=True, slots=True)
class LayoutWork:
    """Operators of `model` on `chip` at the points of a table, whatever part of it is asked for."""

    model: Model
    chip: Chip
    weight_precision: str
    kv_precision: str
    scale_up_chips: int
    _kept: dict[bytes, Blocks] = field(default_factory=dict)

    def at(self, tp: Array, pp: Array, dp: Array, ep: Array, cp: ArrayLike = 1.0) -> Blocks:
        """Operators at points given by equal arrays (`cp` broadcasts), as `step_seconds` takes them.

        Equals `blocks(step_work(...))` point by point.  Its `work` holds one row a point of what a layout has
        one of, and one row a layout of what each operator has.
        """
        columns = (tp, pp, dp, ep, np.broadcast_to(np.asarray(cp, float), tp.shape))
        first, layout_of = distinct(*columns)
        rows = np.stack([x[first] for x in columns])
        key = rows.tobytes()
        found = self._kept.get(key)
        if found is None:
            found = blocks(
                step_work(
                    self.model, self.chip, weight_precision=self.weight_precision,
                    kv_precision=self.kv_precision, tp=rows[0], pp=rows[1], dp=rows[2], ep=rows[3],
                    cp=rows[4], scale_up_chips=self.scale_up_chips,
                )
            )  # fmt: skip
            if first.size <= FEW_LAYOUTS:
                self._kept[key] = found
        return _spread(found, layout_of, first.size)


def _spread(b: Blocks, layout_of: NDArray[np.intp], layouts: int) -> Blocks:
    """Columns of layouts become columns of points; where there is one layout, without copying it."""

    def points(x: Array) -> Array:
        if layouts == 1:
            return np.broadcast_to(x, (*x.shape[:-1], layout_of.size))
        return np.take(x, layout_of, axis=-1)

    work = replace(
        b.work,
        **{f.name: points(x) for f in fields(StepWork) if (x := getattr(b.work, f.name)).ndim == 1},
    )
    operators = {f.name: points(getattr(b, f.name)) for f in fields(Blocks) if f.name != "work"}
    return Blocks(work=work, **operators)
