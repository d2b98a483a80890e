"""Which input drives the spread of an output, against functions whose effects are known."""

import numpy as np
import pytest
from scipy import stats

from counterpoise.errors import BadInput, Refused
from counterpoise.market.sensitivity import effects_from_draws

A, B = 7.0, 0.1
_V1, _V2 = 0.5 * (1 + B * np.pi**4 / 5) ** 2, A**2 / 8
_V13 = B**2 * np.pi**8 * 8 / 225
_V = _V1 + _V2 + _V13
ISHIGAMI_FIRST = {"x1": _V1 / _V, "x2": _V2 / _V, "x3": 0.0}
ISHIGAMI_SHAPLEY = {"x1": (_V1 + _V13 / 2) / _V, "x2": _V2 / _V, "x3": _V13 / 2 / _V}
"""Ishigami and Homma (1990)."""


def ishigami(x):
    return np.sin(x["x1"]) + A * np.sin(x["x2"]) ** 2 + B * x["x3"] ** 4 * np.sin(x["x1"])


def by_name(effects, values):
    return dict(zip(effects.names, values, strict=True))


def test_ishigamis_function_from_given_draws():
    rng = np.random.default_rng(0)
    x = {name: rng.uniform(-np.pi, np.pi, 10_000) for name in ("x1", "x2", "x3")}
    effects = effects_from_draws(x, ishigami(x))
    for name, first in by_name(effects, effects.first).items():
        assert first == pytest.approx(ISHIGAMI_FIRST[name], abs=0.02)
    for name, shapley in by_name(effects, effects.shapley).items():
        assert shapley == pytest.approx(ISHIGAMI_SHAPLEY[name], abs=0.02)
    assert effects.unexplained < 0.01


def test_the_standard_errors_are_those_seen_over_repeated_draws():
    found, stated = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        x = {name: rng.uniform(-np.pi, np.pi, 1_500) for name in ("x1", "x2", "x3")}
        effects = effects_from_draws(x, ishigami(x))
        found.append(by_name(effects, effects.shapley)["x2"])
        stated.append(by_name(effects, effects.shapley_error)["x2"])
    assert 0.4 < np.mean(stated) / np.std(found, ddof=1) < 2.5


def test_a_linear_model_gives_each_input_its_share_of_the_variance():
    rng = np.random.default_rng(1)
    x = {"a": rng.lognormal(0, 0.5, 8_000), "b": rng.normal(0, 2, 8_000), "c": rng.random(8_000)}
    variances = {n: np.var(v) * k**2 for (n, v), k in zip(x.items(), (3.0, 1.0, 0.0), strict=True)}
    effects = effects_from_draws(x, 3 * x["a"] + x["b"])
    for name, share in by_name(effects, effects.shapley).items():
        assert share == pytest.approx(variances[name] / sum(variances.values()), abs=0.015)
    assert effects.names[-1] == "c"


def test_shares_and_what_is_unexplained_sum_to_one():
    rng = np.random.default_rng(2)
    x = {f"x{i}": rng.normal(size=3_000) for i in range(5)}
    y = x["x0"] * x["x1"] + np.minimum(x["x2"], 0.3) + rng.normal(0, 0.5, 3_000)
    effects = effects_from_draws(x, y)
    assert effects.shapley.sum() + effects.unexplained == pytest.approx(1.0)
    assert np.all(effects.first <= effects.shapley + 1e-12)
    assert effects.unexplained > 0.1


def test_a_pure_interaction_is_shared_equally_and_has_no_first_order():
    rng = np.random.default_rng(3)
    x = {name: rng.normal(size=6_000) for name in ("a", "b", "idle")}
    effects = effects_from_draws(x, x["a"] * x["b"])
    shares = by_name(effects, effects.shapley)
    assert shares["a"] == pytest.approx(shares["b"], abs=0.01)
    assert shares["a"] == pytest.approx(0.5, abs=0.03)
    assert max(effects.first) < 0.02


def test_discrete_and_constant_inputs_are_taken_as_they_are():
    rng = np.random.default_rng(4)
    x = {"coin": rng.integers(0, 2, 4_000).astype(float), "same": np.ones(4_000), "n": rng.normal(size=4_000)}
    effects = effects_from_draws(x, 2 * x["coin"] + x["n"])
    shares = by_name(effects, effects.shapley)
    assert shares["coin"] == pytest.approx(0.5, abs=0.03)
    assert shares["same"] == 0.0


def test_draws_in_antithetic_pairs_give_the_same_answer():
    rng = np.random.default_rng(5)
    half = {name: rng.normal(size=15_000) for name in ("a", "b")}
    x = {name: np.concatenate([z, -z]) for name, z in half.items()}
    effects = effects_from_draws(x, 2 * x["a"] + x["b"])
    assert by_name(effects, effects.shapley)["a"] == pytest.approx(0.8, abs=0.01)


def test_pure_noise_is_put_down_to_nobody():
    rng = np.random.default_rng(6)
    effects = effects_from_draws({"a": rng.normal(size=1_000)}, rng.normal(size=1_000))
    assert effects.shapley[0] < 0.05
    assert effects.unexplained > 0.95


def test_inputs_that_hang_together_are_refused():
    rng = np.random.default_rng(7)
    a = rng.normal(size=2_000)
    with pytest.raises(Refused, match="a and b hang together"):
        effects_from_draws({"a": a, "b": a + 0.5 * rng.normal(size=2_000)}, a)


@pytest.mark.parametrize(
    ("inputs", "output", "says"),
    [
        ({}, np.arange(300.0), "no inputs"),
        ({"a": np.arange(299.0)}, np.arange(300.0), "shape"),
        ({"a": np.arange(100.0)}, np.arange(100.0), "too few"),
        ({"a": np.full(300, np.nan)}, np.arange(300.0), "not finite"),
        ({"a": np.arange(300.0)}, np.full(300, np.inf), "not finite"),
    ],
)
def test_draws_that_cannot_be_compared_are_refused(inputs, output, says):
    with pytest.raises(BadInput, match=says):
        effects_from_draws(inputs, output)


def test_an_output_that_never_changes_has_no_driver():
    with pytest.raises(Refused, match="nothing drives it"):
        effects_from_draws({"a": np.arange(300.0)}, np.ones(300))


def test_first_order_effects_agree_with_sobol_indices_by_runs_of_their_own():
    uniform = stats.uniform(-np.pi, 2 * np.pi)
    by_runs = stats.sobol_indices(
        func=lambda x: ishigami(dict(zip(ISHIGAMI_FIRST, x, strict=True))),
        n=1024,
        dists=[uniform] * 3,
        rng=np.random.default_rng(0),
    )
    rng = np.random.default_rng(3)
    x = {name: rng.uniform(-np.pi, np.pi, 10_000) for name in ISHIGAMI_FIRST}
    effects = effects_from_draws(x, ishigami(x))
    first = by_name(effects, effects.first)
    assert [first[name] for name in ISHIGAMI_FIRST] == pytest.approx(by_runs.first_order, abs=0.06)


def test_the_document_names_the_first_driver():
    rng = np.random.default_rng(8)
    x = {"elasticity": rng.normal(size=1_000), "price": rng.normal(size=1_000)}
    document = effects_from_draws(x, 3 * x["elasticity"] + x["price"]).document("racks")
    assert document["answer"].startswith("elasticity drives 9")
    assert [row["name"] for row in document["inputs"]] == ["elasticity", "price"]
