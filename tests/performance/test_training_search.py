"""The search for the best training layout."""

from __future__ import annotations

import pytest

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.performance.training import estimate_training
from counterpoise.performance.training_search import chip_counts, training_options, usual_precision

FACTS = load()


def options(model, chip, method="pretrain", domain=8, **given):
    known = {"scale_up_chips": domain, "chips_per_system": domain, "sequence_length": 4096}
    return training_options(
        find_model(FACTS, model), find_chip(FACTS, chip), method=method, **(known | given)
    )


def test_a_405b_model_does_not_fit_eight_h100_and_the_refusal_gives_the_figures():
    points, refused = options("llama3.1-405b", "H100")
    assert min(p.n_chips for p in points) >= 64
    eight = next(r for r in refused if r.what.endswith("x 8"))
    assert "GiB a chip, 79 GiB are there" in eight.why


def test_every_point_fits_divides_its_chips_and_is_what_the_estimate_says():
    points, _ = options("llama3.1-70b", "H100", global_batch_tokens=4e6)
    assert points
    model, chip = find_model(FACTS, "llama3.1-70b"), find_chip(FACTS, "H100")
    for p in points:
        assert p.tp * p.pp * p.dp * p.cp == p.n_chips
        assert p.memory_bytes_per_chip <= chip.value("memory_bytes")
        assert 0 < p.goodput_tokens_per_s < p.tokens_per_s
        assert p.low80 < 1 < p.high80
    best = points[0]
    sequences = max(round(4e6 / 4096 / best.dp / best.micro_batch), 1) * best.dp * best.micro_batch
    again = estimate_training(
        model,
        chip,
        chips=best.n_chips,
        tp=best.tp,
        pp=best.pp,
        cp=best.cp,
        ep=best.ep,
        interleave=best.interleave,
        micro_batch=best.micro_batch,
        global_batch_sequences=sequences,
        sequence_length=4096,
        precision=best.precision,
        recompute=best.recompute,
        zero_stage=best.zero_stage,
        scale_up_chips=8,
    )
    assert best.tokens_per_s == pytest.approx(float(again.tokens_per_s_per_chip[0]) * best.n_chips)


def test_more_chips_train_faster_while_the_batch_feeds_them():
    points, _ = options("llama3.1-70b", "H100", max_chips=1024)
    speeds = [p.tokens_per_s for p in points]
    assert speeds == sorted(speeds)


def test_one_h20_can_tune_a_32b_model_by_lora_but_not_in_full():
    lora, _ = options("deepseek-r1-distill-qwen-32b", "H20", method="lora")
    full, _ = options("deepseek-r1-distill-qwen-32b", "H20", method="full")
    assert min(p.n_chips for p in lora) == 1
    assert min(p.n_chips for p in full) >= 8


def test_the_precision_is_that_of_release_where_the_chip_has_it():
    v3, llama = find_model(FACTS, "deepseek-v3"), find_model(FACTS, "llama3.1-70b")
    assert usual_precision(v3, find_chip(FACTS, "H800")) == "fp8"
    assert usual_precision(v3, find_chip(FACTS, "A100-SXM4-80GB")) == "bf16"
    assert usual_precision(llama, find_chip(FACTS, "H100")) == "bf16"


def test_a_precision_the_chip_lacks_is_refused_with_the_reason():
    points, refused = options("llama3.1-8b", "A100-SXM4-80GB", precision="fp8")
    assert not points
    assert "fp8" in refused[0].why


def test_chip_counts_are_parts_of_a_system_and_then_systems():
    assert chip_counts(8, 64) == [1, 2, 4, 8, 16, 32, 64]
    assert chip_counts(72, 300) == [1, 2, 4, 8, 16, 32, 64, 72, 144, 288]
