"""The market's pictures say what their documents say."""

import re
from datetime import date

import numpy as np

from counterpoise.market import break_even, implied, rack_forecasts
from counterpoise.market.load import shipped
from counterpoise.market.sensitivity import effects_from_draws
from counterpoise.report import market_charts

DAY = date(2025, 2, 3)
RNG = np.random.default_rng(0)


def words(svg):
    return " ".join(re.findall(r"<text[^>]*>([^<]+)", svg))


def test_the_fan_marks_the_break_even_the_cases_and_the_cut():
    question = break_even.question(
        RNG.lognormal(0, 0.5, 500), RNG.lognormal(1, 0.7, 500), cut_from_racks=32_500, cut_to_racks=22_500
    )
    figure = market_charts.elasticity_fan(question, "Nothing was measured.")
    said = words(figure.svg)
    for mark in ("break-even: 1", "0.631x", "1.259x", "32,500 to 22,500 racks", "efficiency gain (times)"):
        assert mark in said
    assert figure.caption.endswith("Nothing was measured.")


def test_the_fan_without_a_cut_draws_none():
    question = break_even.question(RNG.lognormal(0, 0.5, 500), RNG.lognormal(1, 0.7, 500))
    assert "the cut" not in words(market_charts.elasticity_fan(question).svg)


def test_published_forecasts_name_houses_and_the_day():
    document = rack_forecasts.question(shipped(), 2025, DAY, judged_on=date(2026, 6, 30), draws=500)
    figure = market_charts.published_forecasts(document)
    said = words(figure.svg)
    assert "as of 2025-02-03" in said
    assert "HSBC" in said
    assert "DigiTimes" not in said
    assert "28,000 to 30,000" in figure.caption


def test_published_forecasts_before_the_outcome_do_not_show_it():
    figure = market_charts.published_forecasts(rack_forecasts.question(shipped(), 2025, DAY, draws=500))
    assert "outcome" not in figure.caption
    assert "WT Research" not in words(figure.svg)


def test_the_drivers_are_bars_with_names_in_words():
    x = {"rack_ramp": RNG.normal(size=1_000), "idle": RNG.normal(size=1_000)}
    document = effects_from_draws(x, 2 * x["rack_ramp"] + RNG.normal(size=1_000)).document("racks in 2025")
    figure = market_charts.sensitivities(document, {"rack_ramp": "ramp of the rack"})
    assert "ramp of the rack" in words(figure.svg)
    assert "idle" not in words(figure.svg)
    assert figure.title == "What drives the spread of racks in 2025"


def test_the_value_carries_its_prices_and_what_they_imply():
    facts = shipped().as_of(DAY)
    path = 35.0 * np.exp(RNG.normal(0.05, 0.1, (400, 12)).cumsum(axis=1))
    _, document = implied.value_under_paths(facts, path, [153.13, 116.66], 24.49)
    growth = implied.implied_by_prices(facts, [153.13, 116.66], 24.49, draws=200)
    said = words(market_charts.value_distribution(document, growth).svg)
    assert "116.66:" in said
    assert "153.13:" in said
    assert "implies 31 % a year" in said
    assert "implies" not in words(market_charts.value_distribution(document).svg)


def test_every_picture_takes_the_ink_of_the_page():
    document = rack_forecasts.question(shipped(), 2025, DAY, draws=500)
    assert "currentColor" in market_charts.published_forecasts(document).svg
