"""Quantities as people write them, turned into canonical units at the edge.

``quantity("60 ms", "time")`` is 0.06 s; ``money("60k CNY/month", "week")`` is an amount in CNY a week.
Inside the product numbers are plain floats whose unit is in their name.

Grammar: ``[currency sign] number [magnitude] [unit [/ unit]]``.  "per" may stand for "/".  Units are written
as in the tables below, upper and lower case apart ("Gb" is not "GB"); nothing is guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from counterpoise.errors import BadInput, Where, nearest

DAYS_PER_YEAR = 365.25
_DAY_S = 86400.0

TIME_S: Mapping[str, float] = {
    **dict.fromkeys(("\u03bcs", "us"), 1e-6),
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), _DAY_S),
    **dict.fromkeys(("week", "weeks"), 7 * _DAY_S),
    **dict.fromkeys(("month", "months"), DAYS_PER_YEAR / 12 * _DAY_S),
    **dict.fromkeys(("quarter", "quarters"), DAYS_PER_YEAR / 4 * _DAY_S),
    **dict.fromkeys(("year", "years"), DAYS_PER_YEAR * _DAY_S),
}
"""Seconds per unit; a month is a twelfth and a quarter a fourth of 365.25 days."""

_BYTES = {
    **{f"{p}B": 10.0 ** (3 * i) for i, p in enumerate(("", "k", "M", "G", "T", "P"))},
    **{f"{p}iB": 2.0 ** (10 * i) for i, p in enumerate(("K", "M", "G", "T", "P"), start=1)},
    "KB": 1e3,
}
_WATTS = {"W": 1.0, "kW": 1e3, "KW": 1e3, "MW": 1e6, "GW": 1e9}
_JOULES_KWH = {"kWh": 1.0, "KWh": 1.0, "Wh": 1e-3, "MWh": 1e3, "GWh": 1e6}
_FLOPS = {
    "FLOPS": 1.0,
    "GFLOPS": 1e9,
    "TFLOPS": 1e12,
    "PFLOPS": 1e15,
    "EFLOPS": 1e18,
    "TOPS": 1e12,
    "POPS": 1e15,
}
_REQUESTS = dict.fromkeys(("request", "requests", "req"), 1.0)
_TOKENS = dict.fromkeys(("token", "tokens"), 1.0)
_PERCENT = {"%": 0.01, "percent": 0.01}


@dataclass(frozen=True, slots=True)
class Dimension:
    """What kind of quantity is asked for.

    `units` maps a spelling to its factor on the canonical unit; with `per`, the unit is a quotient and `per`
    maps the spellings of its denominator.  `bare`: a number alone is allowed.  `compound`: growth, which
    compounds from one length of time to another and may be negative.  A value above `most` is absurd.
    """

    canonical: str
    write: str
    units: Mapping[str, float]
    per: Mapping[str, float] | None = None
    bare: bool = False
    compound: bool = False
    most: float = 1e30


DIMENSIONS: Mapping[str, Dimension] = {
    "time": Dimension("s", "s", TIME_S, most=100 * DAYS_PER_YEAR * _DAY_S),
    "bytes": Dimension("bytes", "GiB", _BYTES, most=1e21),
    "bandwidth": Dimension("bytes/s", "GB/s", _BYTES, per=TIME_S, most=1e21),
    "compute": Dimension("FLOP/s", "TFLOPS", _FLOPS, most=1e24),
    "power": Dimension("W", "kW", _WATTS, most=1e12),
    "energy": Dimension("kWh", "kWh", _JOULES_KWH, most=1e15),
    "request rate": Dimension("requests/s", "requests/s", _REQUESTS, per=TIME_S, most=1e9),
    "tokens": Dimension("tokens", "M tokens", _TOKENS, bare=True, most=1e18),
    "share": Dimension("fraction", "%", _PERCENT, most=1.0),
    "growth": Dimension("fraction/quarter", "%/quarter", _PERCENT, per=TIME_S, compound=True, most=100.0),
    "annual rate": Dimension("fraction/year", "%/year", _PERCENT, per=TIME_S, compound=True, most=100.0),
    "count": Dimension("", "", {}, bare=True, most=1e15),
}
_COMPOUND_OVER_S = {"growth": TIME_S["quarter"], "annual rate": TIME_S["year"]}

MAGNITUDES: Mapping[str, float] = {
    **dict.fromkeys(("k", "K", "thousand"), 1e3),
    **dict.fromkeys(("M", "mn", "million"), 1e6),
    **dict.fromkeys(("B", "bn", "billion"), 1e9),
    **dict.fromkeys(("T", "tn", "trillion"), 1e12),
    "万": 1e4,
    "亿": 1e8,
}
CURRENCY_SIGNS: Mapping[str, str] = {
    "US$": "USD", "$": "USD", "€": "EUR", "£": "GBP", "¥": "CNY", "元": "CNY", "人民币": "CNY", "RMB": "CNY",
    "円": "JPY", "₩": "KRW", "₹": "INR",
}  # fmt: skip
"""Signs and other names of currencies; "¥" is the yuan unless the case's currency is JPY."""

_CURRENCY_CODES = """
AED AUD BRL CAD CHF CNY DKK EUR GBP HKD IDR ILS INR JPY KRW MXN MYR NOK NZD PLN SAR SEK SGD
THB TWD USD VND ZAR
"""
CURRENCIES = frozenset(_CURRENCY_CODES.split())
"""ISO 4217 codes that a case or a quote may use."""

_PER_MONEY: Mapping[str, Mapping[str, float]] = {
    "kWh": _JOULES_KWH,
    "request": _REQUESTS,
    "run": {"run": 1.0, "runs": 1.0},
    "M tokens": {"M tokens": 1.0, "Mtok": 1.0, "million tokens": 1.0, "k tokens": 1e-3},
    **dict.fromkeys(("h", "week", "month", "quarter", "year"), TIME_S),
}

MOST_MONEY = 1e15


_NUMBER = r"[+-]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_QUANTITY = re.compile(rf"(?P<sign>[^\d+\-.\s]*|[A-Z]{{3}})\s*(?P<number>{_NUMBER})(?![\d.,])\s*(?P<unit>.*)")
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of `currency` (ISO 4217), per what was asked for."""

    amount: float
    currency: str


@dataclass(frozen=True, slots=True)
class _Written:
    """A quantity taken apart; the arithmetic is exact, so that other units of one quantity are one float."""

    text: str
    sign: str
    digits: str
    number: Fraction
    unit: str
    write: str
    where: Where | None

    @property
    def parts(self) -> tuple[str, str]:
        """Numerator and denominator of the unit; either may be empty."""
        head, _, denominator = self.unit.partition("/")
        return head.strip(), denominator.strip()

    @property
    def example(self) -> str:
        return f'Write "{self.digits} {self.write}".' if self.write else f'Write "{self.digits}".'

    def bad(self, problem: str, hint: str = "") -> BadInput:
        return BadInput(f'"{self.text}" {problem}', where=self.where, hint=hint or self.example)


def quantity(text: str, dimension: str, *, write: str = "", where: Where | None = None) -> float:
    """Return the value of `text` in the canonical unit of `dimension` (a key of `DIMENSIONS`).

    `write` is the unit that messages propose ("ms"); the dimension's own where it is empty.
    Raises BadInput, at `where`, for a number without a unit where one is needed, a unit of another
    dimension, a negative (save growth), infinite or absurd value.
    """
    kind = DIMENSIONS[dimension]
    written = _take_apart(text, write or kind.write, where)
    if written.sign:
        raise _wrong_unit(written, written.sign, kind)
    factor, denominator = _factors(written, kind)
    value = written.number * factor
    if kind.compound:
        return _compounded(written, float(value), _COMPOUND_OVER_S[dimension] / float(denominator), kind)
    return _sane(written, value / denominator, kind.most, kind.canonical)


def money(text: str, per: str = "", *, currency: str = "CNY", where: Where | None = None) -> Money:
    """Return the money in `text`, per `per` (a key of `_PER_MONEY`: "h", "week", "kWh", "request", ...).

    `currency` is the one that messages propose, and what "¥" means where it is JPY.
    """
    written = _take_apart(text, currency + (f"/{per}" if per else ""), where)
    head, denominator = written.parts
    magnitude, name = _magnitude(head)
    if written.sign and name:
        raise written.bad("names two currencies.")
    name = written.sign or name
    if not name:
        amount, slash, rest = text.partition("/")
        right = slash + (rest if rest in _PER_MONEY.get(per, {}) else per) if per else ""
        right = right or (f"/{per}" if per else "")
        raise written.bad("has no currency.", f'Write "{amount.strip()} {currency}{right}".')
    code = "JPY" if name == "¥" and currency == "JPY" else CURRENCY_SIGNS.get(name, name)
    if code not in CURRENCIES:
        near = nearest(code, CURRENCIES) if len(code) == 3 else []
        raise written.bad(
            f'has no currency that is known: "{name}".', f"Did you mean {' or '.join(near)}?" if near else ""
        )
    value = written.number * magnitude / _per_what(written, denominator, per)
    return Money(_sane(written, value, MOST_MONEY, code), code)


def _exact(factor: float) -> Fraction:
    """The decimal number that a factor is written as."""
    return Fraction(repr(factor))


def _take_apart(text: str, write: str, where: Where | None) -> _Written:
    """Split into currency sign, finite number and unit; "per" and its spaces become "/"."""
    clean = " ".join(unicodedata.normalize("NFKC", text).split())
    example = f'Write it as "60 {write}"' if write else 'Write it as "60"'
    if len(clean) > _LONGEST:
        raise BadInput(f'"{clean[:40]}..." is too long for a number.', where=where, hint=f"{example}.")
    match = _QUANTITY.fullmatch(clean)
    if match is None:
        infinite = re.match(r"[+-]?\.?(inf|nan)", clean, re.IGNORECASE)
        what = "a finite number" if infinite else "a number with a unit" if write else "a number"
        raise BadInput(f'"{text}" is not {what}.', where=where, hint=f"{example}, with a point for decimals.")
    digits = match["number"].replace(",", "")
    if abs(float(digits)) == float("inf"):
        raise BadInput(f'"{text}" is not a finite number.', where=where, hint=f"{example}.")
    number = Fraction(digits) if float(digits) else Fraction(0)
    unit = re.sub(r"\s*(?:/|\bper\b)\s*", "/", match["unit"])
    return _Written(text.strip(), match["sign"].strip(), match["number"], number, unit, write, where)


def _factors(written: _Written, kind: Dimension) -> tuple[Fraction, Fraction]:
    """Factors of the numerator, magnitude included, and of the denominator."""
    head, denominator = written.parts
    factor = _numerator(head, kind)
    table = kind.per if kind.per is not None else {"": 1.0}
    if factor is None or denominator not in table or (kind.per is None and "/" in written.unit):
        raise _wrong_unit(written, written.unit, kind)
    return factor, _exact(table[denominator])


def _numerator(head: str, kind: Dimension) -> Fraction | None:
    if head in kind.units:
        return _exact(kind.units[head])
    if not head:
        return Fraction(1) if kind.bare else None
    for magnitude, factor in MAGNITUDES.items():
        after = head.removeprefix(magnitude)
        if after != head and (after.strip() in kind.units or (kind.bare and not after)):
            return _exact(factor) * _exact(kind.units.get(after.strip(), 1.0))
    return None


def _magnitude(head: str) -> tuple[Fraction, str]:
    """Split "M CNY" into its magnitude and the currency."""
    for magnitude in sorted(MAGNITUDES, key=len, reverse=True):
        after = head.removeprefix(magnitude)
        if after != head and (not after or not after[0].isalpha() or _is_currency(after)):
            return _exact(MAGNITUDES[magnitude]), after.strip()
    return Fraction(1), head


def _wrong_unit(written: _Written, unit: str, kind: Dimension) -> BadInput:
    if not unit and kind.units is _PERCENT and kind.per is None and 0 < written.number <= 1:
        return written.bad("has no unit.", f'Write "{float(written.number * 100):g} %".')
    if not unit:
        return written.bad("has no unit.")
    if unit in MAGNITUDES:
        return written.bad("has no unit.", f'Write "{written.digits}{unit} {kind.write}".')
    if not kind.units:
        return written.bad("has a unit where a plain number is meant.")
    head, denominator = unit.partition("/")[::2]
    known = _numerator(head.strip(), kind) is not None
    if known and kind.per is not None and not denominator:
        return written.bad("does not say per what time.")
    wrong, table = (denominator, kind.per) if known and kind.per is not None else (head.strip(), kind.units)
    same = [name for name in table if name.casefold() == wrong.casefold()]
    near = same or (nearest(wrong, table, 1) if len(wrong) > 3 else [])
    meant = f"Did you mean {near[0]}? " if near and wrong else ""
    noun = _NOUNS.get(kind.canonical, kind.canonical)
    return written.bad(f"is not {noun}.", meant + written.example)


_NOUNS: Mapping[str, str] = {
    "s": "a time",
    "bytes": "an amount of memory",
    "bytes/s": "a bandwidth",
    "FLOP/s": "a speed of computing",
    "W": "a power",
    "kWh": "an amount of energy",
    "requests/s": "a number of requests per time",
    "tokens": "a number of tokens",
    "fraction": "a share",
    "fraction/quarter": "a growth per time",
    "fraction/year": "a rate per year",
}


def _compounded(written: _Written, rate: float, periods: float, kind: Dimension) -> float:
    """Growth `rate` per written time, over `periods` of them: (1 + rate)^periods - 1."""
    if rate <= -1.0:
        raise written.bad("leaves nothing.", "A fall must be above -100 %.")
    if rate > kind.most:
        raise written.bad("is more than can be meant.", f"At most {kind.most:.0%}.")
    value = rate if periods == 1.0 else (1.0 + rate) ** periods - 1.0
    if value > kind.most:
        raise written.bad("is more than can be meant.", f"At most {kind.most:.0%} {kind.canonical}.")
    return value


def _sane(written: _Written, value: Fraction, most: float, unit: str) -> float:
    if value < 0:
        raise written.bad("is negative.", "Write a number of 0 or more.")
    if value > most:
        shown = "100 %" if unit == "fraction" else f"{most:g} {unit}".rstrip()
        raise written.bad("is more than can be meant.", f"At most {shown}.")
    return float(value)


def _is_currency(name: str) -> bool:
    return name in CURRENCIES or name in CURRENCY_SIGNS


def _per_what(written: _Written, denominator: str, per: str) -> Fraction:
    """Factor from money per `denominator` to money per `per`."""
    amount = written.text.partition("/")[0].strip()
    if not per:
        if denominator:
            raise written.bad(f"is money per {denominator}; an amount is meant.", f'Write "{amount}".')
        return Fraction(1)
    if not denominator:
        raise written.bad("does not say per what.", f'Write "{amount}/{per}".')
    table = _PER_MONEY[per]
    if denominator not in table:
        raise written.bad(
            f"is money per {denominator}; money per {per} is meant.", f'Write "{amount}/{per}".'
        )
    return _exact(table[denominator]) / _exact(table[per])
