"""Run folders: written beside, then renamed into place; read back with every doubt explained.

::

    runs/a-reasoning-app-2025-02-03-0a1b2c3d/
      run.json      inputs with hashes, versions, status, gap, tables, and the whole answer
      times.json    seconds by stage: the only file that differs between two equal runs
      inputs/       the user's files as they were
      *.parquet     tables
      report.html   attached by the report
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from counterpoise.errors import BadInput, Where
from counterpoise.runs.inputs import Inputs, versions
from counterpoise.runs.plain import plain
from counterpoise.runs.tables import Rows, parquet

FORMAT = "counterpoise run"
RUN_FILE, TIMES_FILE, INPUTS_FOLDER = "run.json", "times.json", "inputs"
UNFINISHED = ".unfinished-"
_LONGEST_SLUG = 60
_PLAIN_NAME = re.compile(r"[a-z0-9][a-z0-9_\-]*")


@dataclass(frozen=True, slots=True)
class Run:
    """A run as read: its folder, the answer document, and what it says of itself (inputs, versions)."""

    path: Path
    document: dict[str, Any]
    about: dict[str, Any]


def run_name(document: Mapping[str, Any], inputs: Inputs) -> str:
    """Return the run's name: case name in ASCII, as-of date, first 8 hex digits of the inputs' hash."""
    case = document["case"]
    slug = re.sub(r"[^a-z0-9]+", "-", str(case["name"]).lower())[:_LONGEST_SLUG].strip("-") or "case"
    return f"{slug}-{case['as_of']}-{inputs.described()['sha256'][:8]}"


def write_run(
    directory: Path,
    document: Mapping[str, Any],
    tables: Mapping[str, Rows],
    inputs: Inputs,
    *,
    times: Mapping[str, float] | None = None,
) -> Path:
    """Write a run folder under `directory` and return its path.

    The folder is filled under a temporary name and renamed.  A run of the same name is replaced; a file
    that a person put into it is kept; a folder of that name that is no run is left alone (BadInput).
    BadInput too where the directory cannot be written.
    """
    name = run_name(document, inputs)
    target = directory / name
    _refuse_foreign(target)
    unfinished = _new_folder(directory, f"{name}{UNFINISHED}")
    try:
        _fill(unfinished, name, document, tables, inputs, times or {})
        unfinished.chmod(0o777 & ~_umask())
        _replace(unfinished, target)
    except OSError as error:
        raise BadInput(
            f"the run could not be written ({error.strerror}).", where=Where(str(directory))
        ) from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return target


def require_writable(directory: Path) -> None:
    """Raise BadInput if runs cannot be written under `directory`: asked before the work, not after it.

    Nothing is made: where the directory is not there yet, the nearest folder above it is tried.
    """
    nearest = directory.absolute()
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    _new_folder(nearest, ".writable-").rmdir()


def read_run(path: Path) -> Run:
    """Read a run folder (or its run.json); BadInput where it is none, was cut off or was changed."""
    folder = path.parent if path.name == RUN_FILE else path
    file = folder / RUN_FILE
    if UNFINISHED in folder.name or (folder.is_dir() and not file.exists()):
        raise BadInput(
            "this is no finished run: it was cut off before its end, or it is another folder.",
            where=Where(str(folder)),
            hint="Plan again; a run is complete when it has a run.json.",
        )
    try:
        about = json.loads(file.read_bytes())
    except OSError as error:
        raise BadInput(
            f"no run can be read here ({error.strerror}).",
            where=Where(str(file)),
            hint="Give the folder that counterpoise plan named as its run.",
        ) from None
    except ValueError:
        raise BadInput("run.json is damaged.", where=Where(str(file)), hint="Plan again.") from None
    if not isinstance(about, dict) or about.get("format") != FORMAT or "document" not in about:
        raise BadInput("run.json is not that of a run.", where=Where(str(file)))
    document = about.pop("document")
    return Run(folder, document, about)


def attach(run: Path, name: str, data: bytes) -> Path:
    """Write a file into a finished run folder (temporary name, then rename) and return its path."""
    path = run / name
    try:
        with tempfile.NamedTemporaryFile(dir=run, prefix=f".{name}-", delete=False) as stream:
            stream.write(data)
        temporary = Path(stream.name)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise BadInput(f"cannot be written ({error.strerror}).", where=Where(str(path))) from None
    return path


def _new_folder(directory: Path, prefix: str) -> Path:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=prefix, dir=directory))
    except OSError as error:
        raise BadInput(
            f"runs cannot be written here ({error.strerror}).",
            where=Where(str(directory)),
            hint="Choose another folder with --runs DIR.",
        ) from None


def _fill(
    folder: Path,
    name: str,
    document: Mapping[str, Any],
    tables: Mapping[str, Rows],
    inputs: Inputs,
    times: Mapping[str, float],
) -> None:
    described = []
    for table, rows in sorted(tables.items()):
        if not _PLAIN_NAME.fullmatch(table):
            raise ValueError(f"table name {table!r}")
        data = parquet(rows)
        (folder / f"{table}.parquet").write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        described.append({"name": table, "file": f"{table}.parquet", "rows": len(rows), "sha256": digest})
    for file, data in sorted(inputs.files.items()):
        copy = folder / INPUTS_FOLDER / _inside(file)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(data)
    (folder / TIMES_FILE).write_text(json.dumps({k: round(v, 3) for k, v in times.items()}, indent=1) + "\n")
    about = {
        "format": FORMAT,
        "name": name,
        "status": document.get("status"),
        "gap": document.get("gap"),
        "inputs": inputs.described(),
        "versions": versions(),
        "tables": described,
        "document": dict(document) | {"run": name},
    }
    text = json.dumps(plain(about), ensure_ascii=False, indent=1, allow_nan=False)
    (folder / RUN_FILE).write_text(text + "\n", encoding="utf-8")


def _inside(name: str) -> PurePosixPath:
    """Keep an input's relative name; of one outside the case folder only the last part."""
    path = PurePosixPath(name.replace("\\", "/"))
    return PurePosixPath(path.name) if path.is_absolute() or ".." in path.parts else path


def _refuse_foreign(target: Path) -> None:
    if not target.exists():
        return
    try:
        is_run = json.loads((target / RUN_FILE).read_bytes()).get("format") == FORMAT
    except (OSError, ValueError, AttributeError):
        is_run = False
    if not is_run:
        raise BadInput(
            "a folder of this run's name is there, and is no run; it is left alone.",
            where=Where(str(target)),
            hint="Move it, or choose another folder with --runs DIR.",
        )


def _replace(new: Path, target: Path) -> None:
    """Put `new` in the place of `target`, keeping what a person put there; on failure the old run is back."""
    if not target.exists():
        new.rename(target)
        return
    ours = {path.name for path in target.glob("*.parquet")} | {
        RUN_FILE,
        TIMES_FILE,
        INPUTS_FOLDER,
        "report.html",
    }
    for path in target.iterdir():
        if path.name not in ours and not path.name.startswith("."):
            _copy(path, new / path.name)
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}.replaced-", dir=target.parent)) / "run"
    target.rename(old)
    try:
        new.rename(target)
    except OSError:
        old.rename(target)
        raise
    finally:
        shutil.rmtree(old.parent, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir() and not source.is_symlink():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target, follow_symlinks=False)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
