"""A cold search of each side: a whole process that finds the best deployment of one model on one chip."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.peers.environments import Peer, PeerFailedError
from benchmarks.timing import best_s

REPEATS = 2
OURS = "size deepseek-r1 --chip H200-SXM-141GB --input 4000 --output 1000 --ttft 2s --tpot 50ms"
THEIRS = (
    "cli default --model-path deepseek-ai/DeepSeek-R1 --system h200_sxm --backend trtllm --total-gpus 8 "
    "--isl 4000 --osl 1000 --ttft 2000 --tpot 50"
)
"""The same question, of AIConfigurator: one system of eight, both of its kinds of serving."""


def our_search_s() -> float:
    """Seconds of `counterpoise size`, whole process, best of two."""
    return _whole_process_s([sys.executable, "-m", "counterpoise", *OURS.split()])


def their_search_s(peer: Peer) -> float:
    """Seconds of `aiconfigurator cli default`, whole process, best of two."""
    return _whole_process_s([str(peer.home / "bin" / "aiconfigurator"), *THEIRS.split()])


def _whole_process_s(words: list[str]) -> float:
    def search() -> None:
        done = subprocess.run(words, capture_output=True, check=False)
        if done.returncode:
            raise PeerFailedError(f"{words[0].rsplit('/', 1)[-1]} ended with {done.returncode}")

    return best_s(search, REPEATS)
