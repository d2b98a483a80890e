"""Plain text in a given width: paragraphs, tables that become lists where there is no room, safe signs.

Widths count terminal cells, so that a Chinese name keeps its column.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_GAPS = ("  ", " ")
"""Between columns: two cells, or one where only that fits."""
_WORD = re.compile(r"\S+(?: %\S*)?")
"""A word, with the percent sign that belongs to it."""
_PIECE = re.compile(r"[^\s\-./_]*[\-./_]*")
"""What a narrow column must hold unbroken: names may be broken after - . / and _ only."""
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"
_SIGNS = str.maketrans(
    {
        "×": "x",
        "–": "-",
        "—": "-",
        "−": "-",
        "…": "...",
        "≤": "<=",
        "≥": ">=",
        "→": "->",
        "·": "-",
        "•": "-",
        "µ": "u",
        "±": "+-",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "\u00a0": " ",
        "\u202f": " ",
        "¥": "CNY ",
        "€": "EUR ",
    }
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading; `right` for numbers, `text` if its cells may be wrapped."""

    heading: str
    right: bool = False
    text: bool = False


def cells(text: str) -> int:
    """Return how many terminal cells `text` takes: two for wide East Asian characters, none for combining."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def printable(text: str, encoding: str) -> str:
    """Return `text` so that a stream of `encoding` can carry it: field signs in ASCII, the rest escaped."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_SIGNS).encode(encoding, errors="backslashreplace").decode(encoding)
    return text


def wrap(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    """Break `text` at spaces into lines of at most `width` cells; `first` and `rest` are indents.

    A word wider than a line is broken after - . / or _; where it has none, it sticks out.
    """
    indent = " " * len(first) if rest is None else rest
    lines, line, empty = [], first, True
    for word in _WORD.findall(text):
        if not empty and cells(line) + 1 + cells(word) <= width:
            line = f"{line} {word}"
            continue
        if not empty:
            lines.append(line)
            line = indent
        for piece in _pieces(word) if cells(line) + cells(word) > width else [word]:
            if line.strip() and line not in {first, indent} and cells(line) + cells(piece) > width:
                lines.append(line)
                line = indent
            line += piece
        empty = False
    return lines if empty else [*lines, line]


def _pieces(word: str) -> list[str]:
    return [piece for piece in _PIECE.findall(word) if piece]


def heading(text: str, width: int, *, colour: bool = False) -> list[str]:
    """Return the lines of a section heading, bold where the terminal shows it."""
    return [f"{_BOLD}{line}{_PLAIN}" if colour else line for line in wrap(text, width)]


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Return the lines of a table at most `width` cells wide, or of a list where that is too narrow."""
    if not rows:
        return []
    natural = [
        max(cells(column.heading), *(cells(row[i]) for row in rows)) for i, column in enumerate(columns)
    ]
    least = [_least(column.heading, [row[i] for row in rows]) for i, column in enumerate(columns)]
    for gap, narrowest in ((gap, limit) for limit in (natural, least) for gap in _GAPS):
        widths = _fit(columns, natural, narrowest, width - len(gap) * (len(columns) - 1))
        if widths is not None:
            return _table(columns, rows, widths, gap)
    return _records(columns, rows, width)


def _table(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], widths: Sequence[int], gap: str
) -> list[str]:
    lines = []
    for row in ([c.heading for c in columns], ["-" * w for w in widths], *rows):
        wrapped = [
            wrap(cell, w) if column.text and cells(cell) > w else [cell]
            for cell, column, w in zip(row, columns, widths, strict=True)
        ]
        height = max(len(part) for part in wrapped)
        lines += [
            _line([p[i] if i < len(p) else "" for p in wrapped], columns, widths, gap) for i in range(height)
        ]
    return lines


def _fit(
    columns: Sequence[Column], natural: Sequence[int], least: Sequence[int], room: int
) -> list[int] | None:
    """Widths that fit in `room`, narrowing the widest text column first; None where they cannot."""
    widths = list(natural)
    while sum(widths) > room:
        candidates = [i for i, c in enumerate(columns) if c.text and widths[i] > least[i]]
        if not candidates:
            return None
        widths[max(candidates, key=lambda i: widths[i])] -= 1
    return widths


def _least(heading_: str, column: Sequence[str]) -> int:
    pieces = [
        piece for text in (heading_, *column) for word in _WORD.findall(text) for piece in _pieces(word)
    ]
    return max(map(cells, pieces), default=1)


def _line(row: Sequence[str], columns: Sequence[Column], widths: Sequence[int], gap: str) -> str:
    padded = [
        " " * (w - cells(cell)) + cell if column.right else cell + " " * (w - cells(cell))
        for cell, column, w in zip(row, columns, widths, strict=True)
    ]
    return gap.join(padded).rstrip()


def _records(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Each row as its first cell, and under it the other cells that say something, named."""
    lines: list[str] = []
    for row in rows:
        lines += wrap(row[0], width, "", "  ")
        told = [
            f"{column.heading}: {cell}"
            for column, cell in zip(columns[1:], row[1:], strict=True)
            if cell not in {"", "-"}
        ]
        lines += wrap("; ".join(told), width, "  ")
    return lines
