"""The tables of a replay: the article's figures, its claims, and forecasts scored side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from counterpoise.report.claims import claim_table
from counterpoise.report.layout import Column
from counterpoise.report.numbers import percent
from counterpoise.report.page_tables import Table

Document = Mapping[str, Any]


def article(told: Document, cut: Document | None) -> Table:
    """Return the article's figures: what each is, as computed, and from what.

    `cut` is what the chain makes of the cut by tier (`money.cut` of an outlook).
    """
    columns = [Column("figure", text=True), Column("computed", right=True), Column("from", text=True)]
    rows: list[list[str]] = []
    for ticker in (told.get("falls") or {}).get("tickers") or []:
        for fall in ticker["falls"]:
            if "low" not in fall["basis"]:
                rows += _fall_rows(ticker, fall)
    explained = told.get("headline")
    if explained and explained["matches"]:
        pairs, best = explained["pairs"], explained["matches"][0]
        rows.append(
            [
                f'headline "{explained["headline"]["said"]}"',
                f"{pairs['value_too']} of {pairs['fall']} pairs",
                f"of days and bases with that fall have that value too, {explained['from']} to "
                f"{explained['to']}: {best['basis']}, {best['peak_on']} to {best['trough_on']}",
            ]
        )
    if told.get("cut"):
        one = told["cut"]
        rows.append(
            [
                "effect of the cut on the supply chain",
                f"{one['low_usd_bn']:.0f}-{one['high_usd_bn']:.0f} bn USD",
                f"{one['racks']:,.0f} racks x {one['rack_price_low_usd_m']:.1f}-"
                f"{one['rack_price_high_usd_m']:.1f} M USD a rack ({one['by']}, {one['known_on']})",
            ]
        )
        if cut is not None:
            net = cut["net_usd_bn"]
            rows.append(
                [
                    "the same, net of GPUs that ship in boxes",
                    f"{net['p10']:.0f} to {net['p90']:.0f} bn USD",
                    f"80 %, median {net['median']:.0f} bn USD; how many GPUs ship in boxes is a judgement",
                ]
            )
    for price in ((told.get("value") or {}).get("implied") or {}).get("prices", ()):
        rows.append(
            [
                f"growth that {price['price_usd']:.2f} USD a share implies",
                f"{100 * price['implied_growth_per_year']:.1f} % a year",
                "of revenue for five years, by a reverse discounted cash flow",
            ]
        )
    return Table(columns, rows)


def claims(judged: Document) -> Table:
    """Return the claims in their authors' words beside what was asked of data, and the verdict."""
    asked = claim_table(judged["claims"])
    columns = [asked.columns[0], Column("who said what", text=True), *asked.columns[2:]]
    rows = [
        [row[0], f"{one['who']}: {one['text']}", *row[2:]]
        for row, one in zip(asked.rows, judged["claims"], strict=True)
    ]
    return Table(columns, rows)


def readings(judged: Document) -> Table:
    """Return what each claim is tested as, by when, which forecasts of ours speak of it."""
    columns = [
        Column("claim"),
        Column("tested as", text=True),
        Column("by when"),
        Column("our forecasts of it", text=True),
    ]
    rows = []
    for tested, claim in zip(claim_table(judged["claims"]).rows, judged["claims"], strict=True):
        by = [
            name if one["value"] is None or claim["brier"] is None else f"{name} {_likely(one['value'])}"
            for name, one in claim["probability"]["by"].items()
        ]
        read = ". ".join(part for part in (tested[1], str(claim["reading"])) if part)
        rows.append([str(claim["id"]), read, str(claim["deadline"]), "; ".join(by) or "-"])
    return Table(columns, rows)


def racks(document: Document) -> Table:
    """Return every forecast of the year's racks and its score, best first."""
    scored = document["outcome"] is not None
    columns = [
        Column("forecast", text=True),
        Column("public on"),
        Column("said", right=True),
        Column("median", right=True),
        Column("80 %", right=True),
        *([Column("CRPS, racks", right=True)] if scored else []),
    ]
    rows = [
        [
            str(row["name"]),
            str(row["known_on"]),
            _range(row["stated_low_racks"], row["stated_high_racks"]),
            f"{row['median_racks']:,.0f}",
            f"{row['p10_racks']:,.0f}-{row['p90_racks']:,.0f}",
            *([f"{row['crps_racks']:,.0f}"] if scored else []),
        ]
        for row in document["forecasts"]
    ]
    return Table(columns, rows)


def growth(document: Document) -> Table:
    """Return every forecast of the clouds' growth in a quarter and its score, best first."""
    scored = document["came_percent"] is not None
    columns = [
        Column("forecast"),
        Column("YoY", right=True),
        Column("80 %", right=True),
        *([Column("CRPS, points", right=True)] if scored else []),
    ]
    rows = [
        [
            str(row["name"]),
            f"{row['yoy_percent']:+.0f} %",
            "-"
            if row["low80_percent"] is None
            else f"{row['low80_percent']:+.0f} to {row['high80_percent']:+.0f} %",
            *([f"{row['crps_points']:.1f}"] if scored else []),
        ]
        for row in document["forecasts"]
    ]
    return Table(columns, rows)


def first_of_each_currency(lost: Sequence[Document]) -> list[Document]:
    """Return the first amount of each currency: by the rate of the day, where there are several rates."""
    return list({one["currency"]: one for one in reversed(lost)}.values())[::-1]


def amount_bn(lost: Document) -> str:
    """Return an amount in billions with its currency, in trillions from a thousand on."""
    value = lost["value_bn"]
    amount = f"{value / 1e3:.2f} tn" if value >= 1e3 else f"{value:,.1f} bn"
    return f"{amount} {lost['currency']}"


def _fall_rows(ticker: Document, fall: Document) -> list[list[str]]:
    peak = f"{fall['peak_price']['value']:.2f} on {fall['peak_on']}"
    trough = f"{fall['trough_price']['value']:.2f} {fall['trough_price']['currency']} on {fall['trough_on']}"
    rows = [
        [f"{ticker['ticker']}, {fall['basis']}", f"{fall['change_percent']:.1f} %", f"{peak} to {trough}"]
    ]
    for lost in first_of_each_currency(fall["value_lost"]):
        shares, rate = ticker["shares"], lost["rate"]
        counted = f"{shares['shares_bn']:.2f} bn shares of {shares['as_of']}" if shares else ""
        at = f" at {rate['units_per_base']:.4f} {lost['currency']} a USD of {rate['as_of']}" if rate else ""
        what = "the same in " + lost["currency"] if rate else "value lost"
        rows.append([what, amount_bn(lost), f"{counted}{at}"])
    return rows


def _likely(probability: float) -> str:
    if 0 <= probability < 0.01:
        return "under 1 %"
    return "over 99 %" if probability > 0.99 else percent(probability)


def _range(low: float, high: float) -> str:
    return f"{low:,.0f}" if low == high else f"{low:,.0f}-{high:,.0f}"
