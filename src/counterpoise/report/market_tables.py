"""The tables of a market run: headings and cells as text, for the terminal and the page alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from counterpoise.report import market_words
from counterpoise.report.layout import Column
from counterpoise.report.numbers import percent, scaled, significant
from counterpoise.report.page_tables import Table

Document = Mapping[str, Any]
_KNOWN_SHOWN = 8
"""Reported quarters before the forecast; the picture has more."""
_LONG = 1e5
"""From here on a quantile of a prior is told in k or M."""
_PER: Mapping[str, tuple[float, str]] = {
    "wafers": (1e3, "1,000 wafers"),
    "GB": (1e6, "1 M GB of HBM"),
    "racks": (1e3, "assembly of 1,000 racks"),
    "MW": (100.0, "100 MW"),
    "800G modules": (1e5, "100,000 modules (800G)"),
}
"""What more of a limit its worth is told for: the rate is per unit, and one gigabyte ships no chip."""


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
        for row in _shown_spending(seen)
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
    """Return how often each limit holds racks back, by how much it is short, and what more of it ships."""
    shown = seen["quarters"][:4]
    columns = [
        Column("limit"),
        *(Column(f"{quarter}", right=True) for quarter in shown),
        Column("asked over limit", right=True),
    ]
    rows = [
        [
            market_words.LIMITS[row["limit"]],
            *(percent(p) for p in row["probability_binds_racks"][: len(shown)]),
            f"{max(row['growth_needed_mean'][: len(shown)]):.2f}x",
        ]
        for row in seen["limits"]
    ]
    return Table(columns, rows)


def worth(seen: Document) -> Table:
    """Return what more of each limit, spread over four quarters, would ship at the rate of a small step."""
    columns = [
        Column("more of it, in all"),
        Column("chips of all kinds", right=True),
        Column("racks", right=True),
        Column("USD M of systems", right=True),
    ]
    rows = []
    for row in seen["limits"]:
        times, words = _PER[row["unit"]]
        keys = ("chips", "racks", "systems_usd_m")
        shipped = [_more(times * row[f"{key}_for_one_more"]) for key in keys]
        rows.append([words, *shipped])
    return Table(columns, rows)


def kinds(seen: Document) -> Table:
    """Return chips shipped by kind and year, means over draws, in thousands."""
    years = _years(seen)
    columns = [Column("thousand chips"), *(Column(year, right=True) for year in years)]
    columns.append(Column(f"waiting, end of {years[0]}", right=True))
    rows = []
    for row in seen["kinds"]:
        ends = max(i for i, q in enumerate(seen["quarters"]) if q.startswith(years[0]))
        rows.append(
            [
                market_words.KINDS[row["kind"]],
                *(f"{_in_year(seen, row['shipped_mean_chips'], year) / 1e3:,.0f}" for year in years),
                f"{row['waiting_mean_chips'][ends] / 1e3:,.0f}",
            ]
        )
    return Table(columns, rows)


def tiers(seen: Document) -> Table:
    """Return spending on AI systems by tier of the supply chain and year, means over draws; it adds up."""
    years = _years(seen)
    columns = [
        Column("USD bn"),
        *(Column(year, right=True) for year in years),
        Column(f"{years[0]}-{years[-1][2:]}, 80 %", right=True),
    ]
    rows, sums = [], [0.0] * len(years)
    for row in seen["money"]["by_tier"]:
        means = [float(row[f"mean_{year}_usd_bn"]) for year in years]
        sums = [a + b for a, b in zip(sums, means, strict=True)]
        whole = row["horizon_usd_bn"]
        rows.append(
            [
                market_words.TIERS[row["tier"]],
                *(f"{mean:.1f}" for mean in means),
                f"{whole['p10']:.0f}-{whole['p90']:.0f}",
            ]
        )
    return Table(columns, rows, ["all", *(f"{total:.1f}" for total in sums), ""])


def priors(seen: Document) -> Table:
    """Return every prior in words and by name, with its range, kind, day and source, judgements first."""
    order = {"set": 0, "assumed": 1, "derived": 2, "sourced": 3}
    columns = [
        Column("prior (its name)"),
        Column("10 / 50 / 90 %", right=True),
        Column("unit"),
        Column("kind"),
        Column("known on"),
        Column("source"),
    ]
    rows = [
        [
            f"{market_words.prior_in_words(p['name'])} ({p['name']})",
            _quantiles(p),
            str(p["unit"]),
            str(p["kind"]),
            str(p["known_on"]),
            ". ".join(part for part in (str(p["source"]), str(p["note"])) if part),
        ]
        for p in sorted(seen["priors"], key=lambda p: (order[p["kind"]], p["name"]))
    ]
    return Table(columns, rows)


def _quantiles(prior: Document) -> str:
    told = [float(prior[key]) for key in ("low_p10", "mid_p50", "high_p90")]
    values = [scaled(value) if abs(value) >= _LONG else significant(value, 4) for value in told]
    return values[1] if values[0] == values[2] else " / ".join(values)


def signed(fraction: float) -> str:
    """Return a growth as "+12 %"."""
    return f"{100 * fraction:+.0f} %"


def _more(amount: float) -> str:
    """Two significant digits; less than half a unit is none that the noise could tell from 0."""
    return "0" if abs(amount) < 0.5 else f"{significant(amount, 2)}"


def _shown_spending(seen: Document) -> Sequence[Document]:
    rows = seen["capex"]["quarters"]
    known = sum(row["known"] for row in rows)
    shown: Sequence[Document] = rows[max(known - _KNOWN_SHOWN, 0) :]
    return shown


def _years(seen: Document) -> list[str]:
    return list(dict.fromkeys(quarter[:4] for quarter in seen["quarters"]))


def _in_year(seen: Document, values: Sequence[float], year: str) -> float:
    return sum(v for v, quarter in zip(values, seen["quarters"], strict=True) if quarter.startswith(year))
