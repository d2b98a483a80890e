"""The decisions of a plan in words: orders, reservations, rent, techniques, and what runs where.

Few decisions are told one by one; many are told by system, and the tables have the rest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from counterpoise.report.numbers import count, percent

Document = Mapping[str, Any]
Way = tuple[str, str, str]
"""Kind (serving, api, ...), variant, and the system or provider."""

_ORDERS_TOLD_ONE_BY_ONE = 4
_PLACES_TOLD = 2
_DUST = 1e-6
_SHARE_WORTH_SAYING = 0.005


def times(number: float, system: str) -> str:
    """Return so many of a system, rounded up to whole ones; a name that is a number of chips in brackets."""
    return f"{count(math.ceil(number - _DUST))} x {f'({system})' if system[:1].isdigit() else system}"


def joined(parts: Sequence[str]) -> str:
    """Return "a", "a and b", "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


def bought(document: Document) -> list[str]:
    """Return the orders, "2 x HGX-H20-8 in 2025Q1"; many of them by system, the most chips first."""
    orders: dict[tuple[str, str, str], float] = {}
    chips: dict[str, float] = {}
    for row in document.get("purchases", ()):
        period, system = str(row["period"]), str(row["system"])
        key = (period, system, str(row.get("arrives") or period))
        orders[key] = orders.get(key, 0.0) + float(row["systems"])
        chips[system] = chips.get(system, 0.0) + float(row["chips"])
    if len(orders) <= _ORDERS_TOLD_ONE_BY_ONE:
        return [
            f"{times(systems, system)} in {period}{_usable(period, arrives)}"
            for (period, system, arrives), systems in sorted(orders.items())
        ]
    by_system: dict[str, list[tuple[str, float]]] = {}
    for (period, system, _), systems in sorted(orders.items()):
        by_system.setdefault(system, []).append((period, systems))
    return [
        f"{times(sum(n for _, n in by_system[system]), system)} {_span([p for p, _ in by_system[system]])}"
        for system in sorted(by_system, key=lambda name: -chips[name])
    ]


def reserved(document: Document) -> list[str]:
    """Return the reservations with their terms; many of them by system."""
    terms: dict[tuple[str, str, str], float] = {}
    for row in document.get("rentals", ()):
        if row["kind"] == "reserve":
            key = (str(row["period"]), str(row["system"]), str(row.get("until") or row["period"]))
            terms[key] = terms.get(key, 0.0) + float(row["systems"])
    if len(terms) <= _ORDERS_TOLD_ONE_BY_ONE:
        return [
            f"{times(systems, system)} {_span([first, last])}"
            for (first, system, last), systems in sorted(terms.items())
        ]
    by_system: dict[str, list[tuple[str, str, float]]] = {}
    for (first, system, last), systems in terms.items():
        by_system.setdefault(system, []).append((first, last, systems))
    return [
        f"up to {times(_most_at_once(spans), system)} {_span([p for a, b, _ in spans for p in (a, b)])}"
        for system, spans in by_system.items()
    ]


def rented(document: Document) -> list[str]:
    """Return what is rented by the hour: in whole chips, the most at a time, and between which quarters."""
    at_once: dict[str, dict[tuple[str, str], float]] = {}
    for row in document.get("rentals", ()):
        if row["kind"] != "reserve":
            amounts = at_once.setdefault(str(row["chip"]), {})
            key = (str(row["period"]), str(row.get("block") or ""))
            amounts[key] = amounts.get(key, 0.0) + float(row["chips"])
    most = {chip: math.ceil(max(amounts.values()) - _DUST) for chip, amounts in at_once.items()}
    return [
        f"up to {most[chip]} x {chip} {_span([period for period, _ in amounts])}"
        for chip, amounts in at_once.items()
    ]


def adopted(document: Document) -> list[str]:
    """Return the techniques by the quarter in which they are adopted."""
    by_period: dict[str, list[str]] = {}
    for row in document.get("techniques", ()):
        what = str(row.get("what") or row["technique"])
        name = f"quantisation of {what}" if row.get("kind") == "quantise" else what
        names = by_period.setdefault(str(row["period"]), [])
        if name not in names:
            names.append(name)
    return [f"{joined(names)} in {period}" for period, names in sorted(by_period.items())]


def shares(document: Document) -> dict[str, dict[Way, float]]:
    """Return, by serving workload, the share of its requests that each way of answering takes.

    Rates are weighted by the hours of their block; quarters count as equally long.
    """
    hours = {str(b["label"]): float(b["hours"]) for b in document["case"].get("blocks", ())}
    volumes: dict[str, dict[Way, float]] = {}
    for row in document.get("deployments", ()):
        if row["kind"] == "training":
            continue
        volume = float(row.get("requests_per_s") or 0.0) * hours.get(str(row["block"]), 0.0)
        ways = volumes.setdefault(str(row["workload"]), {})
        way = (str(row["kind"]), str(row.get("variant") or ""), str(row.get("system") or ""))
        ways[way] = ways.get(way, 0.0) + volume
    return {
        workload: {way: volume / total for way, volume in ways.items()}
        for workload, ways in volumes.items()
        if (total := sum(ways.values())) > 0
    }


def served(document: Document) -> list[str]:
    """Return, by workload, which variant answers on which systems, the largest share first."""
    clauses = []
    for workload, ways in shares(document).items():
        by_variant: dict[tuple[str, str], list[tuple[str, float]]] = {}
        for (kind, variant, place), share in sorted(ways.items(), key=lambda item: -item[1]):
            if kind != "unserved" and share >= _SHARE_WORTH_SAYING:
                by_variant.setdefault((kind, variant), []).append((place, share))
        told = [_variant(kind, variant, places) for (kind, variant), places in by_variant.items()]
        if told:
            clauses.append(f"{joined(told)} for {workload}")
    return clauses


def trained(document: Document) -> list[str]:
    """Return, by training workload, the variant and the systems that it runs on."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for row in document.get("deployments", ()):
        if row["kind"] == "training":
            places = found.setdefault(str(row["workload"]), {}).setdefault(str(row["variant"]), {})
            system = str(row["system"])
            places[system] = places.get(system, 0.0) + float(row.get("chips") or 0.0)
    clauses = []
    for workload, variants in found.items():
        told = [f"{v} on {_few(sorted(places, key=lambda s: -places[s]))}" for v, places in variants.items()]
        clauses.append(f"{joined(told)} for {workload}")
    return clauses


def unserved(document: Document) -> list[str]:
    """Return the share of each workload that is left unserved."""
    return [
        f"{percent(sum(left))} of {workload}"
        for workload, ways in shares(document).items()
        if (left := [share for (kind, _, _), share in ways.items() if kind == "unserved"])
    ]


def _variant(kind: str, variant: str, places: Sequence[tuple[str, float]]) -> str:
    whole = sum(share for _, share in places) > 1 - _SHARE_WORTH_SAYING
    if len(places) == 1 and whole:
        told = places[0][0]
    else:
        told = _few([f"{place} ({percent(share)})" for place, share in places])
    if kind == "answer-cache":
        return f"the {told}"
    return f"{variant} by {told}" if kind == "api" else f"{variant} on {told}"


def _few(parts: Sequence[str]) -> str:
    if len(parts) <= _PLACES_TOLD + 1:
        return joined(parts)
    return joined([*parts[:_PLACES_TOLD], f"{len(parts) - _PLACES_TOLD} others"])


def _usable(period: str, arrives: str) -> str:
    if arrives == period:
        return ""
    return f" (usable {'only ' if arrives.startswith('after') else ''}{arrives})"


def _span(periods: Sequence[str]) -> str:
    first, last = min(periods), max(periods)
    return f"in {first}" if first == last else f"from {first} to {last}"


def _most_at_once(spans: Sequence[tuple[str, str, float]]) -> float:
    return max(sum(n for a, b, n in spans if a <= start <= b) for start, _, _ in spans)
