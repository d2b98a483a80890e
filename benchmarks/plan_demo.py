"""The demo's main solve through linopy, against the second formulation straight into HiGHS (tests/oracle)."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.timing import best_s
from counterpoise.planning.assemble import assemble
from counterpoise.planning.solve import solve
from counterpoise.service.cases import read_case

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Print seconds of each step and the ratio of the two formulations."""
    sys.path.insert(0, str(ROOT / "tests"))
    from oracle.second_formulation import oracle_objective

    folder = read_case(ROOT / "examples" / "sme-reasoning")
    assemble_s = best_s(lambda: assemble(folder.case, folder.catalogue), 1)
    problem = assemble(folder.case, folder.catalogue).problem
    ours = best_s(lambda: solve(problem, gap=0.0), 1)
    rival = best_s(lambda: oracle_objective(problem), 1)
    print(f"deployments sized and pruned: {assemble_s:.1f} s")
    print(
        f"labelled model, gap 0: {ours:.1f} s; bare matrices, gap 0: {rival:.1f} s; ratio {ours / rival:.2f}"
    )
