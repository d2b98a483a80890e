"""The quarters that one concept gives, with every vintage: what could be known of each, from which day on.

A quarter is filed as itself, or is the difference of two periods that begin on one day: the half year less
its first quarter, nine months less the half, the year less nine months.  Both must come from one round of
filings (the year itself, or the comparatives a year later): a restated figure less an unrestated one is no
quarter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from counterpoise.market.bases import TOLERANCE
from counterpoise.market.filings import FiledFact
from counterpoise.market.periods import STEPS, Chain, Period, chains, length_of, written

_ROUND_DAYS = 364
"""A comparative is filed a year or more after its period ended; 52 weeks, for fiscal years of whole weeks."""
_MILLION = 1e6


@dataclass(frozen=True, slots=True)
class Vintage:
    """A quarter's amount in whole currency units, as it could be known from a day on.

    `worked_out` is "" for a figure filed as a quarter, else which periods it is the difference of.
    `confirmed`: a figure and a difference of the same round agree.  `basis` and `concept` say what it counts.
    """

    value: float
    known_on: date
    accession: str
    form: str
    worked_out: str = ""
    confirmed: bool = False
    basis: str = ""
    concept: str = ""


Rounds = dict[int, list[Vintage]]
"""Vintages by round of filings: 0 in the year itself, 1 a year later as comparatives, and so on."""


@dataclass(frozen=True, slots=True)
class Worked:
    """What the facts of one concept give: quarters by period, oldest vintage first; what is refused, and why.

    `incomplete`: longer periods whose last quarter nothing gives here; another concept may.
    """

    quarters: dict[Period, list[Vintage]]
    refused: dict[str, str]
    incomplete: dict[Period, str]


def quarters_of(facts: Sequence[FiledFact]) -> Worked:
    """Work out every quarter that the facts of one concept give."""
    begun, refused = chains(facts)
    filed: dict[Period, dict[int, list[FiledFact]]] = {}
    for fact in facts:
        filed.setdefault((fact.start, fact.end), {}).setdefault(_round(fact), []).append(fact)
    direct: dict[Period, Rounds] = {
        chain["quarter"]: {r: _as_filed(stated) for r, stated in filed[chain["quarter"]].items()}
        for chain in begun.values()
        if "quarter" in chain
    }
    differences = _differences(begun, filed, refused)
    twelve_months = {f.value for f in facts if length_of(f.days) == "year"}
    settled: dict[Period, list[Vintage]] = {}
    for period in sorted(direct.keys() | differences.keys()):
        before = _year_before(period, settled)
        vintages, why = _settle(direct.get(period, {}), differences.get(period, {}), twelve_months, before)
        if why:
            refused[written(period)] = why
        if vintages:
            settled[period] = vintages
    return Worked(settled, refused, _incomplete(begun, settled))


def _round(fact: FiledFact) -> int:
    return (fact.filed - fact.end).days // _ROUND_DAYS


def _as_filed(facts: Sequence[FiledFact]) -> list[Vintage]:
    return [Vintage(f.value, f.filed, f.accession, f.form) for f in facts]


def _differences(
    begun: Mapping[date, Chain],
    filed: Mapping[Period, Mapping[int, list[FiledFact]]],
    refused: dict[str, str],
) -> dict[Period, Rounds]:
    found: dict[Period, Rounds] = {}
    for chain in begun.values():
        for short, long in pairwise(STEPS):
            if short not in chain or long not in chain:
                continue
            middle, end = chain[short][1], chain[long][1]
            period = (middle + timedelta(days=1), end)
            if length_of((end - middle).days) != "quarter":
                refused[written(period)] = (
                    f"{long} less {short} leaves {(end - middle).days} days, no quarter."
                )
                continue
            shorter, longer = filed[chain[short]], filed[chain[long]]
            rounds = {r: _less(longer[r], shorter[r], f"{long} less {short}") for r in longer if r in shorter}
            if rounds:
                found[period] = rounds
            else:
                refused[written(period)] = (
                    f"the {long} and the {short} come from different rounds of filings; one may be restated."
                )
    return found


def _less(longer: Sequence[FiledFact], shorter: Sequence[FiledFact], how: str) -> list[Vintage]:
    """The difference on every day on which one of the two became public, once both had."""
    made = []
    for latest in sorted((*longer, *shorter), key=lambda f: (f.filed, f.accession)):
        long = [f for f in longer if f.filed <= latest.filed]
        short = [f for f in shorter if f.filed <= latest.filed]
        if long and short:
            value = long[-1].value - short[-1].value
            made.append(Vintage(value, latest.filed, latest.accession, latest.form, how))
    return made


def _settle(
    direct: Rounds, differences: Rounds, twelve_months: set[float], year_before: float | None
) -> tuple[list[Vintage], str]:
    """One line of vintages, and why a round was refused: figure and difference of a round must agree."""
    kept: list[Vintage] = []
    why = ""
    for round_ in sorted(direct.keys() | differences.keys()):
        stated, worked_out = direct.get(round_, []), differences.get(round_, [])
        if worked_out and worked_out[-1].value < 0:
            last = worked_out[-1]
            why = f"{last.worked_out} is {_millions(last.value)}: one of them is restated."
            worked_out = []
            if not stated:
                continue
        if stated and worked_out:
            figure, difference = stated[-1].value, worked_out[-1].value
            if abs(figure - difference) <= TOLERANCE:
                stated = [replace(v, confirmed=True) for v in stated]
            elif _is_a_year(figure, difference, twelve_months, year_before):
                why = (
                    f"tagged as a quarter, {_millions(figure)} are twelve months; "
                    f"{worked_out[-1].worked_out} stands, {_millions(difference)}."
                )
                stated = []
            else:
                how = worked_out[-1].worked_out
                why = f"filed as {_millions(figure)}, but {how} is {_millions(difference)}."
                continue
        kept += stated or worked_out
    return _changes(kept), why


def _is_a_year(
    figure: float, difference: float, twelve_months: set[float], year_before: float | None
) -> bool:
    if any(abs(figure - year) <= TOLERANCE for year in twelve_months):
        return True
    return year_before is not None and abs(figure - difference - year_before) <= 2 * TOLERANCE


def _year_before(period: Period, settled: Mapping[Period, Sequence[Vintage]]) -> float | None:
    """Sum of the three quarters before one, as last stated; None where one is not known."""
    total, first = 0.0, period[0]
    for _ in range(3):
        earlier = next((p for p in settled if p[1] == first - timedelta(days=1)), None)
        if earlier is None:
            return None
        total, first = total + settled[earlier][-1].value, earlier[0]
    return total


def _changes(vintages: Sequence[Vintage]) -> list[Vintage]:
    """Oldest first; a filing that repeats the amount adds none."""
    kept: list[Vintage] = []
    for one in sorted(vintages, key=lambda v: v.known_on):
        if kept and one.value == kept[-1].value:
            kept[-1] = replace(kept[-1], confirmed=kept[-1].confirmed or one.confirmed)
        elif kept and one.known_on == kept[-1].known_on:
            kept[-1] = one
        else:
            kept.append(one)
    return kept


def _incomplete(begun: Mapping[date, Chain], settled: Mapping[Period, object]) -> dict[Period, str]:
    """Longer periods whose last quarter nothing gives: named, or they would be dropped in silence."""
    found: dict[Period, str] = {}
    for chain in begun.values():
        for short, long in pairwise(STEPS):
            if long in chain and short not in chain and not _ends(chain[long][1], settled):
                found[chain[long]] = f"the {long} is filed, but not the {short} that would give its quarter."
    return found


def _ends(day: date, periods: Iterable[Period]) -> bool:
    return any(end == day for _, end in periods)


def _millions(value: float) -> str:
    return f"{value / _MILLION:,.0f} M"
