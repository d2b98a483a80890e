"""Turning points by Bry and Boschan's rule with a depth."""

import itertools
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.market.baskets import TOP4, total, year_on_year
from counterpoise.market.calendar import Quarter
from counterpoise.market.cycles import (
    GROWTH_DEPTH,
    LEAST_CYCLE,
    LEAST_PHASE,
    LEVEL_DEPTH,
    detections,
    phase,
    turns,
)
from counterpoise.market.load import shipped

START = Quarter(2010, 1)


def series(values):
    return {START + n: float(v) for n, v in enumerate(values)}


def named(found):
    return [(turn.kind, turn.quarter - START) for turn in found]


def test_a_wave_turns_at_its_peaks_and_troughs():
    assert named(turns(series([0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 4, 3, 2]))) == [
        ("peak", 3),
        ("trough", 6),
        ("peak", 10),
    ]


def test_a_series_that_only_rises_has_no_turn():
    assert turns(series(range(20))) == []
    assert phase(series(range(20))).name == "not known"


def test_a_turn_is_not_seen_before_two_quarters_after_it():
    wave = [0, 1, 2, 3, 2, 1]
    assert turns(series(wave[:5])) == []
    assert named(turns(series(wave))) == [("peak", 3)]
    (seen,), withdrawn = detections(series(wave))
    assert (seen.lag_quarters, withdrawn) == (2, [])


def test_a_peak_that_is_passed_later_is_taken_back():
    wave = [0, 1, 2, 3, 2.5, 2.9, 5, 6, 7, 8]
    kept, withdrawn = detections(series(wave))
    assert kept == []
    assert named(withdrawn) == [("peak", 3)]


def test_a_shallow_phase_does_not_count():
    wave = [0, 2, 4, 6, 5.9, 5.8, 7, 8, 9, 6, 3, 1, 0]
    assert named(turns(series(wave))) == [("peak", 3), ("trough", 5), ("peak", 8)]
    assert named(turns(series(wave), depth=1.0)) == [("peak", 8)]


def test_the_open_phase_needs_its_depth_too():
    falling = series([0, 1, 2, 3, 2.9, 2.8])
    assert named(turns(falling)) == [("peak", 3)]
    assert turns(falling, depth=0.5) == []


@given(st.lists(st.integers(-20, 20), max_size=40), st.floats(0, 15))
@settings(deadline=None)
def test_turns_keep_every_rule(values, depth):
    found = turns(series(values), depth)
    for earlier, later in itertools.pairwise(found):
        assert earlier.kind != later.kind
        assert later.quarter - earlier.quarter >= LEAST_PHASE
        assert later.depth >= depth
        rise = later.value - earlier.value
        assert rise > 0 if later.kind == "peak" else rise < 0
    for first, third in zip(found, found[2:], strict=False):
        assert third.quarter - first.quarter >= LEAST_CYCLE


@given(st.lists(st.integers(-20, 20), max_size=40), st.floats(0, 15))
@settings(deadline=None)
def test_upside_down_peaks_are_troughs(values, depth):
    other = {"peak": "trough", "trough": "peak"}
    up, down = turns(series(values), depth), turns(series([-v for v in values]), depth)
    assert named(up) == [(other[kind], at) for kind, at in named(down)]


def test_spending_of_the_four_large_clouds_fell_once():
    spent = total(shipped(), TOP4)
    level = turns({q: math.log(v) for q, v in spent.items()}, LEVEL_DEPTH)
    assert [(t.kind, str(t.quarter)) for t in level] == [("peak", "2022Q4"), ("trough", "2023Q2")]


def test_growth_of_the_four_large_clouds_turned_five_times():
    growth = year_on_year(total(shipped(), TOP4))
    assert [(t.kind[0], str(t.quarter)) for t in turns(growth, GROWTH_DEPTH)] == [
        ("t", "2017Q1"),
        ("p", "2018Q1"),
        ("t", "2019Q1"),
        ("p", "2020Q4"),
        ("t", "2023Q2"),
    ]
    assert phase(growth, GROWTH_DEPTH).name == "rising"
