"""What `capex` answers, in a terminal: spending, what comes next, surprises, the cycle, the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from counterpoise.report.layout import Column, table, wrap
from counterpoise.report.numbers import percent, significant

Document = Mapping[str, Any]
_COMPANIES = (
    Column("company"), Column("quarter"), Column("bn USD", right=True), Column("YoY", right=True),
    Column("public on"), Column("status"),
)  # fmt: skip
_FORECAST = (
    Column("quarter"), Column("bn USD", right=True), Column("80 %", right=True), Column("YoY", right=True),
    Column("80 %", right=True), Column("reported already", text=True),
)  # fmt: skip
_SURPRISE = (
    Column("of"), Column("quarter"), Column("by"), Column("expected", right=True),
    Column("actual", right=True), Column("surprise", right=True), Column("chance of less", right=True),
)  # fmt: skip
_SAID = (
    Column("said on"), Column("by", text=True), Column("what", text=True), Column("YoY then", right=True),
    Column("from"), Column("YoY there", right=True), Column("a year on", right=True),
)  # fmt: skip
_SCORES = (
    Column("forecaster", text=True), Column("quarters", right=True), Column("n", right=True),
    Column("MAPE", right=True), Column("interval", right=True), Column("in 80 %", right=True),
    Column("CRPS", right=True), Column("p", right=True), Column("sign", right=True),
)  # fmt: skip
_SCORES_KEY = (
    "MAPE: mean of |forecast / actual - 1|. interval: log interval score of the 80 % band, less is better. "
    "in 80 %: share of actuals inside, with its standard error (errors that overlap count once). CRPS in bn "
    "USD. p: of no difference from the errors of the first row's recipe (Diebold-Mariano, small-sample "
    "correction). sign: pairs without overlap in which that recipe is nearer."
)


def capex_lines(document: Document, width: int) -> list[str]:
    """Return the answer in a sentence, then the tables behind it."""
    lines = wrap(_answer(document), width)
    lines += wrap(f"By what was public on {document['as_of']}.", width)
    lines += ["", *table(_COMPANIES, [_company(row) for row in document["companies"]], width)]
    lines += [
        "",
        *wrap("Next", width),
        *table(_FORECAST, [_next(row) for row in document["forecast"]], width),
    ]
    years = [
        f"{row['year']}: {significant(row['median_usd_bn'])} bn USD (80 %: {_range(row)})"
        for row in document["years"]
    ]
    if years:
        lines += wrap(f"By year, known quarters included: {'; '.join(years)}.", width)
    lines += ["", *_surprises(document, width), *_guidance(document, width)]
    lines += ["", *wrap("Cycle", width), *_cycle(document, width), *_said(document, width)]
    if "scores" in document:
        lines += ["", *_scores(document, width)]
    lines += ["", *wrap("Basis", width), *wrap(document["basis"], width, "- ", "  ")]
    for note in document["notes"]:
        lines += wrap(note, width, "- ", "  ")
    return lines


def _answer(document: Document) -> str:
    names = _joined(document["basket"])
    first = document["forecast"][0]
    growth = document["yoy_fraction"]
    grown = "" if growth is None else f" ({_signed(growth)} on a year before)"
    some = f", of which {_joined(first['reported'])} reported" if first["reported"] else ""
    coming = f"{significant(first['median_usd_bn'])} bn USD (80 %: {_range(first)})"
    return (
        f"{names} spent {significant(document['capex_usd_bn'])} bn USD in {document['quarter']}{grown}; "
        f"expected for {first['quarter']}: {coming}{some}."
    )


def _joined(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _range(row: Document) -> str:
    return f"{significant(row['low80_usd_bn'])} to {significant(row['high80_usd_bn'])}"


def _signed(fraction: float | None) -> str:
    if fraction is None:
        return "-"
    return f"{'+' if fraction > 0 else ''}{percent(fraction)}"


def _company(row: Document) -> list[str]:
    day = f"{row['known_on']}{'' if row['dated'] == 'sourced' else ' (assumed)'}"
    return [
        row["company"],
        row["quarter"],
        significant(row["capex_usd_bn"]),
        _signed(row["yoy_fraction"]),
        day,
        row["status"],
    ]


def _next(row: Document) -> list[str]:
    low, high = row["yoy_low80_fraction"], row["yoy_high80_fraction"]
    return [
        row["quarter"],
        significant(row["median_usd_bn"]),
        _range(row),
        _signed(row["yoy_median_fraction"]),
        "-" if low is None else f"{_signed(low)} to {_signed(high)}",
        ", ".join(row["reported"]) or "-",
    ]


def _surprises(document: Document, width: int) -> list[str]:
    """Each last quarter against the recipe; the whole basket's against every rule too."""
    cases = document["surprise"]
    rows = [_expected(case, case["expected"][0]) for case in cases]
    whole = cases[-1]
    rows += [_expected(whole, one) for one in whole["expected"][1:]]
    lines = [
        *wrap("Surprise: the last quarter reported, against what was expected a quarter before", width),
        *table(_SURPRISE, [row for row in rows if row], width),
    ]
    for one in whole["expected"]:
        if one["refused"]:
            lines += wrap(f"{one['by']}: {one['refused']}", width, "- ", "  ")
    return lines


def _expected(case: Document, one: Document) -> list[str]:
    if one["refused"]:
        return []
    below = one["probability_below"]
    return [
        str(case["of"]),
        str(case["quarter"]),
        str(one["by"]),
        significant(one["expected_usd_bn"]),
        significant(case["capex_usd_bn"]),
        _signed(one["surprise_fraction"]),
        "-" if below is None else percent(below),
    ]


def _guidance(document: Document, width: int) -> list[str]:
    """Statements held against what came first, then those that are not, by the reason."""
    if not document["guidance"]:
        return []
    lines = ["", *wrap("Guidance and consensus, each against spending on its own basis", width)]
    refused: dict[str, list[str]] = {}
    for one in document["guidance"]:
        said = f"{one['by']} {one['period']} {_stated(one)}, {one['topic'].removeprefix('capex_')}"
        if one["surprise_fraction"] is None and one["reported_usd_bn"] is None:
            refused.setdefault(one["refused"], []).append(f"{said} of {one['known_on']}")
            continue
        came = f"{significant(one['reported_usd_bn'])} so far"
        if one["surprise_fraction"] is not None:
            came = f"came {significant(one['actual_usd_bn'])}, {_signed(one['surprise_fraction'])}"
        lines += wrap(f"{said} of {one['known_on']} ({one['basis']}): {came}", width, "- ", "  ")
    for reason, statements in refused.items():
        lines += wrap(f"not compared, since {reason}: {'; '.join(statements)}", width, "- ", "  ")
    return lines


def _stated(one: Document) -> str:
    low, high = one["low_usd_bn"], one["high_usd_bn"]
    if low is None:
        return "in words"
    return f"{significant(low) if low == high else f'{significant(low)} to {significant(high)}'} bn USD"


def _cycle(document: Document, width: int) -> list[str]:
    lines: list[str] = []
    for name, words in (("level", "Level"), ("growth", "Growth over a year")):
        now = document["cycle"].get(name)
        if now is None:
            continue
        since = f" since {now['since']} ({now['quarters']} quarters)" if now["since"] else ""
        turned = ", ".join(f"{t['kind']} {t['quarter']} (seen with {t['seen_at']})" for t in now["turns"])
        lines += wrap(
            f"{words}: {now['phase']}{since}; a turn from {now['open_from']} on cannot be known yet. Turns: "
            f"{turned or 'none'}.",
            width,
            "- ",
            "  ",
        )
        if now["withdrawn"]:
            gone = ", ".join(f"{t['kind']} {t['quarter']}" for t in now["withdrawn"])
            lines += wrap(f"once seen and withdrawn since: {gone}.", width, "  ")
    return lines


def _said(document: Document, width: int) -> list[str]:
    rows = [
        [
            one["known_on"],
            one["by"],
            one["said"],
            _signed(one["yoy_when_said_fraction"]),
            one["named_quarter"] or "-",
            _signed(one["yoy_in_named_quarter_fraction"]),
            _signed(one["yoy_a_year_after_it_fraction"]),
        ]
        for one in document["said_of_the_cycle"]
    ]
    if not rows:
        return []
    return [
        "",
        *wrap("What was said of the cycle, beside this basket's growth", width),
        *table(_SAID, rows, width),
    ]


def _scores(document: Document, width: int) -> list[str]:
    about = document["scored"]
    lines = wrap(
        f"Record: origins from {about['first_origin']}, targets to {about['last_target']}, the same "
        "history for all",
        width,
    )
    lines += table(_SCORES, [_score(row) for row in document["scores"]], width)
    lines += wrap(_SCORES_KEY, width)
    if about["not_scored"]:
        left_out = ", ".join(about["not_scored"])
        lines += wrap(f"Not scored (no statsmodels, or too little is known): {left_out}.", width)
    return lines


def _score(row: Document) -> list[str]:
    p, pairs = row["recipe_better_p_value"], row["sign_pairs"]
    return [
        row["forecaster"],
        str(row["horizon_quarters"]),
        str(row["n"]),
        f"{100 * row['mape_fraction']:.1f} %",
        f"{row['log_interval_score']:.2f}",
        f"{percent(row['coverage80_fraction'])} +- {100 * row['coverage80_standard_error']:.0f}",
        f"{row['crps_usd_bn']:.1f}",
        "-" if p is None else f"{p:.2f}",
        "-" if pairs is None else f"{row['sign_better']}/{pairs}",
    ]
