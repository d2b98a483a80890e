"""Who uses what in a plan: system-hours held by each deployment in each period and block."""

from __future__ import annotations

import numpy as np

from counterpoise.performance.estimate import Array
from counterpoise.planning.plan import Plan
from counterpoise.planning.problem import Problem, ServingDeployment, TrainingDeployment

Deployment = ServingDeployment | TrainingDeployment


def deployments(problem: Problem) -> dict[str, Deployment]:
    """Serving and training deployments by id."""
    found: dict[str, Deployment] = {}
    found.update(problem.serving)
    found.update(problem.training)
    return found


def system_hours(problem: Problem, plan: Plan) -> dict[str, Array]:
    """System-hours that each deployment holds, shape (periods, blocks); deployments without use left out.

    A serving deployment holds what the block's peak and its margin take, all through the block and every
    day; training holds its systems on the days of its runs only (`Plan.training_days_share`).
    """
    days = np.array([p.days for p in problem.periods])
    hours = days[:, None] * np.array([b.hours for b in problem.blocks])
    found: dict[str, Array] = {}
    for id_, rows in sorted(plan.run.items()):
        run = np.asarray(rows, dtype=np.float64)
        if not run.any():
            continue
        training = problem.training.get(id_)
        share = plan.training_days_share[training.workload] if training else (1.0,) * len(days)
        found[id_] = run * hours * np.array(share)[:, None]
    return found
