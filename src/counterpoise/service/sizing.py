"""`size`: the best deployments of a model under latency targets, with what a million output tokens costs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from counterpoise.catalogue import as_of as known_on
from counterpoise.catalogue import find_chip, find_model, is_stale, load, read_config
from counterpoise.catalogue.records import Catalogue, Chip, Figure, Model, Offer, System
from counterpoise.errors import BadInput, Where
from counterpoise.performance.power import system_power_w
from counterpoise.performance.sizing import OperatingPoint, serving_options

Document = dict[str, Any]
HOURS_PER_YEAR = 8760.0
LIFE_YEARS = 5.0
UPKEEP_SHARE_PER_YEAR = 0.05
PUE, ELECTRICITY_USD_PER_KWH = 1.35, 0.085
"""Of a new air-cooled hall, and industrial power in China in 2024; used where the price is a purchase."""
HUB = "hub:"
PRECISIONS = ("bf16", "fp8", "int8", "int4", "fp4")


@dataclass(frozen=True, slots=True)
class Question:
    """Lengths, targets and precisions asked for."""

    input_tokens: float
    output_tokens: float
    ttft_s: float
    tpot_s: float
    percentile: float
    cached_share: float
    precisions: tuple[str, ...]

    def __post_init__(self) -> None:
        for name, value, option in (
            ("input tokens", self.input_tokens, "--input"),
            ("output tokens", self.output_tokens, "--output"),
            ("TTFT target", self.ttft_s, "--ttft"),
            ("TPOT target", self.tpot_s, "--tpot"),
        ):
            if not 0 < value < 1e12:
                raise BadInput(f"the {name} must be a number above 0.", where=Where(field=option))
        if not 1 <= self.percentile < 100:
            raise BadInput(
                f"{self.percentile:g} is no percentile.",
                where=Where(field="--percentile"),
                hint="Write one from 50 to 99, as 90.",
            )
        if not 0 <= self.cached_share < 1:
            raise BadInput("the cached share must be from 0 % to below 100 %.", where=Where(field="--cached"))
        for precision in self.precisions:
            if precision not in PRECISIONS:
                raise BadInput(
                    f'unknown precision "{precision}".',
                    where=Where(field="--precision"),
                    hint=f"Choose from {', '.join(PRECISIONS)}.",
                )


@dataclass(frozen=True, slots=True)
class ChipHour:
    """US dollars for an hour of a chip, power included, and where that comes from."""

    low: float
    mid: float
    high: float
    words: str


def size_model(
    model_name: str, chip_names: tuple[str, ...], asked: Question, limit: int, day: date | None
) -> Document:
    """Answer `counterpoise size`; the shape is that of the contract for machines."""
    catalogue = known_on(load(), day or date.today())
    model = model_of(catalogue, model_name)
    names = [find_chip(catalogue, name).name for name in chip_names] or sorted(catalogue.chips)
    rows: list[tuple[float, Document]] = []
    refused: list[Document] = []
    for name in dict.fromkeys(names):
        chip = catalogue.chips[name]
        box = _box(catalogue, chip)
        points, out = serving_options(
            model,
            chip,
            scale_up_chips=box.scale_up_chips if box else _scale_up(chip),
            chips_per_system=box.chips if box else _scale_up(chip),
            input_tokens=asked.input_tokens,
            output_tokens=asked.output_tokens,
            cached_share=asked.cached_share,
            ttft_s=asked.ttft_s,
            tpot_s=asked.tpot_s,
            percentile=asked.percentile,
            precisions=asked.precisions or None,
        )
        refused += [{"what": r.what, "why": r.why} for r in out]
        hour = chip_hour(catalogue, chip, day or date.today())
        rows += [_row(chip, box, point, hour) for point in points]
    rows.sort(key=lambda row: (row[0], row[1]["n_chips"], row[1]["chip"]))
    return {
        "model": model.name,
        "deployments": [row for _, row in rows[:limit]],
        "refused": refused,
        "found": len(rows),
    }


def model_of(catalogue: Catalogue, name: str) -> Model:
    """A model of the catalogue by any of its names, of a config.json by its path, or "hub:OWNER/NAME".

    Only the last one uses the network, and only because it was asked to.
    """
    if name.startswith(HUB):
        return read_config(_from_hub(name.removeprefix(HUB)), name.removeprefix(HUB))
    path = Path(name)
    if path.suffix == ".json":
        if not path.is_file():
            raise BadInput(
                "no such file.", where=Where(str(path)), hint="Give the path of a Hugging Face config.json."
            )
        return read_config(path)
    return find_model(catalogue, name)


def _from_hub(repository: str) -> Path:
    """Fetch a repository's config.json from the Hugging Face hub; its path in the hub's own cache."""
    try:
        from huggingface_hub import hf_hub_download
    except ImportError:
        raise BadInput(
            "models of the hub need the extra `hub`.",
            where=Where(field="MODEL"),
            hint="Install counterpoise[hub], or give the path of a config.json.",
        ) from None
    try:
        return Path(hf_hub_download(repository, "config.json"))
    except Exception as error:  # noqa: BLE001  the hub's own errors are many, and all mean the same here
        raise BadInput(
            f"{repository} cannot be had from the hub ({type(error).__name__}).", where=Where(field="MODEL")
        ) from None


def _scale_up(chip: Chip) -> int:
    return max(1, min(8, int(chip.value("scale_up_chips") or 1)))


def _box(catalogue: Catalogue, chip: Chip) -> System | None:
    have = sorted(
        (s for s in catalogue.systems.values() if s.chip == chip.name), key=lambda s: (s.chips, s.name)
    )
    return next((s for s in have if s.chips >= 8), have[-1] if have else None)


def chip_hour(catalogue: Catalogue, chip: Chip, day: date) -> ChipHour | None:
    """The cheapest known way to have the chip for an hour on `day`; None where nobody published a price.

    Rents and reservations as they are; a purchase over five years with upkeep and power at full load.
    """
    found: list[ChipHour] = []
    systems = {s.name: s for s in catalogue.systems.values() if s.chip == chip.name}
    for offer in catalogue.offers:
        if (offer.chip or systems.get(offer.system, _NOWHERE).chip) != chip.name or offer.kind == "spot":
            continue
        price = offer.price_usd
        where = f"{offer.provider}, {'/'.join(offer.regions) or 'any region'}, {price.provenance.as_of}"
        old = ", older than a quarter" if is_stale(price, day) else ""
        known = f"{where}, {price.provenance.kind}{old}"
        if offer.kind != "buy":
            found.append(
                ChipHour(
                    price.low, price.mid, price.high, f"{_way(offer)} at {price.mid:.2f} USD/chip-h ({known})"
                )
            )
        elif offer.system in systems:
            found.append(_bought(price, systems[offer.system], chip, known))
    return min(found, key=lambda h: (h.mid, h.words)) if found else None


_NOWHERE = System("", "", "", 1, 1, date.min, {}, None)  # type: ignore[arg-type]


def _way(offer: Offer) -> str:
    return "on demand" if offer.kind == "on_demand" else f"reserved for {offer.term_months} months"


def _bought(price: Figure, system: System, chip: Chip, known: str) -> ChipHour:
    per_hour = (1.0 / LIFE_YEARS + UPKEEP_SHARE_PER_YEAR) / HOURS_PER_YEAR / system.chips
    tdp = chip.value("tdp_w") or 0.0
    watts = float(system_power_w(chip, system.chips, tdp)) / system.chips if tdp else 0.0
    power = watts * PUE / 1000.0 * ELECTRICITY_USD_PER_KWH
    low, mid, high = (p * per_hour + power for p in (price.low, price.mid, price.high))
    words = (
        f"bought at {price.mid:,.0f} USD per {system.name}, over {LIFE_YEARS:g} years with power: "
        f"{mid:.2f} USD/chip-h"
    )
    return ChipHour(low, mid, high, f"{words} ({known})")


def _row(chip: Chip, box: System | None, p: OperatingPoint, hour: ChipHour | None) -> tuple[float, Document]:
    per_chip = p.output_tokens_per_s / p.n_chips
    millions_per_h = per_chip * 3600.0 / 1e6
    cost: Document = {"usd_per_million_output_tokens": None}
    if hour is not None:
        cost = {
            "usd_per_million_output_tokens": hour.mid / millions_per_h,
            "low80_usd_per_million_output_tokens": hour.low * p.low80 / millions_per_h,
            "high80_usd_per_million_output_tokens": hour.high * p.high80 / millions_per_h,
            "usd_per_chip_hour": hour.mid,
        }
    rank = hour.mid / millions_per_h if hour else 1e12 / per_chip
    row = asdict(p)
    for seconds in ("ttft", "tpot"):
        row[f"{seconds}_ms"] = row.pop(f"{seconds}_s") * 1000.0
    price = f" Price: {hour.words}." if hour else " Nobody published a price."
    return rank, {
        "chip": chip.name,
        "system": box.name if box else None,
        **row,
        "output_tokens_per_s_per_chip": per_chip,
        **cost,
        "basis": p.basis.rstrip(".") + "." + price,
    }
