"""`quarters` from the command line, as a person uses it."""

from __future__ import annotations

import json

import pytest

from counterpoise.cli.entry import status
from market.companyfacts import fact, shipped_text, text

MSFT = "msft.json"


@pytest.fixture
def quarters(tmp_path, monkeypatch, capsys):
    """Run `quarters` in a folder with the filings of two companies; returns (status, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    for entity in ("MSFT", "META"):
        (tmp_path / f"{entity.lower()}.json").write_bytes(shipped_text(entity))
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments):
        code = status(["quarters", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_the_first_line_is_the_answer(quarters):
    code, out, err = quarters(MSFT, "--series", "capex")
    assert (code, err) == (0, "")
    assert " ".join(out.split("\n\n")[0].split()) == (
        "MSFT capex_cash: 16 quarters, 2022Q3 to 2026Q2; the last 35.802 USD bn (derived, public 2026-07-29)."
    )
    assert "[1] SEC XBRL company facts, PaymentsToAcquirePropertyPlantAndEquipment" in out


def test_json_is_one_object(quarters):
    code, out, _ = quarters(MSFT, "--series", "lease", "--as-of", "2025-02-03", "--json")
    document = json.loads(out)
    assert code == 0
    assert document["quarters"][-1]["quarter"] == "2024Q4"
    assert document["quarters"][-1]["value_usd_bn"] == 0.48


def test_what_is_refused_is_listed_with_the_reason(quarters, tmp_path):
    (tmp_path / "acme.json").write_bytes(text([fact("2024-01-01", "2024-05-15", 100)]))
    code, out, _ = quarters("acme.json", "--series", "capex")
    assert code == 0
    assert out.startswith("ACME: no quarter.")
    assert "136 days are no quarter" in out


def test_restated_figures_are_shown_when_asked_for(quarters):
    _, out, _ = quarters("meta.json", "--series", "capex", "--vintages")
    assert "13 quarters in 17 vintages" in " ".join(out.split())
    assert "restated: 6.842 before" in out
    assert "changes basis" not in out


def test_all_that_ships_is_summed_up_in_the_first_line(quarters):
    code, out, _ = quarters("--shipped")
    assert code == 0
    assert "years equal their four quarters, or say why." in " ".join(out.split("\n\n")[0].split())
    assert "AMZN capex_cash changes basis after 2017Q4: net of proceeds before, gross" in " ".join(
        out.split()
    )


def test_a_day_that_follows_from_a_rule_is_marked(quarters):
    _, out, _ = quarters("CRWV", "--shipped")
    assert "2025-05-15*" in out
    assert "* no source for the day" in out


@pytest.mark.parametrize("columns", ["40", "60"])
def test_a_narrow_terminal_is_respected(quarters, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    _, out, _ = quarters("META", "--shipped", "--series", "lease")
    assert max(map(len, out.splitlines())) <= int(columns)


def test_a_table_is_written_new(quarters, tmp_path):
    code, _, err = quarters(MSFT, "--csv", "msft.csv")
    assert (code, err) == (0, "wrote msft.csv\n")
    assert (tmp_path / "msft.csv").read_text().startswith("series,entity,quarter,value,unit,")
    code, out, err = quarters(MSFT, "--csv", "msft.csv")
    assert (code, out) == (2, "")
    assert "not overwritten" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "quarters of what?"),
        (("MSFT",), "counterpoise quarters MSFT --shipped"),
        (("MSFT", "--download"), "--contact"),
        (("MSFT", "--shipped", "--download"), "exclude each other"),
        (("MSFT", "--shipped", "--contact", "me@example.org"), "goes with --download"),
        (("MSFT", "--shipped", "--ticker", "X"), "--ticker names the company of a file"),
        (("nowhere.json",), "nowhere.json: the file cannot be read"),
        ((MSFT, "--as-of", "yesterday"), "is no date"),
        ((MSFT, "--series", "capx"), "Did you mean capex?"),
    ],
)
def test_a_wrong_command_says_what_to_write(quarters, arguments, said):
    code, out, err = quarters(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err
