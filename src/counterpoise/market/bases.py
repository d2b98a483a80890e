"""What a figure counts: the concepts behind a series, gross or net of proceeds, with or without leases.

Two figures of one series may be compared only on one basis.  XBRL does not say whether a purchase is gross or
net of what was sold: a filing that restates last year's figure by just the proceeds shows that it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from counterpoise.market.calendar import Quarter
from counterpoise.market.facts import Observation
from counterpoise.market.filings import FiledFact, FiledFacts

TOLERANCE = 2e6
"""Whole currency units within which two filed amounts are the same: filings print millions."""

Kind = Literal["gross", "net of proceeds", "with lease principal", "with leased assets", "other"]
GROSS, NET = "gross", "net of proceeds"
PURCHASES = "cash purchases of property & equipment"
_Key = tuple[date, date, str]
"""A period and its currency."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A series as filings tag it: its concepts, the most usual first, and what it counts in words."""

    series: str
    concepts: tuple[str, ...]
    words: str
    beside: tuple[str, ...] = ()
    """Concepts that tell on which basis the series is filed."""


FLOWS: Mapping[str, Flow] = {
    flow.series: flow
    for flow in (
        Flow(
            "capex_cash",
            ("PaymentsToAcquirePropertyPlantAndEquipment", "PaymentsToAcquireProductiveAssets"),
            PURCHASES,
            ("ProceedsFromSaleOfPropertyPlantAndEquipment", "ProceedsFromSaleOfProductiveAssets"),
        ),
        Flow(
            "finance_lease_principal",
            ("FinanceLeasePrincipalPayments",),
            "principal payments on finance leases",
        ),
        Flow(
            "revenue",
            (
                "RevenueFromContractWithCustomerExcludingAssessedTax",
                "Revenues",
                "SalesRevenueNet",
                "RevenueFromContractWithCustomerIncludingAssessedTax",
            ),
            "total revenue",
        ),
        Flow(
            "datacenter_revenue",
            ("DataCenterRevenue", "DataCenterRevenues", "RevenueDataCenter"),
            "data-centre revenue as the company tags it",
        ),
    )
}
"""Every series that is read from filings, by name."""

CONCEPTS = frozenset(concept for flow in FLOWS.values() for concept in (*flow.concepts, *flow.beside))


@dataclass(frozen=True, slots=True)
class Break:
    """Where a series changes what it counts: figures before and after are not one series."""

    series: str
    entity: str
    last_before: Quarter
    first_after: Quarter
    before: Kind
    after: Kind


def kind(basis: str) -> Kind:
    """Return what a basis in words counts; "other" for what is not spending on property."""
    words = basis.casefold()
    if "including" in words:
        return "with lease principal" if "principal" in words else "with leased assets"
    if words.startswith("net ") or "net of" in words:
        return "net of proceeds"
    return "gross" if "purchases" in words else "other"


def breaks(observations: Iterable[Observation]) -> tuple[Break, ...]:
    """Return every change of basis between neighbouring quarters of a series, in order of time.

    Of several vintages of a quarter, the last counts.
    """
    latest: dict[tuple[str, str], dict[Quarter, Observation]] = {}
    for one in sorted(observations, key=lambda o: o.known_on):
        latest.setdefault((one.series, one.entity), {})[one.quarter] = one
    found = []
    for (series, entity), by_quarter in latest.items():
        ordered = [by_quarter[quarter] for quarter in sorted(by_quarter)]
        for earlier, later in pairwise(ordered):
            before, after = kind(earlier.basis), kind(later.basis)
            if before != after:
                found.append(Break(series, entity, earlier.quarter, later.quarter, before, after))
    return tuple(found)


def filing_bases(facts: FiledFacts, flow: Flow, concept: str) -> Mapping[str, str]:
    """Return, by accession, whether a filing states `concept` gross or net of proceeds; "" where unknown.

    A filing whose comparative differs from what was filed before by the proceeds of the same period has
    changed its basis, and with it every figure it states; later filings keep it until one changes it back.
    """
    proceeds = {(f.start, f.end, f.currency): f.value for name in flow.beside for f in facts.of(name)}
    filings: dict[str, list[FiledFact]] = {}
    for fact in facts.of(concept):
        filings.setdefault(fact.accession, []).append(fact)
    stated: dict[_Key, float] = {}
    bases: dict[str, str] = {}
    now = ""
    for accession, filed in filings.items():
        changed = next(filter(None, (_changed(fact, stated, proceeds) for fact in filed)), None)
        if changed:
            before, after = changed
            # What had no name until now was the other of the two.
            bases = {known: basis or before for known, basis in bases.items()}
            now = after
        bases[accession] = now
        stated |= {(f.start, f.end, f.currency): f.value for f in filed}
    return bases


def _changed(
    fact: FiledFact, stated: Mapping[_Key, float], proceeds: Mapping[_Key, float]
) -> tuple[str, str] | None:
    period = (fact.start, fact.end, fact.currency)
    if period not in stated or proceeds.get(period, 0.0) <= TOLERANCE:
        return None
    less = stated[period] - fact.value
    if abs(less - proceeds[period]) <= TOLERANCE:
        return GROSS, NET
    if abs(less + proceeds[period]) <= TOLERANCE:
        return NET, GROSS
    return None
