"""DeepSeek-V3's pre-training, predicted by parameters that never saw a DeepSeek model.

Measured: 2.664 million H800 hours for 14.8 trillion tokens on 2,048 chips (arXiv 2412.19437, table 1), with
EP64, PP16, ZeRO-1 and DualPipe, 15,360 sequences of 4,096 tokens a step, FP8, and recomputation of norms,
MLA up-projections and activation functions (sections 3.2, 4.2).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.performance.training import estimate_training
from counterpoise.performance.training_calibration import shipped_training_calibration
from counterpoise.performance.training_fit import fit, fitted_table

TOKENS, MEASURED_HOURS = 14.8e12, 2.664e6
SAME_FAMILY = ("deepseek", "kimi")


def hours(estimate):
    speed = float(estimate.tokens_per_s_per_chip[0] * estimate.goodput_share[0])
    return TOKENS / speed / 3600


def estimate(calibration):
    facts = load()
    return estimate_training(
        find_model(facts, "deepseek-v3"),
        find_chip(facts, "H800-SXM"),
        chips=2048,
        pp=16,
        ep=64,
        global_batch_sequences=15360,
        sequence_length=4096,
        precision="fp8",
        recompute="selective",
        zero_stage=1,
        method="pretrain",
        scale_up_chips=8,
        dispatch_overlap=True,
        calibration=calibration,
    )


@pytest.fixture(scope="module")
def table():
    return fitted_table()


@pytest.fixture(scope="module")
def held_out(table):
    """Calibration fitted without any run of the architecture, whoever measured it."""
    others = [i for i, r in enumerate(table.runs) if not r.model.name.startswith(SAME_FAMILY)]
    assert len(others) < len(table.runs)
    parameters = fit(table.take(np.array(others)))
    return replace(shipped_training_calibration(), sets={"all": parameters}, conditions=frozenset())


def test_deepseeks_own_run_is_not_in_the_fit(table):
    assert not [r for r in table.runs if r.framework == "hai-llm" or r.chip.name == "H800-SXM"]


def test_gpu_hours_are_within_20_percent(held_out):
    found = estimate(held_out)
    assert found.feasible.all(), found.reason
    assert hours(found) == pytest.approx(MEASURED_HOURS, rel=0.20)


def test_the_measured_hours_are_inside_the_interval(held_out):
    found = estimate(held_out)
    assert hours(found) / found.high80 <= MEASURED_HOURS <= hours(found) / found.low80
    assert "H" in found.basis
    assert "never measured" in found.basis
