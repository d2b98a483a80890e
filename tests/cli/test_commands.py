"""Every command asks the service what was typed and shows its answer; --json is one object and no more."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

SIZE_OPTIONS = ["--chip", "H20", "--input", "4000", "--output", "1000", "--ttft", "2s", "--tpot", "50ms"]
COMMANDS = [
    ["init", "mycase"],
    ["plan", "mycase"],
    ["quote", "mycase", "offers.csv"],
    ["size", "deepseek-r1", *SIZE_OPTIONS],
    ["size", "llama3.1-70b", "--train", "--tokens", "1T"],
    ["accuracy", "serving.csv", "--kind", "serving"],
    ["catalogue", "chips"],
    ["catalogue", "show", "H20"],
    ["assumptions", "mycase"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: " ".join(c[:2]))
def test_json_is_one_object_on_stdout_and_nothing_else(run, command):
    status, out, _ = run(*command, "--json")
    assert status == 0
    assert isinstance(json.loads(out), dict)
    assert out.count("\n") == 1


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: " ".join(c[:2]))
@pytest.mark.parametrize("columns", [40, 80])
def test_every_answer_fits_the_terminal(run, command, columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    status, out, _ = run(*command)
    assert status == 0
    assert out.strip()
    assert max(len(line) for line in out.splitlines()) <= columns


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: " ".join(c[:2]))
def test_a_failure_is_one_message_on_stderr_with_its_exit_status(run, fake, failure, command):
    expected, fake.fails = failure
    status, out, err = run(*command, "--json")
    assert status == expected
    assert out == ""
    assert str(fake.fails) in err
    assert "Traceback" not in err


def test_init_writes_the_template_asked_for_and_says_what_to_do_next(run, fake):
    _, out, err = run("init", "mycase", "--template", "rag")
    assert fake.asked["init"] == {"directory": Path("mycase"), "template": "rag"}
    assert out == "wrote mycase/case.yaml\n"
    assert "counterpoise plan mycase" in err


def test_plan_says_the_answer_first_then_what_it_rests_on_then_where_the_report_is(run):
    status, out, err = run("plan", "mycase", "--runs", "here")
    assert status == 0
    assert out.index("Buy 2 x HGX-H20-8") < out.index("Weakest fact") < out.index("Cost by item")
    assert err.splitlines()[0] == "[1/3] planning mycase ..."
    assert "here/a-reasoning-app-2025-02-03-" in err
    assert "report.html" in err
    assert "counterpoise assumptions mycase" in out


def test_a_place_where_no_run_can_be_written_is_refused_before_the_work(run, fake, home):
    (home / "file").write_text("")
    status, out, err = run("plan", "mycase", "--runs", "file/runs")
    assert (status, out) == (2, "")
    assert "--runs DIR" in err
    assert "plan" not in fake.asked


def test_the_demo_counts_on_from_the_installation(run):
    _, _, err = run("plan", "mycase", "--demo")
    assert err.startswith("[2/3] planning mycase ...")
    assert "counterpoise init mycase --template chat-api" in err


def test_plan_without_a_page_names_the_run(run, fake):
    _, _, err = run("plan", "mycase", "--no-html")
    assert fake.asked["plan"]["html"] is False
    assert "report.html" not in err
    assert "run: runs/a-reasoning-app" in err


def test_the_plan_that_json_prints_is_the_plan_that_was_written(run, home):
    _, out, _ = run("plan", "mycase", "--json")
    document = json.loads(out)
    written = json.loads((home / "runs" / document["run"] / "run.json").read_text(encoding="utf-8"))
    assert written["document"] == document


def test_size_reads_quantities_with_their_units(run, fake):
    run(
        "size",
        "deepseek-r1",
        *SIZE_OPTIONS,
        "--cached",
        "30 %",
        "--precision",
        "fp8",
        "--as-of",
        "2025-02-03",
    )
    asked = fake.asked["size"]
    assert asked == {
        "model": "deepseek-r1",
        "chips": ["H20"],
        "input_tokens": 4000,
        "output_tokens": 1000,
        "ttft_s": 2.0,
        "tpot_s": pytest.approx(0.05),
        "percentile": 90.0,
        "cached_share": pytest.approx(0.3),
        "precisions": ["fp8"],
        "limit": 10,
        "as_of": date(2025, 2, 3),
        "kv_precisions": (),
        "engine": "generic",
        "version": "",
        "concurrency": None,
        "rate_per_s": None,
        "speculative": None,
        "max_chips": None,
        "usd_per_chip_hour": None,
        "aggregated": True,
        "disaggregated": False,
        "frontier": False,
        "profile": None,
        "choose": None,
        "why": False,
        "export": "",
        "image": "",
    }


def test_size_shows_each_deployment_with_its_interval_then_refusals_and_basis(run):
    _, out, _ = run("size", "deepseek-r1", *SIZE_OPTIONS)
    row = next(line for line in out.splitlines() if line.startswith("H20"))
    for cell in ("2/1/1/1", "48", "1.21 s", "41.2 ms", "431", "1.23", "0.9-1.7", "760 W"):
        assert cell in row
    assert "- H20 bf16 tp=1: weights do not fit" in out
    assert "- Hopper family; no H20 measurement" in out
    assert "TTFT <= 2 s, TPOT <= 50 ms at" in out


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--ttft", "2", "no unit"),
        ("--tpot", "50 kW", "50 kW"),
        ("--input", "-5", "negative"),
        ("--as-of", "soon", "no date"),
    ],
)
def test_a_quantity_that_cannot_be_meant_is_refused_by_its_option(run, option, value, said):
    status, out, err = run("size", "deepseek-r1", f"{option}={value}")
    assert (status, out) == (2, "")
    assert err.startswith(f"{option}: ")
    assert said in err


def test_accuracy_shows_errors_as_percentages(run, fake):
    _, out, _ = run("accuracy", "serving.csv", "--kind", "serving", "--all", "--predictions", "out.csv")
    assert fake.asked["accuracy"] == {
        "kind": "serving",
        "all_rows": True,
        "predictions": Path("out.csv"),
        "profile": None,
    }
    assert "100 rows: 95 predicted, 5 refused." in out
    assert "18 %" in out
    assert "- 5: unknown model" in out


def test_accuracy_says_what_was_learnt_of_the_profile_it_used(run, fake):
    fake.accuracy_notes = ["Serving predictions learn from 20 of your own runs (mine.json, 2026-06-01)."]
    _, out, _ = run("accuracy", "serving.csv", "--kind", "serving", "--profile", "mine.json")
    assert fake.asked["accuracy"]["profile"] == Path("mine.json")
    assert "learn from 20 of your own runs" in " ".join(out.split())


def test_quote_shows_the_decision_and_the_price_to_haggle_to(run):
    _, out, _ = run("quote", "mycase", "offers.csv")
    for cell in ("reseller-a", "haggle", "120k CNY", "1,010,000 CNY"):
        assert cell in out


def test_catalogue_passes_its_filters_on(run, fake):
    run(
        "catalogue",
        "offers",
        "--vendor",
        "NVIDIA",
        "--region",
        "CN",
        "--where",
        "kind=buy",
        "--as-of",
        "2025-02-03",
    )
    assert fake.asked["catalogue"] == {
        "kind": "offers",
        "filters": {"vendor": "NVIDIA", "region": "CN", "kind": "buy"},
        "as_of": date(2025, 2, 3),
    }


def test_a_fact_is_shown_with_its_source_and_date(run):
    _, out, _ = run("catalogue", "show", "H20")
    assert "memory: 96 GB; data sheet, 2023-11-16, list" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["catalogue", "show"], "counterpoise catalogue show H20"),
        (["catalogue", "chips", "H20"], "counterpoise catalogue show H20"),
        (["catalogue", "chips", "--where", "vendor"], "--where vendor=NVIDIA"),
    ],
)
def test_a_half_asked_catalogue_question_says_how_to_ask_it(run, arguments, said):
    status, _, err = run(*arguments)
    assert status == 2
    assert said in err


def test_assumptions_come_worst_kind_first(run):
    _, out, _ = run("assumptions", "mycase")
    assert out.index("price of HGX-H20-8") < out.index("exchange rate")
    assert "5 assumptions." in out


def test_report_writes_the_page_again_from_the_run_alone(run, home):
    _, out, _ = run("plan", "mycase", "--json")
    folder = home / "runs" / json.loads(out)["run"]
    assert not (folder / "report.html").exists()
    status, out, _ = run("report", folder)
    assert status == 0
    assert out.strip() == str(folder / "report.html")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "A reasoning app" in page
    assert "highspy" in page
    _, out, _ = run("report", folder, "--json")
    assert json.loads(out)["report"] == str(folder / "report.html")


def test_report_of_no_run_says_so(run, home):
    status, _, err = run("report", home / "nothing")
    assert status == 2
    assert "nothing" in err
