"""A measured table as a user has it: a CSV file, read whole or refused with the line that is wrong."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from counterpoise.errors import BadInput, Where

LARGEST_BYTES = 20_000_000


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV in UTF-8 (with or without BOM) or, failing that, GB 18030; any line ends.

    Raises `BadInput`, with the line, for what is not a table: no file, no header, a column named twice, a
    line with more or fewer cells than the header.
    """
    reader = csv.DictReader(io.StringIO(_text(path), newline=""))
    rows = []
    try:
        header = [name.strip() for name in reader.fieldnames or ()]
        _check_header(header, path)
        reader.fieldnames = header
        for row in reader:
            cells = [v for v in row.values() if isinstance(v, str)]
            more = row.get(None)  # DictReader keeps what is too much under None
            if more or len(cells) < len(header):
                raise BadInput(
                    f"the line has {len(cells) + len(more or ())} cells, the header {len(header)}.",
                    where=Where(str(path), reader.line_num),
                    hint="Quote cells that hold a comma, and write a comma for each empty one.",
                )
            rows.append({name: row[name] for name in header})
    except csv.Error as error:
        raise BadInput(
            f"the file is not a CSV table ({error}).", where=Where(str(path), reader.line_num)
        ) from None
    if not rows:
        raise BadInput(
            "the file has a header and no rows.",
            where=Where(str(path), 1),
            hint="Each further line is a measured run.",
        )
    return rows


def _text(path: Path) -> str:
    """Content of a text file that is small enough to be a table."""
    if path.is_dir():
        raise BadInput("this is a folder.", where=Where(str(path)), hint="Give the path of a CSV table.")
    if not path.is_file():
        raise BadInput("there is no such file.", where=Where(str(path)), hint="Give the path of a CSV table.")
    try:
        size, raw = path.stat().st_size, b""
        if size <= LARGEST_BYTES:
            raw = path.read_bytes()
    except OSError as error:
        raise BadInput(f"the file cannot be read ({error.strerror}).", where=Where(str(path))) from None
    if size > LARGEST_BYTES:
        raise BadInput(
            f"the file has {size / 1e6:.0f} MB.",
            where=Where(str(path)),
            hint=f"Split it: at most {LARGEST_BYTES / 1e6:.0f} MB are read.",
        )
    if b"\0" in raw:
        raise BadInput(
            "the file is not text (it may be a spreadsheet or compressed).",
            where=Where(str(path)),
            hint="Save it as CSV in UTF-8.",
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            return raw.decode("gb18030")
        except UnicodeDecodeError:
            raise BadInput(
                "the text is neither UTF-8 nor GB 18030.",
                where=Where(str(path)),
                hint="Save it as CSV in UTF-8.",
            ) from None


def _check_header(header: Sequence[str], path: Path) -> None:
    if not any(header):
        raise BadInput(
            "the file has no header.", where=Where(str(path), 1), hint="The first line names the columns."
        )
    twice = [name for name, n in Counter(header).items() if n > 1]
    if twice:
        raise BadInput(
            f'the column "{twice[0]}" is there twice.',
            where=Where(str(path), 1, twice[0]),
            hint="Remove or rename one.",
        )
