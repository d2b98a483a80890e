"""An environment for each peer under build/peers: made when first asked for, again when its pins change."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
BUILD = ROOT / "build" / "peers"
ADAPTERS = HERE / "adapters"
LONGEST_RUN_S = 3600.0


class PeerFailedError(Exception):
    """A peer could not be installed or did not answer; the message is one line that says why."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A rival as it is released: `distribution` on the package index, driven by `adapter`.

    `rows`: how many measured rows it is asked for unless all are wanted; None: all, for it is fast enough.
    """

    name: str
    distribution: str
    adapter: str
    rows: int | None = None

    @property
    def requirements(self) -> Path:
        """File of its pins."""
        return HERE / f"requirements-{self.distribution}.txt"

    @property
    def home(self) -> Path:
        """Its environment."""
        return BUILD / self.distribution

    @property
    def python(self) -> Path:
        """Interpreter of its environment."""
        return self.home / "bin" / "python"


PEERS = (
    Peer("AIConfigurator", "aiconfigurator", "drive_aiconfigurator.py"),
    Peer("llm-analysis", "llm-analysis", "drive_llm_analysis.py"),
    Peer("GenZ", "genz-llm", "drive_genz.py", rows=300),
)


def install(peer: Peer) -> None:
    """Make the environment of a peer unless it is there with these pins; raises `PeerFailedError`."""
    pins = peer.requirements.read_bytes()
    wanted = hashlib.sha256(pins).hexdigest()
    stamp = peer.home / "pins.sha256"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    print(f"{peer.name}: installing into {peer.home.relative_to(ROOT)} (once)", flush=True)
    _run([sys.executable, "-m", "venv", "--clear", str(peer.home)])
    pip = [str(peer.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "-r", str(peer.requirements)])
    stamp.write_text(wanted, encoding="utf-8")


def ask(peer: Peer, question: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Put a question to a peer and return its answer; raises `PeerFailedError`."""
    return ask_together(peer, [question], name)[0]


def ask_together(peer: Peer, questions: Sequence[Mapping[str, Any]], name: str) -> list[dict[str, Any]]:
    """Put several questions to as many processes of a peer at once; raises `PeerFailedError`."""
    BUILD.mkdir(parents=True, exist_ok=True)
    started = []
    for i, question in enumerate(questions):
        asked, told = (BUILD / f"{peer.distribution}-{name}-{i}-{part}.json" for part in ("asked", "told"))
        asked.write_text(json.dumps(question), encoding="utf-8")
        told.unlink(missing_ok=True)
        words = [str(peer.python), str(ADAPTERS / peer.adapter), str(asked), str(told)]
        # One thread a process: the processes are as many as the cores.
        alone = {**os.environ, "OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=alone)
        started.append((process, told))
    answers = []
    for process, told in started:
        try:
            _, error = process.communicate(timeout=LONGEST_RUN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise PeerFailedError(f"no answer in {LONGEST_RUN_S:.0f} s") from None
        if process.returncode or not told.is_file():
            raise PeerFailedError(_last_line(error.decode(errors="replace")))
        answers.append(json.loads(told.read_text(encoding="utf-8")))
    return answers


def _run(words: list[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerFailedError(_last_line(done.stderr))


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else "it failed without a word"
