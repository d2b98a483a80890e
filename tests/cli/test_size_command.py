"""`size` from the command line: files that are new, exports that can be piped, and half-asked questions."""

import json
import re

import pytest
import yaml

from counterpoise.cli.entry import status

BASE = ["size", "llama3.1-8b", "--chip", "H100", "--precision", "bf16", "--as-of", "2026-06-01"]


@pytest.fixture
def size(tmp_path, monkeypatch, capsys):
    """Run `size` for real in an empty folder; returns (status, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments):
        code = status([*BASE, *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_an_export_is_all_that_stdout_holds_so_that_it_can_be_piped(size):
    code, out, err = size("--export", "vllm")
    assert (code, err) == (0, "")
    assert out.startswith("#!/usr/bin/env bash\n")
    code, out, _ = size("--export", "kubernetes", "--rate", "30/s")
    assert [d["kind"] for d in yaml.safe_load_all(out)] == ["Deployment", "Service"]


def test_files_are_written_new_and_the_table_is_shown_all_the_same(size, tmp_path):
    code, out, err = size("--export", "sglang", "--to", "run.sh", "--csv", "rows.csv", "--chart", "f.svg")
    assert code == 0
    assert "Cheapest" in out
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f.svg", "rows.csv", "run.sh"]
    assert [line for line in err.splitlines() if line.startswith("wrote ")] == [
        "wrote run.sh", "wrote f.svg", "wrote rows.csv",
    ]  # fmt: skip
    assert "sglang.launch_server" in (tmp_path / "run.sh").read_text()
    assert (tmp_path / "f.svg").read_text().startswith("<svg")
    assert (tmp_path / "rows.csv").read_text().startswith("row,model,")


@pytest.mark.parametrize(
    "option", [("--export", "vllm", "--to", "mine"), ("--csv", "mine"), ("--chart", "mine.svg")]
)
def test_a_file_that_is_there_stops_the_work_before_anything_is_written(size, tmp_path, option):
    mine = tmp_path / option[-1]
    mine.write_text("mine")
    code, out, err = size(*option)
    assert (code, out) == (2, "")
    assert "not overwritten" in err
    assert mine.read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1


def test_json_carries_the_export_the_frontier_and_the_reasons(size):
    code, out, _ = size("--json", "--export", "vllm", "--why", "--frontier")
    answer = json.loads(out)
    assert code == 0
    assert {"deployments", "refused", "chosen", "why", "export", "frontier"} <= set(answer)
    keys = {
        "chip", "n_chips", "precision", "tp", "pp", "dp", "ep", "concurrency", "ttft_ms", "tpot_ms",
        "output_tokens_per_s_per_chip", "usd_per_million_output_tokens", "power_w", "basis",
    }  # fmt: skip
    assert keys <= set(answer["deployments"][0])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--export", "docker"], "--export: .* Choose from vllm, sglang, trtllm, kubernetes"),
        (["--to", "run.sh"], "--to: nothing is exported"),
        (["--image", "a:b", "--export", "vllm"], "--image: .* --export kubernetes"),
        (["--chart", "f.png"], "--chart: .* Write f.svg"),
        (["--csv", "no/such.csv"], "--csv: there is no folder no"),
        (["--draft", "1"], "--acceptance: .* one is missing"),
        (["--acceptance", "80%"], "--draft: .* one is missing"),
        (["--rate", "20"], '--rate: "20" has no unit'),
        (["--rate", "fast/s"], "--rate: "),
        (["--price", "cheap"], '--price: "cheap" is no number'),
        (["--choose", "99"], "--choose: there is no deployment number 99"),
        (["--tpot", "10us", "--export", "vllm"], "--export: no deployment meets these targets"),
    ],
)
def test_a_half_asked_question_says_what_is_missing(size, tmp_path, arguments, said):
    code, out, err = size(*arguments)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert re.search(said, err)
    assert list(tmp_path.iterdir()) == []


def test_a_rate_may_be_written_with_or_without_its_noun(size):
    assert size("--rate", "20/s", "--json")[1] == size("--rate", "20 requests/s", "--json")[1]
