"""Parameters counted from the architecture."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.catalogue import find_model, load, parameters
from counterpoise.catalogue.counting import layer_parameters
from counterpoise.catalogue.records import FeedForward
from counterpoise.errors import Refused

DEPLOYABLE = [m for m in load().models.values() if m.layers]
PUBLISHED = [m for m in DEPLOYABLE if m.params_published]
ROUNDED = {"qwen3.5-27b", "qwen3.6-27b", "gpt-1.7b", "gpt-3.6b", "bloom-18b"}


@pytest.mark.parametrize("model", PUBLISHED, ids=lambda m: m.name)
def test_counted_parameters_match_the_published_total_within_one_percent_or_the_note_says_why(model):
    difference = parameters(model)[0] / model.params_published - 1
    if model.name in ROUNDED:
        assert 0.01 < abs(difference) < 0.03
        assert "%" in model.provenance.note or "same shape" in model.provenance.note
    else:
        assert abs(difference) <= 0.01


def test_most_models_of_the_catalogue_have_a_published_total_to_check_against():
    assert len(PUBLISHED) > 150


@pytest.mark.parametrize(
    ("name", "total_b", "active_b"),
    [
        ("deepseek-v3", 671.0, 37.6),
        ("llama3.1-405b", 405.9, 405.9),
        ("mixtral-8x7b", 46.7, 12.9),
        ("qwen3-235b-a22b", 235.1, 22.2),
        ("gpt-oss-120b", 116.8, 5.7),
    ],
)
def test_well_known_models_have_their_well_known_sizes(name, total_b, active_b):
    total, active = parameters(find_model(load(), name))
    assert total / 1e9 == pytest.approx(total_b, abs=0.06)
    assert active / 1e9 == pytest.approx(active_b, abs=0.06)


@pytest.mark.parametrize("model", DEPLOYABLE, ids=lambda m: m.name)
def test_a_token_never_uses_more_weights_than_there_are(model):
    total, active = parameters(model)
    assert 0 < active <= total


def test_a_model_without_experts_uses_all_its_language_weights():
    model = find_model(load(), "llama3.1-8b")
    assert parameters(model)[0] == parameters(model)[1]


def test_a_closed_model_is_not_counted():
    with pytest.raises(Refused, match="openai-o1-1217"):
        parameters(find_model(load(), "o1"))


@given(st.sampled_from(DEPLOYABLE), st.integers(1, 4))
def test_more_layers_are_more_weights(model, more):
    first = model.layers[0]
    deeper = replace(model, layers=(replace(first, count=first.count + more), *model.layers[1:]))
    one = layer_parameters(model.hidden, first.attention, first.feed_forward)
    assert parameters(deeper)[0] == parameters(model)[0] + more * one.total


@given(st.integers(1, 64), st.integers(64, 512), st.integers(1, 8))
def test_a_mixture_that_routes_to_all_its_experts_is_dense(experts, width, hidden):
    mixture = layer_parameters(64 * hidden, None, FeedForward(width, experts=experts, top_k=experts))
    assert mixture.total == mixture.active


def test_tying_the_head_saves_one_embedding():
    model = find_model(load(), "llama3.1-8b")
    tied = replace(model, tie_embeddings=True)
    assert parameters(model)[0] - parameters(tied)[0] == model.vocab * model.hidden
