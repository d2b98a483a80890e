"""CSV tables with a place for every cell, so that a mistake is told with its file, line and column.

A table has one header line.  UTF-8 with or without a byte order mark, GB18030 (which covers GBK and GB2312,
what Chinese spreadsheets write) and both kinds of line end are read.
"""

from __future__ import annotations

import csv
import io
import math
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import get_args

from counterpoise.catalogue.records import Figure, Kind, Provenance
from counterpoise.errors import BadInput, UnknownName, Where

LARGEST_TABLE_BYTES = 5_000_000
KINDS = frozenset(get_args(Kind))
_YES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": False}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: cells by column, and where it stands."""

    cells: Mapping[str, str]
    file: str
    line: int

    def where(self, column: str = "") -> Where:
        """Place of a cell."""
        return Where(self.file, self.line, column or None)

    def bad(self, column: str, problem: str, hint: str = "") -> BadInput:
        """Return the error for a cell, to be raised by the caller."""
        return BadInput(problem, where=self.where(column), hint=hint)

    def text(self, column: str) -> str:
        """Return a cell that may be empty."""
        return self.cells.get(column, "")

    def name(self, column: str) -> str:
        """Return a cell that must not be empty."""
        value = self.cells.get(column, "")
        if not value:
            raise self.bad(column, f"the column {column} is empty.", f"Write a {column}.")
        return value

    def names(self, column: str) -> tuple[str, ...]:
        """Return the parts of a cell between semicolons."""
        value = self.cells.get(column, "")
        return tuple(part.strip() for part in value.split(";") if part.strip()) if value else ()

    def flag(self, column: str) -> bool:
        """Return a yes or no; empty is no."""
        value = self.cells.get(column, "").casefold()
        if value not in _YES:
            raise self.bad(column, f'"{value}" is neither yes nor no.', "Write yes or no.")
        return _YES[value]

    def number(self, column: str, default: float | None = None) -> float:
        """Return a finite number that is not negative; `default` where the cell is empty."""
        value = self.cells.get(column, "")
        if not value:
            if default is not None:
                return default
            raise self.bad(column, f"the column {column} is empty.", "Write a number.")
        try:
            number = float(value)
        except ValueError:
            raise self.bad(
                column, f'"{value}" is not a number.', "Write digits, such as 1.5 or 2e6."
            ) from None
        if not math.isfinite(number) or number < 0:
            raise self.bad(column, f'"{value}" is no amount.', "Write a finite number, zero or more.")
        return number

    def count(self, column: str, default: int | None = None) -> int:
        """Return a whole number; `default` where the cell is empty."""
        number = self.number(column, None if default is None else float(default))
        if number != int(number):
            raise self.bad(column, f'"{self.text(column)}" is not a whole number.')
        return int(number)

    def day(self, column: str) -> date:
        """Return a date written as year-month-day."""
        value = self.name(column)
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise self.bad(column, f'"{value}" is not a date.', "Write it as 2025-02-03.") from None

    def day_or_none(self, column: str) -> date | None:
        """Return a date, None where the cell is empty."""
        return self.day(column) if self.cells.get(column) else None

    def one_of(self, column: str, allowed: Collection[str]) -> str:
        """Return a cell that must be one of `allowed`."""
        value = self.name(column)
        if value not in allowed:
            raise UnknownName(column, value, sorted(allowed), where=self.where(column))
        return value

    def provenance(self, *, as_of: str = "as_of") -> Provenance:
        """Return source, day, kind and note; each but the note must be there."""
        kind = self.one_of("kind", KINDS)
        return Provenance(self.name("source"), self.day(as_of), kind, self.text("note"))  # type: ignore[arg-type]

    def figure(self, unit: str | None = None, *, as_of: str = "as_of") -> Figure:
        """Return the columns low, mid, high as a figure; low and high default to mid."""
        mid = self.number("mid")
        low, high = self.number("low", mid), self.number("high", mid)
        if not low <= mid <= high:
            raise self.bad(
                "mid",
                f"low {low:g}, mid {mid:g}, high {high:g} are out of order.",
                "Write low <= mid <= high.",
            )
        return Figure(mid, low, high, unit or self.name("unit"), self.provenance(as_of=as_of))


def decode(data: bytes, file: str) -> str:
    """Return the text of a table in UTF-8 (with or without mark) or GB18030."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadInput(
        "the text is neither UTF-8 nor GBK.", where=Where(file), hint="Save the table as CSV UTF-8."
    )


def read_bytes(path: Path, largest_bytes: int = LARGEST_TABLE_BYTES) -> bytes:
    """Return a file's bytes, refused before reading where it is larger than `largest_bytes`."""
    try:
        size = path.stat().st_size
        if size > largest_bytes:
            raise BadInput(
                f"the file has {size / 1e6:,.0f} MB; at most {largest_bytes / 1e6:g} MB are read.",
                where=Where(str(path)),
                hint="Is it the right file?",
            )
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"the file cannot be read ({error.strerror}).", where=Where(str(path))) from None


def rows(data: bytes, file: str, columns: Collection[str], required: Collection[str] = ()) -> Iterator[Row]:
    """Yield the lines of a table; blank lines and lines that start with "#" are skipped.

    `columns` are all that may be there, `required` those that must; an unknown column names the nearest.
    """
    reader = csv.reader(io.StringIO(decode(data, file), newline=""), strict=True)
    header: list[str] = []
    try:
        for cells in reader:
            if not any(cells) or cells[0].startswith("#"):
                continue
            if not header:
                header = [sys.intern(cell.strip()) for cell in cells]
                _check_header(header, file, reader.line_num, columns, required)
                continue
            if len(cells) > len(header):
                raise BadInput(
                    f"{len(cells)} cells under {len(header)} columns.",
                    where=Where(file, reader.line_num),
                    hint="Put a text with commas between double quotes.",
                )
            yield Row(dict(zip(header, map(str.strip, cells), strict=False)), file, reader.line_num)
    except csv.Error as error:
        raise BadInput(f"not a CSV table ({error}).", where=Where(file, reader.line_num)) from None
    if not header:
        raise BadInput(
            "the table is empty.", where=Where(file), hint=f"Its first line is {','.join(columns)}."
        )


def _check_header(
    header: list[str], file: str, line: int, columns: Collection[str], required: Collection[str]
) -> None:
    for column in header:
        if column not in columns:
            raise UnknownName("column", column, columns, where=Where(file, line))
    twice = sorted({c for c in header if header.count(c) > 1})
    if twice:
        raise BadInput(f"the column {twice[0]} is there twice.", where=Where(file, line))
    missing = [c for c in required if c not in header]
    if missing:
        raise BadInput(
            f"the column {missing[0]} is missing.", where=Where(file, line), hint=f"Add {', '.join(missing)}."
        )
