"""Where the time of a chosen deployment goes, as a plain document."""

from __future__ import annotations

from typing import Any

from counterpoise.catalogue.records import Model
from counterpoise.performance.breakdown import Operation, Split, explain
from counterpoise.performance.calibration import Calibration
from counterpoise.performance.layouts import Layout
from counterpoise.service.sizing_question import Question
from counterpoise.service.sizing_rows import Offered

Document = dict[str, Any]


def why(model: Model, chosen: Offered, asked: Question, calibration: Calibration | None) -> Document:
    """Return the decode step, a prefill, TPOT and TTFT of `chosen`, each as parts in milliseconds."""
    p = chosen.point
    operation = Operation(
        Layout(p.tp, p.pp, p.dp, p.ep),
        weight_precision=p.precision,
        kv_precision=p.kv_precision,
        concurrency=p.concurrency if asked.rate_per_s is None else None,
        rate_per_s=None if asked.rate_per_s is None else asked.rate_per_s / p.replicas,
        input_tokens=asked.input_tokens,
        output_tokens=asked.output_tokens,
        scale_up_chips=chosen.hardware.scale_up_chips,
        cached_share=asked.cached_share,
        speculative=asked.speculative,
        engine=asked.engine,
        version=asked.release,
        percentile=asked.percentile,
    )
    chip = chosen.hardware.chip
    if p.apart is None:
        found = explain(model, chip, operation, calibration)
    else:
        from counterpoise.performance.breakdown_apart import explain_apart

        found = explain_apart(model, chip, operation, p.apart, calibration)
    return {
        "batch": found.batch,
        "decode_step": _parts(found.decode_step),
        "prefill": _parts(found.prefill),
        "tpot": _parts(found.tpot) | {"percentile_ms": found.tpot_percentile_s * 1e3},
        "ttft": _parts(found.ttft) | {"percentile_ms": found.ttft_percentile_s * 1e3},
    }


def _parts(split: Split) -> Document:
    return {
        "ms": split.seconds * 1e3,
        "parts": [
            {"what": p.name, "ms": p.seconds * 1e3, "share": p.share, "bound_by": p.bound_by or None}
            for p in split.parts
        ],
    }
