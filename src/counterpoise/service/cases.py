"""Reading a case folder, and writing a new one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from counterpoise.catalogue import as_of, load, with_own_rows
from counterpoise.catalogue.records import Catalogue
from counterpoise.errors import BadInput, Where
from counterpoise.planning.case import Case, parse_case
from counterpoise.planning.own_predictions import SHIPPED, OwnPredictions
from counterpoise.workload.assumption import Assumption

CASE_FILE = "case.yaml"
LARGEST_CASE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class CaseFolder:
    """A case as read: the facts it may know, its own rows among them, and its files as bytes by name.

    `measured`: what its measurements taught, where it names any.
    """

    case: Case
    catalogue: Catalogue
    files: dict[str, bytes]
    measured: OwnPredictions = SHIPPED


def read_case(path: Path) -> CaseFolder:
    """Read a case folder, or the `case.yaml` in it; BadInput says what is wrong and where."""
    file = path / CASE_FILE if path.is_dir() or not path.suffix else path
    text = read_small(file, LARGEST_CASE_BYTES)
    case = parse_case(text, str(file), with_own_rows(load(), file.parent))
    known = as_of(with_own_rows(load(), file.parent, case.as_of), case.as_of)
    own = [p for p in sorted(file.parent.rglob("*.csv")) if p.is_file()]
    own += [p for p in sorted((file.parent / "catalogue").glob("*.json")) if p.is_file()]
    files = {p.relative_to(file.parent).as_posix(): p.read_bytes() for p in own if _is_input(p, file.parent)}
    measured = SHIPPED
    if case.measurements:
        files[case.measurements], measured = _measurements(case.measurements, file, known)
    return CaseFolder(case, known, {CASE_FILE: text, **files}, measured)


def _measurements(name: str, case_file: Path, known: Catalogue) -> tuple[bytes, OwnPredictions]:
    """The profile `name` beside the case as bytes, and what it teaches of the chips and models known."""
    from counterpoise.service.own_measurements import LENGTHS_VARY, load_profile
    from counterpoise.service.profile_file import LARGEST_PROFILE_BYTES

    path = case_file.parent / name
    if not path.is_file():
        raise BadInput(
            f"there is no file {path}.",
            where=Where(str(case_file), field="measurements"),
            hint=f"Write it: counterpoise calibrate --runs FILE.csv --case {case_file.parent} --out {path}",
        )
    own = load_profile(path, known)
    assumptions = tuple(
        Assumption(
            field=f"measurements[{i}]",
            value="as you measured",
            unit="",
            kind="assumed" if note == LENGTHS_VARY else "measured",
            source=name,
            note=note,
        )
        for i, note in enumerate(own.notes)
    )
    return read_small(path, LARGEST_PROFILE_BYTES), OwnPredictions(own.serving, own.training, assumptions)


def _is_input(path: Path, folder: Path) -> bool:
    relative = path.relative_to(folder)
    return relative.parts[0] == "catalogue" or relative.as_posix() == "offers.csv"


def read_small(path: Path, largest_bytes: int) -> bytes:
    """Return a file's bytes; BadInput where it is missing, no file, unreadable or too large."""
    try:
        size = path.stat().st_size
        if size > largest_bytes:
            raise BadInput(
                f"the file has {size / 1e6:,.1f} MB; at most {largest_bytes / 1e6:g} MB are read.",
                where=Where(str(path)),
                hint="Is it the right file?",
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise BadInput(
            "no such file.",
            where=Where(str(path)),
            hint=f"A case is a folder with a {CASE_FILE}; counterpoise init DIR writes one.",
        ) from None
    except OSError as error:
        raise BadInput(f"cannot be read ({error.strerror}).", where=Where(str(path))) from None


def write_case(directory: Path, template: str) -> list[Path]:
    """Write a commented case of a template into `directory`; never overwrites."""
    from counterpoise.planning.templates import write_template

    return write_template(directory, template)


def facts_on(day: date | None) -> Catalogue:
    """Facts known on a day; all of them where no day is given."""
    return load() if day is None else as_of(load(), day)
