"""The two formulations agree on the examples, solved to gap 0."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterpoise.planning.assemble import assemble
from counterpoise.service.cases import read_case
from oracle.agreement import assert_same_least_cost

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("name", sorted(p.parent.name for p in EXAMPLES.glob("*/case.yaml")))
def test_both_find_the_same_least_cost_of_an_example(name: str) -> None:
    folder = read_case(EXAMPLES / name)
    assert_same_least_cost(assemble(folder.case, folder.catalogue).problem)


def test_the_examples_are_there() -> None:
    names = {p.parent.name for p in EXAMPLES.glob("*/case.yaml")}
    assert names >= {"sme-reasoning", "cloud-frontier", "lab-pretraining"}
