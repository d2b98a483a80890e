"""`counterpoise capex` hands its options to the service and prints what that answers."""

import json
from datetime import date
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from counterpoise import service
from counterpoise.cli.capex import register
from counterpoise.errors import BadInput

ANSWER = {"basket": ["MSFT"], "capex_usd_bn": 1.0}


@pytest.fixture
def asked(monkeypatch):
    found = {}

    def answer(basket, **given):
        found.update(given, basket=basket)
        return ANSWER

    monkeypatch.setattr(service, "capex_of", answer)
    return found


def run(*arguments):
    app = typer.Typer()
    register(app)
    app.command()(lambda: None)  # a program of one command would not take its name
    return CliRunner().invoke(app, ["capex", *arguments])


def test_options_reach_the_service(asked):
    options = "--as-of 2025-02-03 --basket MSFT,META --horizons 4 --scores --facts a.csv --json"
    done = run(*options.split())
    assert done.exit_code == 0
    assert asked == {
        "basket": "MSFT,META",
        "as_of": date(2025, 2, 3),
        "horizons": 4,
        "scored": True,
        "facts": Path("a.csv"),
        "seed": 0,
    }
    assert json.loads(done.stdout) == ANSWER


@pytest.mark.parametrize(
    ("arguments", "words"), [(["--chart", "x.png"], "x.svg"), (["--as-of", "soon"], "--as-of")]
)
def test_mistakes_are_named_before_the_work(asked, arguments, words):
    done = run(*arguments)
    assert isinstance(done.exception, BadInput)
    assert words in str(done.exception)
    assert not asked


def test_a_seed_below_zero_is_refused(asked):
    assert run("--seed", "-1").exit_code == 2
    assert not asked


def test_a_picture_is_written_and_never_over_another(tmp_path):
    picture = tmp_path / "capex.svg"
    done = run("--as-of", "2025-02-03", "--basket", "MSFT", "--horizons", "2", "--chart", str(picture))
    assert done.exit_code == 0
    assert done.stdout.startswith("MSFT spent 15.8 bn USD in 2024Q4")
    assert picture.read_text().startswith("<svg")
    again = run("--basket", "MSFT", "--chart", str(picture))
    assert "not overwritten" in str(again.exception)
