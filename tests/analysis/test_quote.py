from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.cases import NONE, small_case
from counterpoise.analysis.changes import scale_prices, with_offer, without_offers
from counterpoise.analysis.quote import review
from counterpoise.analysis.replan import Around, around
from counterpoise.errors import UnknownName
from counterpoise.planning.problem import Buy, Pool, Problem, Rent, Reserve
from counterpoise.planning.solve import solve


def quoted(price_usd: float, **changes: object) -> Problem:
    """The small case with a quote for a box that it can also buy at 150,000."""
    case = small_case()
    return with_offer(case, replace(case.buys["buy H20"], id="quote", price_usd=(price_usd,) * 4, **changes))


def test_a_quote_below_the_market_is_accepted_for_what_it_saves() -> None:
    case = quoted(120_000.0)
    (answer,) = review(case, ["quote"], solve)
    assert answer.decision == "accept"
    saved = solve(small_case()).objective_usd - solve(case).objective_usd
    assert answer.saving_usd == pytest.approx(saved, rel=1e-6)
    assert answer.systems >= 1


def test_a_quote_a_little_above_the_market_is_haggled_down_to_it() -> None:
    (answer,) = review(quoted(170_000.0), ["quote"], solve)
    assert answer.decision == "haggle"
    assert 0.97 * 150_000.0 < answer.haggle_price < 1.01 * 150_000.0


def test_a_quote_far_above_the_market_is_refused_and_names_its_rival() -> None:
    (answer,) = review(quoted(400_000.0), ["quote"], solve)
    assert answer.decision == "refuse"
    assert "H20 @ site" in answer.why
    assert answer.haggle_price is None


@settings(max_examples=4, deadline=None)
@given(st.floats(80_000.0, 260_000.0))
def test_an_accepted_quote_saves_and_a_haggled_price_is_accepted(price_usd: float) -> None:
    case = quoted(price_usd)
    (answer,) = review(case, ["quote"], solve)
    if answer.decision == "accept":
        assert answer.saving_usd > answer.uncertain_usd >= 0
    elif answer.decision == "haggle":
        assert answer.saving_usd > 0
        (again,) = review(scale_prices(case, ["quote"], answer.haggle_factor), ["quote"], solve)
        assert again.decision == "accept"
        assert answer.haggle_factor >= 0.7
    else:
        (again,) = review(scale_prices(case, ["quote"], 0.7), ["quote"], solve)
        assert again.decision != "accept"


def test_each_quote_is_judged_alone() -> None:
    case = with_offer(
        quoted(120_000.0), replace(small_case().buys["buy H20"], id="other", price_usd=(119e3,) * 4)
    )
    both = {a.quote: a for a in review(case, ["quote", "other"], solve)}
    assert {a.decision for a in both.values()} == {"accept"}
    assert both["other"].saving_usd > both["quote"].saving_usd


def test_around_the_plan_without_them_quotes_are_decided_alike() -> None:
    case = quoted(120_000.0)
    case = with_offer(case, replace(case.buys["buy H20"], id="dear", price_usd=(400_000.0,) * 4))
    ascend = replace(case.buys["buy Ascend"], id="ascend", price_usd=(500.0,) * 4, opex_usd_per_period=0.0)
    case = with_offer(case, ascend)
    _, solver = around(solve(without_offers(case, ["quote", "dear", "ascend"])), gap=1e-4, time_limit_s=20.0)
    decisions = {a.quote: a.decision for a in review(case, ["quote", "dear", "ascend"], solver)}
    assert decisions == {"quote": "accept", "dear": "refuse", "ascend": "accept"}


def test_reservations_and_rents_are_quotes_too() -> None:
    case = small_case()
    reserve = Reserve("r", "H20 @ cloud", (9_000.0,) * 4, 2, (NONE,) * 4)
    rent = Rent("h", "H20 @ cloud", (30.0,) * 4, (NONE,) * 4)
    case = with_offer(with_offer(case, reserve), rent)
    answers = {a.quote: a for a in review(case, ["r", "h"], solve)}
    assert answers["r"].decision == "accept"
    assert answers["h"].decision == "refuse"


def test_a_quote_without_which_there_is_no_plan_is_accepted() -> None:
    case = quoted(150_000.0, lead_periods=0)
    case = replace(
        case, buys={"quote": case.buys["quote"]}, reserves={}, rents={}, substitutes={}, training={},
        training_demand={},
    )  # fmt: skip
    (answer,) = review(case, ["quote"], Around(solve(case)))
    assert answer.decision == "accept"
    assert answer.saving_usd is None
    assert "no plan" in answer.why


@pytest.mark.parametrize(
    ("offer", "why"),
    [
        (Buy("quote", "H20 @ site", (1e5,) * 4, 4, 20, 0.05, 0.0, (NONE,) * 4), "beyond the horizon"),
        (Buy("quote", "H20 @ site", (NONE,) * 4, 0, 20, 0.05, 0.0, (NONE,) * 4), "cannot be taken"),
        (Buy("quote", "H20 @ site", (1e5,) * 4, 0, 20, 0.05, 0.0, (0.0,) * 4), "cannot be taken"),
        (Buy("quote", "L20 @ site", (1e5,) * 4, 0, 20, 0.05, 0.0, (NONE,) * 4), "can run on L20"),
        (Buy("quote", "hungry", (1e5,) * 4, 0, 20, 0.05, 0.0, (NONE,) * 4), "kW when idle"),
    ],
)
def test_a_quote_that_no_plan_could_take_is_refused_with_the_reason(offer: Buy, why: str) -> None:
    case = small_case()
    more = {
        "L20 @ site": Pool("L20 @ site", "L20", "L20", 8, True, 1_000.0, 0.97),
        "hungry": Pool("hungry", "hungry", "X", 8, True, 1e6, 0.97),
    }
    run = replace(case.serving["app bf16 @ site"], id="app hungry", pool="hungry")
    case = replace(case, pools={**case.pools, **more}, serving={**case.serving, "app hungry": run})
    (answer,) = review(with_offer(case, offer), ["quote"], solve)
    assert answer.decision == "refuse"
    assert why in answer.why


def test_a_quote_that_is_no_offer_is_an_unknown_name() -> None:
    with pytest.raises(UnknownName, match="buy H20"):
        review(small_case(), ["buy H2"], solve)
