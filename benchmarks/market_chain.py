"""The chain of the market against Epoch AI's published sampler of chip counts, in the same run.

`python -m benchmarks market_chain` downloads their repository (MIT) and what it needs, so it runs only when
it is named; a copy of the repository at build/peers/ai-chip-counts-repository is used where there is one.
"""

from __future__ import annotations

import os
import subprocess
import time
from datetime import date

from benchmarks.peers.environments import BUILD, Peer, PeerFailedError, ask, install

PEER = Peer("Epoch AI ai-chip-counts", "ai-chip-counts", "drive_ai_chip_counts.py")
ADDRESS = "https://github.com/epoch-research/ai-chip-counts"
COMMIT = "d1b1bc3"
REPOSITORY = BUILD / "ai-chip-counts-repository"
THEIR_SAMPLES = 5000
"""What their notebooks use."""
DRAWS, QUARTERS, KINDS = 100_000, 12, 9


def main() -> None:
    """Print seconds of the whole chain, and draw-quarter-chips a second of both."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from counterpoise.market import chain, priors
    from counterpoise.market.calendar import Quarter

    known = priors.as_of(date(2025, 2, 3))
    first = Quarter(2025, 1)
    taken = []
    for _ in range(5):
        before = time.process_time()
        chain.run(known, first=first, quarters=QUARTERS, draws=DRAWS)
        taken.append(time.process_time() - before)
    ours_s = min(taken)
    ours = DRAWS * QUARTERS * KINDS / ours_s
    print(
        f"ours: {DRAWS:,} draws x {QUARTERS} quarters x 5 limits x {KINDS} kinds x 7 tiers in "
        f"{ours_s:.2f} s of one core (best of 5; first {taken[0]:.2f}, worst {max(taken):.2f}): "
        f"{ours / 1e6:.1f} M draw-quarter-chips/s"
    )
    try:
        their_s, remembered_s, their_size = _theirs()
    except PeerFailedError as error:
        print(f"{PEER.name}: {error}")
        return
    theirs = their_size / their_s
    print(
        f"{PEER.name} @{COMMIT}, as published: {their_size:,} draw-quarter-chips in {their_s:.2f} s of one "
        f"core (best of 3), {theirs / 1e6:.3f} M/s; ours is {ours / theirs:.0f} times as fast"
    )
    print(
        f"with its table look-ups remembered (not as published): {remembered_s:.2f} s; ours is "
        f"{ours * remembered_s / their_size:.0f} times as fast"
    )
    print(
        "Scopes differ. Theirs divides reported revenue by price for seven NVIDIA chips: no demand, limits, "
        "backlog or tiers. Ours carries each draw through all of those. Both include the drawing of inputs."
    )


def _theirs() -> tuple[float, float, int]:
    """Return seconds of one core, the same with tables remembered, and draws x quarters x chips."""
    if not REPOSITORY.is_dir():
        done = subprocess.run(
            ["git", "clone", "--quiet", ADDRESS, str(REPOSITORY)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise PeerFailedError("its repository could not be fetched")
    checked_out = subprocess.run(
        ["git", "-C", str(REPOSITORY), "checkout", "--quiet", "--detach", COMMIT],
        capture_output=True,
        text=True,
        check=False,
    )
    if checked_out.returncode:
        raise PeerFailedError(f"its repository has no commit {COMMIT}")
    install(PEER)
    question = {"repository": str(REPOSITORY), "samples": THEIR_SAMPLES, "repeats": 3}
    answer = ask(PEER, question, "chips")
    size = answer["samples"] * answer["quarters"] * answer["chips"]
    return answer["seconds"], answer["seconds_tables_remembered"], size


if __name__ == "__main__":
    main()
