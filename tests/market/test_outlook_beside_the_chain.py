"""What a run of the market tells beside the chain: a cut by tier, what came later, what is missing."""

from __future__ import annotations

from datetime import date

import pytest

from counterpoise.market import load, outlook, priors, replay
from counterpoise.market.baskets import TOP4, total
from counterpoise.market.calendar import Quarter
from counterpoise.market.kinds import TIERS

DAY = date(2025, 2, 3)


@pytest.fixture(scope="module")
def seen() -> outlook.Outlook:
    return outlook.look_ahead(load.shipped(), priors.as_of(DAY), DAY, draws=1_000)


def test_ten_thousand_racks_are_thirty_to_thirty_five_bn_usd_and_less_net(seen: outlook.Outlook) -> None:
    cut = outlook.cut_by_tier(seen, {"from_racks": 32_500, "to_racks": 22_500})
    assert cut is not None
    assert cut["racks"] == 10_000
    assert cut["gross_usd_bn"]["p10"] == pytest.approx(30.0, rel=0.02)
    assert cut["gross_usd_bn"]["p90"] == pytest.approx(35.0, rel=0.02)
    assert cut["net_usd_bn"]["mean"] < cut["gross_usd_bn"]["mean"]


def test_the_tiers_of_a_cut_add_up(seen: outlook.Outlook) -> None:
    cut = outlook.cut_by_tier(seen, {"from_racks": 32_500, "to_racks": 22_500})
    assert cut is not None
    assert [row["tier"] for row in cut["by_tier"]] == list(TIERS)
    for basis in ("gross", "net"):
        by_tier = sum(row[f"{basis}_mean_usd_bn"] for row in cut["by_tier"])
        assert by_tier == pytest.approx(cut[f"{basis}_usd_bn"]["mean"], rel=1e-9)


def test_no_cut_takes_nothing(seen: outlook.Outlook) -> None:
    assert outlook.cut_by_tier(seen, None) is None


def test_what_came_begins_after_what_was_known_and_ends_with_what_was_public(seen: outlook.Outlook) -> None:
    facts, judged = load.shipped(), date(2025, 8, 20)
    growth = replay.growth_scored(seen, facts, judged, Quarter(2025, 4))
    came = growth["came_by_quarter"]
    known, later = total(seen.facts, TOP4), total(facts.as_of(judged), TOP4)
    assert [row["quarter"] for row in came] == [str(q) for q in later if q > max(known)]
    assert came[0]["usd_bn"] == later[max(known) + 1]
    assert growth["came_percent"] is None


def test_revenue_that_came_was_not_known(seen: outlook.Outlook) -> None:
    then = outlook.revenue_reported(seen.facts)
    assert then[-1]["quarter"] == "2024Q3"
    came = replay.revenue_came(seen, load.shipped(), date(2025, 8, 31))
    assert [row["quarter"] for row in came] == ["2024Q4", "2025Q1", "2025Q2"]
    assert not {row["quarter"] for row in came} & {row["quarter"] for row in then}


def test_where_nobody_forecast_the_year_the_chain_still_does_and_the_reason_is_told() -> None:
    day = date(2026, 10, 5)
    later = outlook.look_ahead(load.shipped(), priors.as_of(day), day, draws=1_000)
    document = outlook.document(later)
    assert document["racks"]["published"] is None
    assert document["racks"]["published_refused"] == "no forecast of racks in 2026 was public on 2026-10-05."
    assert document["rebound"]["cut"] is None
    assert document["money"]["cut"] is None
    assert "none published by then" in document["answer"]
    scored = replay.racks_scored(later, load.shipped(), date(2026, 10, 31))
    assert [row["name"] for row in scored["forecasts"]] == ["bottom-up chain"]
    assert scored["published"] is None
