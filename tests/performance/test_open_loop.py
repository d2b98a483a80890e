"""Serving under a rate of requests: what a small engine simulated step by step does, the model predicts."""

import heapq
import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.errors import BadInput, Refused
from counterpoise.performance.calibration import START, Condition, ParameterSet
from counterpoise.performance.percentiles import Waiting, waiting_percentile
from counterpoise.performance.serving import estimate_serving
from counterpoise.performance.steps import step_seconds, step_work

CATALOGUE = load()
MOST_JOINING = 8
SHARES = {
    "gemm_compute": 0.7,
    "grouped_compute": 0.5,
    "attention_compute": 0.4,
    "activation": 0.8,
    "gemm_half": 64.0,
}
ENGINE = {
    **START.base,
    **{name: math.log(share) for name, share in SHARES.items()},
    **{name: math.log(1e-9) for name in ("request_s", "ttft_s", "eager_s")},
    **dict.fromkeys(("interference", "prefill"), 0.0),
}
"""An engine that charges a prefill to its neighbours in full and has no host: as simulated below."""


def serve(name="llama3.1-70b", chip="H100-SXM5-80GB", **changes):
    asked = {
        "weight_precision": "fp8", "kv_precision": "bf16", "tp": 8, "input_tokens": 1000,
        "output_tokens": 500, "scale_up_chips": 8, "engine": "vllm", **changes,
    }  # fmt: skip
    return estimate_serving(find_model(CATALOGUE, name), find_chip(CATALOGUE, chip), **asked)


# The simulated engine: continuous batching, a step takes in all that wait and have a place.


@cache
def step_table(name, chip, tp, input_tokens, output_tokens, places):
    """Seconds of a step by (decoding requests, prompts that join)."""
    n, k = (
        x.ravel() for x in np.meshgrid(*map(np.arange, (places + 1.0, MOST_JOINING + 1.0)), indexing="ij")
    )
    one = np.ones(n.size)
    model, chip = find_model(CATALOGUE, name), find_chip(CATALOGUE, chip)
    work = step_work(
        model, chip, weight_precision="fp8", kv_precision="bf16",
        tp=tp * one, pp=one, dp=one, ep=one, scale_up_chips=8,
    )  # fmt: skip
    e = ParameterSet(ENGINE, {}).efficiencies(Condition(chip, model, "vllm", "", "fp8"), n.size)
    seconds = e["level"] * step_seconds(
        work, e, decode=n, context=input_tokens + output_tokens / 2 * one, prefill=k * input_tokens,
        prefill_context=input_tokens / 2, prefill_sequences=np.maximum(k, 1.0),
    )  # fmt: skip
    return seconds.reshape(places + 1, MOST_JOINING + 1)


def simulate(table, rate, outputs, seed):
    """TTFT and TPOT of each request; the first and last fifth, where the engine fills and empties, cut."""
    arrivals = np.cumsum(np.random.default_rng(seed).exponential(1.0, outputs.size))
    # The mean rate is exact: near the limit 1 % more arrivals are 4 % more in the batch.
    arrivals *= outputs.size / rate / arrivals[-1]
    places, most = table.shape[0] - 1, table.shape[1] - 1
    now, step, taken = 0.0, 0, 0
    running, first, tpot = [], np.empty(outputs.size), np.empty(outputs.size)
    while taken < outputs.size or running:
        if not running:
            now = max(now, arrivals[taken])
        joining = 0
        while (
            taken + joining < outputs.size
            and arrivals[taken + joining] <= now
            and joining < min(most, places - len(running))
        ):
            joining += 1
        now, step = now + table[len(running), joining], step + 1
        while running and running[0][0] <= step:
            done = heapq.heappop(running)[1]
            tpot[done] = (now - first[done]) / outputs[done]
        for i in range(taken, taken + joining):
            first[i] = now
            heapq.heappush(running, (step + int(outputs[i]), i))
        taken += joining
    fifth = outputs.size // 5
    return (first - arrivals)[fifth:-fifth], tpot[fifth:-fifth]


SETUPS = [
    ("llama3.1-70b", "H100-SXM5-80GB", 8, 1000, 200, 256),
    ("llama3.1-8b", "H20", 1, 500, 100, 64),
    ("gpt-oss-120b", "H100-SXM5-80GB", 2, 2000, 100, 128),
]


def predicted(setup, utilisation, percentile=50.0, length_cv=0.0):
    """Rate at `utilisation` of the largest stable one, and the prediction at it."""
    name, chip, tp, input_tokens, output_tokens, places = setup
    table = step_table(*setup)

    def at(rate, parameters):
        return serve(
            name, chip, tp=tp, input_tokens=input_tokens, output_tokens=output_tokens, max_sequences=places,
            parameters=ParameterSet(parameters, {}), rate_per_s=rate, percentile=percentile,
            length_cv=length_cv,
        )  # fmt: skip

    rate = utilisation * float(at(1.0, ENGINE).largest_rate_per_s)
    n = min(round(float(at(rate, ENGINE).batch)) + 1, places)
    # r of this engine: half a step until the next one begins, and what the decoders add to the own step.
    joins = 0.5 + (table[n, 1] - table[0, 1]) / table[n, 0]
    return rate, at(rate, {**ENGINE, "joins": math.log(joins)})


@pytest.mark.parametrize("utilisation", [0.3, 0.5, 0.65, 0.8])
@pytest.mark.parametrize("setup", SETUPS, ids=lambda s: s[0])
def test_mean_latencies_are_those_of_an_engine_simulated_step_by_step(setup, utilisation):
    rate, e = predicted(setup, utilisation)
    ttft, tpot = simulate(step_table(*setup), rate, np.full(24_000, setup[4]), seed=1)
    # A tenth: prefills come in whole steps and decode waits for them in bunches, experts reached bend the
    # step time, and 14,400 correlated requests at 80 % have a standard error of 2 %.
    assert float(e.tpot_s) == pytest.approx(tpot.mean(), rel=0.1)
    assert float(e.ttft_s) == pytest.approx(ttft.mean(), rel=0.1)


@pytest.mark.parametrize("setup", SETUPS[:2], ids=lambda s: s[0])
def test_the_mean_does_not_depend_on_the_mix_of_output_lengths(setup):
    rate, e = predicted(setup, 0.65)
    outputs = np.maximum(np.random.default_rng(2).geometric(1 / setup[4], 8000), 1)
    outputs = np.maximum(np.round(outputs * setup[4] / outputs.mean()), 1)
    _, tpot = simulate(step_table(*setup), rate, outputs, seed=3)
    assert float(e.tpot_s) == pytest.approx(np.average(tpot, weights=outputs[1600:-1600]), rel=0.12)


@pytest.mark.parametrize("percentile", [90.0, 99.0])
@pytest.mark.parametrize("setup", SETUPS, ids=lambda s: s[0])
def test_the_tail_of_the_first_token_is_that_of_its_queue(setup, percentile):
    rate, e = predicted(setup, 0.65, percentile)
    ttft, _ = simulate(step_table(*setup), rate, np.full(8000, setup[4]), seed=4)
    # Steps come in few lengths (one prefill more or less), which a smooth distribution blurs.
    assert float(e.ttft_percentile_s) == pytest.approx(np.percentile(ttft, percentile), rel=0.35)


# Against the closed loop, and by itself.


@pytest.mark.parametrize(
    ("name", "chip", "layout"),
    [
        ("llama3.1-70b", "H100-SXM5-80GB", {"tp": 8}),
        ("llama3.1-8b", "H20", {"tp": 1}),
        ("deepseek-r1", "B200-SXM-180GB", {"tp": 1, "dp": 8, "ep": 8}),
    ],
)
def test_the_throughput_of_constant_users_fed_back_as_a_rate_gives_their_batch(name, chip, layout):
    users = np.array([16.0, 32.0, 64.0, 128.0, 256.0])
    calm = ParameterSet({**START.base, "burst": math.log(1e-9)}, {})
    closed = serve(name, chip, **layout, concurrency=users, parameters=calm)
    back = serve(name, chip, **layout, rate_per_s=closed.requests_per_s, parameters=calm)
    # An arrival meets the others and itself, one of N users only the others: 1/N of the load of a replica,
    # which a queue magnifies by 1 / (1 - utilisation).
    mine = users / layout.get("dp", 1)
    off = 1.5 / (mine * (1 - closed.requests_per_s / back.largest_rate_per_s)) + 0.01
    assert (abs(back.batch / closed.batch - 1) < off).all()
    assert (abs(back.tpot_s / closed.tpot_s - 1) < off).all()
    assert (abs(back.concurrency / users - 1) < off).all()


rates = {
    "name": st.sampled_from(["llama3.1-8b", "deepseek-r1", "gpt-oss-120b", "qwen3.5-397b-a17b", "glm-5"]),
    "chip": st.sampled_from(["H100-SXM5-80GB", "H20", "MI300X", "Ascend-910B"]),
    "layout": st.sampled_from([(1, 1, 1, 1), (8, 1, 1, 8), (1, 1, 8, 8), (4, 2, 1, 1)]),
    "share": st.floats(1e-4, 2.0),
    "lengths": st.tuples(st.floats(1.0, 20_000.0), st.floats(1.0, 4_000.0)),
    "places": st.sampled_from([1.0, 4.0, 64.0, np.inf]),
}


def at_share(name, chip, layout, share, lengths, places, **more):
    """Estimate at a share of the largest stable rate."""
    tp, pp, dp, ep = layout
    asked = {
        "tp": tp, "pp": pp, "dp": dp, "ep": ep, "input_tokens": lengths[0], "output_tokens": lengths[1],
        "max_sequences": places, **more,
    }  # fmt: skip
    largest = serve(name, chip, rate_per_s=1.0, **asked).largest_rate_per_s
    return serve(name, chip, rate_per_s=share * largest, **asked)


@settings(max_examples=40, deadline=None)
@given(**rates)
def test_littles_law_holds_and_every_figure_is_finite(name, chip, layout, share, lengths, places):
    e = at_share(name, chip, layout, share, lengths, places)
    for figure in (e.ttft_s, e.tpot_s, e.ttft_percentile_s, e.tpot_percentile_s, e.batch, e.power_w):
        assert np.isfinite(figure) and figure > 0
    life = e.ttft_s + lengths[1] * e.tpot_s
    assert e.concurrency == pytest.approx(float(e.requests_per_s * life), rel=1e-9)
    assert e.batch * layout[2] == pytest.approx(float(e.requests_per_s * lengths[1] * e.tpot_s), rel=1e-9)
    if e.feasible:
        assert e.requests_per_s == pytest.approx(float(share * e.largest_rate_per_s), rel=2e-3)


@settings(max_examples=40, deadline=None)
@given(**rates, more=st.floats(1.05, 3.0))
def test_a_higher_rate_never_makes_a_request_faster(name, chip, layout, share, lengths, places, more):
    few = at_share(name, chip, layout, share / 3, lengths, places)
    many = at_share(name, chip, layout, share / 3 * more, lengths, places)
    assert many.tpot_s >= few.tpot_s * (1 - 1e-4)
    assert many.ttft_s >= few.ttft_s * (1 - 1e-4)
    assert many.batch >= few.batch


@settings(max_examples=30, deadline=None)
@given(**rates, low=st.floats(5.0, 90.0), cv=st.floats(0.0, 2.0))
def test_a_higher_percentile_is_never_a_shorter_wait(name, chip, layout, share, lengths, places, low, cv):
    a, b = (
        at_share(name, chip, layout, share, lengths, places, percentile=p, length_cv=cv)
        for p in (low, low + 9.0)
    )
    assert b.ttft_percentile_s >= a.ttft_percentile_s
    assert b.tpot_percentile_s >= a.tpot_percentile_s


def test_a_rate_beyond_the_largest_stable_one_is_refused_with_that_figure():
    e = serve(rate_per_s=np.array([1.0, 1000.0]))
    assert e.feasible.tolist() == [True, False]
    assert f"at most {float(e.largest_rate_per_s[1]):.3g}" in e.reason[1]
    assert e.requests_per_s[1] <= e.largest_rate_per_s[1]


def test_a_limit_on_sequences_lowers_the_largest_rate_and_the_cache_the_rest():
    places = np.array([8.0, 32.0, 128.0, 1e9])
    e = serve(rate_per_s=0.1, max_sequences=places)
    assert (np.diff(e.largest_rate_per_s) > 0).all()
    assert e.largest_rate_per_s[3] == pytest.approx(float(serve(rate_per_s=0.1).largest_rate_per_s))


def test_near_its_limit_of_sequences_an_engine_lets_requests_wait():
    e = at_share("llama3.1-70b", "H100-SXM5-80GB", (8, 1, 1, 1), np.array([0.5, 0.99]), (200, 200), 8.0)
    assert e.ttft_s[1] > 10 * e.ttft_s[0]
    assert e.batch[1] <= 8


def test_independent_replicas_each_take_their_share_of_the_rate():
    four, one = serve(tp=2, dp=4, rate_per_s=4.0), serve(tp=2, rate_per_s=1.0)
    assert four.ttft_s == pytest.approx(float(one.ttft_s), rel=1e-9)
    assert four.largest_rate_per_s == pytest.approx(4 * float(one.largest_rate_per_s), rel=1e-9)


def test_lengths_that_vary_more_spread_the_first_token_more():
    even, uneven = (serve(rate_per_s=5.0, length_cv=cv, percentile=99.0) for cv in (0.0, 1.0))
    assert uneven.ttft_percentile_s > even.ttft_percentile_s
    assert uneven.tpot_s == even.tpot_s


def test_a_load_is_users_or_a_rate_and_not_both():
    for load_given in ({}, {"concurrency": 1, "rate_per_s": 1.0}):
        with pytest.raises(BadInput, match="exactly one"):
            serve(**load_given)
    for load_given in ({"concurrency": 0}, {"rate_per_s": -1.0}, {"rate_per_s": float("nan")}):
        with pytest.raises(BadInput, match="above 0"):
            serve(**load_given)


def waiting(chance, body=1.0, variance=1.0, further=0.0):
    return Waiting(*(np.array([x]) for x in (0.0, body, variance, chance, further)))


def test_a_wait_as_spread_as_an_exponential_has_its_quantiles():
    for p in (50.0, 90.0, 99.0):
        assert waiting_percentile(waiting(0.0), p)[0] == pytest.approx(-math.log(1 - p / 100), rel=0.02)


def test_a_further_wait_of_few_moves_the_tail_and_not_the_median():
    plain, rare = (waiting(c, 1.0, 0.01, 50.0) for c in (0.0, 0.05))
    assert waiting_percentile(rare, 50.0)[0] == pytest.approx(waiting_percentile(plain, 50.0)[0], rel=0.02)
    assert waiting_percentile(rare, 99.0)[0] > 20


def test_a_percentile_beyond_a_hundred_has_no_wait():
    with pytest.raises(Refused, match="percentile"):
        waiting_percentile(waiting(0.0), 100.0)
