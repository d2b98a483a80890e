"""What `quarters` answers, in a terminal: the line first, then its quarters, breaks, years and refusals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from counterpoise.report.layout import Column, table, wrap

Document = Mapping[str, Any]
_QUARTERS = (
    Column("quarter"),
    Column("value", right=True),
    Column("unit"),
    Column("status"),
    Column("public"),
    Column("src", right=True),
    Column("note", text=True),
)
_SUMMARY = (
    Column("company"),
    Column("series", text=True),
    Column("quarters", right=True),
    Column("from"),
    Column("to"),
    Column("last value", right=True),
    Column("unit"),
    Column("status", text=True),
)
_ASSUMED = "* no source for the day: it follows from a rule (docs/market/quarters.md)"
_LONG = 12
"""More companies and series than this are listed as a summary."""
_EQUAL_BN = 0.002
"""Filings print millions: up to two are no difference."""
Line = tuple[str, str, list[Document]]
"""A company, a series, and its quarters in order."""


def quarter_lines(document: Document, width: int) -> list[str]:
    """Return the answer of `quarters`: a line a series, then what it rests on."""
    lines = _by_line(document["quarters"])
    if not lines:
        known = " was public by then" if document["as_of"] else ""
        return [*wrap(f"{_source(document)}: no quarter{known}.", width), *_refused(document, width)]
    if not document["entity"]:
        return [
            *wrap(_all_in_words(document, lines), width),
            "",
            *_summary(lines, width),
            *_end(document, width),
        ]
    answer = [part for line in lines for part in wrap(_in_words(document, line), width)]
    if len(lines) > _LONG:
        return [*answer, "", *_summary(lines, width), *_end(document, width)]
    sources = list(dict.fromkeys(_origin(row) for _, _, rows in lines for row in rows))
    for _, series, rows in lines:
        answer += ["", *wrap(f"{series}: {_bases(rows)}", width)]
        answer += table(_QUARTERS, [_quarter(row, sources) for row in rows], width)
    if _assumed(lines):
        answer += ["", *wrap(_ASSUMED, width)]
    answer += ["", *[part for n, text in enumerate(sources, 1) for part in wrap(text, width, f"[{n}] ")]]
    return [*answer, *_end(document, width)]


def _by_line(rows: Iterable[Document]) -> list[Line]:
    return [
        (entity, series, list(found))
        for (entity, series), found in groupby(rows, key=lambda row: (row["entity"], row["series"]))
    ]


def _in_words(document: Document, line: Line) -> str:
    entity, series, rows = line
    quarters = len({row["quarter"] for row in rows})
    last = rows[-1]
    refused = sum(r["series"] == series for r in document["refused"])
    vintages = f" in {len(rows)} vintages" if len(rows) > quarters else ""
    text = (
        f"{entity} {series}: {quarters} quarter{'s' * (quarters != 1)}{vintages}, {rows[0]['quarter']} to "
        f"{last['quarter']}; the last {_amount(last)} {last['unit']} "
        f"({last['status']}, public {_public(last)})."
    )
    if document["as_of"]:
        text = f"As of {document['as_of']}: {text}"
    return f"{text} {refused} refused." if refused else text


def _all_in_words(document: Document, lines: list[Line]) -> str:
    rows = [row for _, _, found in lines for row in found]
    status = Counter(row["status"] for row in rows)
    shares = ", ".join(f"{status[name]} {name}" for name in status)
    sourced = sum(row["dated"] == "sourced" for row in rows)
    day = f" public by {document['as_of']}" if document["as_of"] else ""
    years = document.get("years", ())
    held = sum(year["holds"] for year in years)
    companies = len({entity for entity, _, _ in lines})
    return (
        f"{len(rows)} quarterly figures{day} of {companies} companies: {shares}; the first public day of "
        f"{sourced} has a source. {held} of {len(years)} years equal their four quarters, or say why."
    )


def _summary(lines: list[Line], width: int) -> list[str]:
    return table(
        _SUMMARY,
        [
            [
                entity,
                series,
                str(len({row["quarter"] for row in rows})),
                rows[0]["quarter"],
                rows[-1]["quarter"],
                _amount(rows[-1]),
                rows[-1]["unit"],
                ", ".join(f"{n} {name}" for name, n in Counter(row["status"] for row in rows).items()),
            ]
            for entity, series, rows in lines
        ],
        width,
    )


def _quarter(row: Document, sources: list[str]) -> list[str]:
    filed = [row["filed_in"]] if row["filed_in"] else []
    return [
        row["quarter"],
        _amount(row),
        row["unit"],
        row["status"],
        _public(row),
        str(sources.index(_origin(row)) + 1),
        "; ".join([*filter(None, [row["note"]]), *filed]),
    ]


def _amount(row: Document) -> str:
    return f"{next(value for key, value in row.items() if key.startswith('value_')):,.3f}"


def _public(row: Document) -> str:
    return f"{row['known_on']}{'*' * (row['dated'] == 'assumed')}"


def _assumed(lines: list[Line]) -> bool:
    return any(row["dated"] == "assumed" for _, _, rows in lines for row in rows)


def _bases(rows: list[Document]) -> str:
    return "; then ".join(dict.fromkeys(row["basis"] for row in rows))


def _origin(row: Document) -> str:
    """The source without the one filing, which stands in the quarter's own row."""
    filed = row["filed_in"]
    source = str(row["source"])
    return source.rpartition(", ")[0] if filed and source.endswith(filed) else source


def _source(document: Document) -> str:
    day = f" as of {document['as_of']}" if document["as_of"] else ""
    return f"{document['entity'] or document['source']}{day}"


def _end(document: Document, width: int) -> list[str]:
    return [*_breaks(document, width), *_years(document, width), *_refused(document, width)]


def _breaks(document: Document, width: int) -> list[str]:
    told = [
        f"{b['entity']} {b['series']} changes basis after {b['last_before']}: {b['before']} before, "
        f"{b['after']} from then on; the two may not be compared."
        for b in document["breaks"]
    ]
    return ["", *[part for text in told for part in wrap(text, width)]] if told else []


def _years(document: Document, width: int) -> list[str]:
    years = document.get("years", ())
    told = []
    for year in years:
        unit = next(key.removeprefix("year_") for key in year if key.startswith("year_"))
        difference = year[f"difference_{unit}"]
        if year["holds"] and abs(difference) <= _EQUAL_BN:
            continue
        why = year["note"] if year["holds"] else "not explained"
        told.append(
            f"{year['entity']} {year['series']} {year['fiscal_year']}: four quarters "
            f"{year[f'four_quarters_{unit}']:,.3f}, year {year[f'year_{unit}']:,.3f} "
            f"{unit.replace('_', ' ').upper().replace(' BN', ' bn')}: {why}."
        )
    if not years:
        return []
    equal = f"{len(years) - len(told)} of {len(years)} years equal their four quarters within 2 M."
    return ["", *[part for text in (equal, *told) for part in wrap(text, width)]]


def _refused(document: Document, width: int) -> list[str]:
    told = [f"{r['series']}, {r['period']}: {r['why']}" for r in document["refused"]]
    return ["", "refused:", *[part for text in told for part in wrap(text, width, "- ")]] if told else []
