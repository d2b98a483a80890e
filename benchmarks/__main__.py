"""`make bench`: each benchmark prints a ratio against a named rival, measured in the same run.

`python -m benchmarks peers [options]` compares with other predictors: it downloads them, so it runs only when
it is named.
"""

from __future__ import annotations

import importlib
import sys

BENCHMARKS = ("prediction_table", "plan_demo", "start_up", "headline_search")
WITH_OPTIONS = ("peers",)
"""Run only by name, and read the rest of the command line themselves."""


def main() -> None:
    """Run the benchmarks named on the command line, or all but those that download."""
    names = sys.argv[1:2] if sys.argv[1:2] and sys.argv[1] in WITH_OPTIONS else sys.argv[1:] or BENCHMARKS
    for name in names:
        print(f"== {name}")
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
