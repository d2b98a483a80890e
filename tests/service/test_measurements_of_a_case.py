"""A case that names its own measurements is planned by them, and says so; one that does not is not."""

from __future__ import annotations

import csv
import json
from datetime import date

import pytest

from counterpoise.errors import BadInput, NoPlan
from counterpoise.performance.measured_runs import shipped
from counterpoise.performance.training_search import training_options
from counterpoise.planning import training as training_room
from counterpoise.planning.assemble import assemble
from counterpoise.planning.own_predictions import SHIPPED
from counterpoise.service import planning as planning_room
from counterpoise.service import quotes as quotes_room
from counterpoise.service.calibrate import calibrate
from counterpoise.service.cases import read_case

CASE = """
name: tenants of one model
as_of: 2026-06-01
currency: USD
horizon: {start: 2026Q3, quarters: 2}
site: {region: US, power: 400 kW}
limits: {chips: [H100-SXM5-80GB]}
workloads:
  - id: questions
    kind: serving
    use_case: document-qa
    peak: 60 requests/s
    input_tokens: 1000
    output_tokens: 1000
    slo: {ttft: 3 s, tpot: 80 ms}
    models: [qwen3-32b]
    api: forbidden
  - {id: tuning, kind: training, method: full, base: llama3.1-8b, tokens: 1B}
techniques: {allowed: [fp8-weights]}
"""
PROFILE = "counterpoise-profile.json"


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """A profile of a dozen runs of qwen3-32b on H100, each twice as slow as the one that was measured."""
    folder = tmp_path_factory.mktemp("slow")
    found = [r for r in shipped("serving") if r["model"] == "qwen3-32b" and r["chip"].startswith("H100")]
    rows = [r for r in found if r["mode"] == "agg"][:12]
    twice = [
        {**r, "quality": "A", **{k: str(2 * float(r[k])) for k in ("ttft_mean_ms", "tpot_mean_ms")}}
        for r in rows
    ]
    with (folder / "runs.csv").open("w", newline="") as out:
        writer = csv.DictWriter(out, list(twice[0]))
        writer.writeheader()
        writer.writerows(twice)
    calibrate(runs=[folder / "runs.csv"], out=folder / PROFILE)
    return folder / PROFILE


def case_folder(folder, measurements="", profile=None, at=PROFILE):
    folder.mkdir(parents=True, exist_ok=True)
    line = f"measurements: {measurements}\n" if measurements else ""
    (folder / "case.yaml").write_text(CASE + line, encoding="utf-8")
    if profile is not None:
        (folder / at).parent.mkdir(exist_ok=True)
        (folder / at).write_bytes(profile.read_bytes())
    return folder


def best_rate(read):
    found = assemble(read.case, read.catalogue, measured=read.measured).serving.values()
    return max(s.deployment.requests_per_s for s in found)


def test_a_deployment_measured_at_half_the_speed_serves_less(tmp_path, slow):
    plain = read_case(case_folder(tmp_path / "plain"))
    own = read_case(case_folder(tmp_path / "own", PROFILE, slow))
    assert best_rate(own) < 0.9 * best_rate(plain)


def test_a_profile_that_the_case_does_not_name_changes_nothing(tmp_path, slow):
    read = read_case(case_folder(tmp_path, "", slow))
    assert read.measured is SHIPPED
    assert set(read.files) == {"case.yaml"}


def test_what_was_learnt_is_an_assumption_with_its_file_and_an_input_of_the_run(tmp_path, slow):
    read = read_case(case_folder(tmp_path, PROFILE, slow))
    assert read.files[PROFILE] == slow.read_bytes()
    listed = assemble(read.case, read.catalogue, measured=read.measured).assumptions
    own = {a.note: a for a in listed if a.field.startswith("measurements[")}
    learnt = next(a for note, a in own.items() if "learn from 12 of your own runs" in note)
    assert (learnt.kind, learnt.source) == ("measured", PROFILE)
    assert next(a.kind for note, a in own.items() if note.startswith("Lengths")) == "assumed"


def test_a_profile_may_lie_deeper_in_the_folder(tmp_path, slow):
    read = read_case(case_folder(tmp_path, "./measured/mine.json", slow, "measured/mine.json"))
    assert read.files["measured/mine.json"] == slow.read_bytes()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("none.json", "there is no file .*none.json. Write it: counterpoise calibrate"),
        (
            "../mine.json",
            'lies outside the case\'s folder. Copy it there and write "measurements: mine.json"',
        ),
        ("/tmp/mine.json", "lies outside the case's folder"),
        ("C:\\mine.json", "lies outside the case's folder"),
        ("case.yaml", "not JSON"),
        ("[a, b]", "measurements"),
    ],
)
def test_a_path_that_cannot_be_meant_is_refused(tmp_path, written, said):
    with pytest.raises(BadInput, match=said):
        read_case(case_folder(tmp_path, written))


def test_a_file_that_is_no_profile_is_refused(tmp_path):
    case_folder(tmp_path, PROFILE)
    (tmp_path / PROFILE).write_text(json.dumps({"kind": "something else"}))
    with pytest.raises(BadInput, match="this is no profile"):
        read_case(tmp_path)


@pytest.mark.parametrize("use_case", ["plan", "assumptions", "quote"])
def test_every_use_case_that_plans_takes_them(tmp_path, slow, monkeypatch, use_case):
    case = case_folder(tmp_path / "case", PROFILE, slow)
    asked = []

    def spy(*_, measured=SHIPPED, **__):
        asked.append(measured)
        raise NoPlan("far enough.")

    monkeypatch.setattr(planning_room, "assemble", spy)
    monkeypatch.setattr(quotes_room, "assemble", spy)
    offers = tmp_path / "offers.csv"
    offers.write_text(
        "name,kind,system,price,date,regions,source\nx,buy,HGX-H100-8,$250000,2026-05-01,US,a quote\n"
    )
    ask = {
        "plan": lambda: planning_room.plan_case(case, runs_dir=tmp_path, on_stage=print, html=False),
        "assumptions": lambda: planning_room.assumptions_of(case),
        "quote": lambda: quotes_room.review_quotes(case, offers),
    }
    with pytest.raises(NoPlan):
        ask[use_case]()
    (measured,) = asked
    assert measured.serving is not None
    assert measured.training is not None


def test_training_runs_by_the_software_of_the_as_of_date_and_the_own_calibration(tmp_path, slow, monkeypatch):
    asked = []

    def spy(*model_and_chip, **given):
        asked.append((given["software_date"], given["calibration"]))
        return training_options(*model_and_chip, **given)

    monkeypatch.setattr(training_room, "training_options", spy)
    read = read_case(case_folder(tmp_path, PROFILE, slow))
    assemble(read.case, read.catalogue, measured=read.measured)
    assert asked
    assert {day for day, _ in asked} == {date(2026, 6, 1)}
    assert all(calibration is read.measured.training for _, calibration in asked)
