"""A table of points cut in parts: every point once, whoever computes it, and what repeats computed once."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.performance.table_parts import (
    PART_POINTS,
    THREAD_PARTS,
    column,
    distinct,
    each_part,
    parts_of,
)


@given(st.integers(0, 10_000), st.integers(1, 5_000))
def test_parts_cover_each_point_once_in_order_and_are_of_one_size(points, most):
    parts = parts_of(points, most)
    assert [i for p in parts for i in range(p.start, p.stop)] == list(range(points))
    sizes = {p.stop - p.start for p in parts}
    assert max(sizes, default=0) <= most
    assert not sizes or max(sizes) - min(sizes) <= 1


LARGE = THREAD_PARTS * PART_POINTS


@pytest.mark.parametrize(("threads", "most"), [(1, PART_POINTS), (2, LARGE), (5, LARGE)])
def test_answers_come_in_the_order_of_the_parts(threads, most):
    points = 3 * LARGE + 1
    assert each_part(points, lambda part: part, threads=threads) == parts_of(points, most)


def test_a_table_of_one_part_is_answered_where_it_was_asked_for():
    assert each_part(PART_POINTS, lambda _: threading.current_thread()) == [threading.current_thread()]
    assert threading.current_thread() not in each_part(
        2 * LARGE, lambda _: threading.current_thread(), threads=2
    )


@pytest.mark.parametrize(("threads", "size"), [(1, PART_POINTS), (3, LARGE)])
def test_what_the_first_failing_part_raises_is_raised(threads, size):
    def answer(part):
        if part.start:
            raise ValueError(part.start)

    with pytest.raises(ValueError, match=f"^{size}$"):
        each_part(4 * size, answer, threads=threads)


def test_a_table_without_points_has_no_parts():
    assert each_part(0, lambda part: part) == []


@given(st.lists(st.tuples(*[st.sampled_from([1.0, 2.0, 4.0])] * 3), min_size=1, max_size=60))
def test_distinct_rows_are_all_rows_and_each_once(rows):
    columns = np.array(rows).T
    first, row_of = distinct(*columns)
    found = columns[:, first]
    assert len({tuple(x) for x in found.T}) == first.size == len(set(rows))
    assert np.array_equal(found[:, row_of], columns)


@given(st.permutations(range(6)))
def test_the_order_of_points_does_not_change_which_rows_are_distinct_nor_their_order(order):
    values = np.array([4.0, 1.0, 2.0, 1.0, 4.0, 4.0])
    first, _ = distinct(values)
    again, _ = distinct(values[order])
    assert np.array_equal(values[first], values[order][again])


def test_a_column_is_what_broadcasting_and_flattening_make_of_it():
    shape = (3, 4)
    for values in (2.0, np.array([[1.0], [2.0], [3.0]]), np.arange(4.0), np.arange(12.0).reshape(shape)):
        assert np.array_equal(column(values, shape), np.broadcast_to(values, shape).ravel())
    assert column(2.0, (1000, 1000)).strides == (0,)
