"""Users on separate prefill and decode workers."""

from dataclasses import replace

import pytest

from counterpoise.catalogue import find_chip, find_model, load
from counterpoise.performance.engine_images import engine_version
from counterpoise.performance.measured_runs import SPLIT, runs, shipped
from counterpoise.performance.serving_split import Pool
from counterpoise.performance.serving_workers import split_closed_loop

CATALOGUE = load()


def serve(name="deepseek-r1", chip="H200-SXM-141GB", prefill=None, decode=None, **changes):
    asked = {
        "prefill_workers": 1, "decode_workers": 2, "users": 256.0, "weight_precision": "fp8",
        "kv_precision": "fp8", "input_tokens": 1000.0, "output_tokens": 1000.0, "scale_up_chips": 8,
        "engine": "trtllm", **changes,
    }  # fmt: skip
    chip = find_chip(CATALOGUE, chip) if isinstance(chip, str) else chip
    pools = prefill or Pool(1, 8, 8), decode or Pool(8, 1, 8)
    return split_closed_loop(find_model(CATALOGUE, name), chip, *pools, **asked)


def test_users_of_one_decode_batch_and_its_first_tokens_are_all_there_are():
    s = serve()
    life = s.ttft_s + 1000 * s.tpot_s
    assert 2 * s.batch * life / (1000 * s.tpot_s) == pytest.approx(256, rel=0.02)


def test_more_prefill_workers_shorten_the_first_token_and_fill_the_decode_batch():
    few, many = (serve(users=4096.0, decode_workers=8, prefill_workers=n) for n in (1, 4))
    assert many.ttft_s < few.ttft_s
    assert many.batch > few.batch


def test_where_prefill_is_the_narrower_role_users_pile_up_before_it():
    """The pool computes a fixed number of prompts a second, however many users there are."""
    one, two = (serve(users=n, decode_workers=8) for n in (8192.0, 16384.0))
    rates = [n / (s.ttft_s + 1000 * s.tpot_s) for n, s in ((8192, one), (16384, two))]
    assert rates[1] == pytest.approx(rates[0], rel=0.05)
    assert two.batch == pytest.approx(one.batch, rel=0.1)


def test_waiting_short_prompts_share_a_step_and_its_fixed_time():
    """Eight prompts of 1,000 tokens fill a step of 8,000; alone each would read all experts once."""
    crowd = {"users": 4096.0, "prefill": Pool(8, 1, 8), "output_tokens": 100.0}
    short, long = serve(**crowd, input_tokens=500.0), serve(**crowd, input_tokens=8000.0)
    per_token = [s.ttft_s / n for s, n in ((short, 500), (long, 8000))]
    assert per_token[0] < 1.5 * per_token[1]


def test_decode_steps_carry_no_prefill_so_tpot_does_not_depend_on_the_prefill_pool():
    wide, narrow = (serve(users=2.0, prefill=Pool(tp, 1, tp)) for tp in (8, 16))
    assert narrow.ttft_s != wide.ttft_s
    assert narrow.tpot_s == pytest.approx(wide.tpot_s, rel=0.01)


def test_a_slower_network_delays_the_first_token():
    chip = find_chip(CATALOGUE, "H200-SXM-141GB")
    old = chip.figures["scale_out_bandwidth_bytes_per_s"]
    tenth = replace(old, low=old.low / 100, mid=old.mid / 100, high=old.high / 100)
    slow = replace(chip, figures={**chip.figures, "scale_out_bandwidth_bytes_per_s": tenth})
    unmeasured = replace(chip, name="an unmeasured chip"), replace(slow, name="an unmeasured chip")
    fast, late = (serve(chip=c, users=8.0) for c in unmeasured)
    assert late.ttft_s > fast.ttft_s


def test_every_measured_run_on_separate_workers_names_both():
    split = [r for r in runs(shipped("serving"), "serving") if r.load == SPLIT]
    assert split
    assert all(r.prefill and r.decode for r in split)


def test_an_image_is_known_by_the_engine_in_it():
    assert engine_version("trtllm", "0.8.1.post2") == "1.2.0rc6.post2"
    assert engine_version("trtllm", "1.2.0rc6.post2") == "1.2.0rc6.post2"
    assert engine_version("vllm", "0.8.1") == "0.8.1"
