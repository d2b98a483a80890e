"""Numbers as a person reads them: money, shares, durations, quantities with their unit.

One place for every reader (terminal, page, charts), so that a figure reads the same everywhere; the
locale will enter here and nowhere else.  ASCII only.
"""

from __future__ import annotations

import math

NOT_KNOWN = "not known"
_SCALES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
_FRACTIONS_OF_SECOND = ((1e-3, "ms"), (1e-6, "us"))
_SECONDS_PER_DAY = 86_400.0
_PREFIXES = ("", "k", "M", "G", "T", "P")
_PREFIXED = {
    "W": (1e3, "W", ""),
    "bytes": (1024.0, "B", "i"),
    "bytes/s": (1e3, "B/s", ""),
    "FLOP/s": (1e3, "FLOP/s", ""),
}
"""Units that take a prefix: its base, the symbol, what follows the prefix.  Memory is binary (GiB)."""
_SHARES = {"%": 1.0, "percent": 1.0, "fraction": 100.0}
"""What turns a share in this unit into percent."""
_UNITS_PER_EXACT_MONEY = 100.0
"""Below this, money is shown with its fraction: an hour of a chip, a million tokens."""


def significant(value: float | None, digits: int = 3) -> str:
    """Return `value` to `digits` significant digits, thousands separated; exponents only at extremes."""
    if value is None or math.isnan(value):
        return NOT_KNOWN
    if math.isinf(value):
        return "no limit" if value > 0 else "-no limit"
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(value)))
    if not -4 <= magnitude < 15:
        return f"{value:.{digits - 1}e}"
    decimals = max(digits - 1 - magnitude, 0)
    rounded = round(value, digits - 1 - magnitude)
    text = f"{rounded:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def scaled(value: float | None) -> str:
    """Return three significant digits with k, M, B or T: 15,240,000 is "15.2M"."""
    if value is None or math.isnan(value) or math.isinf(value):
        return significant(value)
    shown = float(f"{value:.3g}")
    for scale, letter in _SCALES:
        if abs(shown) >= scale * (10 if scale == 1e3 else 1):
            return f"{significant(shown / scale)}{letter}"
    return significant(shown)


def money(value: float | None, currency: str) -> str:
    """Return money to three significant digits with its currency: "15.2M CNY"."""
    if value is None or not math.isfinite(value):
        return significant(value)
    return f"{scaled(value)} {currency}"


def money_exact(value: float | None, currency: str = "") -> str:
    """Return money to the unit, as on an order; with two decimals below 100."""
    if value is None or math.isnan(value) or math.isinf(value):
        return significant(value)
    decimals = 2 if 0 < abs(value) < _UNITS_PER_EXACT_MONEY else 0
    return f"{value:,.{decimals}f} {currency}".rstrip()


def percent(fraction: float | None, digits: int = 2) -> str:
    """Return a share given as a fraction: 0.375 is "38 %"; whole percents from 10 on."""
    if fraction is None or math.isnan(fraction):
        return NOT_KNOWN
    value = 100 * fraction
    if abs(value) >= 10:
        return f"{value:.0f} %"
    return f"{significant(value, digits)} %"


def duration(seconds: float | None) -> str:
    """Return a time in the unit a person would choose: us, ms, s, min, h, days."""
    if seconds is None or math.isnan(seconds) or math.isinf(seconds):
        return significant(seconds)
    size = abs(seconds)
    if 0 < size < 1:
        scale, unit = next((f for f in _FRACTIONS_OF_SECOND if size >= f[0]), _FRACTIONS_OF_SECOND[-1])
        return f"{significant(seconds / scale)} {unit}"
    if size < 120:
        return f"{significant(seconds)} s"
    if size < 7200:
        return f"{significant(seconds / 60)} min"
    if size < 2 * _SECONDS_PER_DAY:
        return f"{significant(seconds / 3600)} h"
    return f"{significant(seconds / _SECONDS_PER_DAY)} days"


def count(value: float | None) -> str:
    """Return a number of things: whole where it is whole, else one or two decimals ("1.4" systems in use)."""
    if value is None or math.isnan(value) or math.isinf(value):
        return significant(value)
    if abs(value - round(value)) < 5e-3:
        return f"{round(value):,}"
    return f"{value:,.1f}" if abs(value) >= 1 else significant(value, 2)


def quantity(value: float | None, unit: str, currency: str = "") -> str:
    """Return a value with its unit; seconds become a duration, watts, bytes, FLOP/s and money scale."""
    if value is None or not math.isfinite(value):
        return significant(value)
    if unit == "s":
        return duration(value)
    if unit in _PREFIXED:
        base, symbol, infix = _PREFIXED[unit]
        power = min(max(int(math.log(abs(value), base) + 1e-9), 0), len(_PREFIXES) - 1) if value else 0
        prefix = f"{_PREFIXES[power]}{infix}" if power else ""
        return f"{significant(value / base**power)} {prefix}{symbol}"
    if unit and unit == currency:
        return money(value, currency)
    share = unit.partition("/")[0]
    if share in _SHARES:
        return f"{significant(_SHARES[share] * value)} %{unit.removeprefix(share)}"
    text = scaled(value) if abs(value) >= 1e6 else significant(value, 4)
    return f"{text} {unit}".rstrip()


def text(value: object, unit: str = "", currency: str = "") -> str:
    """Return any value of a document as text: numbers with `unit`, booleans as yes and no, lists joined."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return quantity(float(value), unit, currency)
    if isinstance(value, list | tuple):
        return ", ".join(text(part, unit, currency) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {text(part)}" for key, part in value.items())
    return f"{value} {unit}".rstrip() if unit and str(value).replace(".", "").isdigit() else str(value)
