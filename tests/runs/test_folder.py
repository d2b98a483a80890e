"""A run folder is whole or absent, says what it was made from, and never costs a person a file."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import polars
import pytest

from counterpoise.errors import BadInput
from counterpoise.runs import Inputs, attach, folder, read_run, require_writable, run_name, write_run

DOCUMENT = {
    "status": "solved",
    "gap": 0.001,
    "case": {"name": "A reasoning app", "as_of": "2025-02-03"},
    "cost": {"value": 1.5e6, "currency": "CNY"},
}
TABLES = {
    "purchases": [{"period": "2025Q1", "systems": 2, "cost": 1.0}, {"period": "2025Q2", "systems": 1.5}],
    "nothing": [],
}
INPUTS = Inputs(
    {"case.yaml": b"name: A reasoning app\n", "catalogue/chips.csv": b"chip\n"}, "ab" * 32, seed=7
)


def files(path: Path) -> dict[str, bytes]:
    return {str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}


def test_a_run_reads_back_as_it_was_written(tmp_path):
    path = write_run(tmp_path / "runs", DOCUMENT, TABLES, INPUTS)
    run = read_run(path)
    assert run.document == DOCUMENT | {"run": path.name}
    assert run.about["status"] == "solved"
    assert run.about["inputs"]["seed"] == 7
    assert read_run(path / "run.json") == run


def test_a_run_names_every_input_by_its_hash_and_keeps_it(tmp_path):
    path = write_run(tmp_path, DOCUMENT, TABLES, INPUTS)
    described = {f["name"]: f for f in read_run(path).about["inputs"]["files"]}
    for name, data in INPUTS.files.items():
        assert described[name]["sha256"] == hashlib.sha256(data).hexdigest()
        assert (path / "inputs" / name).read_bytes() == data


def test_tables_are_parquet_with_their_hash(tmp_path):
    path = write_run(tmp_path, DOCUMENT, TABLES, INPUTS)
    data = (path / "purchases.parquet").read_bytes()
    assert polars.read_parquet(io.BytesIO(data)).to_dicts() == [
        {"period": "2025Q1", "systems": 2.0, "cost": 1.0},
        {"period": "2025Q2", "systems": 1.5, "cost": None},
    ]
    described = {t["name"]: t for t in read_run(path).about["tables"]}
    assert described["purchases"]["sha256"] == hashlib.sha256(data).hexdigest()
    assert described["nothing"]["rows"] == 0


def test_the_same_inputs_give_the_same_bytes_apart_from_times(tmp_path):
    first = files(write_run(tmp_path / "a", DOCUMENT, TABLES, INPUTS, times={"solve": 1.0}))
    second = files(write_run(tmp_path / "b", DOCUMENT, TABLES, INPUTS, times={"solve": 2.0}))
    assert first.pop("times.json") != second.pop("times.json")
    assert first == second


def test_any_other_input_gives_another_name():
    others = [
        Inputs({"case.yaml": b"name: Another app\n"}, INPUTS.catalogue_sha256, seed=7),
        Inputs(INPUTS.files, "cd" * 32, seed=7),
        Inputs(INPUTS.files, INPUTS.catalogue_sha256, seed=8),
        Inputs(INPUTS.files, INPUTS.catalogue_sha256, seed=7, settings={"gap": 0.01}),
    ]
    names = {run_name(DOCUMENT, inputs) for inputs in [INPUTS, *others]}
    assert len(names) == 5
    assert all(name.startswith("a-reasoning-app-2025-02-03-") for name in names)


def test_a_case_named_in_chinese_has_a_run_name_that_any_terminal_can_type():
    document = DOCUMENT | {"case": {"name": "推理应用", "as_of": "2025-02-03"}}
    assert run_name(document, INPUTS).startswith("case-2025-02-03-")


def test_planning_again_replaces_the_run_and_keeps_what_a_person_put_there(tmp_path):
    path = write_run(tmp_path, DOCUMENT, TABLES | {"old": [{"a": 1}]}, INPUTS)
    (path / "notes.txt").write_text("ask for a quote")
    (path / "mine").mkdir()
    (path / "mine" / "photo.png").write_bytes(b"x")
    again = write_run(tmp_path, DOCUMENT | {"gap": 0.0}, TABLES, INPUTS)
    assert again == path
    assert read_run(path).document["gap"] == 0.0
    assert (path / "notes.txt").read_text() == "ask for a quote"
    assert (path / "mine" / "photo.png").read_bytes() == b"x"
    assert not (path / "old.parquet").exists()
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_folder_that_is_no_run_is_never_replaced(tmp_path):
    target = tmp_path / run_name(DOCUMENT, INPUTS)
    target.mkdir()
    (target / "thesis.tex").write_text("mine")
    with pytest.raises(BadInput, match="is no run"):
        write_run(tmp_path, DOCUMENT, TABLES, INPUTS)
    assert files(target) == {"thesis.tex": b"mine"}
    assert list(tmp_path.iterdir()) == [target]


def test_a_run_that_fails_midway_leaves_nothing(tmp_path):
    broken = DOCUMENT | {"cost": object()}
    with pytest.raises(TypeError, match="object in a document"):
        write_run(tmp_path, broken, TABLES, INPUTS)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_cannot_take_its_place_leaves_the_old_one(tmp_path, monkeypatch):
    path = write_run(tmp_path, DOCUMENT, TABLES, INPUTS)
    before = files(path)
    rename = Path.rename

    def fails(self, target):
        if folder.UNFINISHED in self.name:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(BadInput, match="No space left"):
        write_run(tmp_path, DOCUMENT | {"gap": 0.5}, TABLES, INPUTS)
    assert files(path) == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_run_that_was_cut_off_says_so(tmp_path):
    cut = tmp_path / f"app-2025-02-03-00000000{folder.UNFINISHED}x"
    cut.mkdir()
    (cut / "run.json").write_text("{}")
    with pytest.raises(BadInput, match="cut off"):
        read_run(cut)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="cut off"):
        read_run(tmp_path / "empty")


@pytest.mark.parametrize("text", ["{", "[]", "{}", json.dumps({"format": "other", "document": {}})])
def test_a_damaged_run_is_refused(tmp_path, text):
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(BadInput, match=r"run\.json"):
        read_run(tmp_path)


def test_a_missing_run_is_named(tmp_path):
    with pytest.raises(BadInput, match="nowhere"):
        read_run(tmp_path / "nowhere")


def test_a_directory_where_runs_cannot_be_written_is_named_with_the_way_out(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(BadInput, match="--runs DIR") as caught:
        write_run(blocked / "runs", DOCUMENT, TABLES, INPUTS)
    assert str(blocked) in str(caught.value)
    with pytest.raises(BadInput, match="--runs DIR"):
        require_writable(blocked / "runs")


def test_asking_whether_runs_can_be_written_leaves_nothing_in_the_folder(tmp_path):
    require_writable(tmp_path / "deep" / "runs")
    require_writable(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_read_only_directory_is_refused_in_words(tmp_path, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(folder.tempfile, "mkdtemp", refuse)
    with pytest.raises(BadInput, match="Permission denied"):
        write_run(tmp_path, DOCUMENT, TABLES, INPUTS)


def test_an_input_outside_the_case_folder_stays_inside_the_run(tmp_path):
    inputs = Inputs({"../../escape.csv": b"1", "/etc/hosts.csv": b"2"}, "ab" * 32)
    path = write_run(tmp_path / "runs", DOCUMENT, {}, inputs)
    assert set(files(path / "inputs")) == {"escape.csv", "hosts.csv"}
    assert not (tmp_path / "escape.csv").exists()


def test_a_report_is_attached_whole(tmp_path):
    path = write_run(tmp_path, DOCUMENT, TABLES, INPUTS)
    assert attach(path, "report.html", b"<p>one</p>").read_bytes() == b"<p>one</p>"
    assert attach(path, "report.html", b"<p>two</p>").read_bytes() == b"<p>two</p>"
    assert not [p for p in path.iterdir() if p.name.startswith(".")]
    assert (path / "report.html").stat().st_mode & 0o444 == 0o444


def test_rows_with_lists_and_mixed_values_still_make_a_table(tmp_path):
    rows = [{"value": 1.35, "parallelism": {"tp": 2}}, {"value": "reasoning-chat", "parallelism": {}}]
    path = write_run(tmp_path, DOCUMENT, {"assumptions": rows}, INPUTS)
    assert polars.read_parquet(path / "assumptions.parquet").to_dicts() == [
        {"value": "1.35", "parallelism": '{"tp": 2}'},
        {"value": "reasoning-chat", "parallelism": "{}"},
    ]
