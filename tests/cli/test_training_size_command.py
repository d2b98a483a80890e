"""`size --train` from the command line: what is asked, what belongs to serving, files that are new."""

import csv
import json
import re
from datetime import date
from pathlib import Path

import pytest
import typer

from counterpoise.cli.size import SERVING, TRAINING, register

TRAIN = ["size", "llama3.1-70b", "--train"]
ASKED = [*TRAIN, "--tokens", "1T"]


def test_every_option_reaches_the_service_in_canonical_units(run, fake):
    run(
        *TRAIN, "--tokens", "1.5T", "--sequence", "8192", "--batch", "16M tokens", "--chip", "H100",
        "--chip", "B200", "--chips", "64", "--chips", "128", "--precision", "fp8", "--lora",
        "--recompute", "full", "--days", "30", "--price", "2.10", "--limit", "3", "--as-of", "2026-06-01",
        "--profile", "mine.json",
    )  # fmt: skip
    assert fake.asked["size_training"] == {
        "model": "llama3.1-70b",
        "tokens": 1.5e12,
        "sequence_length": 8192.0,
        "global_batch_tokens": 16e6,
        "chips": ["H100", "B200"],
        "chip_counts": (64, 128),
        "precisions": ["fp8"],
        "lora": True,
        "recompute": ("full",),
        "days": 30.0,
        "usd_per_chip_hour": 2.1,
        "limit": 3,
        "as_of": date(2026, 6, 1),
        "profile": Path("mine.json"),
    }
    assert "size" not in fake.asked


def test_days_may_say_another_unit(run, fake):
    run(*ASKED, "--days", "3 weeks")
    assert fake.asked["size_training"]["days"] == pytest.approx(21.0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (TRAIN, "--tokens: .* Write --tokens 15T"),
        ([*TRAIN, "--tokens", "lots"], '--tokens: "lots"'),
        ([*ASKED, "--sequence=-1"], "--sequence: .* negative"),
        ([*ASKED, "--batch", "big"], '--batch: "big"'),
        ([*ASKED, "--days", "soon"], '--days: "soon"'),
        ([*ASKED, "--price", "cheap"], '--price: "cheap" is no number'),
        ([*ASKED, "--chips", "H100"], '--chips: "H100" is no whole number. .* Names go to --chip'),
        ([*ASKED, "--chips", "1,024"], '--chips: "1,024" is no whole number'),
        ([*ASKED, "--csv", "no/such.csv"], "--csv: there is no folder no"),
        ([*ASKED, "--concurrency", "8"], "--concurrency: this is of serving.* --batch may be meant"),
        ([*ASKED, "--trian"], "--trian.* --train"),
        (["size", "llama3.1-70b", "--tokens", "1T"], "--tokens: this is of training. Add --train"),
        (["size", "llama3.1-70b", "--lora"], "--lora: this is of training. Add --train"),
        (["size", "llama3.1-70b", "--sequence", "4096"], "--sequence: this is of training"),
    ],
)
def test_a_half_asked_question_is_one_message_that_names_its_option(run, fake, home, arguments, said):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert re.search(said, err)
    assert not fake.asked
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    "option",
    [
        ["--input", "1000"], ["--output", "1000"], ["--ttft", "2s"], ["--tpot", "50ms"],
        ["--percentile", "90"], ["--cached", "0%"], ["--kv-precision", "fp8"], ["--engine", "generic"],
        ["--engine-version", "1"], ["--concurrency", "1"], ["--rate", "1/s"], ["--draft", "1"],
        ["--acceptance", "80%"], ["--max-chips", "8"], ["--disaggregated"], ["--aggregated"],
        ["--frontier"], ["--choose", "1"], ["--why"], ["--export", "vllm"], ["--image", "a:b"],
        ["--to", "f"], ["--chart", "f.svg"],
    ],
    ids=lambda option: option[0],
)  # fmt: skip
def test_what_is_of_serving_is_refused_with_train_even_where_it_repeats_the_default(run, fake, option):
    code, _, err = run(*ASKED, *option)
    assert code == 2
    assert err.startswith(f"{option[0]}: this is of serving")
    assert not fake.asked


def test_each_option_is_of_one_kind_or_of_both_and_known_to_the_command():
    app = typer.Typer(add_completion=False)
    register(app)
    known = {p.name for p in typer.main.get_command(app).params}
    both = {"model", "chip", "precision", "price", "profile", "csv", "limit", "as_of", "json", "train"}
    assert not set(SERVING) & set(TRAINING)
    assert {*SERVING, *TRAINING, *both} == known - {"help"}


def test_the_csv_is_new_and_the_table_is_shown_all_the_same(run, home):
    code, out, err = run(*ASKED, "--csv", "runs.csv")
    assert code == 0
    assert out.startswith("Cheapest for 1T tokens of llama3.1-70b: 512 x H100-SXM5-80GB")
    assert err == "wrote runs.csv\n"
    with (home / "runs.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["row"], row["model"], row["n_chips"], row["usd"]) == ("run", "llama3.1-70b", "512", "600000")


def test_a_csv_that_is_there_stops_the_work(run, fake, home):
    (home / "mine.csv").write_text("mine")
    code, out, err = run(*ASKED, "--csv", "mine.csv")
    assert (code, out) == (2, "")
    assert "not overwritten" in err
    assert (home / "mine.csv").read_text() == "mine"
    assert not fake.asked


def test_json_is_the_answer_of_the_service(run):
    _, out, _ = run(*ASKED, "--json")
    assert json.loads(out)["runs"][0]["n_chips"] == 512
