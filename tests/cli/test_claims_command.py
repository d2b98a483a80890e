"""`counterpoise claims` hands its options to the service and prints what that answers."""

import json
from datetime import date
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from counterpoise import service
from counterpoise.cli.claims import register
from counterpoise.errors import BadInput
from report.test_claim_lines import DOCUMENT


@pytest.fixture
def asked(monkeypatch):
    """What the service was asked; it answers with two claims."""
    found = {}

    def answer(ledger, **given):
        found.update(given, ledger=ledger)
        return DOCUMENT

    monkeypatch.setattr(service, "judge_claims", answer)
    return found


def run(*arguments):
    app = typer.Typer()
    register(app)
    app.command()(lambda: None)  # a program of one command would not take its name
    return CliRunner().invoke(app, ["claims", *arguments])


def test_days_and_files_reach_the_service(asked):
    done = run(
        "l.yaml",
        "--as-of",
        "2025-02-03",
        "--judged-on",
        "2026-01-01",
        "--since",
        "2025-01-01",
        "--facts",
        "f.csv",
    )
    assert done.exit_code == 0
    assert asked["ledger"] == Path("l.yaml")
    assert (asked["as_of"], asked["judged_on"]) == (date(2025, 2, 3), date(2026, 1, 1))
    assert (asked["since"], asked["facts"], asked["prices"]) == (date(2025, 1, 1), Path("f.csv"), None)


def test_the_answer_is_text_or_one_json_object(asked):
    assert run("l.yaml").stdout.startswith("0 of 2 hold, 1 fail")
    assert json.loads(run("l.yaml", "--json").stdout)["summary"]["claims"] == 2


def test_the_template_is_printed_without_a_ledger(asked):
    done = run("--template")
    assert "claims:" in done.stdout
    assert not asked


def test_a_ledger_to_start_from_is_no_json(asked):
    assert "--template" in str(run("--template", "--json").exception)


def test_no_ledger_and_a_day_that_is_none_are_refused(asked):
    assert isinstance(run().exception, BadInput)
    assert "--as-of" in str(run("l.yaml", "--as-of", "monday").exception)
