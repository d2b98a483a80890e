"""Figures as filed: the SEC's companyfacts JSON, read fact by fact; a bad one is refused with its place.

The form is that of data.sec.gov/api/xbrl/companyfacts/CIK##########.json: facts by taxonomy, concept and
unit, one entry for each filing that carries the fact.  Only facts of the whole company are in it: no segment,
so no data-centre revenue, unless the company tags one in a taxonomy of its own.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from counterpoise.errors import BadInput, Where

CIK = {
    "MSFT": 789019,
    "GOOGL": 1652044,
    "AMZN": 1018724,
    "META": 1326801,
    "ORCL": 1341439,
    "NVDA": 1045810,
    "CRWV": 1769628,
}
"""The SEC's number of each company that the shipped facts know by ticker."""
ANNUAL_FORMS = ("10-K", "20-F", "40-F")
_FORM = "This is not the SEC's companyfacts form: {cik, entityName, facts: {taxonomy: {concept: {units}}}}."
_CURRENCY_LETTERS = 3
_MOST = 1e18
"""No company has paid or earned as much, in any currency."""


@dataclass(frozen=True, slots=True)
class FiledFact:
    """One figure of one filing: what flowed from `start` to `end`, both included.

    `value` is in whole units of `currency`.  `filed` is the day the filing became public, `accession` its
    number.  `place` is where the fact stands in the file.
    """

    concept: str
    currency: str
    start: date
    end: date
    value: float
    form: str
    fiscal_year: int | None
    fiscal_period: str
    accession: str
    filed: date
    place: str

    @property
    def days(self) -> int:
        """Length of the period in days."""
        return (self.end - self.start).days + 1

    @property
    def annual_form(self) -> bool:
        """Whether the filing is a yearly report (or its amendment)."""
        return self.form.startswith(ANNUAL_FORMS)


@dataclass(frozen=True, slots=True)
class FiledFacts:
    """The facts of one company that were asked for, oldest filing first."""

    name: str
    cik: int
    file: str
    facts: tuple[FiledFact, ...]

    @property
    def ticker(self) -> str:
        """Ticker where the company's number is known, else its name."""
        return next((ticker for ticker, cik in CIK.items() if cik == self.cik), self.name)

    def of(self, concept: str) -> tuple[FiledFact, ...]:
        """Return the facts of one concept."""
        return tuple(fact for fact in self.facts if fact.concept == concept)

    def as_of(self, day: date) -> FiledFacts:
        """Return what had been filed by `day`: nothing later can change a figure, a basis or a refusal."""
        return replace(self, facts=tuple(fact for fact in self.facts if fact.filed <= day))


def read_filed(data: bytes, file: str, concepts: Collection[str]) -> FiledFacts:
    """Read the facts of `concepts` from a companyfacts file.

    Raises
    ------
    BadInput
        The text is not JSON of that form; a fact lacks its currency, its dates, its filing; an amount is
        negative; one filing states two amounts for one period.  Each with its place.
    """
    document = _document(data, file)
    wanted = [
        fact
        for taxonomy, name in _held(document)
        if name in concepts
        for fact in _facts(document["facts"][taxonomy][name], name, f"facts.{taxonomy}.{name}", file)
    ]
    facts = sorted(
        _stated_once(wanted, file), key=lambda f: (f.filed, f.accession, f.concept, f.end, f.start)
    )
    return FiledFacts(str(document.get("entityName", "")), _cik(document, file), file, tuple(facts))


def _document(data: bytes, file: str) -> dict[str, Any]:
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadInput("the text is not UTF-8.", where=Where(file), hint=_FORM) from None
    except json.JSONDecodeError as error:
        raise BadInput(f"not JSON ({error.msg}).", where=Where(file, error.lineno), hint=_FORM) from None
    except ValueError:  # an integer of more digits than Python reads
        raise BadInput("a number in it is too long.", where=Where(file), hint=_FORM) from None
    except RecursionError:
        raise BadInput("the JSON is nested too deep.", where=Where(file), hint=_FORM) from None
    if not isinstance(document, dict) or not isinstance(document.get("facts"), dict):
        raise BadInput("there are no facts in it.", where=Where(file, None, "facts"), hint=_FORM)
    return document


def _cik(document: dict[str, Any], file: str) -> int:
    try:
        return int(document.get("cik", 0))
    except (TypeError, ValueError, OverflowError):
        raise BadInput("the cik is no number.", where=Where(file, None, "cik")) from None


def _held(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (taxonomy, name)
        for taxonomy, concepts in document["facts"].items()
        if isinstance(concepts, dict)
        for name in concepts
    ]


def _facts(body: object, concept: str, field: str, file: str) -> Iterator[FiledFact]:
    units = body.get("units") if isinstance(body, dict) else None
    if not isinstance(units, dict):
        raise BadInput("the concept has no units.", where=Where(file, None, field), hint=_FORM)
    for unit, entries in units.items():
        place = f"{field}.units.{unit}"
        if len(unit) != _CURRENCY_LETTERS or not (unit.isalpha() and unit.isupper()):
            raise BadInput(
                f'"{unit}" is no currency.',
                where=Where(file, None, place),
                hint="An amount of money needs its currency, as USD.",
            )
        if not isinstance(entries, list):
            raise BadInput("the facts of a unit are not a list.", where=Where(file, None, place), hint=_FORM)
        for position, entry in enumerate(entries):
            yield _fact(entry, concept, unit, f"{place}[{position}]", file)


def _fact(entry: object, concept: str, currency: str, place: str, file: str) -> FiledFact:
    if not isinstance(entry, dict):
        raise BadInput("a fact is not an object.", where=Where(file, None, place), hint=_FORM)
    start, end, filed = (_day(entry, key, place, file) for key in ("start", "end", "filed"))
    if start > end:
        raise BadInput(f"it starts {start} and ends {end}.", where=Where(file, None, f"{place}.start"))
    if filed < end:
        raise BadInput(
            f"it was filed {filed}, before its period ended {end}.", where=Where(file, None, f"{place}.filed")
        )
    fiscal_year = entry.get("fy")
    return FiledFact(
        concept=concept,
        currency=currency,
        start=start,
        end=end,
        value=_amount(entry, place, file),
        form=_text(entry, "form", place, file),
        fiscal_year=fiscal_year if isinstance(fiscal_year, int) else None,
        fiscal_period=str(entry.get("fp") or ""),
        accession=_text(entry, "accn", place, file),
        filed=filed,
        place=place,
    )


def _day(entry: dict[str, Any], key: str, place: str, file: str) -> date:
    where = Where(file, None, f"{place}.{key}")
    if entry.get(key) is None:
        raise BadInput(f"the fact has no {key}.", where=where, hint="A flow needs start, end and filed.")
    try:
        return date.fromisoformat(entry[key])
    except (TypeError, ValueError):
        raise BadInput(f'"{entry[key]}" is not a date.', where=where, hint="Write 2024-12-31.") from None


def _text(entry: dict[str, Any], key: str, place: str, file: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        raise BadInput(f"the fact has no {key}.", where=Where(file, None, f"{place}.{key}"), hint=_FORM)
    return value


def _amount(entry: dict[str, Any], place: str, file: str) -> float:
    value, where = entry.get("val"), Where(file, None, f"{place}.val")
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_MOST < value < _MOST:
        raise BadInput(f'"{value!s:.40}" is no amount.', where=where, hint="Write a number of whole units.")
    if value < 0:
        raise BadInput(
            f"the amount {value:,.0f} is negative.",
            where=where,
            hint="Payments and revenue are filed as positive amounts; take the fact out if it is a mistake.",
        )
    return float(value)


def _stated_once(facts: list[FiledFact], file: str) -> list[FiledFact]:
    """Drop a fact that its filing repeats; two amounts for one period leave no way to choose."""
    seen: dict[tuple[object, ...], FiledFact] = {}
    for fact in facts:
        other = seen.setdefault((fact.accession, fact.concept, fact.currency, fact.start, fact.end), fact)
        if other.value != fact.value:
            raise BadInput(
                f"filing {fact.accession} states {fact.value:,.0f} for {fact.start} to {fact.end}, "
                f"and {other.value:,.0f} at {other.place}.",
                where=Where(file, None, fact.place),
                hint="Keep the one that the filing prints.",
            )
    return list(seen.values())
