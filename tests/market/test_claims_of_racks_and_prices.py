"""Claims of what no filing holds: racks, the value of a cut, hardware demand, prices, statements."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from counterpoise.errors import Refused
from counterpoise.market.calendar import Quarter
from counterpoise.market.claims import judge
from counterpoise.market.price_walk import mean_change_pct
from counterpoise.market.prices import PriceSeries
from counterpoise.market.rates import ReferenceRates
from market.ledgers import SAID, facts, forecasts, growing, ledger, observation, statement
from market.price_tables import weekdays

LATE = date(2026, 6, 30)
CUT = "series: rack_cut_value\nof: A bank\nperiod: 2025\nrange: {low: 30, high: 35, unit: USD bn}"
FALL = "series: %s\nof: AAA\nfrom: 2024-12-02\nto: 2025-01-31\nabove: 1 %s"
LOSS, DROP = FALL % ("value_lost", "USD bn"), FALL % ("price_fall", "%")


def told(claim, known, given=None, judged_on=LATE, **asked):
    document = judge(ledger(claim), known, SAID, judged_on, given or forecasts(), **asked)
    return document["claims"][0], document


def priced(ticker, closes, *, currency="USD", first=date(2024, 12, 2)):
    close = np.array(closes, float)
    days = tuple(weekdays(len(close), first))
    return PriceSeries(ticker, currency, days, {"close": close, "high": close, "low": close})


def test_before_a_rack_price_is_public_a_cut_is_priced_by_what_the_claim_implies():
    old = statement("racks", "A bank", 30_000, 30_000, date(2025, 1, 10))
    new = statement("racks", "A bank", 20_000, 20_000, SAID)
    claim, _ = told(CUT, facts(old, new), forecasts(racks=np.full(1_000, 20_000.0)))
    # 10,000 racks for 30 to 35 bn are 3.0 to 3.5 M each: every draw lies in the claim's own range.
    assert claim["probability"]["value"] == 1.0
    assert "3 to 3.5 M USD" in claim["probability"]["basis"][0]
    claim, _ = told(CUT, facts(old), forecasts(racks=np.full(1_000, 20_000.0)))
    assert "the claim implies none" in claim["probability"]["why_none"]


def test_a_cut_of_a_house_that_had_no_forecast_is_not_scorable():
    outcome = statement("racks_outcome", "somebody", 25_000, 28_000, date(2026, 1, 31))
    claim, _ = told(CUT, facts(outcome), forecasts(racks=np.full(10, 1.0)))
    assert claim["verdict"] == "not scorable"
    assert "no rack forecast of A bank" in claim["why"]
    assert "no rack forecast of A bank" in claim["probability"]["why_none"]


def test_a_range_public_already_is_drawn_from_evenly():
    outcome = statement("racks_outcome", "somebody", 20_000, 30_000, date(2025, 1, 20), period="2024")
    claim, _ = told(
        "series: racks_year\nperiod: 2024\nbelow: 22500 racks", facts(outcome), forecasts(draws=20_000)
    )
    assert claim["verdict"] == "undecided"
    assert claim["probability"]["value"] == pytest.approx(0.25, abs=0.01)


def test_hardware_demand_has_a_probability_and_never_an_outcome():
    gain, elasticity = np.full(4, 10.0), np.array([0.5, 0.8, 1.1, 1.5])
    known = replace(forecasts(), demand=lambda day: (elasticity, gain))
    claim, _ = told("series: hardware_demand\nbelow: 1 x", facts(), known)
    assert (claim["probability"]["value"], claim["verdict"]) == (0.5, "not scorable")
    claim, _ = told("series: hardware_demand\nbelow: 1 x", facts())
    assert "no priors" in claim["probability"]["why_none"]


def test_a_rack_forecast_that_moves_a_claim_is_named_with_its_figures():
    def by_latest(known, _period, _day):
        return np.linspace(0.5, 1.5, 1_000) * known.said("racks")[-1].low

    first = statement("racks", "A bank", 35_000, 35_000, date(2024, 12, 1), about="racks")
    moved = statement("racks", "A bank", 20_000, 25_000, date(2025, 1, 31), about="racks")
    unrelated = statement("rent_h100", "a market", 2.0, 2.0, date(2025, 1, 31), about="rent")
    asked = replace(forecasts(), racks={"pool": by_latest})
    claim = "series: racks_year\nperiod: 2025\nbelow: 25000 racks"
    _, document = told(claim, facts(first, moved, unrelated), asked, since=date(2025, 1, 1))
    (move,) = document["moves"]
    assert [m["fact"] for m in move["moves"]] == ["A bank: racks 20,000 to 25,000"]
    assert move["moves"][0]["change"] == pytest.approx(move["change"]) and move["change"] > 0


def test_revenue_by_the_chain_stands_beside_ours_where_the_chain_speaks_of_it():
    def never(_facts, _period, _day):
        raise Refused("too early")

    revenue = [
        observation("NVDA", q, o.value, series="datacenter_revenue")
        for o in growing("NVDA", 0)
        for q in [o.quarter]
    ]
    given = replace(forecasts(), revenue={"chain": lambda f, p, d: np.full(1_000, 30.0), "none": never})
    claim, _ = told("series: datacenter_revenue\nperiod: 2025Q4\nbelow: 20 USD bn", facts(revenue), given)
    assert {name: one["value"] for name, one in claim["probability"]["by"].items()} == {
        "capex recipe": 1.0,
        "chain": 0.0,
    }


@pytest.mark.parametrize(
    ("claim", "prices", "says"),
    [
        (LOSS, priced("AAA", np.linspace(9, 5, 60), currency="EUR"), "in EUR, not in USD"),
        (LOSS, priced("AAA", np.linspace(9, 5, 60)), "no independent count"),
        (DROP, priced("AAA", np.linspace(5, 9, 60)), "never fell"),
        (DROP, priced("AAA", np.linspace(9, 5, 20)), "end on 2024-12-27"),
        (DROP, priced("AAA", np.linspace(9, 5, 60), first=date(2024, 12, 16)), "begin on"),
    ],
)  # fmt: skip
def test_prices_that_cannot_decide_a_claim_say_why(claim, prices, says):
    found, _ = told(claim, facts(), prices={"AAA": prices})
    assert found["verdict"] == "not scorable"
    assert says in found["why"]


def test_a_loss_in_yuan_needs_a_rate_of_its_day():
    count = statement(
        "shares", "AAA", 2.0, 2.0, date(2024, 12, 10), unit="bn", about="cover page of the report"
    )
    asked = {"prices": {"AAA": priced("AAA", np.linspace(9, 5, 45))}}
    dollars, _ = told(LOSS, facts(count), **asked)
    assert dollars["verdict"] == "holds"
    yuan = FALL % ("value_lost_cny", "CNY tn")
    assert "no exchange rate" in told(yuan, facts(count), **asked)[0]["why"]
    rates = ReferenceRates({date(2025, 1, 31): {"EUR": 1.0, "USD": 1.0, "CNY": 7.0}})
    (test,) = told(yuan, facts(count), rates=rates, **asked)[0]["tests"]
    lost_usd_bn = dollars["tests"][0]["observed"]["low"]
    assert test["observed"]["low"] == pytest.approx(lost_usd_bn * 7 / 1e3)


def test_a_statement_is_awaited_until_its_deadline_and_missed_after_it():
    said = statement("rent_h100", "a market", 2.0, 2.0, date(2025, 1, 2), unit="USD")
    claim = "series: stated\ntopic: rent_h100\nbelow: 1 USD\ndeadline: 2025-12-31"
    assert told(claim, facts(said), judged_on=date(2025, 6, 1))[0]["verdict"] == "open"
    missed, _ = told(claim, facts(said))
    assert (missed["verdict"], "was published from" in missed["why"]) == ("not scorable", True)


def test_a_company_without_figures_offers_the_nearest_that_has_some():
    claim, _ = told("series: capex_yoy\nof: MSFTT\nperiod: 2025Q4\nbelow: 10 %", facts(growing("MSFT", 0)))
    assert "there is MSFT" in claim["why"]


def test_a_walk_looks_at_nothing_later_than_its_day_and_needs_thirty_days_before_it():
    rng = np.random.default_rng(0)
    closes = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, 120)))
    days = (date(2025, 3, 3), date(2025, 4, 1))
    known_to = date(2025, 3, 3)
    later = closes.copy()
    later[70:] *= 3
    made = [
        mean_change_pct([priced("AAA", c)], days, known_to, np.random.default_rng(1), 500)[0]
        for c in (closes, later)
    ]
    np.testing.assert_array_equal(*made)
    with pytest.raises(Refused, match="30 trading days"):
        mean_change_pct([priced("AAA", closes)], days, date(2025, 1, 6), np.random.default_rng(1), 5)


def test_growth_that_never_turned_has_no_length():
    claim, _ = told(
        "series: growth_rise_quarters\nof: MSFT\nperiod: 2025Q4\nbelow: 9 quarters",
        facts(growing("MSFT", 20)),
    )
    assert "no rise of growth is complete by 2025Q4" in claim["why"]


def test_figures_in_another_unit_are_not_added_up():
    odd = replace(observation("MSFT", Quarter(2025, 4), 9.0), unit="EUR bn")
    claim, _ = told(
        "series: capex_total\nof: MSFT\nperiod: 2025Q4\nbelow: 9 USD bn", facts(growing("MSFT", 0)[:-1], odd)
    )
    assert "in EUR bn, not in USD bn" in claim["why"]


def test_a_year_in_which_nothing_was_spent_has_no_growth():
    idle = [replace(o, value=0.0) if o.quarter == Quarter(2024, 4) else o for o in growing("MSFT", 0)]
    claim = "series: capex_yoy\nof: MSFT\nperiod: 2025Q4\nbelow: 9 %"
    assert "no growth" in told(claim, facts(idle))[0]["why"]


def test_phases_are_not_dated_over_a_gap():
    known = [o for o in growing("MSFT", 20) if o.quarter != Quarter(2021, 2)]
    claim, _ = told("series: growth_fall_quarters\nof: MSFT\nperiod: 2025Q4\nbelow: 9 quarters", facts(known))
    assert claim["verdict"] == "not scorable"
    assert "2021Q2 is missing" in claim["why"]
