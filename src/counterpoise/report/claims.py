"""Claims in a terminal: the count of verdicts and our score first, then a table, then what each rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from counterpoise.report.layout import Column, heading, table, wrap
from counterpoise.report.numbers import percent, significant
from counterpoise.report.page_tables import Table

Document = Mapping[str, Any]
_MOVES_SHOWN = 6
_STILL = 0.0005
"""Moves that would print as 0.0 points."""
_LONGEST_WORD = 34
_MISSING_SHOWN = 3
_RIVALS_SHOWN = 12


def claim_lines(document: Document, width: int, *, colour: bool = False) -> list[str]:
    """Return the lines of an answer of `market.claims.judge`, at most `width` cells wide."""
    lines = wrap(answer(document), width)
    days = f"Probabilities as of {document['as_of']}; verdicts by what was public on {document['judged_on']}."
    lines += wrap(days, width)
    lines += [line for sentence in _other_scores(document["summary"]) for line in wrap(sentence, width)]
    shown = claim_table(document["claims"])
    lines += ["", *table(shown.columns, shown.rows, width)]
    lines += ["", *heading("What each rests on", width, colour=colour)]
    for claim in document["claims"]:
        lines += _claim(claim, width)
    scored = [c for c in document["claims"] if any(t["scores"] for t in c["tests"])]
    if scored:
        lines += ["", *heading("Forecasts of the figures, scored alike", width, colour=colour)]
        lines += wrap(
            "CRPS in the figure's unit, smaller is better; of a point it is the absolute error.", width
        )
        for claim in scored:
            lines += _scores(claim, width)
    if "moves" in document:
        title = f"What moved our probabilities from {document['since']} to {document['as_of']}"
        lines += ["", *heading(title, width, colour=colour), *_moves(document["moves"], width)]
    if document["notes"]:
        lines += ["", *heading("Notes", width, colour=colour)]
        for note in document["notes"]:
            lines += wrap(note, width, "- ", "  ")
    return lines


def answer(document: Document) -> str:
    """Return the answer in one sentence."""
    summary = document["summary"]
    verdicts = summary["verdicts"]
    words = {"holds": "hold", "fails": "fail"}
    counts = ", ".join(f"{n} {words.get(s, s)}" for s, n in verdicts.items() if n or s in words)
    counts = counts.replace(" hold", f" of {summary['claims']} hold", 1)
    if summary["brier"] is None:
        return f"{counts}; no probability can be scored yet."
    return (
        f"{counts}; our Brier {summary['brier']:.2f} against {summary['brier_always_50_percent']:.2f} "
        f"for always 50 % (n = {summary['scored_probabilities']})."
    )


def _other_scores(summary: Document) -> list[str]:
    told = [
        f"With the {name} where it speaks: Brier {score:.2f}."
        for name, score in summary["brier_with"].items()
    ]
    certain = summary["brier_claims_taken_as_certain"]
    if certain is not None:
        told.append(f"The claims taken as certain: Brier {certain:.2f}.")
    return told


def claim_table(claims: Sequence[Document]) -> Table:
    """Return the claims as asked of data, with our probability then, what was seen and the verdict."""
    columns = [
        Column("claim"),
        Column("it says", text=True),
        Column("we said", right=True),
        Column("seen", text=True),
        Column("verdict", text=True),
    ]
    rows = [
        [
            str(c["id"]),
            "; ".join(_asks(t) for t in c["tests"]),
            _said(c["probability"]),
            "; ".join(dict.fromkeys(_seen(t) for t in c["tests"])),
            str(c["verdict"]),
        ]
        for c in claims
    ]
    return Table(columns, rows)


def _asks(test: Document) -> str:
    what = test["topic"].replace("_", " ") if test["topic"] else test["title"]
    of = f" of {test['of']}" if test["of"] else ""
    when = f" in {test['when']}" if test["when"] and " to " not in test["when"] else ""
    against = f" from {test['against']}" if test["against"] else ""
    return f"{what}{of}{when}: {test['asks']}{against}"


def _said(probability: Document) -> str:
    if probability["known_already"]:
        return "known"
    value = probability["value"]
    if value is None:
        return "-"
    return "under 1 %" if 0 <= value < 0.01 else "over 99 %" if value > 0.99 else percent(value)


def _seen(test: Document) -> str:
    seen = test["observed"]
    return "-" if seen is None else _range(seen)


def _range(one: Document) -> str:
    low, high = _number(one["low"]), _number(one["high"])
    return f"{low if low == high else f'{low} to {high}'} {one['unit']}".rstrip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else significant(value, 4 if abs(value) >= 100 else 3)


def _claim(claim: Document, width: int) -> list[str]:
    lines = [
        "",
        *wrap(f"{claim['id']}. {claim['text']} ({claim['who']}, {claim['said_on']})", width, "", "   "),
    ]
    # What is missing stands with its test below; here it would be listed twice.
    why = claim["why"].partition(":")[0] if any(t["missing"] for t in claim["tests"]) else claim["why"]
    told = [f"Verdict: {claim['verdict']}{', ' + why if why else ''}."]
    told += [_said_in_words(claim["probability"])]
    if claim["reading"]:
        told.append(f"Read as: {claim['reading']}")
    for test in claim["tests"]:
        told += _figures(test)
    told.append(f"Said in: {claim['source']}")
    for sentence in told:
        lines += wrap(sentence, width, "   ", "   ")
    return lines


def _said_in_words(probability: Document) -> str:
    if probability["known_already"]:
        return "Public already on the as-of day; not forecast."
    if probability["value"] is None:
        return f"No probability: {probability['why_none']}"
    parts = [f"{_share(p)} by the {name}" for name, p in probability["by"].items()]
    return f"We said {', '.join(parts)}."


def _share(p: Document) -> str:
    """A share of draws: where all but a few agree, neither it nor its error can be told to a tenth."""
    percent_ = 100 * p["value"]
    if percent_ < 0.05 or percent_ >= 99.95:
        return "under 0.1 %" if percent_ < 0.05 else "over 99.9 %"
    return f"{percent_:.1f} % (+- {100 * p['standard_error']:.1f})"


def _figures(test: Document) -> list[str]:
    told = []
    if test["observed"] is not None:
        reference = test["reference"]
        against = f" against {_range(reference)} in {reference['period']}" if reference else ""
        told.append(f"{_asks(test)}: {_range(test['observed'])}{against}, {test['verdict']}.")
    if test["expected"] is not None:
        e = test["expected"]
        span = f"80 %: {_number(e['p10'])} to {_number(e['p90'])}"
        told.append(f"We expected {_number(e['median'])} {test['unit']} ({span}).")
    if test["path"]:
        steps = ", ".join(
            f"{p['period']} {_number(p['value'])} {p['unit']} ({p['verdict']})" for p in test["path"]
        )
        told.append(f"On the way: {steps}.")
    if test["missing"]:
        shown = test["missing"][:_MISSING_SHOWN]
        rest = len(test["missing"]) - len(shown)
        named = "; ".join(m["what"] + (f", due {m['due']}" if m["due"] else "") for m in shown)
        told.append(f"Missing: {named}{f' and {rest} more' if rest > 0 else ''}.")
    sources = dict.fromkeys(_short(f["source"]) for f in test["figures"])
    if sources:
        shown_sources = list(sources)[:_MISSING_SHOWN]
        more = len(sources) - len(shown_sources)
        told.append(f"From: {'; '.join(shown_sources)}{f' and {more} more' if more > 0 else ''}.")
    return told


def _short(source: str) -> str:
    """Return a source without parts that are one long word (names of XBRL concepts); JSON has them."""
    parts = [p for p in source.split(", ") if max(map(len, p.split() or [""])) <= _LONGEST_WORD or "." in p]
    return ", ".join(parts) or source


def _scores(claim: Document, width: int) -> list[str]:
    lines = []
    for test in claim["tests"]:
        if not test["scores"]:
            continue
        lines += ["", *wrap(f"{claim['id']}. {_asks(test)}; seen {_seen(test)}", width, "", "   ")]
        columns = [
            Column("forecast", text=True),
            Column("said", right=True),
            Column("error", right=True),
            Column("CRPS", right=True),
            Column("claim holds?", right=True),
        ]
        rows = [
            [
                s["name"],
                _number(s["forecast"]),
                f"{'+' if s['error'] > 0 else ''}{_number(s['error'])}",
                _number(s["crps"]),
                percent(s["says_claim_holds"])
                if 0 < s["says_claim_holds"] < 1
                else "yes"
                if s["says_claim_holds"]
                else "no",
            ]
            for s in test["scores"][:_RIVALS_SHOWN]
        ]
        lines += table(columns, rows, width)
    return lines


def _moves(moves: Sequence[Document], width: int) -> list[str]:
    lines: list[str] = []
    still = []
    for move in moves:
        if move["change"] is None:
            if (move["then"] is None) != (move["now"] is None):
                missing = "then" if move["then"] is None else "now"
                lines += wrap(f"{move['id']}: no probability {missing}.", width, "", "   ")
            continue
        if abs(move["change"]) < _STILL and all(abs(m["change"] or 0) < _STILL for m in move["moves"]):
            still.append(move["id"])
            continue
        change = f"{percent(move['then'])} -> {percent(move['now'])} ({_points(move['change'])})"
        lines += wrap(f"{move['id']}: {change}", width, "", "   ")
        told = [m for m in move["moves"] if m["change"] is None or abs(m["change"]) >= _STILL]
        for one in told[:_MOVES_SHOWN]:
            by = "cannot be told without it" if one["change"] is None else _points(one["change"])
            lines += wrap(f"{by}: {one['fact']} (public {one['known_on']})", width, "   - ", "     ")
        rest = f"{_points(move['remainder'])}: facts acting together, and the days that passed"
        lines += wrap(rest, width, "   - ", "     ")
    if still:
        lines += wrap(f"Moved by less than 0.1 points: {', '.join(still)}.", width)
    return lines


def _points(change: float) -> str:
    return f"{100 * change:+.1f} points"
