"""Time of whole commands, against Python's own start."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.timing import best_s

SIZE = "size deepseek-r1 --chip H20 --input 4000 --output 1000 --ttft 2s --tpot 50ms"


def main() -> None:
    """Print seconds of `--help` and `size`, and their ratio to an empty Python."""
    empty = best_s(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True))
    for command in ("--help", SIZE):
        words = [sys.executable, "-m", "counterpoise", *command.split()]
        took = best_s(lambda words=words: subprocess.run(words, check=True, capture_output=True))
        print(f"counterpoise {command.split()[0]}: {took:.2f} s, {took / empty:.1f} x an empty Python")
