"""The way in and out: exit statuses, mistakes in the command line, streams that cannot carry every sign."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from counterpoise.cli import main, output


def test_a_mistyped_command_or_option_is_answered_with_the_nearest(run):
    assert run("plam", "x") == (
        2,
        "",
        'unknown command "plam". Did you mean plan or replay? See: counterpoise --help\n',
    )
    status, _, err = run("size", "m", "--chp", "H20")
    assert status == 2
    assert err.startswith('unknown option "--chp". Did you mean --chip')
    assert err.endswith("See: counterpoise size --help\n")


@pytest.mark.parametrize(
    "arguments",
    [["plan"], ["accuracy", "f.csv"], ["accuracy", "f.csv", "--kind", "speed"],
     ["size", "m", "--limit", "many"],
     ["plan", "case", "--runs"], ["quote", "a", "b", "c"]],
)  # fmt: skip
def test_a_command_line_that_cannot_be_read_is_one_line_and_exit_2(run, arguments):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert f"See: counterpoise {arguments[0]} --help" in err


def test_a_fault_of_the_program_asks_to_be_reported_without_a_traceback(run, fake):
    fake.fails = KeyError("pool")
    status, out, err = run("assumptions", "mycase")
    assert (status, out) == (4, "")
    assert err.count("\n") == 1
    assert "fault of Counterpoise" in err
    assert "COUNTERPOISE_TRACEBACK=1" in err


def test_the_traceback_is_there_for_who_asks(run, fake, monkeypatch):
    monkeypatch.setenv("COUNTERPOISE_TRACEBACK", "1")
    fake.fails = KeyError("pool")
    _, _, err = run("assumptions", "mycase")
    assert "Traceback" in err


def test_an_interrupted_command_says_so_and_exits_130(run, fake):
    fake.fails = KeyboardInterrupt()
    status, _, err = run("assumptions", "mycase")
    assert status == 130
    assert "Traceback" not in err


def test_main_leaves_with_the_status(fake):
    with pytest.raises(SystemExit) as left:
        main(["assumptions", "mycase", "--json"])
    assert left.value.code == 0
    with pytest.raises(SystemExit) as left:
        main(["nonsense"])
    assert left.value.code == 2


def test_nothing_asked_is_answered_with_help(run):
    status, out, _ = run()
    assert status == 0
    assert "Usage: counterpoise" in out


class Ascii(io.TextIOWrapper):
    """A stream that can carry ASCII only, as under LANG=C."""

    def __init__(self):
        super().__init__(io.BytesIO(), encoding="ascii")

    def text(self):
        self.flush()
        return self.buffer.getvalue().decode("ascii")


def test_a_stream_of_ascii_gets_ascii(monkeypatch):
    stream = Ascii()
    monkeypatch.setattr(sys, "stdout", stream)
    output.say(["8 × 96 GB", "推理"])
    assert stream.text() == "8 x 96 GB\n\\u63a8\\u7406\n"


def test_json_on_a_stream_of_ascii_is_still_the_same_object(monkeypatch):
    stream = Ascii()
    monkeypatch.setattr(sys, "stdout", stream)
    document = {"name": "推理应用", "limit": float("inf"), "path": Path("a/b")}
    output.say_json(document)
    assert json.loads(stream.text()) == {"name": "推理应用", "limit": None, "path": "a/b"}


def test_colour_is_for_terminals_that_were_not_told_otherwise(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert output.colour(Terminal())
    assert not output.colour(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not output.colour(Terminal())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not output.colour(Terminal())


def process(*arguments, environment=None, stdout=subprocess.PIPE):
    return subprocess.Popen(
        [sys.executable, "-c", "from counterpoise.cli import main; main()", *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=os.environ | (environment or {}),
        text=True,
    )


@pytest.mark.parametrize("columns", ["40", "80"])
def test_help_fits_the_terminal_and_names_every_command(columns):
    helped = process("--help", environment={"COLUMNS": columns, "LC_ALL": "C"})
    out, err = helped.communicate(timeout=60)
    assert (helped.returncode, err) == (0, "")
    assert out.isascii()
    assert max(map(len, out.splitlines())) <= int(columns)
    for command in ("init", "plan", "quote", "size", "accuracy", "catalogue", "assumptions", "report"):
        assert f"\n  {command} " in out


def test_help_imports_nothing_heavy():
    probe = (
        "import sys, contextlib, io\n"
        "from counterpoise.cli.entry import status\n"
        "with contextlib.redirect_stdout(io.StringIO()): status(['--help'])\n"
        "heavy = set('numpy scipy polars pydantic linopy highspy altair jinja2 rich yaml'.split())\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_a_reader_that_leaves_early_is_no_error():
    read, write = os.pipe()
    os.close(read)
    helped = process("--help", stdout=write)
    os.close(write)
    _, err = helped.communicate(timeout=60)
    assert (helped.returncode, err) == (141, "")


def test_a_wrong_command_line_exits_2_as_a_process():
    wrong = process("plam")
    out, err = wrong.communicate(timeout=60)
    assert (wrong.returncode, out) == (2, "")
    assert "Did you mean plan or replay?" in err
