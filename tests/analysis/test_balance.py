from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.cases import small_case
from counterpoise.analysis.balance import balance, flagship_chips, night_blocks
from counterpoise.planning.problem import Problem
from counterpoise.planning.solve import solve


@settings(max_examples=3, deadline=None)
@given(st.floats(0.5, 8.0))
def test_every_chip_hour_held_serves_trains_or_is_idle(peak: float) -> None:
    case = small_case(peak=peak)
    plan = solve(case)
    found = balance(case, plan)
    held = sum(
        case.pools[pool].chips_per_system * (use.owned[t] + use.reserved[t] + use.rented[t][b]) * hours * 91.0
        for pool, use in plan.pools.items()
        for t in range(4)
        for b, hours in enumerate((14.0, 10.0))
    )
    parts = found.serving_chip_hours + found.training_chip_hours + found.idle_chip_hours
    assert parts == pytest.approx(held)
    assert sum(x.serving_chip_hours for x in found.blocks) == pytest.approx(found.serving_chip_hours)
    assert 0 <= found.busy_share <= 1
    assert len(found.blocks) == 8


def test_the_night_is_when_serving_asks_for_less() -> None:
    assert night_blocks(small_case()) == (1,)
    found = balance(small_case(), solve(small_case()))
    assert found.night_blocks == ("night",)
    assert 0 < found.night_filled_share < 1


def owned_only(train: bool) -> Problem:
    """Boxes that must be owned, with or without training."""
    case = small_case()
    buys = {k: replace(b, lead_periods=0) for k, b in case.buys.items()}
    case = replace(case, buys=buys, rents={}, reserves={}, substitutes={})
    return case if train else replace(case, training={}, training_demand={})


def test_training_fills_the_valleys_of_serving() -> None:
    with_training, without = (owned_only(train) for train in (True, False))
    plan, bare = solve(with_training), solve(without)
    busy = balance(with_training, plan)
    assert busy.busy_share > balance(without, bare).busy_share
    assert balance(without, bare).night_filled_share is None
    night = [x for x in busy.blocks if x.block == "night"]
    assert sum(x.training_chip_hours for x in night) > 0


def test_flagship_chips_are_counted_at_the_most_held() -> None:
    case = small_case()
    plan = solve(case)
    assert flagship_chips(case, plan) == 0.0
    pools = {k: replace(p, flagship=p.system == "H20") for k, p in case.pools.items()}
    marked = replace(case, pools=pools)
    most = flagship_chips(marked, plan)
    bought = sum(sum(row) for row in plan.buy.values())
    assert most >= 8 * bought > 0
