from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.errors import BadInput, Refused, UnknownName
from counterpoise.market import priors, sampling
from counterpoise.market.priors import COLUMNS, Prior

REPLAY = date(2025, 2, 3)
HEADER = ",".join(COLUMNS) + "\n"


def prior(distribution="lognormal", low=1.0, mid=2.0, high=5.0, name="a", unit="x"):
    return Prior(name, distribution, low, mid, high, unit, "somebody", REPLAY, "assumed")


def test_no_prior_of_the_replay_is_dated_later_and_each_names_its_source():
    found = priors.as_of(REPLAY)
    assert all(p.known_on <= REPLAY and p.source for p in found.values())


def test_later_vintages_change_nothing_before_their_day():
    everything = priors.shipped()
    assert any(p.known_on > REPLAY for p in everything.priors)
    by_then = priors.Vintages(tuple(p for p in everything.priors if p.known_on <= REPLAY))
    assert everything.as_of(REPLAY) == by_then.as_of(REPLAY)


def test_a_later_day_takes_the_later_vintage():
    assert priors.as_of(REPLAY)["rack_assembly_per_year"].known_on == date(2024, 10, 8)
    assert priors.as_of(date(2025, 9, 1))["rack_assembly_per_year"].known_on == date(2025, 8, 27)


def test_a_day_before_anything_was_known_is_refused():
    with pytest.raises(Refused, match="nothing is known of"):
        priors.as_of(date(2024, 1, 1))


def test_the_prior_of_the_elasticity_is_wide_and_says_that_nothing_was_published():
    elasticity = priors.as_of(REPLAY)["elasticity"]
    assert elasticity.kind == "assumed"
    assert elasticity.low < 0.8 < 1.1 < elasticity.high


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        ("elasticity=0.8", "elasticity", 0.8),
        ("efficiency_shock=10x", "efficiency_shock", 10.0),
        ("ai_share=30 %", "ai_share", 0.3),
        ("cowos_end_2025=75k", "cowos_end_2025", 75e3),
        ("cowos_end_2025 = 75k wafers/month", "cowos_end_2025", 75e3),
        ("efficiency_shock_year=2025Q3", "efficiency_shock_year", 2025.5),
        ("top4_capex_growth=-5%", "top4_capex_growth", -0.05),
    ],
)
def test_a_prior_is_set_in_words(words, name, value):
    changed = priors.set(priors.as_of(REPLAY), words)
    assert (changed[name].mid, changed[name].kind, changed[name].is_point) == (
        pytest.approx(value),
        "set",
        True,
    )


def test_setting_the_elasticity_means_both_kinds_of_work():
    changed = priors.set(priors.as_of(REPLAY), "elasticity=0.8")
    assert changed["elasticity_training_offset"].mid == changed["elasticity_serving_offset"].high == 0.0
    own = priors.set(priors.set(priors.as_of(REPLAY), "elasticity_training_offset=0.1"), "elasticity=0.8")
    assert own["elasticity_training_offset"].mid == 0.1


def test_three_values_are_quantiles():
    changed = priors.set(priors.as_of(REPLAY), "elasticity=0.6/0.8/1.1")["elasticity"]
    assert (changed.low, changed.mid, changed.high, changed.distribution) == (0.6, 0.8, 1.1, "lognormal")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("elasticty=1", "Did you mean elasticity"),
        ("elasticity", "NAME=VALUE"),
        ("elasticity=10x", "not in elasticity"),
        ("elasticity=-1", "above 0"),
        ("ai_share=140 %", "is a share"),
        ("ai_share=lots", "not a number"),
        ("elasticity=1/2", "2 values"),
        ("elasticity=3/2/1", "out of order"),
    ],
)
def test_what_cannot_be_set_is_refused_with_what_to_do(words, said):
    with pytest.raises((BadInput, UnknownName), match=said):
        priors.set(priors.as_of(REPLAY), words)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a,lognormal,3,2,5,x,assumed,2025-01-01,s,", "own.csv, line 2, mid: 3, 2, 5 are out of order"),
        ("a,lognormal,-1,2,5,x,assumed,2025-01-01,s,", "above 0"),
        ("a,logitnormal,0.2,0.5,1.2,fraction,assumed,2025-01-01,s,", "is a share"),
        ("a,uniform,1,2,5,x,assumed,2025-01-01,s,", "not in the middle"),
        ("a,point,1,2,5,x,assumed,2025-01-01,s,", "one value"),
        ("a,lognormal,1,2,5,x,guessed,2025-01-01,s,", "unknown kind"),
        ("a,lognormal,1,2,5,x,set,2025-01-01,s,", "unknown kind"),
        ("a,lognormal,1,2,5,x,assumed,2025-01-01,,", "column source is empty"),
        ("a,lognormal,1,two,5,x,assumed,2025-01-01,s,", "not a number"),
        ("a,point,1,1,1,x,assumed,2025-01-01,s,\na,point,2,2,2,x,assumed,2025-01-01,s,", "twice"),
    ],
)
def test_a_mistake_in_a_table_of_priors_names_its_place(row, said):
    with pytest.raises(BadInput, match=said):
        priors.read((HEADER + row + "\n").encode(), "own.csv")


@pytest.mark.parametrize(
    ("distribution", "low", "mid", "high"),
    [
        ("normal", -1.0, 2.0, 3.0),
        ("lognormal", 1.0, 2.0, 9.0),
        ("logitnormal", 0.1, 0.7, 0.8),
        ("uniform", 1.0, 2.0, 3.0),
    ],
)
def test_all_three_quantiles_hold_exactly(distribution, low, mid, high):
    z = np.array([-sampling.Z90, 0.0, sampling.Z90])
    values = sampling.quantiles_at([prior(distribution, low, mid, high)], z[None, :])[0]
    np.testing.assert_allclose(values, [low, mid, high], rtol=1e-12)
    drawn = sampling.sample({"a": prior(distribution, low, mid, high)}, 40_000)["a"]
    np.testing.assert_allclose(
        np.mean(drawn[:, None] <= [low, mid, high], axis=0), [0.1, 0.5, 0.9], atol=0.01
    )


@given(st.integers(0, 2**32), st.integers(1, 300))
def test_adding_a_prior_leaves_the_draws_of_others_unchanged(seed, draws):
    alone = sampling.sample({"a": prior()}, draws, seed)
    together = sampling.sample(
        {"b": prior("normal", name="b"), "a": prior(), "c": prior(name="c")}, draws, seed
    )
    assert alone["a"].tobytes() == together["a"].tobytes()
    assert draws == 1 or together["a"].tobytes() != together["c"].tobytes()


def test_draws_come_in_pairs_around_the_median():
    drawn = np.log(sampling.sample({"a": prior(low=1.0, mid=2.0, high=4.0)}, 11)["a"] / 2.0)
    np.testing.assert_allclose(drawn[:5], -drawn[6:], rtol=1e-12)
