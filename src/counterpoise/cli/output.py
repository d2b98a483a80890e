"""What goes to stdout and what to stderr, in a form that the stream can carry."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable
from typing import Any, TextIO

_NARROWEST, _WIDEST = 20, 120


def width() -> int:
    """Return the columns of the terminal (COLUMNS, else the window, else 80), within reason."""
    return min(max(shutil.get_terminal_size((80, 24)).columns, _NARROWEST), _WIDEST)


def colour(stream: TextIO | None = None) -> bool:
    """Return whether a stream may be given colour: a terminal, and nobody said NO_COLOR."""
    stream = sys.stdout if stream is None else stream
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def say(lines: Iterable[str]) -> None:
    """Print lines of an answer to stdout."""
    _write(sys.stdout, lines)


def progress(*lines: str) -> None:
    """Print progress to stderr."""
    _write(sys.stderr, lines)


def complain(message: str) -> None:
    """Print one message of failure to stderr."""
    _write(sys.stderr, [message])


def say_json(document: dict[str, Any]) -> None:
    """Print one JSON object to stdout; letters beyond the stream's encoding are escaped."""
    from counterpoise.runs.plain import plain

    text = json.dumps(plain(document), ensure_ascii=False, allow_nan=False)
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        text = json.dumps(plain(document), ensure_ascii=True, allow_nan=False)
    _write(sys.stdout, [text])


def silence(stream: TextIO) -> None:
    """Point a stream whose reader left at nothing, so that the interpreter's last flush is quiet."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(devnull, stream.fileno())
    except OSError:
        return
    finally:
        os.close(devnull)


def _write(stream: TextIO, lines: Iterable[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    encoding = stream.encoding or "ascii"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        from counterpoise.report.layout import printable

        text = printable(text, encoding)
    stream.write(text)
    stream.flush()
