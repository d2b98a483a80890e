"""Figures as filed -> observations by calendar quarter, each with the first day it could be known.

`vintages` works out the quarters of one concept; here the concepts of a series become one line, whatever
would be a guess is refused with the reason, and each vintage becomes an observation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from counterpoise.market.bases import FLOWS, TOLERANCE, Flow, filing_bases
from counterpoise.market.calendar import Quarter
from counterpoise.market.facts import MarketFacts, Observation
from counterpoise.market.filings import FiledFacts
from counterpoise.market.periods import Period, quarter_of, written
from counterpoise.market.vintages import Vintage, quarters_of

_OVERLAP_DAYS = 7
"""Neighbouring quarters of a 52-week calendar may share some days where one is tagged by the month."""
_BILLION = 1e9


@dataclass(frozen=True, slots=True)
class Refusal:
    """A period for which no quarter is given, or a figure that was put aside, and why."""

    series: str
    entity: str
    period: str
    why: str


def observations_from(
    facts: FiledFacts, entity: str, series: Iterable[str] = tuple(FLOWS)
) -> tuple[tuple[Observation, ...], tuple[Refusal, ...]]:
    """Turn a company's filed facts into observations by calendar quarter, vintages kept.

    Returns the observations (in billions of the filed currency) by series, quarter and day, and what was
    refused.  A fiscal quarter belongs to the calendar quarter that holds its midpoint.  For a replay, give
    `facts.as_of(day)`: then not even a refusal or a basis is known from later filings.
    """
    observations: list[Observation] = []
    refusals: list[Refusal] = []
    for name in series:
        found, refused = _series(facts, FLOWS[name], entity)
        observations += found
        refusals += [Refusal(name, entity, period, why) for period, why in refused.items()]
    return tuple(observations), tuple(refusals)


def with_own(facts: MarketFacts, own: Sequence[Observation]) -> MarketFacts:
    """Return `facts` with a user's own observations, each in the place of the others from its own day on.

    What was public of that series, company and quarter before the first own figure stays an earlier vintage.
    """
    first: dict[tuple[str, str, Quarter], date] = {}
    for one in own:
        key = (one.series, one.entity, one.quarter)
        first[key] = min(one.known_on, first.get(key, one.known_on))
    kept = [
        o for o in facts.observations if o.known_on < first.get((o.series, o.entity, o.quarter), date.max)
    ]
    return replace(facts, observations=(*kept, *own))


def _series(facts: FiledFacts, flow: Flow, entity: str) -> tuple[list[Observation], dict[str, str]]:
    held = [concept for concept in flow.concepts if facts.of(concept)]
    if not held:
        return [], {"all": _nothing_filed(flow)}
    currencies = sorted({fact.currency for concept in held for fact in facts.of(concept)})
    if len(currencies) > 1:
        return [], {"all": f"filed in {' and '.join(currencies)}: a series has one; keep one in the file."}
    refused: dict[str, str] = {}
    incomplete: dict[Period, str] = {}
    by_period: dict[Period, list[Vintage]] = {}
    for concept in held:
        worked = quarters_of(facts.of(concept))
        refused |= worked.refused
        incomplete |= worked.incomplete
        bases = filing_bases(facts, flow, concept)
        for period, vintages in worked.quarters.items():
            by_period.setdefault(period, []).extend(
                replace(v, basis=bases.get(v.accession, ""), concept=concept) for v in vintages
            )
    ends = {end for _, end in by_period}
    refused |= {written(period): why for period, why in incomplete.items() if period[1] not in ends}
    one_line = {period: _one_line(period, vintages, refused) for period, vintages in by_period.items()}
    quarters = _without_trailing_years(_apart(one_line, refused), refused)
    observations = [
        one
        for quarter, (period, vintages) in sorted(quarters.items())
        for one in _observations(flow, entity, quarter, period, vintages, currencies[0])
    ]
    return observations, refused


def _nothing_filed(flow: Flow) -> str:
    if flow.series == "datacenter_revenue":
        return (
            "the SEC's company facts hold no segment figures, and the company tags none of its own: "
            "take it from the company's release, as a table of observations."
        )
    return f"no fact of {' or '.join(flow.concepts)} in the file."


def _one_line(period: Period, vintages: Sequence[Vintage], refused: dict[str, str]) -> list[Vintage]:
    """Vintages of several concepts as one line; one filing with two amounts for a quarter is refused."""
    kept: list[Vintage] = []
    for one in sorted(vintages, key=lambda v: v.known_on):
        if kept and abs(one.value - kept[-1].value) <= TOLERANCE and one.concept != kept[-1].concept:
            continue
        if kept and one.known_on == kept[-1].known_on:
            refused[written(period)] = (
                f"{kept[-1].concept} and {one.concept} were filed on {one.known_on} with two amounts, "
                f"{kept[-1].value / _BILLION:,.3f} and {one.value / _BILLION:,.3f} bn: two bases."
            )
            return []
        kept.append(one)
    return kept


def _apart(
    by_period: Mapping[Period, list[Vintage]], refused: dict[str, str]
) -> dict[Quarter, tuple[Period, list[Vintage]]]:
    """Quarters by calendar quarter; of periods that overlap, none is taken."""
    periods = sorted(period for period, vintages in by_period.items() if vintages)
    clashing: set[Period] = set()
    for position, (start, end) in enumerate(periods):
        for later in periods[position + 1 :]:
            if (end - later[0]).days + 1 <= _OVERLAP_DAYS:
                break
            why = f"overlaps {{}}: both are filed as a quarter of {quarter_of(start, end)}."
            refused[written((start, end))] = why.format(written(later))
            refused[written(later)] = why.format(written((start, end)))
            clashing |= {(start, end), later}
    found: dict[Quarter, tuple[Period, list[Vintage]]] = {}
    for period in periods:
        if period in clashing:
            continue
        quarter = quarter_of(*period)
        if quarter in found:
            other = written(found[quarter][0])
            refused[written(period)] = f"its midpoint lies in {quarter}, as that of {other} does."
            continue
        found[quarter] = (period, by_period[period])
    return found


def _without_trailing_years(
    quarters: Mapping[Quarter, tuple[Period, list[Vintage]]], refused: dict[str, str]
) -> dict[Quarter, tuple[Period, list[Vintage]]]:
    """Leave out a figure as large as the three quarters before it, where no difference confirms it."""
    kept: dict[Quarter, tuple[Period, list[Vintage]]] = {}
    for quarter, (period, vintages) in sorted(quarters.items()):
        before = [kept[quarter + n][1][-1].value for n in (-3, -2, -1) if quarter + n in kept]
        last = vintages[-1]
        if len(before) == 3 and not (last.confirmed or last.worked_out) and 0 < sum(before) <= last.value:
            refused[written(period)] = (
                f"{last.value / _BILLION:,.3f} bn are as much as the three quarters before together, and no "
                "difference of longer periods confirms it: it may be twelve months under a quarter's tag."
            )
            continue
        kept[quarter] = (period, vintages)
    return kept


def _observations(
    flow: Flow, entity: str, quarter: Quarter, period: Period, vintages: Sequence[Vintage], currency: str
) -> list[Observation]:
    made: list[Observation] = []
    for one in vintages:
        notes = [one.worked_out] if one.worked_out else []
        if period != (quarter.start, quarter.end):
            notes.append(f"fiscal quarter {written(period)}")
        if made:
            notes.append(f"restated: {made[-1].value:g} before")
        made.append(
            Observation(
                series=flow.series,
                entity=entity,
                quarter=quarter,
                value=round(one.value / _BILLION, 6),
                unit=f"{currency} bn",
                basis=f"{flow.words}, {one.basis}" if one.basis else flow.words,
                status="derived" if one.worked_out else "filed",
                known_on=one.known_on,
                dated="sourced",
                source=f"SEC XBRL company facts, {one.concept}, {one.form} {one.accession}",
                note="; ".join(notes),
                filed_in=one.accession,
            )
        )
    return made
