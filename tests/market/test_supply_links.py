"""From tightness to what a buyer meets, and a few scenarios in place of many draws."""

from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.errors import BadInput, Refused
from counterpoise.market import priors
from counterpoise.market.calendar import Quarter
from counterpoise.market.scenarios import mean, probabilities_given, reduce
from counterpoise.market.supply_links import (
    PRICE_RANGE,
    RENT_RANGE,
    TIGHTNESS_RANGE,
    Effects,
    MarketPaths,
    effects,
    links_as_of,
    shipped_links,
)

FIRST, DAY = Quarter(2025, 1), date(2025, 2, 3)
KINDS = ("flagship", "cut-down")


def paths(tightness: np.ndarray, **inputs: np.ndarray) -> MarketPaths:
    return MarketPaths(FIRST, KINDS, tightness, "by hand", inputs)


def drawn(draws: int = 500, quarters: int = 6, seed: int = 0) -> MarketPaths:
    rng = np.random.default_rng(seed)
    drift = rng.normal(0.0, 0.15, (draws, 1, 1))
    start = np.exp(rng.normal(0.5, 0.2, (draws, 1, len(KINDS))))
    return paths(start * np.exp(drift * np.arange(quarters)[None, :, None]), elasticity=drift[:, 0, 0])


def point(name: str, value: float) -> dict[str, priors.Prior]:
    """Links that are all points: no response and no drift, save one."""
    links = links_as_of(DAY)
    still = {"rent_response": "1e-9", "price_response": "1e-9", "delivery_response": "1e-9"}
    still |= {"rent_drift": "0", "price_drift": "0", name: f"{value}"}
    for link, text in still.items():
        links = priors.set(links, f"{link}={text}")
    return links


def test_nothing_of_the_links_is_known_later_than_the_replay() -> None:
    assert all(link.known_on <= DAY for link in links_as_of(DAY).values())
    with pytest.raises(Refused, match="nothing is known"):
        links_as_of(date(2020, 1, 1))


def test_every_link_has_a_source_and_says_that_it_is_no_measurement() -> None:
    for link in shipped_links().priors:
        assert link.source
        assert link.note
        assert link.kind in ("derived", "assumed")
        assert link.low < link.mid < link.high


def test_a_market_as_tight_as_today_changes_nothing_but_the_drift() -> None:
    links = links_as_of(DAY)
    for drift in ("rent_drift", "price_drift"):
        links = priors.set(links, f"{drift}=0")
    met = effects(paths(np.full((50, 4, 2), 1.7)), links)
    assert np.allclose(met.price, 1.0)
    assert np.allclose(met.rent, 1.0)
    assert np.allclose(met.extra_weeks, 0.0)


def test_an_order_waits_for_the_backlog_before_it() -> None:
    """Little's law: a backlog of two quarters' shipments in place of half a quarter's is 19.5 weeks more."""
    tight = np.broadcast_to(np.array([1.5, 3.0])[None, :, None], (3, 2, 2))
    met = effects(paths(tight), point("delivery_response", 1.0))
    assert np.allclose(met.extra_weeks[:, 1], 13.0 * 1.5)


def test_rents_follow_tightness_by_their_elasticity() -> None:
    tight = np.broadcast_to(np.array([1.0, 2.0])[None, :, None], (3, 2, 2))
    met = effects(paths(tight), point("rent_response", 0.5))
    assert np.allclose(met.rent[:, 1], 2.0**0.5)
    assert np.allclose(met.price[:, 1], 1.0, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.floats(1.0, 5.0), st.floats(1.0, 3.0))
def test_a_tighter_market_is_never_cheaper_nor_sooner(start: float, factor: float) -> None:
    links = links_as_of(DAY)
    before = effects(paths(np.broadcast_to(np.array([start, start])[None, :, None], (40, 2, 2))), links)
    tighter = np.array([start, start * factor])
    after = effects(paths(np.broadcast_to(tighter[None, :, None], (40, 2, 2))), links)
    for name in ("price", "rent", "extra_weeks"):
        assert np.all(getattr(after, name) >= getattr(before, name) - 1e-12)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31 - 1))
def test_effects_start_at_today_and_stay_within_what_was_ever_seen(seed: int) -> None:
    met = effects(drawn(seed=seed), links_as_of(DAY), seed=seed)
    assert np.allclose(met.price[:, 0], 1.0)
    assert np.allclose(met.rent[:, 0], 1.0)
    assert np.allclose(met.extra_weeks[:, 0], 0.0)
    assert met.price.min() >= PRICE_RANGE[0]
    assert met.price.max() <= PRICE_RANGE[1]
    assert met.rent.min() >= RENT_RANGE[0]
    assert met.rent.max() <= RENT_RANGE[1]


def test_the_same_seed_gives_the_same_bytes() -> None:
    one, two = (effects(drawn(), links_as_of(DAY), seed=3) for _ in range(2))
    assert one.rent.tobytes() == two.rent.tobytes()
    assert effects(drawn(), links_as_of(DAY), seed=4).rent.tobytes() != one.rent.tobytes()


def test_tightness_is_what_was_wanted_over_what_shipped() -> None:
    shape = (1, 2, 2)
    shipments = np.array([[[10.0, 0.0], [10.0, 0.0]]])
    backlog = np.array([[[5.0, 0.0], [0.0, 7.0]]])
    made = MarketPaths.of_orders(
        FIRST, KINDS, orders=np.ones(shape), backlog=backlog, shipments=shipments, basis=""
    )
    assert made.tightness.tolist() == [[[1.5, 1.0], [1.0, TIGHTNESS_RANGE[1]]]]


def test_a_run_that_ends_before_the_case_is_refused_with_both_spans() -> None:
    with pytest.raises(BadInput, match="covers 2025Q1 to 2026Q2; the case needs 2025Q2 to 2026Q3"):
        drawn(quarters=6).window(Quarter(2025, 2), 6)
    assert drawn(quarters=6).window(Quarter(2025, 3), 4).tightness.shape == (500, 4, 2)


@pytest.mark.parametrize("bad", [np.full((2, 3), 1.0), np.full((2, 3, 5), 1.0), np.full((2, 3, 2), np.nan)])
def test_tightness_of_another_shape_or_without_a_figure_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(BadInput):
        paths(bad)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 7), st.integers(0, 1000))
def test_scenarios_keep_the_mean_and_their_chances_sum_to_one(count: int, seed: int) -> None:
    met = effects(drawn(seed=seed), links_as_of(DAY), seed=seed)
    reduced = reduce(FIRST, KINDS, met, count)
    assert sum(reduced.probabilities) == pytest.approx(1.0, abs=1e-12)
    assert len(reduced.scenarios) == count
    average = mean(reduced.scenarios)
    for k, kind in enumerate(KINDS):
        for name in ("price", "rent", "extra_weeks"):
            expected = getattr(met, name)[:, :, k].mean(axis=0)
            assert np.allclose(getattr(average, name)[kind], expected, rtol=1e-12, atol=1e-12)


def test_more_scenarios_never_lose_spread_and_all_of_them_keep_it() -> None:
    met = effects(drawn(draws=9), links_as_of(DAY))
    kept = [reduce(FIRST, KINDS, met, n).kept for n in range(1, 10)]
    for name in ("price", "rent", "extra_weeks"):
        shares = [k[name] for k in kept]
        assert shares[0] == pytest.approx(0.0, abs=1e-12)
        assert all(b >= a - 1e-12 for a, b in pairwise(shares))
        assert shares[-1] == pytest.approx(1.0)


def test_scenarios_are_named_from_the_lowest_rents_to_the_highest() -> None:
    met = effects(drawn(), links_as_of(DAY))
    reduced = reduce(FIRST, KINDS, met, 4, by=("cut-down",))
    rents = [np.mean(s.rent["cut-down"]) for s in reduced.scenarios]
    assert rents == sorted(rents)
    assert [s.name for s in reduced.scenarios] == [
        "lowest rents", "low rents", "high rents", "highest rents",
    ]  # fmt: skip


def test_draws_that_do_not_differ_make_one_scenario() -> None:
    still = np.ones((20, 3, 2))
    reduced = reduce(FIRST, KINDS, Effects(still, still, 0.0 * still), 4)
    assert len(reduced.scenarios) == 1
    assert reduced.probabilities == (1.0,)


@pytest.mark.parametrize("count", [0, 10, 21])
def test_a_number_of_scenarios_that_makes_no_sense_is_refused(count: int) -> None:
    still = np.ones((20, 3, 2))
    with pytest.raises(BadInput, match="scenarios"):
        reduce(FIRST, KINDS, Effects(still, still, 0.0 * still), count)


def test_where_demand_reacts_more_the_dear_scenarios_are_likelier() -> None:
    run = drawn(draws=4000)
    reduced = reduce(FIRST, KINDS, effects(run, links_as_of(DAY)), 2)
    centres, shares = probabilities_given(run.inputs["elasticity"], reduced.part, 5)
    assert np.all(np.diff(centres) > 0)
    assert np.allclose(shares.sum(axis=1), 1.0)
    assert shares[-1, 1] > shares[0, 1] + 0.2
