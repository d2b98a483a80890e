"""What an hour of a chip costs at the cheapest known way to have it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from counterpoise.catalogue import is_stale
from counterpoise.catalogue.records import Catalogue, Chip, Figure, Offer, System
from counterpoise.performance.power import system_power_w

HOURS_PER_YEAR = 8760.0
LIFE_YEARS = 5.0
UPKEEP_SHARE_PER_YEAR = 0.05
PUE, ELECTRICITY_USD_PER_KWH = 1.35, 0.085
"""Of a new air-cooled hall, and industrial power in China in 2024; used where the price is a purchase."""


@dataclass(frozen=True, slots=True)
class ChipHour:
    """US dollars for an hour of a chip, power included, and where that comes from."""

    low: float
    mid: float
    high: float
    words: str


def chip_hour(catalogue: Catalogue, chip: Chip, day: date) -> ChipHour | None:
    """The cheapest known way to have the chip for an hour on `day`; None where nobody published a price.

    Rents and reservations as they are; a purchase over five years with upkeep and power at full load.
    """
    found: list[ChipHour] = []
    systems = {s.name: s for s in catalogue.systems.values() if s.chip == chip.name}
    for offer in catalogue.offers:
        of_chip = offer.chip == chip.name or offer.system in systems
        if not of_chip or offer.kind == "spot":
            continue
        price = offer.price_usd
        where = f"{offer.provider}, {'/'.join(offer.regions) or 'any region'}, {price.provenance.as_of}"
        old = ", older than a quarter" if is_stale(price, day) else ""
        known = f"{where}, {price.provenance.kind}{old}"
        if offer.kind != "buy":
            words = f"{_way(offer)} at {price.mid:.2f} USD/chip-h ({known})"
            found.append(ChipHour(price.low, price.mid, price.high, words))
        elif offer.system in systems:
            found.append(_bought(price, systems[offer.system], chip, known))
    return min(found, key=lambda h: (h.mid, h.words)) if found else None


def given_hour(usd_per_chip_hour: float) -> ChipHour:
    """A price that the user gives."""
    words = f"{usd_per_chip_hour:.2f} USD/chip-h, as given"
    return ChipHour(usd_per_chip_hour, usd_per_chip_hour, usd_per_chip_hour, words)


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
