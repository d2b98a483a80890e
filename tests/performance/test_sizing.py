"""Sizing: the best operating points under latency targets, and why the rest is refused."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.performance.sizing import layouts, serving_options, supported_precisions

CATALOGUE = load()


def options(name="qwen3-32b", chip="H20", **changes):
    asked = {
        "scale_up_chips": 8, "chips_per_system": 8, "input_tokens": 4000, "output_tokens": 1000,
        "ttft_s": 2.0, "tpot_s": 0.05, **changes,
    }  # fmt: skip
    chip = find_chip(CATALOGUE, chip) if isinstance(chip, str) else chip
    return serving_options(find_model(CATALOGUE, name), chip, **asked)


@pytest.mark.parametrize(
    ("name", "chip"), [("qwen3-32b", "H20"), ("deepseek-r1", "H20"), ("llama3.1-8b", "RTX-4090")]
)
def test_every_offered_point_meets_both_targets(name, chip):
    points, _ = options(name, chip, percentile=90, ttft_s=3.0)
    assert points
    for p in points:
        assert p.ttft_s <= 3.0
        assert p.tpot_s <= 0.05
        assert p.n_chips == p.tp * p.pp * p.dp
        assert p.output_tokens_per_s == pytest.approx(1000 * p.requests_per_s)
        assert p.basis


@settings(max_examples=15, deadline=None)
@given(slack=st.floats(1.05, 4.0), target=st.sampled_from(["ttft_s", "tpot_s"]))
def test_a_looser_target_never_serves_less(slack, target):
    tight = {"ttft_s": 2.0, "tpot_s": 0.05}
    loose = {**tight, target: tight[target] * slack}

    def best(targets):
        found, _ = options(precisions=["fp8"], max_chips=8, **targets)
        return {(p.tp, p.pp, p.dp, p.ep): p.requests_per_s for p in found}

    before, after = best(tight), best(loose)
    assert set(before) <= set(after)
    assert all(after[k] >= v * (1 - 1e-9) for k, v in before.items())


def test_a_stricter_percentile_never_serves_more():
    median, _ = options(precisions=["fp8"], percentile=50)
    tail, _ = options(precisions=["fp8"], percentile=99)
    assert tail[0].requests_per_s / tail[0].n_chips <= median[0].requests_per_s / median[0].n_chips


def test_a_chip_offers_only_precisions_it_computes_in():
    assert supported_precisions(find_chip(CATALOGUE, "Ascend-910B")) == ("bf16", "int8", "int4")
    assert "fp8" in supported_precisions(find_chip(CATALOGUE, "H20"))
    assert "fp4" in supported_precisions(find_chip(CATALOGUE, "B200-SXM-180GB"))


def test_a_precision_the_chip_lacks_is_refused_and_not_emulated():
    points, refused = options(chip="Ascend-910B", precisions=["fp8"])
    assert points == []
    assert "no published fp8" in refused[0].why


def test_what_does_not_fit_is_refused_with_both_figures():
    _, refused = options("deepseek-r1", precisions=["bf16"], max_chips=8)
    assert len(refused) == 1
    assert "bf16 on 8 x H20" in refused[0].what
    assert "825 GB there" in refused[0].why


def test_an_impossible_target_is_refused_with_what_would_be_possible():
    points, refused = options("deepseek-r1", precisions=["fp8"], tpot_s=0.0001)
    assert points == []
    assert any("TPOT" in r.why and "asked" in r.why for r in refused)


def test_tensor_parallelism_divides_the_heads_and_stays_in_its_domain():
    model = find_model(CATALOGUE, "qwen3-32b")
    for x in layouts(model, scale_up_chips=8, chips_per_system=8, max_chips=32):
        assert 64 % x.tp == 0
        assert x.tp <= 8
        assert x.chips <= 32
        assert x.dp == x.ep == 1


def test_experts_are_never_spread_over_more_chips_than_there_are_experts():
    model = find_model(CATALOGUE, "mixtral-8x7b")
    assert max(x.ep for x in layouts(model, scale_up_chips=8, chips_per_system=8, max_chips=64)) == 8


def test_cards_without_a_fabric_of_their_own_serve_over_their_network_or_alone():
    card = find_chip(CATALOGUE, "RTX-4090")
    alone = replace(card, figures={k: v for k, v in card.figures.items() if "scale" not in k})
    points, _ = options("llama3.1-8b", alone, scale_up_chips=1, chips_per_system=8)
    assert points
    assert {p.n_chips for p in points} == {1}
