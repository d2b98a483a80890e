"""Versions of inference engines and what they take by default."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.catalogue import engine_default, engine_versions, find_chip, find_engine, load
from counterpoise.catalogue.engines import ENGINES, FIGURES, engine_defaults, engines, version_key
from counterpoise.errors import UnknownName, Where

CHIPS = load().chips


def test_no_version_was_there_before_its_day():
    early = {(e.name, e.version) for e in engine_versions(date(2025, 2, 3))}
    assert ("vllm", "0.7.0") in early
    assert ("vllm", "0.8.0") not in early
    assert not [e for e in engine_versions(date(2025, 2, 3)) if e.released > date(2025, 2, 3)]


def test_the_newest_version_comes_first():
    found = engine_versions(date(2026, 3, 31), "vLLM")
    assert found[0].version == "0.18.0"
    assert [e.released for e in found] == sorted((e.released for e in found), reverse=True)


@pytest.mark.parametrize(
    ("name", "version", "released"),
    [
        ("vllm", "0.19.0", date(2026, 4, 3)),
        ("TensorRT-LLM", "1.0.0rc3", date(2025, 7, 16)),
        ("sglang", "v0.5.9", date(2026, 2, 23)),
    ],
)
def test_a_version_answers_to_its_names(name, version, released):
    assert find_engine(name, version).released == released


def test_an_unknown_version_or_engine_offers_the_nearest():
    with pytest.raises(UnknownName, match=r'runs\.csv, line 2: unknown version of vllm "0\.19\.9".*0\.19'):
        find_engine("vllm", "0.19.9", where=Where("runs.csv", 2))
    with pytest.raises(UnknownName, match="sglang"):
        find_engine("sglnag", "0.5.9")
    with pytest.raises(UnknownName, match="vllm"):
        engine_versions(name="vlm")


def test_a_development_build_is_known_from_its_first_measurement_only():
    build = find_engine("sglang", "nightly-dev")
    assert build.provenance.kind == "derived"
    assert "first measurement" in build.provenance.note


@pytest.mark.parametrize(
    ("version", "chip", "sequences"),
    [
        ("0.6.0", "H100", 256),
        ("0.8.0", "L4", 1024),
        ("0.8.5", "L4", 256),
        ("0.19.0", "H100", 1024),
        ("0.19.0", "A100", 256),
        ("0.19.0", "MI300X", 1024),
        ("", "H100", 1024),
        ("nightly-5b8c30d62b754b57", "H200", 1024),
    ],
)
def test_vllm_takes_more_sequences_on_larger_chips_since_version_one(version, chip, sequences):
    assert engine_default("vllm", "max_sequences", version, find_chip(load(), chip)) == sequences


def test_sglang_captures_more_sequences_with_more_chips():
    h100 = find_chip(load(), "H100")
    assert engine_default("sglang", "graph_sequences", chip=h100, tp=2) == 256
    assert engine_default("sglang", "graph_sequences", chip=h100, tp=8) == 512


def test_llama_cpp_has_one_slot_until_it_had_four():
    assert engine_default("llama.cpp", "max_sequences", "2024-05") == 1
    assert engine_default("llama.cpp", "max_sequences", "2026-01") == 4


def test_what_no_table_says_is_none_and_an_unknown_figure_an_error():
    assert engine_default("generic", "max_sequences") is None
    assert engine_default("vllm", "max_batch_tokens", "0.4.3") is None
    with pytest.raises(UnknownName, match="max_sequences"):
        engine_default("vllm", "max_sequnces")


@given(st.sampled_from(ENGINES), st.sampled_from(FIGURES), st.sampled_from(sorted(CHIPS)), st.integers(1, 64))
def test_a_default_is_positive_on_every_chip(engine, figure, chip, tp):
    found = engine_default(engine, figure, "", CHIPS[chip], tp)
    assert found is None or found > 0


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("0.8.5.post1", (0, 8, 5)), ("v1.2.0rc6", (1, 2, 0)), ("2024-05", (2024, 5)), ("nightly", ()), ("", ())],
)
def test_versions_compare_by_their_numbers(version, numbers):
    assert version_key(version) == numbers


def test_no_row_is_without_source_and_the_tables_are_sorted():
    assert all(e.provenance.source for e in engines())
    assert all(d.source for d in engine_defaults())
    names = [(e.name, e.version) for e in engines()]
    assert names == sorted(names)
    assert len(set(names)) == len(names)
    keys = [(d.engine, d.figure) for d in engine_defaults()]
    assert keys == sorted(keys)
