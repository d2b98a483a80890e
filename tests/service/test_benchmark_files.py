"""Results of vLLM, SGLang and GuideLLM become rows of the serving table."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.errors import BadInput
from counterpoise.service.benchmark_files import looks_like_json, read_benchmarks

VLLM = {
    "date": "20261101-101010",
    "backend": "vllm",
    "model_id": "Qwen/Qwen3-32B",
    "request_rate": "inf",
    "max_concurrency": 32,
    "completed": 320,
    "failed": 0,
    "total_input_tokens": 320_000,
    "total_output_tokens": 160_000,
    "request_throughput": 2.0,
    "mean_ttft_ms": 300.0,
    "mean_tpot_ms": 15.0,
}
SGLANG = {
    "backend": "sglang",
    "dataset_name": "random",
    "request_rate": float("inf"),
    "max_concurrency": 16,
    "completed": 100,
    "total_input_tokens": 100_000,
    "total_output_tokens": 50_000,
    "request_throughput": 1.0,
    "mean_ttft_ms": 200.0,
    "mean_tpot_ms": 12.0,
    "accept_length": None,
}


def mean(value):
    return {"successful": {"mean": value, "median": value}}


def guidellm(strategy, **metrics):
    found = {
        "time_to_first_token_ms": mean(250.0),
        "inter_token_latency_ms": mean(11.0),
        "time_per_output_token_ms": mean(99.0),
        "prompt_token_count": mean(1000.0),
        "output_token_count": mean(400.0),
        "request_concurrency": mean(7.5),
        "request_totals": {"successful": 100, "errored": 0},
    }
    one = {"config": {"strategy": strategy, "backend": {"model": "m"}}, "metrics": found | metrics}
    return {"args": {}, "benchmarks": [one]}


def only(value):
    found = read_benchmarks(value if isinstance(value, str) else json.dumps(value), "f.json")
    assert len(found) == 1
    return found[0]


def test_vllm_prints_totals_that_become_mean_lengths():
    row = only(VLLM).row
    assert row == {
        "model": "Qwen/Qwen3-32B",
        "framework": "vllm",
        "input_len": "1000",
        "output_len": "500",
        "concurrency": "32",
        "ttft_mean_ms": "300",
        "tpot_mean_ms": "15",
    }


def test_metadata_of_vllm_says_what_the_client_does_not_know():
    row = only(VLLM | {"tp": "4", "chip": "H100", "precision": "fp8"}).row
    assert (row["tp"], row["chip"], row["precision"]) == ("4", "H100", "fp8")


def test_a_backend_that_any_engine_may_have_names_no_engine():
    assert "framework" not in only(VLLM | {"backend": "openai"}).row


def test_results_appended_to_one_file_are_all_read_with_their_lines():
    found = read_benchmarks(json.dumps(VLLM) + "\n" + json.dumps(SGLANG) + "\n", "f.json")
    assert [b.line for b in found] == [1, 2]
    assert [b.row["framework"] for b in found] == ["vllm", "sglang"]


def test_an_open_loop_is_taken_at_the_users_in_flight_and_without_its_first_token():
    row = only(VLLM | {"request_rate": 2.0, "max_concurrency": None}).row
    assert float(row["concurrency"]) == pytest.approx(2.0 * (0.300 + 0.015 * 499))
    assert "ttft_mean_ms" not in row


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"max_concurrency": None}, "no steady state"),
        ({"failed": 100}, "100 of 420 requests failed"),
        ({"spec_decode_acceptance_rate": 70.0}, "drafts"),
        ({"accept_length": 2.4}, "drafts"),
        ({"mean_tpot_ms": float("nan")}, "no mean TPOT"),
        ({"total_output_tokens": 0}, "token counts"),
    ],
)
def test_a_result_that_would_mislead_teaches_nothing_and_says_why(change, why):
    assert why in only(VLLM | change).refusal


def test_guidellms_output_token_time_holds_the_first_token_so_the_latency_between_tokens_is_read():
    row = only(guidellm({"type_": "concurrent", "streams": 8})).row
    assert row["tpot_mean_ms"] == "11"
    assert row["concurrency"] == "8"
    assert row["model"] == "m"


def test_guidellm_at_a_rate_is_taken_at_its_concurrency():
    row = only(guidellm({"type_": "poisson", "rate": 2.0})).row
    assert row["concurrency"] == "7.5"
    assert "ttft_mean_ms" not in row


def test_guidellm_one_after_the_other_is_one_user():
    assert only(guidellm({"type_": "synchronous"})).row["concurrency"] == "1"


def test_an_older_report_of_guidellm_keeps_its_strategy_under_args():
    report = guidellm({"type_": "concurrent", "streams": 4})
    one = report["benchmarks"][0]
    one["args"] = {"strategy": one.pop("config")["strategy"]}
    assert only(report).row["concurrency"] == "4"


def test_requests_without_limit_are_refused():
    assert "no steady state" in only(guidellm({"type_": "throughput", "max_concurrency": None})).refusal


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1}', "f.json, line 1: this JSON is not a benchmark result"),
        ("[]", "no benchmark result"),
        ('{"a": 1,\n "b" 2}', "f.json, line 2: not JSON"),
        ("[" * 100_000, "nests too deeply"),
        ("[1, 2]", "not a benchmark result"),
        ('{"benchmarks": []}', "no benchmark result"),
    ],
)
def test_what_is_no_result_is_told_with_its_line(text, said):
    with pytest.raises(BadInput, match=said):
        read_benchmarks(text, "f.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(VLLM)), JSON))
def test_odd_values_become_a_refusal_or_a_row_of_positive_numbers(odd):
    found = only(json.dumps(VLLM | odd))
    for column in ("input_len", "output_len", "concurrency", "ttft_mean_ms", "tpot_mean_ms"):
        if column in found.row:
            assert 0 < float(found.row[column]) < float("inf")
    if not found.refusal:
        assert "tpot_mean_ms" in found.row


def test_a_table_is_not_taken_for_json():
    assert looks_like_json(' \n{"a": 1}')
    assert not looks_like_json("model,chip\n")
