"""The noise of measurements: what two runs of one condition differ by."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.report.noise import (
    FEWEST_PAIRS,
    METRICS,
    REPEAT,
    VERSION,
    noise,
    own_noise,
    pairs,
    same_figure,
    shipped_noise,
    shipped_pairs,
)


def run(tpot="10.0", **other):
    return {
        "id": other.pop("id", "x"),
        "model": "m",
        "chip": "c",
        "framework": "vllm",
        "framework_version": "0.19.0",
        "concurrency": "8",
        "tpot_mean_ms": tpot,
        "ttft_mean_ms": "",
        "quality": "A",
        "source": "",
        **other,
    }


def test_two_runs_of_which_all_that_is_printed_agrees_are_a_repeat():
    (pair,) = pairs([run("10.0"), run("11.0", source="another day")], "serving")
    assert pair.kind == REPEAT
    assert pair.difference == {"tpot_mean_ms": pytest.approx(math.log(1.1))}


def test_two_versions_of_an_engine_are_a_version_pair():
    (pair,) = pairs([run("10.0"), run("11.0", framework_version="0.18.0")], "serving")
    assert pair.kind == VERSION
    assert "version" not in pair.labels
    assert pair.labels["engine"] == "vllm"


@pytest.mark.parametrize("column", ["model", "chip", "concurrency"])
def test_runs_of_two_conditions_are_no_pair(column):
    assert not pairs([run("10.0"), run("11.0", **{column: "9"})], "serving")


def test_two_engines_are_no_pair():
    assert not pairs([run("10.0"), run("11.0", framework="sglang")], "serving")


def test_where_a_version_is_not_given_nothing_can_be_said():
    assert not pairs([run("10.0", framework_version=""), run("11.0", framework_version="")], "serving")
    assert not pairs([run("10.0", framework_version=""), run("11.0")], "serving")


def test_one_measurement_written_down_twice_is_no_repeat():
    assert not pairs([run("13.29553"), run("13.3")], "serving")
    assert len(pairs([run("13.29553"), run("13.4")], "serving")) == 1


def test_rows_of_quality_c_say_nothing_of_noise():
    assert not pairs([run("10.0"), run("20.0", quality="C")], "serving")


@given(st.floats(min_value=0.01, max_value=1e4), st.integers(0, 4))
def test_a_figure_is_the_same_as_its_own_rounding(value, decimals):
    assert same_figure(f"{value:.6f}", f"{value:.{decimals}f}")


@given(st.floats(min_value=0.1, max_value=1e4), st.floats(min_value=0.1, max_value=1e4))
def test_whether_two_figures_are_one_does_not_depend_on_their_order(a, b):
    assert same_figure(str(a), str(b)) == same_figure(str(b), str(a))


def test_a_predictor_of_the_mean_errs_less_than_two_runs_differ():
    found = pairs([run(str(t)) for t in (10.0, 10.5, 11.5, 13.1)], "serving")
    all_of_them = noise(found, "tpot_mean_ms", REPEAT)
    assert all_of_them.pairs == 6
    assert all_of_them.runs == 4
    assert all_of_them.floor == pytest.approx(all_of_them.median / math.sqrt(2))


def test_a_group_has_noise_of_its_own_only_where_enough_of_it_was_repeated():
    found = pairs([run(str(t)) for t in (10.0, 10.5, 11.5, 13.1)], "serving")
    assert len(found) >= FEWEST_PAIRS
    assert own_noise(found, "tpot_mean_ms", {"model": "m"}, rows=40) is not None
    assert own_noise(found, "tpot_mean_ms", {"model": "m"}, rows=41) is None
    assert own_noise(found, "tpot_mean_ms", {"model": "other"}, rows=4) is None
    assert own_noise(found[:4], "tpot_mean_ms", {"model": "m"}, rows=4) is None


def test_step_time_differs_as_its_inverse_does():
    assert shipped_noise("step_time_s") == shipped_noise("tokens_per_s_per_chip")


def test_what_was_never_measured_twice_has_no_noise():
    assert shipped_noise("kv_cache_tokens") is None


@pytest.mark.parametrize("table", sorted(METRICS))
def test_the_shipped_tables_repeat_better_than_their_versions_and_the_mean_is_worse_than_the_median(table):
    metric = METRICS[table][0]
    repeats, versions = (noise(shipped_pairs(table), metric, kind) for kind in (REPEAT, VERSION))
    assert repeats.median < versions.median
    assert repeats.median < repeats.mean


def test_deepseek_on_tensorrt_llm_ran_in_two_ways_that_its_rows_do_not_tell_apart():
    group = {"model": "deepseek-r1", "engine": "trtllm"}
    own = own_noise(shipped_pairs("serving"), "tpot_mean_ms", group, rows=0)
    assert own.median > 0.3
