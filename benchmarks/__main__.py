"""`make bench`: each benchmark prints a ratio against a named rival, measured in the same run."""

from __future__ import annotations

import importlib
import sys

BENCHMARKS = ("prediction_table", "plan_demo", "start_up")


def main() -> None:
    """Run the benchmarks named on the command line, or all."""
    for name in sys.argv[1:] or BENCHMARKS:
        print(f"== {name}")
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
