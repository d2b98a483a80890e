"""Memory of a chip in training."""

from __future__ import annotations

import numpy as np
import pytest

from counterpoise.catalogue import find_chip, find_model, load, parameters
from counterpoise.performance.training_layout import RECOMPUTE, layout
from counterpoise.performance.training_memory import activation_bytes, training_memory

FACTS = load()
GPT3 = find_model(FACTS, "gpt3-175b")


def test_mixed_precision_adam_takes_18_bytes_a_weight_on_one_chip():
    model = find_model(FACTS, "llama2-7b")
    found = training_memory(
        model, layout(1, zero_stage=0), sequence_length=4096, precision="bf16", method="pretrain"
    )
    states = found.weights_bytes + found.gradient_bytes + found.optimiser_bytes
    assert float(states[0]) == pytest.approx(18 * parameters(model)[0], rel=0.01)


def test_gpt_3_keeps_34_bytes_a_token_and_hidden_number_as_korthikanti_count():
    # Their 34 holds 3 bytes of dropout masks and the input of the first norm once more.
    table = layout(1, micro_batch=1, global_batch=1)
    counted = float(activation_bytes(GPT3, table, 2048)[0]) - 6 * 2048 * GPT3.vocab
    assert counted / (96 * 2048 * GPT3.hidden) == pytest.approx(34, rel=0.1)


def test_full_recomputation_keeps_only_the_inputs_of_layers():
    table = layout(1, global_batch=1, recompute=RECOMPUTE["full"])
    inputs = 96 * 2048 * GPT3.hidden * 2
    one_layer = 34 * 2048 * GPT3.hidden
    found = float(activation_bytes(GPT3, table, 2048)[0]) - 6 * 2048 * GPT3.vocab
    assert inputs < found < inputs + 1.1 * one_layer


def test_a_pipeline_keeps_as_many_micro_batches_as_stages():
    deep = activation_bytes(GPT3, layout(8, pp=8, global_batch=64), 2048)
    shallow = activation_bytes(GPT3, layout(8, pp=8, global_batch=1), 2048)
    head = 6 * 2048 * GPT3.vocab / 8
    assert float(deep[0] - head) == pytest.approx(8 * float(shallow[0] - head))


def test_zero_divides_states_by_the_replicas():
    table = layout(64, zero_stage=np.array([0, 1, 2, 3]))
    found = training_memory(GPT3, table, sequence_length=2048, precision="bf16", method="pretrain")
    assert found.optimiser_bytes[1] == pytest.approx(found.optimiser_bytes[0] / 64)
    assert found.gradient_bytes[2] == pytest.approx(found.gradient_bytes[0] / 64)
    assert found.weights_bytes[3] < found.weights_bytes[0] / 10


def test_deepseek_v3_fits_2048_h800_as_it_ran():
    chip = find_chip(FACTS, "H800-SXM")
    table = layout(2048, pp=16, ep=64, global_batch=15360, recompute=RECOMPUTE["selective"])
    found = training_memory(
        find_model(FACTS, "deepseek-v3"), table, sequence_length=4096, precision="fp8", method="pretrain"
    )
    assert found.total_bytes[0] < chip.value("memory_bytes")
