"""The outlook of a day: what the user believes enters, the run folder holds it, and nothing later does."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from counterpoise import service
from counterpoise.errors import UnknownName

DAY = date(2025, 2, 3)


def test_what_is_believed_stands_in_the_run_and_decides_the_rebound(tmp_path: Path) -> None:
    document = service.outlook(
        as_of=DAY, assignments=["elasticity=1", "efficiency_shock=10x"], draws=1_000, quarters=4,
        runs_dir=tmp_path, html=False,
    )  # fmt: skip
    assert document["set"] == ["elasticity=1", "efficiency_shock=10x"]
    assert {p["kind"] for p in document["priors"] if p["name"] in ("elasticity", "efficiency_shock")} == {
        "set"
    }
    # With an elasticity of one a gain of ten changes nothing.
    assert set(document["rebound"]["fan"]["quantiles_demand_ratio"].values()) == {1.0}
    (run,) = tmp_path.iterdir()
    assert run.name == document["run"]
    assert {"capex.parquet", "limits.parquet", "tiers.parquet", "priors.parquet"} <= {
        f.name for f in run.iterdir()
    }


def test_a_belief_in_something_unknown_offers_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="Did you mean elasticity"):
        service.outlook(as_of=DAY, assignments=["elastcity=1"], draws=1_000, runs_dir=tmp_path)
    assert not list(tmp_path.iterdir())
