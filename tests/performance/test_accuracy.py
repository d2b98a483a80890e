"""Accuracy: predicted against measured, and that no answer is ever looked up."""

import csv

import pytest

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.errors import BadInput
from counterpoise.performance.accuracy import accuracy, accuracy_of_rows
from counterpoise.performance.calibration import shipped_calibration
from counterpoise.performance.measured_runs import curve_key, fold_of, runs, shipped
from counterpoise.performance.run_table import METRICS, logs_for, predict, run_table
from counterpoise.performance.serving_accuracy import serving_predictions

SERVING = [r for r in shipped("serving") if r["mode"] == "agg"]
CATALOGUE = load()


def predicted(rows, kind="serving"):
    return serving_predictions(rows, kind, catalogue=CATALOGUE, calibration=shipped_calibration())


@pytest.fixture(scope="module")
def serving():
    return accuracy_of_rows(SERVING, "serving")


def test_serving_is_predicted_within_the_bar_of_five_folds(serving):
    assert serving["predicted"] >= 0.9 * serving["rows"]
    assert serving["metrics"]["tpot_mean_ms"]["median_ape"] <= 0.25
    assert serving["metrics"]["ttft_mean_ms"]["median_ape"] <= 0.45


def test_intervals_cover_about_four_in_five(serving):
    for metric in serving["metrics"].values():
        assert 0.72 <= metric["interval80_coverage"] <= 0.88


def test_the_report_has_the_shape_of_the_contract(serving):
    assert set(serving) == {"rows", "predicted", "refused", "metrics", "by"}
    figures = {"n", "median_ape", "mean_ape", "p90_ape", "bias", "within_20pct", "interval80_coverage"}
    assert all(set(m) == figures for m in serving["metrics"].values())
    assert {"chip", "model"} <= set(serving["by"])
    assert serving["predicted"] + sum(serving["refused"].values()) == serving["rows"]


def test_a_rows_measurement_does_not_reach_its_own_prediction():
    row = SERVING[100]
    other = {
        **row,
        "ttft_mean_ms": str(10 * float(row["ttft_mean_ms"])),
        "tpot_mean_ms": str(3 * float(row["tpot_mean_ms"])),
    }
    a, b = predicted([row])[0], predicted([other])[0]
    for metric in ("ttft_mean_ms", "tpot_mean_ms"):
        assert a.predictions[metric].predicted == b.predictions[metric].predicted
        assert a.predictions[metric].measured != b.predictions[metric].measured


def test_every_shipped_condition_is_predicted_by_the_fold_that_left_it_out():
    calibration = shipped_calibration()
    row = SERVING[0]
    run = runs([row], "serving")[0]
    found = predicted([row])[0]
    table, _ = run_table([run], _model, _chip)
    assert table.keys[0] in calibration.curves
    fold = calibration.sets[str(fold_of(table.keys[0]))]
    expected = predict(table, logs_for(table, fold))[0, METRICS.index("tpot_mean_ms")]
    assert found.predictions["tpot_mean_ms"].predicted == pytest.approx(expected, rel=1e-12)


def _model(name):
    return find_model(CATALOGUE, name)


def _chip(name):
    return find_chip(CATALOGUE, name)


def test_a_condition_is_every_concurrency_and_parallelism_of_it():
    same = [
        r
        for r in runs(SERVING, "serving")
        if (r.model, r.chip, r.engine, r.weight_precision, r.input_tokens)
        == ("llama3.1-70b", "H200-SXM-141GB", "vllm", "fp8", 921.6)
    ]
    assert len({r.users for r in same}) > 1
    assert len({r.tp for r in same}) > 1
    assert len({curve_key(r.model, r.chip, r.engine, r.weight_precision, 1.0, 1.0) for r in same}) == 1


def test_rows_of_quality_c_are_left_out_unless_asked_for():
    some = SERVING[:40]
    bad = [{**r, "quality": "C"} for r in some[:10]] + [dict(r) for r in some[10:]]
    assert accuracy_of_rows(bad, "serving")["rows"] == sum(r["quality"] != "C" for r in bad)
    assert accuracy_of_rows(bad, "serving", all_rows=True)["rows"] == len(bad)


def test_an_unknown_chip_or_model_is_refused_with_its_name():
    report = accuracy_of_rows(
        [{**SERVING[0], "chip": "H1000"}, {**SERVING[0], "model": "no-such-model"}, SERVING[0]], "serving"
    )
    assert report["predicted"] == 1
    assert any("H1000" in reason for reason in report["refused"])
    assert any("no-such-model" in reason for reason in report["refused"])


def test_a_missing_column_is_named():
    rows = [{k: v for k, v in r.items() if k != "concurrency"} for r in SERVING[:3]]
    with pytest.raises(BadInput, match="concurrency"):
        accuracy_of_rows(rows, "serving")


def test_a_word_in_place_of_a_number_is_located(tmp_path):
    file = tmp_path / "mine.csv"
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(SERVING[0]))
        writer.writeheader()
        writer.writerows([SERVING[0], {**SERVING[1], "concurrency": "many"}])
    with pytest.raises(BadInput, match=r"line 3, concurrency: \"many\""):
        accuracy(file, "serving")


def test_infinite_figures_are_refused_as_input():
    with pytest.raises(BadInput, match="inf"):
        accuracy_of_rows([{**SERVING[0], "input_len": "inf"}], "serving")


def test_byte_order_marks_and_windows_line_ends_are_read(tmp_path):
    file = tmp_path / "mine.csv"
    with file.open("w", newline="", encoding="utf-8-sig") as out:
        writer = csv.DictWriter(out, list(SERVING[0]), lineterminator="\r\n")
        writer.writeheader()
        writer.writerow(SERVING[0])
    assert accuracy(file, "serving")["predicted"] == 1


def test_an_empty_or_absent_file_is_bad_input(tmp_path):
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(BadInput, match="header"):
        accuracy(tmp_path / "empty.csv", "serving")
    with pytest.raises(BadInput, match="no such file"):
        accuracy(tmp_path / "absent.csv", "serving")


def test_an_unknown_kind_offers_the_nearest():
    with pytest.raises(BadInput, match="serving"):
        accuracy("x.csv", "servin")


def test_predictions_are_written_beside_the_rows(tmp_path):
    out = tmp_path / "out.csv"
    accuracy_of_rows(SERVING[:20], "serving", predictions=out)
    with out.open() as file:
        written = list(csv.DictReader(file))
    assert len(written) == sum(r["quality"] != "C" for r in SERVING[:20])
    for row in written:
        low, mid, high = (float(row[f"{c}_tpot_mean_ms"]) for c in ("low80", "predicted", "high80"))
        assert low < mid < high
        assert row["basis"]


def test_inference_runs_are_predicted_sensibly():
    report = accuracy_of_rows(shipped("inference"), "inference")
    assert report["predicted"] >= 0.9 * report["rows"]
    assert report["metrics"]["output_tok_s_total"]["median_ape"] <= 0.15
