"""Counts of shares: who counted, on which day, how exactly; and which of them a value lost may rest on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from counterpoise.errors import BadInput, Where
from counterpoise.market.facts import MarketFacts, Statement
from counterpoise.market.prices import PriceSeries

ShareKind = Literal["given", "cover page", "market value", "another headline", "diluted average", "circular"]
"""given: by the user; cover page: counted on a day, in a filing; market value: a published market value over
that day's close; another headline: a published loss over its move; diluted average: of a quarter, options
counted in; circular: computed from the very headline that it would explain."""

INDEPENDENT: tuple[ShareKind, ...] = ("given", "cover page", "market value")
"""Counts of the shares that there were.  The others are shown beside them, and never used unasked."""

SOON = timedelta(days=366)
"""A count made this much after a fall may still tell its value: counts move by about 1 % a year."""

_COUNT = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*(bn|billion|B|亿|m|M|mn|million)?", re.ASCII)
_SCALES = {"bn": 1.0, "billion": 1.0, "B": 1.0, "亿": 0.1, "m": 1e-3, "M": 1e-3, "mn": 1e-3, "million": 1e-3}


@dataclass(frozen=True, slots=True)
class ShareCount:
    """Shares outstanding, in billions; `half_bn` is how far it may be off for having been rounded."""

    shares_bn: float
    half_bn: float
    as_of: date | None
    kind: ShareKind
    source: str
    note: str = ""

    @property
    def independent(self) -> bool:
        """Whether it was counted apart from any headline about a loss."""
        return self.kind in INDEPENDENT

    @property
    def low_bn(self) -> float:
        """Least count that rounds to it."""
        return self.shares_bn - self.half_bn

    @property
    def high_bn(self) -> float:
        """Largest count that rounds to it."""
        return self.shares_bn + self.half_bn


def stated_counts(facts: MarketFacts, prices: PriceSeries) -> tuple[ShareCount, ...]:
    """Return every count of a ticker that follows from `facts`, oldest first.

    A published market value is divided by that day's close in `prices`; the count that others derived from it
    on the same day, rounded, then steps back.
    """
    derived = tuple(_from_market_values(facts, prices))
    days = {count.as_of for count in derived}
    stated = [
        _stated(s)
        for s in facts.said("shares")
        if s.by == prices.ticker
        and s.low is not None
        and not (_kind(s) == "market value" and s.known_on in days)
    ]
    return tuple(sorted((*stated, *derived), key=lambda c: c.as_of or date.min))


def count_for(counts: Sequence[ShareCount], day: date) -> ShareCount | None:
    """Return the count to use for a fall that ended on `day`; None where none may be used.

    The user's own; else the latest independent one by that day; else the first within a year after it.
    """
    given = [c for c in counts if c.kind == "given"]
    if given:
        return given[0]
    dated = [(c.as_of, c) for c in counts if c.independent and c.as_of is not None]
    before = [one for one in dated if one[0] <= day]
    if before:
        return max(before, key=lambda one: one[0])[1]
    soon = [one for one in dated if one[0] - day <= SOON]
    return min(soon, key=lambda one: one[0])[1] if soon else None


def written_count(text: str, option: str = "--shares") -> ShareCount:
    """Read "24.49bn" or "24.49bn@2024-11-15" as a count; what its last digit leaves open is its rounding."""
    written, at, day = text.partition("@")
    match = _COUNT.fullmatch(written.strip())
    where = Where(field=option)
    if match is None or match[2] is None:
        raise BadInput(
            f'"{written.strip()}" is no count of shares.',
            where=where,
            hint="Write 24.49bn, or 24.49bn@2024-11-15.",
        )
    digits, scale = match[1].replace(",", ""), _SCALES[match[2]]
    shares = float(digits) * scale
    if shares == 0:
        raise BadInput("a company of 0 shares.", where=where, hint="Write 24.49bn.")
    return ShareCount(shares, rounding(digits) * scale, _day(day, where) if at else None, "given", "as given")


def rounding(digits: str) -> float:
    """Return half of the last digit of a number as written: 0.05 for "893.1"."""
    decimals = len(digits.partition(".")[2])
    return 0.5 * 10.0**-decimals


def _day(text: str, where: Where) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise BadInput(f'"{text}" is no date.', where=where, hint="Write 24.49bn@2024-11-15.") from None


def _from_market_values(facts: MarketFacts, prices: PriceSeries) -> Iterable[ShareCount]:
    for said in facts.said("market_value"):
        if said.about.split()[:1] != [prices.ticker] or said.known_on not in prices.days or said.low is None:
            continue
        close = float(prices.by_column["close"][prices.days.index(said.known_on)])
        half_value, half_close = rounding(repr(said.low)), rounding(repr(close))
        shares = said.low / close
        yield ShareCount(
            shares,
            shares * (half_value / said.low + half_close / close),
            said.known_on,
            "market value",
            f"{said.low:g} bn {prices.currency} ({said.source}) over the close of {close:g}",
        )


def _stated(said: Statement) -> ShareCount:
    shares = said.mid
    return ShareCount(shares, rounding(repr(shares)), said.known_on, _kind(said), said.source, said.about)


def _kind(said: Statement) -> ShareKind:
    """What a stated count rests on, as its own words say; words that say nothing make it no basis."""
    words = said.about.casefold()
    if "cover" in words:
        return "cover page"
    if "by the article" in words:
        return "circular"
    if "average" in words:
        return "diluted average"
    if words.startswith("implied:"):
        return "market value"
    return "another headline"
