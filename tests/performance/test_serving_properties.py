"""What holds of any serving deployment, whatever was fitted: better chips, longer requests, more memory."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.performance.capacity import capacity
from counterpoise.performance.serving import estimate_serving, has_experts

CATALOGUE = load()
MODELS = {
    "full": "llama3.1-8b",
    "full, large": "llama3.1-70b",
    "experts": "qwen3-235b-a22b",
    "latent": "deepseek-r1",
    "window": "gpt-oss-120b",
    "sparse": "glm-5",
    "sparse latent": "deepseek-v3.2",
    "linear": "qwen3.5-397b-a17b",
}
CHIPS = [
    "H100-SXM5-80GB",
    "H20",
    "A100-SXM4-80GB",
    "MI300X",
    "B200-SXM-180GB",
    "Ascend-910B",
    "TPU-v6e",
    "Gaudi3",
]
LAYOUTS = [(1, 1, 1, 1), (8, 1, 1, 1), (8, 1, 1, 8), (1, 1, 8, 8), (4, 2, 1, 1), (2, 1, 4, 8)]
FIGURES = [
    "memory_bandwidth_bytes_per_s",
    "peak_bf16_flops_per_s",
    "peak_fp8_flops_per_s",
    "scale_up_bandwidth_bytes_per_s",
    "scale_out_bandwidth_bytes_per_s",
    "memory_bytes",
]
PRECISIONS = ["bf16", "fp8", "int4"]
"""From the widest to the narrowest."""
# Both steady states are iterated for a fixed number of rounds: what is left of the last is below this.
ROUNDING = 2e-3

asked = {
    "model": st.sampled_from(sorted(MODELS)),
    "chip": st.sampled_from(CHIPS),
    "layout": st.sampled_from(LAYOUTS),
    "engine": st.sampled_from(["generic", "vllm", "sglang", "trtllm", "llamacpp"]),
    "precision": st.sampled_from(PRECISIONS),
    "lengths": st.tuples(st.floats(1.0, 30_000.0), st.floats(1.0, 8_000.0)),
    "cached": st.floats(0.0, 1.0),
}


def serve(model, chip, layout, engine, precision, lengths, cached, **changes):
    tp, pp, dp, ep = layout
    spec = find_model(CATALOGUE, MODELS[model])
    chip = find_chip(CATALOGUE, chip) if isinstance(chip, str) else chip
    return estimate_serving(
        spec, chip,
        **{
            "weight_precision": precision, "kv_precision": "bf16", "tp": tp, "pp": pp, "dp": dp,
            "ep": ep if has_experts(spec) else 1, "input_tokens": lengths[0], "output_tokens": lengths[1],
            "cached_share": cached, "scale_up_chips": 8, "engine": engine, **changes,
        },
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(**asked, users=st.floats(1.0, 4096.0), percentile=st.floats(1.0, 99.0))
def test_no_figure_is_missing_zero_or_negative(users, percentile, **case):
    e = serve(**case, concurrency=users, percentile=percentile)
    for figure in (
        e.ttft_s, e.tpot_s, e.ttft_percentile_s, e.tpot_percentile_s, e.requests_per_s, e.batch,
        e.output_tokens_per_s, e.memory_bytes, e.power_w,
    ):  # fmt: skip
        assert np.isfinite(figure) and figure > 0
    assert e.kv_tokens >= 0


def better(chip, figure):
    """The chip without a name of its own, and the same with one fact half as good again."""
    plain = replace(find_chip(CATALOGUE, chip), name="a chip nobody measured")
    if figure not in plain.figures:
        return plain, plain
    old = plain.figures[figure]
    new = replace(old, low=old.low * 1.5, mid=old.mid * 1.5, high=old.high * 1.5)
    return plain, replace(plain, figures={**plain.figures, figure: new})


@settings(max_examples=60, deadline=None)
@given(**asked, share=st.floats(0.01, 0.95), figure=st.sampled_from(FIGURES))
def test_at_one_rate_a_better_chip_is_never_slower(share, figure, chip, **case):
    plain, faster = better(chip, figure)
    rate = share * serve(chip=plain, **case, rate_per_s=1.0).largest_rate_per_s
    before, after = (serve(chip=c, **case, rate_per_s=rate) for c in (plain, faster))
    whole = [e.ttft_s + case["lengths"][1] * e.tpot_s for e in (before, after)]
    assert whole[1] <= whole[0] * (1 + ROUNDING)
    assert after.largest_rate_per_s >= before.largest_rate_per_s * (1 - ROUNDING)
    if figure != "memory_bytes":  # more memory lets more requests decode at once, each then a little slower
        assert after.tpot_s <= before.tpot_s * (1 + ROUNDING)
        assert after.ttft_s <= before.ttft_s * (1 + ROUNDING)


@settings(max_examples=60, deadline=None)
@given(**asked, share=st.floats(0.01, 0.5), by=st.floats(1.01, 2.0))
def test_at_one_rate_longer_inputs_are_never_faster(share, by, lengths, **case):
    rate = share * serve(lengths=lengths, **case, rate_per_s=1.0).largest_rate_per_s
    longer = (lengths[0] * by, lengths[1])
    short, long = (serve(lengths=x, **case, rate_per_s=rate) for x in (lengths, longer))
    assert long.ttft_s >= short.ttft_s * (1 - ROUNDING)
    whole = [e.ttft_s + lengths[1] * e.tpot_s for e in (short, long)]
    assert whole[1] >= whole[0] * (1 - ROUNDING)
    if long.kv_tokens * case["layout"][2] > 8 * long.concurrency * sum(longer):
        # Where the cache is short, fewer of the longer requests decode at once, each then a little faster.
        assert long.tpot_s >= short.tpot_s * (1 - ROUNDING)


@settings(max_examples=40, deadline=None)
@given(**asked)
def test_narrower_weights_never_need_more_memory(precision, **case):
    wide = [serve(precision=p, **case, concurrency=1.0) for p in PRECISIONS]
    for more, less in pairwise(wide):
        assert less.kv_tokens >= more.kv_tokens
        assert bool(less.feasible) or not bool(more.feasible)


@settings(max_examples=40, deadline=None)
@given(**asked)
def test_a_narrower_cache_never_holds_fewer_tokens(**case):
    wide, narrow = (serve(**case, concurrency=1.0, kv_precision=p) for p in ("bf16", "fp8"))
    assert narrow.kv_tokens >= wide.kv_tokens


@settings(max_examples=40, deadline=None)
@given(**asked, users=st.floats(1.0, 512.0), low=st.floats(1.0, 90.0), by=st.floats(0.1, 9.0))
def test_a_higher_percentile_is_never_lower(users, low, by, **case):
    a, b = (serve(**case, concurrency=users, percentile=p) for p in (low, low + by))
    assert b.ttft_percentile_s >= a.ttft_percentile_s
    assert b.tpot_percentile_s >= a.tpot_percentile_s


@settings(max_examples=40, deadline=None)
@given(**asked, users=st.floats(1.0, 512.0), more=st.floats(0.0, 1.0))
def test_more_prefix_hits_never_serve_less(users, more, cached, **case):
    share = cached + (1 - cached) * more
    few, many = (serve(cached=c, **case, concurrency=users) for c in (cached, share))
    assert many.requests_per_s >= few.requests_per_s * (1 - ROUNDING)


@settings(max_examples=60, deadline=None)
@given(**asked, places=st.floats(2.0, 1024.0))
def test_a_larger_batch_never_sustains_a_lower_rate(places, **case):
    """So halves of a batch that take turns on the same chips never serve more than the whole."""
    half, whole = (serve(**case, rate_per_s=1.0, max_sequences=places * x) for x in (0.5, 1.0))
    assert whole.largest_rate_per_s >= half.largest_rate_per_s * (1 - ROUNDING)


# Of a closed loop next to the limit of its cache, more is left of the last round than `ROUNDING`.
NEARLY = 1e-2


def slots(model, chip, layout, engine, precision, lengths, **_):
    """How many requests the memory of a replica holds."""
    spec, (tp, pp, dp, ep) = find_model(CATALOGUE, MODELS[model]), (np.full(1, float(x)) for x in layout)
    one = np.ones(1)
    return capacity(
        spec, find_chip(CATALOGUE, chip), weight_precision=precision, kv_precision="bf16", tp=tp, pp=pp,
        dp=dp if has_experts(spec) else one, ep=ep if has_experts(spec) else one,
        input_tokens=lengths[0] * one, output_tokens=lengths[1] * one, engine=engine,
    ).slots[0]  # fmt: skip


def assume_no_lockstep_of_prefills(model, layout, lengths):
    """Leave out prompts of over 300 times their answers on attention replicas that share experts.

    There replicas wait for one another's prefills in nearly every step, and the predicted total may fall by
    some percent as users come; of 132,000 points drawn at random no other layout did so by 1 %.
    """
    shared = layout[2] > 1 and has_experts(find_model(CATALOGUE, MODELS[model]))
    assume(not shared or lengths[0] <= 300 * lengths[1])


@settings(max_examples=60, deadline=None)
@given(**asked, users=st.floats(1.0, 2048.0), figure=st.sampled_from(FIGURES))
def test_users_of_a_better_chip_are_never_served_less(users, figure, chip, model, layout, lengths, **case):
    plain, faster = better(chip, figure)
    case |= {"model": model, "layout": layout, "lengths": lengths}
    before, after = (serve(chip=c, **case, concurrency=users) for c in (plain, faster))
    assert bool(after.feasible) or not bool(before.feasible)
    if figure == "memory_bytes":  # it lets more users in at once, as more users do
        assume_no_lockstep_of_prefills(model, layout, lengths)
        assert after.requests_per_s >= before.requests_per_s * (1 - NEARLY)
    else:
        assert after.requests_per_s >= before.requests_per_s * (1 - ROUNDING)


@settings(max_examples=60, deadline=None)
@given(**asked, users=st.floats(1.0, 2048.0), grown=st.sampled_from([0, 1]), by=st.floats(1.01, 4.0))
def test_users_with_longer_requests_are_never_served_more(users, grown, by, lengths, **case):
    asked_of = (lengths[0], max(lengths[1], 2.0))  # an answer of one token has no step between two tokens
    longer = tuple(x * by if i == grown else x for i, x in enumerate(asked_of))
    short, long = (serve(lengths=x, **case, concurrency=users) for x in (asked_of, longer))
    assert long.requests_per_s <= short.requests_per_s * (1 + ROUNDING)


@settings(max_examples=60, deadline=None)
@given(**asked, users=st.floats(1.0, 2048.0), by=st.floats(1.01, 4.0))
def test_more_users_never_lower_the_total_until_memory_ends(users, by, model, layout, lengths, **case):
    assume_no_lockstep_of_prefills(model, layout, lengths)
    case |= {"model": model, "layout": layout, "lengths": lengths}
    few, many = (serve(**case, concurrency=users * x) for x in (1.0, by))
    if users * by / layout[2] < 0.9 * slots(**case):
        assert many.output_tokens_per_s >= few.output_tokens_per_s * (1 - NEARLY)


@settings(max_examples=60, deadline=None)
@given(**asked, users=st.floats(2.0, 2048.0))
def test_halves_of_a_batch_in_turn_never_serve_more_than_the_whole(users, model, layout, lengths, **case):
    """Two halves that take turns on the same chips each get half the time: together what one half gets."""
    assume_no_lockstep_of_prefills(model, layout, lengths)
    case |= {"model": model, "layout": layout, "lengths": lengths}
    whole, half = (serve(**case, concurrency=users * x) for x in (1.0, 0.5))
    if users / layout[2] < 0.9 * slots(**case):
        assert half.output_tokens_per_s <= whole.output_tokens_per_s * (1 + NEARLY)
