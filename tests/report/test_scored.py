"""Stored predictions joined to the rows they are of, and groups of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.errors import BadInput
from counterpoise.performance.accuracy import Prediction, RowResult
from counterpoise.report.scored import (
    COLUMNS,
    FOLD,
    Scored,
    by_label,
    by_split,
    by_width,
    figures,
    of_file,
    of_results,
    same_fit,
)

ROWS = [
    {"id": "a", "model": "m", "chip": "c", "framework": "vllm", "quality": "A"},
    {"id": "b", "model": "n", "chip": "c", "framework": "vllm", "quality": "C"},
]
TABLES = {"serving": ROWS}
STORED = dict(zip(COLUMNS, ["serving", "a", "model", "tpot_mean_ms", "10", "12", "8", "15"], strict=True))


def scored(predicted, measured=10.0, low=0.5, high=2.0, split=FOLD, name="a"):
    prediction = Prediction(measured, predicted, low * predicted, high * predicted)
    return Scored("serving", name, split, "tpot_mean_ms", prediction, {"model": name})


def test_a_stored_prediction_takes_the_labels_of_its_row():
    (found,) = of_file([STORED], TABLES)
    assert found.labels["model"] == "m"
    assert found.error == pytest.approx(0.2)
    assert found.inside


def test_rows_of_quality_c_are_left_out():
    assert of_file([{**STORED, "id": "b"}], TABLES) == []
    result = RowResult({"tpot_mean_ms": Prediction(10.0, 12.0, 8.0, 15.0)})
    assert [s.id for s in of_results(ROWS, [result, result], "serving")] == ["a"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"table": "servin"}, 'unknown table "servin"'),
        ({"split": "week"}, 'unknown split "week"'),
        ({"id": "z"}, 'no row "z"'),
        ({"predicted": "nan"}, "no positive number"),
        ({"low80": "-1"}, "no positive number"),
        ({"high80": "wide"}, "no positive number"),
        ({"measured": None}, "no column measured"),
    ],
)
def test_a_damaged_file_is_refused_at_its_line(change, said):
    with pytest.raises(BadInput, match=r"f\.csv, line 3") as caught:
        of_file([STORED, {**STORED, **change}], TABLES, "f.csv")
    assert said in str(caught.value)


def test_predictions_of_another_fit_are_noticed():
    assert same_fit([scored(12.0)], [scored(12.0)])
    assert not same_fit([scored(12.0)], [scored(12.1)])
    assert same_fit([scored(12.0, split="model")], [scored(20.0)])


def test_splits_keep_their_order_and_labels_theirs():
    found = [scored(1.0, split="chip", name="b"), scored(1.0), scored(1.0, split="model", name="A")]
    assert list(by_split(found)) == [FOLD, "model", "chip"]
    assert list(by_label(found, "model")) == ["a", "A", "b"]


@given(st.lists(st.floats(min_value=1.01, max_value=50), min_size=5, max_size=60))
def test_parts_by_width_hold_all_rows_narrowest_first(widths):
    parts = by_width([scored(10.0, low=1 / w, high=w) for w in widths])
    assert sum(n for _, _, n in parts) == len(widths)
    assert len(parts) <= 5
    assert [w for w, _, _ in parts] == sorted(w for w, _, _ in parts)
    assert all(share == 1 for _, share, _ in parts)


def test_intervals_of_one_width_are_one_part_however_many():
    found = [scored(10.0, low=1 / w, high=w) for w in [1.1] * 90 + [3.0] * 5 + [9.0] * 5]
    assert [(round(w, 2), n) for w, _, n in by_width(found)] == [(1.21, 90), (9.0, 5), (81.0, 5)]


@given(st.lists(st.floats(min_value=1.0, max_value=100.0), min_size=1, max_size=30))
def test_figures_do_not_depend_on_the_order_of_rows(predicted):
    found = [scored(p) for p in predicted]
    assert figures(found) == pytest.approx(figures(found[::-1]))
