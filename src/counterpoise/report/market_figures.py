"""The numbers at the head of a market page: title, figure and remark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterpoise.report.market_words import LIMITS
from counterpoise.report.numbers import percent

Document = Mapping[str, Any]
Told = tuple[str, str, str]


def key_figures(document: Document) -> list[Told]:
    """Return the head of a page: what was judged and what it cost, then racks, growth and the rebound."""
    seen = document.get("outlook", document)
    if document["kind"] != "replay":
        return [*_racks(seen), *_year(seen), _rebound(seen), _holding(seen), *_cut(seen)]
    return [
        *_judged(document["claims"]["summary"]),
        *_fall(document["article"]),
        *_racks(seen, document["racks"]["outcome"]),
        *_growth(document["growth"]),
        _rebound(seen),
    ]


def _judged(summary: Document) -> list[Told]:
    verdicts = summary["verdicts"]
    words = {"holds": "hold", "fails": "fail"}
    others = [f"{n} {words.get(s, s)}" for s, n in verdicts.items() if n and s != "holds"]
    told = [("Claims that hold", f"{verdicts['holds']} of {summary['claims']}", ", ".join(others))]
    if summary["brier"] is not None:
        told.append(
            (
                "Our Brier score",
                f"{summary['brier']:.2f}",
                f"{summary['brier_always_50_percent']:.2f} for always 50 %; smaller is better "
                f"(n = {summary['scored_probabilities']})",
            )
        )
    return told


def _fall(article: Document) -> list[Told]:
    told = []
    for ticker in ((article.get("falls") or {}).get("tickers") or [])[:1]:
        by_basis = {f["basis"]: f for f in ticker["falls"]}
        lead = by_basis.get("high to close")
        if lead is not None and lead["value_lost"]:
            lost = lead["value_lost"][0]
            closes = by_basis.get("close to close")
            other = "" if closes is None else f"; close to close {closes['change_percent']:.1f} %"
            told.append(
                (
                    f"{ticker['ticker']}, high to close",
                    f"{lead['change_percent']:.1f} %",
                    f"-{lost['value_bn']:,.1f} bn {lost['currency']}{other}",
                )
            )
    cut = article.get("cut")
    if cut:
        told.append(
            (
                f"{cut['racks']:,.0f} racks fewer",
                f"{cut['low_usd_bn']:.0f}-{cut['high_usd_bn']:.0f} bn USD",
                f"gross, at {cut['rack_price_low_usd_m']:.1f}-{cut['rack_price_high_usd_m']:.1f} M USD each",
            )
        )
    return told


def _racks(seen: Document, came: Document | None = None) -> list[Told]:
    year, pooled = seen["racks"]["year"], seen["racks"]["published"]
    outcome = "" if came is None else f"; came {came['low_racks']:,.0f} to {came['high_racks']:,.0f}"
    told = [("bottom-up", seen["racks"]["bottom_up_racks"])]
    if pooled is not None:
        told.insert(0, ("published", pooled["racks"]))
    return [
        (
            f"Racks in {year}, {name}",
            f"{racks['median']:,.0f}",
            f"80 %: {racks['p10']:,.0f} to {racks['p90']:,.0f}{outcome}",
        )
        for name, racks in told
    ]


def _year(seen: Document) -> list[Told]:
    """Money of the first year of an outlook."""
    told = []
    for title, key in (
        ("AI systems", "systems_usd_bn_by_year"),
        ("NVIDIA data centre", "vendor_revenue_usd_bn_by_year"),
    ):
        row = seen["money"][key][0]
        told.append(
            (
                f"{title} in {row['year']}",
                f"{row['median']:,.0f} bn USD",
                f"80 %: {row['p10']:,.0f} to {row['p90']:,.0f} bn USD",
            )
        )
    last = [row for row in seen["capex"]["quarters"] if row["quarter"].endswith("Q4") and not row["known"]]
    row = next((r for r in last if r["quarter"][:4] == str(seen["racks"]["year"])), None)
    if row is not None:
        told.append(
            (
                f"Capex growth in {row['quarter']}",
                f"{100 * row['yoy']:+.0f} %",
                f"80 %: {100 * row['low80_yoy']:+.0f} to {100 * row['high80_yoy']:+.0f} %; the four clouds",
            )
        )
    return told


def _growth(growth: Document) -> list[Told]:
    ours = next(row for row in growth["forecasts"] if row["kind"] == "ours")
    said = f"{ours['yoy_percent']:+.0f} % ({ours['low80_percent']:+.0f} to {ours['high80_percent']:+.0f} %)"
    title = f"Capex growth in {growth['quarter']}"
    if growth["came_percent"] is None:
        return [(title, f"{ours['yoy_percent']:+.0f} %", f"by our recipe: {said}; not yet reported")]
    return [(title, f"{growth['came_percent']:+.0f} %", f"our recipe said {said}")]


def _rebound(seen: Document) -> Told:
    fan = seen["rebound"]["fan"]
    ratio = fan["quantiles_demand_ratio"]
    if ratio["p90"] - ratio["p10"] < 1e-6:
        return ("Demand after the shock", f"{ratio['p50']:.3f}x", "with the elasticity and the gain set")
    return (
        "Demand after the shock",
        f"{ratio['p10']:.2f}x to {ratio['p90']:.2f}x",
        f"80 %; it falls in {percent(fan['probability_demand_falls'])} of draws",
    )


def _holding(seen: Document) -> Told:
    """The limit that most often holds racks back over the first four quarters."""
    shares = {row["limit"]: sum(row["probability_binds_racks"][:4]) / 4 for row in seen["limits"]}
    limit = max(shares, key=lambda name: shares[name])
    return (
        "What holds racks back",
        LIMITS[limit],
        f"in {percent(shares[limit])} of draws over four quarters",
    )


def _cut(seen: Document) -> list[Told]:
    cut = seen["money"]["cut"]
    if cut is None:
        return []
    gross, net = cut["gross_usd_bn"]["median"], cut["net_usd_bn"]["median"]
    remark = f"gross; {net:.0f} bn USD net of GPUs that ship in boxes"
    return [(f"{cut['racks']:,.0f} racks fewer", f"{gross:.0f} bn USD", remark)]
