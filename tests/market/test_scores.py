"""Scores agree with their closed forms, are proper, and say what they are worth."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from counterpoise.market.scores import (
    absolute_percentage_error,
    brier,
    coverage,
    crps,
    interval_score,
    log_interval_score,
    paired_test,
)

GRID = stats.norm.ppf((np.arange(4000) + 0.5) / 4000)
SMALL = st.floats(-5, 5)


@given(SMALL, st.floats(0.1, 3), SMALL)
@settings(max_examples=40, deadline=None)
def test_crps_of_a_normal_sample_is_the_closed_form(mean, deviation, actual):
    z = (actual - mean) / deviation
    closed = deviation * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / math.sqrt(math.pi))
    assert crps(mean + deviation * GRID, actual) == pytest.approx(closed, abs=2e-3 * deviation)


@given(SMALL, SMALL)
def test_crps_of_a_point_is_the_absolute_error(point, actual):
    assert crps([point], actual) == pytest.approx(abs(point - actual))


@given(st.lists(SMALL, min_size=1, max_size=20), SMALL)
def test_crps_is_the_double_sum(sample, actual):
    x = np.array(sample)
    double = np.abs(x - actual).mean() - np.abs(x[:, None] - x[None, :]).mean() / 2
    assert crps(sample, actual) == pytest.approx(double, abs=1e-9)


@given(SMALL, st.floats(0.2, 3))
@settings(max_examples=25, deadline=None)
def test_crps_is_least_on_average_for_the_truth(shift, stretch):
    actuals = GRID[::40]
    truth = np.mean([crps(GRID[::8], y) for y in actuals])
    other = np.mean([crps(shift + stretch * GRID[::8], y) for y in actuals])
    assert truth <= other + 1e-6


@given(st.floats(0, 1), st.floats(0, 1))
def test_brier_is_least_on_average_for_the_true_probability(truth, said):
    def expected(p):
        return truth * brier(p, True) + (1 - truth) * brier(p, False)

    assert expected(truth) <= expected(said) + 1e-12


@given(SMALL, SMALL)
@settings(max_examples=25, deadline=None)
def test_the_interval_score_is_least_on_average_for_the_true_quantiles(a, b):
    low, high = min(a, b), max(a, b)

    def expected(lower, upper):
        return np.mean([interval_score(lower, upper, y, 0.8) for y in GRID[::10]])

    assert expected(stats.norm.ppf(0.1), stats.norm.ppf(0.9)) <= expected(low, high) + 1e-3


def test_an_interval_is_charged_for_its_width_and_ten_times_for_what_it_misses_by():
    assert interval_score(1, 3, 2, 0.8) == 2
    assert interval_score(1, 3, 4, 0.8) == pytest.approx(2 + 10)
    assert interval_score(1, 3, 0.5, 0.8) == pytest.approx(2 + 5)
    assert log_interval_score(1, math.e, math.e**2, 0.8) == pytest.approx(1 + 10)


@given(st.floats(0.1, 10), st.floats(1, 3), st.floats(0.1, 10), st.floats(0.01, 100))
def test_the_log_interval_score_does_not_know_the_unit(low, ratio, actual, unit):
    plain = log_interval_score(low, low * ratio, actual, 0.8)
    assert log_interval_score(low * unit, low * ratio * unit, actual * unit, 0.8) == pytest.approx(plain)


def test_percentage_errors_are_of_the_actual():
    assert absolute_percentage_error(150, 100) == pytest.approx(0.5)
    assert absolute_percentage_error(50, 100) == pytest.approx(0.5)


def test_coverage_of_overlapping_forecasts_is_less_certain():
    hits = [True] * 16 + [False] * 4
    assert coverage(hits) == pytest.approx((0.8, math.sqrt(0.8 * 0.2 / 20)))
    assert coverage(hits, overlap=4)[1] == pytest.approx(2 * coverage(hits)[1])


def test_all_inside_is_no_proof_that_none_could_be_outside():
    share, error = coverage([True] * 10)
    assert share == 1
    assert error > 0.05


def test_the_paired_test_without_overlap_is_a_t_test_of_the_differences():
    rng = np.random.Generator(np.random.PCG64(0))
    a, b = rng.normal(size=30), rng.normal(size=30) * 1.5
    found = paired_test(a, b)
    other = stats.ttest_1samp(np.abs(a) - np.abs(b), 0)
    # Harvey's factor sqrt((n - 1) / n) turns the variance over n into that over n - 1.
    assert found.statistic == pytest.approx(other.statistic)
    assert found.p_value == pytest.approx(other.pvalue)
    assert found.n == 30


@given(st.integers(1, 4), st.lists(st.tuples(SMALL, SMALL), min_size=10, max_size=25))
@settings(deadline=None)
def test_the_paired_test_is_the_same_from_the_other_side(overlap, pairs):
    a, b = np.array(pairs).T
    there, back = paired_test(a, b, overlap), paired_test(b, a, overlap)
    assert there.mean_difference == pytest.approx(-back.mean_difference)
    assert there.better == back.apart - back.better
    assert there.sign_p_value == pytest.approx(back.sign_p_value)
    assert (there.p_value is None) == (back.p_value is None)


def test_forecasts_that_are_the_same_cannot_be_told_apart():
    found = paired_test([1, 2, 3, 4], [1, 2, 3, 4])
    assert (found.statistic, found.p_value, found.sign_p_value) == (None, None, 1.0)


def test_the_sign_test_counts_only_errors_that_do_not_overlap():
    found = paired_test(np.zeros(12), np.ones(12), overlap=4)
    assert (found.apart, found.better, found.sign_p_value) == (3, 3, 0.25)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: crps([], 1.0),
        lambda: brier(1.2, True),
        lambda: interval_score(2, 1, 1, 0.8),
        lambda: interval_score(1, 2, 1, 80),
        lambda: coverage([]),
        lambda: paired_test([1, 2], [1, 2, 3]),
    ],
)
def test_what_cannot_be_scored_is_not_scored(wrong):
    with pytest.raises(ValueError, match=r"."):
        wrong()
