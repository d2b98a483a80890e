"""What was public about the elasticity of compute demand, and what only looks like it."""

import math
from dataclasses import replace
from datetime import date

import pytest

from counterpoise.market import evidence
from counterpoise.market.facts import MarketFacts
from counterpoise.market.load import shipped

THEN, LATER = date(2025, 2, 3), date(2026, 10, 5)


def test_no_measured_elasticity_was_public_when_the_article_was_written():
    summary = evidence.summary(shipped().as_of(THEN))
    assert summary["measured_elasticities"] == 0
    assert "No measured elasticity" in summary["answer"]
    assert all(s["known_on"] <= THEN.isoformat() for s in summary["statements"])


def test_substitution_between_hosts_bears_on_nothing():
    found = [e for e in evidence.evidence(shipped().as_of(LATER)) if e.statement.topic == "token_elasticity"]
    assert [e.bears_on for e in found] == ["neither"]
    assert "substitution" in found[0].why


def test_a_figure_of_an_earlier_month_is_known_from_the_day_it_was_told():
    told = shipped().said("tokens_per_month")
    assert min(s.period for s in told) == "2024-04"
    assert min(s.known_on for s in told) == date(2025, 5, 20)


def test_later_estimates_are_counted_once_they_are_public():
    summary = evidence.summary(shipped().as_of(LATER))
    assert summary["measured_elasticities"] == 2
    assert "1.1 to 1.5" in summary["answer"]


def test_a_reading_puts_all_growth_down_to_price():
    (reading,) = evidence.readings(shipped().as_of(THEN))
    assert reading.growth == pytest.approx(13.8 / 2.3)
    assert reading.high == pytest.approx(1 + math.log(13.8 / 2.3) / math.log(10))


def test_growth_that_price_did_not_cause_makes_a_reading_too_high():
    # Truth: elasticity 0.7, price to a tenth, spending tripled for other reasons.
    facts = shipped().as_of(THEN)
    first, last = facts.said("enterprise_spend")
    spent = 2.3 * 10 ** (0.7 - 1) * 3
    made = tuple(replace(s, low=spent, high=spent) if s.period == last.period else s for s in (first, last))
    (reading,) = evidence.readings(MarketFacts((), made + facts.said("efficiency")))
    assert reading.high > 0.7


def test_figures_of_two_scopes_are_never_divided():
    pairs = [r.about for r in evidence.readings(shipped().as_of(LATER))]
    assert "enterprise gen-AI spend, 2023 to 2024" in pairs
    assert "enterprise gen-AI spend, 2023 to 2025" not in pairs


def test_without_a_price_fall_there_is_no_reading():
    facts = shipped().as_of(THEN)
    assert evidence.readings(MarketFacts((), facts.said("enterprise_spend"))) == ()


@pytest.mark.parametrize("period", ["FY2024", "end-2024", "2024Q4", "2024-autumn", "-"])
def test_a_figure_of_no_plain_year_or_month_is_no_reading(period):
    facts = shipped().as_of(LATER)
    odd = tuple(
        replace(s, period=period) if s.topic in ("enterprise_spend", "tokens_per_month") else s
        for s in facts.statements
    )
    assert evidence.readings(MarketFacts((), odd)) == ()
