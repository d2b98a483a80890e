"""What a campaign's launch scripts set, and how it reaches the runs of the measured table."""

import csv
from importlib import resources

import pytest

from counterpoise.performance.campaign_recipes import SETTINGS, settings
from counterpoise.performance.measured_runs import engine_of, runs, shipped

ROWS = shipped("serving")
RUNS = {r.id: r for r in runs(ROWS, "serving")}
LINES = list(
    csv.DictReader(
        (resources.files("counterpoise.performance") / "measurements" / "recipes.csv")
        .read_text(encoding="utf-8")
        .splitlines()
    )
)


def runs_of(**wanted):
    """Aggregated runs whose row has these cells."""
    return [
        RUNS[row["id"]]
        for row in ROWS
        if row["quality"] != "C" and row["mode"] == "agg" and all(row[k] == v for k, v in wanted.items())
    ]


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line['model']} {line['setting']}")
def test_every_line_sets_something_known_for_some_run_and_says_where_it_stands(line):
    assert line["setting"] in SETTINGS
    assert line["source"]
    of_line = [
        row
        for row in ROWS
        if settings(row, engine_of(row["framework"])).get(line["setting"]) == line["value"]
        and row["model"] == line["model"]
    ]
    assert of_line


def test_two_runs_of_one_image_that_differ_by_half_ran_with_and_without_drafts():
    pair = runs_of(
        model="deepseek-r1",
        chip="H200-SXM-141GB",
        framework_version="1.1.0rc2.post2",
        output_len="8192",
        concurrency="16",
    )
    with_drafts, without = sorted(pair, key=lambda r: -r.drafts)
    assert (with_drafts.drafts, without.drafts) == (3.0, 0.0)
    assert with_drafts.measured["tpot_mean_ms"] < 0.6 * without.measured["tpot_mean_ms"]


def test_attention_replicas_draft_one_token_where_one_replica_drafts_three():
    drafted = runs_of(model="deepseek-r1", framework_version="1.2.0rc6.post3")
    assert {r.drafts for r in drafted if r.dp > 1} == {1.0}
    assert {r.drafts for r in drafted if r.dp == 1} == {3.0}


def test_a_setting_of_the_scripts_overrules_what_is_assumed():
    assert {r.kv_precision for r in runs_of(model="gpt-oss-120b", chip="H200-SXM-141GB")} == {"bf16"}
    assert {r.kv_precision for r in runs_of(model="llama3.1-70b", chip="H100-SXM5-80GB")} == {"fp8"}
    by_day = runs_of(model="minimax-m2.5", chip="B200-SXM-180GB", precision="fp8")
    assert {r.kv_precision for r in by_day} == {"bf16", "fp8"}


def test_the_first_of_a_batch_waits_longest_and_company_shortens_the_wait():
    waits = {
        r.users: r.wait_steps
        for r in runs_of(model="llama3.1-70b", framework="trtllm", output_len="1024", tp="1", precision="fp8")
    }
    assert 19 < waits[4.0] < 20
    assert 10 < waits[128.0] < waits[4.0]
    eight = runs_of(model="llama3.1-70b", framework="trtllm", output_len="1024", tp="8", precision="fp8")
    assert {r.wait_steps for r in eight} == {0.0}


def test_an_engine_that_looks_every_thirty_steps_finds_a_request_after_fifteen():
    polled = runs_of(model="deepseek-r1", framework="sglang", chip="B200-SXM-180GB", precision="fp4")
    assert {r.wait_steps for r in polled if r.users >= 16} == {15.0}
    assert {r.wait_steps for r in polled if r.users < 16} == {5.0}


def test_nothing_is_set_for_another_campaign():
    others = [r for r in RUNS.values() if r.campaign == "NVIDIA"]
    assert others
    assert {(r.drafts, r.wait_steps, r.memory_share) for r in others} == {(0.0, 0.0, 0.9)}


def test_rows_written_down_again_by_another_file_are_of_the_campaign_that_measured_them():
    again = [RUNS[row["id"]] for row in ROWS if "gap-analysis" in row["source"]]
    assert len(again) == 31
    assert {r.campaign for r in again} == {"InferenceMAX"}
