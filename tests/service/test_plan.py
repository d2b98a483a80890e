"""A case folder in, a plan document and a run folder out: what must hold of any plan."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from counterpoise import service
from counterpoise.errors import BadInput, NoPlan
from counterpoise.planning.assemble import assemble
from counterpoise.planning.solve import solve
from counterpoise.service.cases import read_case
from planning.cases_by_hand import SMALL


def folder(path: Path, text: str = SMALL, **files: str) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    (path / "case.yaml").write_text(text, encoding="utf-8")
    for name, content in files.items():
        (path / name.replace("_csv", ".csv")).write_text(content, encoding="utf-8")
    return path


def planned(case: Path, runs: Path) -> dict:
    stages = []
    document = service.plan(case, runs_dir=runs, on_stage=lambda name, _: stages.append(name), html=False)
    assert stages == ["plan", "analysis"]
    return document


def cost_usd(path: Path, text: str) -> float:
    read = read_case(folder(path, text))
    return solve(assemble(read.case, read.catalogue).problem, gap=1e-6).objective_usd


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    root = tmp_path_factory.mktemp("small")
    return folder(root / "case"), root / "runs", planned(root / "case", root / "runs")


def test_the_document_holds_what_the_contract_promises(small):
    _, _, document = small
    promised = "run, status, gap, cost, answer, purchases, rentals, techniques, deployments, cost_items"
    promised += ", balance, limits, counterfactual, why_not, assumptions, weakest_fact, unit_costs"
    assert set(promised.split(", ")) <= document.keys()
    assert document["cost"]["currency"] == "CNY"
    assert document["cost"]["low80"] <= document["cost"]["value"] <= document["cost"]["high80"]
    assert document["counterfactual"]["hypothetical"] is True


def test_the_items_and_the_units_sum_to_the_cost(small):
    _, _, document = small
    total = document["cost"]["value"]
    assert sum(row["value"] for row in document["cost_items"]) == pytest.approx(total, rel=1e-9)
    assert sum(row["value"] for row in document["cost_by_period"]) == pytest.approx(total, rel=1e-9)


def test_every_request_of_every_block_is_served(small):
    case, _, document = small
    read = read_case(case)
    (demand,) = assemble(read.case, read.catalogue).problem.serving_demand.values()
    for t, period in enumerate(document["case"]["periods"]):
        for b, block in enumerate(x["label"] for x in document["case"]["blocks"]):
            rate = sum(
                d["requests_per_s"]
                for d in document["deployments"]
                if (d["period"], d["block"]) == (period, block)
            )
            needed = demand.peak_requests_per_s[t][b] * (1 + demand.reserve_margin)
            assert rate >= needed * (1 - 1e-6)


def test_no_chip_is_used_that_is_not_held(small):
    _, _, document = small
    for row in document["balance"]["by_period_block"]:
        assert row["idle_chips"] >= -1e-6


def test_the_run_folder_holds_the_document_and_its_tables(small):
    case, runs, document = small
    run = runs / document["run"]
    told = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert told["document"]["cost"]["value"] == pytest.approx(document["cost"]["value"])
    assert {"case.yaml"} == {f["name"] for f in told["inputs"]["files"]}
    assert (run / "deployments.parquet").is_file()
    again = service.plan(case, runs_dir=runs, on_stage=lambda *_: None, html=False)
    assert again["run"] == document["run"]
    assert json.dumps(again, sort_keys=True) == json.dumps(document, sort_keys=True)


def test_facts_dated_after_the_case_change_nothing_byte_for_byte(small, tmp_path):
    _, _, document = small
    header = "name,kind,system,price,date,regions,source\n"
    later = "gift,buy,HGX-H20-8,1000 CNY,2025-02-04,CN,a later quote\n"
    other = folder(tmp_path / "case", offers_csv=header + later)
    told = planned(other, tmp_path / "runs")
    ours, theirs = dict(document), dict(told)
    assert ours.pop("run") != theirs.pop("run")
    assert json.dumps(ours, sort_keys=True) == json.dumps(theirs, sort_keys=True)


def test_the_order_of_the_fields_and_the_units_change_nothing(tmp_path):
    text = SMALL.replace("currency: CNY\n", "").replace("power: 40 kW", "power: 0.04 MW")
    shuffled = text.replace(
        "slo: {ttft: 4 s, tpot: 80 ms, percentile: 90}", "slo: {percentile: 90, tpot: 0.08 s, ttft: 4000 ms}"
    )
    assert cost_usd(tmp_path / "a", SMALL) == pytest.approx(
        cost_usd(tmp_path / "b", shuffled + "currency: CNY\n"), rel=1e-9
    )


def test_two_halves_of_a_workload_that_each_fill_replicas_cost_what_the_whole_does(tmp_path):
    large = SMALL.replace("4 requests/s", "200 requests/s").replace("40 kW", "2 MW")
    head, rest = large.split("  - id: questions\n")
    body, tail = rest.split("techniques:")
    half = body.replace("200 requests/s", "100 requests/s")
    text = f"{head}  - id: one\n{half}  - id: two\n{half}techniques:{tail}"
    assert cost_usd(tmp_path / "halves", text) == pytest.approx(cost_usd(tmp_path / "whole", large), rel=1e-4)


@pytest.mark.parametrize(
    ("less", "more"),
    [("power: 40 kW", "power: 80 kW"), ("currency: CNY", "currency: CNY\nlimits: {capex: 9M CNY}")],
)
def test_more_power_and_no_limit_on_money_never_cost_more(tmp_path, less, more):
    first, second = SMALL, SMALL.replace(less, more)
    if "capex" in more:
        first, second = second, first
    assert cost_usd(tmp_path / "b", second) <= cost_usd(tmp_path / "a", first) * (1 + 1e-6)


def test_twice_the_demand_costs_no_less(tmp_path):
    twice = SMALL.replace("4 requests/s", "8 requests/s")
    assert cost_usd(tmp_path / "b", twice) >= cost_usd(tmp_path / "a", SMALL) * (1 - 1e-6)


def test_a_case_nobody_can_satisfy_names_what_clashes_and_the_least_relaxation(tmp_path):
    text = SMALL.replace("currency: CNY", "currency: CNY\nlimits: {opex: 1000 CNY, capex: 1000 CNY}")
    with pytest.raises(NoPlan) as error:
        planned(folder(tmp_path / "poor", text), tmp_path / "runs")
    assert "capex" in str(error.value) or "opex" in str(error.value)
    assert not (tmp_path / "runs").exists() or not any((tmp_path / "runs").iterdir())


def test_a_floor_that_no_model_meets_is_said_by_name(tmp_path):
    text = SMALL.replace("{GPQA Diamond: 60}", "{GPQA Diamond: 99}")
    with pytest.raises(NoPlan) as error:
        planned(folder(tmp_path / "high", text), tmp_path / "runs")
    assert "questions" in str(error.value)


def test_every_default_is_an_assumption_with_a_source(small):
    case, _, _ = small
    rows = service.assumptions(case)["assumptions"]
    assert rows
    assert all(row["source"] and row["kind"] for row in rows)


def test_a_dearer_quote_is_refused_and_a_gift_accepted(small, tmp_path):
    case, _, _ = small
    offers = tmp_path / "quotes.csv"
    with offers.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["name", "kind", "system", "price", "date", "regions", "lead_time", "source"])
        writer.writerow(["gift", "buy", "HGX-H20-8", "10k CNY", "2025-02-01", "CN", "1 weeks", "a quote"])
        writer.writerow(["robbery", "buy", "HGX-H20-8", "90M CNY", "2025-02-01", "CN", "1 weeks", "a quote"])
    answers = {row["quote"]: row for row in service.quote(case, offers)["quotes"]}
    assert answers["gift"]["decision"] == "accept" and answers["gift"]["saving"]["value"] > 0
    assert answers["robbery"]["decision"] == "refuse" and answers["robbery"]["why"]


def test_a_cache_that_answers_for_nothing_is_no_rival_of_a_quote(tmp_path):
    text = SMALL.replace("[fp8-weights]", "[fp8-weights, answer-cache]")
    offers = tmp_path / "quotes.csv"
    offers.write_text(
        "name,kind,system,price,date,regions,lead_time,source\n"
        "robbery,buy,HGX-H20-8,90M CNY,2025-02-01,CN,1 weeks,a quote\n",
        encoding="utf-8",
    )
    (answer,) = service.quote(folder(tmp_path / "case", text), offers)["quotes"]
    assert answer["decision"] == "refuse" and "answer cache" not in answer["why"]


def test_a_missing_case_is_one_sentence(tmp_path):
    with pytest.raises(BadInput, match="no such file"):
        service.assumptions(tmp_path / "nowhere")
