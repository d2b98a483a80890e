"""The folder of a replay: `replay.yaml`, and the ledger and prices that it names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from counterpoise.catalogue.table import read_bytes
from counterpoise.catalogue.tree import Mapping, Scalar, Sequence, read_tree
from counterpoise.errors import BadInput, UnknownName, Where
from counterpoise.market.calendar import Quarter

FILE = "replay.yaml"
_LARGEST_BYTES = 1_000_000
_REQUIRED = ("name", "as_of", "claims")
_OPTIONAL = (
    "judged_on", "prices", "ticker", "headline", "headline_date", "growth_quarter", "currency", "seed",
    "draws", "set",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReplayFolder:
    """What a replay is asked, and the user's files as bytes by name.

    `judged_on` None: today.  `headline` is explained by the prices of `ticker`; `growth_quarter` is the
    quarter whose growth over the year before is scored.
    """

    path: Path
    name: str
    as_of: date
    judged_on: date | None
    claims: Path
    prices: Path | None
    ticker: str
    headline: str
    headline_date: date | None
    growth_quarter: Quarter
    currency: str
    seed: int
    draws: int
    assignments: tuple[str, ...]
    files: dict[str, bytes]


def read_replay(path: Path) -> ReplayFolder:
    """Read a replay's folder; a mistake names its file, line and field."""
    file = path / FILE if path.is_dir() else path
    data = read_bytes(file, _LARGEST_BYTES)
    top = read_tree(data, str(file))
    for field, line in top.lines.items():
        if field not in (*_REQUIRED, *_OPTIONAL):
            raise UnknownName("field", field, (*_REQUIRED, *_OPTIONAL), where=Where(str(file), line))
    for field in _REQUIRED:
        if not _text(top, field, str(file)):
            raise BadInput(
                f"{field} is missing.", where=Where(str(file), top.line, field), hint=f"Write {field}: ..."
            )
    as_of = _day(top, "as_of", str(file))
    claims, prices = _file(top, "claims", file), _file(top, "prices", file)
    if as_of is None or claims is None:
        raise BadInput("as_of and claims are needed.", where=Where(str(file)))
    quarter = _text(top, "growth_quarter", str(file))
    named = [one for one in (claims, prices) if one is not None]
    return ReplayFolder(
        path=file.parent,
        name=_text(top, "name", str(file)),
        as_of=as_of,
        judged_on=_day(top, "judged_on", str(file)),
        claims=claims,
        prices=prices,
        ticker=_text(top, "ticker", str(file)) or "NVDA",
        headline=_text(top, "headline", str(file)),
        headline_date=_day(top, "headline_date", str(file)),
        growth_quarter=Quarter.read(quarter, _where(top, "growth_quarter", str(file)))
        if quarter
        else Quarter(as_of.year, 4),
        currency=_text(top, "currency", str(file)) or "CNY",
        seed=_count(top, "seed", 0, str(file)),
        draws=_count(top, "draws", 100_000, str(file)),
        assignments=_texts(top, "set", str(file)),
        files={file.name: data} | {one.name: read_bytes(one) for one in named},
    )


def _where(top: Mapping, field: str, file: str) -> Where:
    return Where(file, top.lines.get(field, top.line), field)


def _text(top: Mapping, field: str, file: str) -> str:
    node = top.fields.get(field)
    if node is None:
        return ""
    if not isinstance(node, Scalar):
        raise BadInput(f"{field} takes one value.", where=_where(top, field, file))
    return node.text


def _texts(top: Mapping, field: str, file: str) -> tuple[str, ...]:
    node = top.fields.get(field)
    if node is None:
        return ()
    if not isinstance(node, Sequence) or not all(isinstance(one, Scalar) for one in node.items):
        raise BadInput(
            f"{field} takes a list.",
            where=_where(top, field, file),
            hint=f'Write "{field}: [elasticity=0.8]".',
        )
    return tuple(one.text for one in node.items if isinstance(one, Scalar))


def _day(top: Mapping, field: str, file: str) -> date | None:
    text = _text(top, field, file)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(
            f'"{text}" is not a date.', where=_where(top, field, file), hint="Write it as 2025-02-03."
        ) from None


def _count(top: Mapping, field: str, default: int, file: str) -> int:
    text = _text(top, field, file)
    if not text:
        return default
    if not text.isdigit():
        raise BadInput(f'"{text}" is not a whole number.', where=_where(top, field, file))
    return int(text)


def _file(top: Mapping, field: str, file: Path) -> Path | None:
    text = _text(top, field, str(file))
    if not text:
        return None
    named = file.parent / text
    if not named.is_file():
        raise BadInput(
            f"there is no file {named}.", where=_where(top, field, str(file)), hint="Name a file beside it."
        )
    return named
