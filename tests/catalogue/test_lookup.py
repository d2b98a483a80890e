"""Names that people use for models, chips and systems."""

from __future__ import annotations

from datetime import date

import pytest

from counterpoise.catalogue import as_of, find_chip, find_model, find_system, load
from counterpoise.errors import UnknownName, Where


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("deepseek-r1", "deepseek-r1"),
        ("DeepSeek-R1", "deepseek-r1"),
        ("deepseek-ai/DeepSeek-R1", "deepseek-r1"),
        ("R1-Distill-32B", "deepseek-r1-distill-qwen-32b"),
        ("o1", "openai-o1-1217"),
        ("RedHatAI/Qwen2.5-7B-Instruct-quantized.w8a8", "qwen2.5-7b"),
        ("hunyuan-3 (hy3)", "hy3"),
    ],
)
def test_models_answer_to_their_names(name, model):
    assert find_model(load(), name).name == model


@pytest.mark.parametrize(
    ("name", "chip"),
    [("H100", "H100-SXM5-80GB"), ("h20", "H20"), ("A100-80GB", "A100-SXM4-80GB"), ("910B", "Ascend-910B")],
)
def test_chips_answer_to_their_shorthands(name, chip):
    assert find_chip(load(), name).name == chip


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", "llama3.1-8b"),
        ("meta-llama/Meta-Llama-3.1-8B-Instruct", "llama3.1-8b"),
        ("nvidia/DeepSeek-R1-0528-NVFP4-v2", "deepseek-r1-0528"),
        ("Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8", "qwen3-coder-480b-a35b"),
        ("RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic", "llama3.3-70b"),
        ("amd/gpt-oss-120b-MXFP4", "gpt-oss-120b"),
        ("Llama 3.1 8B", "llama3.1-8b"),
        ("deepseek-r1@FP8", "deepseek-r1"),
    ],
)
def test_a_hub_id_that_says_how_weights_are_stored_is_the_model(name, model):
    assert find_model(load(), name).name == model


@pytest.mark.parametrize("name", ["llama-70b", "deepseek-r2", "Qwen/Qwen3-33B-FP8", "instruct", "meta-"])
def test_a_name_that_only_looks_like_one_is_unknown(name):
    with pytest.raises(UnknownName):
        find_model(load(), name)


@pytest.mark.parametrize(
    ("name", "chip"),
    [
        ("NVIDIA H100 80GB HBM3", "H100-SXM5-80GB"),
        ("NVIDIA A100 80GB PCIe", "A100-PCIe-80GB"),
        ("NVIDIA GeForce RTX 4090", "RTX-4090"),
        ("NVIDIA RTX 6000 Ada Generation", "RTX-6000-Ada"),
        ("Tesla V100-SXM2-32GB", "V100-SXM2-32GB"),
        ("AMD Instinct MI300X", "MI300X"),
        ("h200_sxm", "H200-SXM-141GB"),
        ("Intel Gaudi 2", "Gaudi2"),
        ("TPU v5e", "TPU-v5e"),
        ("M1 Max 32\u2011Core GPU 64GB", "Apple-M1-Max-32core-64GB"),
    ],
)
def test_a_chip_answers_to_what_its_driver_and_benchmarks_call_it(name, chip):
    assert find_chip(load(), name).name == chip


@pytest.mark.parametrize("name", ["NVIDIA", "H1000", "RTX 4091", "NVIDIA H100 40GB"])
def test_a_chip_that_nobody_knows_is_unknown_however_it_is_written(name):
    with pytest.raises(UnknownName):
        find_chip(load(), name)


def test_every_chip_and_model_is_found_by_its_own_names():
    for chip in load().chips.values():
        spaced = chip.name.replace("-", " ").lower()
        assert find_chip(load(), spaced).name == chip.name
        if chip.vendor in ("NVIDIA", "AMD", "Intel", "Google", "AWS", "Huawei"):
            assert find_chip(load(), f"{chip.vendor} {spaced}").name == chip.name
    for model in load().models.values():
        for name in (model.name, *model.aliases):
            assert find_model(load(), name.upper()).name == model.name


def test_a_rack_answers_to_its_shorthand():
    assert find_system(load(), "nvl72").name == "GB200-NVL72"


def test_an_unknown_name_offers_the_nearest_and_says_where():
    with pytest.raises(UnknownName, match=r"case\.yaml, line 3: unknown model \"qwen3-23b\".*qwen3-32b"):
        find_model(load(), "qwen3-23b", where=Where("case.yaml", 3))


def test_a_shorthand_of_a_chip_that_is_not_on_sale_yet_is_unknown():
    with pytest.raises(UnknownName, match="B200"):
        find_chip(as_of(load(), date(2023, 6, 1)), "B200")
