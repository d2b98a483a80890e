"""Architectures of every kind: counted against what their authors publish, or refused by name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.architectures import ARCHITECTURES, REFUSED
from counterpoise.catalogue import model_from_config, parameters
from counterpoise.catalogue.config_layers import READERS
from counterpoise.catalogue.counting import embedding_parameters, head_parameters
from counterpoise.errors import CounterpoiseError, Refused

ROUND_NAMES = {"Kimi-Linear-48B-A3B", "ERNIE-4.5-21B-A3B"}
"""The author's number is the name of the model, in whole billions rounded down."""


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_counted_weights_are_those_the_authors_publish(name):
    config, (published, _) = ARCHITECTURES[name]
    counted = parameters(model_from_config(config, name))[0] / 1e9
    assert counted == pytest.approx(published, rel=0.04 if name in ROUND_NAMES else 0.01)


@pytest.mark.parametrize("name", [n for n, (_, sizes) in ARCHITECTURES.items() if sizes[1]])
def test_the_weights_a_token_uses_are_those_published_with_or_without_the_embeddings(name):
    config, (_, published) = ARCHITECTURES[name]
    model = model_from_config(config, name)
    active = parameters(model)[1] / 1e9
    without = active - (embedding_parameters(model) + head_parameters(model)) / 1e9
    assert published is not None
    # Authors print whole billions, so half of one is lost in the print.
    assert without - max(0.5, 0.03 * active) <= published <= active + max(0.5, 0.03 * active)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_understood_is_refused_by_its_own_name(name):
    config, said = REFUSED[name]
    with pytest.raises(Refused, match=said):
        model_from_config(config, name)


@pytest.mark.parametrize("model_type", ["llama", "mixtral", "glm4_moe", "qwen3"])
@pytest.mark.parametrize(
    ("key", "value"),
    [("index_topk", 2048), ("mamba_d_state", 128), ("compress_ratios", [4]), ("linear_num_key_heads", 16)],
)
def test_a_key_of_another_architecture_is_never_passed_over(model_type, key, value):
    config = {
        **{"model_type": model_type, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4},
        **{"intermediate_size": 128, "vocab_size": 100, "num_experts": 4, "num_experts_per_tok": 2},
        **{"moe_intermediate_size": 32},
    }
    if model_type == "llama":
        config = {k: v for k, v in config.items() if "expert" not in k and "moe" not in k}
    if model_type == "mixtral":
        del config["moe_intermediate_size"]
    assert model_from_config(config, "m").layers
    with pytest.raises(Refused, match=key):
        model_from_config(config | {key: value}, "m")


@pytest.mark.parametrize("value", [None, False, 0, [], {}])
def test_a_key_that_is_switched_off_changes_nothing(value):
    config, _ = ARCHITECTURES["Seed-OSS-36B"]
    plain = model_from_config(config, "m")
    assert model_from_config(config | {"sliding_window": value, "kv_lora_rank": value}, "m") == plain


def test_attention_and_mamba_side_by_side_are_both_there_in_each_layer():
    model = model_from_config(ARCHITECTURES["Falcon-H1-34B"][0], "m")
    assert {(g.attention.kind, g.count) for g in model.layers} == {("mamba", 72), ("full", 72)}


def test_a_double_layer_has_two_latents_and_one_mixture():
    model = model_from_config(ARCHITECTURES["LongCat-Flash"][0], "m")
    counts = {(g.attention.kind if g.attention else "none"): g.count for g in model.layers}
    assert counts == {"mla": 56, "none": 28}
    mixture = next(g.feed_forward for g in model.layers if g.attention is None)
    assert mixture.top_k == 8  # of twelve choices a third goes to experts that do nothing


def test_most_layers_of_a_hybrid_keep_a_state_and_no_cache():
    for name in ("Kimi-Linear-48B-A3B", "MiniMax-Text-01", "Jamba-v0.1", "Bamba-9B", "Granite-4.0-H-Small"):
        model = model_from_config(ARCHITECTURES[name][0], name)
        state = sum(g.count for g in model.layers if g.attention.state_bytes)
        assert state > sum(g.count for g in model.layers) / 2, name


def test_windows_stand_where_the_pattern_puts_them():
    model = model_from_config(ARCHITECTURES["Command-A"][0], "m")
    assert {(g.attention.kind, g.count) for g in model.layers} == {("full", 16), ("window", 48)}


def test_the_precision_may_stand_in_the_name_alone():
    config, _ = ARCHITECTURES["DBRX"]
    for name, precision in (
        ("org/DBRX", "bf16"),
        ("org/DBRX-NVFP4", "fp4"),
        ("org/DBRX-FP8-dynamic", "fp8"),
        ("org/DBRX-AWQ", "int4"),
        ("org/DBRX-quantized.w8a8", "int8"),
    ):
        model = model_from_config(config, name)
        assert model.native_precision == precision
        assert ("taken from the name" in model.provenance.note) == (precision != "bf16")


SAMPLES = [config for config, _ in ARCHITECTURES.values()]
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**12),
    st.floats(),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
)


@given(st.sampled_from(SAMPLES), st.data())
def test_no_config_however_wrong_ends_in_a_traceback(sample, data):
    part = dict(sample.get("text_config", sample))
    for key in data.draw(st.lists(st.sampled_from(sorted(part)), min_size=1, max_size=3)):
        part[key] = data.draw(JUNK)
    given_ = sample | {"text_config": part} if "text_config" in sample else part
    try:
        parameters(model_from_config(given_, "m"))
    except CounterpoiseError as error:
        assert str(error)


def test_every_reader_is_reachable_by_a_lower_case_name():
    assert all(name == name.casefold() for name in READERS)


def test_keys_that_newer_exporters_add_do_not_stand_in_the_way():
    """As transformers 4.50 and later write them."""
    gemma = dict(ARCHITECTURES["gemma-3-27b"][0]["text_config"])
    plain = model_from_config(gemma, "m")
    kinds = (["sliding_attention"] * 5 + ["full_attention"]) * 11
    newer = gemma | {
        "_sliding_window_pattern": 6,
        "layer_types": kinds[:62],
        "use_bidirectional_attention": False,
    }
    assert model_from_config(newer, "m") == plain
    llama = {
        **{"model_type": "smollm3", "hidden_size": 2048, "num_hidden_layers": 4, "num_attention_heads": 16},
        **{"num_key_value_heads": 4, "intermediate_size": 11008, "vocab_size": 128256},
    }
    typed = llama | {
        "layer_types": ["full_attention"] * 4,
        "no_rope_layer_interval": 4,
        "use_sliding_window": False,
    }
    assert model_from_config(typed, "m") == model_from_config(llama, "m")
    mixed = typed | {"layer_types": ["full_attention", "sliding_attention"] * 2}
    with pytest.raises(Refused, match="sliding_attention"):
        model_from_config(mixed, "m")


def test_a_pattern_may_be_spelt():
    exaone = {
        **{"model_type": "exaone4", "hidden_size": 5120, "num_hidden_layers": 64, "num_attention_heads": 40},
        **{
            "num_key_value_heads": 8,
            "intermediate_size": 27392,
            "vocab_size": 102400,
            "sliding_window": 4096,
        },
        **{"sliding_window_pattern": "LLLG", "head_dim": 128},
    }
    model = model_from_config(exaone, "EXAONE-4.0-32B")
    assert {(g.attention.kind, g.count) for g in model.layers} == {("window", 48), ("full", 16)}
    assert parameters(model)[0] / 1e9 == pytest.approx(32.0, rel=0.01)


def test_a_window_as_long_as_the_context_is_none():
    phi = {
        **{"model_type": "phi3", "hidden_size": 3072, "num_hidden_layers": 32, "num_attention_heads": 24},
        **{"num_key_value_heads": 8, "intermediate_size": 8192, "vocab_size": 200064},
        **{"max_position_embeddings": 131072, "sliding_window": 262144, "tie_word_embeddings": True},
    }
    model = model_from_config(phi, "Phi-4-mini")
    assert {g.attention.kind for g in model.layers} == {"full"}
    assert parameters(model)[0] / 1e9 == pytest.approx(3.84, rel=0.01)
