"""Labels of measured rows: one vocabulary for tables whose columns differ."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.performance.measured_runs import shipped
from counterpoise.performance.run_labels import BANDS, LABELS, NOT_GIVEN, band, labels, row_id


@pytest.mark.parametrize("kind", ["serving", "inference", "training", "memory"])
def test_every_shipped_row_has_every_label_in_the_same_order(kind):
    for row in shipped(kind)[:200]:
        found = labels(row, kind)
        assert tuple(found) == LABELS
        assert all(found.values())


@pytest.mark.parametrize("kind", ["serving", "inference", "training", "memory"])
def test_no_two_shipped_rows_share_an_id(kind):
    rows = shipped(kind)
    assert len({row_id(row, i) for i, row in enumerate(rows)}) == len(rows)


def test_an_engine_and_its_version_are_told_apart_from_the_framework_column():
    row = {"framework": "vLLM", "framework_version": "0.19.0", "model": "m", "chip": "c"}
    assert labels(row, "serving")["version"] == "vllm 0.19.0"
    assert labels({**row, "framework_version": ""}, "serving")["version"] == NOT_GIVEN
    assert labels({"framework": "NeMo/Megatron-Core 24.07"}, "training")["engine"] == "nemo"
    assert labels({"framework": "TensorRT-LLM 0.9.0"}, "inference")["version"] == "TensorRT-LLM 0.9.0"


def test_spellings_of_one_precision_are_one_group():
    assert labels({"precision": "MXFP8"}, "training")["precision"] == "fp8-mx"
    assert labels({"precision": "FP8-MX"}, "training")["precision"] == "fp8-mx"


def test_a_source_without_a_group_is_the_file_it_names():
    row = {"source": "somewhere; source_file=2026-04-06.csv; silicon_concurrency=4"}
    assert labels(row, "serving")["source"] == "2026-04-06"
    assert labels({"source": "a; db-dump/2026-04-27; b"}, "serving")["source"] == "db-dump/2026-04-27"
    assert labels({"source_group": "mlperf", "source": "x"}, "inference")["source"] == "mlperf"
    assert labels({"source": "a paper"}, "memory")["source"] == NOT_GIVEN


@given(st.floats(min_value=0.1, max_value=1e9))
def test_every_number_of_users_is_in_one_band_and_more_users_never_in_a_lower_one(users):
    names = [name for _, name in BANDS]
    assert band(str(users)) in names
    assert names.index(band(str(2 * users))) >= names.index(band(str(users)))


@pytest.mark.parametrize("text", ["", "many", "nan"])
def test_what_is_no_number_is_in_no_band(text):
    assert band(text) == ""


def test_the_last_band_has_no_end():
    assert BANDS[-1][0] == math.inf
