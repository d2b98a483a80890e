"""`python -m benchmarks peers`: peers and ours on the same rows and points, printed and written as JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from benchmarks.peers import ours, page, points, scores, search
from benchmarks.peers.environments import (
    BUILD,
    PEERS,
    ROOT,
    Peer,
    PeerFailedError,
    ask,
    ask_together,
    install,
)
from counterpoise.catalogue import load
from counterpoise.catalogue.records import Catalogue
from counterpoise.performance.measured_runs import Run

RATE_SECONDS = 10.0
RATE_POINTS = 100_000
RESULT = BUILD / "comparison.json"
PAGE = ROOT / "docs" / "peers.md"


def main(words: Sequence[str] | None = None) -> None:
    """Run the comparison that the command line asks for; one peer's failure is a line, not the end."""
    asked = _arguments(sys.argv[2:] if words is None else words)
    found = points.measured()
    measured = ours.measured_ms(found)
    mine = ours.predicted_ms(found, BUILD / "ours.csv")
    result: dict[str, Any] = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "cores": cores(),
        "load": os.getloadavg()[0],
        "rows": len(found),
        "rate_seconds": RATE_SECONDS,
        "table": ours.TABLE,
        "ours": {
            "predicted": len(mine),
            "errors": _our_errors(measured, mine),
            "points_per_s": ours.points_per_s(),
            "search_s": search.our_search_s(),
        },
        "peers": [],
    }
    _say(page.our_line(result))
    for peer in PEERS:
        if asked.only and peer.distribution not in asked.only:
            continue
        told: dict[str, Any] = {"name": peer.name, "distribution": peer.distribution}
        try:
            told |= compare(peer, found, measured, mine, everything=asked.all)
        except PeerFailedError as error:
            told["failed"] = str(error)
        result["peers"].append(told)
        _say(page.peer_line(told, result))
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1), encoding="utf-8")
    _say(f"written: {RESULT.relative_to(ROOT)}")
    if asked.write_docs:
        if asked.only or any("failed" in told for told in result["peers"]):
            _say("docs/peers.md is left as it is: it is written from a run of all peers.")
            return
        PAGE.write_text(page.text(result), encoding="utf-8")
        _say(f"written: {PAGE.relative_to(ROOT)}")


def compare(
    peer: Peer,
    found: Sequence[Run],
    measured: Mapping[str, Mapping[str, float]],
    mine: Mapping[str, Mapping[str, float]],
    *,
    everything: bool,
) -> dict[str, Any]:
    """Errors on the same rows, refusals and rates of one peer; raises `PeerFailedError`."""
    install(peer)
    rows = points.as_points(points.sample(found, None if everything else peer.rows))
    catalogue = load()
    told = ask(peer, {"task": "rows", "points": rows, **points.facts(rows, catalogue)}, "rows")
    paired = scores.pairs(rows, told["rows"], mine, measured)
    models = {row["id"]: row["model"] for row in rows}
    ways = sorted({p.how for p in paired if p.how})
    return {
        "version": told["version"],
        "asked": len(rows),
        "predicted": sum("refused" not in answer for answer in told["rows"]),
        "both": len(paired),
        "rows_s": told["seconds"],
        "import_s": told["import_s"],
        "peer": scores.errors(paired, "peer"),
        "ours": scores.errors(paired, "ours"),
        "ways": {way: _side_by_side([p for p in paired if p.how == way]) for way in ways},
        "engines": {
            engine: _side_by_side([p for p in paired if p.group[3] == engine])
            for engine in sorted({p.group[3] for p in paired})
        },
        "refusals": scores.refusals(told["rows"], lambda key: models[key]),
        "closer": {metric: scores.closer(paired, metric) for metric in scores.METRICS},
        "points_per_s": _rate(peer, catalogue),
        **({"search_s": search.their_search_s(peer)} if peer.distribution == "aiconfigurator" else {}),
    }


def _rate(peer: Peer, catalogue: Catalogue) -> float:
    """Points a second of as many processes as there are cores, each on its own part of the same table."""
    parts = cores()
    table = points.timed_points(RATE_POINTS)
    questions = [
        {
            "task": "rate",
            "points": table[i::parts],
            "seconds": RATE_SECONDS,
            **points.facts(table[:1], catalogue),
        }
        for i in range(parts)
    ]
    told = ask_together(peer, questions, "rate")
    return sum(float(answer["points"]) / float(answer["seconds"]) for answer in told)


def _side_by_side(rows: Sequence[scores.Pair]) -> dict[str, Any]:
    return {"n": len(rows), "peer": scores.errors(rows, "peer"), "ours": scores.errors(rows, "ours")}


def _our_errors(
    measured: Mapping[str, Mapping[str, float]], mine: Mapping[str, Mapping[str, float]]
) -> dict[str, dict[str, float]]:
    rows = [scores.Pair(key, (), measured[key], {}, mine[key]) for key in mine]
    return scores.errors(rows, "ours")


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks peers", description=__doc__)
    parser.add_argument("--all", action="store_true", help="every row, of the slow peers too")
    parser.add_argument("--only", action="append", metavar="NAME", choices=[p.distribution for p in PEERS])
    parser.add_argument("--write-docs", action="store_true", help="write docs/peers.md from this run")
    return parser.parse_args(list(words))


def _say(line: str) -> None:
    print(line, flush=True)
