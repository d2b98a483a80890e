"""`calibrate` writes a profile; predictions use it where it is named, and say so."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.errors import BadInput, UnknownName
from counterpoise.performance.calibration import Condition, shipped_calibration
from counterpoise.performance.measured_runs import shipped
from counterpoise.performance.serving import estimate_serving
from counterpoise.performance.training_calibration import TrainingCondition
from counterpoise.service import own_measurements
from counterpoise.service.calibrate import calibrate
from counterpoise.service.own_measurements import load_profile
from counterpoise.service.own_rows import Said
from counterpoise.service.profile_file import read_profile

CATALOGUE = load()
TODAY = datetime.now(UTC).date().isoformat()
VLLM = {
    "backend": "vllm",
    "model_id": "qwen3-32b",
    "request_rate": "inf",
    "completed": 100,
    "total_input_tokens": 100_000,
    "total_output_tokens": 100_000,
    "request_throughput": 1.0,
}
HERE = Said(chip="H100", precision="fp8", tp="2", framework_version="0.99.0")


class Device:
    """A device of half an H100's matrix rate and all of its bandwidth."""

    name, driver, library, count = "NVIDIA H100 80GB HBM3", "CUDA 13", "torch 2.13.0", 1
    memory_bytes = 8e10
    precisions = ("bf16",)

    def __init__(self, name=None):
        self.rate, self.bandwidth = 0.5 * 0.8e15, 0.9 * 3.35e12

    def gemm(self, m, n, k, precision):
        return [2.0 * m * n * k / self.rate, 2.01 * m * n * k / self.rate]

    def grouped(self, experts, m, n, k):
        return [2.0 * experts * m * n * k / self.rate]

    def attention(self, batch, queries, keys):
        return [4.0 * batch * 32 * 128 * queries * keys / self.rate]

    def copy(self, size_bytes):
        return [2.0 * size_bytes / self.bandwidth]

    def all_reduce(self, size_bytes):
        return [1.0]


def write_table(path, rows):
    with path.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def serving_rows(count=12):
    rows = [r for r in shipped("serving") if r["model"] == "qwen3-32b" and r["chip"].startswith("H100")]
    return [{**r, "quality": "A"} for r in rows if r["mode"] == "agg"][:count]


def write_vllm(path, slower=1.0):
    results = [
        VLLM | {"max_concurrency": n, "mean_ttft_ms": 150.0 * slower, "mean_tpot_ms": t * slower}
        for n, t in ((4, 10.0), (16, 12.0), (64, 18.0))
    ]
    path.write_text("\n".join(map(json.dumps, results)))
    return path


def qwen_on_h100(calibration=None, engine="generic"):
    return estimate_serving(
        find_model(CATALOGUE, "qwen3-32b"),
        find_chip(CATALOGUE, "H100"),
        weight_precision="fp8",
        kv_precision="bf16",
        tp=2,
        concurrency=16,
        input_tokens=1000,
        output_tokens=1000,
        scale_up_chips=8,
        engine=engine,
        calibration=calibration,
    )


def test_runs_become_a_profile_that_predictions_use_and_name(tmp_path):
    out = tmp_path / "p.json"
    answer = calibrate(runs=[write_vllm(tmp_path / "v.json", 3.0)], out=out, said=HERE)
    assert answer["serving"]["runs"] == 3
    assert answer["profile"] == str(out)
    tpot = answer["serving"]["metrics"]["tpot_mean_ms"]
    assert tpot["left_out_median_ape"] < tpot["before_median_ape"]
    own = load_profile(out)
    known, shipped_one = qwen_on_h100(own.serving), qwen_on_h100()
    assert known.tpot_s > 1.8 * shipped_one.tpot_s
    assert abs(float(known.tpot_s) / 0.036 - 1) < 0.15
    assert known.basis == f"fitted on 3 of your own runs of this model, chip and engine (vllm), {TODAY}"
    assert "your own" not in shipped_one.basis
    assert any("3 of your own runs" in note for note in own.notes)


def test_a_profile_keeps_runs_not_parameters(tmp_path):
    out = tmp_path / "p.json"
    calibrate(runs=[write_vllm(tmp_path / "v.json")], out=out, said=HERE)
    stored = json.loads(out.read_text())
    assert [len(f["rows"]) for f in stored["runs"]] == [3]
    assert "effects" not in out.read_text()
    assert stored["made"] == TODAY


def test_tables_and_benchmarks_add_up_and_the_same_file_counts_once(tmp_path):
    table = write_table(tmp_path / "own.csv", serving_rows())
    first, second, third = (tmp_path / f"{n}.json" for n in "abc")
    calibrate(runs=[table], out=first)
    calibrate(runs=[write_vllm(tmp_path / "v.json")], out=second, start=first, said=HERE)
    assert calibrate(runs=[table], out=third, start=second)["serving"]["runs"] == 15
    assert len(read_profile(third).files) == 2


def test_lengths_of_a_table_are_drawn_unless_said_to_be_exact(tmp_path):
    table = write_table(tmp_path / "own.csv", serving_rows(3))
    drawn, exact = tmp_path / "d.json", tmp_path / "e.json"
    calibrate(runs=[table], out=drawn)
    calibrate(runs=[table], out=exact, lengths="exact")
    lengths = [
        own_measurements.serving_runs(read_profile(p).files[0])[0].input_tokens for p in (drawn, exact)
    ]
    assert lengths[0] == pytest.approx(0.9 * lengths[1])


def test_training_runs_teach_training_predictions(tmp_path):
    rows = [r for r in shipped("training") if r["chip"] == "H100-SXM5-80GB" and r["quality"] == "A"][:12]
    rows = [
        {**r, "tokens_per_s_per_chip": str(0.5 * float(r["tokens_per_s_per_chip"] or 0) or "")} for r in rows
    ]
    out = tmp_path / "p.json"
    answer = calibrate(runs=[write_table(tmp_path / "t.csv", rows)], out=out)
    figures = answer["training"]["metrics"]["tokens_per_s_per_chip"]
    assert figures["left_out_median_ape"] < figures["before_median_ape"]
    assert "serving" not in answer
    assert load_profile(out).serving.basis(
        Condition(find_chip(CATALOGUE, "H100"), find_model(CATALOGUE, "qwen3-32b"), "vllm", "", "fp8")
    ) == shipped_calibration().basis(
        Condition(find_chip(CATALOGUE, "H100"), find_model(CATALOGUE, "qwen3-32b"), "vllm", "", "fp8")
    )


def test_a_measured_device_moves_its_chip_and_says_so(tmp_path):
    out = tmp_path / "p.json"
    answer = calibrate(runs=[], out=out, open_device=Device)
    found = answer["accelerator"]
    assert found["chip"] == "H100-SXM5-80GB"
    assert found["over_expected"]["compute"] == pytest.approx(0.5, rel=0.02)
    own = load_profile(out)
    long_prompt = {"tp": 2, "concurrency": 1, "input_tokens": 16000, "output_tokens": 10, "scale_up_chips": 8}
    model, chip = find_model(CATALOGUE, "qwen3-32b"), find_chip(CATALOGUE, "H100")
    slow, usual = (
        estimate_serving(
            model, chip, weight_precision="fp8", kv_precision="bf16", calibration=c, **long_prompt
        )
        for c in (own.serving, None)
    )
    assert 1.5 < float(slow.ttft_s) / float(usual.ttft_s) <= 2.0
    assert "your own device, measured" in slow.basis
    condition = TrainingCondition(chip, model, "nemo", "", "bf16", "pretrain")
    assert "your own device" in own.training.basis(condition)
    assert any("matrix rate 0.5" in note for note in own.notes)


def test_a_device_that_is_no_chip_of_the_catalogue_changes_no_prediction(tmp_path):
    class Unknown(Device):
        name = "Abacus 9000"

    out = tmp_path / "p.json"
    answer = calibrate(runs=[], out=out, open_device=Unknown)
    assert answer["accelerator"]["chip"] is None
    assert answer["accelerator"]["rates"]["gemm bf16"] > 0
    own, usual = qwen_on_h100(load_profile(out).serving), qwen_on_h100()
    assert np.array_equal(own.tpot_s, usual.tpot_s)
    assert own.basis == usual.basis


def test_runs_and_device_together_are_learnt_together(tmp_path):
    out = tmp_path / "p.json"
    answer = calibrate(
        runs=[write_vllm(tmp_path / "v.json")], out=out, said=HERE, device="cuda", open_device=Device
    )
    assert answer["serving"]["runs"] == 3
    said = load_profile(out).serving.basis(
        Condition(find_chip(CATALOGUE, "H100"), find_model(CATALOGUE, "qwen3-32b"), "vllm", "", "fp8")
    )
    assert "3 of your own runs" in said
    assert "your own device" in said


def test_an_own_model_is_kept_in_the_profile(tmp_path):
    config = Path(__file__).parents[1] / "catalogue" / "configs" / "Qwen--Qwen3-8B.json"
    mine = tmp_path / "my-model.json"
    mine.write_bytes(config.read_bytes())
    runs = tmp_path / "v.json"
    runs.write_text(write_vllm(runs).read_text().replace("qwen3-32b", ""))
    out = tmp_path / "p.json"
    said = Said(chip="H100", model=str(mine), precision="bf16", tp="1")
    assert calibrate(runs=[runs], out=out, said=said)["serving"]["runs"] == 3
    mine.unlink()
    assert load_profile(out).serving_learnt.runs == 3


def test_a_profile_is_never_written_over_unasked(tmp_path):
    out = tmp_path / "p.json"
    out.write_text("mine")
    runs = [write_vllm(tmp_path / "v.json")]
    with pytest.raises(BadInput, match="the file exists"):
        calibrate(runs=runs, out=out, said=HERE)
    assert out.read_text() == "mine"
    calibrate(runs=runs, out=out, said=HERE, overwrite=True)
    assert read_profile(out).files


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            Said(precision="fp8", tp="2"),
            r"v.json, line 1, chip: the run does not say its chip. Say it with --chip",
        ),
        (Said(chip="H100", tp="2"), "precision: .*--precision"),
        (Said(chip="H100", precision="fp8"), "tp: .*--tp"),
        (Said(chip="H100", precision="fp9", tp="2"), 'unknown precision "fp9". Did you mean'),
        (Said(chip="H100", precision="fp8", tp="two"), 'tp: "two" is not a number'),
    ],
)
def test_what_a_benchmark_does_not_say_is_asked(tmp_path, said, message):
    out = tmp_path / "p.json"
    with pytest.raises(BadInput, match=message):
        calibrate(runs=[write_vllm(tmp_path / "v.json")], out=out, said=said)
    assert not out.exists()


def test_a_chip_that_is_unknown_is_told_before_anything_is_measured(tmp_path):
    with pytest.raises(UnknownName, match="--chip"):
        calibrate(runs=[], out=tmp_path / "p.json", said=Said(chip="H100X9"), open_device=Device)


def test_runs_of_which_none_can_be_predicted_teach_nothing_and_say_why(tmp_path):
    rows = [{**r, "model": "a-model-nobody-knows"} for r in serving_rows(3)]
    out = tmp_path / "p.json"
    with pytest.raises(BadInput, match=r'none of the runs.*unknown model "a-model-nobody-knows"'):
        calibrate(runs=[write_table(tmp_path / "own.csv", rows)], out=out)
    assert not out.exists()


def test_rows_of_quality_c_are_counted_and_not_learnt(tmp_path):
    rows = serving_rows(6)
    rows[0]["quality"] = "C"
    answer = calibrate(runs=[write_table(tmp_path / "own.csv", rows)], out=tmp_path / "p.json")
    assert answer["serving"]["runs"] == 5
    assert answer["refused"] == {"quality C: contradictory or unexplained": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "no profile"),
        ('{"kind": "else"}', "no profile"),
        ('{"kind": "counterpoise profile"}', "damaged"),
        ('{"kind": "counterpoise profile", "made": "x", "runs": [{"file": 1}]}', "damaged"),
        ('{"kind": "counterpoise profile", "made": "x", "runs": 5}', "damaged"),
    ],
)
def test_a_file_that_is_no_profile_is_told(tmp_path, text, message):
    path = tmp_path / "p.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=message):
        load_profile(path)


def test_a_profile_that_is_not_there_says_how_to_write_one(tmp_path):
    with pytest.raises(BadInput, match=r"no such file.*counterpoise calibrate --runs"):
        load_profile(tmp_path / "none.json")


def test_a_missing_table_is_told_as_such(tmp_path):
    with pytest.raises(BadInput, match=r"no such file.*CSV table or of a benchmark"):
        calibrate(runs=[tmp_path / "none.csv"], out=tmp_path / "p.json")


def test_more_runs_than_are_learnt_from_are_not_cut_in_silence(tmp_path):
    row = serving_rows(1)[0]
    rows = [{**row, "id": str(i)} for i in range(1001)]
    with pytest.raises(BadInput, match=r"1001 runs are too many.*sample of at most 1000"):
        calibrate(runs=[write_table(tmp_path / "own.csv", rows)], out=tmp_path / "p.json")


def test_an_engine_nobody_knows_is_asked_on_the_command_line_and_named_in_a_table(tmp_path):
    with pytest.raises(UnknownName, match=r'--engine: unknown engine "vlm". Did you mean'):
        calibrate(runs=[], out=tmp_path / "p.json", said=Said(framework="vlm"), open_device=Device)
    rows = [{**r, "framework": "homemade"} for r in serving_rows(4)]
    answer = calibrate(runs=[write_table(tmp_path / "own.csv", rows)], out=tmp_path / "p.json")
    assert answer["serving"]["runs"] == 4
    assert any("homemade" in note for note in answer["notes"])


def test_a_folder_that_is_not_there_is_told_before_anything_is_measured(tmp_path):
    class Never(Device):
        def __init__(self, name=None):
            raise AssertionError("measured")

    with pytest.raises(BadInput, match="no such folder"):
        calibrate(runs=[], out=tmp_path / "none" / "p.json", open_device=Never)


def test_a_slip_of_the_pen_is_refused_and_the_other_runs_are_learnt(tmp_path):
    rows = serving_rows(5)
    rows[0]["concurrency"] = "1e300"
    answer = calibrate(runs=[write_table(tmp_path / "own.csv", rows)], out=tmp_path / "p.json")
    assert answer["serving"]["runs"] == 4
    assert answer["refused"] == {"users or tokens above 1e+08": 1}
