"""A training step: what holds on any chip and layout."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.errors import BadInput, Refused
from counterpoise.performance.training import estimate_training
from counterpoise.performance.training_goodput import goodput_share
from counterpoise.performance.training_layout import layout
from counterpoise.performance.training_shape import slowest_stage

FACTS = load()
H100 = find_chip(FACTS, "H100-SXM5-80GB")
LLAMA = find_model(FACTS, "llama3.1-70b")
V3 = find_model(FACTS, "deepseek-v3")
BASE = {
    "chips": 64,
    "tp": 4,
    "pp": 4,
    "global_batch_sequences": 128,
    "sequence_length": 8192,
    "interleave": 5,
}


def speed(chip=H100, model=LLAMA, **given_):
    return float(estimate_training(model, chip, **(BASE | given_)).tokens_per_s_per_chip[0])


def faster(chip, figure, factor=2.0):
    old = chip.figures[figure]
    new = replace(old, mid=old.mid * factor, low=old.low * factor, high=old.high * factor)
    return replace(chip, figures={**chip.figures, figure: new})


def test_llama_70b_on_64_h100_in_fp8_runs_at_the_rate_nvidia_states():
    # NeMo 24.07: 1,533 to 1,549 tokens a second and GPU with TP4 CP2 PP4.
    found = speed(cp=2, precision="fp8", recompute="none", framework="nemo")
    assert found == pytest.approx(1540, rel=0.25)


@settings(deadline=None, max_examples=30)
@given(
    model=st.sampled_from([LLAMA, V3]),
    chip=st.sampled_from(["H100-SXM5-80GB", "A100-SXM4-80GB", "MI300X", "GB200", "TPU-v5p", "Ascend-910B"]),
    tp=st.sampled_from([1, 2, 4, 8]),
    pp=st.sampled_from([1, 2, 4, 8]),
    ep=st.sampled_from([1, 8, 32]),
    micro_batch=st.sampled_from([1, 2, 4]),
    zero_stage=st.sampled_from([0, 1, 2, 3]),
    recompute=st.sampled_from(["none", "selective", "full"]),
    method=st.sampled_from(["pretrain", "full", "lora"]),
)
def test_every_layout_has_a_finite_positive_time_and_a_share_of_peak_below_one(
    model, chip, tp, pp, ep, micro_batch, zero_stage, recompute, method
):
    found = estimate_training(
        model,
        find_chip(FACTS, chip),
        chips=1024,
        tp=tp,
        pp=pp,
        ep=ep if model is V3 else 1,
        micro_batch=micro_batch,
        global_batch_sequences=4096,
        sequence_length=4096,
        zero_stage=zero_stage,
        recompute=recompute,
        method=method,
    )
    assert np.isfinite(found.step_s).all()
    assert (found.step_s > 0).all()
    assert 0 < found.mfu[0] < 1
    assert 0 < found.power_w_per_chip[0] <= find_chip(FACTS, chip).value("tdp_w")


@pytest.mark.parametrize(
    "figure",
    [
        "memory_bandwidth_bytes_per_s",
        "scale_up_bandwidth_bytes_per_s",
        "scale_out_bandwidth_bytes_per_s",
        "measured_bf16_flops_per_s",
    ],
)
def test_more_of_any_resource_is_never_slower(figure):
    # A chip with other facts is another chip to the calibration: compare chips never measured.
    chip = replace(H100, name="X1")
    assert speed(faster(chip, figure)) >= speed(chip, sequence_length=8192)
    assert speed(faster(chip, figure), cp=2) > speed(chip, cp=2)


def test_recomputation_costs_time_and_saves_memory():
    found = estimate_training(LLAMA, H100, **BASE, recompute=["none", "selective", "full"])
    assert (np.diff(found.tokens_per_s_per_chip) <= 0).all()
    assert (np.diff(found.memory_bytes) < 0).all()


def test_a_higher_zero_stage_never_takes_more_memory():
    found = estimate_training(LLAMA, H100, **BASE, zero_stage=np.array([0, 1, 2, 3]))
    assert (np.diff(found.memory_bytes) <= 0).all()


def test_more_micro_batches_shrink_the_pipeline_bubble():
    found = estimate_training(
        LLAMA, H100, **(BASE | {"global_batch_sequences": np.array([16, 64, 256, 1024])})
    )
    assert (np.diff(found.tokens_per_s_per_chip) > 0).all()


def test_interleaving_shrinks_the_bubble_and_costs_memory():
    found = estimate_training(LLAMA, H100, **(BASE | {"interleave": np.array([1, 2, 5])}))
    assert (np.diff(found.tokens_per_s_per_chip) > 0).all()
    assert found.memory_bytes[0] <= found.memory_bytes[1:].min()


def test_lora_is_faster_and_smaller_than_full_tuning():
    full, lora = (estimate_training(LLAMA, H100, **BASE, method=m) for m in ("full", "lora"))
    assert lora.tokens_per_s_per_chip > full.tokens_per_s_per_chip
    assert lora.memory_bytes < full.memory_bytes


def test_overlapping_the_expert_exchange_never_slows_a_mixture_of_experts():
    layout = {"chips": 2048, "pp": 16, "ep": 64, "global_batch_sequences": 15360, "precision": "fp8"}
    apart, hidden = (
        speed(
            model=V3, **(layout | {"tp": 1, "interleave": 1, "sequence_length": 4096, "dispatch_overlap": o})
        )
        for o in (False, True)
    )
    assert hidden > apart


def test_longer_sequences_are_never_faster_for_a_token():
    lengths = [
        speed(sequence_length=s, micro_batch=32768 // s, global_batch_sequences=2**22 // s)
        for s in (4096, 8192, 32768)
    ]
    assert lengths == sorted(lengths, reverse=True)


def test_what_does_not_fit_or_divide_is_not_feasible_and_says_why():
    found = estimate_training(LLAMA, H100, chips=np.array([8, 60]), tp=8, zero_stage=1)
    assert not found.feasible.any()
    assert "GiB a chip, 79 GiB are there" in found.reason[0]
    assert found.reason[1] == "60 chips are no whole number of replicas"


def test_a_precision_the_chip_lacks_and_an_unknown_method_are_refused():
    with pytest.raises(Refused, match="fp4 matrix peak"):
        speed(precision="fp4")
    with pytest.raises(BadInput, match="unknown training method"):
        speed(method="rlhf")
    with pytest.raises(BadInput, match="unknown recomputation"):
        speed(recompute="some")
    with pytest.raises(Refused, match="closed"):
        speed(model=replace(LLAMA, layers=()))


def test_a_chip_renamed_or_never_measured_says_so_and_has_a_wider_interval():
    renamed = replace(H100, name="H100-under-another-name")
    usual, other = (estimate_training(LLAMA, c, **BASE, framework="nemo") for c in (H100, renamed))
    assert "fitted on" in usual.basis
    assert "chip never measured in training: Hopper family" in other.basis
    assert other.low80 < usual.low80
    assert other.high80 >= usual.high80
    assert other.tokens_per_s_per_chip == pytest.approx(usual.tokens_per_s_per_chip, rel=0.25)


def test_an_optimiser_on_the_host_saves_memory_and_costs_time():
    given_ = BASE | {"global_batch_sequences": 64}
    here, host = (estimate_training(LLAMA, H100, **given_, offloaded=o) for o in (False, True))
    assert host.memory_bytes < here.memory_bytes
    assert host.tokens_per_s_per_chip < here.tokens_per_s_per_chip


def test_software_new_to_a_family_of_chips_is_slower():
    speeds = [speed(software_date=date(year, 7, 1)) for year in (2023, 2024, 2026)]
    assert speeds == sorted(speeds)
    assert speeds[0] < 0.9 * speeds[-1]


def test_software_of_before_2022_writes_its_scores_and_repeats_its_norms():
    old, fused = (speed(software_date=d) for d in (date(2022, 3, 1), date(2022, 9, 1)))
    assert old < fused


def test_widths_that_are_no_whole_tiles_are_slower():
    gpt = find_model(FACTS, "gpt3-175b")
    group = gpt.layers[0]
    odd = replace(gpt, layers=(replace(group, attention=replace(group.attention, heads=112, head_dim=110)),))
    even = replace(gpt, layers=(replace(group, attention=replace(group.attention, heads=110, head_dim=112)),))
    assert speed(model=odd, sequence_length=2048) < speed(model=even, sequence_length=2048)


def test_a_head_as_heavy_as_layers_makes_the_last_stage_the_slowest():
    table = layout(8, pp=np.array([1.0, 2.0, 4.0, 8.0]))
    assert slowest_stage(table, 32.0, np.zeros(4)) == pytest.approx([1, 1, 1, 1])
    with_head = slowest_stage(table, 32.0, np.full(4, 2.0))
    assert with_head[0] == 1
    assert (with_head[1:] >= 1).all()
    assert with_head[3] == pytest.approx(5 / (34 / 8))


@given(
    depth=st.integers(1, 160),
    head=st.floats(0, 6),
    pp=st.sampled_from([2, 4, 8, 16]),
)
def test_no_split_of_whole_layers_is_faster_than_the_mean(depth, head, pp):
    stage = slowest_stage(layout(pp, pp=pp), float(depth), np.array([head]))
    assert stage[0] >= 1


def test_llama_3_spent_more_than_90_percent_of_its_time_training():
    assert 0.90 <= float(goodput_share(16384)) <= 0.95


@given(chips=st.integers(1, 100_000))
def test_failures_take_a_growing_share(chips):
    assert 0 <= goodput_share(chips + 1) <= goodput_share(chips) <= 1
