"""The rules that a forecast must beat."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.errors import Refused
from counterpoise.market import simple_rules
from counterpoise.market.members import MEMBERS, airline, seasonally_adjusted
from counterpoise.market.simple_rules import (
    LIBRARY,
    RULES,
    drift,
    growth_rule,
    log_drift,
    naive,
    seasonal_naive,
)

LEVELS = st.lists(st.floats(1, 10), min_size=16, max_size=24).map(np.array)
SEASON = np.array([0.1, -0.2, 0.05, 0.05])


def test_naive_repeats_and_seasonal_naive_repeats_the_year():
    history = np.array([1.0, 2, 3, 4, 5, 6])
    assert naive(history, 3).tolist() == [6, 6, 6]
    assert seasonal_naive(history, 6).tolist() == [3, 4, 5, 6, 3, 4]


def test_the_growth_rule_is_last_year_times_the_last_growth():
    history = np.array([1.0, 2, 3, 4, 2])
    assert growth_rule(history, 5).tolist() == [4, 6, 8, 4, 8]


def test_drift_draws_the_line_and_log_drift_the_curve():
    assert drift(np.array([1.0, 2, 4]), 2) == pytest.approx([5.5, 7])
    assert log_drift(np.array([1.0, 2, 4]), 2) == pytest.approx([8, 16])
    assert np.all(drift(np.array([9.0, 1.0]), 5) > 0)


@pytest.mark.parametrize("name", RULES)
@given(history=LEVELS, unit=st.floats(0.01, 100))
@settings(max_examples=3, deadline=None)
def test_every_rule_gives_positive_levels_in_the_unit_it_was_given(name, history, unit):
    ours, theirs = RULES[name](history, 4), RULES[name](history * unit, 4)
    assert ours.shape == (4,)
    assert np.all(ours > 0)
    if name != "ETS":  # its optimiser stops elsewhere
        assert theirs == pytest.approx(ours * unit, rel=1e-6)


@pytest.mark.parametrize("name", LIBRARY)
def test_library_models_extend_steady_growth(name):
    history = np.exp(0.03 * np.arange(24) + np.tile(SEASON, 6))
    expected = np.exp(0.03 * np.arange(24, 28) + SEASON)
    assert LIBRARY[name](history, 4) == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize("name", [*RULES, *LIBRARY])
def test_too_short_a_history_is_refused(name):
    if name != "naive":
        with pytest.raises(Refused, match="this rule needs"):
            RULES.get(name, LIBRARY.get(name))(np.array([1.0]), 2)


def test_without_statsmodels_its_rules_are_refused(monkeypatch):
    import importlib

    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(Refused, match="needs statsmodels"):
        simple_rules.ets(np.arange(1.0, 20), 1)


@pytest.mark.parametrize("name", sorted(MEMBERS.keys() - {"theta", "damped trend"}))
def test_members_extend_steady_growth(name):
    logs = 0.04 * np.arange(24)
    assert MEMBERS[name](logs, 4) == pytest.approx(0.04 * np.arange(24, 28), abs=1e-9)


def test_growth_fades_in_a_damped_trend_and_is_halved_by_theta():
    logs = 0.04 * np.arange(24)
    damped, halved = (np.diff(MEMBERS[name](logs, 5)) for name in ("damped trend", "theta"))
    assert halved == pytest.approx(np.full(4, 0.02))
    assert np.all((damped > 0.02) & (damped < 0.04))
    assert np.all(np.diff(damped) < 0)


@pytest.mark.parametrize("name", ["growth rule", "adjusted drift", "smoothed drift", "airline"])
def test_seasonal_members_extend_growth_with_a_season(name):
    logs = 0.04 * np.arange(28) + np.tile(SEASON, 7)
    assert MEMBERS[name](logs, 4) == pytest.approx(0.04 * np.arange(28, 32) + SEASON, abs=0.03)


def test_a_season_that_noise_could_make_is_not_believed():
    noise = np.random.Generator(np.random.PCG64(5)).normal(size=24) * 0.1
    adjusted, coming = seasonally_adjusted(noise, 4)
    clear, clear_coming = seasonally_adjusted(noise + np.tile(10 * SEASON, 6), 4)
    assert np.abs(coming).max() < 0.05
    assert clear_coming == pytest.approx(10 * SEASON, abs=0.25)
    assert adjusted.shape == clear.shape == (24,)


def test_one_year_shows_no_season():
    logs = np.tile(SEASON, 2)
    assert seasonally_adjusted(logs, 4)[1].tolist() == [0, 0, 0, 0]


def test_the_airline_model_without_averaging_is_the_growth_rule_on_its_own_change():
    logs = np.cumsum(np.tile([0.3, -0.1, 0.2, 0.1], 6))
    assert airline(logs, 4) == pytest.approx(logs[-4:] + (logs[-1] - logs[-5]))
