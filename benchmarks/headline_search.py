"""The search for a headline's days, against a plain double loop over the same days in the same run.

Two years of made-up prices (a random walk of 564 days, four columns): of speed they say what real ones would.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from benchmarks.timing import best_s
from counterpoise.market.headline import Headline, read_headline
from counterpoise.market.headline_search import explain
from counterpoise.market.prices import PriceSeries
from counterpoise.market.shares import ShareCount

DAYS = 564
HEADLINE = "-23.8% 893.1bn"
COUNTS = [
    ShareCount(shares, 0.005, None, "given", "made up")
    for shares in (24.34, 24.39, 24.49, 24.53, 24.61, 24.8)
]


def main() -> None:
    """Print the ratio for a percentage alone and for one with a sum and six share counts."""
    prices = walk()
    for text, counts in ((HEADLINE.split(maxsplit=1)[0], []), (HEADLINE, COUNTS)):
        headline = read_headline(text, "USD")
        found = explain(prices, headline, counts)
        loop = double_loop(prices, headline, counts)
        took = best_s(lambda h=headline, c=counts: explain(prices, h, c))
        slow = best_s(lambda h=headline, c=counts: double_loop(prices, h, c), repeats=1)
        print(
            f"{text}, {len(counts)} share counts, {DAYS} days: {1e3 * took:.1f} ms for {len(found)} ways "
            f"({len(loop)} by a double loop), {slow / took:.0f} x a double loop ({slow:.2f} s)"
        )


def walk() -> PriceSeries:
    """Prices of two years of days."""
    random = np.random.default_rng(0)
    close = 120 * np.exp(np.cumsum(random.normal(0, 0.03, DAYS)))
    spread = np.abs(random.normal(0, 0.02, (2, DAYS)))
    columns = {"close": close, "high": close * (1 + spread[0]), "low": close * (1 - spread[1])}
    columns["adj_close"] = 0.998 * close
    days = tuple(date(2024, 1, 1) + timedelta(days=n) for n in range(DAYS))
    return PriceSeries("A", "USD", days, columns)


def double_loop(
    prices: PriceSeries, headline: Headline, counts: list[ShareCount]
) -> list[tuple[str, int, str, int, ShareCount | None]]:
    """Every pair of days, columns and share counts that gives the headline, one at a time."""
    columns = {name: values.tolist() for name, values in prices.by_column.items()}
    found = []
    for p, peaks in columns.items():
        for t, troughs in columns.items():
            for i, peak in enumerate(peaks):
                for j in range(i + 1, len(troughs)):
                    lost = peak - troughs[j]
                    if headline.fall is None or not headline.fall.low <= lost / peak <= headline.fall.high:
                        continue
                    if headline.value_bn is None:
                        found.append((p, i, t, j, None))
                        continue
                    for count in counts:
                        low, high = lost * count.low_bn, lost * count.high_bn
                        if high >= headline.value_bn.low and low <= headline.value_bn.high:
                            found.append((p, i, t, j, count))
    return found
