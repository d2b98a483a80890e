"""The facts that ship: each has a source, a date, a kind and an order of low, mid and high."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date

import pytest

from counterpoise.catalogue import load
from counterpoise.catalogue.hardware import TECHNIQUE_UNITS
from counterpoise.catalogue.load import TABLES, questions, shipped, shorthands
from counterpoise.catalogue.prices import standard_error_pct
from counterpoise.catalogue.records import Figure, Provenance

CATALOGUE = load()


def inside(value: object, kind: type) -> Iterator:
    """Every value of `kind` anywhere inside a record."""
    if isinstance(value, kind):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from inside(part, kind)
    elif isinstance(value, tuple | list):
        for part in value:
            yield from inside(part, kind)
    elif is_dataclass(value):
        for f in fields(value):
            yield from inside(getattr(value, f.name), kind)


FIGURES = list(inside(CATALOGUE, Figure))


def test_no_fact_is_without_source_and_date():
    told = [*inside(CATALOGUE, Provenance), *(f.provenance for f in FIGURES)]
    assert len(told) > 2000
    assert [p for p in told if not p.source.strip() or not isinstance(p.as_of, date)] == []


def test_every_figure_is_a_range_in_a_unit():
    assert [f for f in FIGURES if not (0 <= f.low <= f.mid <= f.high) or not f.unit] == []


def test_what_comes_from_memory_is_assumed():
    """A source that says it is from memory is never passed off as a list price or a measurement."""
    memory = [f.provenance for f in FIGURES if f.provenance.source.startswith("unverified (memory)")]
    assert "measured" not in {p.kind for p in memory}
    told = [o.price_usd.provenance for o in CATALOGUE.offers]
    assert {p.kind for p in told if "list price from memory" in p.note} == {"assumed"}


def test_an_assumed_figure_says_what_it_is_assumed_from():
    assumed = [f.provenance for f in FIGURES if f.provenance.kind == "assumed"]
    assert [p for p in assumed if p.source == "assumed" and not p.note] == []


def test_no_offer_or_rule_is_without_a_date():
    assert all(isinstance(o.valid_from, date) for o in CATALOGUE.offers)
    assert all(isinstance(r.known_from, date) for r in CATALOGUE.export_rules)


@pytest.mark.parametrize("table", TABLES)
def test_tables_are_sorted_so_that_changes_read_well(table):
    key = {"export_rules": ("valid_from", "name"), "model_layers": ("model",)}.get(table, TABLES[table][:1])
    rows = [tuple(row.text(column) for column in key) for row in shipped(table)]
    assert rows == sorted(rows)


def test_every_reference_points_at_something():
    chips, systems, models = CATALOGUE.chips, CATALOGUE.systems, CATALOGUE.models
    assert {s.chip for s in systems.values()} <= set(chips)
    assert {o.chip for o in CATALOGUE.offers if o.chip} <= set(chips)
    assert {o.system for o in CATALOGUE.offers if o.system} <= set(systems)
    assert {c for r in CATALOGUE.export_rules for c in r.chips} <= set(chips)
    assert {row.text("model") for row in shipped("model_layers")} <= set(models)
    assert {row.text("chip") for row in shipped("chip_figures")} <= set(chips)
    assert {row.text("system") for row in shipped("system_figures")} <= set(systems)
    assert {row.text("technique") for row in shipped("technique_figures")} == set(CATALOGUE.techniques)
    assert {name for (kind, _), name in shorthands().items() if kind == "chip"} <= set(chips)
    assert {name for (kind, _), name in shorthands().items() if kind == "system"} <= set(systems)
    assert {s.benchmark for s in CATALOGUE.scores} <= set(questions())


def test_a_name_means_one_model():
    names = [n.casefold() for m in CATALOGUE.models.values() for n in (m.name, *m.aliases)]
    assert len(names) == len(set(names))


def test_every_chip_that_can_be_rented_stands_in_a_system():
    rented = {o.chip for o in CATALOGUE.offers if o.chip}
    assert rented <= {s.chip for s in CATALOGUE.systems.values()}


def test_every_system_that_is_sold_has_its_power():
    sold = {o.system for o in CATALOGUE.offers if o.system}
    for name in sold:
        figures = CATALOGUE.systems[name].figures
        assert {"power_typical_w", "power_max_w", "power_idle_w"} <= set(figures), name
        assert figures["power_idle_w"].mid < figures["power_typical_w"].mid <= figures["power_max_w"].mid


def test_a_box_draws_at_least_what_its_chips_are_rated_at_most():
    for system in CATALOGUE.systems.values():
        tdp = CATALOGUE.chips[system.chip].value("tdp_w")
        power = system.figures.get("power_max_w")
        if tdp and power:
            assert power.high >= system.chips * tdp, system.name


def test_flagships_are_what_the_companies_of_the_case_cannot_simply_buy():
    flagships = {s.name for s in CATALOGUE.systems.values() if s.flagship}
    assert {"GB200-NVL72", "GB300-NVL72", "HGX-B200-8", "DGX-B200", "HGX-B300-8", "VR200-NVL72"} <= flagships
    assert {"HGX-H100-8", "HGX-H200-8"} <= flagships
    assert not flagships & {"HGX-H20-8", "Atlas-800I-A2", "HGX-A800-8", "PCIe-8xL40S", "OAM-MI300X-8"}


def test_every_technique_says_what_it_costs():
    for technique in CATALOGUE.techniques.values():
        assert {"engineer_weeks", "lead_weeks", "cost_usd"} <= set(technique.figures), technique.name
        assert set(technique.figures) <= set(TECHNIQUE_UNITS)


def test_quantising_never_costs_nothing_in_quality():
    for technique in CATALOGUE.techniques.values():
        if technique.kind.startswith("quantise"):
            recovery = technique.figures["score_recovery"]
            assert recovery.low < recovery.mid < 1
            assert recovery.high <= 1


def test_every_software_stack_but_cuda_has_a_port():
    stacks = {c.software for c in CATALOGUE.chips.values()} - {"cuda"}
    assert stacks == {t.to for t in CATALOGUE.techniques.values() if t.kind == "port"}


def test_a_port_runs_slower_until_it_is_mature():
    for technique in CATALOGUE.techniques.values():
        if technique.kind == "port":
            f = technique.figures
            assert f["immature_factor"].mid < f["efficiency_factor"].mid <= 1
            assert f["mature_after_weeks"].mid > 0


def test_scores_carry_the_error_of_their_few_questions():
    of_model = [s for s in CATALOGUE.scores if s.model == "deepseek-r1-distill-qwen-32b"]
    aime = next(s for s in of_model if s.benchmark == "AIME 2024")
    assert aime.score_pct == 72.6
    assert aime.standard_error_pct == pytest.approx(8.1, abs=0.1)
    assert all(s.standard_error_pct > 0 for s in CATALOGUE.scores)


@pytest.mark.parametrize(("score", "questions_", "error"), [(50, 100, 5.0), (90, 100, 3.0), (70, 30, 8.37)])
def test_the_standard_error_is_that_of_a_share(score, questions_, error):
    assert standard_error_pct(score, questions_) == pytest.approx(error, abs=0.01)


def test_a_perfect_score_is_not_certain():
    assert standard_error_pct(100, 30) > 0


def test_use_cases_cover_what_cases_ask_for():
    assert {"reasoning-chat", "chat", "rag", "document-qa", "code-assistant"} <= set(CATALOGUE.use_cases)
    for use_case in CATALOGUE.use_cases.values():
        assert len(use_case.profile) == 24
        assert max(use_case.profile) == 1
        assert min(use_case.profile) > 0


def test_an_api_hit_never_costs_more_than_a_miss():
    assert [
        p.name for p in CATALOGUE.api_prices if p.cached_input_usd_per_m.mid > p.input_usd_per_m.mid
    ] == []


def test_no_source_is_a_path_on_the_machine_that_wrote_the_table():
    for table in TABLES:
        for row in shipped(table):
            assert not row.text("source").startswith(("/", "..", "shared")), row
