"""The outlook of a day knows that day's facts and no later one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from counterpoise.market import load, outlook, priors
from counterpoise.market.facts import MarketFacts
from counterpoise.market.kinds import TIERS
from counterpoise.market.priors import Vintages
from counterpoise.runs.plain import plain

DAY = date(2025, 2, 3)
FEW = 2_000


def seen_on(day: date, facts: MarketFacts, vintages: Vintages) -> bytes:
    seen = outlook.look_ahead(facts, vintages.as_of(day), day, draws=FEW)
    return json.dumps(plain(outlook.document(seen)), sort_keys=True).encode()


def altered_after(day: date, facts: MarketFacts) -> MarketFacts:
    """Every fact that became public after `day`, doubled."""
    return MarketFacts(
        tuple(o if o.known_on <= day else replace(o, value=2 * o.value) for o in facts.observations),
        tuple(
            s
            if s.known_on <= day
            else replace(s, low=s.low and 2 * s.low, high=s.high and 2 * s.high, by=f"{s.by}, altered")
            for s in facts.statements
        ),
    )


def priors_altered_after(day: date, vintages: Vintages) -> Vintages:
    return Vintages(
        tuple(
            p if p.known_on <= day else replace(p, low=2 * p.low, mid=2 * p.mid, high=2 * p.high)
            for p in vintages.priors
        )
    )


@pytest.fixture(scope="module")
def document() -> outlook.Document:
    seen = outlook.look_ahead(load.shipped(), priors.as_of(DAY), DAY, draws=FEW)
    return outlook.document(seen)


def test_altering_every_fact_that_became_public_later_leaves_the_forecast_identical_byte_for_byte() -> None:
    facts, vintages = load.shipped(), priors.shipped()
    later = altered_after(DAY, facts)
    assert later != facts
    assert priors_altered_after(DAY, vintages) != vintages
    told = seen_on(DAY, later, priors_altered_after(DAY, vintages))
    assert told == seen_on(DAY, facts, vintages)


def test_altering_a_fact_that_was_public_changes_the_forecast() -> None:
    facts, vintages = load.shipped(), priors.shipped()
    earlier = altered_after(date(2024, 10, 1), facts)
    assert seen_on(DAY, earlier, vintages) != seen_on(DAY, facts, vintages)


def test_no_prior_of_the_day_was_known_later() -> None:
    assert all(p.known_on <= DAY for p in priors.as_of(DAY).values())


def test_what_is_spent_by_tier_adds_up_to_what_the_systems_cost(document: outlook.Document) -> None:
    for row in document["money"]["systems_usd_bn_by_year"]:
        by_tier = sum(t[f"mean_{row['year']}_usd_bn"] for t in document["money"]["by_tier"])
        assert by_tier == pytest.approx(row["mean"], rel=1e-9)
    assert [t["tier"] for t in document["money"]["by_tier"]] == list(TIERS)


def test_more_of_a_limit_never_ships_less(document: outlook.Document) -> None:
    assert all(row["chips_for_one_more"] >= -1e-9 for row in document["limits"])


def test_an_elasticity_of_one_makes_demand_independent_of_the_gain() -> None:
    believed = priors.set(priors.set(priors.as_of(DAY), "elasticity=1"), "efficiency_shock=10x")
    seen = outlook.look_ahead(load.shipped(), believed, DAY, draws=FEW)
    assert outlook.document(seen)["rebound"]["fan"]["quantiles_demand_ratio"]["p50"] == pytest.approx(1.0)
    assert seen.chain.demand_factor == pytest.approx(1.0)


def test_the_year_starts_known_where_quarters_were_reported() -> None:
    day = date(2025, 8, 20)
    seen = outlook.look_ahead(load.shipped(), priors.as_of(day), day, draws=FEW)
    assert np.ptp(seen.budget_usd_bn[:, 0]) == 0.0
    assert np.ptp(seen.budget_usd_bn[:, 3]) > 0.0
