"""Micro-benchmarks on an in-process device that really computes, and what they do to a chip's parameters."""

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.catalogue import find_chip, load
from counterpoise.errors import BadInput, Refused
from counterpoise.performance.accelerator import HEAD_DIM, HEADS, KV_HEADS, Measured, Point, measure
from counterpoise.performance.accelerator_shares import SERVING, rates, shares, step, with_step
from counterpoise.performance.calibration import chip_key, shipped_calibration
from counterpoise.performance.parameters import PARAMETERS
from counterpoise.performance.torch_device import torch_device
from counterpoise.performance.training_parameters import PARAMETERS as TRAINING_PARAMETERS

CATALOGUE = load()
H100 = find_chip(CATALOGUE, "H100")


class NumpyDevice:
    """The processor through numpy: every operator is computed, small."""

    name, driver, library, count = "numpy", "", f"numpy {np.__version__}", 1
    memory_bytes = 1.4e8
    precisions = ("bf16",)

    def _timed(self, run):
        found = []
        for _ in range(3):
            started = time.perf_counter()
            run()
            found.append(max(time.perf_counter() - started, 1e-9))
        return found

    def gemm(self, m, n, k, precision):
        a, b = np.ones((m, k), np.float32), np.ones((k, n), np.float32)
        assert (a @ b)[0, 0] == k
        return self._timed(lambda: a @ b)

    def grouped(self, experts, m, n, k):
        a, b = np.ones((experts, m, k), np.float32), np.ones((experts, k, n), np.float32)
        return self._timed(lambda: a @ b)

    def attention(self, batch, queries, keys):
        if batch * keys > 16 * 1024:
            raise Refused("too large for this device")
        q = np.ones((batch, KV_HEADS, HEADS // KV_HEADS * queries, HEAD_DIM), np.float32)
        k = np.ones((batch, KV_HEADS, keys, HEAD_DIM), np.float32)

        def run():
            weights = np.exp((q @ k.transpose(0, 1, 3, 2)) / HEAD_DIM)
            return (weights / weights.sum(axis=-1, keepdims=True)) @ k

        return self._timed(run)

    def copy(self, size_bytes):
        source = np.ones(size_bytes // 4, np.float32)
        return self._timed(source.copy)

    def all_reduce(self, size_bytes):
        raise Refused("one device")


class FixedDevice:
    """A device of known rates: a TFLOP/s and 100 GB/s, nothing else."""

    name, driver, library, count = "fixed", "", "none", 1
    memory_bytes = 1e10
    precisions = ("bf16", "fp8")

    def gemm(self, m, n, k, precision):
        return [2.0 * m * n * k / 1e12]

    def grouped(self, experts, m, n, k):
        return [2.0 * experts * m * n * k / 1e12]

    def attention(self, batch, queries, keys):
        return [4.0 * batch * HEADS * HEAD_DIM * queries * keys / 1e12]

    def copy(self, size_bytes):
        return [2.0 * size_bytes / 1e11]

    def all_reduce(self, size_bytes):
        return [size_bytes / 1e9]


def point(operator, seconds, *, precision="bf16", flops=0.0, moved=0.0, **shape):
    return Point(operator, precision, shape, seconds, flops, moved, 1.01)


def points_of(matrix_flops_per_s, copy_bytes_per_s):
    work, size = 2.0 * 8192**3, 2.0**31
    return Measured(
        (
            point("gemm", work / matrix_flops_per_s, flops=work, m=8192, n=8192, k=8192),
            point("copy", size / copy_bytes_per_s, precision="", moved=size, bytes=2**30),
        )
    )


EXPECTED = (H100.value("measured_bf16_flops_per_s"), 0.90 * H100.value("memory_bandwidth_bytes_per_s"))


def test_every_operator_of_a_single_device_is_timed():
    measured = measure(NumpyDevice())
    seen = {p.operator for p in measured.points}
    assert seen == {"gemm", "grouped", "copy", "attention decode", "attention prefill"}
    assert all(p.seconds > 0 and p.unsteadiness >= 1 for p in measured.points)
    assert not measured.not_measured


def test_what_does_not_fit_the_memory_is_left_out():
    class Small(FixedDevice):
        memory_bytes = 2e8

    sizes = [p.shape["bytes"] for p in measure(Small()).points if p.operator == "copy"]
    assert sizes == [2**24]


def test_a_device_of_known_rates_is_measured_at_them():
    best = rates(measure(FixedDevice()).points)
    assert best["gemm bf16"] == pytest.approx(1e12)
    assert best["gemm fp8"] == pytest.approx(1e12)
    assert best["grouped"] == pytest.approx(1e12)
    assert best["copy"] == pytest.approx(1e11)


def test_no_operator_begins_after_the_time_is_over():
    ticks = iter(range(0, 10_000, 100))
    measured = measure(FixedDevice(), budget_s=250, clock=lambda: float(next(ticks)))
    assert 0 < len(measured.points) <= 3
    assert all("within 250 s" in why for why in measured.not_measured.values())


def test_an_operator_that_a_device_lacks_is_named_with_the_reason():
    class NoGroups(FixedDevice):
        def grouped(self, experts, m, n, k):
            raise Refused("no grouped products")

    measured = measure(NoGroups())
    assert measured.not_measured == {"grouped": "no grouped products"}
    assert "grouped" not in {p.operator for p in measured.points}


def test_a_copy_that_stays_in_a_cache_does_not_set_the_bandwidth():
    class Cached(FixedDevice):
        def copy(self, size_bytes):
            return [2.0 * size_bytes / (1e13 if size_bytes < 2**25 else 1e11)]

    assert rates(measure(Cached()).points)["copy"] == pytest.approx(1e11)


def test_collectives_are_measured_over_several_devices_only():
    class Two(FixedDevice):
        count = 2

    assert "all-reduce" not in rates(measure(FixedDevice()).points)
    best = rates(measure(Two()).points)
    assert best["all-reduce"] == pytest.approx(1e9)


def test_a_chip_at_half_the_expected_matrix_rate_is_about_half_as_fast_where_compute_bound():
    taken = step(points_of(0.5 * EXPECTED[0], EXPECTED[1]), H100)
    assert taken.ratio["compute"] == pytest.approx(0.5)
    assert taken.ratio["memory"] == pytest.approx(1.0)
    before = shipped_calibration().sets["all"].effects
    after = with_step(before, taken, chip_key(H100), SERVING, PARAMETERS)
    for name in SERVING["compute"]:
        moved = after[name]["chip"][chip_key(H100)] - before[name].get("chip", {}).get(chip_key(H100), 0.0)
        assert 0.48 <= np.exp(moved) <= 0.56
    for name in SERVING["memory"]:
        moved = after[name]["chip"][chip_key(H100)] - before[name].get("chip", {}).get(chip_key(H100), 0.0)
        assert moved == pytest.approx(0.0, abs=1e-9)


@given(st.floats(0.2, 2.0), st.floats(0.2, 2.0))
def test_a_step_goes_towards_what_was_measured_and_never_beyond(compute, memory):
    taken = step(points_of(compute * EXPECTED[0], memory * EXPECTED[1]), H100)
    for name, ratio in (("compute", compute), ("memory", memory)):
        assert abs(taken.log[name]) <= abs(np.log(ratio)) + 1e-9
        assert taken.log[name] * np.log(ratio) >= -1e-12


def test_a_chip_whose_peak_nobody_measured_moves_less():
    figures = {k: v for k, v in H100.figures.items() if not k.startswith("measured")}
    unknown = replace(H100, figures=figures)
    rate = 0.5 * EXPECTED[0]
    known_step = step(points_of(rate, EXPECTED[1]), H100)
    blind_step = step(points_of(rate, EXPECTED[1]), unknown)
    share = {
        k: s.log["compute"] / np.log(s.ratio["compute"])
        for k, s in (("known", known_step), ("not", blind_step))
    }
    assert share["not"] < share["known"]


def test_a_chip_of_which_nothing_is_published_does_not_move():
    assert step(points_of(1e15, 1e12), replace(H100, figures={})).log == {}


def test_slower_links_lengthen_transfers_in_training():
    from counterpoise.performance.accelerator_shares import TRAINING, Step

    moved = with_step({}, Step({"link": 0.5}, {"link": -0.6}), "chip", TRAINING, TRAINING_PARAMETERS)
    assert moved["tensor"]["chip"]["chip"] == pytest.approx(0.6)


def test_shares_are_of_the_data_sheet_and_half_is_in_rows():
    peak = H100.peak_flops_per_s("bf16")
    bandwidth = H100.value("memory_bandwidth_bytes_per_s")
    best, half = 0.7 * peak, 100.0
    rows = [64, 256, 1024, 8192]
    points = [
        point(
            "gemm", 2.0 * m * 8192**2 / (best * m / (m + half)), flops=2.0 * m * 8192**2, m=m, n=8192, k=8192
        )
        for m in rows
    ]
    points.append(
        point("gemm", 2.0 * 8192**2 / (0.8 * bandwidth), flops=2.0 * 8192**2, moved=2.0 * 8192**2, m=1)
    )
    found = shares(points, H100)
    assert found["gemm_memory"] == pytest.approx(0.8)
    assert found["gemm_compute"] == pytest.approx(0.7 * 8192 / (8192 + half))
    assert found["gemm_half"] == pytest.approx(half, rel=0.2)


def test_without_torch_the_message_says_what_to_install_and_what_to_do_instead(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(BadInput, match=r"PyTorch, which is not installed.*counterpoise\[calibrate\].*--runs"):
        torch_device()
