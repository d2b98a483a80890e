"""Files that a person asked for by name: written whole or not at all, and never over another."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from counterpoise.errors import BadInput, Where


def require_new(path: Path, option: str) -> None:
    """Raise `BadInput` where `path` cannot become a new file: it exists, or its folder does not.

    Asked before the work, so that nobody waits for an answer that cannot be kept.
    """
    if path.exists() or path.is_symlink():
        raise BadInput(
            f"{path} exists, and is not overwritten.",
            where=Where(field=option),
            hint="Give another name, or move it away.",
        )
    if not path.parent.is_dir():
        raise BadInput(
            f"there is no folder {path.parent}.", where=Where(field=option), hint="Make it, or give another."
        )


def write_new(path: Path, text: str, option: str) -> None:
    """Write `text` to the new file `path`: under a temporary name beside it, then linked into place."""
    require_new(path, option)
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            Path(temporary).chmod(0o644)
            # A link fails where the name was taken meanwhile; a rename would overwrite it.
            os.link(temporary, path)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise BadInput(
            f"{path} could not be written ({error.strerror}).", where=Where(field=option)
        ) from None
