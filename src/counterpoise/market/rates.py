"""Exchange rates of a day: what the market paid, the official parity, and what a person says.

What a loss in dollars is worth in yuan is asked of the market first: euro foreign exchange reference rates of
the European Central Bank, two of one day giving the cross rate (both are set at the same minute).  China's
central parity is set each morning, and the yuan may trade 2 % away from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from counterpoise.catalogue.records import ExchangeRate
from counterpoise.catalogue.table import rows
from counterpoise.errors import BadInput, Where

REFERENCE = "European Central Bank, euro foreign exchange reference rates: the ratio of two"
OLDEST_DAYS = 7
"""A reference rate up to this much older than the day asked for stands for it: banks have holidays."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Units of `currency` for one unit of `base` on a day."""

    currency: str
    base: str
    rate: float
    as_of: date | None
    source: str


@dataclass(frozen=True, slots=True)
class ReferenceRates:
    """Units per euro, by day and currency."""

    per_euro: Mapping[date, Mapping[str, float]]

    def rate(self, currency: str, base: str, day: date) -> Rate | None:
        """Return the rate of the last day on or before `day`; None where none is near or known."""
        for back in range(OLDEST_DAYS + 1):
            as_of = day - timedelta(days=back)
            known = self.per_euro.get(as_of, {})
            if currency in known and base in known:
                return Rate(currency, base, known[currency] / known[base], as_of, REFERENCE)
        return None


def read_reference_rates(data: bytes, file: str) -> ReferenceRates:
    """Read the table: a day, then units per euro, a column a currency."""
    columns = ("day", "USD", "CNY", "GBP", "JPY", "KRW")
    table = {}
    for row in rows(data, file, columns, columns):
        table[row.day("day")] = {"EUR": 1.0} | {code: row.number(code) for code in columns[1:]}
    return ReferenceRates(table)


def listed_rate(rates: Iterable[ExchangeRate], currency: str, base: str, day: date) -> Rate | None:
    """Return the catalogue's rate known last on `day`; None where it knows none by then."""
    per_usd = {"USD": (1.0, date.min, "")}
    for one in rates:
        known = one.units_per_usd.provenance
        if one.currency != "USD" and known.as_of <= day:
            latest = per_usd.get(one.currency)
            if latest is None or known.as_of > latest[1]:
                per_usd[one.currency] = (one.units_per_usd.mid, known.as_of, f"{known.source} ({known.kind})")
    if currency not in per_usd or base not in per_usd:
        return None
    units, bases = per_usd[currency], per_usd[base]
    older = min(one[1] for one in (units, bases) if one[1] > date.min)
    return Rate(currency, base, units[0] / bases[0], older, "; ".join(s for s in (units[2], bases[2]) if s))


def written_rate(text: str, currency: str, base: str, option: str = "--rate") -> Rate:
    """Read "7.25" or "7.25@2025-02-03": units of `currency` for one `base`."""
    written, at, day = text.partition("@")
    where, example = Where(field=option), "Write 7.25, or 7.25@2025-02-03."
    if not re.fullmatch(r"\d+(\.\d+)?", written.strip(), re.ASCII) or float(written) == 0:
        raise BadInput(f'"{written.strip()}" is no exchange rate.', where=where, hint=example)
    try:
        as_of = date.fromisoformat(day.strip()) if at else None
    except ValueError:
        raise BadInput(f'"{day}" is no date.', where=where, hint=example) from None
    return Rate(currency, base, float(written), as_of, "as given")
