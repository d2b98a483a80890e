"""The command `drawdown`: what a person types, what is written, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

EXCERPT = Path(__file__).parents[2] / "examples" / "deepseek-shock-2025" / "prices.csv"


@pytest.fixture
def type_in(monkeypatch, tmp_path, capsys):
    """Run `counterpoise drawdown NVDA` in an empty folder; returns (status, stdout, stderr)."""
    from counterpoise.cli.entry import status

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*options, ticker="NVDA"):
        code = status(["drawdown", ticker, "--prices", str(EXCERPT), *options])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_the_first_line_is_the_answer(type_in):
    status, out, err = type_in()
    assert (status, err) == (0, "")
    assert out.startswith("NVDA: -23.8 %, -893.1 bn USD, -6.5 tn CNY, from the high of 153.13 USD")


def test_a_headline_is_explained(type_in):
    status, out, _ = type_in("--explain", "-23.8% 893.1bn", "--headline-date", "2025-02-03")
    assert status == 0
    assert "from the high of 153.13 USD on 2025-01-07 to the close of 116.66 USD" in out.splitlines()[0]


@pytest.mark.parametrize("options", [[], ["--explain", "-23.8% 893.1bn"]])
def test_json_is_one_object_with_a_currency_for_every_sum(type_in, options):
    status, out, _ = type_in(*options, "--json")
    assert (status, out.count("\n")) == (0, 1)
    assert sums_without_currency(json.loads(out)) == []


def sums_without_currency(value):
    if isinstance(value, list):
        return [found for one in value for found in sums_without_currency(one)]
    if not isinstance(value, dict):
        return []
    bare = [value] if {"value_bn", "low_bn"} & set(value) and "currency" not in value else []
    inside = {key: one for key, one in value.items() if key != "headline"}
    return bare + [found for one in inside.values() for found in sums_without_currency(one)]


def test_the_chart_is_a_new_svg_file_and_nothing_is_written_over(type_in, tmp_path):
    status, out, err = type_in("--chart", "fall.svg")
    assert (status, err) == (0, "wrote fall.svg\n")
    assert out.startswith("NVDA: ")
    drawn = (tmp_path / "fall.svg").read_text()
    assert drawn.startswith("<svg")
    status, out, err = type_in("--chart", "fall.svg")
    assert (status, out) == (2, "")
    assert "not overwritten" in err
    assert (tmp_path / "fall.svg").read_text() == drawn


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--headline-date", "2025-02-03"], "--headline-date: there is no headline"),
        (["--limit", "3"], "--limit: there is no headline"),
        (["--explain", "-23.8%", "--chart", "a.svg"], "--chart: a headline has no chart"),
        (["--explain", "-23.8%", "--peak", "2025-01-07"], "--peak: the days are what --explain looks for"),
        (["--chart", "a.png"], '--chart: "a.png" is no SVG file. Write a.svg'),
        (["--from", "January"], '--from: "January" is no date'),
        (["--from", "2025-02-03", "--to", "2025-01-01"], "--to: it ends on 2025-01-01, before"),
        (["--from", "2026-01-01"], "0 prices of NVDA from 2026-01-01"),
        (["--shares", "24.49"], "--shares: "),
        (["--real-move", "x"], "--real-move: "),
    ],
)
def test_what_cannot_be_answered_is_refused_with_its_option_and_nothing_is_written(
    type_in, tmp_path, options, said
):
    status, out, err = type_in(*options)
    assert (status, out) == (2, "")
    assert said in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_ticker_that_is_not_in_the_file_is_answered_with_the_nearest(type_in):
    status, _, err = type_in(ticker="NVD")
    assert status == 2
    assert "Did you mean NVDA?" in err
