"""A pool of published forecasts of racks: who counts, how much, and how wide."""

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.errors import Refused
from counterpoise.market import published, rack_forecasts, rack_statements, rival_racks
from counterpoise.market.facts import Statement
from counterpoise.market.load import shipped
from counterpoise.market.scores import crps

DAY, YEAR, JUDGED = date(2025, 2, 3), 2025, date(2026, 6, 30)
STATEMENTS = shipped().statements


def said(by, low, high, day, *, topic="racks", unit="racks", period="2025", origin="", about="racks"):
    return Statement(topic, by, about, period, low, high, unit, day, "sourced", "page", "", origin)


def test_kuo_and_digitimes_of_january_are_one_source():
    pool = published.pool(STATEMENTS, YEAR, DAY)
    houses = [m.by for m in pool.members]
    assert sum("Kuo" in h or "DigiTimes" in h for h in houses) == 1
    assert any("one source" in why for _, why in pool.left_out)


def test_a_house_stands_by_its_latest_forecast():
    pool = published.pool(STATEMENTS, YEAR, DAY)
    (bank,) = [m for m in pool.members if m.by == "Morgan Stanley"]
    assert (bank.low_racks, bank.high_racks) == (20_000, 25_000)


def test_the_best_available_outcome_is_no_forecast():
    late = published.pool(STATEMENTS, YEAR, date(2025, 12, 31))
    assert all("outcome" not in m.by for m in late.members)


def test_packages_become_racks_of_72():
    pool = published.pool(STATEMENTS, YEAR, DAY)
    (checks,) = [m for m in pool.members if m.statement.topic == "gpu_packages"]
    assert checks.low_racks == pytest.approx(2.5e6 / 72)


def test_the_pool_is_wider_than_the_fresh_forecasts_in_it():
    pool = published.pool(STATEMENTS, YEAR, DAY)
    fresh = [m for m in pool.members if m.age_months <= 6]
    low, high = np.quantile(pool.samples, [0.1, 0.9])
    assert low < min(m.low_racks for m in fresh)
    assert high > max(m.high_racks for m in fresh)


def test_the_pool_does_not_know_what_became_public_later():
    altered = [
        replace(s, low=7.0, high=9e6, note="altered") if s.known_on > DAY and s.low is not None else s
        for s in STATEMENTS
    ]
    before, after = published.pool(STATEMENTS, YEAR, DAY), published.pool(altered, YEAR, DAY)
    assert before.samples.tobytes() == after.samples.tobytes()
    assert before.basis == after.basis


def test_the_same_seed_gives_the_same_bytes_and_another_another_order():
    one, same, other = (published.pool(STATEMENTS, YEAR, DAY, 500, seed).samples for seed in (1, 1, 2))
    assert one.tobytes() == same.tobytes()
    assert one.tobytes() != other.tobytes()
    assert np.array_equal(np.sort(one), np.sort(other))


def test_bands_are_a_partition():
    bands = published.bands(np.array([10_000, 20_000, 24_999, 27_000, 31_000, 35_000, 90_000.0]))
    assert list(bands.values()) == pytest.approx([1 / 7, 2 / 7, 1 / 7, 1 / 7, 2 / 7])


@given(st.integers(0, 330))
def test_an_older_forecast_of_equal_width_never_weighs_more(days):
    day = date(2025, 1, 31)
    old = date.fromordinal(day.toordinal() - days)
    facts = [said("old", 30_000, 30_000, old), said("new", 20_000, 20_000, day)]
    weights = {m.by: m.weight for m in published.pool(facts, YEAR, day, 100).members}
    assert weights["old"] <= weights["new"]
    assert sum(weights.values()) == pytest.approx(1.0)


def test_a_forecast_loses_half_its_weight_in_three_months_and_is_dropped_after_twelve():
    day = date(2025, 12, 1)
    facts = [
        said("new", 30_000, 30_000, day),
        said("three months", 30_000, 30_000, date(2025, 9, 1)),
        said("too old", 30_000, 30_000, date(2024, 11, 1)),
    ]
    pool = published.pool(facts, YEAR, day, 100)
    weights = {m.by: m.weight for m in pool.members}
    assert weights["three months"] / weights["new"] == pytest.approx(0.5, abs=0.01)
    assert [why for _, why in pool.left_out] == ["older than twelve months"]


@given(st.floats(5_000, 60_000), st.floats(1.0, 2.0))
def test_a_stated_range_is_the_middle_half_of_a_house_before_its_errors(low, factor):
    one = published.member(said("house", low, low * factor, DAY), YEAR, DAY, 0.0)
    lower, upper = one.quantiles(np.array([0.25, 0.75]))
    assert (lower, upper) == pytest.approx((low, low * factor))


def test_a_forecast_made_earlier_is_spread_further():
    early, late = (
        published.member(said("house", 30_000, 30_000, day), YEAR, DAY, 0.4)
        for day in (date(2024, 5, 1), date(2025, 11, 1))
    )
    assert early.log_sigma > late.log_sigma


def test_over_a_figure_reaches_upwards_only():
    one = published.member(said("house", 30_000, 30_000, DAY, unit="racks (over)"), YEAR, DAY, 0.3)
    assert one.kind == "lower bound"
    assert one.median_racks > 30_000


def test_past_errors_use_only_what_was_public():
    then = [s for s in STATEMENTS if s.known_on <= DAY]
    errors = rack_statements.past_errors(then, YEAR)
    assert len(errors) == 5
    assert rack_statements.year_ahead_sigma(then, YEAR) == pytest.approx(
        math.sqrt(sum(e.log_error**2 for e in errors) / 5)
    )


def test_a_figure_of_zero_teaches_no_error():
    old, new = said("A", 0, 0, DAY, topic="racks_replaced"), said("A", 20_000, 20_000, DAY)
    missed = said("B", 0, 0.5, DAY, topic="forecast_error", unit="x", period="2024")
    assert rack_statements.past_errors([old, new, missed], YEAR) == ()


def test_without_past_errors_the_spread_is_assumed():
    facts = [said("house", 30_000, 30_000, DAY)]
    assert rack_statements.year_ahead_sigma(facts, YEAR) == rack_statements.FALLBACK_SIGMA


def test_a_year_of_which_nothing_was_published_is_refused():
    with pytest.raises(Refused, match="no forecast of racks in 2031"):
        published.pool(STATEMENTS, 2031, DAY)


def test_another_period_is_not_the_year():
    facts = [said("a", 9_000, 9_000, DAY, period="1H 2025"), said("b", 30_000, 30_000, DAY, period="FY2026")]
    assert rack_statements.forecasts_of(facts, YEAR) == []


def test_the_score_against_a_point_is_the_crps():
    samples = np.random.default_rng(0).lognormal(10, 0.3, 2_000)
    assert rival_racks.crps_over_range(samples, 29_000, 29_000) == pytest.approx(crps(samples, 29_000))


def test_the_score_against_a_range_is_the_mean_over_it():
    point = np.full(1_000, 29_000.0)
    assert rival_racks.crps_over_range(point, 28_000, 30_000) == pytest.approx(500, rel=0.01)
    assert rival_racks.crps_over_range(point, 20_000, 22_000) == pytest.approx(8_000)


def test_every_rival_is_spread_by_the_rule_of_the_pool():
    found = {r.name: r for r in rival_racks.rivals(STATEMENTS, YEAR, DAY)}
    assert {published.NAME, rival_racks.CONSENSUS, "Morgan Stanley", "HSBC"} <= set(found)
    assert "Morgan Stanley, 2025-01-31 (replaced)" in found
    assert not any("DigiTimes" in name for name in found)
    cut = found["Morgan Stanley"]
    assert np.ptp(cut.as_stated) <= 5_000
    assert np.subtract(*np.quantile(cut.samples, [0.9, 0.1])) > 5_000


def test_a_changed_outcome_changes_the_order_of_the_scores():
    found = rival_racks.rivals(STATEMENTS, YEAR, DAY)
    outcome = published.outcome(STATEMENTS, YEAR, JUDGED)
    low = replace(outcome, low=15_000.0, high=16_000.0)
    high = replace(outcome, low=45_000.0, high=46_000.0)
    (first_low, *_), (first_high, *_) = rival_racks.scores(found, low), rival_racks.scores(found, high)
    assert first_low.name == "Morgan Stanley"
    assert first_high.name == "supply chain (UDN)"


def test_an_outcome_in_words_gives_no_score():
    words = replace(published.outcome(STATEMENTS, YEAR, JUDGED), low=None, high=None)
    with pytest.raises(Refused, match="words"):
        rival_racks.scores(rival_racks.rivals(STATEMENTS, YEAR, DAY), words)


def test_the_outcome_is_not_known_before_its_day():
    assert published.outcome(STATEMENTS, YEAR, date(2025, 11, 30)) is None
    assert rack_forecasts.question(shipped(), YEAR, DAY)["scores"] is None


def test_the_document_says_forecast_members_and_scores():
    document = rack_forecasts.question(shipped(), YEAR, DAY, judged_on=JUDGED, draws=2_000)
    assert sum(document["probability"].values()) == pytest.approx(1.0)
    assert sum(m["weight"] for m in document["members"]) == pytest.approx(1.0)
    scores = [s["crps_racks"] for s in document["scores"]]
    assert scores == sorted(scores)
    assert {f["later_than_as_of"] for f in document["forecasts"]} == {True, False}
    assert document["pool_by_month"][-1]["day"] == "2025-12-31"
