"""The run folder of `market` and `replay`: the document, its long tables, its inputs by hash, the page."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from counterpoise.market.facts import MarketFacts
from counterpoise.runs import Inputs, attach, read_run, run_name, write_run

Document = dict[str, Any]
REPORT_FILE = "report.html"


def write(
    document: Document,
    known: MarketFacts,
    day: date,
    files: Mapping[str, bytes],
    settings: Mapping[str, Any],
    seed: int,
    runs_dir: Path | None,
    html: bool,
    started: float,
) -> Document:
    """Return the document with its run's name; where `runs_dir` is given, write the run folder and its page.

    Facts later than `day` are no input.  `started` is a `time.perf_counter()`.
    """
    inputs = Inputs(files, fingerprint(known.as_of(day)), seed, settings)
    document["run"] = run_name(document, inputs)
    if runs_dir is None:
        return document
    times = {"all_s": time.perf_counter() - started}
    run = write_run(runs_dir, document, tables(document), inputs, times=times)
    if html:
        from counterpoise.report.market_page import page

        written = read_run(run)
        attach(run, REPORT_FILE, page(written.document, written.about).encode("utf-8"))
    return document


def fingerprint(facts: MarketFacts) -> str:
    """SHA-256 of the facts that a run may know."""
    return hashlib.sha256(repr(facts).encode("utf-8")).hexdigest()


def tables(document: Document) -> dict[str, list[Document]]:
    """The long tables of a market run, by name."""
    seen = document.get("outlook", document)
    made = {
        "capex": seen["capex"]["quarters"],
        "by_quarter": [_flat(row) for row in seen["by_quarter"]],
        "priors": seen["priors"],
        "kinds": _by_quarter(seen["kinds"], "kind", seen["quarters"]),
        "limits": _by_quarter(seen["limits"], "limit", seen["quarters"]),
        "tiers": [_flat(row) for row in seen["money"]["by_tier"]],
        "drivers": [{"output": d["output"], **row} for d in seen["drivers"] for row in d["inputs"]],
    }
    if "claims" in document:
        made["claims"] = [
            {
                "id": c["id"],
                "who": c["who"],
                "said_on": c["said_on"],
                "text": c["text"],
                "probability": c["probability"]["value"],
                "verdict": c["verdict"],
                "brier": c["brier"],
            }
            for c in document["claims"]["claims"]
        ]
        made["rack_forecasts"] = document["racks"]["forecasts"]
        made["growth_forecasts"] = document["growth"]["forecasts"]
    return made


def _flat(row: Document) -> Document:
    flat: Document = {}
    for key, value in row.items():
        if isinstance(value, dict):
            flat |= {f"{key}_{name}": one for name, one in value.items()}
        else:
            flat[key] = value
    return flat


def _by_quarter(rows: Sequence[Document], name: str, quarters: Sequence[str]) -> list[Document]:
    return [
        {name: row[name], "quarter": quarter}
        | {key: value[i] for key, value in row.items() if isinstance(value, list)}
        for row in rows
        for i, quarter in enumerate(quarters)
    ]
