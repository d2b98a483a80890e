"""The use-case `quarters`: filed facts, or the shipped ones, by calendar quarter with their vintages."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from counterpoise.catalogue.table import read_bytes
from counterpoise.errors import BadInput, UnknownName, Where, nearest
from counterpoise.market.annual import YearCheck, shipped_years, year_checks
from counterpoise.market.bases import CONCEPTS, breaks
from counterpoise.market.facts import Observation, latest_vintages
from counterpoise.market.filings import CIK, FiledFacts, read_filed
from counterpoise.market.load import OBSERVATION_COLUMNS, shipped
from counterpoise.market.quarters import Refusal, observations_from

Document = dict[str, Any]

LARGEST_FILE_BYTES = 60_000_000
"""A company's facts since 2009 are 3 to 15 MB."""
SERIES: Mapping[str, tuple[str, ...]] = {
    "capex": ("capex_cash", "capex_with_leases", "capex_headline"),
    "lease": ("finance_lease_principal",),
    "revenue": ("revenue",),
    "datacenter": ("datacenter_revenue", "datacenter_networking_revenue", "datacenter_compute_revenue"),
}
"""What may be asked for, and the series that answer it."""
_READ = ("capex_cash", "finance_lease_principal", "revenue", "datacenter_revenue")


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the quarters is wanted: of which day, which series (all if ""), every vintage or the last."""

    as_of: date | None = None
    series: str = ""
    vintages: bool = False

    def __post_init__(self) -> None:
        if self.series and self.series not in SERIES:
            raise UnknownName("series", self.series, SERIES, where=Where(field="--series"))

    def wants(self, series: str) -> bool:
        """Whether a series is asked for."""
        return not self.series or series in SERIES[self.series]


def quarters_of_file(path: Path, asked: Asked, *, ticker: str = "", table: Path | None = None) -> Document:
    """Work out the quarters of a companyfacts file; `table` names a new CSV for every vintage of them."""
    return _quarters(read_bytes(path, LARGEST_FILE_BYTES), str(path), asked, ticker, table)


def quarters_of_download(
    company: str, contact: str, asked: Asked, *, keep: Path | None = None, table: Path | None = None
) -> Document:
    """Ask the SEC for a company's facts (by ticker, or its CIK) and work out the quarters.

    `keep` names a new file for what came.  The one use-case here that uses the network.
    """
    from counterpoise.service.sec_download import company_facts

    cik = _cik(company)
    data = company_facts(cik, contact)
    if keep is not None:
        from counterpoise.service.own_files import write_new

        write_new(keep, data.decode("utf-8"), "--keep")
    ticker = "" if company.isdecimal() else company.upper()
    return _quarters(data, f"CIK{cik:010d}.json", asked, ticker, table)


def shipped_quarters(ticker: str, asked: Asked, *, table: Path | None = None) -> Document:
    """Show the shipped facts of one company, or of all if `ticker` is ""."""
    facts = shipped()
    entities = list(dict.fromkeys(o.entity for o in facts.observations))
    if ticker and ticker.upper() not in entities:
        near = " or ".join(nearest(ticker, entities))
        raise BadInput(
            f"no shipped facts of {ticker}; there are some of {', '.join(entities)}.",
            where=Where(field="SOURCE"),
            hint=f"Did you mean {near}?" if near else "For another company, give its companyfacts file.",
        )
    day = asked.as_of or date.max
    chosen = [
        o
        for o in facts.observations
        if o.known_on <= day and asked.wants(o.series) and (not ticker or o.entity == ticker.upper())
    ]
    held = {(o.series, o.entity) for o in chosen}
    checks = [
        check
        for check in year_checks(facts.observations, shipped_years(), day)
        if (check.year.series, check.year.entity) in held
    ]
    document = _document("shipped with Counterpoise", ticker.upper(), chosen, (), asked)
    _write_table(chosen, table)
    return document | {"years": [_year(check) for check in checks]}


def in_filed_form(data: bytes) -> bool:
    """Whether a user's file of facts is JSON, as the SEC's company facts are, and no table."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def own_facts(data: bytes, file: str, *days: date) -> tuple[Observation, ...]:
    """Work out the quarters of a companyfacts file that a user gives as his own facts.

    As of each of `days` in turn, oldest first, and of everything filed where none is given: a later filing
    adds vintages to what an earlier day knew, and takes none away.  Raises `BadInput` where the file gives no
    quarter, or the ticker of its company is not known.
    """
    filed = read_filed(data, file, CONCEPTS)
    if filed.cik not in CIK.values():
        raise BadInput(
            f'the ticker of "{filed.name}" (CIK {filed.cik}) is not known here.',
            where=Where(file, None, "cik"),
            hint=f"Name it once: counterpoise quarters {file} --ticker NAME --csv OWN.csv, and give OWN.csv.",
        )
    found: list[Observation] = []
    refusals: tuple[Refusal, ...] = ()
    before = date.min
    for day in sorted(set(days)) or [date.max]:
        worked, refusals = _worked_out(filed, filed.ticker, Asked(as_of=day))
        found += [o for o in worked if o.known_on > before]
        before = day
    if not found:
        why = "; ".join(f"{r.series}, {r.period}: {r.why}" for r in refusals) or "nothing was filed by then."
        raise BadInput(f"it gives no quarter by {before}: {why}", where=Where(file))
    return tuple(found)


def _quarters(data: bytes, file: str, asked: Asked, ticker: str, table: Path | None) -> Document:
    filed = read_filed(data, file, CONCEPTS)
    entity = ticker or filed.ticker
    if not entity:
        raise BadInput(
            "the file names no company.", where=Where(file, None, "entityName"), hint="Give --ticker NAME."
        )
    observations, refusals = _worked_out(filed, entity, asked)
    _write_table(observations, table)
    return _document(file, entity, observations, refusals, asked)


def _worked_out(
    filed: FiledFacts, entity: str, asked: Asked
) -> tuple[tuple[Observation, ...], tuple[Refusal, ...]]:
    """Cut to the day first: what was filed later must not even refuse a quarter."""
    cut = filed if asked.as_of is None else filed.as_of(asked.as_of)
    observations, refusals = observations_from(cut, entity, [s for s in _READ if asked.wants(s)])
    told = [r for r in refusals if asked.series or r.period != "all"]
    if not observations and not told:
        told = list(refusals)
    return observations, tuple(told)


def _cik(company: str) -> int:
    if company.isdecimal():
        return int(company)
    if company.upper() in CIK:
        return CIK[company.upper()]
    near = " or ".join(nearest(company, CIK))
    raise BadInput(
        f'the SEC\'s number of "{company}" is not known here.',
        where=Where(field="SOURCE"),
        hint=(f"Did you mean {near}? " if near else "") + "Else give its CIK, as 789019 for Microsoft.",
    )


def _document(
    source: str, entity: str, observations: Sequence[Observation], refusals: Iterable[Refusal], asked: Asked
) -> Document:
    shown = observations if asked.vintages else latest_vintages(observations)
    ordered = sorted(shown, key=lambda o: (o.entity, o.series, o.quarter, o.known_on))
    return {
        "source": source,
        "entity": entity,
        "as_of": asked.as_of,
        "all_vintages": asked.vintages,
        "quarters": [_row(o) for o in ordered],
        "refused": [
            {"series": r.series, "entity": r.entity, "period": r.period, "why": r.why} for r in refusals
        ],
        "breaks": [
            {
                "series": b.series,
                "entity": b.entity,
                "last_before": str(b.last_before),
                "first_after": str(b.first_after),
                "before": b.before,
                "after": b.after,
            }
            for b in breaks(observations)
        ],
    }


def _row(o: Observation) -> Document:
    return {
        "series": o.series,
        "entity": o.entity,
        "quarter": str(o.quarter),
        _key("value", o.unit): o.value,
        "unit": o.unit,
        "basis": o.basis,
        "status": o.status,
        "known_on": o.known_on,
        "dated": o.dated,
        "source": o.source,
        "note": o.note,
        "filed_in": o.filed_in,
    }


def _year(check: YearCheck) -> Document:
    year = check.year
    return {
        "series": year.series,
        "entity": year.entity,
        "fiscal_year": year.fiscal_year,
        "last_quarter": str(year.last_quarter),
        _key("year", year.unit): year.value,
        _key("four_quarters", year.unit): round(check.quarters_sum, 6),
        _key("difference", year.unit): round(check.difference, 6),
        "one_basis": check.one_basis,
        "holds": check.holds,
        "known_on": year.known_on,
        "source": year.source,
        "note": year.note,
    }


def _key(name: str, unit: str) -> str:
    return f"{name}_{unit.casefold().replace(' ', '_')}"


def _write_table(observations: Sequence[Observation], path: Path | None) -> None:
    """Write every vintage in the form of the shipped table, so that the market commands can read it."""
    if path is None:
        return
    from counterpoise.service.own_files import write_new

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(OBSERVATION_COLUMNS)
    writer.writerows([getattr(o, column) for column in OBSERVATION_COLUMNS] for o in observations)
    write_new(path, text.getvalue(), "--csv")
