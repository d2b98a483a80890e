"""Cases to start from."""

from pathlib import Path

import pytest

from counterpoise.catalogue import load
from counterpoise.errors import BadInput, UnknownName
from counterpoise.planning.case import parse_case
from counterpoise.planning.templates import TEMPLATES, template, write_template

CATALOGUE = load()


def names(folder):
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_a_commented_case(name):
    ((file, text),) = template(name).items()
    assert file == "case.yaml"
    assert text.count("#") >= 5
    assert parse_case(text, file, CATALOGUE).workloads


def test_the_reasoning_template_is_the_example():
    example = Path(__file__).parents[2] / "examples/sme-reasoning/case.yaml"
    text = template("sme-reasoning")["case.yaml"]
    assert parse_case(text, "c", CATALOGUE) == parse_case(example.read_bytes(), "c", CATALOGUE)


def test_the_folder_is_made_and_holds_the_case_alone(tmp_path):
    (written,) = write_template(tmp_path / "new" / "mycase", "chat-api")
    assert written.read_text(encoding="utf-8") == template("chat-api")["case.yaml"]
    assert names(written.parent) == ["case.yaml"]


def test_a_case_is_never_overwritten(tmp_path):
    mine = tmp_path / "case.yaml"
    mine.write_text("name: mine\n")
    with pytest.raises(BadInput, match="not overwritten"):
        write_template(tmp_path, "rag")
    assert mine.read_text() == "name: mine\n"


def test_a_link_to_nowhere_is_in_the_way(tmp_path):
    (tmp_path / "case.yaml").symlink_to(tmp_path / "nowhere")
    with pytest.raises(BadInput):
        write_template(tmp_path, "rag")
    assert not (tmp_path / "nowhere").exists()


def test_a_file_in_place_of_the_folder_is_said_so(tmp_path):
    (tmp_path / "mycase").write_text("")
    with pytest.raises(BadInput, match="Choose another folder"):
        write_template(tmp_path / "mycase", "rag")


def test_a_case_that_comes_to_be_meanwhile_is_kept(tmp_path, monkeypatch):
    write = Path.write_text

    def slow(path, *args, **kwargs):
        write(tmp_path / "case.yaml", "name: mine\n")
        return write(path, *args, **kwargs)

    monkeypatch.setattr(Path, "write_text", slow)
    with pytest.raises(BadInput, match="not overwritten"):
        write_template(tmp_path, "rag")
    assert (tmp_path / "case.yaml").read_text() == "name: mine\n"
    assert names(tmp_path) == ["case.yaml"]


@pytest.mark.parametrize("taken", [False, True])
def test_a_file_system_without_hard_links_will_do(tmp_path, monkeypatch, taken):
    def refuse(*_):
        if taken:
            (tmp_path / "case.yaml").touch()
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    if taken:
        with pytest.raises(BadInput, match="not overwritten"):
            write_template(tmp_path, "rag")
    else:
        assert write_template(tmp_path, "rag")[0].read_text(encoding="utf-8") == template("rag")["case.yaml"]
    assert names(tmp_path) == ["case.yaml"]


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(path, *_, **__):
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(BadInput, match="No space left"):
        write_template(tmp_path / "mycase", "rag")
    assert names(tmp_path / "mycase") == []


def test_an_unknown_template_names_the_nearest(tmp_path):
    with pytest.raises(UnknownName, match="Did you mean chat-api"):
        write_template(tmp_path / "x", "chat_api")
    assert not (tmp_path / "x").exists()
