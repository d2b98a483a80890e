"""Whether a variant meets a quality floor, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from counterpoise.catalogue.records import Catalogue, Figure, Model, Score


@dataclass(frozen=True, slots=True)
class Grade:
    """A variant's score on one benchmark against its floor, in percent.

    `probability` that the true score is at or above the floor, from the standard error of the measured
    score and the range of the loss (normal approximation).  `measured`: scored at this very precision.
    """

    benchmark: str
    floor_pct: float
    score_pct: float
    standard_error_pct: float
    measured: bool
    source: str

    @property
    def met(self) -> bool:
        """Whether the point estimate reaches the floor."""
        return self.score_pct >= self.floor_pct

    @property
    def probability(self) -> float:
        """Chance that the true score reaches the floor."""
        if self.standard_error_pct <= 0:
            return 1.0 if self.met else 0.0
        return 0.5 * math.erfc((self.floor_pct - self.score_pct) / self.standard_error_pct / math.sqrt(2.0))


def scores_of(catalogue: Catalogue, model: str) -> dict[str, list[Score]]:
    """Scores of a model by benchmark, its native precision and quantised ones together."""
    found: dict[str, list[Score]] = {}
    for score in catalogue.scores:
        if score.model == model:
            found.setdefault(score.benchmark, []).append(score)
    return found


def grades(
    scores: Mapping[str, list[Score]],
    model: Model,
    precision: str,
    floors: Mapping[str, float],
    recovery: Figure | None,
) -> list[Grade] | str:
    """Grade a variant on every floor; a string says which benchmark nobody published.

    A score measured at `precision` is taken as it is; else the native one times `recovery` (the share of the
    native score that quantisation leaves; None: the same arithmetic as the native variant).
    """
    result = []
    for benchmark, floor in sorted(floors.items()):
        rows = scores.get(benchmark)
        if not rows:
            return f"nobody published its {benchmark} score"
        own = next((s for s in rows if s.precision == precision), None)
        native = next((s for s in rows if s.precision in ("", "native", model.native_precision)), None)
        if own is not None and (own is native or recovery is not None):
            grade = Grade(
                benchmark, floor, own.score_pct, own.standard_error_pct, True, own.provenance.source
            )
        elif native is None:
            return f"its {benchmark} score at {precision} is not published"
        else:
            share, spread = (1.0, 0.0) if recovery is None else (recovery.mid, recovery.high - recovery.low)
            loss_error = native.score_pct * spread / 2.563
            grade = Grade(
                benchmark,
                floor,
                native.score_pct * share,
                math.hypot(native.standard_error_pct * share, loss_error),
                recovery is None,
                native.provenance.source,
            )
        result.append(grade)
    return result
