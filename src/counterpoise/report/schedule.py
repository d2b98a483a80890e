"""Views of a plan document that more than one reader needs: what is held, what runs, when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]
WORST_KIND_FIRST = ("assumed", "derived", "measured", "quoted", "list")
ITEM_WORDS = {
    "purchase": "purchases",
    "salvage": "recovered at the end",
    "maintenance": "maintenance and space",
    "reserve": "reservations",
    "rent": "rent by the hour",
    "energy": "electricity",
    "substitute": "API and caches",
    "technique": "techniques",
    "engineers": "engineers",
    "unserved": "unserved demand",
}
"""Items of cost as a buyer calls them."""
HOW_HAD = ("bought", "reserved", "rented")


def rentals_in_all(document: Document) -> list[dict[str, Any]]:
    """Return each reservation by quarter of signing, and each offer rented by the hour in one row.

    A row has `period` and `until` (first and last quarter), the most `systems` and `chips` at a time, and
    the `cost` in all.
    """
    groups: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in document.get("rentals", ()):
        how = "reserve" if row["kind"] == "reserve" else "rent"
        period, until = str(row["period"]), str(row.get("until") or row["period"])
        offer = str(row["offer"])
        group = groups.setdefault(
            (how, offer, period if how == "reserve" else ""),
            {
                "how": how,
                "offer": offer,
                "provider": str(row.get("provider") or ""),
                "system": str(row["system"]),
                "chip": str(row.get("chip") or ""),
                "period": period,
                "until": until,
                "systems": 0.0,
                "chips": 0.0,
                "cost": 0.0,
            },
        )
        group["period"], group["until"] = min(group["period"], period), max(group["until"], until)
        group["systems"] = max(group["systems"], float(row["systems"]))
        group["chips"] = max(group["chips"], float(row["chips"]))
        group["cost"] += float(row.get("cost") or 0.0)
    return sorted(groups.values(), key=lambda group: (group["period"], group["how"], group["offer"]))


def busiest_period(document: Document) -> str:
    """Return the period in which most chips run, the earliest of equals; "" where nothing runs."""
    chips: dict[str, float] = {}
    for row in document.get("deployments", ()):
        chips[str(row["period"])] = chips.get(str(row["period"]), 0.0) + float(row.get("chips") or 0.0)
    return max(sorted(chips), key=lambda period: chips[period], default="")


def running(document: Document, period: str) -> list[dict[str, Any]]:
    """Return what runs in `period`: one row per workload, variant and place.

    `in_block` has, by block label, systems in use; requests/s for an API, a cache or unserved demand.
    """
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in document.get("deployments", ()):
        if str(row["period"]) != period:
            continue
        key = tuple(str(row.get(k) or "") for k in ("workload", "kind", "variant", "system", "place"))
        entry = rows.setdefault(key, dict(row) | {"in_block": {}})
        used = row["systems"] if row["kind"] in {"serving", "training"} else row.get("requests_per_s")
        label = str(row["block"])
        entry["in_block"][label] = entry["in_block"].get(label, 0.0) + float(used or 0.0)
    return list(rows.values())


def place(row: Document) -> str:
    """Return the system of a deployment and whether it stands on the site or in a cloud."""
    where = str(row.get("place") or "")
    system = str(row.get("system") or row["kind"])
    return f"{system}, {where}" if where in {"site", "cloud"} else system


def held(document: Document) -> list[dict[str, Any]]:
    """Return chips held by period, chip and `how` (bought, reserved, rented); rented: the most at a time.

    A bought system counts from the period in which it arrives to the end of the horizon.
    """
    periods = [str(p) for p in document["case"].get("periods", ())]
    amounts: dict[tuple[str, str, str], float] = {}

    def add(period: str, chip: str, how: str, chips: float) -> None:
        key = (period, chip, how)
        amounts[key] = amounts.get(key, 0.0) + chips

    for row in document.get("purchases", ()):
        start = str(row.get("arrives") or row["period"])
        for period in periods:
            if period >= start:
                add(period, str(row["chip"]), "bought", float(row["chips"]))
    by_block: dict[tuple[str, str, str, str], float] = {}
    for row in document.get("rentals", ()):
        chip = str(row.get("chip") or row["system"])
        first, last = str(row["period"]), str(row.get("until") or row["period"])
        how = "reserved" if row["kind"] == "reserve" else "rented"
        for period in periods:
            if first <= period <= last:
                key = (period, chip, how, str(row.get("block") or ""))
                by_block[key] = by_block.get(key, 0.0) + float(row["chips"])
    most: dict[tuple[str, str, str], float] = {}
    for (period, chip, how, _), chips in by_block.items():
        most[period, chip, how] = max(most.get((period, chip, how), 0.0), chips)
    for (period, chip, how), chips in most.items():
        add(period, chip, how, chips)
    return [
        {"period": period, "chip": chip, "how": how, "chips": chips}
        for (period, chip, how), chips in sorted(amounts.items())
    ]


def in_use(document: Document) -> dict[str, float]:
    """Return by period the chips that run in its busiest block."""
    balance = document.get("balance") or {}
    use: dict[str, float] = {}
    for row in balance.get("by_period_block") or ():
        chips = float(row["serving_chips"]) + float(row["training_chips"])
        use[str(row["period"])] = max(use.get(str(row["period"]), 0.0), chips)
    return use


def item_in_words(item: object) -> str:
    """Return an item of cost as a buyer calls it; one that is not known as it is."""
    return ITEM_WORDS.get(str(item), str(item))


def by_kind(assumptions: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return assumptions with the weakest kinds first, otherwise in their order."""
    rank = {kind: i for i, kind in enumerate(WORST_KIND_FIRST)}
    return sorted(assumptions, key=lambda row: rank.get(str(row.get("kind")), -1))
