"""A headline about a fall, read as what it may have been before it was rounded: "-23.8% 893.1bn"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from counterpoise.errors import BadInput, Where
from counterpoise.market.shares import rounding
from counterpoise.units import CURRENCIES, CURRENCY_SIGNS

_BILLIONS = {
    "trillion": 1e3, "tn": 1e3, "trn": 1e3, "T": 1e3, "万亿": 1e3, "billion": 1.0, "bn": 1.0, "B": 1.0,
    "亿": 0.1, "million": 1e-3, "mn": 1e-3, "M": 1e-3,
}  # fmt: skip
_SPOKEN = {
    "美元": "USD",
    "dollars": "USD",
    "dollar": "USD",
    "yuan": "CNY",
    "RMB": "CNY",
    "元": "CNY",
    "人民币": "CNY",
}
_CURRENCY = "|".join(sorted({*map(re.escape, CURRENCY_SIGNS), *_SPOKEN, *CURRENCIES}, key=len, reverse=True))
_SCALE = "|".join(sorted(_BILLIONS, key=len, reverse=True))
_FIGURE = re.compile(
    rf"(?<![A-Za-z0-9.,])(?P<minus>[-+\u2212\u2013])?\s*(?P<before>{_CURRENCY})?\s*(?P<minus2>[-\u2212\u2013])?\s*"
    r"(?P<number>\d[\d,]*(?:\.\d+)?)\s*"
    rf"(?:(?P<percent>%|％|percent\b|per cent\b)|(?P<scale>{_SCALE})(?![A-Za-z]))?"
    rf"\s*(?P<after>{_CURRENCY})?(?![A-Za-z])"
)
_EXAMPLE = 'Write it as "-23.8% 893.1bn".'
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Printed:
    """A number as printed, with half of its last digit: 23.8 stands for 23.75 to 23.85."""

    value: float
    half: float
    said: str

    @property
    def low(self) -> float:
        """Least number that is printed so."""
        return self.value - self.half

    @property
    def high(self) -> float:
        """Largest number that is printed so."""
        return self.value + self.half


@dataclass(frozen=True, slots=True)
class Headline:
    """A fall (a fraction of the peak, above 0), the value lost (billions of `currency`), or both.

    `elsewhere` is the same loss in the money `elsewhere_currency`, which tells the exchange rate used.
    """

    fall: Printed | None
    value_bn: Printed | None
    currency: str
    elsewhere_bn: Printed | None = None
    elsewhere_currency: str = ""

    def implied_rate(self) -> tuple[float, float] | None:
        """Return the least and largest exchange rate by which both sums are one loss."""
        if self.value_bn is None or self.elsewhere_bn is None:
            return None
        return self.elsewhere_bn.low / self.value_bn.high, self.elsewhere_bn.high / self.value_bn.low


def read_headline(text: str, currency: str, option: str = "--explain") -> Headline:
    """Read a headline; sums that name no currency are in `currency`, that of the prices.

    Raises BadInput where it holds no fall and no sum, two of a kind, a rise, or a number without a unit.
    """
    where = Where(field=option)
    if len(text) > _LONGEST:
        raise BadInput(f"the headline has {len(text)} letters.", where=where, hint=_EXAMPLE)
    shares: list[Printed] = []
    sums: dict[str, Printed] = {}
    for figure in _FIGURE.finditer(text):
        if figure["percent"]:
            shares.append(_percentage(figure, where))
            continue
        code, amount = _currency(figure, currency), _sum(figure, where)
        if code in sums:
            raise BadInput(f"two sums of {code} in one headline.", where=where, hint="Ask for one at a time.")
        sums[code] = amount
    if len(shares) > 1:
        raise BadInput("two percentages in one headline.", where=where, hint="Ask for one at a time.")
    others = [code for code in sums if code != currency]
    if not shares and not sums:
        raise BadInput(f'"{text}" has no percentage and no sum.', where=where, hint=_EXAMPLE)
    if not shares and currency not in sums:
        raise BadInput(
            f"the sum is in {others[0]}, the prices are in {currency}.",
            where=where,
            hint=f"Give the loss in {currency} too, or the fall in percent.",
        )
    if len(others) > 1:
        raise BadInput("sums in three currencies.", where=where, hint=f"Give {currency} and one other.")
    other = others[0] if others else ""
    return Headline(shares[0] if shares else None, sums.get(currency), currency, sums.get(other), other)


def _percentage(figure: re.Match[str], where: Where) -> Printed:
    if figure["minus"] == "+":
        raise BadInput(
            f'"{_said(figure)}" is a rise.', where=where, hint="Falls are explained: write -23.8%."
        )
    digits = figure["number"].replace(",", "")
    value = float(digits) / 100
    if not 0 < value < 1:
        raise BadInput(
            f'"{_said(figure)}" is no fall of a price.', where=where, hint="It lies between 0 % and 100 %."
        )
    return Printed(value, rounding(digits) / 100, _said(figure))


def _sum(figure: re.Match[str], where: Where) -> Printed:
    if not figure["scale"]:
        raise BadInput(
            f'"{_said(figure)}" has no unit.',
            where=where,
            hint=f'Write "{figure["number"]}bn" or "{figure["number"]}%".',
        )
    digits, scale = figure["number"].replace(",", ""), _BILLIONS[figure["scale"]]
    if float(digits) == 0:
        raise BadInput("a loss of 0.", where=where, hint=_EXAMPLE)
    return Printed(float(digits) * scale, rounding(digits) * scale, _said(figure))


def _currency(figure: re.Match[str], default: str) -> str:
    name = figure["before"] or figure["after"]
    if not name:
        return default
    return _SPOKEN.get(name) or CURRENCY_SIGNS.get(name, name)


def _said(figure: re.Match[str]) -> str:
    return " ".join(figure[0].split())
