"""Probabilities know only what was public then; scores hold everybody against the same outcome."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.errors import BadInput
from counterpoise.market import load
from counterpoise.market.calendar import Quarter
from counterpoise.market.claims import judge
from counterpoise.market.declared_forecasts import declared
from counterpoise.market.facts import MarketFacts
from counterpoise.market.growth_phases import median_length, phases
from counterpoise.market.ledger_file import read_ledger
from counterpoise.market.prices import PriceSeries
from counterpoise.market.simple_rules import RULES
from counterpoise.runs.plain import plain
from market.ledgers import SAID, facts, forecasts, growing, ledger, observation, statement

LATE = date(2026, 6, 30)
TWELVE = Path(__file__).parents[2] / "examples" / "deepseek-shock-2025" / "claims.yaml"
LEVEL = "series: capex_total\nof: MSFT\nperiod: 2025Q4\n"


def told(claim, known, given_=None, **asked):
    return judge(ledger(claim), known, SAID, LATE, given_ or forecasts(), **asked)


def one(document):
    (claim,) = document["claims"]
    return claim


def test_a_probability_is_the_share_of_draws_in_which_the_claim_holds_with_its_error():
    claim = one(told(LEVEL + "below: 20 USD bn", facts(growing("MSFT", 0))))
    # Draws are even between 5 and 15; the claim holds in all of them, and the error is not nothing.
    assert claim["probability"]["value"] == 1.0
    assert 0 < claim["probability"]["standard_error"] < 1e-3
    claim = one(told(LEVEL + "below: 8 USD bn", facts(growing("MSFT", 0))))
    assert claim["probability"]["value"] == pytest.approx(0.3, abs=2e-3)
    assert claim["probability"]["standard_error"] == pytest.approx((0.3 * 0.7 / 1000) ** 0.5, rel=0.01)


def test_parts_of_one_forecast_hold_together_and_not_by_multiplication():
    part = "  - {series: capex_total, of: MSFT, period: 2025Q%d, below: 8 USD bn}\n"
    claim = one(told("parts:\n" + part % 3 + (part % 4).rstrip(), facts(growing("MSFT", 0))))
    assert claim["probability"]["value"] == pytest.approx(0.3, abs=2e-3)


def test_what_was_public_already_is_known_and_not_scored():
    document = told(LEVEL.replace("2025Q4", "2024Q3") + "below: 20 USD bn", facts(growing("MSFT", 0)))
    claim = one(document)
    assert claim["probability"]["known_already"]
    assert claim["probability"]["value"] == 1.0
    assert claim["brier"] is None
    assert document["summary"]["scored_probabilities"] == 0


def test_a_claim_that_nobody_forecasts_has_no_probability_and_says_why():
    claim = one(told("series: racks_year\nperiod: 2025\nbelow: 9 racks", facts(growing("MSFT", 0))))
    assert claim["probability"]["value"] is None
    assert "nobody forecasts racks here" in claim["probability"]["why_none"]


def test_the_score_of_a_probability_is_its_squared_distance_from_what_happened():
    document = told(LEVEL + "below: 8 USD bn", facts(growing("MSFT", 0)))
    assert one(document)["verdict"] == "fails"
    assert one(document)["brier"] == pytest.approx(0.3**2, abs=2e-3)
    assert document["summary"]["brier"] == one(document)["brier"]
    assert one(document)["claimant_brier"] == 1.0


def test_rivals_and_rules_are_scored_against_the_same_outcome_best_first():
    known = facts(growing("MSFT", 0), observation("MSFT", Quarter(2025, 4), 12.0, known_on=date(2026, 3, 1)))
    (test,) = one(told(LEVEL + "range: {low: 14, high: 16, unit: USD bn}", known))["tests"]
    by_name = {s["name"]: s for s in test["scores"]}
    assert by_name["naive"]["crps"] == pytest.approx(2.0)
    assert by_name["naive"]["error"] == pytest.approx(-2.0)
    # Uniform on 14..16 against 12: the distance of the mean, 3, less a sixth of the width.
    assert by_name["the claim (A)"]["crps"] == pytest.approx(3 - 2 / 6, abs=1e-3)
    # Uniform on 5..15 against 12: (7^3 + 3^3) / (3 x 10^2).
    assert by_name["capex recipe"]["crps"] == pytest.approx((7**3 + 3**3) / 300, rel=0.01)
    scores = [s["crps"] for s in test["scores"]]
    assert scores == sorted(scores)


def test_a_consensus_for_the_year_stands_beside_the_rules():
    four = [o for ticker in ("MSFT", "GOOGL", "AMZN", "META") for o in growing(ticker, 0)]
    said = statement("capex_consensus", "top-4", 200, 200, date(2025, 1, 24), unit="bn USD", period="CY2025")
    later = replace(said, low=300.0, high=300.0, known_on=date(2025, 2, 7), about="raised")
    claim = "series: capex_yoy\nof: top4\nperiod: 2025Q4\nbelow: 10 %"
    (test,) = one(told(claim, facts(four, said, later)))["tests"]
    rivals = [s for s in test["scores"] if s["kind"] == "rival"]
    # 2024 was 4 x 4 x 10 = 160, so that 200 is a quarter more; what came after the day is no rival.
    assert [s["forecast"] for s in rivals] == [pytest.approx(25.0)]


def test_a_direction_tells_every_quarter_on_the_way():
    growth = [
        observation("MSFT", Quarter(2025, n), v) for n, v in ((1, 11.0), (2, 9.0), (3, 12.0), (4, 10.5))
    ]
    known = facts(growing("MSFT", 0, last=Quarter(2024, 4)), growth)
    claim = "series: capex_yoy\nof: MSFT\nperiod: 2025Q4\nagainst: 2024Q4\ndirection: falls"
    path = one(told(claim, known))["tests"][0]["path"]
    assert [(p["period"], p["verdict"]) for p in path] == [
        ("2025Q1", "fails"), ("2025Q2", "holds"), ("2025Q3", "fails"), ("2025Q4", "fails"),
    ]  # fmt: skip


def test_moves_and_remainder_add_up_to_the_change_and_name_the_fact():
    old = growing("MSFT", 0, last=Quarter(2024, 3))
    new = observation("MSFT", Quarter(2024, 4), 20.0, known_on=date(2025, 1, 29))
    unrelated = observation("META", Quarter(2024, 4), 20.0, known_on=date(2025, 1, 29))
    known = facts(old, new, unrelated, growing("MSFT", 0)[-4:])
    document = told(LEVEL + "below: 12 USD bn", known, since=date(2025, 1, 15))
    (move,) = document["moves"]
    assert [m["fact"] for m in move["moves"]] == ["MSFT capex cash 2024Q4"]
    # Draws were 5 to 15 and are 10 to 30.
    assert (move["then"], move["now"]) == (pytest.approx(0.7, abs=2e-3), pytest.approx(0.1, abs=2e-3))
    total = sum(m["change"] for m in move["moves"]) + move["remainder"]
    assert total == pytest.approx(move["change"], abs=1e-12)
    assert move["moves"][0]["change"] == pytest.approx(-0.6, abs=3e-3)


def test_dropping_a_restatement_lets_the_earlier_vintage_stand():
    quarter = Quarter(2024, 3)
    restated = observation("MSFT", quarter, 20.0, known_on=date(2025, 1, 20))
    known = facts(growing("MSFT", 0, last=quarter), restated, growing("MSFT", 0)[-5:])
    (move,) = told(LEVEL + "below: 12 USD bn", known, since=date(2025, 1, 15))["moves"]
    assert move["then"] == pytest.approx(0.7, abs=2e-3)
    assert move["remainder"] == pytest.approx(0.0, abs=1e-12)


def test_days_out_of_order_are_refused():
    known = facts(growing("MSFT", 0))
    with pytest.raises(BadInput, match="--judged-on"):
        judge(ledger(LEVEL + "below: 8 USD bn"), known, SAID, date(2025, 1, 1), forecasts())
    with pytest.raises(BadInput, match="--since"):
        told(LEVEL + "below: 8 USD bn", known, since=SAID)


def test_phases_run_from_turn_to_turn_of_growth():
    # Growth climbs from 0 to 40 % over eight quarters, then falls to 0 over four, again and again.
    wave = [0, 5, 10, 15, 20, 25, 30, 35, 40, 30, 20, 10] * 3
    levels = dict(enumerate([100.0] * 4))
    for n, growth in enumerate(wave):
        levels[n + 4] = levels[n] * (1 + growth / 100)
    found = phases({Quarter(2010, 1) + n: value for n, value in levels.items()})
    assert median_length(found, rise=True) == 8
    assert median_length(found, rise=False) == 4


def quotes(ticker, closes, first=date(2024, 11, 1)):
    days = tuple(d for d in (first + timedelta(days=n) for n in range(400)) if d.weekday() < 5)[: len(closes)]
    close = np.array(closes, np.float64)
    return PriceSeries(ticker, "USD", days, {"close": close, "high": close * 1.01, "low": close * 0.99})


def test_a_change_of_price_without_drift_is_as_likely_up_as_down():
    wobble = 100 + 3 * np.sin(np.arange(120))
    claim = "series: price_change\nof: [AAA, BBB]\nfrom: 2025-02-03\nto: 2025-03-03\nbelow: 0 %"
    prices = {name: quotes(name, wobble + n) for n, name in enumerate(("AAA", "BBB"))}
    found = one(told(claim, facts(), forecasts(draws=20_000), prices=prices))
    assert found["probability"]["value"] == pytest.approx(0.5, abs=0.03)
    assert found["verdict"] in ("holds", "fails")


def test_a_price_that_nobody_gave_makes_a_claim_not_scorable():
    claim = "series: price_change\nof: [AAA, BBB]\nfrom: 2025-02-03\nto: 2025-03-03\nbelow: 0 %"
    found = one(told(claim, facts(), prices={"AAA": quotes("AAA", np.full(120, 9.0))}))
    assert (found["verdict"], "no prices of BBB" in found["why"]) == ("not scorable", True)


def twelve(known=None, draws=500, judged_on=LATE):
    shipped = load.shipped() if known is None else known
    # The rules have tests of their own; a library's model is the slowest part here.
    made = replace(declared(draws), rules={"naive": RULES["naive"]})
    return judge(read_ledger(TWELVE.read_bytes(), "claims.yaml"), shipped, SAID, judged_on, made)


def test_the_twelve_of_the_article_are_judged_by_the_shipped_facts():
    document = twelve()
    verdicts = {c["id"]: c["verdict"] for c in document["claims"]}
    assert len(verdicts) == 12
    growth = document["claims"][4]["tests"][0]["observed"]
    by_hand = _top4(Quarter(2025, 4)) / _top4(Quarter(2024, 4)) - 1
    assert growth["low"] == pytest.approx(100 * by_hand)
    assert verdicts["5"] == ("holds" if by_hand < 0.1 else "fails")
    assert document["summary"]["claims"] == 12
    json.dumps(plain(document))


def _top4(quarter):
    known = load.shipped()
    return sum(known.series("capex_cash", t)[quarter].value for t in ("MSFT", "GOOGL", "AMZN", "META"))


def test_other_data_give_the_article_other_verdicts():
    shipped = load.shipped()
    flat = tuple(
        replace(o, value=o.value / 10) if o.quarter == Quarter(2025, 4) and o.series == "capex_cash" else o
        for o in shipped.observations
    )
    changed = twelve(MarketFacts(flat, shipped.statements), draws=200)
    taken = tuple(
        o for o in shipped.observations if not (o.quarter == Quarter(2025, 4) and o.entity == "META")
    )
    without = twelve(MarketFacts(taken, shipped.statements), draws=200)
    assert changed["claims"][4]["verdict"] == "holds"
    assert without["claims"][4]["verdict"] == "open"
    assert "META for 2025Q4" in without["claims"][4]["why"]


def test_altering_every_later_fact_leaves_every_probability_identical():
    shipped = load.shipped()
    altered = MarketFacts(
        tuple(replace(o, value=3 * o.value) if o.known_on > SAID else o for o in shipped.observations),
        tuple(
            replace(s, low=s.low * 3, high=s.high * 3)
            if s.known_on > SAID and s.low is not None and s.high is not None
            else s
            for s in shipped.statements
        ),
    )
    before, after = twelve(draws=500), twelve(altered, draws=500)
    assert [c["probability"] for c in before["claims"]] == [c["probability"] for c in after["claims"]]
    seen = [[c["tests"][0]["observed"] for c in told["claims"]] for told in (before, after)]
    assert seen[0] != seen[1]


def test_the_same_seed_gives_the_same_document():
    assert plain(twelve(draws=300)) == plain(twelve(draws=300))


@settings(max_examples=25, deadline=None)
@given(low=st.floats(1, 20), more=st.floats(0, 10))
def test_a_weaker_claim_is_never_less_likely(low, more):
    known = facts(growing("MSFT", 0))
    claims = [LEVEL + f"below: {round(bound, 3)} USD bn" for bound in (low, low + more)]
    first, second = (
        c["probability"]["value"] for c in judge(ledger(*claims), known, SAID, LATE, forecasts())["claims"]
    )
    assert first <= second
