"""`counterpoise calibrate` hands its options to the service and prints what that answers."""

import json
from importlib import import_module
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from counterpoise.cli.calibrate import register
from counterpoise.errors import BadInput
from counterpoise.service.own_rows import Said

ROOM = import_module("counterpoise.service.calibrate")


@pytest.fixture
def asked(monkeypatch):
    """What the service was asked; it answers with a profile of two runs."""
    found = {}

    def answer(**given):
        found.update(given)
        given["say"]("measuring")
        return {
            "profile": str(given["out"]),
            "serving": {"runs": 2, "metrics": {}},
            "notes": [],
            "refused": {},
        }

    monkeypatch.setattr(ROOM, "calibrate", answer)
    return found


def run(*arguments):
    app = typer.Typer()
    register(app)
    app.command()(lambda: None)  # a program of one command would not take its name
    return CliRunner().invoke(app, ["calibrate", *arguments])


def test_files_and_what_they_do_not_say_reach_the_service(asked):
    done = run("--runs", "a.csv", "--runs", "b.json", "--chip", "H100", "--tp", "4", "--engine", "vllm")
    assert done.exit_code == 0
    assert asked["runs"] == [Path("a.csv"), Path("b.json")]
    assert asked["said"] == Said(chip="H100", framework="vllm", tp="4")
    assert asked["out"] == Path("counterpoise-profile.json")
    assert not asked["overwrite"]
    assert asked["device"] is None


def test_a_profile_is_added_to_and_written_over_only_where_asked(asked):
    run("--runs", "a.csv", "--from", "old.json", "--out", "new.json", "--replace", "--lengths", "exact")
    assert (asked["start"], asked["out"], asked["overwrite"]) == (Path("old.json"), Path("new.json"), True)
    assert asked["lengths"] == "exact"


def test_the_answer_is_text_or_one_json_object(asked):
    assert "Learnt from 2 serving runs." in run("--runs", "a.csv").stdout
    assert json.loads(run("--runs", "a.csv", "--json").stdout)["serving"]["runs"] == 2


def test_progress_is_not_part_of_the_answer(asked):
    done = run("--runs", "a.csv", "--json")
    assert "measuring" in done.stderr
    assert "measuring" not in done.stdout


def test_a_mistake_is_the_services(monkeypatch):
    def fails(**_):
        raise BadInput("no.")

    monkeypatch.setattr(ROOM, "calibrate", fails)
    assert isinstance(run("--runs", "a.csv").exception, BadInput)
