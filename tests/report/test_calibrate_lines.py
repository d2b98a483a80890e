"""What `calibrate` answers in a terminal."""

import pytest

from counterpoise.report.calibrate import calibrate_lines
from counterpoise.report.layout import cells

ANSWER = {
    "profile": "counterpoise-profile.json",
    "made": "2026-11-24",
    "serving": {
        "runs": 20,
        "metrics": {
            "tpot_mean_ms": {
                "n": 20,
                "before_median_ape": 0.34,
                "left_out_median_ape": 0.065,
                "interval80": [0.88, 1.15],
            },
            "total_tok_s": {"n": 2, "before_median_ape": 0.2, "left_out_median_ape": 0.1},
        },
    },
    "refused": {"12 of 20 requests failed": 1, "drafts": 3},
    "notes": ["Serving predictions learn from 20 of your own runs."],
}
DEVICE = {
    "device": "NVIDIA H100 80GB HBM3",
    "chip": "H100-SXM5-80GB",
    "driver": "CUDA 13",
    "library": "torch 2.13.0",
    "devices": 1,
    "points": 22,
    "rates": {"gemm bf16": 7.9e14, "copy": 3.0e12},
    "shares": {"gemm_compute": 0.8, "gemm_half": 96.0},
    "over_expected": {"compute": 1.0},
    "not_measured": {"grouped": "this PyTorch has no grouped matrix product"},
}


def text(document, width=100):
    return "\n".join(calibrate_lines(document, width))


def test_errors_before_and_after_stand_beside_each_other():
    said = text(ANSWER)
    assert "Learnt from 20 serving runs." in said
    row = next(line for line in said.splitlines() if line.startswith("TPOT"))
    assert row.split() == ["TPOT", "20", "34", "%", "6.5", "%", "0.88", "to", "1.15"]


def test_a_figure_without_an_interval_has_a_dash():
    row = next(line for line in text(ANSWER).splitlines() if line.startswith("tokens/s"))
    assert row.endswith("-")


def test_what_was_not_learnt_from_comes_with_its_reason_most_frequent_first():
    said = text(ANSWER)
    assert said.index("3: drafts") < said.index("1: 12 of 20 requests failed")


def test_it_says_where_the_profile_is_and_how_it_is_used():
    said = " ".join(text(ANSWER).split())
    assert "Wrote counterpoise-profile.json." in said
    assert "counterpoise size MODEL --profile counterpoise-profile.json" in said


def test_a_device_shows_rates_shares_and_what_was_not_measured():
    said = text({"profile": "p.json", "accelerator": DEVICE})
    assert "790 TFLOP/s" in said
    assert "3 TB/s" in said
    assert "96 rows" in said
    assert "not measured: grouped" in said


def test_a_device_that_is_no_chip_says_that_predictions_stay():
    said = text({"profile": "p.json", "accelerator": {**DEVICE, "chip": None, "shares": {}}})
    assert "--chip" in said
    assert "predictions do not change" in said


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal(width):
    document = {**ANSWER, "accelerator": DEVICE}
    assert max(cells(line) for line in calibrate_lines(document, width)) <= width
