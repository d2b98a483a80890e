"""The command `bridge`: what it asks of the service, and how it answers."""

import json

import pytest

from counterpoise import service
from counterpoise.errors import NoPlan
from report.test_bridge_lines import document  # noqa: F401  a fixture


@pytest.fixture
def bridge(run, document, monkeypatch):  # noqa: F811
    """The command with a stand-in for the service; `asked` is what it was asked."""
    asked = {}

    def answer(case, **more):
        more.pop("say")("planning")
        asked.update(more, case=case)
        if "fails" in asked:
            raise asked["fails"]
        return document | {"run": "x-2025-02-03-0"}

    monkeypatch.setattr(service, "bridge", answer)
    return run, asked


def test_the_answer_comes_first_and_progress_apart(bridge) -> None:
    run, asked = bridge
    code, out, err = run("bridge", "mycase", "--set", "elasticity=0.8", "--scenarios", "3", "--wait", "1")
    assert code == 0
    assert out.startswith("Rent: expected 877k CNY")
    assert "planning" in err
    assert asked["sets"] == ("elasticity=0.8",)
    assert (asked["scenarios"], asked["wait"], asked["market"]) == (3, 1, None)


def test_json_is_one_object_and_nothing_else(bridge) -> None:
    run, _ = bridge
    _, out, _ = run("bridge", "mycase", "--json")
    assert json.loads(out)["advised"] == "rent"


def test_a_chart_is_written_and_never_over_another_file(bridge, tmp_path) -> None:
    run, _ = bridge
    code, _, _ = run("bridge", "mycase", "--chart", "chart.svg")
    assert code == 0
    assert (tmp_path / "chart.svg").read_text().startswith("<svg")
    code, _, err = run("bridge", "mycase", "--chart", "chart.svg")
    assert code == 2
    assert "is not overwritten" in err


def test_a_run_of_the_market_and_beliefs_beside_it_clash(bridge) -> None:
    run, asked = bridge
    code, _, err = run("bridge", "mycase", "--market", "runs/m", "--set", "elasticity=1")
    assert code == 2
    assert "--set" in err
    assert not asked


def test_a_case_without_a_plan_is_exit_status_three(bridge) -> None:
    run, asked = bridge
    asked["fails"] = NoPlan("power of 10 kW and demand clash.")
    code, _, err = run("bridge", "mycase")
    assert code == 3
    assert "power of 10 kW" in err
