"""Parallel layouts of a model on systems, and the precisions a chip computes in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from counterpoise.catalogue.records import Chip, Model
from counterpoise.performance.serving import has_experts


@dataclass(frozen=True, slots=True)
class Layout:
    """A parallel layout; `ep` chips share the experts, each on tp · dp / ep of them."""

    tp: int
    pp: int
    dp: int
    ep: int

    @property
    def chips(self) -> int:
        """Chips of the layout."""
        return self.tp * self.pp * self.dp


def supported_precisions(chip: Chip) -> tuple[str, ...]:
    """Weight precisions the chip computes in, and INT4, which any chip stores and multiplies in 16 bits."""
    native = tuple(p for p in ("bf16", "fp8", "int8", "fp4") if chip.peak_flops_per_s(p))
    return (*native, "int4")


def layouts(model: Model, *, scale_up_chips: int, chips_per_system: int, max_chips: int) -> list[Layout]:
    """Every layout of up to `max_chips`: tensor parallel inside a domain, pipeline over systems, and for a
    mixture of experts the experts over all chips, with attention replicas in any split of them.
    """
    found = []
    width = max(min(scale_up_chips, chips_per_system), 1)
    for tp in _divisors(model, width):
        for pp in (1, 2, 4, 8):
            if tp * pp <= max_chips and (pp == 1 or tp == width):
                found.append(Layout(tp, pp, 1, 1))
                if has_experts(model) and tp > 1 and pp == 1:
                    found.append(Layout(tp, 1, 1, tp))
        if has_experts(model):
            dp = 2
            while tp * dp <= min(max_chips, _fewest_experts(model)):
                found.append(Layout(tp, 1, dp, tp * dp))
                dp *= 2
    return sorted(set(found), key=lambda x: (x.chips, x.pp, x.dp, x.ep))


def reachable(found: list[Layout], chip: Chip, scale_up_chips: int) -> list[Layout]:
    """Layouts whose chips the published fabrics of `chip` join: none, one domain, or a network of domains."""
    if chip.value("scale_out_bandwidth_bytes_per_s"):
        return found
    most = scale_up_chips if chip.value("scale_up_bandwidth_bytes_per_s") else 1
    return [x for x in found if x.chips <= most]


def _fewest_experts(model: Model) -> int:
    """Experts of the layer that has fewest: more chips cannot share them."""
    return min(g.feed_forward.experts for g in model.layers if g.feed_forward and g.feed_forward.experts)


def _divisors(model: Model, most: int) -> Iterator[int]:
    heads = [g.attention.heads for g in model.layers if g.attention is not None]
    tp = 1
    while tp <= most:
        if all(h % tp == 0 for h in heads):
            yield tp
        tp *= 2
