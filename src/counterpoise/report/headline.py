"""What `drawdown --explain` answers, in a terminal: how a headline came about, in how many ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from counterpoise.report.drawdown import from_to, shares
from counterpoise.report.layout import Column, table, wrap
from counterpoise.report.numbers import significant

Document = Mapping[str, Any]
RANKED = (
    "Ranked by how usual the basis is (to a close, then to a low; other columns last), whether the peak was "
    "the highest and the trough the lowest between both days, what the share count is and how near in time, "
    "and how well the figures fit; the weights are judgements."
)


def headline_lines(document: Document, width: int, limit: int = 10) -> list[str]:
    """Return the answer to `--explain`: the likeliest way first, at most `limit` in all."""
    matches = document["matches"]
    lines = wrap(_answer(document), width)
    lines += wrap(_counted(document), width)
    if matches:
        lines += ["", *_table(matches[:limit], width)]
    if len(matches) > limit:
        lines += wrap(f"... and {len(matches) - limit} more: --limit {len(matches)}, or --json.", width)
    if document["nearest"]:
        lines += [
            "",
            *wrap("Falls that give the percentage, and the share count that each would need:", width),
        ]
        lines += _table(document["nearest"], width)
    lines += ["", *_implied(document, width), *_rates(document, width)]
    return [*lines, *wrap(RANKED, width)] if len(matches) > 1 else lines[:-1] if lines[-1] == "" else lines


def _answer(document: Document) -> str:
    said, pairs, matches = document["headline"]["said"], document["pairs"], document["matches"]
    if not matches:
        span = f"between {document['from']} and {document['to']}"
        if document["nearest"]:
            return f'"{said}": no two days {span} give both figures with a share count that is known.'
        return f'"{said}": no two days of {document["ticker"]} {span} give it.'
    best = matches[0]
    way = from_to(best)
    count = best["shares"]
    if count is not None:
        way += (
            f", at {shares(count)} shares ({count['kind']}{', ' + count['as_of'] if count['as_of'] else ''})"
        )
    fitting = pairs.get("independent_count")
    if fitting == 1 and count is not None and count["independent"]:
        return f'"{said}": {way}. No other two days fit with an independent share count.'
    if fitting == 0:
        return (
            f'"{said}": no two days fit with an independent share count; the likeliest of the rest is {way}.'
        )
    number = next(pairs[key] for key in ("value_too", "value", "fall") if key in pairs)
    return f'"{said}": {number:,} pairs fit; the likeliest is {way}.' if number > 1 else f'"{said}": {way}.'


def _counted(document: Document) -> str:
    pairs, headline = document["pairs"], document["headline"]
    parts = []
    if "fall" in pairs:
        fall = headline["fall_percent"]
        parts.append(
            f"{pairs['fall']:,} pairs of days and columns give {fall['low']:g} to {fall['high']:g} % "
            f"({pairs['fall_on_usual_bases']:,} on the four usual bases)"
        )
    if headline["value_bn"] is not None:
        value = headline["value_bn"]
        sums = f"{value['low']:,.6g} to {value['high']:,.6g} bn {headline['currency']}"
        if "value_too" in pairs:
            parts.append(f"{pairs['value_too']:,} of them {sums} with a share count that was stated")
        elif "value" in pairs:
            parts.append(f"{pairs['value']:,} pairs give {sums} with a share count that was stated")
        else:
            parts.append(f"no share count of {document['ticker']} is known to hold {sums} against")
    if "independent_count" in pairs:
        parts.append(f"{pairs['independent_count']:,} with an independent one")
    if document["headline_date"]:
        parts.append(f"nothing later than {document['headline_date']} is used")
    return "; ".join(parts) + "."


def _table(matches: Sequence[Document], width: int) -> list[str]:
    with_counts = any(match["shares"] for match in matches)
    with_implied = not with_counts and any("implied_shares_low_bn" in match for match in matches)
    columns = [Column("peak on"), Column("at", right=True), Column("trough on"), Column("at", right=True)]
    columns += [Column("basis", text=True), Column("change", right=True)]
    if with_counts:
        columns += [
            Column(f"bn {matches[0]['currency']}", right=True),
            Column("shares", right=True),
            Column("which is", text=True),
        ]
    if with_implied:
        columns += [Column("shares needed", right=True), Column("off", right=True)]
    rows = [
        [*_fall_cells(m), *(_count_cells(m) if with_counts else _need(m) if with_implied else ())]
        for m in matches
    ]
    return table(columns, rows, width)


def _fall_cells(match: Document) -> list[str]:
    return [
        match["peak_on"],
        f"{match['peak_price']['value']:,.2f}",
        match["trough_on"],
        f"{match['trough_price']['value']:,.2f}",
        match["basis"] if match["usual_basis"] else f"{match['basis']} (unusual)",
        f"{match['change_percent']:+.2f} %",
    ]


def _count_cells(match: Document) -> list[str]:
    count = match["shares"]
    kind = f"{count['kind']}, {count['as_of']}" if count["as_of"] else count["kind"]
    return [f"{match['value_bn']:,.1f}", shares(count), kind]


def _need(match: Document) -> list[str]:
    off = match.get("implied_off_percent")
    middle = (match["implied_shares_low_bn"] + match["implied_shares_high_bn"]) / 2
    return [f"{middle:.3f} bn", "-" if off is None else f"{off:+.1f} %"]


def _implied(document: Document, width: int) -> list[str]:
    best = next(iter([*document["matches"], *document["nearest"]]), None)
    if best is None or "implied_shares_low_bn" not in best:
        return []
    low, high = best["implied_shares_low_bn"], best["implied_shares_high_bn"]
    said = f"The sum over that fall is {low:.3f} to {high:.3f} bn shares"
    count = best.get("independent_count")
    if count is None:
        return wrap(f"{said}; no independent count is known to compare.", width)
    day = f", {count['as_of']}" if count["as_of"] else ""
    return wrap(
        f"{said}; counted independently: {shares(count)} ({count['kind']}{day}: {count['source']}).", width
    )


def _rates(document: Document, width: int) -> list[str]:
    headline = document["headline"]
    implied = headline["implied_rate"]
    if implied is None:
        return _unused_sum(headline, width)
    low, high = implied["low_units_per_base"], implied["high_units_per_base"]
    lines = wrap(
        f"Both sums are one loss at {low:.3f} to {high:.3f} {implied['currency']} for 1 {implied['base']}.",
        width,
    )
    for rate in document["rates"]:
        verdict = "fits" if rate["fits"] else "does not fit"
        day = f" on {rate['as_of']}" if rate["as_of"] else ""
        lines += wrap(f"{significant(rate['units_per_base'], 5)}{day} {verdict}: {rate['source']}.", width)
    return lines


def _unused_sum(headline: Document, width: int) -> list[str]:
    """A loss in another money alone cannot be held against prices."""
    elsewhere, base = headline["elsewhere_bn"], headline["currency"]
    if elsewhere is None:
        return []
    said = f"The {significant(elsewhere['value'])} bn {headline['elsewhere_currency']} were not used"
    return wrap(f"{said}, since the prices are in {base}: add the loss in {base} to hold it against.", width)
