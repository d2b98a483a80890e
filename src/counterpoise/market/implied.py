"""What growth a share price implies, before a fall and after; what shares are worth under forecasts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from counterpoise.errors import BadInput
from counterpoise.market.facts import MarketFacts
from counterpoise.market.value import (
    CONSTANT_YEARS,
    YEARS,
    Array,
    AssumptionRange,
    assumption_ranges,
    drawn,
    implied_growth,
    last_four_quarters,
    middle,
    value_of_path_usd_bn,
)

_METHOD = (
    f"reverse discounted cash flow: {CONSTANT_YEARS} years of one growth, {YEARS - CONSTANT_YEARS} fading to "
    "growth without end, one free-cash-flow margin"
)


def implied_by_prices(
    facts: MarketFacts,
    prices_usd: Sequence[float],
    shares_bn: float,
    *,
    entity: str = "NVDA",
    draws: int = 4_000,
    seed: int = 0,
) -> dict[str, Any]:
    """Return the growth that each price implies, as a plain document.

    `facts` are those of the day; `prices_usd` per share, in order of time; `shares_bn` outstanding.  The
    same draws of the assumptions serve every price, so that differences between prices are paired.
    Raises `BadInput` for a price or count not above 0, `Refused` where revenue or an assumption is missing.
    """
    _check(prices_usd, shares_bn)
    ranges = assumption_ranges(facts)
    revenue, last = last_four_quarters(facts, "revenue", entity)
    mid, many = middle(ranges), drawn(ranges, draws, seed)
    rows, drawn_growth = [], []
    for price in prices_usd:
        central = float(implied_growth(price * shares_bn, revenue, mid))
        growth = implied_growth(price * shares_bn, revenue, many)
        drawn_growth.append(growth)
        rows.append(_row(price, price * shares_bn, revenue, central, growth))
    change = drawn_growth[-1] - drawn_growth[0]
    first, final = rows[0]["implied_growth_per_year"], rows[-1]["implied_growth_per_year"]
    answer = f"{prices_usd[-1]:.2f} USD implies revenue growth of {100 * final:.1f} % a year for five years"
    if len(rows) > 1:
        answer = f"{prices_usd[0]:.2f} USD implied {100 * first:.1f} % a year, {answer}"
    return {
        "answer": f"{answer}.",
        "method": _METHOD,
        "entity": entity,
        "shares_bn": shares_bn,
        "revenue_last_four_quarters_usd_bn": revenue,
        "last_quarter": str(last),
        "prices": rows,
        "change_in_implied_growth": {
            "middle": final - first,
            "low80": float(np.quantile(change, 0.1)),
            "high80": float(np.quantile(change, 0.9)),
        },
        "published_values": [
            {
                "by": v.by,
                "about": v.about,
                "usd_per_share": v.mid,
                "known_on": v.known_on.isoformat(),
                "source": v.source,
            }
            for v in facts.said("value_estimate")
        ],
        "assumptions": assumptions_document(ranges),
    }


def _row(
    price_usd: float, market_value_usd_bn: float, revenue_usd_bn: float, central: float, growth: Array
) -> dict[str, float]:
    low, high = np.quantile(growth, [0.1, 0.9])
    return {
        "price_usd": price_usd,
        "market_value_usd_bn": market_value_usd_bn,
        "market_value_over_revenue": market_value_usd_bn / revenue_usd_bn,
        "implied_growth_per_year": central,
        "implied_growth_per_year_low80": float(low),
        "implied_growth_per_year_high80": float(high),
        "implied_revenue_in_five_years_usd_bn": revenue_usd_bn * (1.0 + central) ** CONSTANT_YEARS,
    }


def value_under_paths(
    facts: MarketFacts,
    revenue_path_usd_bn: Array,
    prices_usd: Sequence[float],
    shares_bn: float,
    *,
    seed: int = 0,
) -> tuple[Array, dict[str, Any]]:
    """Return the value per share under each draw of a revenue path, USD (draws,), and its document.

    `revenue_path_usd_bn` (draws, quarters) is the whole company's revenue.  The document says how often the
    value is above each price.
    """
    _check(prices_usd, shares_bn)
    path = np.atleast_2d(np.asarray(revenue_path_usd_bn, dtype=float))
    ranges = assumption_ranges(facts)
    worth = value_of_path_usd_bn(path, drawn(ranges, len(path), seed)) / shares_bn
    fixed = value_of_path_usd_bn(path, middle(ranges)) / shares_bn
    low, centre, high = (float(v) for v in np.quantile(worth, [0.1, 0.5, 0.9]))
    document = {
        "answer": f"Worth {low:.0f} to {high:.0f} USD a share (80 %), median {centre:.0f}.",
        "histogram": _histogram(worth),
        "value_per_share_usd": {"p10": low, "median": centre, "p90": high, "mean": float(worth.mean())},
        "prices": [
            {
                "price_usd": price,
                "value_over_price_median": centre / price,
                "probability_worth_more": float(np.mean(worth > price)),
            }
            for price in prices_usd
        ],
        # What a forecast of some quarters can say of value is little where the assumptions drive the spread.
        "share_of_variance_from_the_path": float(np.var(fixed) / np.var(worth))
        if np.var(worth) > 0
        else None,
        "assumptions": assumptions_document(ranges),
    }
    return worth, document


def assumptions_document(ranges: Sequence[AssumptionRange]) -> list[dict[str, Any]]:
    """Return the assumptions with source, day and range."""
    return [
        {
            "name": p.name,
            "low_p10": p.low,
            "high_p90": p.high,
            "unit": p.statement.unit,
            "known_on": p.statement.known_on.isoformat(),
            "kind": "assumed" if p.statement.dated == "assumed" else "sourced",
            "source": p.statement.source,
            "note": p.statement.note,
        }
        for p in ranges
    ]


def _histogram(worth: Array) -> list[dict[str, float]]:
    """Share of draws by value per share, in bins of equal width over the middle 99 %."""
    edges = np.linspace(float(worth.min()), float(np.quantile(worth, 0.99)), 41)
    counts, _ = np.histogram(worth, edges)
    return [
        {"from_usd": float(a), "to_usd": float(b), "share": float(n / len(worth))}
        for a, b, n in zip(edges[:-1], edges[1:], counts, strict=True)
    ]


def _check(prices_usd: Sequence[float], shares_bn: float) -> None:
    if not prices_usd or not all(np.isfinite(p) and p > 0 for p in (*prices_usd, shares_bn)):
        raise BadInput(
            "prices and the share count must be above 0.", hint="Give USD a share and bn shares, as 24.49."
        )
