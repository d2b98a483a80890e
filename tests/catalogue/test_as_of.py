"""What was known on a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.catalogue import as_of, is_stale, load
from counterpoise.catalogue.records import (
    ApiPrice,
    Catalogue,
    Chip,
    ExchangeRate,
    Figure,
    Model,
    Offer,
    Provenance,
    Score,
    SiteFact,
)

CASE_DAY = date(2025, 2, 3)
DAYS = st.dates(date(2022, 6, 1), date(2026, 11, 1))


H20 = {"H20": load().chips["H20"]}


def figure(mid: float, day: date, unit: str = "USD/chip-hour") -> Figure:
    return Figure(mid, mid, mid, unit, Provenance("a test", day, "quoted"))


def offer(name: str, price: float, day: date, **more) -> Offer:
    return Offer(
        **{
            "name": name,
            "kind": "on_demand",
            "provider": "p",
            "system": "",
            "chip": "H20",
            "regions": (),
            "price_usd": figure(price, day),
            "valid_from": day,
        }
        | more
    )


def with_facts_of(day: date, catalogue: Catalogue) -> Catalogue:
    """The catalogue with one more fact of each kind, all of them dated `day`."""
    told = Provenance("a test", day, "quoted")
    price = figure(1.0, day, "USD/M tokens")
    api = ApiPrice("n", "p", "qwen3-8b", (), price, price, price, False, day, None, told)
    chip = replace(catalogue.chips["H20"], name="New", available_from=day)
    model = replace(catalogue.models["qwen3-8b"], name="new", released=day)
    rate = ExchangeRate("CNY", figure(1.0, day, "CNY/USD"))
    use = replace(catalogue.use_cases["chat"], name="new", profile_provenance=told)
    technique = replace(catalogue.techniques["routing"], name="new", available_from=day, figures={})
    rule = replace(catalogue.export_rules[0], name="new", known_from=day)
    return replace(
        catalogue,
        chips=catalogue.chips | {"New": chip},
        systems=catalogue.systems | {"New": replace(catalogue.systems["HGX-H20-8"], available_from=day)},
        models=catalogue.models | {"new": model},
        techniques=catalogue.techniques | {"new": technique},
        use_cases=catalogue.use_cases | {"new": use},
        scores=(Score("qwen3-8b", "AIME 2024", 99, 1, "bf16", told), *catalogue.scores),
        offers=(offer("rent H20 from market in CN", 0.01, day), *catalogue.offers),
        api_prices=(api, *catalogue.api_prices),
        sites=(SiteFact("CN", "electricity", figure(0.0, day, "USD/kWh")), *catalogue.sites),
        export_rules=(rule, *catalogue.export_rules),
        exchange_rates=(rate, *catalogue.exchange_rates),
    )


@given(DAYS, st.integers(1, 900))
def test_a_fact_dated_later_changes_nothing(day, later):
    assert as_of(with_facts_of(day + timedelta(later), load()), day) == as_of(load(), day)


@given(DAYS)
def test_a_fact_of_the_day_itself_is_known(day):
    known = as_of(with_facts_of(day, load()), day)
    assert {"New"} <= set(known.chips)
    assert {"new"} <= set(known.models) & set(known.techniques) & set(known.use_cases)
    assert known.exchange_rates[0].units_per_usd.mid == 1.0


@given(DAYS, st.integers(0, 900))
def test_asking_again_for_an_earlier_day_forgets_what_came_between(day, later):
    """Chips, models and scores of a day do not depend on through which later day they were seen."""
    once, twice = as_of(load(), day), as_of(as_of(load(), day + timedelta(later)), day)
    assert (once.chips, once.models, once.scores) == (twice.chips, twice.models, twice.scores)


@given(DAYS, st.integers(0, 900))
def test_knowledge_grows(day, later):
    before, after = as_of(load(), day), as_of(load(), day + timedelta(later))
    assert set(before.chips) <= set(after.chips)
    assert set(before.models) <= set(after.models)
    assert set(before.techniques) <= set(after.techniques)


@pytest.mark.parametrize(
    "name", ["deepseek-r1", "deepseek-r1-distill-qwen-32b", "openai-o1-1217", "qwen2.5-72b"]
)
def test_models_released_before_february_2025_are_known_then(name):
    assert name in as_of(load(), CASE_DAY).models


@pytest.mark.parametrize("name", ["qwq-32b", "qwen3-32b", "deepseek-r1-0528", "gpt-oss-120b"])
def test_models_released_later_are_not(name):
    assert name in load().models
    assert name not in as_of(load(), CASE_DAY).models


def test_a_benchmark_shape_without_a_release_is_no_model_to_serve():
    assert "custom-moe-10t" in load().models
    assert "custom-moe-10t" not in as_of(load(), date(2026, 11, 1)).models


def test_what_a_small_company_in_china_could_have_in_february_2025():
    known = as_of(load(), CASE_DAY)
    in_china = {(o.kind, o.system or o.chip) for o in known.offers if "CN" in o.regions}
    assert {
        ("buy", "HGX-H20-8"),
        ("reserve", "H20"),
        ("buy", "Atlas-800I-A2"),
        ("reserve", "Ascend-910B"),
        ("reserve", "A800-SXM4-80GB"),
        ("reserve", "H800-SXM"),
        ("on_demand", "RTX-4090"),
        ("on_demand", "L4"),
    } <= in_china
    rented_there = {o.chip for o in known.offers if "CN" in o.regions}
    assert not any("small clouds" in o.name for o in known.offers)  # smuggled chips, says the source
    assert not rented_there & {"H100-SXM5-80GB", "H200-SXM-141GB", "GB200", "MI300X"}


def test_o1_is_not_sold_in_china_and_r1_is():
    prices = [p for p in as_of(load(), CASE_DAY).api_prices if not p.off_peak]
    o1 = [p for p in prices if p.model == "openai-o1-1217"]
    r1 = [p for p in prices if p.model == "deepseek-r1"]
    assert o1
    assert all(p.regions and "CN" not in p.regions for p in o1)
    assert any(not p.regions or "CN" in p.regions for p in r1)


def test_the_yuan_of_february_2025_is_that_of_the_last_parity_before():
    cny = next(r for r in as_of(load(), CASE_DAY).exchange_rates if r.currency == "CNY")
    assert cny.units_per_usd.mid == 7.1705
    assert cny.units_per_usd.provenance.as_of == date(2025, 1, 24)


def test_of_a_price_history_the_latest_known_is_taken():
    days = {3.0: date(2025, 3, 1), 2.0: date(2025, 1, 1), 1.0: date(2024, 6, 1)}
    history = tuple(offer("a", price, day) for price, day in days.items())
    known = as_of(Catalogue(chips=H20, offers=history), CASE_DAY)
    assert [o.price_usd.mid for o in known.offers] == [2.0]


def test_a_price_of_two_years_ago_is_no_offer_any_more():
    assert as_of(Catalogue(chips=H20, offers=(offer("a", 1.0, date(2022, 1, 1)),)), CASE_DAY).offers == ()


def test_a_quote_that_starts_later_is_known_from_its_own_day():
    announced = offer("a", 1.0, date(2025, 2, 1), valid_from=date(2025, 7, 1))
    assert as_of(Catalogue(chips=H20, offers=(announced,)), CASE_DAY).offers == (announced,)


def test_a_price_for_what_is_not_on_sale_yet_is_no_offer():
    assert "buy PCIe-8xRTXPRO6000 from OEM" in {o.name for o in load().offers}
    known = as_of(load(), CASE_DAY)
    assert {o.system for o in known.offers if o.system} <= set(known.systems)
    assert {o.chip for o in known.offers if o.chip} <= set(known.chips)


def test_an_offer_that_ended_is_gone():
    ended = offer("a", 1.0, date(2025, 1, 1), valid_to=CASE_DAY)
    assert as_of(Catalogue(chips=H20, offers=(ended,)), CASE_DAY).offers == ()


def test_when_a_list_price_would_end_is_not_known_beforehand():
    known = as_of(load(), CASE_DAY)
    assert {p.valid_to for p in known.api_prices} == {None}


def test_a_price_is_stale_after_a_quarter():
    assert not is_stale(figure(1, date(2025, 1, 1)), CASE_DAY)
    assert is_stale(figure(1, date(2024, 10, 1)), CASE_DAY)


def test_a_technique_whose_loss_is_not_known_yet_cannot_be_used():
    """Without its loss it would look lossless."""
    technique = load().techniques["fp8-weights"]
    assert technique.available_from < date(2024, 8, 1)
    assert "fp8-weights" not in as_of(load(), date(2024, 8, 1)).techniques
    assert "fp8-weights" in as_of(load(), CASE_DAY).techniques


def test_a_figure_measured_later_is_not_seen_though_its_chip_is():
    chip: Chip = load().chips["H100-SXM5-80GB"]
    assert "measured_bf16_flops_per_s" in chip.figures
    before = as_of(load(), date(2024, 6, 1)).chips["H100-SXM5-80GB"]
    assert "measured_bf16_flops_per_s" not in before.figures
    assert "peak_bf16_flops_per_s" in before.figures


def test_the_models_of_a_catalogue_are_not_changed_by_looking():
    model: Model = load().models["deepseek-r1"]
    assert as_of(load(), CASE_DAY).models["deepseek-r1"] is model
