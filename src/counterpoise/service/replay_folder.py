"""The folder of a replay: `replay.yaml`, and the ledger and prices that it names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from counterpoise.catalogue.table import read_bytes
from counterpoise.catalogue.tree import read_tree
from counterpoise.market.calendar import Quarter
from counterpoise.market.ledger_fields import Fields

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
    fields = Fields(read_tree(data, str(file)), str(file), "")
    fields.only((*_REQUIRED, *_OPTIONAL))
    for name in _REQUIRED:
        fields.needed(name, f"Write {name}: ...")
    as_of = fields.day("as_of")
    claims = _named(fields, "claims", file.parent)
    prices = _named(fields, "prices", file.parent) if fields.text("prices") else None
    quarter = fields.text("growth_quarter")
    return ReplayFolder(
        path=file.parent,
        name=fields.text("name"),
        as_of=as_of,
        judged_on=_day(fields, "judged_on"),
        claims=claims,
        prices=prices,
        ticker=fields.text("ticker") or "NVDA",
        headline=fields.text("headline"),
        headline_date=_day(fields, "headline_date"),
        growth_quarter=Quarter.read(quarter, fields.where("growth_quarter"))
        if quarter
        else Quarter(as_of.year, 4),
        currency=fields.text("currency") or "CNY",
        seed=_count(fields, "seed", 0),
        draws=_count(fields, "draws", 100_000),
        assignments=fields.names("set", "Write [elasticity=0.8, efficiency_shock=10x]."),
        files={file.name: data} | {one.name: read_bytes(one) for one in (claims, prices) if one is not None},
    )


def _day(fields: Fields, name: str) -> date | None:
    return fields.day(name) if fields.text(name) else None


def _count(fields: Fields, name: str, default: int) -> int:
    text = fields.text(name)
    if not text:
        return default
    if not text.isdecimal():
        raise fields.bad(name, f'"{text}" is not a whole number.', f"Write it as {default}.")
    return int(text)


def _named(fields: Fields, name: str, folder: Path) -> Path:
    named = folder / fields.text(name)
    if not named.is_file():
        raise fields.bad(name, f"there is no file {named}.", "Name a file beside it.")
    return named
