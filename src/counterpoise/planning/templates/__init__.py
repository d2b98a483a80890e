"""Commented cases to start from, one file each; `counterpoise init` writes them."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from counterpoise.errors import BadInput, UnknownName, Where

CASE_FILE = "case.yaml"
TEMPLATES = ("chat-api", "code-assistant", "rag", "sme-reasoning", "training-run")


def template(name: str) -> dict[str, str]:
    """Return the files of a template, text by file name; UnknownName for one that is not there."""
    if name not in TEMPLATES:
        raise UnknownName("template", name, TEMPLATES)
    text = files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return {CASE_FILE: text}


def write_template(directory: Path, name: str) -> list[Path]:
    """Write a template into `directory`, which is made if need be; return the paths written.

    Never overwrites, and never leaves half a file: each is written under another name, then given its own.
    Raises BadInput where one of the files is there already or the directory cannot be written.
    """
    texts = template(name)
    paths = {directory / file: text for file, text in texts.items()}
    for path in paths:
        if path.exists() or path.is_symlink():
            raise _taken(path)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for path, text in paths.items():
            _write_new(path, text)
    except FileExistsError as error:
        raise _taken(Path(error.filename2 or error.filename or directory)) from None
    except OSError as error:
        problem = f"cannot be written ({error.strerror})."
        raise BadInput(problem, where=Where(str(directory)), hint="Choose another folder.") from None
    return list(paths)


def _taken(path: Path) -> BadInput:
    problem = "is there already and is not overwritten." if path.is_file() else "is in the way."
    return BadInput(problem, where=Where(str(path)), hint="Choose another folder.")


def _write_new(path: Path, text: str) -> None:
    """Write `path` whole or not at all; FileExistsError where it has come to be in the meantime."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        _link(part, path)
    finally:
        part.unlink(missing_ok=True)


def _link(part: Path, path: Path) -> None:
    try:
        path.hardlink_to(part)  # fails where `path` exists, which a rename would not
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links.
        if path.exists():
            raise FileExistsError(17, "File exists", str(path)) from None
        part.rename(path)
