"""docs/accuracy.md and its pictures: the measured tables against the shipped parameters and the fit.

`python scripts/accuracy_page.py [OUT.md] [OUT_OF_FOLD.csv.gz]`; a part of `make docs`.  Held-out conditions
are predicted now, by the shipped parameters; models and chips never seen are read from
docs/accuracy/out_of_fold_*.csv.gz, which the fits write.
"""

from __future__ import annotations

import csv
import gzip
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from counterpoise.errors import BadInput, Where
from counterpoise.performance.accuracy import KINDS, predict_rows
from counterpoise.performance.calibration import shipped_calibration
from counterpoise.performance.measured_runs import shipped
from counterpoise.performance.run_labels import labels, row_id
from counterpoise.report.accuracy_page import Evidence, Tally, accuracy_page
from counterpoise.report.noise import METRICS, shipped_pairs
from counterpoise.report.scored import FOLD, Row, Scored, of_file, of_results, same_fit

DOCS = Path(__file__).parents[1] / "docs"
STORED = DOCS / "accuracy"
LARGEST_PICTURE_BYTES = 150_000


def evidence(stored: Path) -> Evidence:
    """Predict the shipped tables, and join what the fit left of the splits that only it can make."""
    tables = {kind: shipped(kind) for kind in KINDS}
    found: list[Scored] = []
    tallies = {}
    for kind, rows in tables.items():
        results = predict_rows(rows, kind)
        found += of_results(rows, results, kind)
        used = [r for row, r in zip(rows, results, strict=True) if (row.get("quality") or "") != "C"]
        refused = Counter(r.refusal for r in used if r.refusal)
        tallies[kind] = Tally(len(used), len(used) - refused.total(), dict(refused.most_common()))
    others = read_stored(stored, tables)
    return Evidence(
        found=[*found, *(s for s in others if s.split != FOLD)],
        rows={kind: {row_id(row, i): row for i, row in enumerate(rows)} for kind, rows in tables.items()},
        labels={kind: [labels(row, kind) for row in rows] for kind, rows in tables.items()},
        tallies=tallies,
        pairs={kind: shipped_pairs(kind) for kind in METRICS},
        made=shipped_calibration().made,
        current=same_fit(others, found) if others else None,
    )


def read_stored(folder: Path, tables: Mapping[str, Sequence[Row]]) -> list[Scored]:
    """Predictions that the fits wrote; none where they have not been run."""
    return [s for path in sorted(folder.glob("out_of_fold_*.csv.gz")) for s in _read(path, tables)]


def _read(path: Path, tables: Mapping[str, Sequence[Row]]) -> list[Scored]:
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
            return of_file(csv.DictReader(lines), tables, str(path))
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise BadInput(
            f"the file cannot be read ({error}).", where=Where(str(path)), hint="Fit again; it is damaged."
        ) from None


def write(page: Path = DOCS / "accuracy.md", stored: Path = STORED) -> None:
    """Write the page, and its pictures in the folder of its name beside it."""
    folder = page.with_suffix("")
    text, pictures = accuracy_page(evidence(stored), folder.name)
    folder.mkdir(exist_ok=True)
    for name, svg in pictures.items():
        if len(svg) > LARGEST_PICTURE_BYTES:
            raise SystemExit(f"{name} has {len(svg):,} bytes, more than {LARGEST_PICTURE_BYTES:,}")
        (folder / name).write_text(svg, encoding="utf-8")
    for old in folder.glob("*.svg"):
        if old.name not in pictures:
            old.unlink()
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    try:
        write(*(Path(a) for a in sys.argv[1:3]))
    except BadInput as error:
        raise SystemExit(str(error)) from None
