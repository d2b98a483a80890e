"""The golden texts of the sample plan, and the command that writes them again.

Regenerate with ``python tests/report/golden_text.py`` and read the difference before it is committed.
"""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"
WIDTHS = (80, 40)


def rendered(width: int) -> str:
    """Return the whole terminal answer of the sample plan at `width` columns."""
    from counterpoise.report.terminal import analysis_lines, plan_lines
    from report import sample

    lines = [*plan_lines(sample.at_the_plan_stage(), width), ""]
    lines += analysis_lines(sample.document(), width, case="examples/sme-reasoning")
    return "\n".join(lines) + "\n"


def path(width: int) -> Path:
    """Return where the golden text of `width` columns is kept."""
    return FOLDER / f"plan-{width}-columns.txt"


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    for columns in WIDTHS:
        path(columns).write_text(rendered(columns), encoding="utf-8")
