"""Rolling origins: nothing later is known, and the record that ships is the one that the code makes."""

import csv
from pathlib import Path

import numpy as np
import pytest

from counterpoise.market.baskets import TOP4, summed, total, values
from counterpoise.market.calendar import Quarter
from counterpoise.market.declarations import DECLARED
from counterpoise.market.load import shipped
from counterpoise.market.rolling import (
    FIRST_ORIGIN,
    Forecaster,
    capex_forecasters,
    of_rule,
    rolling_forecasts,
    scores,
)
from counterpoise.market.simple_rules import RULES, naive

RECORD = Path(__file__).parents[2] / "docs" / "market" / "recipe_record.csv"
PLAIN = {name: rule for name, rule in RULES.items() if name != "ETS"}


@pytest.fixture(scope="module")
def histories():
    return {entity: values(shipped(), entity) for entity in TOP4}


@pytest.fixture(scope="module")
def made(histories):
    shared = summed(histories)
    cut = {e: {q: v for q, v in h.items() if q <= max(shared)} for e, h in histories.items()}
    return rolling_forecasts(shared, capex_forecasters(cut, PLAIN))


def test_the_shipped_record_is_what_the_code_makes(made):
    with RECORD.open(encoding="utf-8", newline="") as file:
        rows = {(r["forecaster"], r["origin"], r["horizon_quarters"]): r for r in csv.DictReader(file)}
    for one in made:
        row = rows[one.forecaster, str(one.origin), str(one.horizon)]
        for column, value in (
            ("forecast_usd_bn", one.forecast),
            ("low80_usd_bn", one.low),
            ("high80_usd_bn", one.high),
            ("actual_usd_bn", one.actual),
        ):
            assert float(row[column]) == pytest.approx(value, abs=6e-4)


def test_every_declaration_is_scored_from_the_first_origin_on(made):
    for declared in DECLARED:
        ours = [one for one in made if one.forecaster == declared.name]
        assert min(one.origin for one in ours) == FIRST_ORIGIN
        assert {one.horizon for one in ours} == {1, 2, 3, 4}


def test_what_the_recipe_meets_and_what_it_does_not(made):
    """Asked: MAPE 7.5, 10.7, 18.8 % and interval score 0.33, 0.55, 1.00 at 1, 2, 4 quarters."""
    ours = {one.horizon: one for one in scores(made) if one.forecaster == "recipe 3"}
    assert ours[1].mape <= 0.075
    assert ours[1].interval_score <= 0.33
    assert ours[2].interval_score <= 0.55
    assert ours[4].interval_score <= 1.00
    assert 0.65 <= ours[4].cover <= 0.95
    # Not met, and the page says so: if this changes, so must the page.
    assert 0.107 < ours[2].mape < 0.12
    assert 0.188 < ours[4].mape < 0.192


def test_later_figures_change_no_earlier_forecast(histories):
    shared = summed(histories)
    end = Quarter(2022, 4)
    changed = {q: v * (5 if q > end else 1) for q, v in shared.items()}
    forecasters = (capex_forecasters({"sum": h}, PLAIN) for h in (shared, changed))
    ours, theirs = (
        [(s.forecaster, s.origin, s.horizon, s.forecast, s.low, s.high) for s in found if s.origin <= end]
        for found in (rolling_forecasts(h, f) for h, f in zip((shared, changed), forecasters, strict=True))
    )
    assert ours == theirs


def test_a_perfect_forecaster_scores_nothing_and_beats_naive():
    history = {Quarter(2015, 1) + n: 10.0 + n % 7 for n in range(44)}

    def foresight(origin, ahead):
        return np.array([history.get(origin + h, 1.0) for h in range(1, ahead + 1)])

    perfect = Forecaster(foresight)
    found = scores(rolling_forecasts(history, {"perfect": perfect, "naive": of_rule(naive, history)}))
    for one in found:
        if one.forecaster == "perfect":
            assert one.mape == 0
            assert one.against is None
        else:
            assert one.against.mean_difference < 0
            assert one.against.better == one.against.apart


def test_targets_end_where_one_company_is_missing():
    assert max(total(shipped(), TOP4)) == Quarter(2026, 1)
