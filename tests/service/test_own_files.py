"""A file that a person names is written whole, is new, and is never put over another."""

import pytest

from counterpoise import service
from counterpoise.errors import BadInput


def test_a_new_file_holds_the_text_and_nothing_is_left_beside_it(tmp_path):
    service.write_new(tmp_path / "run.sh", "exec true\n", "--to")
    assert (tmp_path / "run.sh").read_text() == "exec true\n"
    assert [p.name for p in tmp_path.iterdir()] == ["run.sh"]


def test_an_existing_file_is_left_as_it_was(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("mine")
    for ask in (lambda: service.require_new(path, "--csv"), lambda: service.write_new(path, "new", "--csv")):
        with pytest.raises(BadInput, match=r"--csv: .* not overwritten"):
            ask()
    assert path.read_text() == "mine"


def test_a_dangling_link_is_no_new_file(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(BadInput, match="not overwritten"):
        service.require_new(tmp_path / "link", "--csv")


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadInput, match="there is no folder"):
        service.require_new(tmp_path / "no" / "a.csv", "--csv")
