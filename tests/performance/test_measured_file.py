"""A measured table that is wrong is refused with its line, and no file of the user's is destroyed."""

import csv

import pytest

from counterpoise.errors import BadInput
from counterpoise.performance.accuracy import accuracy, accuracy_of_rows
from counterpoise.performance.measured_file import LARGEST_BYTES, read_rows
from counterpoise.performance.measured_runs import shipped

SERVING = [r for r in shipped("serving") if r["mode"] == "agg" and r["quality"] != "C"][:6]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "mine.csv"
    with path.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(SERVING[0]))
        writer.writeheader()
        writer.writerows(SERVING)
    return path


def refusal(path):
    with pytest.raises(BadInput) as caught:
        read_rows(path)
    return str(caught.value)


def test_a_folder_is_no_table(tmp_path):
    assert "folder" in refusal(tmp_path)


def test_a_spreadsheet_is_no_table(tmp_path):
    path = tmp_path / "mine.xlsx"
    path.write_bytes(b"PK\x03\x04\x00\x00 binary")
    assert "not text" in refusal(path)
    assert "Save it as CSV" in refusal(path)


def test_text_of_an_unknown_encoding_is_no_table(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_bytes(b"model,chip\n\xff\xff\xff,H100\n")
    assert "UTF-8" in refusal(path)


def test_chinese_windows_text_is_read(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_bytes("model,note\nglm-5,夜间测试\n".encode("gb18030"))
    assert read_rows(path) == [{"model": "glm-5", "note": "夜间测试"}]


def test_a_header_alone_has_nothing_to_score(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("model,chip\n")
    assert "no rows" in refusal(path)


def test_a_blank_header_is_none(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("\n\n\n")
    assert "header" in refusal(path)


@pytest.mark.parametrize(("cells", "n"), [("a", 1), ("a,b,c", 3)])
def test_a_line_with_more_or_fewer_cells_than_the_header_is_located(tmp_path, cells, n):
    path = tmp_path / "mine.csv"
    path.write_text(f"model,chip\nx,y\n{cells}\n")
    assert refusal(path).startswith(f"{path}, line 3: the line has {n} cells, the header 2.")


def test_a_column_named_twice_is_named(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("model,chip, model\na,b,c\n")
    assert '"model" is there twice' in refusal(path)


def test_a_file_too_large_is_not_read(tmp_path):
    path = tmp_path / "mine.csv"
    with path.open("wb") as out:
        out.seek(LARGEST_BYTES + 1)
        out.write(b"x")
    assert "Split it" in refusal(path)


def test_a_mistake_is_reported_at_its_line_of_the_file_though_rows_of_quality_c_are_left_out():
    rows = [{**SERVING[0], "quality": "C"}, dict(SERVING[1]), {**SERVING[2], "concurrency": "many"}]
    with pytest.raises(BadInput, match=r"line 4, concurrency"):
        accuracy_of_rows(rows, "serving")


def test_predictions_never_replace_the_table_they_are_of(table):
    before = table.read_bytes()
    with pytest.raises(BadInput, match="the measured table itself"):
        accuracy(table, "serving", predictions=table)
    assert table.read_bytes() == before


def test_predictions_never_replace_a_file_that_holds_none(table, tmp_path):
    other = tmp_path / "notes.csv"
    other.write_text("mine\n")
    with pytest.raises(BadInput, match="holds no predictions"):
        accuracy(table, "serving", predictions=other)
    assert other.read_text() == "mine\n"


def test_predictions_replace_predictions(table, tmp_path):
    out = tmp_path / "out.csv"
    accuracy(table, "serving", predictions=out)
    first = out.read_bytes()
    accuracy(table, "serving", predictions=out)
    assert out.read_bytes() == first
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.csv", "out.csv"]


def test_a_folder_that_is_not_there_is_said_before_anything_is_predicted(table, tmp_path):
    with pytest.raises(BadInput, match="no such folder"):
        accuracy(table, "serving", predictions=tmp_path / "absent" / "out.csv")


def test_errors_are_told_apart_by_engine_version_source_quality_and_load(table):
    by = accuracy(table, "serving")["by"]
    assert {"chip", "model", "engine", "version", "source", "quality", "concurrency_band"} <= set(by)
    assert sum(f["tpot_mean_ms"]["n"] for f in by["concurrency_band"].values()) == len(SERVING)


def test_a_label_that_no_row_gives_is_no_group():
    rows = [{**r, "quality": "", "source": ""} for r in SERVING]
    assert not {"quality", "source"} & set(accuracy_of_rows(rows, "serving")["by"])
