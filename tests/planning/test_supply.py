"""What can be had, where, from when, and why the rest cannot."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from counterpoise.planning.supply import beaten, quarters, supply
from planning.cases_by_hand import SMALL, case_of


@pytest.fixture(scope="module")
def china():
    case, facts = case_of()
    return case, facts, supply(case, facts)


def test_in_china_in_february_2025_h20_can_be_bought_and_h100_cannot(china):
    _, _, had = china
    bought = {had.systems[b.pool].chip for b in had.buys.values()}
    assert "H20" in bought
    assert not bought & {"H100-SXM5-80GB", "H200-SXM-141GB", "B200-SXM-180GB", "GB200", "MI300X"}


def test_a_system_bought_stands_on_the_site_and_one_rented_does_not(china):
    _, _, had = china
    assert all(had.pools[b.pool].on_site for b in had.buys.values())
    assert not any(had.pools[r.pool].on_site for r in (*had.reserves.values(), *had.rents.values()))


def test_every_offer_is_taken_or_refused_with_a_reason(china):
    _, facts, had = china
    refused = {r.offer for r in had.refusals if r.offer}
    beaten_by_others = [r for r in had.refusals if not r.offer]
    taken = {*had.buys, *had.reserves, *had.rents}
    assert len(facts.offers) == len(taken) + len(refused) + len(beaten_by_others)
    assert all(r.why for r in had.refusals)


def test_a_system_comes_no_earlier_than_its_lead_time(china):
    _, _, had = china
    for id_, buy in had.buys.items():
        offer = had.offers[id_]
        lead = offer.lead_time_weeks or had.systems[buy.pool].figures.get("lead_time_weeks")
        if lead is not None:
            assert buy.lead_periods * 13 >= lead.mid


@pytest.mark.parametrize(("weeks", "periods"), [(0, 0), (1, 1), (13, 1), (13.1, 2), (26, 2)])
def test_weeks_of_delivery_are_rounded_up_to_quarters(weeks, periods):
    assert quarters(weeks) == periods


def test_a_vendor_the_case_excludes_is_not_dealt_with():
    case, facts = case_of(SMALL + "limits: {vendors_excluded: [Huawei]}\n")
    had = supply(case, facts)
    assert not any(p.chip.startswith("Ascend") for p in had.pools.values())
    assert any("Huawei" in r.why for r in had.refusals)


def test_the_ban_of_april_2025_is_unknown_in_february_and_known_in_may(china):
    _, _, had = china
    h20 = next(b for b in had.buys.values() if had.pools[b.pool].chip == "H20")
    assert all(map(math.isfinite, h20.price_usd))
    later, facts = case_of(SMALL.replace("2025-02-03", "2025-05-20").replace("2025Q1", "2025Q2"))
    assert not any(p.chip == "H20" for p in supply(later, facts).pools.values() if p.on_site)


def test_the_counterfactual_has_only_flagship_systems_at_once():
    case, facts = case_of()
    had = supply(case, facts, flagship_only=True)
    assert had.buys and not had.rents and not had.reserves
    assert all(p.flagship for p in had.pools.values())
    assert all(b.lead_periods == 0 for b in had.buys.values())


def test_the_dearer_of_two_equal_offers_is_beaten_and_a_limited_cheaper_one_beats_nobody(china):
    _, _, had = china
    buy = next(iter(had.buys.values()))
    dearer = replace(buy, id="dearer", price_usd=tuple(p * 2 for p in buy.price_usd))
    scarce = replace(buy, id="scarce", supply=tuple(1.0 for _ in buy.supply))
    assert beaten({buy.id: buy, "dearer": dearer}, lambda b: b.price_usd) == {"dearer": buy.id}
    assert beaten({"scarce": scarce, "dearer": dearer}, lambda b: b.price_usd) == {}
