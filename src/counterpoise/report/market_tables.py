"""The tables of a market run: headings and cells as text, for the terminal and the page alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from counterpoise.report.claims import claim_table
from counterpoise.report.layout import Column
from counterpoise.report.numbers import percent, significant
from counterpoise.report.page_tables import Table

Document = Mapping[str, Any]


def capex(seen: Document) -> Table:
    """Return what the four clouds spent and are forecast to spend, with 80 % intervals."""
    columns = [Column("quarter"), *(Column(t, right=True) for t in ("USD bn", "80 %", "YoY", "80 % of YoY"))]
    rows = [
        [
            str(row["quarter"]),
            f"{row['usd_bn']:.1f}",
            "-" if row["known"] else f"{row['low80_usd_bn']:.0f}-{row['high80_usd_bn']:.0f}",
            "-" if row["yoy"] is None else signed(row["yoy"]),
            "-" if row["known"] else f"{signed(row['low80_yoy'])} to {signed(row['high80_yoy'])}",
        ]
        for row in seen["capex"]["quarters"]
    ]
    return Table(columns, rows)


def quarters(seen: Document) -> Table:
    """Return racks, NVIDIA's data-centre revenue and all AI systems by quarter: median and 80 %."""
    columns = [
        Column("quarter"),
        Column("racks", right=True),
        Column("80 %", right=True),
        Column("NVIDIA DC, USD bn", right=True),
        Column("80 %", right=True),
        Column("AI systems, USD bn", right=True),
    ]
    rows = [
        [
            str(row["quarter"]),
            f"{row['racks']['median']:,.0f}",
            f"{row['racks']['p10']:,.0f}-{row['racks']['p90']:,.0f}",
            f"{row['vendor_revenue_usd_bn']['median']:.1f}",
            f"{row['vendor_revenue_usd_bn']['p10']:.0f}-{row['vendor_revenue_usd_bn']['p90']:.0f}",
            f"{row['systems_usd_bn']['median']:.0f}",
        ]
        for row in seen["by_quarter"]
    ]
    return Table(columns, rows)


def limits(seen: Document) -> Table:
    """Return how often each limit holds racks back, how much it is short, and what one more of it ships."""
    shown = seen["quarters"][:4]
    columns = [
        Column("limit"),
        *(Column(f"{quarter}", right=True) for quarter in shown),
        Column("short by", right=True),
        Column("one more"),
        Column("ships, chips", right=True),
        Column("racks", right=True),
        Column("USD M", right=True),
    ]
    rows = []
    for row in seen["limits"]:
        short = max(row["growth_needed_mean"][: len(shown)]) - 1
        rows.append(
            [
                str(row["limit"]),
                *(percent(p) for p in row["probability_binds_racks"][: len(shown)]),
                percent(short) if short > 0.0005 else "-",
                str(row["unit"]),
                *(significant(row[f"{key}_for_one_more"], 2) for key in ("chips", "racks", "systems_usd_m")),
            ]
        )
    return Table(columns, rows)


def kinds(seen: Document) -> Table:
    """Return chips shipped by kind and year, means over draws, in thousands."""
    years = _years(seen)
    columns = [Column("kind"), *(Column(f"{year}, k", right=True) for year in years)]
    columns.append(Column(f"waiting at the end of {years[0]}, k", right=True))
    rows = []
    for row in seen["kinds"]:
        ends = max(i for i, q in enumerate(seen["quarters"]) if q.startswith(years[0]))
        rows.append(
            [
                str(row["kind"]),
                *(f"{_in_year(seen, row['shipped_mean_chips'], year) / 1e3:,.0f}" for year in years),
                f"{row['waiting_mean_chips'][ends] / 1e3:,.0f}",
            ]
        )
    return Table(columns, rows)


def tiers(seen: Document) -> Table:
    """Return spending on AI systems by tier of the supply chain and year, means over draws; it adds up."""
    years = _years(seen)
    columns = [
        Column("tier"),
        *(Column(f"{year}, USD bn", right=True) for year in years),
        Column("80 % of all", right=True),
    ]
    rows, sums = [], [0.0] * len(years)
    for row in seen["money"]["by_tier"]:
        means = [float(row[f"mean_{year}_usd_bn"]) for year in years]
        sums = [a + b for a, b in zip(sums, means, strict=True)]
        whole = row["horizon_usd_bn"]
        rows.append(
            [str(row["tier"]), *(f"{mean:.1f}" for mean in means), f"{whole['p10']:.0f}-{whole['p90']:.0f}"]
        )
    return Table(columns, rows, ["all", *(f"{total:.1f}" for total in sums), ""])


def racks(document: Document) -> Table:
    """Return every forecast of the year's racks and its score, best first."""
    scored = document["outcome"] is not None
    columns = [
        Column("forecast"),
        Column("public on"),
        Column("said", right=True),
        Column("median", right=True),
        Column("80 %", right=True),
        *([Column("CRPS", right=True)] if scored else []),
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


def claims(judged: Document) -> Table:
    """Return the claims in their authors' words beside what was asked of data, and the verdict."""
    asked = claim_table(judged["claims"])
    columns = [asked.columns[0], Column("who said what", text=True), *asked.columns[2:]]
    rows = [
        [row[0], f"{one['who']}: {one['text']}", *row[2:]]
        for row, one in zip(asked.rows, judged["claims"], strict=True)
    ]
    return Table(columns, rows)


def priors(seen: Document) -> Table:
    """Return every prior with its range, kind, day and source, the assumed ones first."""
    order = {"set": 0, "assumed": 1, "derived": 2, "sourced": 3}
    columns = [
        Column("prior"),
        Column("10 %", right=True),
        Column("50 %", right=True),
        Column("90 %", right=True),
        Column("unit"),
        Column("kind"),
        Column("known on"),
        Column("source"),
    ]
    rows = [
        [
            str(p["name"]),
            *(significant(p[key], 4) for key in ("low_p10", "mid_p50", "high_p90")),
            str(p["unit"]),
            str(p["kind"]),
            str(p["known_on"]),
            ". ".join(part for part in (str(p["source"]), str(p["note"])) if part),
        ]
        for p in sorted(seen["priors"], key=lambda p: (order[p["kind"]], p["name"]))
    ]
    return Table(columns, rows)


def signed(fraction: float) -> str:
    """Return a growth as "+12 %"."""
    return f"{100 * fraction:+.0f} %"


def _range(low: float, high: float) -> str:
    return f"{low:,.0f}" if low == high else f"{low:,.0f}-{high:,.0f}"


def _years(seen: Document) -> list[str]:
    return list(dict.fromkeys(quarter[:4] for quarter in seen["quarters"]))


def _in_year(seen: Document, values: Sequence[float], year: str) -> float:
    return sum(v for v, quarter in zip(values, seen["quarters"], strict=True) if quarter.startswith(year))
