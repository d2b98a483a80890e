"""Chips, systems, techniques and use cases: one table of names, one long table of figures each.

The long table has a line for every figure (thing, figure, low, mid, high, unit, as_of, kind, source, note),
so that a figure has its own source and a new one is one more line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import get_args

from counterpoise.catalogue.records import Chip, Figure, System, Technique, TechniqueKind, UseCase
from counterpoise.catalogue.table import Row

FIGURE_VALUES = ("figure", "low", "mid", "high", "unit", "as_of", "kind", "source", "note")
PROVENANCE = ("as_of", "kind", "source", "note")
CHIP_COLUMNS = ("name", "vendor", "family", "software", "available_from", *PROVENANCE)
SYSTEM_COLUMNS = (
    *["name", "vendor", "chip", "chips", "scale_up_chips", "available_from", "flagship"],
    *PROVENANCE,
)
TECHNIQUE_COLUMNS = ("name", "technique", "to", "applies_to", "available_from", *PROVENANCE)
HOURS = tuple(f"h{hour:02d}" for hour in range(24))
USE_CASE_COLUMNS = ("name", *HOURS, *PROVENANCE)

SOFTWARE = ("cuda", "rocm", "cann", "xla", "neuron", "gaudi", "oneapi", "other")
CHIP_UNITS: Mapping[str, str] = {
    **dict.fromkeys((f"peak_{p}_flops_per_s" for p in ("bf16", "fp8", "int8", "fp4")), "FLOP/s"),
    **dict.fromkeys(("measured_bf16_flops_per_s", "measured_fp8_flops_per_s"), "FLOP/s"),
    "memory_bytes": "bytes",
    "memory_bandwidth_bytes_per_s": "bytes/s",
    "scale_up_bandwidth_bytes_per_s": "bytes/s",
    "scale_out_bandwidth_bytes_per_s": "bytes/s",
    "scale_up_chips": "chips",
    "tdp_w": "W",
}
SYSTEM_UNITS: Mapping[str, str] = {
    "power_typical_w": "W",
    "power_max_w": "W",
    "power_idle_w": "W",
    "rack_units": "U",
    "lead_time_weeks": "weeks",
}
TECHNIQUE_UNITS: Mapping[str, str] = {
    "engineer_weeks": "engineer-weeks",
    "lead_weeks": "weeks",
    "mature_after_weeks": "weeks",
    "cost_usd": "USD",
    "opex_usd_per_month": "USD/month",
    "training_tokens": "tokens",
    "draft_tokens": "tokens",
    **dict.fromkeys(
        ("efficiency_factor", "immature_factor", "score_recovery", "acceptance_rate", "hit_rate"), "fraction"
    ),
}
USE_CASE_UNITS: Mapping[str, str] = {
    "input_tokens": "tokens",
    "output_tokens": "tokens",
    "cached_prefix": "fraction",
    "ttft_s": "s",
    "tpot_s": "s",
    "repeat_share": "fraction",
}
Figures = dict[str, dict[str, Figure]]


def figures(rows: Iterable[Row], thing: str, units: Mapping[str, str]) -> Figures:
    """Return figures by thing and name; a unit other than the canonical one is refused."""
    found: Figures = {}
    for row in rows:
        name = row.one_of("figure", units)
        unit = row.name("unit")
        if unit != units[name]:
            raise row.bad("unit", f'{name} in "{unit}".', f"Write it in {units[name]}.")
        of_thing = found.setdefault(row.name(thing), {})
        if name in of_thing:
            raise row.bad("figure", f"{name} is given twice for {row.text(thing)}.")
        of_thing[name] = row.figure(unit)
    return found


def chips(rows: Iterable[Row], values: Figures) -> dict[str, Chip]:
    """Return chips by name."""
    return {
        row.name("name"): Chip(
            name=row.name("name"),
            vendor=row.name("vendor"),
            family=row.name("family"),
            software=row.one_of("software", SOFTWARE),
            available_from=row.day("available_from"),
            figures=values.get(row.name("name"), {}),
            provenance=row.provenance(),
        )
        for row in rows
    }


def systems(rows: Iterable[Row], values: Figures) -> dict[str, System]:
    """Return systems by name."""
    return {
        row.name("name"): System(
            name=row.name("name"),
            vendor=row.name("vendor"),
            chip=row.name("chip"),
            chips=row.count("chips"),
            scale_up_chips=row.count("scale_up_chips", 1),
            available_from=row.day("available_from"),
            figures=values.get(row.name("name"), {}),
            provenance=row.provenance(),
            flagship=row.flag("flagship"),
        )
        for row in rows
    }


def techniques(rows: Iterable[Row], values: Figures) -> dict[str, Technique]:
    """Return techniques by name."""
    return {
        row.name("name"): Technique(
            name=row.name("name"),
            kind=row.one_of("technique", get_args(TechniqueKind)),  # type: ignore[arg-type]
            to=row.text("to"),
            applies_to=row.names("applies_to"),
            available_from=row.day("available_from"),
            figures=values.get(row.name("name"), {}),
            provenance=row.provenance(),
        )
        for row in rows
    }


def use_cases(rows: Iterable[Row], values: Figures) -> dict[str, UseCase]:
    """Return use cases by name; each has all six figures and 24 loads of at most 1, the peak being 1."""
    found: dict[str, UseCase] = {}
    for row in rows:
        name = row.name("name")
        profile = tuple(row.number(hour) for hour in HOURS)
        if max(profile) != 1:
            raise row.bad(
                "h00", "the busiest hour of the profile is not 1.", "Divide the loads by their largest."
            )
        known = values.get(name, {})
        missing = [figure for figure in USE_CASE_UNITS if figure not in known]
        if missing:
            raise row.bad("name", f"{name} has no {missing[0]}.")
        found[name] = UseCase(name=name, profile=profile, profile_provenance=row.provenance(), **known)
    return found
