"""A buyer's case.yaml becomes a case in canonical units and US dollars."""

import json
import math
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.catalogue import load
from counterpoise.errors import BadInput
from counterpoise.planning.case import parse_case

CATALOGUE = load()
CNY = next(
    e.units_per_usd.mid
    for e in sorted(CATALOGUE.exchange_rates, key=lambda e: e.units_per_usd.provenance.as_of, reverse=True)
    if e.currency == "CNY" and e.units_per_usd.provenance.as_of <= date(2025, 2, 3)
)
EXAMPLES = Path(__file__).parents[2] / "examples"
PROFILE = ["1"] * 8 + ["4"] * 10 + ["2"] * 6


def sme():
    """The case of the example, as data; what is written is text."""
    return {
        "name": "A reasoning app",
        "as_of": "2025-02-03",
        "currency": "CNY",
        "horizon": {"start": "2025Q1", "quarters": "8"},
        "site": {"region": "CN", "power": "150 kW", "pue": "1.35", "electricity": "0.65 CNY/kWh"},
        "limits": {"capex": "15M CNY"},
        "workloads": [
            {
                "id": "app",
                "kind": "serving",
                "use_case": "reasoning-chat",
                "peak": "2 requests/s",
                "growth": "15 %/quarter",
                "input_tokens": "800",
                "output_tokens": "3000",
                "cached_prefix": "30 %",
                "slo": {"ttft": "3 s", "tpot": "60 ms", "percentile": "90"},
                "quality": {"AIME 2024": "70", "GPQA Diamond": "60"},
                "routing": {"share": "40 %", "quality": {"MATH-500": "90"}},
                "api": "allowed",
            },
            {
                "id": "confidential",
                "kind": "serving",
                "use_case": "document-qa",
                "peak": "0.5 requests/s",
                "quality": {"GPQA Diamond": "60"},
                "api": "forbidden",
            },
            {
                "id": "tuning",
                "kind": "training",
                "method": "lora",
                "base": "deepseek-r1-distill-qwen-32b",
                "tokens": "300M",
                "every": "month",
                "within": "3 days",
            },
        ],
        "engineers": {"available": "4", "cost": "60k CNY/month"},
    }


def parse(data, catalogue=CATALOGUE):
    return parse_case(json.dumps(data), "case.yaml", catalogue)


def with_field(path, value):
    """The example with one field set; `path` like "workloads.0.peak"."""
    data = sme()
    *above, last = path.split(".")
    node = data
    for step in above:
        node = node[int(step)] if isinstance(node, list) else node.setdefault(step, {})
    node[last] = value
    return data


def assumed(case):
    return {a.field: a for a in case.assumptions}


def test_the_example_says_what_its_yaml_says():
    case = parse_case((EXAMPLES / "sme-reasoning/case.yaml").read_bytes(), "case.yaml", CATALOGUE)
    app, confidential, tuning = case.workloads
    assert [w.id for w in case.workloads] == ["app", "confidential", "tuning"]
    assert case.site.power_w == (150_000.0,) * 8
    assert case.limits.capex_usd * case.units_per_usd == pytest.approx(15e6)
    assert case.site.electricity_usd_per_kwh == pytest.approx(0.65 / CNY)
    assert case.engineers.usd_per_week == pytest.approx(60_000 / CNY / (365.25 / 12 / 7))
    assert case.engineers.weeks_per_period[0] == pytest.approx(4 * 90 / 7)
    assert (app.peak_requests_per_s, app.growth_per_quarter, app.cached_prefix) == (2.0, 0.15, 0.3)
    assert (app.ttft_s, app.tpot_s, app.percentile) == (3.0, 0.06, 90.0)
    assert app.routing.share == 0.4
    assert dict(app.quality) == {"AIME 2024": 70.0}
    assert app.api_allowed
    assert not confidential.api_allowed
    assert (tuning.tokens, tuning.within_days, tuning.every) == (3e8, 3.0, "month")
    assert [p.label for p in case.periods][::7] == ["2025Q1", "2026Q4"]
    assert sum(b.hours for b in case.blocks) == 24


@pytest.mark.parametrize("name", ["sme-reasoning", "cloud-frontier", "lab-pretraining"])
def test_every_example_is_a_case(name):
    text = (EXAMPLES / name / "case.yaml").read_bytes()
    assert parse_case(text, "case.yaml", CATALOGUE).as_of == date(2025, 2, 3)


def test_every_default_is_an_assumption_with_a_source():
    data = sme()
    for field in ("engineers", "limits"):
        del data[field]
    data["site"] = {"region": "CN"}
    taken = assumed(parse(data))
    for field in (
        "exchange rate CNY",
        "site.pue",
        "site.electricity",
        "site.power",
        "limits.capex",
        "limits.opex",
        "finance.discount_rate",
        "engineers.available",
        "engineers.cost",
        "blocks",
        "solver.gap",
        "workloads[confidential].input_tokens",
        "workloads[confidential].output_tokens",
        "workloads[confidential].profile",
        "workloads[confidential].growth",
        "workloads[confidential].slo.ttft",
        "workloads[confidential].slo.tpot",
        "workloads[confidential].slo.percentile",
        "workloads[app].repeat_share",
        "workloads[app].reserve_margin",
        "workloads[tuning].sequence_length",
    ):
        assert taken[field].source, field
        assert taken[field].kind in ("list", "quoted", "measured", "derived", "assumed")


def test_what_the_case_states_is_no_assumption():
    taken = assumed(parse(sme()))
    for field in (
        "site.pue",
        "site.electricity",
        "limits.capex",
        "engineers.cost",
        "workloads[app].slo.tpot",
    ):
        assert field not in taken


def test_a_region_inside_a_larger_one_takes_its_figures():
    inside = assumed(parse(with_field("site", {"region": "EU Germany"})))
    assert "EU" not in inside["site.electricity"].note.split(";")[0]
    assert inside["site.pue"].value >= 1


def test_limits_that_nobody_states_are_infinite():
    case = parse(with_field("limits", {"opex_per_quarter": "2M CNY"}))
    assert math.isinf(case.limits.capex_usd)
    assert case.limits.opex_usd_per_period == pytest.approx((2e6 / CNY,) * 8)
    assert "limits.opex" not in assumed(case)


@pytest.mark.parametrize(
    ("written", "kw"),
    [
        ("150 kW", [150] * 8),
        ({"2025Q1": "150 kW", "2025Q3": "300 kW"}, [150] * 2 + [300] * 6),
        ({"2025Q3": "300 kW", "2024Q1": "150 kW"}, [150] * 2 + [300] * 6),
        ([f"{10 * i} kW" for i in range(8)], [10 * i for i in range(8)]),
    ],
)
def test_power_may_change_by_quarter(written, kw):
    assert parse(with_field("site.power", written)).site.power_w == tuple(1000.0 * k for k in kw)


def test_the_smaller_of_two_power_limits_counts():
    case = parse(with_field("limits.power", {"2025Q1": "100 kW", "2026Q1": "200 kW"}))
    assert case.site.power_w == (100e3,) * 4 + (150e3,) * 4


def test_a_use_case_is_not_needed_where_its_fields_are_given():
    own = {
        "id": "own",
        "kind": "serving",
        "peak": "1 requests/s",
        "input_tokens": "100",
        "output_tokens": "10",
        "profile": PROFILE,
        "slo": {"ttft": "1 s", "tpot": "50 ms"},
    }
    (workload,) = parse(with_field("workloads", [own])).workloads
    assert workload.use_case == "own"
    assert workload.profile == (0.25,) * 8 + (1.0,) * 10 + (0.5,) * 6
    assert assumed(parse(with_field("workloads", [own])))["workloads[own].cached_prefix"].kind == "assumed"


def test_blocks_may_be_counted_or_written():
    assert len(parse(with_field("blocks", "6")).blocks) == 6
    case = parse(with_field("blocks", ["12-18", "22-6", "6-12", "18:00-22:00"]))
    assert [b.label for b in case.blocks] == ["06-12", "12-18", "18-22", "22-06"]
    assert case.blocks[-1].hours == 8


def test_allowed_techniques_exclude_all_others():
    kinds = {name: t.kind for name, t in CATALOGUE.techniques.items()}
    case = parse(with_field("techniques", {"allowed": ["quantise", "Prefix-Cache"]}))
    kept = set(kinds) - set(case.techniques_excluded)
    assert kept == {n for n, k in kinds.items() if k in ("quantise", "prefix-cache")}
    case = parse(with_field("techniques", {"excluded": ["port"]}))
    assert {kinds[n] for n in case.techniques_excluded} == {"port"}


def test_models_and_systems_may_be_called_by_other_names():
    case = parse(
        with_field("workloads.0.models", ["deepseek-ai/DeepSeek-R1", "DeepSeek-R1-Distill-Qwen-32B"])
    )
    assert case.workloads[0].models == ("deepseek-r1", "deepseek-r1-distill-qwen-32b")
    case = parse(with_field("limits.systems", {"hgx-h20-8": "4"}))
    assert case.limits.systems == {"HGX-H20-8": 4.0}


def test_chips_may_be_restricted_by_their_shorthands():
    assert parse(with_field("limits.chips", ["H20", "h800-sxm"])).limits.chips == ("H20", "H800-SXM")


def test_vendors_are_known_by_any_case():
    assert parse(with_field("limits.vendors_excluded", ["huawei"])).limits.vendors_excluded == ("Huawei",)


def test_money_in_another_currency_is_converted_and_its_rate_listed():
    case = parse(with_field("limits.capex", "2M EUR"))
    rate = assumed(case)["exchange rate EUR"].value
    assert case.limits.capex_usd == pytest.approx(2e6 / rate)


def test_facts_dated_after_the_case_change_nothing():
    cut = date(2025, 2, 3)
    known = replace(
        CATALOGUE,
        exchange_rates=tuple(e for e in CATALOGUE.exchange_rates if e.units_per_usd.provenance.as_of <= cut),
        sites=tuple(s for s in CATALOGUE.sites if s.figure.provenance.as_of <= cut),
        models={n: m for n, m in CATALOGUE.models.items() if m.released and m.released <= cut},
        scores=tuple(s for s in CATALOGUE.scores if s.provenance.as_of <= cut),
    )
    data = sme()
    data["site"] = {"region": "CN"}
    assert parse(data, known) == parse(data)


def shuffled(node, random):
    if isinstance(node, dict):
        items = [(key, shuffled(value, random)) for key, value in node.items()]
        random.shuffle(items)
        return dict(items)
    return node


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_fields_and_workloads_changes_nothing(random):
    data = shuffled(sme(), random)
    data["workloads"] = [shuffled(w, random) for w in data["workloads"]]
    random.shuffle(data["workloads"])
    assert parse(data) == parse(sme())


OTHER_UNITS = {
    "site.power": ["150 kW", "0.15 MW", "150000 W", "150,000 W"],
    "site.electricity": ["0.65 CNY/kWh", "650 CNY/MWh", "¥0.65/kWh", "0.65元 per kWh"],
    "limits.capex": ["15M CNY", "15,000k CNY", "1500万元", "15000000 RMB", "CNY 15M", "¥15M", "0.015B CNY"],
    "workloads.0.peak": ["2 requests/s", "120 requests/min", "7.2k req/h", "2 requests per second"],
    "workloads.0.input_tokens": ["800", "0.8k", "800 tokens", "8e2"],
    "workloads.0.cached_prefix": ["30 %", "30%", "30 percent"],
    "workloads.0.slo": [
        {"ttft": "3 s", "tpot": "60 ms"},
        {"ttft": "3000 ms", "tpot": "0.06 s", "percentile": "90"},
        {"ttft": "0.05 min", "tpot": "60,000 µs"},
    ],
    "workloads.2.tokens": ["300M", "0.3B tokens", "300 million tokens", "3亿"],
    "workloads.2.within": ["3 days", "72 h", "72 hours"],
    "engineers.cost": ["60k CNY/month", "720k CNY/year", "180k CNY per quarter"],
}


@settings(max_examples=25, deadline=None)
@given(st.fixed_dictionaries({path: st.sampled_from(texts) for path, texts in OTHER_UNITS.items()}))
def test_other_units_of_the_same_quantities_give_the_same_case(chosen):
    data = sme()
    del data["workloads"][0]["slo"]["percentile"]
    expected = parse(data)
    for path, value in chosen.items():
        *above, last = path.split(".")
        node = data
        for step in above:
            node = node[int(step)] if isinstance(node, list) else node[step]
        node[last] = {**value} if isinstance(value, dict) else value
    found = parse(data)
    assert replace(found, assumptions=()) == replace(expected, assumptions=())


def test_all_money_in_dollars_at_the_rate_of_the_day_is_the_same_case():
    data = sme()
    data["currency"] = "USD"
    data["limits"]["capex"] = f"{15e6 / CNY!r} USD"
    data["site"]["electricity"] = f"{0.65 / CNY!r} USD/kWh"
    data["engineers"]["cost"] = f"{60_000 / CNY!r} USD/month"
    dollars, yuan = parse(data), parse(sme())
    assert dollars.limits.capex_usd == pytest.approx(yuan.limits.capex_usd, rel=1e-12)
    assert dollars.site.electricity_usd_per_kwh == pytest.approx(yuan.site.electricity_usd_per_kwh, rel=1e-12)
    assert dollars.engineers.usd_per_week == pytest.approx(yuan.engineers.usd_per_week, rel=1e-12)
    assert dollars.units_per_usd == 1.0


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=400), st.text(max_size=200)))
def test_random_bytes_are_bad_input(data):
    with pytest.raises(BadInput):
        parse_case(data, "case.yaml", CATALOGUE)


TEXT = (EXAMPLES / "sme-reasoning/case.yaml").read_text(encoding="utf-8")


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, len(TEXT)),
    st.integers(0, 12),
    st.one_of(
        st.text(max_size=12), st.sampled_from(["\t", ": ", "[", "{", "*a", "&a ", "!!int ", "-", "~", "#"])
    ),
)
def test_a_damaged_case_is_a_case_or_bad_input(at, length, inserted):
    text = TEXT[:at] + inserted + TEXT[at + length :]
    try:
        parse_case(text, "case.yaml", CATALOGUE)
    except BadInput as error:
        assert error.where.file == "case.yaml"
