"""What an efficiency gain does to hardware demand hangs on one elasticity."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.errors import BadInput
from counterpoise.market import break_even

gains = st.floats(1.01, 1000)
elasticities = st.floats(-1, 4)
ratios = st.floats(0.01, 100)


@pytest.mark.parametrize(("elasticity", "ratio"), [(0.8, "0.631"), (1.0, "1.000"), (1.1, "1.259")])
def test_ten_times_the_efficiency_gives_the_ratios_of_the_case(elasticity, ratio):
    assert f"{float(break_even.demand_ratio(10.0, elasticity)):.3f}" == ratio


@given(gains)
def test_at_an_elasticity_of_one_demand_does_not_depend_on_the_gain(gain):
    assert break_even.demand_ratio(gain, break_even.BREAK_EVEN) == 1.0


@given(gains, elasticities, st.floats(0.1, 3))
def test_demand_rises_with_the_elasticity(gain, elasticity, more):
    assert break_even.demand_ratio(gain, elasticity + more) > break_even.demand_ratio(gain, elasticity)


@given(gains, ratios, ratios)
def test_the_elasticity_of_a_change_gives_that_change(gain, ratio, growth):
    elasticity = break_even.elasticity_for(ratio, gain, growth)
    assert break_even.demand_ratio(gain, elasticity, growth) == pytest.approx(ratio, rel=1e-9)


@given(gains, st.floats(1.001, 50))
def test_other_growth_lets_demand_stay_flat_at_a_lower_elasticity(gain, growth):
    flat = float(break_even.flat_elasticity(gain, growth))
    assert flat < 1.0
    assert flat == pytest.approx(1.0 - np.log(growth) / np.log(gain))


def test_the_cut_of_ten_thousand_racks_needs_an_elasticity_below_one_at_any_gain():
    document = break_even.question(
        np.array([0.8, 1.2]), np.array([10.0, 10.0]), cut_from_racks=32_500, cut_to_racks=22_500
    )
    needed = [row["elasticity"] for row in document["cut"]["elasticity_by_gain"]]
    assert needed == sorted(needed)
    assert max(needed) < 1.0
    assert document["cut"]["demand_ratio"] == pytest.approx(22.5 / 32.5)


def test_the_fan_counts_the_draws_in_which_demand_falls():
    elasticity = np.array([0.5, 0.9, 1.1, 1.5])
    fan = break_even.fan(elasticity, np.full(4, 10.0), cut=0.5)
    assert fan.probability_falls == 0.5
    assert fan.probability_below_cut == 0.25
    assert list(fan.quantiles.values()) == sorted(fan.quantiles.values())


def test_over_a_grid_neither_a_gain_of_one_nor_an_elasticity_of_one_changes_demand():
    gains, elasticities = np.array([[1.0, 10.0]]), np.array([[0.8], [1.0], [1.1]])
    grid = break_even.demand_ratio(gains, elasticities)
    assert grid.shape == (3, 2)
    assert grid[:, 0] == pytest.approx(1.0)
    assert grid[1] == pytest.approx(1.0)


@pytest.mark.parametrize("gain", [0.0, -1.0, np.nan])
def test_a_gain_that_is_no_factor_is_refused(gain):
    with pytest.raises(BadInput, match="gain is not above 0"):
        break_even.demand_ratio(gain, 1.0)


def test_no_elasticity_makes_a_gain_of_one_change_demand():
    with pytest.raises(BadInput, match="changes nothing"):
        break_even.elasticity_for(0.7, 1.0)


def test_a_fan_of_no_draws_is_refused():
    with pytest.raises(BadInput, match="no draws"):
        break_even.fan(np.array([]), np.array([]))
