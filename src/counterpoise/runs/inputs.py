"""What a run was made from, and its fingerprint: the same inputs give the same run name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from platform import python_version
from typing import Any

from counterpoise.runs.plain import plain

LIBRARIES = ("counterpoise", "highspy", "linopy", "numpy", "polars", "scipy")
"""What may change a number of a plan or a byte of its tables."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The user's files as bytes by their name in the case folder, the facts' hash, the seed.

    `catalogue_sha256` is of the facts that the case may know: those dated after its as-of date left out.
    `settings` holds plain JSON values (gap, time limit, threads).
    """

    files: Mapping[str, bytes]
    catalogue_sha256: str
    seed: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        """Return the inputs as they stand in run.json: hashes and sizes, not the bytes."""
        facts = {
            "files": [
                {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                for name, data in sorted(self.files.items())
            ],
            "catalogue_sha256": self.catalogue_sha256,
            "seed": self.seed,
            "settings": plain(self.settings),
        }
        return facts | {"sha256": hashlib.sha256(canonical(facts)).hexdigest()}


def canonical(value: object) -> bytes:
    """Return JSON bytes that depend on the value alone: keys sorted, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that a plan's numbers pass through."""
    found = {"python": python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
