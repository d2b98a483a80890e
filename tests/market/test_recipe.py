"""The declared recipe: what it expects, how wide it is, and that it knows nothing later."""

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.errors import Refused
from counterpoise.market.baskets import TOP4, total, values
from counterpoise.market.calendar import Quarter
from counterpoise.market.declarations import CURRENT, DECLARED, FIRST, SECOND
from counterpoise.market.load import shipped
from counterpoise.market.recipe import forecast, forecast_basket, forecast_sum, past_errors, path

START = Quarter(2018, 1)
ARTICLE = date(2025, 2, 3)


def series(values, start=START):
    return {start + n: float(v) for n, v in enumerate(values)}


def growing(rate, quarters=24, level=10.0):
    return series(level * np.exp(rate * np.arange(quarters)))


@given(st.floats(0.0, 0.1), st.integers(16, 40), st.floats(0.1, 100.0))
@settings(max_examples=8, deadline=None)
def test_steady_growth_goes_on_more_slowly(rate, quarters, level):
    point = forecast(growing(rate, quarters, level), 4, draws=1).point
    full = level * np.exp(rate * (quarters + np.arange(4)))
    assert np.all(point <= full * (1 + 1e-9))
    # Three members keep the growth and one half of it.
    assert np.diff(np.log(point)) == pytest.approx(np.full(3, 7 / 8 * rate), abs=1e-9)


@given(st.lists(st.floats(1.0, 5.0), min_size=16, max_size=30), st.floats(0.01, 1000.0))
@settings(max_examples=8, deadline=None)
def test_another_unit_of_money_changes_nothing_but_the_unit(levels, unit):
    ours, theirs = (forecast(series(np.multiply(levels, u)), 4, draws=10) for u in (1.0, unit))
    assert theirs.point == pytest.approx(ours.point * unit)
    assert theirs.samples == pytest.approx(ours.samples * unit)


@given(st.lists(st.floats(1.0, 5.0), min_size=16, max_size=30))
@settings(max_examples=8, deadline=None)
def test_bands_hold_the_median_and_widen_in_logarithms(levels):
    made = forecast(series(levels), 8, draws=1)
    low, high = made.interval(0.8)
    narrow_low, narrow_high = made.interval(0.5)
    assert np.all((low <= narrow_low) & (narrow_low <= made.point) & (made.point <= narrow_high))
    assert np.all(narrow_high <= high)
    assert np.all(np.diff(made.spread.scale) >= 0)


def test_draws_agree_with_the_bands():
    made = forecast(series(10 + np.sin(np.arange(30)) + np.arange(30) / 5), 4, draws=40_000)
    low, high = made.interval(0.8)
    inside = np.mean((made.samples >= low) & (made.samples <= high), axis=0)
    assert inside == pytest.approx(np.full(4, 0.8), abs=0.01)
    assert np.median(made.samples, axis=0) == pytest.approx(made.point, rel=0.01)


def test_errors_of_neighbouring_quarters_move_together_as_a_random_walk_does():
    made = forecast(series(10 + np.sin(np.arange(30))), 4, draws=40_000)
    ranks = np.argsort(np.argsort(made.samples, axis=0), axis=0)
    assert np.corrcoef(ranks.T)[0, 3] == pytest.approx(0.5, abs=0.03)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not():
    history = growing(0.05)
    first, again, other = (forecast(history, 4, draws=100, seed=s).samples.tobytes() for s in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_company_that_has_reported_enters_with_what_it_reported():
    early = growing(0.03, 24)
    late = series(list(growing(0.02, 25).values()))
    made = forecast_sum({"early": early, "late": late}, 2, draws=10)
    assert made.origin == max(early)
    assert made.reported == {max(late): ("late",)}
    alone = path(list(early.values()), 1)[0]
    assert made.point[0] == pytest.approx(alone + late[max(late)])


def test_knowing_half_of_a_quarter_narrows_its_band():
    facts = shipped()
    known = {e: values(facts, e) for e in TOP4}
    origin = Quarter(2024, 3)
    blind = {e: {q: v for q, v in h.items() if q <= origin} for e, h in known.items()}
    last = {e: origin + (1 if e in ("MSFT", "META") else 0) for e in TOP4}
    half = {e: {q: v for q, v in h.items() if q <= last[e]} for e, h in known.items()}
    scales = [forecast_sum(h, 1, draws=1).spread.scale[0] for h in (half, blind)]
    assert scales[0] < scales[1]


def test_on_the_day_of_the_article_two_of_four_had_reported():
    made = forecast_basket(shipped().as_of(ARTICLE), TOP4, 5, draws=100)
    assert made.origin == Quarter(2024, 3)
    assert made.quarters[-1] == Quarter(2025, 4)
    assert made.reported == {Quarter(2024, 4): ("MSFT", "META")}


def test_what_became_public_later_changes_no_byte():
    facts = shipped()
    later = replace(
        facts,
        observations=tuple(
            replace(o, value=3 * o.value) if o.known_on > ARTICLE else o for o in facts.observations
        ),
    )
    ours, theirs = (forecast_basket(f.as_of(ARTICLE), TOP4, 5, draws=200, seed=3) for f in (facts, later))
    assert ours.samples.tobytes() == theirs.samples.tobytes()
    assert total(facts, TOP4) != total(later, TOP4)


def test_errors_are_those_of_origins_whose_targets_are_known():
    history = {"one": growing(0.04, 20)}
    errors = past_errors(history, max(history["one"]), 3)
    assert [len(e) for e in errors] == [8, 7, 6]
    assert all(0 <= e < 0.04 for e in errors[0])


def test_both_levels_are_averaged_in_logarithms():
    facts = shipped()
    cut = {e: {q: v for q, v in values(facts, e).items() if q <= Quarter(2023, 4)} for e in TOP4}
    start = max(min(h) for h in cut.values())
    windows = {e: [v for q, v in h.items() if q >= start] for e, h in cut.items()}
    bottom_up = np.sum([path(h, 4) for h in windows.values()], axis=0)
    on_the_sum = path(np.sum(list(windows.values()), axis=0), 4)
    made = forecast_sum(cut, 4, draws=1)
    assert np.log(made.point) == pytest.approx((np.log(bottom_up) + np.log(on_the_sum)) / 2)


def test_every_declaration_is_kept_and_the_last_one_forecasts():
    assert [d.number for d in DECLARED] == [1, 2, 3]
    assert CURRENT is DECLARED[-1]
    history = {"one": growing(0.04), "two": growing(0.01)}
    points = [forecast_sum(history, 4, draws=1, declared=d).point for d in (FIRST, SECOND, CURRENT)]
    assert all(np.all(np.isfinite(p)) for p in points)


@pytest.mark.parametrize(
    ("history", "words"),
    [
        (growing(0.1, 15), "15 quarters are known"),
        ({q: v for q, v in growing(0.1).items() if q != START + 3}, "2018Q4 is missing"),
        (growing(0.1) | {START + 2: 0.0}, "is no spending"),
        ({}, "nothing is known"),
    ],
)
def test_a_history_that_cannot_be_forecast_is_refused_with_the_reason(history, words):
    with pytest.raises(Refused, match=words):
        forecast(history, 4)


def test_a_band_far_ahead_of_few_errors_follows_the_square_root():
    made = forecast(series(10 + np.sin(np.arange(17))), 6, draws=1)
    assert made.spread.errors == (5, 4, 3, 2, 1, 0)
    assert made.spread.scale[5] == pytest.approx(made.spread.scale[1] * math.sqrt(3))
    assert made.spread.degrees[1:] == pytest.approx(np.full(5, 3.0))
