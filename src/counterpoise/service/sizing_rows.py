"""A deployment on offer: its price, its rank, and its row in the answer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from counterpoise.catalogue.records import Chip, Model, System
from counterpoise.performance.sizing import OperatingPoint
from counterpoise.service.chip_prices import ChipHour
from counterpoise.service.sizing_question import Question

Document = dict[str, Any]
_UNPRICED = 1e12
"""Rank of a deployment without a price, divided by its rate: after every one that has a price."""


@dataclass(frozen=True, slots=True)
class Hardware:
    """A kind of chip, the system it is usually sold in, and what an hour of it costs."""

    chip: Chip
    box: System | None
    scale_up_chips: int
    chips_per_system: int
    hour: ChipHour | None


@dataclass(frozen=True, slots=True)
class Offered:
    """A deployment on offer; `rank`: less is better."""

    rank: float
    hardware: Hardware
    point: OperatingPoint
    row: Document


def offered(model: Model, hardware: Hardware, p: OperatingPoint, asked: Question) -> Offered:
    """A deployment with its price, ranked by the cost of a token, or of the rate where one is asked."""
    hour = hardware.hour
    per_chip = p.output_tokens_per_s / p.n_chips
    row: Document = {
        "chip": hardware.chip.name,
        "software": hardware.chip.software,
        "system": hardware.box.name if hardware.box else None,
        "chips_per_system": hardware.chips_per_system,
        **_mode(p),
        "precision": p.precision,
        "kv_precision": p.kv_precision,
        "as_released": p.precision == model.native_precision,
        "tp": p.tp,
        "pp": p.pp,
        "dp": p.dp,
        "ep": p.ep,
        "n_chips": p.n_chips,
        "concurrency": p.concurrency,
        "ttft_ms": p.ttft_s * 1e3,
        "tpot_ms": p.tpot_s * 1e3,
        "requests_per_s": p.requests_per_s,
        "output_tokens_per_s": p.output_tokens_per_s,
        "output_tokens_per_s_per_chip": per_chip,
        "output_tokens_per_s_per_user": 1.0 / p.tpot_s,
        "batch": p.batch,
        "power_w": p.power_w,
        "memory_bytes_per_chip": p.memory_bytes_per_chip,
        "low80": p.low80,
        "high80": p.high80,
        **_cost(hour, per_chip, p.low80, p.high80),
        "basis": f"{p.basis.rstrip('.')}. {_price_words(hour)}",
    }
    millions_per_h = per_chip * 3600.0 / 1e6
    rank = hour.mid / millions_per_h if hour else _UNPRICED / per_chip
    if asked.rate_per_s is not None:
        row |= _for_rate(p, asked.rate_per_s, hour)
        chips = float(p.n_chips * p.replicas)
        rank = hour.mid * chips if hour else _UNPRICED * chips
    return Offered(rank, hardware, p, row)


def frontier_row(hardware: Hardware, p: OperatingPoint) -> Document:
    """A point of the frontier."""
    per_chip = p.output_tokens_per_s / p.n_chips
    return {
        "chip": hardware.chip.name,
        **_mode(p),
        "precision": p.precision,
        "kv_precision": p.kv_precision,
        "n_chips": p.n_chips,
        "tp": p.tp,
        "pp": p.pp,
        "dp": p.dp,
        "ep": p.ep,
        "concurrency": p.concurrency,
        "ttft_ms": p.ttft_s * 1e3,
        "tpot_ms": p.tpot_s * 1e3,
        "output_tokens_per_s_per_user": 1.0 / p.tpot_s,
        "output_tokens_per_s_per_chip": per_chip,
        "low80_output_tokens_per_s_per_chip": per_chip / p.high80,
        "high80_output_tokens_per_s_per_chip": per_chip / p.low80,
        "power_w_per_chip": p.power_w / p.n_chips,
        **_cost(hardware.hour, per_chip, p.low80, p.high80),
    }


def _mode(p: OperatingPoint) -> Document:
    """Which work shares a worker, and the workers of each role where they are apart."""
    if p.apart is None:
        return {"mode": "aggregated"}
    x = p.apart.prefill
    return {
        "mode": "disaggregated",
        "prefill": {"workers": p.apart.prefill_workers, "tp": x.tp, "pp": x.pp, "dp": x.dp, "ep": x.ep},
        "decode": {"workers": p.apart.decode_workers, "tp": p.tp, "pp": p.pp, "dp": p.dp, "ep": p.ep},
    }


def _cost(hour: ChipHour | None, tokens_per_s_per_chip: float, low80: float, high80: float) -> Document:
    if hour is None:
        return {"usd_per_million_output_tokens": None}
    millions_per_h = tokens_per_s_per_chip * 3600.0 / 1e6
    return {
        "usd_per_million_output_tokens": hour.mid / millions_per_h,
        "low80_usd_per_million_output_tokens": hour.low * low80 / millions_per_h,
        "high80_usd_per_million_output_tokens": hour.high * high80 / millions_per_h,
        "usd_per_chip_hour": hour.mid,
    }


def _for_rate(p: OperatingPoint, rate_per_s: float, hour: ChipHour | None) -> Document:
    """Replicas that bear the rate, and with times at the upper end of the 80 % interval."""
    chips = p.n_chips * p.replicas
    slow = max(p.replicas, math.ceil(rate_per_s * p.high80 / p.requests_per_s))
    return {
        "replicas": p.replicas,
        "high80_replicas": slow,
        "total_chips": chips,
        "total_power_w": p.power_w * p.replicas,
        "usd_per_hour": hour.mid * chips if hour else None,
    }


def _price_words(hour: ChipHour | None) -> str:
    return f"Price: {hour.words}." if hour else "Nobody published a price."
