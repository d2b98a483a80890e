"""What a person wrote after an option, as a value; a mistake is named by its option."""

from __future__ import annotations

from datetime import date

from counterpoise.errors import BadInput, Where

_DAY_S = 86400.0


def written_quantity(text: str, dimension: str, option: str, *, write: str = "") -> float:
    """Return a quantity in the canonical unit of `dimension`, a key of `units.DIMENSIONS`."""
    from counterpoise.units import quantity

    return quantity(text, dimension, write=write, where=Where(field=option))


def written_price(text: str | None, option: str) -> float | None:
    """Return US dollars; None where nothing was written."""
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise BadInput(
            f'"{text}" is no number.', where=Where(field=option), hint="Write US dollars, as 2.10."
        ) from None


def written_date(text: str | None, option: str = "--as-of") -> date | None:
    """Return a day; None where nothing was written."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f'"{text}" is no date.', where=Where(field=option), hint="Write 2025-02-03.") from None


def written_days(text: str | None, option: str) -> float | None:
    """Return days; a bare number is days, and "3 weeks" says its own unit."""
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        return written_quantity(text, "time", option, write="days") / _DAY_S


def written_counts(texts: list[str] | None, option: str, *, names: str = "") -> tuple[int, ...]:
    """Return whole numbers above 0, one for each time the option was given.

    `names` is the option that takes names, for who mixed them up.
    """
    found = []
    for text in texts or ():
        if not text.strip().isdecimal():
            meant = f" Names go to {names}." if names and text.strip()[:1].isalpha() else ""
            raise BadInput(
                f'"{text}" is no whole number.',
                where=Where(field=option),
                hint=f"Write {option} 64, once for each number to try.{meant}",
            )
        found.append(int(text))
    return tuple(found)
