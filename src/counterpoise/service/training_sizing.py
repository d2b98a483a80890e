"""`size --train`: the best layouts of a training run on each chip, how long it takes and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from counterpoise.catalogue import as_of as known_on
from counterpoise.catalogue import find_chip, load
from counterpoise.catalogue.records import Catalogue, Chip, Model, System
from counterpoise.errors import BadInput, Refused, Where
from counterpoise.performance.power import system_power_w
from counterpoise.performance.training_calibration import TrainingCalibration
from counterpoise.performance.training_layout import RECOMPUTE
from counterpoise.performance.training_search import (
    TrainingPoint,
    chip_counts,
    training_options,
    usual_batch_tokens,
    usual_precision,
)
from counterpoise.service.asked_model import model_of
from counterpoise.service.chip_prices import ChipHour, chip_hour, given_hour
from counterpoise.service.sizing_question import require_known, require_positive

Document = dict[str, Any]
PRECISIONS = ("bf16", "fp8", "fp4")
DAY_S = 86400.0
MOST_CHIPS = 16384


@dataclass(frozen=True, slots=True)
class TrainingQuestion:
    """A training run asked for.

    `tokens` of the run; `sequence_length` and `global_batch_tokens` in tokens (None: usual for the model);
    `chips`: numbers of chips to try (empty: parts of a system, then systems doubled); `precisions` and
    `recompute`: empty for the usual precision and any recomputation; `lora`: weights stay frozen;
    `days`: longest time allowed, checkpoints and failures included; `usd_per_chip_hour` replaces the
    catalogue's prices.
    """

    tokens: float
    sequence_length: float = 4096.0
    global_batch_tokens: float | None = None
    chips: tuple[int, ...] = ()
    precisions: tuple[str, ...] = ()
    lora: bool = False
    recompute: tuple[str, ...] = ()
    days: float | None = None
    usd_per_chip_hour: float | None = None

    def __post_init__(self) -> None:
        require_positive(
            1e18,
            ("tokens of the run", self.tokens, "--tokens"),
            ("sequence length", self.sequence_length, "--sequence"),
            ("tokens of a batch", self.global_batch_tokens, "--batch"),
            ("days", self.days, "--days"),
            ("price of a chip-hour", self.usd_per_chip_hour, "--price"),
            *(("number of chips", float(n), "--chips") for n in self.chips),
        )
        for n in self.chips:
            if n > 10 * MOST_CHIPS:
                raise BadInput(
                    f"{n:,} chips are more than any run this was measured on.",
                    where=Where(field="--chips"),
                    hint=f"Give at most {10 * MOST_CHIPS:,}.",
                )
        if self.global_batch_tokens is not None and self.global_batch_tokens < self.sequence_length:
            raise BadInput(
                f"a batch of {self.global_batch_tokens:g} tokens holds no sequence of "
                f"{self.sequence_length:g}.",
                where=Where(field="--batch"),
                hint="Give tokens of all sequences of a step.",
            )
        require_known("precision", self.precisions, PRECISIONS, "--precision")
        require_known("recomputation", self.recompute, tuple(RECOMPUTE), "--recompute")

    @property
    def method(self) -> str:
        """Training method: "lora" or "pretrain" (full fine-tuning is the same work)."""
        return "lora" if self.lora else "pretrain"


def size_training(
    model_name: str,
    chip_names: tuple[str, ...],
    asked: TrainingQuestion,
    limit: int,
    day: date | None,
    *,
    calibration: TrainingCalibration | None = None,
    profile: Path | None = None,
) -> Document:
    """Answer `counterpoise size --train`: for each chip, count and precision the layout of the highest MFU.

    Cheapest runs first, those nobody published a price for last, by chip-days.  Chips without a name given
    are all that `day` knows.  `calibration` None: the one that ships, or what it learns from `profile`, a
    file of own measurements.  Raises `UnknownName`, `BadInput`, and `Refused` for a closed model.
    """
    today = day or date.today()
    catalogue = known_on(load(), today)
    notes: tuple[str, ...] = ()
    if profile is not None:
        from counterpoise.service.own_measurements import load_profile

        own = load_profile(profile, catalogue)
        calibration, notes = own.training, own.notes
    model = model_of(catalogue, model_name)
    if not model.layers:
        raise Refused(f"{model.name} is closed: its architecture is not public, so it cannot be trained.")
    names = [find_chip(catalogue, name).name for name in chip_names] or sorted(catalogue.chips)
    rows: list[tuple[tuple[float, ...], Document]] = []
    refused: list[Document] = []
    for name in dict.fromkeys(names):
        chip = catalogue.chips[name]
        box = _box(catalogue, chip)
        price = asked.usd_per_chip_hour
        hour = chip_hour(catalogue, chip, today) if price is None else given_hour(price)
        for precision in asked.precisions or (usual_precision(model, chip),):
            points, out = _points(model, chip, box, asked, precision, today, calibration)
            refused += out
            for point in points:
                row = _row(chip, box, point, hour, asked)
                if asked.days is not None and row["days"] > asked.days:
                    refused.append(_too_slow(row, model, asked.days))
                else:
                    rows.append((_rank(row), row))
    rows.sort(key=lambda ranked: (ranked[0], ranked[1]["chip"]))
    return {
        "model": model.name,
        "asked": {
            "tokens": asked.tokens,
            "sequence_length": asked.sequence_length,
            "global_batch_tokens": asked.global_batch_tokens or usual_batch_tokens(model, asked.method),
            "method": asked.method,
            "days": asked.days,
            "as_of": today.isoformat(),
        },
        "runs": [row for _, row in rows[:limit]],
        "found": len(rows),
        "refused": refused,
        "notes": list(notes),
    }


def _points(
    model: Model,
    chip: Chip,
    box: System | None,
    asked: TrainingQuestion,
    precision: str,
    today: date,
    calibration: TrainingCalibration | None,
) -> tuple[list[TrainingPoint], list[Document]]:
    domain = int(box.scale_up_chips if box else max(1, min(8, int(chip.value("scale_up_chips") or 1))))
    per_system = int(box.chips if box else domain)
    points, out = training_options(
        model,
        chip,
        scale_up_chips=domain,
        chips_per_system=per_system,
        method=asked.method,
        sequence_length=asked.sequence_length,
        precision=precision,
        chips=asked.chips or chip_counts(per_system, MOST_CHIPS),
        global_batch_tokens=asked.global_batch_tokens,
        recomputes=asked.recompute or None,
        software_date=today,
        calibration=calibration,
    )
    refused = [{"what": r.what, "why": r.why} for r in out]
    small = [r for r in refused if " x " in r["what"]]
    if asked.chips or len(small) < 2:
        return points, refused
    # Nobody asked for these counts one by one: the largest tells what the others lack too.
    most = small[-1] | {"what": f"{small[0]['what']} to {small[-1]['what'].rsplit(' x ', 1)[1]}"}
    return points, [*(r for r in refused if r not in small), most]


def _box(catalogue: Catalogue, chip: Chip) -> System | None:
    have = sorted(
        (s for s in catalogue.systems.values() if s.chip == chip.name), key=lambda s: (s.chips, s.name)
    )
    return next((s for s in have if s.chips >= 8), have[-1] if have else None)


def _row(
    chip: Chip, box: System | None, p: TrainingPoint, hour: ChipHour | None, asked: TrainingQuestion
) -> Document:
    days = asked.tokens / p.goodput_tokens_per_s / DAY_S
    per_chip = p.tokens_per_s / p.n_chips
    chip_hours = days * 24.0 * p.n_chips
    price = f" Price: {hour.words}." if hour else " Nobody published a price."
    return {
        "chip": chip.name,
        "system": box.name if box else None,
        "n_chips": p.n_chips,
        "precision": p.precision,
        "tp": p.tp,
        "pp": p.pp,
        "interleave": p.interleave,
        "dp": p.dp,
        "ep": p.ep,
        "cp": p.cp,
        "zero": p.zero_stage,
        "recompute": p.recompute,
        "micro_batch": p.micro_batch,
        "mfu": p.mfu,
        "tokens_per_s_per_chip": per_chip,
        "low80_tokens_per_s_per_chip": per_chip * p.low80,
        "high80_tokens_per_s_per_chip": per_chip * p.high80,
        "memory_bytes": p.memory_bytes_per_chip,
        "goodput": p.goodput_tokens_per_s / p.tokens_per_s,
        "days": days,
        "low80_days": days / p.high80,
        "high80_days": days / p.low80,
        "power_w": _power_w(chip, p),
        "chip_hours": chip_hours,
        "usd": hour.mid * chip_hours if hour else None,
        "low80_usd": hour.low * chip_hours / p.high80 if hour else None,
        "high80_usd": hour.high * chip_hours / p.low80 if hour else None,
        "usd_per_chip_hour": hour.mid if hour else None,
        "basis": p.basis.rstrip(".") + "." + price,
    }


def _power_w(chip: Chip, p: TrainingPoint) -> float | None:
    """Watts of all chips with their hosts; None where the chip's rating is not public."""
    if not chip.value("tdp_w"):
        return None
    return float(system_power_w(chip, p.n_chips, p.power_w / p.n_chips))


def _rank(row: Document) -> tuple[float, ...]:
    """Priced runs first, cheapest of all; then by chip-hours; the faster of equals."""
    return (0.0, row["usd"], row["days"]) if row["usd"] else (1.0, row["chip_hours"], row["days"])


def _too_slow(row: Document, model: Model, days: float) -> Document:
    return {
        "what": f"{model.name} on {row['chip']} x {row['n_chips']} in {row['precision']}",
        "why": f"takes {row['days']:.3g} days, {days:g} are allowed",
    }
