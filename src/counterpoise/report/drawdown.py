"""What `drawdown` answers, in a terminal: the fall and the loss first, then every basis, count and rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from counterpoise.report.layout import Column, table, wrap
from counterpoise.report.numbers import significant

Document = Mapping[str, Any]


def drawdown_lines(document: Document, width: int) -> list[str]:
    """Return the answer to `drawdown`, its first line being the fall of the first ticker."""
    tickers = document["tickers"]
    lines: list[str] = []
    if document["basket"] is not None:
        lines += [*_basket_lines(document, width), ""]
    for at, ticker in enumerate(tickers):
        lines += [""] if at else []
        lines += _ticker_lines(ticker, width)
    lines.append("")
    sources = dict.fromkeys(
        f"{t['ticker']} in {t['price_currency']} ({t['price_currency_source']})" for t in tickers
    )
    said = f"Prices as traded, not adjusted for dividends: {'; '.join(sources)}. "
    said += "A trough is on a later day than its peak."
    return lines + wrap(said, width)


def change(percent: float) -> str:
    """Return a change of a price with one decimal and its sign: "-23.8 %"."""
    return f"{percent:+.1f} %"


def price(amount: Document) -> str:
    """Return a price with its currency: "153.13 USD"."""
    return f"{amount['value']:,.2f} {amount['currency']}"


def shares(count: Document) -> str:
    """Return a share count to the digits that it was given with, three at most: "24.490 bn"."""
    decimals = 3 if count["half_bn"] < 0.004 else 2
    return f"{count['shares_bn']:.{decimals}f} bn"


def billions(lost: Document) -> str:
    """Return a sum lost: "893.1 bn USD", "6.5 tn CNY"; with a margin where the count leaves a digit open.

    Dollars stay in billions, as such losses are told.
    """
    value, currency = lost["value_bn"], lost["currency"]
    half = (lost.get("high_bn", value) - lost.get("low_bn", value)) / 2
    if value >= 1000 and currency != "USD":
        return f"{value / 1000:,.1f} tn {currency}"
    if half < 0.1:
        return f"{value:,.1f} bn {currency}"
    decimals = 2 if half < 1 else 0
    return f"{value:,.{decimals}f} +- {half:.{decimals}f} bn {currency}"


def from_to(fall: Document) -> str:
    """Return the two ends of a fall in words."""
    return (
        f"from the {_noun(fall['peak_column'])} of {price(fall['peak_price'])} on {fall['peak_on']} "
        f"to the {_noun(fall['trough_column'])} of {price(fall['trough_price'])} on {fall['trough_on']}"
    )


def _noun(column: str) -> str:
    return "dividend-adjusted close" if column == "adj_close" else column


def _ticker_lines(ticker: Document, width: int) -> list[str]:
    found = ticker["falls"]
    if not found:
        span = f"between {ticker['from']} and {ticker['to']} ({ticker['trading_days']} trading days)"
        return wrap(f"{ticker['ticker']}: no fall on any basis {span}.", width)
    lead = found[0]
    lines = wrap(f"{ticker['ticker']}: {_figures(lead)}, {from_to(lead)}.", width)
    closes = next((fall for fall in found if fall["basis"] == "close to close"), None)
    if closes is not None and closes is not lead:
        lines += wrap(f"Close to close: {_figures(closes)}, {from_to(closes)}.", width)
    lines += [
        "",
        "Largest fall on each basis:" if ticker["largest"] else "On each basis:",
        *_bases(found, width),
        "",
    ]
    if ticker["shares"] is None:
        name = ticker["ticker"]
        said = (
            f"Value lost: not known, for want of a share count of {name}. Give --shares {name}=1.23bn@DATE."
        )
        return lines + wrap(said, width)
    lines += wrap(f"Shares: {shares(ticker['shares'])}, {_origin(ticker['shares'], lead)}.", width)
    lines += _other_counts(ticker, width)
    return lines + _rate_lines(lead, width)


def _figures(fall: Document) -> str:
    lost = _first_sums(fall["value_lost"])
    return ", ".join([change(fall["change_percent"]), *(_signed(one) for one in lost)])


def _signed(lost: Document) -> str:
    gain = {key: -value for key, value in lost.items() if key.endswith("_bn")}
    return f"+{billions({**lost, **gain})}" if lost["value_bn"] < 0 else f"-{billions(lost)}"


def _first_sums(lost: Sequence[Document]) -> list[Document]:
    by_currency: dict[str, Document] = {}
    for one in lost:
        by_currency.setdefault(one["currency"], one)
    return list(by_currency.values())


def _bases(found: Sequence[Document], width: int) -> list[str]:
    currencies = [one["currency"] for one in _first_sums(found[0]["value_lost"])]
    columns = [
        Column("basis", text=True),
        Column("change", right=True),
        Column("peak", right=True),
        Column("on"),
    ]
    columns += [Column("trough", right=True), Column("on")]
    columns += [Column(f"bn {code}", right=True) for code in currencies]
    rows = [
        [
            fall["basis"],
            change(fall["change_percent"]),
            f"{fall['peak_price']['value']:,.2f}",
            fall["peak_on"],
            f"{fall['trough_price']['value']:,.2f}",
            fall["trough_on"],
            *(f"{-one['value_bn']:+,.1f}" for one in _first_sums(fall["value_lost"])),
        ]
        for fall in found
    ]
    return table(columns, rows, width)


def _origin(count: Document, fall: Document) -> str:
    day = f" of {count['as_of']}" if count["as_of"] else ", no date given"
    after = ", later than the fall" if count["as_of"] and count["as_of"] > fall["trough_on"] else ""
    words = f"{'as given' if count['kind'] == 'given' else count['kind']}{day}{after}"
    return words if count["source"] == "as given" else f"{words}: {count['source']}"


def _other_counts(ticker: Document, width: int) -> list[str]:
    rows = [
        [
            shares(count),
            str(count["as_of"] or "-"),
            count["kind"],
            billions(count["value_lost"][0]),
            count["note"] or count["source"],
        ]
        for count in ticker["other_counts"]
    ]
    if not rows:
        return []
    columns = (
        Column("other counts", right=True), Column("of"), Column("what it is", text=True),
        Column("would give", right=True), Column("from", text=True),
    )  # fmt: skip
    return ["", *table(columns, rows, width), ""]


def _rate_lines(fall: Document, width: int) -> list[str]:
    lines: list[str] = []
    told: set[str] = set()
    for lost in fall["value_lost"]:
        rate = lost["rate"]
        if rate is None:
            continue
        at = f"{significant(rate['units_per_base'], 5)} {rate['currency']} for 1 {rate['base']}"
        day = f" on {rate['as_of']}" if rate["as_of"] else ", no date given"
        source = "" if rate["source"] == "as given" else f": {rate['source']}"
        if lost["currency"] in told:
            lines += wrap(f"At {at}{day} it would be {_exact(lost)}{source}.", width)
        else:
            told.add(lost["currency"])
            lines += wrap(f"{lost['currency']}: {at}{day}{source}.", width)
    return lines


def _exact(lost: Document) -> str:
    value = lost["value_bn"]
    return f"{value / 1000:,.2f} tn {lost['currency']}" if value >= 1000 else billions(lost)


def _basket_lines(document: Document, width: int) -> list[str]:
    basket = document["basket"]
    names = ", ".join(ticker["ticker"] for ticker in document["tickers"])
    if basket["not_known"]:
        return wrap(f"{names} together: value lost not known ({basket['not_known']}).", width)
    lines: list[str] = []
    for fall in basket["falls"]:
        if fall["basis"] in {"high to close", "close to close"}:
            figures = ", ".join(
                [change(fall["change_percent"]), *(_signed(one) for one in fall["value_lost"])]
            )
            words = (
                f"{', '.join(fall['tickers'])} together: {figures}, {fall['basis']}, each from its own peak."
            )
            lines += wrap(words, width)
    return lines or wrap(f"{names}: no fall on any basis.", width)
