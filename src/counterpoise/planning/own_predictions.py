"""What a buyer measured, as the planner uses it: calibrations in place of those that ship, with notes."""

from __future__ import annotations

from dataclasses import dataclass

from counterpoise.performance.calibration import Calibration
from counterpoise.performance.training_calibration import TrainingCalibration
from counterpoise.workload.assumption import Assumption


@dataclass(frozen=True, slots=True)
class OwnPredictions:
    """Calibrations that predict serving and training; None: the one that ships.

    `assumptions`: what was learnt from which file, listed with the plan's other assumptions.
    """

    serving: Calibration | None = None
    training: TrainingCalibration | None = None
    assumptions: tuple[Assumption, ...] = ()


SHIPPED = OwnPredictions()
"""Nothing of one's own."""
