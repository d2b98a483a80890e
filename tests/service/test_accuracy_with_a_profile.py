"""`accuracy --profile`: own runs sharpen the predictions of other runs, and none is predicted by itself."""

from __future__ import annotations

import csv

import pytest

from counterpoise import service
from counterpoise.errors import BadInput
from counterpoise.performance.measured_runs import shipped
from counterpoise.service.calibrate import calibrate

TIMES = ("ttft_mean_ms", "tpot_mean_ms")


def write(path, rows):
    with path.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def slower(row, factor):
    return {**row, "quality": "A", **{k: str(factor * float(row[k])) for k in TIMES}}


@pytest.fixture(scope="module")
def rows():
    """Runs of one model on one chip, each half as slow again as the one that was measured."""
    found = [r for r in shipped("serving") if r["model"] == "qwen3-32b" and r["chip"].startswith("H100")]
    return [slower(r, 1.5) for r in found if r["mode"] == "agg"][:40]


def asked(folder, table, profile=None, kind="serving"):
    out = folder / f"{profile.stem if profile else 'shipped'}-predictions.csv"
    answer = service.accuracy(table, kind=kind, all_rows=True, predictions=out, profile=profile)
    with out.open(encoding="utf-8") as file:
        return answer, list(csv.DictReader(file))


def profile_of(folder, name, rows):
    runs = write(folder / f"{name}.csv", rows)
    calibrate(runs=[runs], out=folder / f"{name}.json")
    return folder / f"{name}.json"


def test_runs_of_other_conditions_are_predicted_better_and_the_answer_says_why(tmp_path, rows):
    table = write(tmp_path / "all.csv", rows)
    before, _ = asked(tmp_path, table)
    after, told = asked(tmp_path, table, profile_of(tmp_path, "mine", rows[::2]))
    errors = [a["metrics"]["tpot_mean_ms"]["median_ape"] for a in (before, after)]
    assert errors[1] < errors[0]
    assert "notes" not in before
    assert any("20 of your own runs" in note for note in after["notes"])
    assert any("your own runs" in row["basis"] for row in told)


def test_no_run_is_predicted_by_itself(tmp_path, rows):
    """Another measurement of one run in the profile leaves its own prediction as it was."""
    table = write(tmp_path / "all.csv", rows)
    odd = [slower(rows[0], 3.0), *rows[1:]]
    (_, plain), (_, changed) = (
        asked(tmp_path, table, profile_of(tmp_path, name, own)) for name, own in (("a", rows), ("b", odd))
    )
    predicted = [f"predicted_{name}" for name in TIMES]
    assert [plain[0][name] for name in predicted] == [changed[0][name] for name in predicted]
    assert any(a[name] != b[name] for a, b in zip(plain, changed, strict=True) for name in predicted)


def test_training_runs_of_a_profile_predict_training_tables(tmp_path):
    rows = [r for r in shipped("training") if r["model"] == "mpt-70b"][:8]
    table = write(tmp_path / "training.csv", rows)
    _, plain = asked(tmp_path, table, kind="training")
    answer, told = asked(tmp_path, table, profile_of(tmp_path, "mine", rows), kind="training")
    assert all("your own training runs" in row["basis"] for row in told if row["basis"])
    assert answer["predicted"] == sum(not row["refused"] for row in plain)
    assert any("training" in note.lower() for note in answer["notes"])


def test_a_profile_says_nothing_of_memory(tmp_path):
    with pytest.raises(BadInput, match="--profile: a profile says nothing of memory"):
        service.accuracy(
            tmp_path / "m.csv", kind="memory", all_rows=False, predictions=None, profile=tmp_path / "p.json"
        )
