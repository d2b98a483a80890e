"""A model from a Hugging Face config.json."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.catalogue import find_model, load, model_from_config, parameters, read_config
from counterpoise.errors import BadInput, CounterpoiseError, Refused, Where

CONFIGS = Path(__file__).parent / "configs"
ROWS = {
    "EleutherAI_gpt-j-6b": "gpt-j-6b",
    "MiniMaxAI--MiniMax-M2.5": "minimax-m2.5",
    "Qwen--Qwen3-0.6B": "qwen3-0.6b",
    "Qwen--Qwen3-235B-A22B": "qwen3-235b-a22b",
    "Qwen--Qwen3-30B-A3B-FP8": "qwen3-30b-a3b",
    "Qwen--Qwen3-32B-FP8": "qwen3-32b",
    "Qwen--Qwen3-8B": "qwen3-8b",
    "Qwen--Qwen3-VL-235B-A22B-Instruct": "qwen3-vl-235b-a22b",
    "Qwen--Qwen3.5-27B": "qwen3.5-27b",
    "Qwen--Qwen3.5-397B-A17B": "qwen3.5-397b-a17b",
    "bigscience_bloom-7b1": "bloom-7b1",
    "deepseek-ai--DeepSeek-R1": "deepseek-r1",
    "deepseek-ai--DeepSeek-V3.2": "deepseek-v3.2",
    "deepseek-v2-lite": "deepseek-v2-lite",
    "facebook_opt-6.7b": "opt-6.7b",
    "google--gemma-4-26B-A4B": "gemma-4-26b-a4b",
    "llama-2-7b-hf": "llama2-7b",
    "meta-llama--Llama-4-Maverick-17B-128E-Instruct": "llama4-maverick",
    "meta-llama--Llama-4-Scout-17B-16E-Instruct": "llama4-scout",
    "meta-llama--Meta-Llama-3.1-8B": "llama3.1-8b",
    "mistralai--Mixtral-8x7B-v0.1": "mixtral-8x7b",
    "moonshotai--Kimi-K2-Instruct": "kimi-k2",
    "moonshotai--Kimi-K2.5": "kimi-k2.5",
    "nvidia--Llama-3_3-Nemotron-Super-49B-v1": "nemotron-super-49b",
    "nvidia--MiniMax-M2.5-NVFP4": "minimax-m2.5",
    "nvidia--NVIDIA-Nemotron-3-Nano-30B-A3B-NVFP4": "nemotron-3-nano-30b-a3b",
    "nvidia--NVIDIA-Nemotron-3-Super-120B-A12B-FP8": "nemotron-3-super-120b-a12b",
    "nvidia--NVIDIA-Nemotron-3-Ultra-550B-A55B-FP8": "nemotron-3-ultra-550b-a55b",
    "openai--gpt-oss-120b": "gpt-oss-120b",
    "openai--gpt-oss-20b": "gpt-oss-20b",
    "qwen2.5-7b-instruct": "qwen2.5-7b",
    "qwen3-14b": "qwen3-14b",
    "zai-org--GLM-5": "glm-5",
    "zai-org--GLM-5.2-FP8": "glm-5.2",
}
NOT_UNDERSTOOD = {
    "deepseek-ai--DeepSeek-V4-Flash": "deepseek_v4",
    "stepfun-ai--Step-3.7-Flash-FP8": "step3p7",
}


def config(name: str) -> dict:
    return json.loads((CONFIGS / f"{name}.json").read_text(encoding="utf-8"))


def test_every_config_of_the_collection_is_tested():
    assert {p.stem for p in CONFIGS.glob("*.json")} == {*ROWS, *NOT_UNDERSTOOD}


@pytest.mark.parametrize("name", ROWS)
def test_a_config_counts_the_same_weights_as_its_catalogue_row(name):
    row = find_model(load(), ROWS[name])
    model = model_from_config(config(name), name)
    # The row adds norms of its own kind and vision towers, which a config is not counted for.
    assert parameters(model)[0] == parameters(row)[0] - row.other_params
    assert parameters(model)[1] == parameters(row)[1]
    assert sum(g.count for g in model.layers) == sum(g.count for g in row.layers)
    assert (model.hidden, model.vocab, model.mtp_layers) == (row.hidden, row.vocab, row.mtp_layers)


@pytest.mark.parametrize("name", NOT_UNDERSTOOD)
def test_an_architecture_that_is_not_understood_is_refused_by_name(name):
    with pytest.raises(Refused, match=NOT_UNDERSTOOD[name]):
        model_from_config(config(name), name)


@pytest.mark.parametrize(
    ("name", "precision"),
    [
        ("Qwen--Qwen3-8B", "bf16"),
        ("Qwen--Qwen3-32B-FP8", "fp8"),
        ("deepseek-ai--DeepSeek-R1", "fp8"),
        ("openai--gpt-oss-20b", "fp4"),
        ("nvidia--MiniMax-M2.5-NVFP4", "fp4"),
        ("moonshotai--Kimi-K2.5", "int4"),
    ],
)
def test_the_precision_of_the_weights_is_read_from_the_quantisation(name, precision):
    assert model_from_config(config(name), name).native_precision == precision


@pytest.mark.parametrize(
    ("quantisation", "precision"),
    [({"quant_method": "awq", "bits": 4}, "int4"), ({"quant_method": "gptq", "bits": 8}, "int8")],
)
def test_awq_and_gptq_say_their_bits(quantisation, precision):
    given_ = config("Qwen--Qwen3-8B") | {"quantization_config": quantisation}
    assert model_from_config(given_, "m").native_precision == precision


def test_a_quantisation_that_is_not_understood_is_refused():
    given_ = config("Qwen--Qwen3-8B") | {"quantization_config": {"quant_method": "runes"}}
    with pytest.raises(Refused, match="runes"):
        model_from_config(given_, "m")


@pytest.mark.parametrize("key", ["hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size"])
def test_a_missing_key_is_named_with_its_file(key):
    given_ = config("Qwen--Qwen3-8B")
    del given_[key]
    with pytest.raises(BadInput, match=f"mine.json.*{key}"):
        model_from_config(given_, "mine", where=Where("mine.json"))


def test_a_config_without_a_model_type_is_told_so():
    with pytest.raises(BadInput, match="model_type"):
        model_from_config({"hidden_size": 8}, "m")


@pytest.mark.parametrize("text", ["{", "[1, 2]", "nonsense", '{"a": 1'])
def test_a_file_that_is_no_config_is_refused_with_its_name(tmp_path, text):
    path = tmp_path / "config.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=r"config\.json"):
        read_config(path)


def test_sliding_windows_are_kept_apart_from_full_layers():
    model = model_from_config(config("openai--gpt-oss-120b"), "m")
    kinds = {g.attention.kind: (g.count, g.attention.window) for g in model.layers}
    assert kinds == {"window": (18, 128), "full": (18, 0)}


def test_hybrids_keep_a_state_instead_of_a_cache():
    model = model_from_config(config("Qwen--Qwen3.5-397B-A17B"), "m")
    linear = next(g for g in model.layers if g.attention.kind == "linear")
    assert linear.count == 45
    # 64 heads x 128 x 128 numbers of 4 bytes and three columns of the convolution of 2 bytes.
    assert linear.attention.state_bytes == 64 * 128 * 128 * 4 + 3 * 12288 * 2


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**12),
    st.floats(),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
)
SAMPLES = [config(name) for name in ROWS]


@given(st.sampled_from(SAMPLES), st.data())
def test_no_config_however_wrong_ends_in_a_traceback(sample, data):
    wrong = dict(sample)
    part = wrong.get("text_config", wrong)
    part = dict(part)
    for key in data.draw(st.lists(st.sampled_from(sorted(part)), min_size=1, max_size=3)):
        part[key] = data.draw(JUNK)
    given_ = wrong | {"text_config": part} if "text_config" in wrong else part
    try:
        parameters(model_from_config(given_, "m"))
    except CounterpoiseError as error:
        assert str(error)
