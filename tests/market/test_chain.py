from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.errors import BadInput, Refused, UnknownName
from counterpoise.market import chain, demand, mix, money, priors, sampling, shipments, supply
from counterpoise.market.calendar import Quarter
from counterpoise.market.kinds import (
    CHIPS_PER_RACK,
    GROUPS,
    KINDS,
    LIMITS,
    MAY_BUY,
    OFF_GRID,
    POOLS,
    TIERS,
    TOP4,
)
from counterpoise.market.limits_worth import limits_worth
from oracle.one_draw_chain import chain_of_one_draw

FIRST = Quarter(2025, 1)
REPLAY = priors.as_of(date(2025, 2, 3))
SMALL = {"first": FIRST, "quarters": 6, "draws": 60}


def believing(*assignments, of=REPLAY):
    for words in assignments:
        of = priors.set(of, words)
    return of


def test_hardware_demand_changes_by_the_gain_to_the_elasticity_less_one():
    assert demand.hardware_factor(10.0, 0.8) == pytest.approx(0.631, abs=5e-4)
    assert demand.hardware_factor(10.0, 1.1) == pytest.approx(1.259, abs=5e-4)
    assert demand.hardware_factor(10.0, 0.8) == pytest.approx(10**-0.2, rel=1e-15)


@pytest.mark.parametrize(("elasticity", "factor"), [("0.8", 10**-0.2), ("1", 1.0), ("1.1", 10**0.1)])
def test_the_whole_chain_sees_that_factor_once_everybody_has_adopted(elasticity, factor):
    believed = believing(
        f"elasticity={elasticity}",
        "efficiency_shock=10x",
        "efficiency_adoption_years=0.001",
        "efficiency_trend=2.8",
    )
    np.testing.assert_allclose(chain.run(believed, **SMALL).demand_factor, factor, rtol=1e-12)


def test_at_an_elasticity_of_1_nothing_depends_on_the_gain():
    small, large = (
        chain.run(believing("elasticity=1", f"efficiency_shock={g}"), **SMALL, keep=("shipments",))
        for g in (2, 50)
    )
    np.testing.assert_array_equal(small.shipments, large.shipments)
    np.testing.assert_array_equal(small.capex_usd_bn, large.capex_usd_bn)


@given(st.floats(1.0, 30.0), st.floats(0.3, 2.0), st.floats(0.0, 1.0))
def test_a_gain_half_adopted_moves_demand_less_than_one_adopted_by_all(gain, elasticity, adopted):
    some, every = (
        float(
            demand.demand_factor(
                np.array(elasticity), np.array(a), np.array(gain), np.zeros(()), np.zeros(())
            )
        )
        for a in (adopted, 1.0)
    )
    assert min(1.0, every) - 1e-12 <= some <= max(1.0, every) + 1e-12


def test_buyers_want_no_more_than_budgets_allow_and_less_where_demand_falls():
    kept = chain.run(believing("elasticity=1", "demand_over_budget=1.2"), **SMALL)
    fallen = chain.run(believing("elasticity=0.5", "demand_over_budget=1.2", "efficiency_shock=20"), **SMALL)
    paths = np.full((60, 6), 70.0)
    given_paths = chain.run(believing("elasticity=1", "demand_over_budget=1.2"), **SMALL, budget_usd_bn=paths)
    np.testing.assert_allclose(given_paths.capex_usd_bn, 70.0, rtol=1e-12)
    assert np.all(fallen.capex_usd_bn <= kept.capex_usd_bn)
    assert fallen.capex_usd_bn.sum() < 0.99 * kept.capex_usd_bn.sum()


def one_draw(seed, unit_cost=None, loosened=None, quarters=6):
    """The chain, and its second formulation, of one draw."""
    drawn = sampling.sample(REPLAY, 2, seed)
    values = {name: float(v[0]) for name, v in drawn.items()}
    points = {
        name: replace(p, distribution="point", low=values[name], mid=values[name], high=values[name])
        for name, p in REPLAY.items()
    }
    middle = {kind: REPLAY[f"cost_per_unit.{kind}"].mid for kind in KINDS}
    budgets = demand.budgets(
        {n: np.array([v]) for n, v in values.items()}, 2025.25 + np.arange(quarters)[:, None] / 4
    )
    told = chain_of_one_draw(values, budgets[:, 0].tolist(), 2025.0, middle, unit_cost, loosened)
    # Draws as points, with costs still against the medians that the odds were stated at.
    p = {name: np.array([values[name]]) for name in points}
    starts = 2025.0 + np.arange(quarters)[:, None] / 4
    wanted = demand.wanted(p, budgets, starts + 0.25, 2025.0)
    costs = None if unit_cost is None else {k: np.array([[c]]) for k, c in unit_cost.items()}
    orders = mix.split(wanted.by_buyer, mix.odds(p, middle, starts, costs))
    orders /= np.array(money.prices_usd_bn(p))[:, :, None]
    waiting = np.zeros((len(KINDS), 1))
    for kind in ("flagship", "hgx"):
        waiting[KINDS.index(kind)] = p[f"backlog_quarters.{kind}"] * orders[KINDS.index(kind), 0]
    rationing = shipments.ration(
        shipments.claims(orders, waiting),
        supply.capacity(p, starts + 0.125, loosened or {}),
        supply.usage(p, starts + 0.125),
    )
    sent = shipments.ship(orders, waiting, p["cancel_share"], p["switch_share"], rationing)
    return told, wanted, orders, sent, p


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("changed", [None, {"packaging": 1.3, "rack assembly": 0.5, "power": 0.4}])
def test_a_second_formulation_of_one_draw_agrees(seed, changed):
    unit_cost = {"hgx": 2.0, "flagship": 1.1, "tpu": 3.0} if seed % 2 else None
    told, wanted, orders, sent, p = one_draw(seed, unit_cost, changed)
    revenue = money.vendor_revenue(p, sent.shipped, money.prices_usd_bn(p))
    for t, quarter in enumerate(told):
        for name, ours in (("orders", orders), ("shipped", sent.shipped), ("backlog", sent.backlog)):
            expected = [quarter[name][kind] for kind in KINDS]
            np.testing.assert_allclose(ours[:, t, 0], expected, rtol=1e-12, atol=1e-6)
        np.testing.assert_allclose(wanted.top4_capex[t, 0], quarter["capex"], rtol=1e-12)
        np.testing.assert_allclose(revenue[t, 0], quarter["revenue"], rtol=1e-12)
        np.testing.assert_allclose(sent.freed[t, 0], quarter["freed"], rtol=1e-12, atol=1e-9)


def test_the_run_is_those_steps_over_blocks_of_draws():
    result = chain.run(REPLAY, first=FIRST, quarters=4, draws=chain.BLOCK + 7, seed=3, keep=chain.KEEPABLE)
    drawn = sampling.sample(REPLAY, chain.BLOCK + 7, 3)
    middle = {kind: REPLAY[f"cost_per_unit.{kind}"].mid for kind in KINDS}
    for draw in (0, 1, chain.BLOCK - 1, chain.BLOCK, chain.BLOCK + 6):
        v = {name: float(x[draw if x.size > 1 else 0]) for name, x in drawn.items()}
        budget = [v["top4_capex_usd_bn"] * (1 + v["top4_capex_growth"]) ** ((t + 1) / 4) for t in range(4)]
        for t, quarter in enumerate(chain_of_one_draw(v, budget, 2025.0, middle)):
            np.testing.assert_allclose(
                result.shipments[draw, t], [quarter["shipped"][k] for k in KINDS], rtol=1e-11, atol=1e-6
            )
            assert result.racks[draw, t] == pytest.approx(quarter["shipped"]["flagship"] / 72, rel=1e-11)
            assert result.systems_usd_bn[draw, t] == pytest.approx(quarter["systems"], rel=1e-11)
            assert result.revenue_usd_bn[draw, t] == pytest.approx(quarter["revenue"], rel=1e-11)


def test_same_seed_same_bytes_and_another_seed_other_bytes():
    a, b, c = (chain.run(REPLAY, **SMALL, seed=s, keep=("shipments",)) for s in (1, 1, 2))
    assert a.shipments.tobytes() == b.shipments.tobytes()
    assert a.racks.tobytes() == b.racks.tobytes()
    assert a.racks.tobytes() != c.racks.tobytes()


def limits_of(seed, loosened):
    drawn = sampling.sample(REPLAY, 200, seed)
    starts = 2025.0 + np.arange(8)[:, None] / 4
    wanted = demand.wanted(drawn, demand.budgets(drawn, starts + 0.25), starts + 0.25, 2025.0)
    middle = {kind: REPLAY[f"cost_per_unit.{kind}"].mid for kind in KINDS}
    orders = mix.split(wanted.by_buyer, mix.odds(drawn, middle, starts))
    orders /= np.stack(np.broadcast_arrays(*money.prices_usd_bn(drawn)))[:, None, :]
    made, used = supply.capacity(drawn, starts + 0.125, loosened), supply.usage(drawn, starts + 0.125)
    waiting = np.where(np.isin(KINDS, ["flagship", "hgx"])[:, None], orders[:, 0], 0.0)
    rationing = shipments.ration(shipments.claims(orders, waiting), made, used)
    sent = shipments.ship(orders, waiting, drawn["cancel_share"], drawn["switch_share"], rationing)
    return orders, made, used, sent


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.dictionaries(st.sampled_from(LIMITS), st.floats(0.05, 3.0)))
def test_no_shipment_is_above_its_limit_in_any_draw(seed, loosened):
    _, made, used, sent = limits_of(seed, loosened)
    chips = dict(zip(KINDS, sent.shipped, strict=True))
    just = 1 + 1e-9
    for pool, members in POOLS.items():
        assert np.all(sum(chips[k] * used.wafers[k] for k in members) <= made.packaging[pool] * just)
    assert np.all(sum(chips[k] * used.hbm_gb[k] for k in used.hbm_gb) <= made.hbm_gb * just)
    assert np.all(sum(chips[k] * used.power_mw[k] for k in used.power_mw) <= made.power_mw * just)
    assert np.all(sum(chips[k] * used.modules[k] for k in used.modules) <= made.modules * just)
    assert np.all(chips["flagship"] / CHIPS_PER_RACK <= made.racks * just)
    assert np.all(sent.shipped >= 0)
    assert np.all(sent.backlog >= 0)


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 10_000),
    st.dictionaries(st.sampled_from(LIMITS), st.floats(0.1, 2.0)),
    st.sampled_from(LIMITS),
    st.floats(1.001, 5.0),
)
def test_a_limit_loosened_never_ships_less_by_any_quarter_in_any_draw(seed, given_limits, limit, factor):
    *_, before = limits_of(seed, given_limits)
    *_, after = limits_of(seed, {**given_limits, limit: given_limits.get(limit, 1.0) * factor})
    chips_before, chips_after = (s.shipped.sum(axis=0).cumsum(axis=0) for s in (before, after))
    assert np.all(chips_after >= chips_before * (1 - 1e-12))
    # Every kind that hands nothing on and is handed nothing is monotone by itself.
    alone = [k for k, kind in enumerate(KINDS) if kind != "hgx"]
    assert np.all(
        after.shipped[alone].cumsum(axis=1) >= before.shipped[alone].cumsum(axis=1) * (1 - 1e-12) - 1e-9
    )


def test_orders_are_shipped_withdrawn_or_waiting():
    orders, *_, sent = limits_of(5, {"packaging": 0.5})
    cancel = sampling.sample(REPLAY, 200, 5)["cancel_share"]
    before = np.concatenate([orders[:, :1] * 0, sent.backlog[:, :-1]], axis=1)
    before[[0, 1], 0] = orders[[0, 1], 0]
    left = before.sum(axis=0) * (1 - cancel) + orders.sum(axis=0)
    np.testing.assert_allclose(left, (sent.shipped + sent.backlog).sum(axis=0), rtol=1e-12)


def test_money_is_conserved_from_buyers_to_kinds_and_from_kinds_to_tiers():
    drawn = sampling.sample(REPLAY, 50, 1)
    by_buyer = np.random.default_rng(1).uniform(1, 9, (8, 4, 50))
    middle = {kind: REPLAY[f"cost_per_unit.{kind}"].mid for kind in KINDS}
    split = mix.split(by_buyer, mix.odds(drawn, middle, 2025.0 + np.arange(4)[:, None] / 4))
    np.testing.assert_allclose(split.sum(axis=0), by_buyer.sum(axis=0), rtol=1e-12)
    result = chain.run(REPLAY, **SMALL)
    np.testing.assert_allclose(result.tiers_usd_bn.sum(axis=1), result.systems_usd_bn.sum(axis=1), rtol=1e-9)
    np.testing.assert_allclose(
        result.mean_tiers_usd_bn.sum(axis=1), result.systems_usd_bn.mean(axis=0), rtol=1e-9
    )
    assert result.tiers_usd_bn.shape == (60, len(TIERS))


def test_an_own_chip_is_bought_by_its_owner_and_no_flagship_goes_to_china():
    drawn = sampling.sample(REPLAY, 4, 0)
    middle = {kind: REPLAY[f"cost_per_unit.{kind}"].mid for kind in KINDS}
    odds = mix.odds(drawn, middle, np.array([[2025.0]]))
    for b, buyer in enumerate((*TOP4, *GROUPS[1:])):
        alone = np.zeros((8, 1, 4))
        alone[b] = 1.0
        bought = {
            kind for kind, money_in in zip(KINDS, mix.split(alone, odds), strict=True) if money_in.any()
        }
        assert bought == set(MAY_BUY[buyer])
    assert set(MAY_BUY["china"]) == set(OFF_GRID)
    assert [b for b, kinds in MAY_BUY.items() if "tpu" in kinds] == ["GOOGL"]


def test_a_cheaper_kind_is_bought_more_and_only_step_by_step():
    default = chain.run(REPLAY, **SMALL)
    same = {kind: np.array(REPLAY[f"cost_per_unit.{kind}"].mid) for kind in KINDS}
    cheaper = chain.run(REPLAY, **SMALL, unit_cost={"hgx": same["hgx"] * 4, "flagship": same["flagship"]})
    gain = cheaper.mean_orders[:, 0] / default.mean_orders[:, 0]
    assert np.all(gain > 1.0)
    assert gain[0] < gain[3]
    tpu = KINDS.index("tpu")
    assert np.all(cheaper.mean_orders[:, tpu] < default.mean_orders[:, tpu])


def test_costs_scaled_all_alike_change_nothing():
    costs = {kind: np.array(1.0 + i) for i, kind in enumerate(KINDS)}
    one, other = (
        chain.run(REPLAY, **SMALL, unit_cost={k: c * f for k, c in costs.items()}) for f in (1.0, 7.3)
    )
    np.testing.assert_allclose(one.racks, other.racks, rtol=1e-12)


def test_what_racks_cannot_use_ships_in_hgx_boxes():
    tight = chain.run(believing("rack_assembly_per_year=100"), **SMALL)
    loose = chain.run(believing("rack_assembly_per_year=900k", "rack_ramp_mid_year=2023"), **SMALL)
    hgx = KINDS.index("hgx")
    assert tight.racks.sum() < 0.05 * loose.racks.sum()
    assert tight.mean_shipments[:, hgx].sum() > loose.mean_shipments[:, hgx].sum()
    assert tight.freed_usd_bn.sum() > loose.freed_usd_bn.sum()


def test_a_cut_of_ten_thousand_racks_is_30_to_35_billion_gross_and_less_net():
    drawn = sampling.sample(believing("chip_price.flagship=41.7/45.1/48.6"), 2000, 0)
    effect = money.cut_effect(drawn, 10_000)
    gross = np.quantile(effect.gross.sum(axis=0), [0.1, 0.9])
    np.testing.assert_allclose(gross, [30.0, 35.0], rtol=0.01)
    assert np.all(effect.net.sum(axis=0) < effect.gross.sum(axis=0))


def test_what_binds_is_what_is_scarce():
    base = chain.run(REPLAY, **SMALL)
    for r, limit in enumerate(LIMITS):
        scarce = chain.run(REPLAY, **SMALL, loosened={limit: 0.02})
        assert np.all(scarce.binds[:, r] >= base.binds[:, r])
        assert scarce.binds[:, r].min() > 0.95
        assert scarce.growth_needed[1, r] > base.growth_needed[1, r]


def test_where_nothing_is_scarce_nothing_binds_and_all_orders_ship():
    free = chain.run(
        believing("ascend_per_year=90M"), **SMALL, loosened=dict.fromkeys(LIMITS, 1e4), keep=("backlog",)
    )
    assert free.binds.max() == free.backlog.max() == 0.0


def test_one_more_unit_of_a_limit_never_ships_fewer_chips():
    worth = limits_worth(REPLAY, first=FIRST, quarters=4, draws=200)
    assert [w.limit for w in worth] == list(LIMITS)
    assert all(w.chips >= 0 and w.racks >= 0 for w in worth)
    assert max(w.chips for w in worth) > 0


def test_racks_of_a_year_need_all_its_quarters():
    result = chain.run(REPLAY, **SMALL)
    np.testing.assert_allclose(result.racks_in(2025), result.racks[:, :4].sum(axis=1))
    with pytest.raises(Refused, match="2026 is not wholly within"):
        result.racks_in(2026)


def test_kept_arrays_have_the_means_that_are_always_told():
    result = chain.run(REPLAY, **SMALL, keep=chain.KEEPABLE)
    for kept, mean in ((result.shipments, result.mean_shipments), (result.backlog, result.mean_backlog)):
        np.testing.assert_allclose(kept.mean(axis=0), mean, rtol=1e-12)
    assert result.orders.shape == (60, 6, len(KINDS))
    assert set(result.inputs) == {name for name, p in REPLAY.items() if not p.is_point}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"budget_usd_bn": np.ones((3, 5))}, "budgets of shape"),
        ({"budget_usd_bn": np.zeros((3, 6))}, "not above 0"),
        ({"draws": 0}, "0 draws"),
        ({"keep": ("shipment",)}, "Did you mean shipments"),
        ({"loosened": {"packing": 2.0}}, "Did you mean packaging"),
        ({"loosened": {"power": 0.0}}, "factor above 0"),
        ({"unit_cost": {"tpu": np.array(1.0)}}, "without that of hgx"),
        ({"unit_cost": {"hgx": np.array(0.0)}}, "not above 0"),
        ({"unit_cost": {"hxg": np.array(1.0)}}, "Did you mean hgx"),
    ],
)
def test_what_cannot_be_run_is_refused(asked, said):
    with pytest.raises((BadInput, UnknownName), match=said):
        chain.run(REPLAY, **{**SMALL, **asked})


def test_the_chain_of_the_day_agrees_with_the_facts_of_the_day():
    result = chain.run(REPLAY, first=FIRST, quarters=4, draws=4000)
    low, high = np.quantile(result.revenue_usd_bn[:, 0], [0.1, 0.9])
    # Data centre of 30.8 USD bn reported for 3Q24, 37.5 in all guided for 4Q24.
    assert low < 33.0 < high
    low, high = np.quantile(result.in_year(result.capex_usd_bn, 2025), [0.1, 0.9])
    assert low < 270 < 300 < high  # consensus of January 2025
    # Published forecasts of the day run from under 20 to 35 thousand racks.
    assert 3_000 < np.median(result.racks_in(2025)) < 50_000
