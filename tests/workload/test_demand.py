"""Demand by quarter and block, and how the day is cut."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.workload.calendar import HOURS, block_of, quarter_start, quarters
from counterpoise.workload.demand import day_blocks, mean_to_peak, peak_requests_per_s
from counterpoise.workload.records import Serving

FLAT = (1.0,) * HOURS
EVENING = (0.2,) * 18 + (1.0,) * 6


def serving(id_="a", peak=2.0, profile=FLAT, growth=0.0, tokens=1000.0):
    return Serving(
        id=id_,
        use_case="own",
        peak_requests_per_s=peak,
        growth_per_quarter=growth,
        input_tokens=tokens,
        output_tokens=tokens,
        cached_prefix=0.0,
        repeat_share=0.0,
        profile=profile,
        ttft_s=1.0,
        tpot_s=0.05,
        percentile=90.0,
        quality={},
        routing=None,
        api_allowed=True,
    )


profiles = st.lists(st.integers(0, 20), min_size=HOURS, max_size=HOURS).map(
    lambda loads: (*(load / 20 for load in loads[:-1]), 1.0)
)
workloads = st.lists(st.builds(serving, peak=st.floats(0.1, 50), profile=profiles), min_size=1, max_size=4)


def test_demand_grows_by_its_rate_every_quarter():
    periods = quarters(date(2025, 1, 1), 3, 0.08)
    peaks = peak_requests_per_s(serving(growth=0.5), periods, [block_of(tuple(range(24)))])
    assert peaks == ((2.0,), (3.0,), (4.5,))


def test_a_block_is_planned_at_its_busiest_hour_and_paid_at_its_mean():
    blocks = [block_of(tuple(range(12))), block_of(tuple(range(12, 24)))]
    app = serving(profile=EVENING)
    assert peak_requests_per_s(app, quarters(date(2025, 1, 1), 1, 0.0), blocks) == ((0.4, 2.0),)
    assert mean_to_peak(app, blocks) == pytest.approx((1.0, 0.6))


def test_a_block_without_load_counts_as_its_own_mean():
    idle = serving(profile=(0.0,) * 12 + (1.0,) * 12)
    assert mean_to_peak(idle, [block_of(tuple(range(12)))]) == (1.0,)


def test_blocks_follow_the_step_of_the_profile():
    labels = [block.label for block in day_blocks([serving(profile=EVENING)], 2)]
    assert labels == ["00-18", "18-00"]


def test_a_night_that_holds_midnight_is_one_block():
    night = tuple(1.0 if 8 <= h < 22 else 0.1 for h in range(HOURS))
    assert {b.label for b in day_blocks([serving(profile=night)], 2)} == {"08-22", "22-08"}


@pytest.mark.parametrize("given_", [[], [serving()]])
def test_a_flat_day_is_cut_evenly_from_midnight(given_):
    assert [b.label for b in day_blocks(given_, 4)] == ["00-06", "06-12", "12-18", "18-00"]


@given(workloads, st.integers(1, HOURS))
def test_blocks_cover_each_hour_once(group, count):
    blocks = day_blocks(group, count)
    assert len(blocks) == count
    assert sorted(h for b in blocks for h in b.hours_of_day) == list(range(HOURS))


@given(workloads, st.randoms(use_true_random=False))
def test_order_and_halves_of_workloads_do_not_move_the_blocks(group, random):
    shuffled = group[:]
    random.shuffle(shuffled)
    halves = [replace(w, peak_requests_per_s=w.peak_requests_per_s / 2) for w in shuffled for _ in (0, 1)]
    assert day_blocks(group, 4) == day_blocks(shuffled, 4) == day_blocks(halves, 4)


def overbuilt(workload, blocks):
    return sum(b.hours * max(workload.profile[h] for h in b.hours_of_day) for b in blocks)


@given(profiles, st.lists(st.integers(0, 23), min_size=3, max_size=3, unique=True))
def test_no_cut_of_three_blocks_wastes_less(profile, starts):
    app = serving(profile=profile)
    first, second, third = sorted(starts)
    rival = [
        block_of(tuple(range(first, second))),
        block_of(tuple(range(second, third))),
        block_of(tuple(h % HOURS for h in range(third, first + HOURS))),
    ]
    assert overbuilt(app, day_blocks([app], 3)) <= overbuilt(app, rival) + 1e-7


def test_quarters_have_the_days_of_the_calendar_and_discount_by_the_year():
    periods = quarters(date(2024, 1, 1), 5, 0.21)
    assert [p.label for p in periods] == ["2024Q1", "2024Q2", "2024Q3", "2024Q4", "2025Q1"]
    assert sum(p.days for p in periods[:4]) == 366
    assert periods[4].discount == pytest.approx(1 / 1.21)
    assert quarter_start("2025Q3") == date(2025, 7, 1)
    assert quarter_start("2025Q5") is None
