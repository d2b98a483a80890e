"""A service that answers from samples, so that the doors are tried apart from what they show."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterpoise import service
from counterpoise.errors import BadInput, NoPlan, RunFailed, Where
from counterpoise.runs import Inputs, write_run
from report import sample

SIZE = {
    "model": "deepseek-r1",
    "native_precision": "fp8",
    "asked": {
        "input_tokens": 4000.0,
        "output_tokens": 1000.0,
        "ttft_ms": 2000.0,
        "tpot_ms": 50.0,
        "percentile": 90.0,
        "cached_share": 0.0,
        "rate_per_s": None,
        "engine": "generic",
        "engine_version": None,
        "acceptance_rate": None,
        "draft_tokens": None,
        "as_of": "2025-02-03",
    },
    "chosen": 1,
    "deployments": [
        {
            "chip": "H20",
            "n_chips": 2,
            "precision": "fp8",
            "mode": "aggregated",
            "as_released": True,
            "tp": 2,
            "pp": 1,
            "dp": 1,
            "ep": 1,
            "concurrency": 48,
            "ttft_ms": 1210.0,
            "tpot_ms": 41.2,
            "output_tokens_per_s_per_chip": 431.0,
            "usd_per_million_output_tokens": 1.234,
            "low80_usd_per_million_output_tokens": 0.9,
            "high80_usd_per_million_output_tokens": 1.7,
            "power_w": 760.0,
            "basis": "Hopper family; no H20 measurement",
        }
    ],
    "refused": [{"what": "H20 bf16 tp=1", "why": "weights do not fit"}],
}
TRAINING = {
    "model": "llama3.1-70b",
    "asked": {
        "tokens": 1e12,
        "sequence_length": 4096.0,
        "global_batch_tokens": 16e6,
        "method": "pretrain",
        "days": None,
        "as_of": "2026-06-01",
    },
    "runs": [
        {
            "chip": "H100-SXM5-80GB",
            "system": "HGX-H100-8",
            "n_chips": 512,
            "precision": "bf16",
            "tp": 4,
            "pp": 2,
            "interleave": 5,
            "dp": 64,
            "ep": 1,
            "cp": 1,
            "zero": 1,
            "recompute": "selective",
            "micro_batch": 1,
            "mfu": 0.45,
            "tokens_per_s_per_chip": 1000.0,
            "low80_tokens_per_s_per_chip": 800.0,
            "high80_tokens_per_s_per_chip": 1200.0,
            "memory_bytes": 5e10,
            "goodput": 0.98,
            "days": 23.0,
            "low80_days": 19.0,
            "high80_days": 29.0,
            "power_w": 5e5,
            "chip_hours": 282_000.0,
            "usd": 600_000.0,
            "low80_usd": 450_000.0,
            "high80_usd": 800_000.0,
            "usd_per_chip_hour": 2.1,
            "basis": "fitted on 180 training runs of H100-SXM5-80GB",
        }
    ],
    "found": 1,
    "refused": [{"what": "llama3.1-70b on H100-SXM5-80GB x 8", "why": "takes 152 GiB a chip"}],
    "notes": [],
}
ACCURACY = {
    "rows": 100,
    "predicted": 95,
    "refused": {"unknown model": 5},
    "metrics": {
        "tpot_mean_ms": {
            "n": 95,
            "median_ape": 0.18,
            "mean_ape": 0.22,
            "p90_ape": 0.41,
            "bias": -0.03,
            "within_20pct": 0.55,
            "interval80_coverage": 0.81,
        }
    },
    "by": {"chip": {"H100": {"tpot_mean_ms": {"n": 60, "median_ape": 0.15}}}},
}
QUOTES = {
    "quotes": [
        {
            "quote": "reseller-a",
            "decision": "haggle",
            "saving": {"value": 120_000.0, "currency": "CNY"},
            "haggle_to": {"value": 1_010_000.0, "currency": "CNY", "per": "system"},
            "why": "rent is cheaper at the asked price",
        }
    ]
}
CHIP = {
    "name": "H20",
    "vendor": "NVIDIA",
    "figures": {
        "memory": {
            "mid": 96.0,
            "low": 96.0,
            "high": 96.0,
            "unit": "GB",
            "provenance": {"source": "data sheet", "as_of": "2023-11-16", "kind": "list", "note": ""},
        }
    },
}


class Service:
    """What each use-case was asked, and a sample for an answer (or the error that `fails` holds)."""

    def __init__(self) -> None:
        self.asked: dict[str, dict] = {}
        self.fails: BaseException | None = None
        self.accuracy_notes: list[str] = []

    def answer(self, use_case, value, /, **asked):
        self.asked[use_case] = asked
        if self.fails is not None:
            raise self.fails
        return value

    def init(self, directory, template):
        return self.answer("init", [directory / "case.yaml"], directory=directory, template=template)

    def plan(self, case, *, runs_dir, on_stage, html=True):
        on_stage("plan", sample.at_the_plan_stage())
        document = sample.document()
        self.answer("plan", None, case=case, runs_dir=runs_dir, html=html)
        on_stage("analysis", document)
        run = write_run(runs_dir, document, {}, Inputs({"case.yaml": b"x"}, "0" * 64))
        return document | {"run": run.name}

    def quote(self, case, offers):
        return self.answer("quote", QUOTES, case=case, offers=offers)

    def size(self, model, **asked):
        return self.answer("size", SIZE, model=model, **asked)

    def size_training(self, model, **asked):
        return self.answer("size_training", TRAINING, model=model, **asked)

    def accuracy(self, file, *, kind, all_rows, predictions, profile=None):
        asked = {"kind": kind, "all_rows": all_rows, "predictions": predictions, "profile": profile}
        return self.answer("accuracy", ACCURACY | {"notes": self.accuracy_notes}, **asked)

    def catalogue(self, kind, *, filters, as_of):
        rows = [{"name": "H20", "vendor": "NVIDIA", "memory": CHIP["figures"]["memory"], "note": ""}]
        return self.answer("catalogue", {"kind": kind, "rows": rows}, kind=kind, filters=filters, as_of=as_of)

    def catalogue_show(self, name, as_of):
        return self.answer("catalogue_show", CHIP, name=name, as_of=as_of)

    def assumptions(self, case):
        return self.answer("assumptions", {"assumptions": sample.document()["assumptions"]}, case=case)


@pytest.fixture
def fake(monkeypatch):
    """The service replaced by a `Service`."""
    stand_in = Service()
    names = "init plan quote size size_training accuracy catalogue catalogue_show assumptions"
    for name in names.split():
        monkeypatch.setattr(service, name, getattr(stand_in, name), raising=False)
    return stand_in


@pytest.fixture
def run(fake, tmp_path, monkeypatch, capsys):
    """Run the command line in an empty folder; returns (status, stdout, stderr)."""
    from counterpoise.cli.entry import status

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("COUNTERPOISE_TRACEBACK", raising=False)

    def run_(*arguments):
        code = status([str(a) for a in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_


FAILURES = {
    2: BadInput(
        '"60" has no unit.', where=Where("case.yaml", 14, "workloads[0].slo.tpot"), hint='Write "60 ms".'
    ),
    3: NoPlan("power of 10 kW and demand of 2 requests/s clash; 24 kW would do."),
    4: RunFailed("the solver stopped without a plan."),
}


@pytest.fixture(params=sorted(FAILURES))
def failure(request):
    """A failure that the service may answer with, and the exit status it must become."""
    return request.param, FAILURES[request.param]


@pytest.fixture
def home(tmp_path) -> Path:
    """An empty folder."""
    return tmp_path
