"""What is assumed where the buyer says nothing, and the list of it.

A default comes from a dated fact of the catalogue (a region's electricity, a use case's lengths) or, where
the catalogue has none, from the table here, whose every row says that it is assumed and why.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from counterpoise.catalogue.records import Catalogue, Figure, UseCase
from counterpoise.errors import BadInput, Where
from counterpoise.units import DAYS_PER_YEAR
from counterpoise.workload.assumption import Assumption

WEEKS_PER_MONTH = DAYS_PER_YEAR / 12 / 7


@dataclass(frozen=True, slots=True)
class Default:
    """A value of the program's own: its unit and the reason for it."""

    value: float
    unit: str
    why: str


DEFAULTS: dict[str, Default] = {
    "site.pue": Default(1.4, "ratio", "no figure of the region is known: a new air-cooled hall"),
    "site.electricity": Default(0.10, "USD/kWh", "no price of the region is known: a usual industrial price"),
    "finance.discount_rate": Default(0.08, "fraction/year", "a usual cost of capital of a listed company"),
    "growth": Default(0.0, "fraction/quarter", "no growth is stated, so none is planned for"),
    "cached_prefix": Default(0.0, "fraction", "no use case is named, so no repeated prefix is counted on"),
    "repeat_share": Default(0.0, "fraction", "no use case is named, so no repeated request is counted on"),
    "reserve_margin": Default(
        0.10, "fraction", "room for busier minutes within the hour and a wrong forecast"
    ),
    "slo.percentile": Default(90.0, "percent", "nine of ten requests meet both targets"),
    "sequence_length": Default(4096.0, "tokens", "the length most models are pre-trained at"),
    "engineers.available": Default(
        2.0, "engineers", "a small team; it limits how much can be adopted at once"
    ),
    "solver.gap": Default(0.01, "fraction", "closer than the prices are known"),
    "solver.time": Default(60.0, "s", "patience of a person at a terminal; the gap reached is printed"),
    "blocks": Default(
        4.0, "blocks", "night, morning, afternoon and evening; cut where the profiles lose least"
    ),
}
"""Value by field of the case, the workload's fields without its name."""

ENGINEER_USD_PER_MONTH = {"CN": 8_000.0, "IN": 5_000.0, "US": 22_000.0, "EU": 12_000.0}
"""Full cost of an engineer by region: assumed from usual salaries with a third on top; 12,000 elsewhere."""
ENGINEER_ELSEWHERE_USD_PER_MONTH = 12_000.0


@dataclass(slots=True)
class Assumed:
    """Facts known to the case, and the defaults taken from them so far."""

    known: Catalogue
    taken: dict[str, Assumption] = field(default_factory=dict)

    def note(self, assumption: Assumption) -> None:
        """Keep an assumption; one of the same field is kept once."""
        self.taken[assumption.field] = assumption

    def stated(self, name: str, where: str = "") -> float:
        """Take the program's own default for a field; `where` is the place of a workload's field."""
        default = DEFAULTS[name]
        field_ = f"{where}.{name}" if where else name
        self.note(
            Assumption(field_, default.value, default.unit, "assumed", "Counterpoise", note=default.why)
        )
        return default.value

    def absent(self, name: str, value: str, why: str) -> None:
        """Note a limit or floor that the case does not state."""
        self.note(Assumption(name, value, "", "assumed", "the case states none", note=why))

    def figure(self, name: str, figure: Figure, note: str = "") -> float:
        """Take a figure of the catalogue."""
        p = figure.provenance
        words = "; ".join(w for w in (note, p.note) if w)
        self.note(Assumption(name, figure.mid, figure.unit, p.kind, p.source, p.as_of, words))
        return figure.mid

    def of_region(self, name: str, region: str, item: str) -> float:
        """Take a site fact of the region, of the larger region it lies in, or of the world."""
        for place in (*wider(region), "world"):
            fact = next((s for s in self.known.sites if s.region == place and s.item == item), None)
            if fact is not None:
                return self.figure(name, fact.figure, "" if place == region else f"figure of {place}")
        return self.stated(name)

    def engineer_usd_per_week(self, region: str) -> float:
        """Take the assumed cost of an engineer in a region."""
        place = wider(region)[-1]
        month = ENGINEER_USD_PER_MONTH.get(place, ENGINEER_ELSEWHERE_USD_PER_MONTH)
        why = f"full cost of an engineer in {place}: ordinary salaries with a third on top"
        self.note(Assumption("engineers.cost", month, "USD/month", "assumed", "Counterpoise", note=why))
        return month / WEEKS_PER_MONTH

    def units_per_usd(self, currency: str, where: Where | None = None) -> float:
        """Take the exchange rate known to the case; USD is 1."""
        if currency == "USD":
            return 1.0
        rate = next((r for r in self.known.exchange_rates if r.currency == currency), None)
        if rate is None:
            raise BadInput(
                f"no exchange rate of {currency} is known on the as-of date.",
                where=where,
                hint="Write USD, or add the rate to catalogue/exchange_rates.csv.",
            )
        return self.figure(f"exchange rate {currency}", rate.units_per_usd)

    def list(self) -> tuple[Assumption, ...]:
        """Return what was taken, by field."""
        return tuple(self.taken[name] for name in sorted(self.taken))


def wider(region: str) -> tuple[str, ...]:
    """Return the region and the larger one it lies in: "CN east" lies in "CN"."""
    head = region.partition(" ")[0]
    return (region,) if head == region else (region, head)


def known_regions(catalogue: Catalogue) -> set[str]:
    """Regions that the catalogue has a price of electricity, an offer, an API or an export rule for."""
    places: set[str] = {s.region for s in catalogue.sites if s.item == "electricity"}
    listed: Iterable[Any] = (*catalogue.offers, *catalogue.api_prices, *catalogue.export_rules)
    return places.union(*(thing.regions for thing in listed)) - {"world"}


def figures_of(use_case: UseCase) -> dict[str, Figure]:
    """Figures of a use case by the workload's field that they fill."""
    return {
        "input_tokens": use_case.input_tokens,
        "output_tokens": use_case.output_tokens,
        "cached_prefix": use_case.cached_prefix,
        "repeat_share": use_case.repeat_share,
        "slo.ttft": use_case.ttft_s,
        "slo.tpot": use_case.tpot_s,
    }
