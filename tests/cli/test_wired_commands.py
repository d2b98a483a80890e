"""The whole program: every command is there, and the new ones answer for real."""

import json
import re
import subprocess
import sys

import pytest

from counterpoise.cli.entry import status

COMMANDS = "init plan quote size accuracy calibrate catalogue assumptions report"
HEAVY = ("numpy", "scipy", "polars", "linopy", "altair", "torch", "yaml", "jinja2")


@pytest.fixture
def real(tmp_path, monkeypatch, capsys):
    """Run the program in an empty folder; returns (status, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments):
        code = status([str(a) for a in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_help_lists_every_command_in_the_order_of_work(real):
    _, out, _ = real("--help")
    listed = out.split("Commands:")[1]
    places = [listed.index(f"\n  {name}") for name in COMMANDS.split()]
    assert places == sorted(places)


def test_help_loads_nothing_heavy():
    """What makes it quick, without a clock."""
    code = (
        "import sys; from counterpoise.cli.entry import status; "
        "status(['--help']); status(['size', '--help']);"
        f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_a_training_run_is_sized(real):
    code, out, _ = real(
        "size", "llama3.1-8b", "--train", "--tokens", "1B", "--chip", "H100", "--chips", "8", "--json",
        "--as-of", "2026-06-01",
    )  # fmt: skip
    answer = json.loads(out)
    assert code == 0
    assert [r["n_chips"] for r in answer["runs"]] == [8]
    assert answer["asked"]["tokens"] == 1e9


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--recompute", "ful"], "--recompute: .* Did you mean full"),
        (["--precision", "int4"], "--precision: .* Choose from bf16, fp8, fp4"),
        (["--chips", "0"], "--chips: .* above 0"),
        (["--batch", "100"], "--batch: "),
        (["--profile", "none.json"], "none.json: there is no such file"),
    ],
)
def test_what_the_training_room_refuses_arrives_with_its_option(real, arguments, said):
    code, out, err = real("size", "llama3.1-8b", "--train", "--tokens", "1B", "--chip", "H100", *arguments)
    assert (code, out) == (2, "")
    assert re.search(said, err)
    assert len(err.splitlines()) == 1


def test_calibrate_is_a_command_of_the_program(real, tmp_path):
    code, out, err = real("calibrate", "--runs", "none.csv")
    assert (code, out) == (2, "")
    assert err.startswith("none.csv: there is no such file")
    assert list(tmp_path.iterdir()) == []


def test_a_profile_cannot_speak_of_memory(real, tmp_path):
    (tmp_path / "memory.csv").write_text("model\n")
    code, _, err = real("accuracy", "memory.csv", "--kind", "memory", "--profile", "p.json")
    assert code == 2
    assert err.startswith("--profile: a profile says nothing of memory")
