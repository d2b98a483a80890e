"""What `size` says: the answer first, why, the frontier, and a flat table of it all."""

import csv
import io

from counterpoise.report.sizing import answer, size_lines
from counterpoise.report.sizing_csv import size_csv

ROW = {
    "chip": "H200", "mode": "aggregated", "precision": "fp8", "as_released": True, "tp": 2, "pp": 1, "dp": 4,
    "ep": 8, "n_chips": 8, "concurrency": 300.0, "ttft_ms": 900.0, "tpot_ms": 40.0,
    "output_tokens_per_s_per_chip": 700.0, "usd_per_million_output_tokens": 0.5,
    "low80_usd_per_million_output_tokens": 0.4, "high80_usd_per_million_output_tokens": 0.7,
    "power_w": 3000.0, "basis": "fitted on 9 runs",
}  # fmt: skip
CONVERTED = ROW | {"precision": "fp4", "as_released": False, "usd_per_million_output_tokens": 0.4}
ASKED = {
    "input_tokens": 3000.0, "output_tokens": 800.0, "ttft_ms": 2000.0, "tpot_ms": 50.0, "percentile": 90.0,
    "cached_share": 0.25, "rate_per_s": None, "engine": "vllm", "engine_version": "0.18.0",
    "engine_versions_measured": ["0.18.0"], "acceptance_rate": 0.8, "draft_tokens": 1.0,
    "as_of": "2026-06-01",
}  # fmt: skip
POINT = {
    "chip": "H200", "precision": "fp8", "n_chips": 8, "tp": 2, "pp": 1, "dp": 4, "ep": 8,
    "concurrency": 300.0, "ttft_ms": 900.0, "tpot_ms": 40.0, "output_tokens_per_s_per_user": 25.0,
    "output_tokens_per_s_per_chip": 700.0, "low80_output_tokens_per_s_per_chip": 500.0,
    "high80_output_tokens_per_s_per_chip": 900.0, "usd_per_million_output_tokens": 0.5,
}  # fmt: skip


def document(*rows, **more):
    return {
        "model": "deepseek-r1", "native_precision": "fp8", "asked": ASKED, "deployments": list(rows),
        "refused": [], "chosen": 1, **more,
    }  # fmt: skip


def joined(lines):
    return " ".join(" ".join(lines).split())


def test_the_first_sentence_is_the_answer_with_its_interval():
    said = joined(size_lines(document(ROW), 100))
    assert said.startswith(
        "Cheapest: 8 x H200 in fp8, TP2 DP4 EP8, 300 requests at once: 0.5 USD per million"
    )
    assert "(80 %: 0.4 to 0.7)" in said


def test_what_was_asked_follows_with_drafts_cache_and_version():
    said = joined(size_lines(document(ROW), 100))
    for words in ("25 % of the input cached", "1 drafted of which 80 % accepted", "vllm 0.18.0;", "at p90"):
        assert words in said


def test_a_cheaper_conversion_is_named_after_the_answer_and_marked_in_the_table():
    lines = size_lines(document(CONVERTED, ROW, chosen=2), 100)
    assert joined(lines).startswith("Cheapest as released (fp8): 8 x H200 in fp8")
    assert "8 x H200 in fp4 would cost 20 % less, if a converted checkpoint keeps the quality" in joined(
        lines
    )
    assert any("fp4*" in line for line in lines)


def test_a_version_that_nobody_measured_is_said_to_count_for_nothing():
    asked = ASKED | {"engine_version": "0.1"}
    assert "never measured" in joined(size_lines(document(ROW, asked=asked), 100))


def test_a_rate_is_answered_in_deployments_chips_and_money_an_hour():
    row = ROW | {
        "replicas": 3, "high80_replicas": 4, "total_chips": 24, "total_power_w": 9000.0, "usd_per_hour": 31.0,
    }  # fmt: skip
    said = answer(document(row, asked=ASKED | {"rate_per_s": 12.0}))
    assert "3 x (8 x H200 in fp8, TP2 DP4 EP8) bear 12 requests/s: 24 chips at 31 USD/h" in said
    assert "4 such deployments" in said


def test_without_a_price_the_answer_is_the_most_tokens_and_says_so():
    row = {k: v for k, v in ROW.items() if "usd" not in k} | {"usd_per_million_output_tokens": None}
    said = answer(document(row))
    assert said.startswith("Most tokens per chip:") and "no known price" in said


def test_workers_apart_are_named_by_their_role():
    part = {"workers": 2, "tp": 8, "pp": 1, "dp": 1, "ep": 8}
    row = ROW | {"mode": "disaggregated", "prefill": part, "decode": part | {"workers": 1}}
    assert "2 for prefill of TP8 EP8 and 1 for decode of TP8 EP8" in answer(document(row))
    assert "2 x 8/1/1/8 + 1 x 8/1/1/8" in joined(size_lines(document(row), 120))


def test_nothing_found_says_so_and_then_why():
    lines = size_lines(document(refused=[{"what": "H100 fp8", "why": "weights 700 GB, 640 GB there"}]), 80)
    assert lines[0] == "No deployment meets these targets."
    assert "- H100 fp8: weights 700 GB, 640 GB there" in lines


def test_why_shows_each_part_with_its_share_and_what_bounds_it():
    split = {"ms": 40.0, "parts": [{"what": "experts", "ms": 30.0, "share": 0.75, "bound_by": "memory"}]}
    causes = {"ms": 900.0, "percentile_ms": 1400.0, "parts": [
        {"what": "own prefill", "ms": 900.0, "share": 1.0, "bound_by": None}]}  # fmt: skip
    why = {"batch": 43.0, "decode_step": split, "prefill": split, "tpot": causes, "ttft": causes}
    lines = size_lines(document(ROW, why=why), 80)
    row = next(line for line in lines if line.startswith("experts"))
    assert row.split() == ["experts", "30", "ms", "75", "%", "memory"]
    assert "1.4 s at the percentile asked" in joined(lines)
    assert "- fitted on 9 runs" in lines


def test_the_frontier_shows_each_point_once_however_many_speeds_it_is_best_for():
    lines = size_lines(document(ROW, frontier=[POINT]), 120)
    start = next(i for i, line in enumerate(lines) if line.startswith("Frontier"))
    assert sum(line.startswith("H200") for line in lines[start:]) == 1


def test_the_flat_table_holds_every_number_of_every_row():
    read = list(csv.DictReader(io.StringIO(size_csv(document(CONVERTED, ROW, frontier=[POINT])))))
    assert [row["row"] for row in read] == ["deployment", "deployment", "frontier"]
    assert {row["model"] for row in read} == {"deepseek-r1"}
    assert float(read[1]["usd_per_million_output_tokens"]) == 0.5
    assert read[0]["as_released"] == "false"
    assert read[2]["output_tokens_per_s_per_user"] == "25"


def test_a_table_of_nothing_still_has_its_heading():
    assert size_csv(document()) == "row,model\n"
