"""Open predictors of LLM serving beside ours: the same rows, the same points, one run on one machine.

`python -m benchmarks peers [--all] [--only NAME] [--write-docs]`.  Each peer is installed as released, in an
environment of its own under build/peers; nothing is downloaded unless this benchmark is run.
"""

from __future__ import annotations


def main() -> None:
    """Run the comparison that the command line asks for."""
    from benchmarks.peers.comparison import main as compare_all

    compare_all()
