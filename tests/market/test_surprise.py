"""Surprises: like is held against like, or nothing is said."""

from dataclasses import replace
from datetime import date

import pytest

from counterpoise.errors import BadInput, Refused, UnknownName
from counterpoise.market.baskets import TOP4, members, total, values, year_on_year
from counterpoise.market.calendar import Quarter
from counterpoise.market.facts import MarketFacts, Observation, Statement
from counterpoise.market.load import shipped
from counterpoise.market.simple_rules import growth_rule, naive
from counterpoise.market.surprise import against_rules, against_statements, basis_of, quarters_of

DAY = date(2025, 1, 30)


def said(by, about, period, low, high=None, topic="capex_guidance"):
    return Statement(topic, by, about, period, low, high or low, "bn USD", DAY, "sourced", "a call")


def figure(series, entity, quarter, value):
    return Observation(series, entity, quarter, value, "USD bn", "cash", "filed", DAY, "sourced", "a filing")


def year(series, entity, value, quarters=4):
    return [figure(series, entity, Quarter(2025, n + 1), value) for n in range(quarters)]


def held(statement, observations):
    facts = MarketFacts(tuple(observations), (statement,))
    (one,) = against_statements(facts, TOP4, Quarter(2024, 1))
    return one


def test_guidance_is_held_against_four_quarters_on_its_own_basis():
    one = held(said("GOOGL", "capex guidance", "CY2025", 40, 60), year("capex_cash", "GOOGL", 15))
    assert one.actual_usd_bn == 60
    assert one.surprise == pytest.approx(0.2)
    assert one.basis == "cash"


def test_metas_guidance_counts_lease_principal():
    facts = [*year("capex_cash", "META", 15), *year("finance_lease_principal", "META", 1)]
    one = held(said("META", "capex guidance (finance-lease principal)", "CY2025", 64), facts)
    assert one.actual_usd_bn == 64
    assert one.surprise == 0


def test_leased_assets_are_never_compared_with_cash():
    one = held(said("MSFT", "capex INCLUDES finance leases", "CY2025", 80), year("capex_cash", "MSFT", 20))
    assert one.surprise is None
    assert "with leased assets" in one.refused


def test_amazons_net_guidance_is_not_held_against_gross_figures():
    one = held(said("AMZN", "capex guidance", "CY2025", 100), year("capex_cash", "AMZN", 30))
    assert one.surprise is None
    assert "net of proceeds" in one.refused


def test_a_year_that_is_not_over_gives_what_is_known_and_no_surprise():
    one = held(said("GOOGL", "capex guidance", "CY2025", 75), year("capex_cash", "GOOGL", 20, quarters=3))
    assert (one.reported_usd_bn, one.surprise) == (60, None)


def test_a_consensus_on_a_group_is_listed_and_not_compared():
    one = held(said("top-4", "consensus", "CY2025", 280, topic="capex_consensus"), [])
    assert "bases differ" in one.refused


def test_a_part_of_spending_is_no_guidance_on_all():
    one = held(said("MSFT", "AI data centres", "CY2025", 80), year("capex_with_leases", "MSFT", 20))
    assert "part of spending" in one.refused


def test_old_statements_and_other_companies_are_left_out():
    facts = MarketFacts((), (said("META", "capex", "CY2023", 30), said("GOOGL", "capex", "CY2025", 75)))
    assert against_statements(facts, ("META",), Quarter(2024, 1)) == []


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("4Q24", "2024Q4", "2024Q4"),
        ("CY2025", "2025Q1", "2025Q4"),
        ("2025", "2025Q1", "2025Q4"),
        ("FY2025 (Jul24-Jun25)", "2024Q3", "2025Q2"),
    ],
)
def test_periods_are_read_as_quarters(period, first, last):
    found = quarters_of(period)
    assert (str(found[0]), str(found[-1])) == (first, last)


@pytest.mark.parametrize("period", ["end-2025", "CY2025/26", "FY2025 (Xyz24-Jun25)", ""])
def test_a_period_that_cannot_be_read_is_not_guessed(period):
    assert quarters_of(period) is None


def test_words_decide_a_basis_before_the_companys_own():
    assert basis_of(said("MSFT", "cash capex", "4Q24", 15)) == "cash"
    assert basis_of(said("MSFT", "capex", "4Q24", 15)) == "with leased assets"
    assert basis_of(said("top-4", "capex", "4Q24", 15)) is None


def test_a_rule_is_surprised_by_what_it_could_not_know():
    history = {Quarter(2018, 1) + n: 10.0 for n in range(20)} | {Quarter(2023, 1): 12.0}
    recipe, plain, grown = against_rules(
        {"one": history}, Quarter(2023, 1), {"naive": naive, "growth rule": growth_rule}
    )
    assert plain.surprise == grown.surprise == pytest.approx(0.2)
    assert recipe.probability_below > 0.99
    assert recipe.expected_usd_bn == pytest.approx(10.0)


def test_a_young_company_has_rules_and_no_recipe():
    history = {Quarter(2024, 1) + n: 1.0 for n in range(6)}
    recipe, plain = against_rules({"young": history}, Quarter(2025, 2), {"naive": naive})
    assert "needs 16" in recipe.refused
    assert plain.expected_usd_bn == 1.0


def test_the_basket_is_the_sum_of_its_companies():
    facts = shipped()
    whole = total(facts, TOP4)
    assert whole[Quarter(2024, 4)] == pytest.approx(sum(values(facts, e)[Quarter(2024, 4)] for e in TOP4))
    assert year_on_year(whole)[Quarter(2025, 4)] == pytest.approx(0.64, abs=0.005)


def test_baskets_are_named_or_listed():
    facts = shipped()
    assert members("TOP4", facts) == TOP4
    assert members("msft, meta", facts) == ("MSFT", "META")
    with pytest.raises(UnknownName, match="META"):
        members("METAA", facts)
    with pytest.raises(BadInput, match="twice"):
        members("MSFT,MSFT", facts)
    with pytest.raises(BadInput, match="at least one"):
        members(" ", facts)


def test_a_figure_in_another_currency_is_not_added():
    facts = shipped()
    euros = replace(facts.series("capex_cash", "MSFT")[Quarter(2024, 4)], unit="EUR bn")
    with pytest.raises(Refused, match="EUR bn"):
        values(MarketFacts((euros,), ()), "MSFT")
