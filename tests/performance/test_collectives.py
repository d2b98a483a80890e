"""Collectives: what holds on any fabric."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.performance.collectives import (
    Fabric,
    all_gather_s,
    all_reduce_s,
    all_to_all_s,
    point_to_point_s,
    reduce_scatter_s,
    split,
    two_level_all_gather_s,
    two_level_all_reduce_s,
    two_level_all_to_all_s,
    two_level_reduce_scatter_s,
)

ONE_LEVEL = (all_gather_s, all_reduce_s, all_to_all_s, reduce_scatter_s)
TWO_LEVEL = {
    two_level_all_gather_s: all_gather_s,
    two_level_all_reduce_s: all_reduce_s,
    two_level_all_to_all_s: all_to_all_s,
    two_level_reduce_scatter_s: reduce_scatter_s,
}
fabrics = st.builds(Fabric, st.floats(1e-7, 1e-4), st.floats(1e9, 1e13))
message_bytes = st.floats(0, 1e12)
group_sizes = st.integers(1, 16384)


@pytest.mark.parametrize("collective", ONE_LEVEL)
@given(fabric=fabrics, n=message_bytes)
def test_one_chip_costs_nothing(collective, fabric, n):
    assert collective(n, 1, fabric) == 0


@pytest.mark.parametrize("collective", ONE_LEVEL)
@given(fabric=fabrics, n=message_bytes, chips=group_sizes, factor=st.floats(1, 100))
def test_a_faster_fabric_is_never_slower(collective, fabric, n, chips, factor):
    faster = Fabric(fabric.latency_s / factor, fabric.bandwidth_bytes_per_s * factor)
    assert collective(n, chips, faster) <= collective(n, chips, fabric) * (1 + 1e-12)


@pytest.mark.parametrize("collective", ONE_LEVEL)
@given(fabric=fabrics, n=message_bytes, chips=group_sizes)
def test_more_bytes_never_take_less_and_no_time_is_negative(collective, fabric, n, chips):
    assert 0 <= collective(n, chips, fabric) <= collective(2 * n, chips, fabric)


@pytest.mark.parametrize(("nested", "flat"), TWO_LEVEL.items())
@given(inside=fabrics, between=fabrics, n=message_bytes, chips=group_sizes)
def test_two_levels_equal_one_where_a_domain_holds_all(nested, flat, inside, between, n, chips):
    assert nested(n, chips, chips, inside, between) == pytest.approx(flat(n, chips, inside), rel=1e-12)


@pytest.mark.parametrize("nested", TWO_LEVEL)
@given(inside=fabrics, n=message_bytes, chips=group_sizes, domain=st.sampled_from([1, 4, 8, 72]))
def test_a_slower_network_is_never_faster(nested, inside, n, chips, domain):
    slow = replace(inside, bandwidth_bytes_per_s=inside.bandwidth_bytes_per_s / 10)
    assert nested(n, chips, domain, inside, slow) >= nested(n, chips, domain, inside, inside) * (1 - 1e-12)


@given(fabric=fabrics, n=message_bytes, chips=group_sizes)
def test_an_all_reduce_costs_no_more_than_its_two_halves(fabric, n, chips):
    halves = reduce_scatter_s(n, chips, fabric) + all_gather_s(n, chips, fabric)
    assert all_reduce_s(n, chips, fabric) <= halves


def test_a_ring_of_eight_sends_seven_eighths_twice():
    nvlink = Fabric(0.0, 450e9)
    assert all_reduce_s(450e9, 8, nvlink) == pytest.approx(2 * 7 / 8)


def test_shapes_broadcast():
    fabric = Fabric(1e-6, 1e11)
    grid = two_level_all_reduce_s(np.ones((3, 1)) * 1e6, np.array([1, 8, 16, 64]), 8, fabric, fabric)
    assert grid.shape == (3, 4)
    assert (np.diff(grid, axis=1) > 0).all()


def test_a_message_of_no_bytes_is_not_sent():
    assert point_to_point_s(0, Fabric(1e-6, 1e9)) == 0
    assert point_to_point_s(1e9, Fabric(1e-6, 1e9)) == pytest.approx(1.000001)


def test_a_group_that_fills_nine_domains_is_split_so():
    inside, domains = split(144, 16)
    assert (inside, domains) == (16, 9)
