"""Why predictions are bad: only what the rows themselves say."""

import pytest

from counterpoise.performance.accuracy import Prediction
from counterpoise.performance.run_labels import labels
from counterpoise.report.noise import Noise
from counterpoise.report.reasons import NOT_KNOWN, reasons
from counterpoise.report.scored import FOLD, Scored
from counterpoise.report.weakest import Group

ROW = {
    "model": "m",
    "chip": "c",
    "framework": "vllm",
    "framework_version": "0.19.0",
    "mode": "agg",
    "quality": "A",
    "note": "",
}
ELSEWHERE = [{"engine": e, "chip": c} for e in ("vllm", "trtllm") for c in ("c", "d")]


def told(changes, repeats=None, elsewhere=ELSEWHERE):
    rows = {str(i): {**ROW, **change} for i, change in enumerate(changes)}
    found = [
        Scored("serving", i, FOLD, "tpot_mean_ms", Prediction(1.0, 2.0, 1.5, 3.0), labels(row, "serving"))
        for i, row in rows.items()
    ]
    return reasons(Group("serving", "tpot_mean_ms", {"model": "m"}, found, repeats), rows, elsewhere)


def test_where_the_rows_say_nothing_the_reason_is_not_known():
    assert told([{}] * 4) == NOT_KNOWN


def test_repeats_that_disagree_are_a_reason_and_repeats_that_agree_are_none():
    assert "7 pairs" in told([{}] * 4, Noise(7, 9, 0.47, 0.5, 0.6))
    assert told([{}] * 4, Noise(7, 9, 0.01, 0.02, 0.05)) == NOT_KNOWN


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mode": "disagg"}, "never fitted"),
        ({"framework_version": ""}, "not printed: engine version"),
        ({"quality": "B", "note": "slow throughout"}, '"slow throughout"'),
        ({"model": "deepseek-r1", "framework": "trtllm"}, "multi-token prediction"),
    ],
)
def test_what_half_the_rows_say_is_said_of_the_group_and_what_fewer_say_is_not(change, said):
    assert said in told([change, change, {}, {}])
    assert said not in told([change, {}, {}, {}])


def test_a_doubt_of_rows_of_quality_a_is_a_description_and_no_reason():
    assert told([{"note": "from a table"}] * 4) == NOT_KNOWN


def test_a_long_note_is_cut_between_clauses():
    note = "first clause; " + "second clause " * 10
    assert '"first clause ..."' in told([{"quality": "B", "note": note}] * 2)


def test_an_engine_that_no_other_chip_ran_is_said():
    assert "no other chip" in told([{}] * 4, elsewhere=[{"engine": "vllm", "chip": "c"}])
