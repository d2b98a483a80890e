"""Power of chips and systems."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.catalogue.records import Chip, Figure, Provenance
from counterpoise.errors import Refused
from counterpoise.performance.power import chip_power_w, system_power_w

PROVENANCE = Provenance("a data sheet", dt.date(2023, 1, 1), "list")
H100 = Chip(
    "H100",
    "NVIDIA",
    "Hopper",
    "cuda",
    dt.date(2022, 10, 1),
    {"tdp_w": Figure(700, 700, 700, "W", PROVENANCE)},
    PROVENANCE,
)
shares = st.floats(0, 1)


@given(compute=shares, memory=shares)
def test_a_chip_draws_between_idle_and_its_rating(compute, memory):
    assert 0 < chip_power_w(H100, 0, 0) <= chip_power_w(H100, compute, memory) <= 700


@given(compute=shares, memory=shares, more=shares)
def test_a_busier_chip_never_draws_less(compute, memory, more):
    busier = compute + (1 - compute) * more
    assert chip_power_w(H100, busier, memory) >= chip_power_w(H100, compute, memory)


def test_a_training_node_peaks_at_82_percent_of_its_rating():
    node = system_power_w(H100, 8, 700.0, rated_w=10200.0)
    assert node / 10200 == pytest.approx(0.82, abs=0.01)


def test_an_idle_node_draws_about_1900_watts():
    assert system_power_w(H100, 8, chip_power_w(H100, 0, 0), rated_w=10200.0) == pytest.approx(1900, rel=0.05)


def test_sustained_decode_draws_400_to_550_watts_of_an_h100():
    assert 400 <= chip_power_w(H100, 0.05, 0.85) <= 550


def test_the_site_adds_its_pue_and_shapes_broadcast():
    bare = system_power_w(H100, np.array([8, 16]), 500.0)
    assert system_power_w(H100, np.array([8, 16]), 500.0, pue=1.3) == pytest.approx(1.3 * bare)
    assert bare[1] == pytest.approx(2 * bare[0])


def test_a_chip_of_unknown_power_is_refused():
    unknown = Chip("X1", "nobody", "X", "other", dt.date(2025, 1, 1), {}, PROVENANCE)
    with pytest.raises(Refused, match="X1 has no published power"):
        chip_power_w(unknown, 0.5, 0.5)
    with pytest.raises(Refused, match="X1 has no published power"):
        system_power_w(unknown, 8, 100.0)
