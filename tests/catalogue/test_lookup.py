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


def test_a_rack_answers_to_its_shorthand():
    assert find_system(load(), "nvl72").name == "GB200-NVL72"


def test_an_unknown_name_offers_the_nearest_and_says_where():
    with pytest.raises(UnknownName, match=r"case\.yaml, line 3: unknown model \"qwen3-23b\".*qwen3-32b"):
        find_model(load(), "qwen3-23b", where=Where("case.yaml", 3))


def test_a_shorthand_of_a_chip_that_is_not_on_sale_yet_is_unknown():
    with pytest.raises(UnknownName, match="B200"):
        find_chip(as_of(load(), date(2023, 6, 1)), "B200")
