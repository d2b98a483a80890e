"""The comparison in words: a line for the terminal, and docs/peers.md from the template page.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Result = Mapping[str, Any]
TEMPLATE = Path(__file__).with_name("page.md")
MOST_GROUPS = 14
NUMBERS = {1: "one core", 2: "two cores", 4: "four cores", 8: "eight cores"}


def percent(value: float) -> str:
    """Return a fraction as a percentage, with a decimal below 100."""
    return f"{100 * value:.1f}" if value < 0.9995 else f"{100 * value:,.0f}"


def spread(errors: Result, metric: str) -> str:
    """Median / mean error of a metric."""
    if metric not in errors:
        return "-"
    return f"{percent(errors[metric]['median'])} / {percent(errors[metric]['mean'])}"


def our_line(result: Result) -> str:
    """Our own figures in one line."""
    mine = result["ours"]
    errors = mine["errors"]
    return (
        f"Counterpoise: {mine['predicted']:,} of {result['rows']:,} rows; "
        f"TPOT {spread(errors, 'tpot')} %, TTFT {spread(errors, 'ttft')} % (median / mean, out of fold); "
        f"{mine['points_per_s']:,.0f} points/s; cold search {mine['search_s']:.2f} s"
    )


def peer_line(told: Result, result: Result) -> str:
    """Return a peer beside ours in one line, or why there is none."""
    if "failed" in told:
        return f"{told['name']}: left out ({told['failed']})"
    mine = result["ours"]
    line = (
        f"{told['name']} {told['version']}: {told['predicted']:,} of {told['asked']:,} rows; "
        f"TPOT {spread(told['peer'], 'tpot')} % (ours on the same rows {spread(told['ours'], 'tpot')}), "
        f"TTFT {spread(told['peer'], 'ttft')} % ({spread(told['ours'], 'ttft')}); "
        f"{told['points_per_s']:,.0f} points/s, ours x {mine['points_per_s'] / told['points_per_s']:,.0f}"
    )
    if "search_s" in told:
        ratio = told["search_s"] / mine["search_s"]
        line += f"; cold search {told['search_s']:.1f} s, ours {ratio:,.1f} times as fast"
    return line


def text(result: Result) -> str:
    """All of docs/peers.md; `result` is of a run in which no peer failed."""
    told = result["peers"]
    parts = {key: "\n".join(lines) for key, lines in _tables(result, told).items()}
    for peer in told:
        key = peer["distribution"].replace("-", "_")
        parts[f"version_{key}"] = peer["version"]
        refused = [f"- {n:,} rows refused: {why}" for n, why in peer["refusals"]]
        parts[f"refusals_{key}"] = "\n".join(refused) or "It refuses no row."
    return TEMPLATE.read_text(encoding="utf-8").format(
        date=result["date"],
        machine=NUMBERS.get(result["cores"], f"{result['cores']} cores"),
        load=f"{result['load']:.1f}",
        rows=f"{result['rows']:,}",
        rate_seconds=result["rate_seconds"],
        table=f"{result['table']:,}",
        **parts,
    )


def _tables(result: Result, told: Iterable[Result]) -> dict[str, list[str]]:
    return {"errors": _errors(result, told), "speed": _speed(result, told), "closer": _closer(told)}


def _errors(result: Result, told: Iterable[Result]) -> list[str]:
    lines = [
        "| predictor | rows asked | predicted | TPOT, peer | TPOT, ours | TTFT, peer | TTFT, ours |",
        "|---|---|---|---|---|---|---|",
    ]
    for peer in told:
        lines.append(_row(f"{peer['name']} {peer['version']}", peer["asked"], peer["predicted"], peer))
        lines += [_row(f"- {way}", "", side["n"], side) for way, side in peer["ways"].items()]
        lines += [_row(f"- on {engine}", "", side["n"], side) for engine, side in peer["engines"].items()]
    mine = result["ours"]
    own = " | ".join(f"| {spread(mine['errors'], metric)}" for metric in ("tpot", "ttft"))
    lines.append(f"| Counterpoise, all rows | {result['rows']:,} | {mine['predicted']:,} | {own} |")
    return lines


def _row(name: str, asked: int | str, predicted: int, side: Result) -> str:
    cells = [spread(side[whose], metric) for metric in ("tpot", "ttft") for whose in ("peer", "ours")]
    count = f"{asked:,}" if isinstance(asked, int) else asked
    return f"| {name} | {count} | {predicted:,} | " + " | ".join(cells) + " |"


def _speed(result: Result, told: Iterable[Result]) -> list[str]:
    mine = result["ours"]
    lines = [
        "| predictor | points/s | ours is faster by | cold search |",
        "|---|---|---|---|",
        f"| Counterpoise | {mine['points_per_s']:,.0f} | 1 | {mine['search_s']:.2f} s |",
    ]
    for peer in told:
        rate = peer["points_per_s"]
        cold = f"{peer['search_s']:.1f} s" if "search_s" in peer else "has none"
        ratio = mine["points_per_s"] / rate
        lines.append(f"| {peer['name']} {peer['version']} | {rate:,.0f} | {ratio:,.0f} | {cold} |")
    return lines


def _closer(told: Iterable[Result]) -> list[str]:
    rows = sorted(
        (
            (group["peer"] - group["ours"], peer["name"], metric, group)
            for peer in told
            for metric in ("tpot", "ttft")
            for group in peer["closer"][metric]
        ),
        key=lambda row: row[0],
    )
    if not rows:
        return ["In no group of ten rows or more is a peer's median error the smaller one."]
    lines = [
        "Groups of a model, precision, chip and engine with ten rows or more where the peer's median error",
        "is the smaller one, the widest gap first (median, %; our bias is the median of our signed error).",
        "",
        "| peer | measure | group | rows | peer | ours | our bias |",
        "|---|---|---|---|---|---|---|",
    ]
    for _, name, metric, group in rows[:MOST_GROUPS]:
        figures = f"{group['n']} | {percent(group['peer'])} | {percent(group['ours'])}"
        bias = f"{100 * group['ours_bias']:+.1f}"
        lines.append(f"| {name} | {metric.upper()} | {' '.join(group['group'])} | {figures} | {bias} |")
    if len(rows) > MOST_GROUPS:
        lines += [
            "",
            f"And {len(rows) - MOST_GROUPS} more groups, in `build/peers/comparison.json` after a run.",
        ]
    return lines
