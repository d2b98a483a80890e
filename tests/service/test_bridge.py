"""A case and a market in; buy now, wait or rent with the regret of each out."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from counterpoise import service
from counterpoise.errors import BadInput, Refused, UnknownName
from counterpoise.market.calendar import Quarter
from counterpoise.market.kinds import KINDS
from counterpoise.market.scenarios import SupplyScenario
from counterpoise.market.supply_links import MarketPaths
from counterpoise.planning.assemble import assemble
from counterpoise.runs import Inputs, read_run, write_run
from counterpoise.runs.plain import plain
from counterpoise.service.bridge import BridgeAsked, bridge_case
from counterpoise.service.bridge_costs import unit_costs
from counterpoise.service.bridge_market import (
    CHIPS_OF_KIND,
    KIND_OF_CHIP,
    MarketAsked,
    conditions,
    of_run,
    outside_the_chain,
    run_market,
)
from counterpoise.service.cases import facts_on, read_case
from planning.cases_by_hand import SMALL

DAY = date(2025, 2, 3)
FIRST = Quarter(2025, 1)
CASE = SMALL.replace("workloads:", "limits: {chips: [H20, L4]}\nblocks: 1\nsolver: {gap: 2 %}\nworkloads:")


TWO_QUARTERS = CASE.replace("quarters: 3", "quarters: 2")


def folder(path: Path, text: str = CASE) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    (path / "case.yaml").write_text(text, encoding="utf-8")
    return path


def tight(draws: int = 400, quarters: int = 3) -> MarketPaths:
    """Markets that ease or tighten from today on, at one rate a draw."""
    rate = np.random.default_rng(0).normal(0.0, 0.2, (draws, 1, 1))
    path = np.exp(0.4 + rate * np.arange(quarters)[None, :, None]) * np.ones((1, 1, len(KINDS)))
    return MarketPaths(FIRST, KINDS, path, "by hand", {"elasticity": rate[:, 0, 0]})


@pytest.fixture(scope="module")
def bridged(tmp_path_factory):
    root = tmp_path_factory.mktemp("bridge")
    said: list[str] = []
    document = bridge_case(
        folder(root / "case", TWO_QUARTERS),
        BridgeAsked(scenarios=2, wait=1),
        runs_dir=root / "runs",
        say=said.append,
        paths=tight(),
    )
    return root, document, said


def test_the_document_holds_the_advice_each_policy_and_what_it_rests_on(bridged) -> None:
    _, document, said = bridged
    assert [p["policy"] for p in document["policies"]] == ["rent", "wait 1 quarter", "buy now", "free"]
    assert document["advised"] in {"rent", "wait 1 quarter", "buy now"}
    assert document["currency"] == "CNY"
    assert {a["field"] for a in document["assumptions"]} >= {"link: rent_response", "link: delivery_response"}
    assert all(a["source"] and a["known_on"] <= "2025-02-03" for a in document["assumptions"])
    assert document["told_apart_by"] == ["cut-down"]
    assert any("mean future" in line for line in said)


def test_the_advice_is_the_least_expected_cost_of_the_outcomes(bridged) -> None:
    _, document, _ = bridged
    expected: dict[str, float] = {}
    for row in document["outcomes"]:
        if row["cost"] is None:
            expected[row["policy"]] = float("inf")
        else:
            earlier = expected.get(row["policy"], 0.0)
            expected[row["policy"]] = earlier + row["probability"] * row["cost"]
    for row in document["policies"]:
        if row["expected_cost"] is not None:
            assert row["expected_cost"] == pytest.approx(expected[row["policy"]])
    choices = {k: v for k, v in expected.items() if k != "free"}
    assert expected[document["advised"]] == pytest.approx(min(choices.values()))
    assert expected["free"] <= min(choices.values()) * (1 + 1e-9)


def test_in_every_scenario_some_policy_is_not_regretted(bridged) -> None:
    _, document, _ = bridged
    by_scenario: dict[str, list[float]] = {}
    for row in document["outcomes"]:
        if row["regret"] is not None:
            by_scenario.setdefault(row["scenario"], []).append(row["regret"])
    assert all(min(regrets) == 0.0 for regrets in by_scenario.values())
    assert len(by_scenario) == 2


def test_the_run_can_be_read_again(bridged) -> None:
    root, document, _ = bridged
    read = read_run(root / "runs" / document["run"])
    assert read.document == json.loads(json.dumps(plain(document)))
    assert {t["name"] for t in read.about["tables"]} == {"outcomes", "scenarios"}


def test_the_same_question_gives_the_same_run(bridged) -> None:
    root, document, _ = bridged
    again = bridge_case(root / "case", BridgeAsked(scenarios=2, wait=1), runs_dir=None, paths=tight())
    assert plain(again) == plain(document)


def test_a_wait_beyond_the_horizon_is_refused(tmp_path) -> None:
    with pytest.raises(BadInput, match="wait of 3 quarters"):
        bridge_case(folder(tmp_path), BridgeAsked(wait=3), runs_dir=None, paths=tight())


def test_scenarios_without_number_are_refused_before_anything_is_planned(tmp_path) -> None:
    said: list[str] = []
    with pytest.raises(BadInput, match="scenarios"):
        bridge_case(
            folder(tmp_path), BridgeAsked(scenarios=0, wait=1), runs_dir=None, paths=tight(), say=said.append
        )
    assert len(said) <= 1


def test_every_chip_of_the_chain_is_in_the_catalogue_and_in_one_kind() -> None:
    known = facts_on(None).chips
    assert set(KIND_OF_CHIP) <= set(known)
    assert sum(map(len, CHIPS_OF_KIND.values())) == len(KIND_OF_CHIP)
    assert set(CHIPS_OF_KIND) == set(KINDS)


def test_what_a_scenario_says_reaches_the_offers_of_its_kind_only(tmp_path) -> None:
    read = read_case(folder(tmp_path))
    assembled = assemble(read.case, read.catalogue)
    n = 3
    future = SupplyScenario(
        "x",
        1.0,
        price=dict.fromkeys(KINDS, (1.0, 0.9, 0.8)),
        rent=dict.fromkeys(KINDS, (1.0, 0.5, 0.4)),
        extra_weeks=dict.fromkeys(KINDS, (0.0, 7.0, -20.0)),
    )
    found = conditions(assembled, future)
    (h20,) = (k for k, b in assembled.problem.buys.items() if "H20" in b.pool)
    assert found.price[h20] == (1.0, 0.9, 0.8)
    # Seven weeks, then fourteen, then none: one quarter, two, none.
    assert found.lead_periods[h20] == (1, 2, 0)
    l4 = [k for k, r in assembled.problem.rents.items() if "L4" in r.pool]
    assert all(found.rent[k] == (1.0,) * n for k in l4)
    assert outside_the_chain(assembled) == ("L4",)


def test_the_market_is_run_over_the_quarters_of_the_case() -> None:
    market = run_market(MarketAsked(draws=1000), DAY, Quarter(2025, 2), 5)
    assert market.paths.first == Quarter(2025, 2)
    assert market.paths.tightness.shape == (1000, 5, len(KINDS))
    assert "elasticity" in market.paths.inputs


def test_what_is_set_reaches_the_chain_and_the_links() -> None:
    asked = MarketAsked(("elasticity=0.5", "rent_drift=-0.1"), draws=1000)
    market = run_market(asked, DAY, FIRST, 4)
    assert market.links["rent_drift"].kind == "set"
    assert "elasticity" not in market.paths.inputs
    easier = market.paths.tightness.mean()
    tighter = run_market(MarketAsked(("elasticity=2",), draws=1000), DAY, FIRST, 4).paths.tightness.mean()
    assert easier < tighter


def test_an_unknown_belief_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="rent_drift"):
        run_market(MarketAsked(("rent_drft=0",), draws=1000), DAY, FIRST, 4)


def test_a_case_before_the_markets_first_day_is_refused() -> None:
    with pytest.raises(Refused):
        run_market(MarketAsked(draws=1000), date(2020, 1, 1), Quarter(2020, 1), 4)


def _market_run(directory: Path, **document: object) -> Path:
    about = {"case": {"name": "market", "as_of": "2025-02-03"}, **document}
    return write_run(directory, about, {}, Inputs({}, "0" * 64))


def test_a_market_run_is_asked_again_with_what_it_set(tmp_path) -> None:
    run = _market_run(
        tmp_path, kind="market", set=["elasticity=0.8"], as_of="2025-02-03", draws=100_000, seed=7
    )
    assert of_run(run, DAY) == MarketAsked(("elasticity=0.8",), 20_000, 7)
    outlook = {"as_of": "2025-01-31", "draws": 5000, "seed": 1}
    replay = _market_run(tmp_path / "replay", kind="replay", outlook=outlook)
    assert of_run(replay, DAY) == MarketAsked((), 5000, 1)


def test_a_market_that_knows_more_than_the_case_is_refused(tmp_path) -> None:
    run = _market_run(tmp_path, kind="market", set=[], as_of="2025-06-30", draws=1000, seed=0)
    with pytest.raises(BadInput, match="knows facts until 2025-06-30, the case until 2025-02-03"):
        of_run(run, DAY)


def test_a_run_that_is_none_of_the_market_is_refused(tmp_path) -> None:
    with pytest.raises(BadInput, match="not one of the market"):
        of_run(_market_run(tmp_path), DAY)


def test_a_unit_of_work_is_priced_on_what_is_for_sale_and_the_rest_is_listed() -> None:
    costs = unit_costs("llama3.1-70b", DAY, draws=1001)
    priced = {str(row["kind"]): row for row in costs.rows}
    assert priced["hgx"]["over_reference"] == 1.0
    assert {"flagship", "cut-down", "ascend"} <= set(priced)
    assert priced["cut-down"]["chip"] == "H20"
    assert {str(k["kind"]) for k in costs.kept} | set(priced) == set(KINDS)
    own = {"tpu", "trainium", "mtia", "maia"}
    assert own <= {str(k["kind"]) for k in costs.kept}
    for kind, usd in costs.usd.items():
        assert np.median(usd) == pytest.approx(priced[kind]["usd_per_million_output_tokens"], rel=1e-2)
    assert service.unit_costs("llama3.1-70b", DAY)["unit_costs"][0]["kind"] == "flagship"


def test_the_planners_costs_move_the_markets_mix() -> None:
    costs = unit_costs("llama3.1-70b", DAY, draws=1000)
    asked = MarketAsked(draws=1000)
    before = run_market(asked, DAY, FIRST, 4).paths.tightness
    after = run_market(asked, DAY, FIRST, 4, unit_cost=costs.usd).paths.tightness
    assert not np.allclose(before, after)


def test_a_model_that_fits_nowhere_of_the_reference_is_refused() -> None:
    with pytest.raises(Refused, match="closed"):
        unit_costs("openai-o1", DAY, draws=10)
