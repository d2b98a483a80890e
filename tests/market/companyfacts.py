"""Companyfacts files in the SEC's form, made here: small ones by hand, larger ones of the shipped quarters.

Amounts are in millions of US dollars.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from counterpoise.market.bases import CONCEPTS, kind
from counterpoise.market.calendar import Quarter
from counterpoise.market.facts import Observation
from counterpoise.market.filings import CIK, FiledFacts, read_filed
from counterpoise.market.load import shipped
from counterpoise.market.quarters import Refusal, observations_from

CAPEX = "PaymentsToAcquirePropertyPlantAndEquipment"
PROCEEDS = "ProceedsFromSaleOfPropertyPlantAndEquipment"
LEASES = "FinanceLeasePrincipalPayments"
Fact = dict[str, Any]
Facts = dict[str, list[Fact]]
Vintages = dict[Quarter, list[Observation]]

FIRST_QUARTER = {"MSFT": Quarter(2022, 3), "GOOGL": Quarter(2023, 1), "META": Quarter(2023, 1)}
"""The first quarter of each company's fiscal 2023, from which its filings are built."""


def fact(
    start: str, end: str, millions: float, filed: str = "", form: str = "10-Q", accession: str = ""
) -> Fact:
    """One fact; filed 30 days after its period where not said, under an accession of that day."""
    filed = filed or str(date.fromisoformat(end) + timedelta(days=30))
    return {
        "start": start,
        "end": end,
        "val": millions * 1e6,
        "accn": accession or f"0000000000-{filed[2:4]}-{filed[5:7]}{filed[8:]}00",
        "fy": int(end[:4]),
        "fp": "FY" if form == "10-K" else "Q1",
        "form": form,
        "filed": filed,
    }


def text(facts: Facts | list[Fact], unit: str = "USD", name: str = "ACME", cik: int = 1) -> bytes:
    """The file's bytes; a bare list is cash capex."""
    by_concept = {CAPEX: facts} if isinstance(facts, list) else facts
    gaap = {concept: {"units": {unit: found}} for concept, found in by_concept.items()}
    return json.dumps({"cik": cik, "entityName": name, "facts": {"us-gaap": gaap}}).encode()


def read(facts: Facts | list[Fact], unit: str = "USD") -> FiledFacts:
    """The facts as read."""
    return read_filed(text(facts, unit), "acme.json", CONCEPTS)


def capex(facts: Facts | list[Fact] | FiledFacts) -> tuple[tuple[Observation, ...], dict[str, str]]:
    """Observations of cash capex, and what was refused, by period."""
    filed = facts if isinstance(facts, FiledFacts) else read(facts)
    observations, refusals = observations_from(filed, "ACME", ["capex_cash"])
    return observations, reasons(refusals)


def reasons(refusals: tuple[Refusal, ...]) -> dict[str, str]:
    """Why, by period."""
    return {refusal.period: refusal.why for refusal in refusals}


def amounts(observations: tuple[Observation, ...]) -> dict[str, float]:
    """The last vintage of each quarter."""
    return {str(o.quarter): o.value for o in observations}


def shipped_text(entity: str) -> bytes:
    """The file that a company of the shipped table would have filed since its fiscal 2023.

    Every report states the year to date (three, six, nine months; the year in the 10-K), under the accession
    number and on the day of the table, and repeats it a year later as the comparative.  Three months stand
    beside it where the table says that they were filed so.  What was sold is by how much a figure was
    restated from gross to net.
    """
    facts: Facts = {CAPEX: [], LEASES: [], PROCEEDS: []}
    for series, concept in (("capex_cash", CAPEX), ("finance_lease_principal", LEASES)):
        held = _vintages(series, entity)
        days = _filing_days(entity)
        for quarter in held:
            facts[concept] += _stated(held, days, quarter, FIRST_QUARTER[entity])
            facts[PROCEEDS] += _sold(held, days, quarter, FIRST_QUARTER[entity])
    return text({concept: found for concept, found in facts.items() if found}, name=entity, cik=CIK[entity])


def filed(entity: str) -> FiledFacts:
    """The facts of `shipped_text`, as read."""
    return read_filed(shipped_text(entity), f"{entity.lower()}.json", CONCEPTS)


def _vintages(series: str, entity: str) -> Vintages:
    """Every vintage by quarter, oldest first, of the fiscal years of which the first quarter is there."""
    held: Vintages = {}
    for one in sorted(shipped().observations, key=lambda o: (o.quarter, o.known_on)):
        if (one.series, one.entity) == (series, entity) and one.filed_in:
            held.setdefault(one.quarter, []).append(one)
    first = FIRST_QUARTER[entity]
    return {q: found for q, found in held.items() if q - first >= 0 and _year_to_date(q, first)[0] in held}


def _filing_days(entity: str) -> dict[str, date]:
    """The day of each report: the last of the table's, since a release may have told some figures before."""
    days: dict[str, date] = {}
    for one in shipped().observations:
        if one.entity == entity:
            days[one.filed_in] = max(one.known_on, days.get(one.filed_in, one.known_on))
    return days


def _year_to_date(quarter: Quarter, first: Quarter) -> list[Quarter]:
    """Quarters of the fiscal year up to one; fiscal years begin where `first` does."""
    return [quarter + n for n in range(-((quarter - first) % 4), 1)]


def _stated(held: Vintages, days: dict[str, date], quarter: Quarter, first: Quarter) -> Iterator[Fact]:
    """What is filed of the periods that end with a quarter: at first, restated, and as comparatives."""
    year_to_date = _year_to_date(quarter, first)
    reports = [one.filed_in for one in held[quarter]]
    reports += [held[quarter + 4][0].filed_in] if quarter + 4 in held else []
    form = "10-K" if len(year_to_date) == 4 else "10-Q"
    for accession in dict.fromkeys(reports):
        day = days[accession]
        known = [[o for o in held[q] if days[o.filed_in] <= day][-1].value for q in year_to_date]
        periods = {year_to_date[0].start: sum(known)}
        if held[quarter][0].status != "derived":
            periods[quarter.start] = known[-1]
        for start, value in periods.items():
            yield fact(str(start), str(quarter.end), round(value * 1e3), str(day), form, accession)


def _sold(held: Vintages, days: dict[str, date], quarter: Quarter, first: Quarter) -> Iterator[Fact]:
    """Proceeds of the year to date, in the first report of a quarter that was restated to net of them."""
    year_to_date = _year_to_date(quarter, first)
    original, last = held[quarter][0], held[quarter][-1]
    if (kind(original.basis), kind(last.basis)) == ("gross", "net of proceeds"):
        sold = sum(held[q][0].value - held[q][-1].value for q in year_to_date)
        form = "10-K" if len(year_to_date) == 4 else "10-Q"
        accession = original.filed_in
        start, end = str(year_to_date[0].start), str(quarter.end)
        yield fact(start, end, round(sold * 1e3), str(days[accession]), form, accession)
