"""The series that a claim may speak of: unit, periods, from what each is computed and how it is forecast."""

from __future__ import annotations

from dataclasses import dataclass

from counterpoise.market.baskets import CAPEX, TOP4
from counterpoise.market.calendar import Span
from counterpoise.market.facts import Observation, Statement
from counterpoise.market.ledger import Test
from counterpoise.market.rack_statements import FORECAST, OUTCOME

BASKETS: dict[str, tuple[str, ...]] = {
    "top4": TOP4,
    "magnificent7": ("AAPL", "AMZN", "GOOGL", "META", "MSFT", "NVDA", "TSLA"),
}
"""Names for groups of tickers; top4 are the four large US clouds, bottom-up."""

PRICE_BASES = ("high to close", "close to close", "high to low", "close to low")
RACK_TOPICS = (FORECAST, OUTCOME)
FALLS = ("price_fall", "value_lost", "value_lost_cny")
"""Series of the largest fall of a price, on one of `PRICE_BASES`."""
PRICED = (*FALLS, "price_change")
"""Series that are read off daily prices."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series.

    `of` says whom it asks for: "companies" (tickers or a basket), "company", "tickers", "house", or "" for
    nobody; `default_of` is taken where a claim does not say.  `adds_up` is the series of filed facts that
    it is computed from, "" where it is none.
    """

    name: str
    title: str
    unit: str
    spans: tuple[Span, ...]
    of: str
    default_of: str
    computed_from: str
    forecast_by: str
    adds_up: str = ""


_ALL = (
    Series(
        "racks_year", "racks", "racks", ("year",), "", "",
        "the latest published figure for the year that is dated after it ended; no audited count exists",
        "the pool of published forecasts; beside it the bottom-up chain",
    ),
    Series(
        "racks_half", "racks", "racks", ("half",), "", "",
        "published figures dated after the half ended, or the year's figure less the other quarters'",
        "the bottom-up chain by quarter",
    ),
    Series(
        "rack_cut_value", "value of the racks cut", "USD bn", ("year",), "house", "",
        "(the house's forecast before the claim less the year's racks) x the published rack price",
        "the same with the pool of published forecasts in place of the outcome",
    ),
    Series(
        "capex_total", "capex", "USD bn", ("quarter", "year"), "companies", "top4",
        "cash capex as filed, added up company by company",
        "the declared capex recipe",
        adds_up=CAPEX,
    ),
    Series(
        "capex_yoy", "capex growth", "%", ("quarter", "year"), "companies", "top4",
        "cash capex as filed against the same period a year before",
        "the declared capex recipe",
        adds_up=CAPEX,
    ),
    Series(
        "growth_rise_quarters", "rises of growth", "quarters", ("quarter",), "companies", "top4",
        "median length of the completed rises of YoY growth, by the dated turning points up to the quarter",
        "the same dating on past growth continued by the draws of the capex recipe",
        adds_up=CAPEX,
    ),
    Series(
        "growth_fall_quarters", "falls of growth", "quarters", ("quarter",), "companies", "top4",
        "median length of the completed falls of YoY growth, by the dated turning points up to the quarter",
        "the same dating on past growth continued by the draws of the capex recipe",
        adds_up=CAPEX,
    ),
    Series(
        "datacenter_revenue", "data-centre revenue", "USD bn", ("quarter", "year"), "company", "NVDA",
        "data-centre revenue as reported",
        "the capex recipe's rules on that series",
        adds_up="datacenter_revenue",
    ),
    Series(
        "hardware_demand", "hardware demand after the gain", "x", ("none",), "", "",
        "gain ^ (elasticity - 1), which nobody measures: it has a probability and no outcome",
        "the priors of the efficiency gain and of the elasticity",
    ),
    Series(
        "price_fall", "fall of the price", "%", ("days",), "company", "",
        "daily prices: the fall from the highest price in the days to the price on the last",
        "none: a fall is computed once its last day is past",
    ),
    Series(
        "value_lost", "value lost", "USD bn", ("days",), "company", "",
        "the fall in price x the share count known by its last day",
        "none: a fall is computed once its last day is past",
    ),
    Series(
        "value_lost_cny", "value lost", "CNY tn", ("days",), "company", "",
        "value lost x the exchange rate known by its last day",
        "none: a fall is computed once its last day is past",
    ),
    Series(
        "price_change", "change of the price", "%", ("days",), "tickers", "",
        "mean change of closing prices of the named companies, equal weights",
        "a random walk without drift, with the volatility of the last 60 trading days",
    ),
    Series(
        "stated", "what is said", "", ("quarter", "half", "year", "none"), "", "",
        "the latest statement of a topic made between the claim and the day of judging",
        "none",
    ),
)  # fmt: skip

SERIES: dict[str, Series] = {one.name: one for one in _ALL}


def uses_observation(test: Test, one: Observation) -> bool:
    """Whether a test's probability or outcome rests on an observation."""
    return one.series == SERIES[test.series].adds_up and one.entity in test.of


def uses_statement(test: Test, one: Statement) -> bool:
    """Whether a test's probability or outcome rests on a statement."""
    if test.series in ("racks_year", "racks_half"):
        return one.topic in RACK_TOPICS
    if test.series == "rack_cut_value":
        return one.topic in (*RACK_TOPICS, "rack_price")
    if test.series in FALLS[1:]:
        return one.topic == "shares"
    return test.series == "stated" and one.topic == test.topic
